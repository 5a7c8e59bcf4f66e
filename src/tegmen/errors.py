"""The error tree: every message says where, what was found, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Sequence


class TegmenError(Exception):
    """An error the user can act on; the command line prints it in plain words, without a trace."""

    exit_code = 1


class InputError(TegmenError):
    """One or more faults in something the user gave; all faults of one input are gathered first.

    Parameters
    ----------
    where
        File, option or argument the faults are in.
    faults
        One line a fault: row or key, what was found, what is allowed, what to do.
    """

    def __init__(self, where: str, faults: Sequence[str]) -> None:
        self.where = where
        self.faults = tuple(faults)
        if len(self.faults) == 1:
            message = f"{where}: {self.faults[0]}"
        else:
            lines = "\n".join(f"  - {fault}" for fault in self.faults)
            message = f"{where}: {len(self.faults)} faults\n{lines}"
        super().__init__(message)


class EvidenceError(TegmenError):
    """The evidence given cannot carry the calculation asked for (no eligible rows, no feasible world)."""


class InfeasibleError(TegmenError):
    """No plan satisfies the limits; the message names the limit that binds."""

    exit_code = 3
