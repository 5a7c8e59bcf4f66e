"""Fits kept between runs: the same bits as made anew, whatever has become of the file."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tegmen.calibration.fit import calibrate
from tegmen.calibration.kept_fits import KEPT, cache_folder, read_or_make
from tegmen.calibration.priors import Priors
from tegmen.evidence.record import read_record

FAST = Priors(levels=29, steps=(0.05, 0.4), concentrations=(4.0, 32.0), cells=(3, 4, 3), drift_levels=9)


def made():
    return {"a": np.arange(3.0), "b": np.eye(2)}


def not_made():
    raise AssertionError("a kept fit was made again")


def an_archive(**arrays):
    file = io.BytesIO()
    if arrays:
        np.savez(file, **arrays)
    else:
        zipfile.ZipFile(file, "w").close()
    return file.getvalue()


def test_arrays_kept_are_read_and_not_made_again(tmp_path):
    folder = tmp_path / "new" / "folder"
    read_or_make(folder, "key", "ab", made)
    again = read_or_make(folder, "key", "ab", not_made)
    assert again.keys() == {"a", "b"}
    np.testing.assert_array_equal(again["b"], np.eye(2))
    assert [path.name for path in folder.iterdir()] == ["key.npz"]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"no archive",
        an_archive(),
        an_archive(a=np.arange(3.0)),
        an_archive(**made())[:200],
        an_archive(**made()).replace(np.float64(2.0).tobytes(), np.float64(3.0).tobytes()),
        an_archive(a=np.array([{}]), b=np.eye(2)),
    ],
    ids=["nothing", "text", "empty zip", "an array missing", "cut short", "a number changed", "objects"],
)
def test_a_damaged_file_is_made_anew_and_mended(tmp_path, damaged):
    (tmp_path / "key.npz").write_bytes(damaged)
    np.testing.assert_array_equal(read_or_make(tmp_path, "key", "ab", made)["a"], [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(read_or_make(tmp_path, "key", "ab", not_made)["a"], [0.0, 1.0, 2.0])


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert read_or_make(tmp_path / "file", "key", "ab", made).keys() == {"a", "b"}


def test_the_oldest_go_first(tmp_path):
    for number in range(KEPT + 2):
        read_or_make(tmp_path, f"{number:02d}", "ab", made)
        stamp = 1_000_000_000 + number
        path = tmp_path / f"{number:02d}.npz"
        os.utime(path, (stamp, stamp))
    assert min(path.stem for path in tmp_path.glob("*.npz")) == "02"
    assert len(list(tmp_path.glob("*.npz"))) == KEPT


def test_a_kept_calibration_is_the_one_made(tmp_path):
    record = read_record()
    first = calibrate(record, until="2023-08-31", priors=FAST, cache=tmp_path)
    (path,) = tmp_path.glob("*.npz")
    before = path.read_bytes()
    assert calibrate(record, until="2023-08-31", priors=FAST, cache=tmp_path) == first
    path.write_bytes(an_archive())
    assert calibrate(record, until="2023-08-31", priors=FAST, cache=tmp_path) == first
    assert len(path.read_bytes()) == len(before)
    calibrate(record, until="2023-08-31", priors=Priors(near_zero=(1.0, 49.0)), cache=None)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_folder_is_the_users_or_the_one_named_or_none(monkeypatch, tmp_path):
    monkeypatch.setenv("TEGMEN_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("TEGMEN_CACHE", "")
    assert cache_folder() is None
    monkeypatch.delenv("TEGMEN_CACHE")
    folder = cache_folder()
    assert isinstance(folder, Path)
    assert folder.is_absolute()
    assert "tegmen" in folder.parts
