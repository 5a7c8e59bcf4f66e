"""Charts to SVG text by a process of its own, while pages are laid out: the library lets no thread run beside it.

Started as a module it is that process: a line of JSON in, a line of JSON out, until there are no more.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

_STOPS_S = 5.0
"""How long the process may take to end when nothing more is asked."""


def convert(chart: dict[str, Any]) -> str:
    """Convert a chart to SVG text: `vl_spec` and the other parameters of the library by name."""
    import vl_convert

    return vl_convert.vegalite_to_svg(**chart)


def begin_converting(chart: dict[str, Any]) -> Future[str]:
    """Have the process convert a chart; where there is no such process, it is converted when its turn comes."""
    return _queue().submit(_converted, chart)


@cache
def _queue() -> ThreadPoolExecutor:
    """One thread that asks the process and waits for it; a queue before it."""
    return ThreadPoolExecutor(1)


def _converted(chart: dict[str, Any]) -> str:
    with suppress(OSError, ValueError):  # not started, or ended: a broken pipe, or half an answer
        process = _process()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(chart).encode() + b"\n")
        process.stdin.flush()
        return str(json.loads(process.stdout.readline()))
    return convert(chart)


@cache
def _process() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", __name__]
    process = subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        process.communicate(timeout=_STOPS_S)
    process.kill()


def _serve() -> None:
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(convert(json.loads(line))).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _serve()
