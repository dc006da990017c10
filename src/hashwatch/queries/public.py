"""What everybody may see, asked of public.db: the wall, the public page, the feed.

Nothing here names a tone, and nothing leads to a page that asks who one is.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from hashwatch.errors import FilterError
from hashwatch.queries.buckets import to_iso
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event, event_facts, has_invented, published, revision
from hashwatch.queries.hrefs import public_href
from hashwatch.queries.markup import post_markup
from hashwatch.queries.now import window
from hashwatch.queries.programme import facet_totals, programme, stage
from hashwatch.queries.shapes import Data, SessionRow
from hashwatch.queries.statements import ask, run, statement
from hashwatch.wording import say

WALL_PARAMETERS = ("scene", "pace")
PAGE_PARAMETERS = ("theme", "session", "before")
SCENES = ("latest", "top", "pulse", "themes", "questions")
PACE, FASTEST, SLOWEST = 12, 5, 120
"""Seconds that a scene stays."""
LATEST, TOP, QUESTIONS, THEMES = 8, 4, 4, 6
PAGE_SIZE = 20
FEED_SIZE = 50
PULSE_MINUTES, PULSE_BARS = 60, 20
WALL_LENGTH = 320
_ADDRESS = re.compile(r"https?://\S+")


def wall_page(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str], wall: float
) -> Data:
    """Everything that the wall shows in turn. ``params`` are `WALL_PARAMETERS`."""
    scenes, pace = wall_choice(params)
    now = event.now(wall)
    asked = {"event": event.id, "surface": "wall"}
    rows = programme(connection, event, now)
    latest = _shown(connection, event, "wall", LATEST, pinned=True)
    top = [row[0] for row in ask(connection, "shown_top", {**asked, "since": 0, "limit": TOP})]
    questions = ask(connection, "shown_questions", {**asked, "limit": QUESTIONS})
    return {
        **_frame(connection, event, wall),
        "scenes": list(scenes),
        "pace": pace,
        "latest": _on_wall(connection, event, latest, now),
        "top": _on_wall(connection, event, top, now),
        "questions": _on_wall(connection, event, [row[0] for row in questions], now),
        "pulse": _pulse(connection, event, rows, now),
        "themes": _themes(connection, event, THEMES),
    }


def wall_choice(params: Mapping[str, str]) -> tuple[tuple[str, ...], int]:
    """The scenes that take turns, and the seconds that each stays."""
    wanted = [one.strip() for one in params.get("scene", "").split(",") if one.strip()]
    for scene in wanted:
        if scene not in SCENES:
            raise FilterError(
                "scene",
                say(
                    "“%(scene)s” is none of %(scenes)s", scene=scene[:40], scenes=", ".join(SCENES)
                ),
            )
    pace = params.get("pace") or str(PACE)
    if not pace.isdecimal() or not FASTEST <= int(pace) <= SLOWEST:
        raise FilterError(
            "pace",
            say(
                "“%(pace)s” is no number of seconds from %(fastest)s to %(slowest)s",
                pace=pace[:40],
                fastest=FASTEST,
                slowest=SLOWEST,
            ),
        )
    return tuple(dict.fromkeys(wanted)) or SCENES, int(pace)


def public_language(connection: sqlite3.Connection, slug: str) -> str:
    """The language that an event's public pages speak; empty for each visitor's own."""
    said = dict(ask(connection, "meta", {})).get("languages", "{}")
    return str(json.loads(said).get(slug, ""))


def public_page(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str], wall: float
) -> Data:
    """The public page: posts, the programme, what was spoken of. See `PAGE_PARAMETERS`."""
    theme, session, before = _page_choice(connection, event, params)
    rows = programme(connection, event, event.now(wall))
    first = not before and not theme and not session
    ids = _shown(
        connection, event, "page", PAGE_SIZE, before=before or 2**62, pinned=first,
        theme=theme, session=session,
    )  # fmt: skip
    chosen = {name: params[name] for name in ("theme", "session") if params.get(name)}
    current, _ = stage(event, rows, event.now(wall))
    last = {"before": str(min(ids))} if ids else {}
    return {
        **_frame(connection, event, wall),
        "query": {**chosen, **({"before": str(before)} if before else {})},
        "themes": _themes(connection, event, 100),
        "sessions": [
            {
                "code": row["code"],
                "title": row["title"],
                "posts": row["posts"],
                "href": public_href(event.slug, "", {"session": row["code"]}),
            }
            for row in rows
            if row["posts"]
        ],
        "on_stage": [row["title"] for row in current["current"]],
        "posts": public_posts(connection, event, ids),
        "feed": public_href(event.slug, "feed.atom", chosen),
        "next": public_href(event.slug, "", {**chosen, **last}) if len(ids) == PAGE_SIZE else None,
    }


def feed_posts(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str]
) -> list[Data]:
    """The posts of the feed, the newest first. ``params`` are theme and session."""
    theme, session, _ = _page_choice(connection, event, params)
    ids = _shown(connection, event, "feed", FEED_SIZE, theme=theme, session=session)
    return public_posts(connection, event, ids)


def public_posts(connection: sqlite3.Connection, event: Event, ids: Sequence[int]) -> list[Data]:
    """Posts as everybody sees them: what the author wrote, where, and what it is about."""
    return [
        {
            "id": card["id"],
            "url": card["url"],
            "source": card["source"],
            "author": {
                "name": card["author"]["name"],
                "handle": card["author"]["handle"],
                "url": card["author"]["url"],
            },
            "created_at": card["created_at"],
            "local": card["local"],
            "text": card["text"],
            "markup": post_markup(card["text"], None),
            "language": card["language"],
            "content_warning": card["content_warning"],
            "sensitive": card["sensitive"],
            "media": [{"kind": one["kind"], "alt": one["alt"]} for one in card["media"]],
            "themes": [
                {
                    "name": one["name"],
                    "href": public_href(event.slug, "", {"theme": one["name"]}),
                }
                for one in card["themes"]
            ],
            "session": {
                "title": card["session"]["title"],
                "href": public_href(event.slug, "", {"session": card["session"]["code"]}),
            }
            if card["session"]
            else None,
            "invented": card["invented"],
        }
        for card in post_cards(connection, event, ids)
    ]


def _frame(connection: sqlite3.Connection, event: Event, wall: float) -> Data:
    """What stands around: the event, its clock, how old the data are, whether they are invented."""
    _, at = published(connection)
    facts = event_facts(event, wall)
    return {
        "event": {
            name: facts[name]
            for name in ("slug", "title", "hashtags", "timezone", "place", "url", "dates")
        },
        "clock": facts["clock"],
        "age_seconds": None if at is None else max(0, int(wall - at)),
        "version": revision(connection),
        "invented": has_invented(connection, event),
    }


def _page_choice(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str]
) -> tuple[int | None, int | None, int]:
    """The numbers of the theme and the session asked for, and what the posts come before."""
    theme = session = None
    if name := params.get("theme"):
        known = dict(ask(connection, "theme_ids", {"event": event.id}))
        if name not in known:
            raise FilterError("theme", say("there is no theme “%(value)s”", value=name[:80]))
        theme = known[name]
    if code := params.get("session"):
        known = dict(ask(connection, "session_ids", {"event": event.id}))
        if code not in known:
            raise FilterError("session", say("there is no session “%(code)s”", code=code[:80]))
        session = known[code]
    before = params.get("before", "")
    if before and not (before.isdecimal() and len(before) < 19):
        raise FilterError("before", say("“%(before)s” is no number of a post", before=before[:40]))
    return theme, session, int(before or 0)


def _shown(
    connection: sqlite3.Connection, event: Event, surface: str, limit: int, *,
    before: int = 2**62, pinned: bool = False, theme: int | None = None,
    session: int | None = None,
) -> list[int]:  # fmt: skip
    rows = ask(
        connection, "shown",
        {"event": event.id, "surface": surface, "limit": limit, "before": before,
         "pinned": pinned, "theme": theme, "session": session},
    )  # fmt: skip
    return [row[0] for row in rows]


def _on_wall(
    connection: sqlite3.Connection, event: Event, ids: Sequence[int], now: int
) -> list[Data]:
    """Posts to be read from afar: plain text, addresses by their host, no pictures."""
    return [
        {
            "id": post["id"],
            "author": post["author"]["name"],
            "handle": post["author"]["handle"],
            "source": post["source"],
            "age_seconds": max(0, now - (post["id"] >> 20)),
            "text": wall_text(post["text"]),
            "language": post["language"],
            "session": post["session"]["title"] if post["session"] else None,
        }
        for post in public_posts(connection, event, ids)
    ]


def wall_text(text: str) -> str:
    """A post's text for the wall: addresses by their host, at most `WALL_LENGTH` characters."""
    shown = " ".join(_ADDRESS.sub(_host, text).split())
    return shown if len(shown) <= WALL_LENGTH else shown[: WALL_LENGTH - 1].rstrip() + "…"


def _host(match: re.Match[str]) -> str:
    try:
        return (urlsplit(match[0]).hostname or "").removeprefix("www.") or "…"
    except ValueError:
        return "…"


def _pulse(
    connection: sqlite3.Connection, event: Event, rows: Sequence[SessionRow], now: int
) -> Data | None:
    """The session on stage, or the event, in bars of three minutes; None where nothing came."""
    current = next((row for row in rows if row["state"] == "now"), None)
    start, end = window(now, PULSE_MINUTES)
    facet, value = "all", ""
    if current is not None:
        facet = "session"
        value = dict(ask(connection, "session_ids", {"event": event.id}))[current["code"]]
    sql = statement("series").replace("rollup_:grain", "rollup_minute")
    asked = {"event": event.id, "facet": facet, "value": value, "from": start, "to": end}
    bars = [0] * PULSE_BARS
    for bucket, posts, *_ in run(connection, sql, asked):
        bars[(bucket - start) * PULSE_BARS // (end - start)] += posts
    if current is None and not any(bars):
        return None
    return {
        "title": current["title"] if current else event.title,
        "speakers": current["speakers"] if current else [],
        "is_on_stage": current is not None,
        "posts": sum(bars),
        "minutes": PULSE_MINUTES,
        "bars": bars,
        "from": to_iso(start),
    }


def _themes(connection: sqlite3.Connection, event: Event, limit: int) -> list[Data]:
    """The themes of the public posts, the most used first."""
    names = {number: name for name, number in ask(connection, "theme_ids", {"event": event.id})}
    totals = facet_totals(connection, event, "theme")
    found = sorted(
        ((sums[0], names[number]) for number, sums in totals.items() if sums[0]), reverse=True
    )
    return [
        {"name": name, "posts": posts, "href": public_href(event.slug, "", {"theme": name})}
        for posts, name in found[:limit]
    ]


EXPORT_COLUMNS = ("uri", "url", "source", "author", "author_name", "created_at", "text", "language")
IDS_ONLY = ("x", "twarc", "tags", "rtweet", "x_archive")
"""Sources of posts of X, whose terms let others have addresses, not texts."""


def public_rows(
    connection: sqlite3.Connection, event: Event, after: int, limit: int
) -> tuple[list[dict[str, str | None]], int]:
    """A piece of the public export, the oldest first, and the number to go on after; 0 at the end.

    Of a post of X only its addresses are given.
    """
    asked = {"event": event.id, "surface": "export", "after": after, "limit": limit}
    rows = ask(connection, "public_rows", asked)
    found = [
        dict(zip(EXPORT_COLUMNS, row[1:4] + ((None,) * 5 if row[3] in IDS_ONLY else row[4:]),
                 strict=True))
        for row in rows
    ]  # fmt: skip
    return found, rows[-1][0] if len(rows) == limit else 0
