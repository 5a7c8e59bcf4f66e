"""Fits kept between runs: read if whole, made anew whatever else has become of the file, and none without a folder."""

import io
import os
import zipfile

import numpy as np
import pytest

from tegmen.calibration.fit import Priors, calibrate
from tegmen.calibration.kept_fits import KEPT, cache_folder, read_or_make
from tegmen.evidence.record import read_record

FAST = Priors(levels=29, steps=(0.05, 0.4), concentrations=(4.0, 32.0), cells=(3, 4, 3), drift_levels=9)


def made():
    return {"a": np.arange(3.0), "b": np.eye(2)}


def not_made():
    raise AssertionError("a kept fit was made again")


def zipped(**arrays):
    file = io.BytesIO()
    if arrays:
        np.savez(file, **arrays)
    else:
        zipfile.ZipFile(file, "w").close()
    return file.getvalue()


def test_arrays_kept_are_read_and_not_made_again(tmp_path):
    folder = tmp_path / "new" / "folder"
    assert read_or_make(folder, "key", "ab", made).keys() == {"a", "b"}
    np.testing.assert_array_equal(read_or_make(folder, "key", "ab", not_made)["b"], np.eye(2))
    assert [path.name for path in folder.iterdir()] == ["key.npz"]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"no archive",
        zipped(),
        zipped(a=np.arange(3.0)),
        zipped(**made())[:200],
        zipped(**made()).replace(np.float64(2.0).tobytes(), np.float64(3.0).tobytes()),
        zipped(a=np.array([{}]), b=np.eye(2)),
    ],
    ids=["nothing", "text", "empty zip", "an array missing", "cut short", "a number changed", "objects"],
)
def test_a_damaged_file_is_made_anew_and_mended(tmp_path, damaged):
    (tmp_path / "key.npz").write_bytes(damaged)
    for make in (made, not_made):
        arrays = read_or_make(tmp_path, "key", "ab", make)
        np.testing.assert_array_equal(arrays["a"], [0.0, 1.0, 2.0])


def test_a_calibration_from_the_cache_is_the_one_made_whatever_became_of_the_file(tmp_path):
    record = read_record()
    first = calibrate(record, until="2023-08-31", priors=FAST)
    assert calibrate(record, until="2023-08-31", priors=FAST, cache=tmp_path) == first
    (path,) = tmp_path.glob("*.npz")
    size = path.stat().st_size
    assert calibrate(record, until="2023-08-31", priors=FAST, cache=tmp_path) == first
    path.write_bytes(zipped())
    assert calibrate(record, until="2023-08-31", priors=FAST, cache=tmp_path) == first
    assert path.stat().st_size == size


def test_what_cannot_be_kept_is_made_all_the_same(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert read_or_make(tmp_path / "file", "key", "ab", made).keys() == {"a", "b"}
    assert read_or_make(None, "key", "ab", made).keys() == {"a", "b"}


def test_the_oldest_go_first(tmp_path):
    for number in range(KEPT + 2):
        read_or_make(tmp_path, f"{number:02d}", "ab", made)
        os.utime(tmp_path / f"{number:02d}.npz", (1_000_000_000 + number,) * 2)
    assert sorted(path.stem for path in tmp_path.iterdir()) == [f"{number:02d}" for number in range(2, KEPT + 2)]


def test_the_folder_is_the_one_named_or_none_or_the_usual_one(monkeypatch, tmp_path):
    monkeypatch.setenv("TEGMEN_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("TEGMEN_CACHE", "")
    assert cache_folder() is None
    monkeypatch.delenv("TEGMEN_CACHE")
    usual = cache_folder()
    assert usual is not None
    assert usual.is_absolute()
    assert "tegmen" in usual.parts
