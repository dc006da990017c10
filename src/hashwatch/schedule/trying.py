"""What each source would do for each hashtag, and whether its platform answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, closing
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol, cast, runtime_checkable
from urllib.parse import urlsplit

import msgspec

from hashwatch.archive.checks import Checked, SamplePost
from hashwatch.archive.store import Archive
from hashwatch.collect.http import Http
from hashwatch.collect.programme import is_address
from hashwatch.collect.source import (
    STREAMED,
    Place,
    PollingSource,
    Query,
    Source,
    SpendingSource,
    StreamedSource,
    stands_once,
)
from hashwatch.config import Config
from hashwatch.errors import ConfigError, SourceError
from hashwatch.model import Event, Page
from hashwatch.schedule.money import open_ledgers
from hashwatch.schedule.programmes import SOURCE as PROGRAMME
from hashwatch.schedule.programmes import try_address
from hashwatch.schedule.starting import connected_sources
from hashwatch.schedule.verdicts import Verdict, too_little, verdict_on
from hashwatch.schedule.windows import inside, query_for, why_outside

# How long (seconds) a stream may take to bring its first page before that is said.
FIRST_PAGE = 10.0
# So many of the posts that a place shows are shown to the one who asks, and so much of each.
SAMPLES = 3
SAMPLE_LENGTH = 200


@runtime_checkable
class SelfDescribing(Protocol):
    """A source that can say what a server tells of itself."""

    async def check(self, place: Place) -> str:
        """A sentence; raises a :class:`~hashwatch.errors.SourceError`."""
        ...


@runtime_checkable
class KeepingBack(Protocol):
    """A source that can tell what a server keeps from those who ask as we do."""

    async def kept_back(self, place: Place) -> str:
        """In words; empty for nothing. Raises a :class:`~hashwatch.errors.SourceError`."""
        ...


class Trial(msgspec.Struct, frozen=True):
    """One source and hashtag of one event. ``answer`` and ``ok`` tell of asking, if it was asked.

    ``would`` is what the collector would do now, ``verdict`` what asking came to; ``fault`` says
    that the configuration keeps it from doing anything, and ``asked`` whether it was asked.
    ``samples`` are a few posts that it showed, the newest first.
    """

    event: str
    source: str
    instance: str
    hashtag: str
    would: str
    ok: bool = True
    answer: str = ""
    fault: bool = False
    asked: bool = False
    verdict: Verdict = ""
    samples: tuple[SamplePost, ...] = ()


async def try_sources(
    config: Config, *, ask: Literal["none", "open", "all"], archive_path: Path | None = None
) -> list[Trial]:
    """Every source × event × hashtag. Those to ``ask`` are really asked, once, storing nothing but
    the money that it cost, in the archive; without one such sources are not asked.

    ``open`` are those inside their collection window.
    """
    now = int(time.time())
    trials: list[Trial] = []
    pages: dict[int, Page] = {}
    async with connected_sources(config.sources) as (sources, failed), AsyncExitStack() as exits:
        spending = [
            each.source for each in sources.values() if isinstance(each.source, SpendingSource)
        ]
        if spending and ask != "none" and archive_path is not None:
            archive = exits.enter_context(closing(Archive(archive_path)))
            open_ledgers(spending, archive, time.time)
        for event in config.events:
            if is_address(event.programme):
                trials.append(await _try_programme(event, now, ask))
            for name, reason in failed.items():
                trials.append(Trial(event.slug, name, "", "", "nothing", False, reason, fault=True))
            for name, connected in sources.items():
                closed = connected.live and not inside([event], now)
                asked = ask == "all" or (ask == "open" and not closed)
                query = query_for([event], now)
                for source, beside in _sources_of(connected.source):
                    would = "stream beside the polls" if beside and not closed else _would(
                        connected.source, event, closed, now
                    )  # fmt: skip
                    for place in source.places(query):
                        trial = Trial(
                            event.slug, name, place.instance, place.hashtag, would, asked=asked
                        )
                        if beside and stands_once(source):
                            # Asked for here, it would end that of a collector at work.
                            trial = msgspec.structs.replace(trial, asked=False)
                        if trial.asked:
                            trial, pages[len(trials)] = await _ask(source, place, query, trial)
                        trials.append(trial)
    return _compared(trials, pages)


async def check_sources(config: Config, archive_path: Path | None = None) -> list[Checked]:
    """Every source asked once, whatever its window, as the archive keeps it."""
    return [
        Checked(
            trial.event, trial.source, trial.instance,
            Place(trial.source, trial.instance, trial.hashtag).what, trial.would, trial.ok,
            trial.verdict, trial.answer, trial.samples,
        )
        for trial in await try_sources(config, ask="all", archive_path=archive_path)
    ]  # fmt: skip


def _sources_of(source: Source) -> Iterator[tuple[Source, bool]]:
    """A source, and what it streams beside being polled."""
    yield source, False
    beside = source.beside if isinstance(source, StreamedSource) else None
    if beside is not None:
        yield beside, True


def _compared(trials: list[Trial], pages: dict[int, Page]) -> list[Trial]:
    """With a word on servers that show much less of a hashtag than the others do."""
    alike: dict[tuple[str, str, str], dict[int, Page]] = {}
    for number, page in pages.items():
        trial = trials[number]
        if trial.verdict == "collects" and not trial.hashtag.startswith(STREAMED):
            alike.setdefault((trial.event, trial.source, trial.hashtag), {})[number] = page
    for group in alike.values():
        for number, words in too_little(group).items():
            trial = trials[number]
            trials[number] = msgspec.structs.replace(
                trial, verdict="sees too little", answer=f"{trial.answer}; {words}"
            )
    return trials


async def _try_programme(event: Event, now: int, ask: Literal["none", "open", "all"]) -> Trial:
    """The address of an event's programme, beside its sources."""
    over = now >= event.collect_until
    would = f"fetch every {event.programme_interval} s"
    if over:
        would = f"nothing: {why_outside(event, now)}"
    asked = ask == "all" or (ask == "open" and not over)
    ok, answer = True, ""
    if asked:
        http = Http()
        try:
            answer = await try_address(event, http)
        except SourceError as error:
            ok, answer = False, str(error)
        except ConfigError as error:
            ok, answer = False, error.problems[0]
        finally:
            await http.close()
    instance = urlsplit(event.programme).hostname or ""
    return Trial(event.slug, PROGRAMME, instance, "", would, ok, answer, asked=asked)


def _would(source: Source, event: Event, closed: bool, now: int) -> str:
    if closed:
        return f"nothing: {why_outside(event, now)}"
    if isinstance(source, PollingSource):
        return f"poll every {source.pace.busy:g} to {source.pace.idle:g} s"
    return "stream"


async def _ask(source: Source, place: Place, query: Query, trial: Trial) -> tuple[Trial, Page]:
    """Whether the platform answers, and what it says; and its first page."""
    answered = partial(msgspec.structs.replace, trial)
    try:
        if isinstance(source, PollingSource):
            page = await source.fetch(place, None, query, True)
        else:
            page = await asyncio.wait_for(
                _first_page(source.stream(place, None, query)), FIRST_PAGE
            )
        about = await source.check(place) if isinstance(source, SelfDescribing) else ""
        kept = await source.kept_back(place) if isinstance(source, KeepingBack) else ""
    except SourceError as error:
        return answered(ok=False, answer=str(error), verdict=verdict_on(error)), Page()
    except TimeoutError:
        silent = f"connected; no post within {FIRST_PAGE:g} s"
        return answered(answer=silent, verdict="collects"), Page()
    if place.hashtag.startswith(STREAMED):
        return answered(answer="the stream stands", verdict="collects"), page
    parts = ["1 post" if len(page.posts) == 1 else f"{len(page.posts)} posts"]
    if page.rejects:
        parts.append(f"{len(page.rejects)} refused")
    if page.more:
        parts.append("and there are more")
    words = [part for part in (about, ", ".join(parts), kept, *page.warnings) if part]
    verdict: Verdict = "sees too little" if kept else "collects"
    return answered(answer="; ".join(words), verdict=verdict, samples=_samples(page)), page


def _samples(page: Page) -> tuple[SamplePost, ...]:
    newest = sorted(page.posts, key=lambda post: -post.created_at)[:SAMPLES]
    return tuple(
        SamplePost(post.author.handle, shortened(post.text, SAMPLE_LENGTH), post.url or "")
        for post in newest
    )


def shortened(text: str, length: int) -> str:
    """A text in one line, with an ellipsis where it goes on."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


async def _first_page(stream: Any) -> Page:
    async with aclosing(stream) as pages:
        async for page in pages:
            return cast(Page, page)
    return Page()
