"""X: its search, and beside it the filtered stream, by API v2. Off by default: it costs money.

Nothing is asked for before the most that the answer can cost is set apart in a ledger, which
outlives the process; what the answer did cost takes its place. So what X charges never passes the
budget, whenever the process dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.source import Ledger, Pace, Place, Query, Refreshed
from hashwatch.collect.sources.x import reading as stretches
from hashwatch.collect.sources.x.asking import Asking
from hashwatch.collect.sources.x.billing import Tariff, tariff
from hashwatch.collect.sources.x.posts import (
    parse_page,
    read_count,
    read_known,
    read_results,
)
from hashwatch.collect.sources.x.reading import RECENT, Hole, Reading
from hashwatch.collect.sources.x.settings import MICRO, Settings, micro
from hashwatch.collect.sources.x.streaming import XStream
from hashwatch.collect.sources.x.words import (
    LONGEST,
    LONGEST_OF_ARCHIVE,
    groups,
    words_of,
)
from hashwatch.collect.tokens import read_token
from hashwatch.collect.x_posts import INSTANCE, SOURCE
from hashwatch.errors import BadAnswerError, ConfigError
from hashwatch.model import Cursor, Gap, KnownPost, Page

if TYPE_CHECKING:
    from hashwatch.collect.http import Http

__all__ = ["Settings", "X", "connect", "parse_page"]

FREE = False

# https://docs.x.com/x-api/posts/search/introduction: 450 requests in 15 minutes; of the whole
# archive 300, and one a second.
PACE = Pace(busy=30.0, idle=180.0, requests_a_minute=25.0)
PACE_OF_ARCHIVE = Pace(busy=30.0, idle=180.0, requests_a_minute=18.0, at_once=1.0)
_REFUSED = 400
SMALLEST_PAGE, LARGEST_PAGE, LARGEST_OF_ARCHIVE = 10, 100, 500
MOST_KNOWN = 100
KNOWN = "known posts"
# X's terms want what was deleted or changed to be so here within a day.
RECHECK = 22 * 3_600


def connect(settings: Settings, http: Http) -> X:
    """X as a source; raises ``ConfigError`` without a token and a budget."""
    token = read_token("sources.x", settings.token_env, settings.token_file)
    lacks = [] if token else ["a token (token_env or token_file)"]
    if not settings.budget:
        lacks.append("a budget (US dollars a month)")
    if token is None or not settings.budget:
        raise ConfigError([f"sources.x: X costs money and is off; it lacks {' and '.join(lacks)}"])
    if is_this_machine(urlsplit(settings.host).hostname or ""):
        http.permit_loopback(settings.host)
    return X(settings, http, token, micro(settings.budget))


class X:
    """A polling source: a place is a hashtag or an account, or several of them."""

    name = SOURCE
    recheck = RECHECK

    def __init__(self, settings: Settings, http: Http, token: str, budget: int) -> None:
        self.budget = budget
        self.pace = PACE_OF_ARCHIVE if settings.full_archive else PACE
        self._settings = settings
        self._tariff: Tariff = tariff(settings.prices, settings.include)
        self._asking = Asking(http, settings.host, token, self._tariff)
        self._overlap = settings.overlap_minutes * 60
        self._longest = LONGEST_OF_ARCHIVE if settings.full_archive else LONGEST
        self._readings: dict[Place, Reading] = {}
        self._stream = XStream(self._asking, self._tariff, boosts=settings.boosts)

    def spend_from(self, ledger: Ledger) -> None:
        """Where to write down what is spent."""
        self._asking.ledger = ledger
        self._asking.known_ledger = ledger.part(KNOWN, self._settings.known_posts_share)

    @property
    def beside(self) -> XStream | None:
        """The stream, where it is switched on."""
        return self._stream if self._settings.stream else None

    def is_pushed(self, instance: str) -> bool:  # noqa: ARG002 - there is but one
        """Whether the stream is open."""
        return self._stream.is_open

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag and every account that can be X's; several together where they are many."""
        found = groups(query, self._longest, boosts=self._settings.boosts)
        return tuple(Place(self.name, INSTANCE, " ".join(names)) for names in found)

    async def fetch(
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        """The next page of the search, or of its counts, as :mod:`.reading` decides."""
        reading = None if run_start else self._readings.get(place)
        holes: tuple[Hole, ...] = ()
        if reading is None:
            begun = stretches.begin(cursor, query, self._overlap)
            reach = None if self._settings.full_archive else RECENT
            begun = stretches.resumed(begun, self._affords)
            reading, holes = stretches.within_reach(begun, query.now, reach)
        page = Page()
        if reading.stretches:
            try:
                reading, hole, page = await self._ask(place, query, reading)
            except BadAnswerError as error:
                onward = stretches.refused(reading) if error.status == _REFUSED else None
                if onward is None:
                    raise
                reading, hole = onward
            holes += (hole,) if hole else ()
        self._readings[place] = reading
        return Page(
            posts=page.posts,
            rejects=page.rejects,
            gaps=tuple(
                Gap(self.name, INSTANCE, hole.start, max(hole.start, hole.end), hole.reason, name)
                for hole in holes
                for name in place.hashtags
            ),
            cursor=stretches.durable(reading),
            more=bool(reading.stretches),
            warnings=page.warnings,
        )

    async def check(self, place: Place) -> str:  # noqa: ARG002 - the money is that of all places
        """What is spent and what is left, in a sentence."""
        return self._asking.money()

    def refresh_size(self, instance: str) -> int:  # noqa: ARG002 - there is but one
        """As many as X gives at once, and as can be paid for.

        None around midnight, when it is not known whether those of today are free.
        """
        book = self._asking.known_ledger
        if not self._settings.known_posts_share or book is None or not book.is_one_day():
            return 0
        return min(MOST_KNOWN, max(1, book.left() // max(1, self._tariff.post)))

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:  # noqa: ARG002
        """``GET /2/tweets?ids=``, without the authors."""
        payload = await self._asking.known([post.local_id for post in posts])
        return read_known(payload, posts)

    def is_home(self, instance: str, uri: str) -> bool:  # noqa: ARG002 - there is but one
        """The platform's own word."""
        return uri.startswith("https://x.com/")

    async def _ask(
        self, place: Place, query: Query, reading: Reading
    ) -> tuple[Reading, Hole | None, Page]:
        words = words_of(place, query, boosts=self._settings.boosts)
        bounds = stretches.bounds(reading, query.now)
        is_old = self._settings.full_archive and stretches.is_old(reading, query.now)
        if stretches.is_to_be_counted(reading, query.now):
            if not self._settings.back_fill_share:
                return *stretches.put_off(reading, None, query.now), Page()
            answer = await self._asking.count(words, bounds, is_old=is_old)
            total = reading.counted + read_count(answer)[0]
            reading, hole = stretches.counted(
                reading, *read_count(answer), self._affords, query.now
            )
            return reading, hole, Page(warnings=self._estimate(place, total, reading, hole))
        largest = LARGEST_OF_ARCHIVE if is_old else LARGEST_PAGE
        answer = await self._asking.search(words, bounds, SMALLEST_PAGE, largest, is_old=is_old)
        found = read_results(answer)
        meta = found.meta
        return *stretches.advance(reading, meta.newest_id, meta.oldest_id, meta.next_token), (
            found.page
        )

    def _affords(self, posts: int) -> bool:
        """Whether so many posts are likely to cost no more than a back-fill may."""
        share = self._settings.back_fill_share
        return bool(share) and posts * self._tariff.likely_a_post <= self._asking.left() * share

    def _estimate(
        self, place: Place, total: int, reading: Reading, hole: Hole | None
    ) -> tuple[str, ...]:
        if reading.token is not None:
            return ()  # there is more to be counted
        cost = dollars(total * self._tariff.likely_a_post)
        words = f"{place.what}: about {total:,} posts to be read, likely for {cost}"
        if hole is None:
            return (words,)
        share, left = f"{self._settings.back_fill_share:.0%}", dollars(self._asking.left())
        words += f": more than {share} of what is left, {left}; only what is new is read for now"
        return (words,)


def dollars(amount: int) -> str:
    """An amount for people."""
    return f"${amount / MICRO:,.2f}"
