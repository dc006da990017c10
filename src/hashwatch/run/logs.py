"""What the processes have to say: JSON lines in one rotating file, or plain lines on a terminal."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_NAME = "hashwatch.log"
LOG_BYTES = 5_000_000
LOG_FILES = 4
# Set for the processes that `run` started: they write JSON, and end when `run` is gone.
SUPERVISED = "HASHWATCH_SUPERVISED"


class JsonLines(logging.Formatter):
    """One record, one line: ``at`` (ISO 8601, UTC), ``process``, ``level``, ``logger``, ``message``
    and, where there was one, ``traceback``."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": now_text(record.created),
            "process": self._process,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class LogFile:
    """The file that `run` writes what its processes said to; it alone writes it."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / LOG_NAME
        self._handler = RotatingFileHandler(
            self.path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )

    def write(self, process: str, line: str, level: str = "INFO") -> None:
        """A line of a process as it came; one that is not JSON (a crash) is wrapped."""
        if not line.startswith('{"at": '):
            wrapped = {
                "at": now_text(datetime.now(UTC).timestamp()), "process": process,
                "level": level, "logger": "", "message": line,
            }  # fmt: skip
            line = json.dumps(wrapped, ensure_ascii=False)
        self._handler.emit(logging.makeLogRecord({"msg": line}))

    def close(self) -> None:
        """Lets the file go."""
        self._handler.close()


def is_supervised() -> bool:
    """Whether `run` started this process."""
    return os.environ.get(SUPERVISED) == "1"


def log_to_stderr(process: str) -> None:
    """Sends everything from level INFO to stderr, as JSON lines under `run`, else for people."""
    handler = logging.StreamHandler(sys.stderr)
    if is_supervised():
        handler.setFormatter(JsonLines(process))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "websockets", "apscheduler"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def now_text(at: float) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
