"""Kills a child of ours at one step of SQLite's machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def killed(write: Callable[[Callable[[], int]], None], step: int) -> bool:
    """Whether a child of ours was killed at this step of ``write``; it gets what counts steps."""
    child = os.fork()
    if child == 0:
        left = step

        def count() -> int:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return 0

        try:
            write(count)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), "the write itself must work"
    return status == signal.SIGKILL
