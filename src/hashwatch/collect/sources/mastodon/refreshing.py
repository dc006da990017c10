"""Asking a server for known statuses: what the answer means, and which way of asking it knows."""

from __future__ import annotations

from collections.abc import Sequence

from hashwatch.collect.source import Refreshed
from hashwatch.collect.sources.mastodon.posts import parse_timeline
from hashwatch.model import KnownPost, Page

# Mastodon refuses more ids in one request (DEFAULT_STATUSES_LIMIT, as of 4.5).
BATCH = 20
# After so many that were asked for one by one, several are tried again; twice as many each time.
AGAIN = 100


def read_refreshed(payload: bytes, instance: str, asked: Sequence[KnownPost]) -> Refreshed:
    """What an answer, a list of statuses, says of those asked for. Pure.

    A status that cannot be read is answered for: the server has it. One that comes under an id
    asked for but is another post changes nothing and is stored nowhere. Raises
    :class:`~hashwatch.errors.BadAnswerError` when the answer is no such list.
    """
    parsed = parse_timeline(payload, instance)
    wanted = {post.uri for post in asked}
    found = {item.id for item in parsed.seen}
    boosted = {post.boost_of for post in parsed.posts if post.uri in wanted}
    return Refreshed(
        page=Page(
            posts=tuple(p for p in parsed.posts if p.uri in wanted or p.uri in boosted),
            rejects=parsed.rejects,
        ),
        answered=tuple(post.uri for post in asked if post.local_id in found),
        missing=tuple(post.uri for post in asked if post.local_id not in found),
    )


class Batches:
    """Which servers take several ids a request, as far as they have shown it."""

    def __init__(self) -> None:
        self._alone: dict[str, int] = {}
        self._patience: dict[str, int] = {}
        self._doubted: set[str] = set()

    def size(self, instance: str) -> int:
        """How many ids to ask for at once."""
        return 1 if instance in self._alone else BATCH

    def have_failed(self, instance: str) -> str:
        """The server refused several; in what words to say so."""
        self._alone[instance] = self._patience.get(instance, AGAIN)
        self._patience[instance] = 2 * self._alone[instance]
        return (
            f"{instance} gives known posts one by one only: their counts, edits and deletions"
            " come slowly"
        )

    def have_answered(self, instance: str, with_any: bool) -> None:
        """An answer that holds none of several may be that of a server that ignores the ids."""
        if with_any:
            self._doubted.discard(instance)
        else:
            self._doubted.add(instance)

    def one_was_found(self, instance: str) -> str:
        """A single one was found; what to say where that tells that several are ignored."""
        if instance in self._alone:
            self._alone[instance] -= 1
            if not self._alone[instance]:
                # What refused several may have been an outage, or a token since renewed.
                del self._alone[instance]
        if instance not in self._doubted:
            return ""
        self._doubted.discard(instance)
        return self.have_failed(instance)
