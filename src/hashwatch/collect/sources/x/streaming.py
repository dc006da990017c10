"""X's filtered stream: posts as they are written, by rules that are kept on X's side.

An application has one connection, with one set of rules. What it brings is what the search would
bring later; the search goes on beside it and makes good what is missed while the stream is down.

X pushes up to 250 posts a second, and charges what it has sent. So the price of ``AHEAD`` posts is
held for as long as the stream stands, what came is counted several times a second, and the stream
is closed when the budget has no room for so many more: the search can do with less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

import msgspec

from hashwatch.collect.source import STREAMED, Place, Query
from hashwatch.collect.sources.x.asking import Asking
from hashwatch.collect.sources.x.billing import Tariff, things_in
from hashwatch.collect.sources.x.posts import parse_page
from hashwatch.collect.sources.x.words import rules, searchable
from hashwatch.collect.x2_payload import ABSENT
from hashwatch.collect.x_posts import INSTANCE, SOURCE
from hashwatch.errors import BadAnswerError, BudgetError, SourceError, UnreachableError
from hashwatch.model import Cursor, Page, Post, Reject

# Posts that may be on their way, or here and not counted yet, when the stream is closed.
AHEAD = 100
BATCH = 50
PAUSE = 0.1
# A page at least so often (seconds), to show that the stream is alive.
BEAT = 15.0
MARK = "hashwatch"
"""The tag of the rules that are ours; an application may have others, which are left alone."""

_CLOSING = (
    "the stream is closed, as it may bring more than is left of the budget; the search goes on"
)


class _Rule(msgspec.Struct):
    id: str = ""
    value: str = ""
    tag: str = ""


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""
    message: str = ""


class _Rules(msgspec.Struct):
    data: list[_Rule] = []
    errors: list[_Problem] = []


class _Line(msgspec.Struct):
    data: msgspec.Raw = ABSENT
    errors: list[_Problem] = []
    matching_rules: list[_Rule] = []


_rules = msgspec.json.Decoder(_Rules).decode
_line = msgspec.json.Decoder(_Line).decode


def to_change(payload: bytes, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of our rules are to be deleted (by id), and which are to be added. Pure."""
    try:
        held = [rule for rule in _rules(payload).data if rule.tag == MARK]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswerError(f"X's rules are none: {error}", payload[:2_000]) from None
    there = {rule.value for rule in held}
    return (
        [rule.id for rule in held if rule.value not in wanted],
        [value for value in wanted if value not in there],
    )


def page_of(lines: Sequence[bytes]) -> Page:
    """What some lines bring. Pure. Of a post that came twice the last state stands.

    Raises ``UnreachableError`` where X says that it ends the stream. What only rules of others
    matched is passed over.
    """
    posts: dict[str, Post] = {}
    rejects: list[Reject] = []
    for line in lines:
        try:
            said = _line(line)
            if bytes(said.data) != b"null" and _is_ours(said):
                page = parse_page(line)
                rejects += page.rejects
                posts |= {post.uri: post for post in page.posts}
        except (msgspec.DecodeError, UnicodeDecodeError, BadAnswerError) as error:
            rejects.append(Reject(f"it is no post of X: {error}", line[:2_000], "stream"))
    return Page(posts=tuple(posts.values()), rejects=tuple(rejects))


def ending(line: bytes) -> str:
    """What X says where a line ends the stream (``operational-disconnect`` and others)."""
    try:
        said = _line(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if bytes(said.data) != b"null" or not said.errors:
        return ""
    first = said.errors[0]
    return first.detail or first.title or first.message or "no reason given"


def _is_ours(line: _Line) -> bool:
    return not line.matching_rules or any(rule.tag == MARK for rule in line.matching_rules)


class XStream:
    """A streaming source: a single place for everything that is wanted."""

    name = SOURCE
    stands_once = True

    def __init__(
        self,
        asking: Asking,
        tariff: Tariff,
        *,
        boosts: bool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asking, self._tariff, self._boosts = asking, tariff, boosts
        self._monotonic = monotonic
        self.is_open = False

    def places(self, query: Query) -> tuple[Place, ...]:
        """The one stream, if anything is asked for."""
        names = [*query.hashtags, *(f"@{each}" for each in searchable(query.accounts))]
        return (Place(SOURCE, INSTANCE, STREAMED + " ".join(names)),) if names else ()

    async def stream(
        self,
        place: Place,  # noqa: ARG002 - the protocol's; there is but one
        cursor: Cursor | None,  # noqa: ARG002 - the protocol's; the stream begins with now
        query: Query,
    ) -> AsyncIterator[Page]:
        """Pages of what comes, an empty one when nothing does for a while."""
        book, most = self._asking.book, self._tariff.most_a_post
        held = book.hold(AHEAD * most)
        came = _Came(self._monotonic)
        try:
            await self._set_rules(rules(query, boosts=self._boosts))
            waiting: asyncio.Queue[bytes | SourceError] = asyncio.Queue(BATCH)
            reading = asyncio.create_task(self._read(waiting))
            came.begun = True
            try:
                async for lines, ended in _batches(waiting):
                    came.take(len(lines))
                    if lines:  # counted before anything else is done with it
                        book.settle(held, self._things(lines), keep=AHEAD * most)
                    self.is_open = ended is None
                    if lines or ended is None:
                        yield page_of(lines)
                    if ended is not None:
                        raise ended
                    if book.left() < 0:
                        raise BudgetError(_CLOSING, 3_600.0)
            finally:
                self.is_open = False
                reading.cancel()
                with suppress(asyncio.CancelledError, SourceError):
                    await reading
        except SourceError as error:
            if error.status is not None or not error.asked:
                came.begun = bool(came.posts)  # it was refused, or not even reached
            raise
        finally:
            # What X had sent and did not arrive: the search reads it, and X charges it once.
            lost = min(1 + came.of_late(), AHEAD) if came.begun else 0
            book.settle(held, {}, lost * most)

    def _things(self, lines: Sequence[bytes]) -> dict[str, int]:
        """The price of what came; a line that cannot be read costs the most that it may."""
        things: dict[str, int] = {}
        for number, line in enumerate(lines):
            try:
                things |= things_in(line, self._tariff)
            except ValueError:
                things[f"line {number} {hash(line)}"] = self._tariff.most_a_post
        return things

    async def _set_rules(self, wanted: Sequence[str]) -> None:
        """Makes our rules on X's side those that are wanted."""
        gone, new = to_change(await self._asking.rules(), wanted)
        if gone:
            await self._asking.change_rules({"delete": {"ids": gone}})
        if new:
            add = [{"value": value, "tag": MARK} for value in new]
            answer = await self._asking.change_rules({"add": add})
            missing = to_change(await self._asking.rules(), wanted)[1]
            if missing:
                raise BadAnswerError(
                    f"X did not take the rule {missing[0][:100]!r} of the stream", answer[:2_000]
                )

    async def _read(self, waiting: asyncio.Queue[bytes | SourceError]) -> None:
        """Puts lines in the queue until the connection ends, and then why it did."""
        try:
            async for line in self._asking.lines():
                said = ending(line) if line else ""
                if said:
                    raise UnreachableError(f"X ended the stream: {said}")
                await waiting.put(line)
        except SourceError as error:
            await waiting.put(error)


class _Came:
    """How many posts came, and how many within the last second."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._times: list[tuple[float, int]] = []
        self.begun = False
        self.posts = 0

    def take(self, posts: int) -> None:
        self.posts += posts
        now = self._monotonic()
        self._times = [each for each in self._times if each[0] > now - 1] + [(now, posts)]

    def of_late(self) -> int:
        now = self._monotonic()
        return sum(posts for at, posts in self._times if at > now - 1)


async def _batches(
    waiting: asyncio.Queue[bytes | SourceError],
) -> AsyncIterator[tuple[list[bytes], SourceError | None]]:
    """Lines that are no signs of life as they come, and what ended the stream once it has."""
    heard = False
    while True:
        try:
            async with asyncio.timeout(BEAT):
                taken = [await waiting.get()]
        except TimeoutError:
            if heard:
                yield [], None
            continue
        heard = True
        if taken[0] and not isinstance(taken[0], SourceError):
            await asyncio.sleep(PAUSE)
        while len(taken) < BATCH and not waiting.empty():
            taken.append(waiting.get_nowait())
        ended = next((each for each in taken if isinstance(each, SourceError)), None)
        yield [each for each in taken if isinstance(each, bytes) and each.strip()], ended
        if ended is not None:
            return
