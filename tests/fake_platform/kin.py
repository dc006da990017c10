"""Servers with Mastodon's API that are not Mastodon, as far as they differ from it."""

from __future__ import annotations

import time
from typing import Any

from fake_platform.mastodon import FakeMastodon

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class FakeGoToSocial(FakeMastodon):
    """ULIDs; a token for everything; an unknown hashtag is missing; no call for several posts."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "a-token"
        self.unknown_tag_is_missing = True
        self.ignores = {"any[]"}
        self.most_ids = 0

    def shown(self, number: int) -> str:
        return _digits((number >> 16) << 80 | number & 0xFFFF, _CROCKFORD, 26)

    def number(self, shown: str) -> int:
        value = _value(shown, _CROCKFORD)
        return (value >> 80) << 16 | value & 0xFFFF


class FakePleroma(FakeMastodon):
    """Flake ids, objects with addresses of their own, fewer fields, and ``id[]`` refused."""

    def post(self, text: str, at: float, **fields: Any) -> str:
        shown = super().post(text, at, **fields)
        made = self.statuses[self.number(shown)]
        made["uri"] = f"{self.home}/objects/{self.number(shown):032x}"
        made["account"].pop("uri")
        for name in ("edited_at", "quotes_count", "quote"):
            made.pop(name)
        made["pleroma"] = {"local": True, "conversation_id": 7}
        return shown

    def shown(self, number: int) -> str:
        return _digits((number >> 16) << 64 | number & 0xFFFF, _BASE62, 18)

    def number(self, shown: str) -> int:
        value = _value(shown, _BASE62)
        return (value >> 64) << 16 | value & 0xFFFF

    def answer(self, path: str, body: bytes) -> tuple[int, Any] | None:  # noqa: ARG002 - inherited
        if path == "/api/v1/statuses":
            return 400, {"error": "Unexpected field: id."}
        return None


class FakeTakahe(FakeMastodon):
    """A token for everything; ``any[]`` is ignored; no call for several posts, and no streams."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "a-token"
        self.ignores = {"any[]"}
        self.most_ids = 0


def epoch_reset(seconds: float) -> dict[str, str]:
    """A rate limit as Pleroma and others tell of it: the moment in Unix seconds."""
    return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time() + seconds))}


def _digits(value: int, alphabet: str, width: int) -> str:
    digits = ""
    while value:
        value, digit = divmod(value, len(alphabet))
        digits = alphabet[digit] + digits
    return digits.rjust(width, "0")


def _value(digits: str, alphabet: str) -> int:
    value = 0
    for digit in digits:
        value = value * len(alphabet) + alphabet.index(digit)
    return value
