"""The processes that `run` watches over: started, their words kept, started again when they end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from hashwatch.run.logs import SUPERVISED, LogFile

# Seconds a process has to end by itself; SQLite keeps what is durable whatever comes after.
GRACE = 4.0
FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
# A process that ran this long (seconds) was well: the next delay is short again.
WELL = 10.0


def restart_delay(failures: int) -> float:
    """Seconds before the next start after so many ends in a row (from 1)."""
    return min(FIRST_DELAY * 2.0 ** min(failures - 1, 20), LONGEST_DELAY)


class Child:
    """One command of hashwatch in a process of its own."""

    def __init__(
        self, name: str, arguments: Sequence[str], log: LogFile, complain: Callable[[str], None]
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "hashwatch", *arguments]
        self._log, self._complain = log, complain
        self._process: asyncio.subprocess.Process | None = None

    async def keep(self, stop: asyncio.Event) -> None:
        """Runs the command until ``stop`` is set, again and again if it must be."""
        failures = 0
        while not stop.is_set():
            started = time.monotonic()
            code, last_words = await self._run(stop)
            if stop.is_set():
                return
            failures = 1 if time.monotonic() - started >= WELL else failures + 1
            delay = restart_delay(failures)
            said = f": {last_words}" if last_words else ""
            message = f"the {self.name} ended ({_describe(code)}){said}; again in {delay:g} s"
            self._log.write(self.name, message, "ERROR")
            self._complain(message)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), delay)

    async def _run(self, stop: asyncio.Event) -> tuple[int, str]:
        """Its exit code, and the last thing that it said which is no log line."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C goes to `run` alone, which ends the others in order.
            start_new_session=True,
            limit=1_000_000,
            env={**os.environ, SUPERVISED: "1", "PYTHONUNBUFFERED": "1"},
        )
        words = asyncio.create_task(self._listen(process))
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            await _end(process, ended)
        with suppress(TimeoutError):
            await asyncio.wait_for(words, 0.5)
        return await ended, words.result() if words.done() and not words.cancelled() else ""

    async def _listen(self, process: asyncio.subprocess.Process) -> str:
        assert process.stderr is not None
        last = ""
        while True:
            try:
                raw = await process.stderr.readline()
            except ValueError:  # a line over the limit
                continue
            if not raw:
                return last
            line = raw.decode("utf-8", "replace").rstrip()
            if line and not line.startswith('{"at": '):
                last = line
            # What is no log line of ours comes from a crash.
            self._log.write(self.name, line, "ERROR")


async def _end(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    done, _ = await asyncio.wait({ended}, timeout=GRACE)
    if not done:
        with suppress(ProcessLookupError):
            process.kill()
        await ended


def _describe(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"signal {-code}"
