"""The first look on a phone: weight, and how soon the overview can be used.

Run as ``python -m bench.phone [ROUNDS]``; needs Chromium. The demonstration runs as a whole; a
Chromium of 360 × 740 points looks at it with an empty cache, a CPU four times slower, 1.6 Mbit/s
and 150 ms to the server and back: the profile of a mid-range phone in a hall.

*Interactive* is when the document's scripts have run and the chart, where there is one, is drawn.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import Any

from playwright.sync_api import Browser, sync_playwright

PAGES = ("/events/natsec17", "/events/natsec17/posts", "/events/natsec17/triage")
PROFILE = {
    "offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}  # fmt: skip
SLOWER = 4
DRAWN = (
    "() => !document.querySelector('[data-plot]') || !!document.querySelector('[data-plot] canvas')"
)


def main() -> None:
    """Looks at each page some times, and prints medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    chromium = which("chromium") or which("chromium-browser")
    if chromium is None:
        print("there is no Chromium here")
        return
    with tempfile.TemporaryDirectory(prefix="hashwatch-phone-") as folder:
        running = subprocess.Popen(
            [sys.executable, "-m", "hashwatch", "demo", "--data-dir", str(Path(folder) / "data"),
             "--port", "0"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert running.stdout is not None
            address = running.stdout.readline().split()[3].rstrip("/")
            until_filled(address)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                for path in PAGES:
                    report(path, [look(browser, address + path) for _ in range(rounds)])
                browser.close()
        finally:
            running.terminate()
            running.wait()


def until_filled(address: str) -> None:
    """Waits until the replay has loaded what lies before its start, and the processes are calm."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"{address}/events/natsec17/posts") as answer,
        ):
            if b"data-post=" in answer.read():
                break
        time.sleep(0.5)
    time.sleep(10)


def look(browser: Browser, address: str) -> dict[str, float]:
    """One look with an empty cache: seconds, and kilobytes on the wire."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2)
    page = context.new_page()
    session = context.new_cdp_session(page)
    received: dict[str, float] = {}

    def finished(event: dict[str, Any]) -> None:
        received[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", PROFILE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="load")
    page.wait_for_function(DRAWN)
    drawn = page.evaluate("performance.now()") / 1000
    paint = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    )
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    context.close()
    return {
        "kB": sum(received.values()) / 1000,
        "first paint": paint / 1000,
        "scripts run": loaded / 1000,
        "interactive": max(loaded / 1000, drawn),
    }


def report(path: str, looks: list[dict[str, float]]) -> None:
    """The median of each figure, and the worst."""
    figures = ", ".join(
        f"{name} {statistics.median(one[name] for one in looks):.2f}"
        f" (worst {max(one[name] for one in looks):.2f})"
        for name in looks[0]
    )
    print(f"{path}: {figures}")


if __name__ == "__main__":
    main()
