"""Where the command line begins; an interrupt at any moment is one line, exit code 130 and no half-written file."""

from __future__ import annotations

import os
import signal


def begin() -> None:
    """Run the command line."""
    # What is written appears whole or not at all, so there is nothing to tidy up: libraries that are being loaded, or
    # compiled, may swallow an exception or turn it into another one.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    from tegmen.cli.app import main as run  # only now: what is loaded takes a while

    try:
        run()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done, and the interpreter tidies up for a moment


def _stop(_signal: int, _frame: object) -> None:
    show_cursor = b"\x1b[?25h" if os.isatty(2) else b""
    os.write(2, show_cursor + b"tegmen: interrupted; no file is left half written\n")
    os._exit(130)


if __name__ == "__main__":
    begin()
