"""Which of an event's accounts a federated server is asked about, and under what name. Pure.

An account is asked for where it lives, if that server is configured: it has all its posts. Of an
account that lives elsewhere the first server is asked, which has what has reached it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from hashwatch.errors import BadAnswerError

MARK = "@"
"""What a place's ``hashtag`` begins with when it is an account: ``@ana@social.example``."""


def asked_where(accounts: Iterable[str], instances: Sequence[str]) -> list[tuple[str, str]]:
    """``(instance, account)`` for each account that says where it lives (``ana@social.example``).

    A name alone may be anybody's on a server, and is not asked for.
    """
    return [
        (host if host in instances else instances[0], account)
        for account in accounts
        for _, at, host in (account.partition("@"),)
        if at and host
    ]


def local_name(account: str, instance: str) -> str:
    """The account as ``instance`` knows it: at home by its name alone."""
    name, _, host = account.partition("@")
    return name if host == instance else account


def read_account(payload: bytes, instance: str) -> str:
    """The server's id for an account that it was asked to look up; raises ``BadAnswerError``."""
    try:
        return str(msgspec.json.decode(payload, type=_Account).id)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadAnswerError(f"{instance} answered with something that is no account") from None


class _Account(msgspec.Struct, frozen=True):
    id: str | int
