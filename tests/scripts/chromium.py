"""A headless Chromium, driven by its DevTools protocol: opens a page, evaluates, presses keys, and keeps what it
complains about and what it asks the network for."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

try:
    import websocket
except ImportError:  # Debian: python3-websocket
    websocket = None

PATIENCE_S = 60.0


def absent() -> str:
    """Why no browser can be driven here; empty where one can."""
    if websocket is None:
        return "the module websocket is missing (python3-websocket)"
    return "" if _program() else "there is no Chromium"


def _program() -> Optional[str]:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


class Browser:
    """One page of one browser."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._child = subprocess.Popen(
            [str(_program()), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--remote-debugging-port=0", f"--user-data-dir={self._home.name}",
             "--window-size=1280,900", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "HOME": self._home.name})
        self._socket: Any = None
        try:
            self._socket = websocket.create_connection(self._address(), timeout=PATIENCE_S, suppress_origin=True)
        except BaseException:
            self.close()
            raise
        self._last = 0
        self._session: Optional[str] = None
        self.errors: List[str] = []
        self.requests: List[str] = []
        self._events: List[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def _address(self) -> str:
        assert self._child.stderr is not None
        for line in self._child.stderr:
            found = re.search(r"DevTools listening on (ws://\S+)", line)
            if found:
                return found.group(1)
        raise RuntimeError("Chromium ended before it listened")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._child.terminate()
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stderr is not None:
            self._child.stderr.close()
        self._home.cleanup()

    def send(self, method: str, **parameters: Any) -> Dict[str, Any]:
        """One command and its answer; what happens in between is kept."""
        self._last += 1
        message: Dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            found = self._receive()
            if found.get("id") == self._last:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                return found["result"]

    def _receive(self) -> Dict[str, Any]:
        found: Dict[str, Any] = json.loads(self._socket.recv())
        method, about = found.get("method", ""), found.get("params", {})
        self._events.append(method)
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(about["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(about["args"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(about["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        return found

    def open(self, path: Path, fragment: str = "") -> None:
        self._events.clear()
        self.send("Page.navigate", url=path.resolve().as_uri() + fragment)
        until = time.monotonic() + PATIENCE_S
        while "Page.loadEventFired" not in self._events:
            self._receive()
            if time.monotonic() > until:
                raise RuntimeError(f"{path} did not load")

    def scheme(self, name: str) -> None:
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; an exception in it is one here."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        codes = {"Enter": 13, " ": 32, "Tab": 9}
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, text=text if kind == "keyDown" else "",
                      windowsVirtualKeyCode=codes[key])

    def type(self, text: str) -> None:
        self.send("Input.insertText", text=text)

    def screenshot(self) -> bytes:
        return base64.b64decode(self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"])

    def pdf(self) -> bytes:
        return base64.b64decode(self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])
