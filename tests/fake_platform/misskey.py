"""A Misskey server on loop-back, with the faults of the Mastodon one: notes by hashtag and by id.

Ids are Misskey's own (``aidx``: time in base 36, then a count), which sort as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fake_platform.mastodon import FakeMastodon
from fake_platform.statuses import iso

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH = 946_684_800_000


class FakeMisskey(FakeMastodon):
    """``notes`` by id; ``bodies`` are what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, dict[str, Any]] = {}
        self.bodies: list[dict[str, Any]] = []
        self.no_users: set[str] = set()
        self._count = 0

    def note(
        self, text: str | None, at: float, *, id_at: float | None = None, **fields: Any
    ) -> str:
        """A new note by an invented person; hashtags are taken from its words."""
        self._count += 1
        stamp = int((at if id_at is None else id_at) * 1_000) - _EPOCH
        number = f"{_base36(stamp):0>8}{_base36(self._count):0>8}"
        tags = [word[1:].lower() for word in (text or "").split() if word.startswith("#")]
        self.notes[number] = {
            "id": number, "createdAt": iso(at), "userId": "9u", "text": text, "cw": None,
            "user": {"id": "9u", "username": "ana", "host": None, "name": "Ana", "isBot": False},
            "visibility": "public", "localOnly": False, "replyId": None, "renoteId": None,
            "tags": tags, "files": [], "repliesCount": 0, "renoteCount": 0, "reactionCount": 0,
            "reactions": {},
        } | fields  # fmt: skip
        return number

    def answer(self, path: str, body: bytes) -> tuple[int, Any] | None:
        """As Misskey does: ``sinceId`` alone goes upwards."""
        asked = json.loads(body) if body else {}
        self.bodies.append(asked)
        if path == "/api/meta":
            return 200, {"version": "2025.11.0", "name": "Fake"}
        if path == "/api/notes/show":
            if asked["noteId"] in self.notes:
                return 200, self.notes[asked["noteId"]]
            return 400, {"error": {"message": "No such note.", "code": "NO_SUCH_NOTE"}}
        if path == "/api/users/show":
            if asked["username"] in self.no_users:
                return 404, {"error": {"message": "No such user.", "code": "NO_SUCH_USER"}}
            return 200, {"id": f"u-{asked['username']}", "username": asked["username"]}
        if path == "/api/users/notes":
            return 200, self._page(asked, lambda note: note["userId"] == asked["userId"])
        if path != "/api/notes/search-by-tag":
            return 404, {"error": {"code": "UNKNOWN_API_ENDPOINT"}}
        wanted = {tag for alternative in asked["query"] for tag in alternative}
        return 200, self._page(asked, lambda note: bool(wanted & set(note["tags"])))

    def _page(
        self, asked: dict[str, Any], fits: Callable[[dict[str, Any]], bool]
    ) -> list[dict[str, Any]]:
        low, high = asked.get("sinceId", ""), asked.get("untilId", "~")
        ids = sorted(
            number for number, note in self.notes.items() if fits(note) and low < number < high
        )
        upwards = "sinceId" in asked and "untilId" not in asked
        chosen = ids if upwards else ids[::-1]
        return [self.notes[number] for number in chosen[: asked.get("limit", 10)]]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
