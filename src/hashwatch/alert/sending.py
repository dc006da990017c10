"""Sending by Apprise: Slack, Matrix, Teams, e-mail, webhooks, the desktop, and a hundred more."""

from __future__ import annotations

import logging
import re

from hashwatch.errors import ConfigError, HashwatchError

BREAK = "\N{WORD JOINER}"
_CALLS = re.compile(r"[@<](?=\S)|&lt;(?=!)")
"""What chat services read as a call: ``@here``, ``<!channel>``, ``<@U123>``."""


class NotSentError(HashwatchError):
    """A service did not take a message; the text says why, without the address."""


def harmless(text: str) -> str:
    """``text`` with everything broken up that would call people in a chat; it looks the same."""
    return _CALLS.sub(lambda found: found[0] + BREAK, text)


def check_address(where: str, address: str) -> None:
    """Raises ``ConfigError`` when Apprise knows no service for an address; never shows it."""
    from apprise import Apprise

    with _quiet():
        if not Apprise().add(address):
            raise ConfigError(
                [f"{where}: its address is none that Apprise knows; see docs/alerts.md"]
            )


def send(address: str, title: str, body: str) -> None:
    """Sends one message; raises `NotSentError` when the service did not take it."""
    from apprise import Apprise, NotifyFormat

    service = Apprise()
    with _quiet() as said:
        if not service.add(address):
            raise NotSentError("its address is none that Apprise knows")
        if not service.notify(
            title=harmless(title), body=harmless(body), body_format=NotifyFormat.TEXT
        ):
            raise NotSentError(said.reason(address))


class _quiet(logging.Handler):
    """Keeps Apprise's log, which may name an address, from going anywhere."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())

    def reason(self, address: str) -> str:
        """What the service said last, without anything of its address."""
        said = self._said[-1] if self._said else "the service did not take it"
        for part in re.split(r"[/:@?&=]+", address):
            if len(part) > 3:
                said = said.replace(part, "…")
        return said[:300]

    def __enter__(self) -> _quiet:
        logger = logging.getLogger("apprise")
        self._before = logger.propagate
        logger.propagate = False
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger("apprise")
        logger.removeHandler(self)
        logger.propagate = self._before
