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

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tegmen.aid import aid_status
    from tegmen.allocation import Plan, allocate
    from tegmen.answers import Sufficiency
    from tegmen.backtest import Backtest, backtest
    from tegmen.calibration import Calibration, calibrate
    from tegmen.claims import ClaimCheck, PublicClaim, check_claim, claim_of, read_claim
    from tegmen.drivers import drive
    from tegmen.errors import EvidenceError, InfeasibleError, InputError, TegmenError
    from tegmen.forecasting import Forecast, forecast, forecast_month
    from tegmen.ledger import new_ledger, open_ledger
    from tegmen.provenance import Evidence, why
    from tegmen.record import Record, read_record
    from tegmen.report import write_report
    from tegmen.scenario import Scenario, read_scenario, scenario_names
    from tegmen.scorecard import write_backtest
    from tegmen.sufficiency import Effort, sufficiency
    from tegmen.verification import verify
    from tegmen.whatif import WhatIf, parse_span, replace_number, what_if
    from tegmen.workloads import Compute

__version__ = "0.1.0"

__all__ = [
    "Backtest",
    "Calibration",
    "ClaimCheck",
    "Compute",
    "Effort",
    "Evidence",
    "EvidenceError",
    "Forecast",
    "InfeasibleError",
    "InputError",
    "Plan",
    "PublicClaim",
    "Record",
    "Scenario",
    "Sufficiency",
    "TegmenError",
    "WhatIf",
    "__version__",
    "aid_status",
    "allocate",
    "backtest",
    "calibrate",
    "check_claim",
    "claim_of",
    "drive",
    "forecast",
    "forecast_month",
    "new_ledger",
    "open_ledger",
    "parse_span",
    "read_claim",
    "read_record",
    "read_scenario",
    "replace_number",
    "scenario_names",
    "sufficiency",
    "verify",
    "what_if",
    "why",
    "write_backtest",
    "write_report",
]

# Where each public name lives: looked up on first use, so that `import tegmen` and `tegmen --help` stay fast.
_ROOMS = {
    "Backtest": "backtest",
    "Calibration": "calibration",
    "ClaimCheck": "claims",
    "Compute": "workloads",
    "Effort": "sufficiency",
    "Evidence": "provenance",
    "EvidenceError": "errors",
    "Forecast": "forecasting",
    "InfeasibleError": "errors",
    "InputError": "errors",
    "Plan": "allocation",
    "PublicClaim": "claims",
    "Record": "record",
    "Scenario": "scenario",
    "Sufficiency": "answers",
    "TegmenError": "errors",
    "WhatIf": "whatif",
    "aid_status": "aid",
    "allocate": "allocation",
    "backtest": "backtest",
    "calibrate": "calibration",
    "check_claim": "claims",
    "claim_of": "claims",
    "drive": "drivers",
    "forecast": "forecasting",
    "forecast_month": "forecasting",
    "new_ledger": "ledger",
    "open_ledger": "ledger",
    "parse_span": "whatif",
    "read_claim": "claims",
    "read_record": "record",
    "read_scenario": "scenario",
    "replace_number": "whatif",
    "scenario_names": "scenario",
    "sufficiency": "sufficiency",
    "verify": "verification",
    "what_if": "whatif",
    "why": "provenance",
    "write_backtest": "scorecard",
    "write_report": "report",
}


def __getattr__(name: str) -> object:
    """Load a public name from its room."""
    if name in _ROOMS:
        return getattr(importlib.import_module(f"tegmen.{_ROOMS[name]}"), name)
    msg = f"module 'tegmen' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package, on which `sufficiency` and `backtest` are the public functions although rooms have these names."""

    def __setattr__(self, name: str, value: object) -> None:
        # The import system binds every submodule it loads to its package, and would hide the function behind the room.
        if name in {"sufficiency", "backtest"} and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
