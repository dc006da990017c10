"""How a process learns that it is to end: SIGINT, SIGTERM, or that the one above it is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

from hashwatch.run.logs import is_supervised


def on_stop(stop: Callable[[], object]) -> None:
    """Calls ``stop`` (in the main thread, perhaps more than once) when the process is to end.

    Under `run`, standard input is a pipe that nothing is ever written to: its end says that `run`
    is gone, however that came about.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())
    end_with_parent()


def end_with_parent() -> None:
    """Under `run`, sends this process SIGTERM once `run` is gone."""
    if not is_supervised():
        return

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
