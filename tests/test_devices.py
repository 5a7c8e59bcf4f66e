"""The kernel on a graphics card, under numba's simulator of one: the same bits as on the processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tegmen.errors import InputError
from tegmen.workloads import Compute

# The simulator must be chosen before numba is imported: a process of its own.
COMPARE = """
import warnings
warnings.simplefilter("ignore")
import numpy as np
from test_kernels import Campaign, Month
import tegmen.devices
campaign = Campaign(month=Month(counts=(9, 14, 6), packet=(3, 2, 1), nights=3), worlds=2, runs=2)
from dataclasses import replace
on_card = replace(campaign, device="cuda").fight()
on_processor = campaign.fight()
assert np.array_equal(on_card[0], on_processor[0]), "leakers differ"
assert np.array_equal(on_card[1], on_processor[1]), "tallies differ"
assert on_card[1][..., 0].any() and on_card[1][..., 2].any() and on_card[0].any()
print("same bits")
"""

COMPARE_RUNS = """
import warnings
warnings.simplefilter("ignore")
import numpy as np
from numba import cuda
import engine
from reference import reference
case = reference(8, mix={0: 12, 1: 8, 3: 4})
on_card, on_processor = engine.fight_on_card(cuda, case, 11, 5), engine.fight(case, 11, 5)
assert np.array_equal(on_card.killed, on_processor.killed), "killed differ"
assert np.array_equal(on_card.tally, on_processor.tally), "tallies differ"
assert on_card.killed.any() and len(np.unique(on_card.tally[:, 0])) > 1
print("same bits")
"""


@pytest.mark.parametrize("compare", [COMPARE, COMPARE_RUNS], ids=["months", "runs of a raid"])
def test_a_campaign_on_the_simulated_card_has_the_bits_of_the_processor(compare):
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent / "benchmarks"), *sys.path])
    settings = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", compare], env=settings, cwd=here, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "same bits", done.stderr


def card_is_there() -> bool:
    from tegmen.devices import find_device

    return find_device("auto") is not None


@pytest.mark.skipif(card_is_there(), reason="this machine has a CUDA device")
def test_a_card_that_is_asked_for_and_absent_is_an_error_that_says_what_to_do():
    from test_kernels import Campaign

    with pytest.raises(InputError, match=r"device: no CUDA device .* install tegmen\[cuda\] .* --device cpu"):
        Campaign(device="cuda").fight()
    assert Campaign(device="auto").fight()[1].any()


def test_what_to_compute_on_is_checked():
    with pytest.raises(
        InputError, match=r"(?s)compute: 2 faults.*threads: found 0, allowed are 1 to .*device: found 'tpu'"
    ):
        Compute(threads=0, device="tpu")  # pyright: ignore[reportArgumentType]
