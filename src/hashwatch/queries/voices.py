"""Who speaks: the people on the roster (inside) beside everybody else (the public).

The rollups hold what is inside, by theme too; the public is the rest. Volume counts boosts unless
they are hidden, tone is of the originals.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from hashwatch.queries.buckets import bucket_label, next_bucket
from hashwatch.queries.counting import Counting, Sums, chosen_counting
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.measured import measure
from hashwatch.queries.programme import NO_COUNTS, boost_choice, facet_totals, tones
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask, run, statement
from hashwatch.queries.tone import tone
from hashwatch.wording import number, percent, plural, say

PARAMETERS = ("boosts",)
FEWEST = 20
"""With fewer posts that have a tone a side's tone is not put into the sentence."""

Days = Mapping[int, Sums]


def voices_page(connection: sqlite3.Connection, event: Event, params: Mapping[str, str]) -> Data:
    """Both sides: volume, themes and tone, in all and day by day; then each group. ``params`` are
    `PARAMETERS`.
    """
    counting = chosen_counting(params)
    known = {"event": event.id}
    groups = ask(connection, "groups", known)
    whole = facet_totals(connection, event, "all", counting).get("", NO_COUNTS)
    inside = facet_totals(connection, event, "inside", counting).get("", NO_COUNTS)
    sides = {"inside": inside, "public": _rest(whole, inside)}
    themes = _themes(connection, event, sides, counting)
    measured = measure(connection, event)
    page = {
        "sides": [
            {
                "side": side,
                "posts": sums[0],
                "share": _share(sums[0], whole[0]),
                "href": posts_href(event.slug, group=side, **counting.filters),
                "tone": tone(
                    event.slug, tones(sums), say("whole event"), {"group": side}, measured
                ),
            }
            for side, sums in sides.items()
        ],
        "themes": themes,
        "days": _days(connection, event, counting),
        "groups": _groups(connection, event, groups, whole[0], counting),
        "boosts": boost_choice(connection, event, "voices", counting),
        "people": sum(people for _, people in groups),
    }
    return {"sentence": _sentence(page, whole[0]), **page}


def _themes(
    connection: sqlite3.Connection, event: Event, sides: Mapping[str, Sums], counting: Counting
) -> list[Data]:
    """Each theme's posts and share on both sides, and by day; the widest apart first."""
    totals = facet_totals(connection, event, "theme", counting)
    inside = facet_totals(connection, event, "inside theme", counting)
    by_day = {
        facet: _by_day(connection, event, facet, counting) for facet in ("theme", "inside theme")
    }
    days = [day for day, _ in ask(connection, "busy_days", {"event": event.id})]
    rows = []
    for identity, name, _ in ask(connection, "themes", {"event": event.id}):
        whole, own = totals.get(identity, NO_COUNTS), inside.get(identity, NO_COUNTS)
        parts = {"inside": own, "public": _rest(whole, own)}
        shares = {side: _share(parts[side][0], sides[side][0]) for side in parts}
        apart = None
        if shares["inside"] is not None and shares["public"] is not None:
            apart = round(shares["inside"] - shares["public"], 4)
        rows.append(
            {
                "name": name,
                "href": posts_href(event.slug, theme=name, **counting.filters),
                "apart": apart,
                **{
                    side: {
                        "posts": sums[0],
                        "share": shares[side],
                        "tone": tones(sums),
                        "href": posts_href(
                            event.slug, theme=name, group=side, **counting.filters
                        ),
                    }
                    for side, sums in parts.items()
                },
                "days": [
                    _day(
                        event, day, by_day["theme"].get(identity, {}),
                        by_day["inside theme"].get(identity, {}), theme=name,
                        **counting.filters,
                    )
                    for day in days
                ],
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: -abs(row["apart"] or 0))


def _days(connection: sqlite3.Connection, event: Event, counting: Counting) -> list[Data]:
    whole = _by_day(connection, event, "all", counting).get("", {})
    inside = _by_day(connection, event, "inside", counting).get("", {})
    return [_day(event, day, whole, inside, **counting.filters) for day in sorted(whole)]


def _day(event: Event, day: int, whole: Days, inside: Days, **filters: str) -> Data:
    """A day of both sides."""
    span = range_parameters(event, day, next_bucket(day, "day", event.zone))
    both, own = whole.get(day, NO_COUNTS), inside.get(day, NO_COUNTS)
    return {
        "bucket": day,
        "local": bucket_label(day, "day", event.zone),
        **{
            side: {
                "posts": sums[0],
                "tone": tones(sums),
                "href": posts_href(event.slug, group=side, **filters, **span),
            }
            for side, sums in (("inside", own), ("public", _rest(both, own)))
        },
    }


def _groups(
    connection: sqlite3.Connection,
    event: Event,
    groups: list[tuple[Any, ...]],
    posts: int,
    counting: Counting,
) -> list[Data]:
    """The share of voice of each group, the loudest first."""
    totals = facet_totals(connection, event, "group", counting)
    rows = [
        {
            "name": name,
            "people": people,
            "posts": totals.get(name, NO_COUNTS)[0],
            "share": _share(totals.get(name, NO_COUNTS)[0], posts),
            "tone": tones(totals.get(name, NO_COUNTS)),
            "href": posts_href(event.slug, group=name, **counting.filters),
        }
        for name, people in groups
    ]
    return sorted(rows, key=lambda row: -row["posts"])


def _by_day(
    connection: sqlite3.Connection, event: Event, facet: str, counting: Counting
) -> dict[Any, dict[int, tuple[int, ...]]]:
    sql = statement("facet_buckets").replace("rollup_:grain", "rollup_day")
    window = {"event": event.id, "facet": facet, "from": -(1 << 62), "to": 1 << 62}
    found: dict[Any, dict[int, tuple[int, ...]]] = {}
    for value, bucket, *sums in run(connection, sql, window):
        found.setdefault(value, {})[bucket] = counting.sums(sums)
    return found


def _rest(whole: Sums, part: Sums) -> tuple[int, ...]:
    return tuple(all_of - own for all_of, own in zip(whole, part, strict=True))


def _share(posts: int, of: int) -> float | None:
    return round(posts / of, 4) if of else None


def _sentence(page: Data, posts: int) -> list[Data]:
    """How the debate inside and the public's compare, made of figures that are links."""
    if not page["people"] or not posts:
        return []
    inside, public = page["sides"]
    parts = [
        _part(
            plural(
                posts,
                "%(own)s of %(count)s post",
                "%(own)s of %(count)s posts",
                own=number(inside["posts"]),
            ),
            inside["href"],
        ),
        _part(
            say(
                " (%(share)s) are by people on the roster, the others by the public",
                share=percent(inside["share"]),
            )
        ),
    ]
    for side, words in (
        (inside, say("; inside, most are about ")),
        (public, say("; outside, about ")),
    ):
        leading = max(page["themes"], key=lambda row: row[side["side"]]["posts"], default=None)
        if leading and leading[side["side"]]["posts"]:
            own = leading[side["side"]]
            parts += [
                _part(words),
                _part(leading["name"], own["href"]),
                _part(f" ({percent(own['share'])})"),
            ]
    if inside["tone"]["n"] >= FEWEST and public["tone"]["n"] >= FEWEST:
        parts.append(_part(say("; ")))
        for side, words in (
            (inside, say(" of posts inside are negative, ")),
            (public, say(" outside")),
        ):
            negative = side["tone"]["negative"]
            share = f"{percent(negative['share'])} ±{100 * negative['margin']:.0f}"
            parts += [_part(share, negative["href"]), _part(words)]
    return [*parts, _part(".")]


def _part(text: str, href: str | None = None) -> Data:
    return {"text": text, "href": href}
