"""On which public surfaces a post may be seen. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hashwatch.archive.moderation import SURFACES, Standing
from hashwatch.archive.reading import ArchivedPost
from hashwatch.model import Event
from hashwatch.publish.visibility import Terms


class Wishes(msgspec.Struct, frozen=True, gc=False):
    """What counts of a post's author: whether it is a bot, and why they want no publicity."""

    bot: bool = False
    opted_out: str = ""


class Surfaces:
    """Decides by what people decided, what authors wish, and how each surface is moderated.

    ``Event.post_moderated`` names the surfaces that show what nobody has taken off; the others
    show what somebody has let on.
    """

    def __init__(self, events: Sequence[Event], standing: Mapping[str, Standing]) -> None:
        self._standing = [standing.get(event.slug, Standing()) for event in events]
        self._late = [frozenset(event.post_moderated) for event in events]
        self._terms = [Terms([one.ref for one in stands.all("term")]) for stands in self._standing]
        self._open = [
            [one for one in SURFACES if stands.of("surface", one) != "stop"]
            for stands in self._standing
        ]
        self.idle = not any(self._late) and not any(
            ruling.verdict in ("approve", "allow")
            for stands in self._standing
            for ruling in stands.rulings.values()
        )
        """Whether no post at all is public."""

    def of(self, post: ArchivedPost, wishes: Wishes, event: int) -> tuple[str, ...]:
        """The surfaces that show a post of ``event``, a place in the configured sequence.

        Boosts are never shown by themselves. What one person approved goes everywhere but, if it
        is sensitive, onto the wall; what nobody looked at must on the wall be neither a reply nor
        by a bot either.
        """
        stands = self._standing[event]
        verdict = stands.of("post", post.id)
        by = stands.of("author", post.author_id)
        if (
            post.kind == "boost"
            or wishes.opted_out
            or verdict in ("reject", "hide")
            or (verdict is None and (by in ("reject", "hide")))
            or (verdict is None and self._terms[event].in_text(post.text or ""))
        ):
            return ()
        is_let_on = verdict == "approve" or by == "allow"
        late = self._late[event]
        return tuple(
            surface
            for surface in self._open[event]
            if (is_let_on or surface in late)
            and (surface != "wall" or self._suits_wall(post, wishes, verdict))
        )

    def pinned(self, post_id: int, event: int) -> int:
        """When the post was pinned, UTC seconds; 0 for not."""
        ruling = self._standing[event].rulings.get(("pin", str(post_id)))
        return ruling.at if ruling else 0

    def candidates(self, event: int) -> tuple[list[int], list[int]] | None:
        """Posts and authors one of which a public post of ``event`` is or has; None for all."""
        if self._late[event]:
            return None
        stands = self._standing[event]
        return (
            [int(one.ref) for one in stands.all("post") if one.verdict == "approve"],
            [int(one.ref) for one in stands.all("author") if one.verdict == "allow"],
        )

    def _suits_wall(self, post: ArchivedPost, wishes: Wishes, verdict: str | None) -> bool:
        if post.sensitive or post.content_warning:
            return False
        return verdict == "approve" or (post.kind != "reply" and not wishes.bot)
