"""tegmen: how many more air-defence systems are enough, from public evidence.

The public interface, in the order it is used::

    record      = tg.read_record("attacks.csv")
    calibration = tg.calibrate(record, until="2024-03-31", seed=1)
    scenario    = tg.read_scenario("march-2024")
    curve       = tg.sufficiency(scenario, calibration, seed=1)
    plan        = tg.allocate(scenario, calibration, added={"patriot": 7}, seed=1)
    tg.write_report([curve, plan], "out/")
"""

from __future__ import annotations

import lazy_loader

from tegmen.terms import VERSION

__version__ = VERSION
# The public names stand in the stub beside this file and load on first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
