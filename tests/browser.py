"""A browser to open our pages in, driven over its debugging pipe: Chromium's own protocol, and nothing to install."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: pages cannot be opened")
_OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
_KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46, "Tab": 9, "Home": 36}


class Page:
    """One page: what it logs and asks for is kept, and what a hand does is done to it."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from, self._rest, self._number, self._session = to_browser, from_browser, b"", 0, ""
        self.logged: list[str] = []
        self.asked: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._from, 1 << 20)
            assert more, "the browser has gone"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        return json.loads(line)

    def _note(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.asked.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.logged.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "warning", "assert"):
                self.logged.append(str(told["args"]))
            case "Log.entryAdded" if told["entry"]["level"] in ("error", "warning"):
                self.logged.append(told["entry"]["text"])

    def open(self, address: str, *, width: int = 1280, height: int = 900) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=address)
        self.until("document.body && document.body.dataset.usable")

    def until(self, condition: str, seconds: float = 10.0) -> None:
        """Wait for a condition; one that never comes is a failure."""
        last = time.monotonic() + seconds
        while not self.value(f"Boolean({condition})"):
            assert time.monotonic() < last, f"never came: {condition}; logged: {self.logged}"
            time.sleep(0.01)

    def value(self, expression: str) -> Any:
        told = self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            allowUnsafeEvalBlockedByCSP=False,
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def drawn(self) -> None:
        """Wait until what was set is drawn."""
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def middle_of(self, selector: str) -> tuple[float, float]:
        box = f"const e = document.querySelector({selector!r}); e.scrollIntoView({{block: 'center'}});"
        box += "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2];"
        x, y = self.value(f"(() => {{ {box} }})()")
        return x, y

    def mouse(self, kind: str, x: float, y: float) -> None:
        button = "none" if kind == "mouseMoved" and not self._held else "left"
        self._held = kind == "mousePressed" or (kind == "mouseMoved" and self._held)
        held = int(self._held)
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=held, clickCount=1)

    _held = False

    def click(self, selector: str) -> None:
        """Press and let go in the middle of it, once nothing is being drawn that would move it."""
        self.until("document.body.ariaBusy !== 'true'")
        x, y = self.middle_of(selector)
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)
        self.drawn()

    def drag(self, path: list[tuple[float, float]]) -> None:
        self.mouse("mousePressed", *path[0])
        for spot in path[1:]:
            self.mouse("mouseMoved", *spot)
            self.drawn()
        self.mouse("mouseReleased", *path[-1])
        self.drawn()

    def press(self, key: str) -> None:
        about = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        self.call("Input.dispatchKeyEvent", type="rawKeyDown", **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)
        self.drawn()

    def set(self, selector: str, value: object) -> None:
        """Set an input as a hand would leave it."""
        change = f"const e = document.querySelector({selector!r}); e.value = {json.dumps(str(value))};"
        change += "for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true}));"
        self.value(f"(() => {{ {change} }})()")
        self.drawn()

    def text(self, selector: str) -> str:
        return self.value(f"document.querySelector({selector!r}).textContent")

    def picture(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def printed(self) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


@contextmanager
def browser() -> Iterator[Page]:
    """Start a browser with a profile of its own, and end it."""
    assert CHROMIUM is not None, "tests that open pages are marked `needs_browser`"
    ours_in, to_us = os.pipe()
    from_us, ours_out = os.pipe()
    # Away from 3 and 4, where the browser looks for them.
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (from_us, to_us)]

    def hand_over() -> None:
        for place, end in enumerate(theirs, start=3):
            os.dup2(end, place)

    with tempfile.TemporaryDirectory(prefix="tegmen-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=hand_over,  # noqa: PLW1509 - nothing but calls of the system
        )  # fmt: skip
        for end in (from_us, to_us, *theirs):
            os.close(end)
        try:
            yield Page(ours_out, ours_in)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()
            os.close(ours_out)
            os.close(ours_in)
