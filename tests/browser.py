"""A headless Chromium spoken to through a pipe (DevTools protocol), without a driver package."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--remote-debugging-pipe"),
)
SECONDS = 30


class Browser:
    """One page of a browser."""

    def __init__(self, program: str, profile: Path) -> None:
        # 3 and 4 must be free in the child: what is opened from here on has other numbers
        held = [os.open(os.devnull, os.O_RDONLY) for _ in range(2)]
        command_end, self._send = os.pipe()
        self._receive, answer_end = os.pipe()

        def hand_over() -> None:  # the browser reads descriptor 3 and writes 4
            ends = os.dup(command_end), os.dup(answer_end)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}"],
            preexec_fn=hand_over,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (command_end, answer_end, *held):
            os.close(end)
        self._number, self._unread, self.complaints = 0, b"", []
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def open(
        self, path: Path, width: int, height: int, *, dark: bool = False, query: str = ""
    ) -> None:
        """Show a file in a window of this size."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.call("Emulation.setDeviceMetricsOverride", mobile=width < 600, **size)
        self.call("Page.navigate", url=path.as_uri() + query)
        while self._note(self._read()) != "Page.loadEventFired":
            pass

    def run(self, script: str) -> Any:
        """Return the value of an expression, once it is settled."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Return a PNG of the window, or of the whole page."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def close(self) -> None:
        """End the browser."""
        self._session = None
        self.call("Browser.close")
        self._process.wait(SECONDS)
        os.close(self._send)
        os.close(self._receive)

    def _read(self) -> dict[str, Any]:
        """Return the next message."""
        while b"\0" not in self._unread:
            part = os.read(self._receive, 1 << 16)
            assert part, "the browser has gone"
            self._unread += part
        message, self._unread = self._unread.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> str:
        """Keep what a page complains of and what it asks the network for; return the event."""
        name, content = event.get("method", ""), event.get("params", {})
        fetched = name == "Network.requestWillBeSent" and content["request"]["url"].split(":")[0]
        if name in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.complaints.append(content)
        elif fetched and fetched not in ("file", "data"):
            self.complaints.append(content["request"]["url"])
        return name
