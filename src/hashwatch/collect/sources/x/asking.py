"""Requests to X's API, each paid for beforehand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hashwatch.collect.body import excerpt
from hashwatch.collect.source import Ledger
from hashwatch.collect.sources.x.billing import Tariff, things_in
from hashwatch.errors import BadAnswerError, DeniedError, SourceError

if TYPE_CHECKING:
    from hashwatch.collect.http import Http

POST_FIELDS = (
    "attachments,author_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,"
    "possibly_sensitive,public_metrics,referenced_tweets,withheld"
)
USER_FIELDS = "description,name,protected,public_metrics,username"
MEDIA_FIELDS = "alt_text,media_key,preview_image_url,type,url"
# X sends an empty line every 20 s.
SILENCE = 45.0
_PAYMENT = 402


class Asking:
    """Asks, and counts what that costs: in ``ledger``, and in ``known_ledger`` for posts that are
    asked for again. Without them nothing is asked."""

    def __init__(self, http: Http, host: str, token: str, tariff: Tariff) -> None:
        self._http, self._host, self._token, self._tariff = http, host, token, tariff
        self.ledger: Ledger | None = None
        self.known_ledger: Ledger | None = None
        # An answer that got lost may have been charged: the next one asked for is small.
        self._lost = False

    def left(self) -> int:
        """What may still be spent."""
        return max(0, self.book.left())

    def money(self) -> str:
        """What is spent and what is left, for people."""
        return self.book.words()

    def affordable(self, most: int, price: int) -> int:
        """How many things at this price can be paid for, at most so many."""
        return min(most, self.left() // price) if price else most

    async def search(
        self, words: str, bounds: Mapping[str, str], smallest: int, largest: int, *, is_old: bool
    ) -> bytes:
        """A page of results, as large as can be paid for."""
        most = self._tariff.most_a_post
        size = smallest if self._lost else max(smallest, self.affordable(largest, most))
        asked = {"query": words, "max_results": str(size), **bounds, **self.fields()}
        path = f"/2/tweets/search/{'all' if is_old else 'recent'}"
        return await self._get(path, asked, size * most)

    async def count(self, words: str, bounds: Mapping[str, str], *, is_old: bool) -> bytes:
        """How many posts there are; paid for by the question."""
        asked = {"query": words, "granularity": "day", **bounds}
        price = self._tariff.archive_count if is_old else self._tariff.count
        path = f"/2/tweets/counts/{'all' if is_old else 'recent'}"
        return await self._get(path, asked, price, flat=price)

    async def known(self, ids: Sequence[str]) -> bytes:
        """Posts by their ids, alone."""
        asked = {"ids": ",".join(ids), "tweet.fields": POST_FIELDS}
        most = len(ids) * self._tariff.post
        return await self._get("/2/tweets", asked, most, book=self.known_ledger)

    async def rules(self) -> bytes:
        """The rules of the stream, which cost nothing."""
        with _money():
            return (
                await self._http.get(f"{self._host}{_RULES}", token=self._token, limit=_RULES)
            ).body

    async def change_rules(self, change: Mapping[str, object]) -> bytes:
        """Adds or deletes rules."""
        with _money():
            answer = await self._http.post(f"{self._host}{_RULES}", json=change, token=self._token)
        return answer.body

    async def lines(self) -> AsyncIterator[bytes]:
        """The stream's lines; whoever reads them pays for what they hold."""
        with _money():
            async for line in self._http.lines(
                f"{self._host}{_STREAM}",
                params=self.fields(),
                token=self._token,
                silence=SILENCE,
                accept="application/json",
                limit=_STREAM,
            ):
                yield line

    def fields(self) -> dict[str, str]:
        """What is to come with each post."""
        expansions: list[str] = []
        asked = {"tweet.fields": POST_FIELDS}
        include = self._tariff.include
        if "authors" in include:
            expansions.append("author_id")
            asked["user.fields"] = USER_FIELDS
        if "originals" in include:
            expansions.append("referenced_tweets.id")
            if "authors" in include:
                expansions.append("referenced_tweets.id.author_id")
        if "media" in include:
            expansions += ["attachments.media_keys", "attachments.poll_ids"]
            asked |= {"media.fields": MEDIA_FIELDS, "poll.fields": "options"}
        if expansions:
            asked["expansions"] = ",".join(expansions)
        return asked

    @property
    def book(self) -> Ledger:
        """The ledger; raises ``DeniedError`` where there is none."""
        if self.ledger is None:
            raise DeniedError("X is asked for nothing where the cost cannot be written down")
        return self.ledger

    async def _get(
        self,
        path: str,
        asked: Mapping[str, str],
        most: int,
        *,
        flat: int = 0,
        book: Ledger | None = None,
    ) -> bytes:
        """An answer, which costs ``flat`` and at most ``most`` in all."""
        book = book or self.book
        held = book.hold(most)
        try:
            with _money():
                answer = await self._http.get(
                    f"{self._host}{path}", params=asked, token=self._token, limit=path
                )
        except SourceError as error:
            if error.status is not None or not error.asked:
                book.release(held)  # only answers that hold something are charged
            else:
                self._lost = True
            raise
        try:
            things = {} if flat else things_in(answer.body, self._tariff)
        except ValueError as error:
            self._lost = True
            raise BadAnswerError(
                f"X answers {path} with something else: {error}", excerpt(answer.body)
            ) from None
        book.settle(held, things, flat)
        self._lost = False
        return answer.body


_STREAM = "/2/tweets/search/stream"
_RULES = f"{_STREAM}/rules"


@contextmanager
def _money() -> Iterator[None]:
    """Makes a lack of credits what it is: a refusal, of everything."""
    try:
        yield
    except SourceError as error:
        if error.status != _PAYMENT:
            raise
        denied = DeniedError(
            f"X wants to be paid before it answers more ({_PAYMENT}): add credits in its"
            f" Developer Console, or raise the limit there ({error})"
        )
        denied.status = error.status
        raise denied from error
