"""What happens in a written conversation, in order of time.

Its posts stand with the counts that they came to in the end; :func:`timeline` plays out from these
what a platform would have sent: posts, boosts, later sights with grown counts, edits, deletions,
and a hole in the collection. The same bundle always gives the same timeline.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from hashwatch.collect.conversation import Bundle, Hole, Line, Person, iso
from hashwatch.collect.entities import entities
from hashwatch.model import Author, Engagement, Gap, Kind, Media, Post, Tombstone, fold_account

MINUTE = 60
# Minutes after its publication at which a post is seen again, when its counts have changed.
SIGHTS = (3, 10, 30, 90, 300, 900)
# Half of the boosts and likes of a post come within this many minutes, the rest with a long tail.
HALF_LIFE = 14.0
TAIL = 1.5
AFTERGLOW = 3 * 60 * MINUTE


class Action(msgspec.Struct, frozen=True, gc=False):
    """Something that happens at ``at`` (UTC seconds)."""

    at: int
    what: Post | Tombstone | Gap


def timeline(bundle: Bundle) -> list[Action]:
    """All that happens in a conversation, sorted by time.

    Posts of a hole, and later sights of them, are left out; what was deleted in a hole is
    reported at its end, as a platform's own log of deletions would.
    """
    end = max(int(line.at.timestamp()) for line, _ in bundle.lines) + AFTERGLOW
    uris = {line.id: _uri(bundle, line, number) for number, (line, _) in enumerate(bundle.lines)}
    actions: list[Action] = []
    for number, (line, raw) in enumerate(bundle.lines):
        actions += _Story(bundle, line, raw, number, uris, end).actions()
    kept = list(_outside(actions, bundle.holes))
    for hole in bundle.holes:
        gap = Gap("replay", bundle.slug, hole.start, hole.end, hole.reason)
        kept.append(Action(hole.end, gap))
    kept.sort(key=lambda action: action.at)
    return kept


def _outside(actions: list[Action], holes: tuple[Hole, ...]) -> Iterator[Action]:
    for action in actions:
        happened = _hole_at(holes, action.at)
        if isinstance(action.what, Post):
            if not happened and not _hole_at(holes, action.what.created_at):
                yield action
        else:
            yield Action(happened.end, action.what) if happened else action


def _hole_at(holes: tuple[Hole, ...], at: int) -> Hole | None:
    return next((hole for hole in holes if hole.start <= at < hole.end), None)


class _Story:
    """What becomes of one written post."""

    def __init__(
        self,
        bundle: Bundle,
        line: Line,
        raw: bytes,
        number: int,
        uris: dict[str, str],
        end: int,
    ) -> None:
        self.bundle, self.line, self.number, self.uris = bundle, line, number, uris
        self.at = int(line.at.timestamp())
        self.random = random.Random(f"{bundle.slug}/{line.id}")
        deleted = line.delete_after_minutes
        self.deleted_at = None if deleted is None else self.at + int(deleted * MINUTE)
        self.last = end if self.deleted_at is None else min(end, self.deleted_at - 1)
        self.first = _post(bundle, line, raw, uris)
        self.edited = self._edited()
        self.moments = {
            "boosts": self._moments(line.boosts, HALF_LIFE),
            "likes": self._moments(line.likes, HALF_LIFE),
            "replies": self._moments(line.replies, 2 * HALF_LIFE),
            "quotes": self._moments(line.quotes, 2 * HALF_LIFE),
        }

    def actions(self) -> list[Action]:
        actions = [Action(self.at, self.first)]
        if self.edited and self.edited.edited_at is not None:
            actions.append(Action(self.edited.edited_at, self._seen_at(self.edited.edited_at)))
        actions += self._sights()
        boosts = list(self._boosts())
        actions += [Action(boost.created_at, boost) for boost in boosts]
        if self.deleted_at is not None:
            gone = [self.first.uri, *(boost.uri for boost in boosts)]
            actions += [
                Action(self.deleted_at, Tombstone(self.deleted_at, "deleted by its author", uri))
                for uri in gone
            ]
        return actions

    def _edited(self) -> Post | None:
        edit = self.line.edit
        if edit is None:
            return None
        at = self.at + int(edit.after_minutes * MINUTE)
        if at > self.last:
            return None
        line = replace(self.line, text=edit.text)
        raw = msgspec.json.encode(line)
        return replace(_post(self.bundle, line, raw, self.uris), edited_at=at)

    def _moments(self, count: int, half_life: float) -> list[int]:
        room = max(1, self.last - self.at)
        delays = (self.random.lognormvariate(0, TAIL) * half_life * MINUTE for _ in range(count))
        # A delay past the end falls somewhere before it instead, so that the counts come out.
        inside = (d if d < room else self.random.uniform(0, room) for d in delays)
        return sorted(self.at + 1 + int(delay) for delay in inside)

    def _seen_at(self, at: int) -> Post:
        changed = self.edited is not None and at >= (self.edited.edited_at or at)
        post = self.edited if changed and self.edited is not None else self.first
        counts = {name: bisect_right(moments, at) for name, moments in self.moments.items()}
        return replace(post, engagement=Engagement(**counts))

    def _sights(self) -> Iterator[Action]:
        known = self.first.engagement
        for minutes in SIGHTS:
            at = self.at + minutes * MINUTE
            if at > self.last:
                return
            post = self._seen_at(at)
            if post.engagement != known:
                known = post.engagement
                yield Action(at, post)

    def _boosts(self) -> Iterator[Post]:
        for order, (at, person) in enumerate(
            zip(self.moments["boosts"], self._boosters(), strict=False)
        ):
            original = self._seen_at(at)
            raw = {"at": iso(at), "who": person.who, "boost_of": self.line.id}
            digits = _digits(at, (self.number * 251 + order + 1) & 0xFFFF)
            yield replace(
                original,
                uri=f"https://{person.home}/users/{person.who}/statuses/{digits}",
                url=f"https://{person.home}/@{person.who}/{digits}",
                instance=person.home,
                author=_author(person),
                created_at=at,
                kind="boost",
                boost_of=original.uri,
                reply_to=None,
                quote_of=None,
                edited_at=None,
                engagement=Engagement(),
                raw=msgspec.json.encode(raw),
            )

    def _boosters(self) -> list[Person]:
        """Who boosts, in order: people of the same network first, nobody twice."""
        author = self.bundle.people[self.line.who]
        others = [person for person in self.bundle.people.values() if person != author]
        chance = {person.who: self.random.random() for person in others}
        return sorted(others, key=lambda p: (p.net != author.net, chance[p.who]))


def _post(bundle: Bundle, line: Line, raw: bytes, uris: dict[str, str]) -> Post:
    person = bundle.people[line.who]
    found = entities(line.text)
    kind: Kind = "quote" if line.quote_of else "reply" if line.reply_to else "post"
    uri = uris[line.id]
    return Post(
        uri=uri,
        source="replay",
        instance=person.home,
        author=_author(person),
        created_at=int(line.at.timestamp()),
        text=line.text,
        raw=raw,
        raw_format="replay",
        url=f"https://{person.home}/@{person.who}/{uri.rsplit('/', 1)[1]}",
        kind=kind,
        language=line.lang if line.declared is msgspec.UNSET else line.declared,
        reply_to=uris[line.reply_to] if line.reply_to else None,
        quote_of=uris[line.quote_of] if line.quote_of else None,
        hashtags=found.hashtags,
        mentions=tuple(_full_handle(bundle, mention) for mention in found.mentions),
        links=found.links,
        media=tuple(Media(kind=item.kind, alt=item.alt) for item in line.media),
        poll=line.poll,
        content_warning=line.cw,
        sensitive=line.cw is not None,
        engagement=Engagement(0, 0, 0, 0),
    )


def _author(person: Person) -> Author:
    return Author(
        uri=f"https://{person.home}/users/{person.who}",
        handle=f"{person.who}@{person.home}",
        name=person.name,
        url=f"https://{person.home}/@{person.who}",
        bot=person.bot,
        followers=person.followers,
        noindex=person.noindex,
        bio=person.bio,
    )


def _full_handle(bundle: Bundle, mention: str) -> str:
    person = bundle.people.get(fold_account(mention))
    return f"{person.who}@{person.home}" if person else mention


def _uri(bundle: Bundle, line: Line, number: int) -> str:
    person = bundle.people[line.who]
    digits = _digits(int(line.at.timestamp()), number)
    return f"https://{person.home}/users/{person.who}/statuses/{digits}"


def _digits(at: int, tie: int) -> str:
    # Mastodon's own numbers: milliseconds, then 16 bits to tell posts of one moment apart.
    return str((at * 1000 << 16) + tie)
