"""What each kind of rule sees in the dashboard: figures from rollups, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from hashwatch.alert.rules import Kind, Rule, Sight
from hashwatch.errors import FilterError
from hashwatch.queries.buckets import bucket_start, from_iso, local_text
from hashwatch.queries.counting import ALL
from hashwatch.queries.events import Event, source_lamps
from hashwatch.queries.filters import Filters
from hashwatch.queries.hrefs import event_href, posts_href
from hashwatch.queries.now import last_minutes, usual_rates, window
from hashwatch.queries.programme import programme, tones
from hashwatch.queries.questions import count_waiting
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.search import count_posts
from hashwatch.queries.selection import select
from hashwatch.queries.shapes import Data
from hashwatch.queries.spike_rows import spike_rows
from hashwatch.queries.statements import ask

NOTHING = Sight("off")
FEWEST_SCORED = 20
"""Under so many posts with a tone a share says nothing."""
FALLS = 0.75
"""A share or count must fall to so much of its threshold before it is over."""
DOWN = ("unreachable", "denied")
LONG_WAIT = 1_800
"""Seconds. Who is to wait so long, as for a new budget, is not collected from."""


def look(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, wall: float) -> Sight:
    """What ``rule`` sees in ``event`` when its clock shows ``now``."""
    return _LOOKS[rule.kind](connection, event, rule, now, wall)


def _spike(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float) -> Sight:
    sessions = programme(connection, event, now)
    start = now - 60 * rule.minutes
    lasting = [
        spike
        for spike in spike_rows(connection, event, start, now + 60, now, sessions)
        if spike["to"] is None and spike["posts"] >= rule.posts
    ]
    if not lasting:
        return NOTHING
    spike = lasting[-1]
    times = f", {spike['times']:.1f} times the usual" if spike["times"] else ""
    causes = "".join(f"; {cause['text']}" for cause in spike["causes"])
    words = f"Spike {spike['local']}: {spike['peak']:,} posts in five minutes{times}{causes}."
    return Sight("on", str(spike["from"]), words, spike["href"])


def _negative(
    connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float
) -> Sight:
    start, end = window(now, rule.minutes)
    counts = _tones(connection, event, start, end)
    scored = counts["positive"] + counts["neutral"] + counts["negative"]
    if scored < max(FEWEST_SCORED, rule.posts):
        return NOTHING
    share = counts["negative"] / scored
    before = _tones(connection, event, event.collect_from, start)
    scored_before = sum(before[tone] for tone in ("positive", "neutral", "negative"))
    usual = before["negative"] / scored_before if scored_before >= FEWEST_SCORED else 0.0
    threshold = max(rule.share, 1.5 * usual)
    if share < threshold:
        return Sight("between") if share >= FALLS * threshold else NOTHING
    against = f"; {usual:.0%} before" if scored_before >= FEWEST_SCORED else ""
    words = (
        f"{share:.0%} of {scored:,} posts in the last {rule.minutes} minutes are negative{against}."
    )
    span = range_parameters(event, start, end)
    return Sight("on", "negative", words, posts_href(event.slug, sentiment="negative", **span))


def _keyword(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float) -> Sight:
    return _posts(connection, event, rule, now, {"q": rule.terms}, f"match {rule.terms}")


def _account(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float) -> Sight:
    return _posts(connection, event, rule, now, {"author": rule.account}, f"by @{rule.account}")


def _group(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float) -> Sight:
    """Posts by a group of the roster; an event that has none of it has nothing to tell."""
    try:
        return _posts(connection, event, rule, now, {"group": rule.group}, f"by {rule.group}")
    except FilterError:
        return NOTHING


def _queue(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float) -> Sight:
    """Questions of the day that nobody of the event has answered."""
    waiting = count_waiting(connection, event, now)
    if waiting < rule.posts:
        return Sight("between") if waiting >= FALLS * rule.posts else NOTHING
    noun = "question waits" if waiting == 1 else "questions wait"
    words = f"{waiting:,} {noun} for an answer."
    return Sight("on", "queue", words, event_href(event.slug, "questions"))


def _posts(
    connection: sqlite3.Connection,
    event: Event,
    rule: Rule,
    now: int,
    filters: dict[str, str],
    what: str,
) -> Sight:
    """Posts of the last minutes that ``filters`` leave, boosts left out."""
    start, end = window(now, rule.minutes)
    wanted = Filters(**filters, kind="original", start=start, end=end)
    posts = count_posts(connection, select(connection, event, wanted)).posts
    if posts < rule.posts:
        return Sight("between") if posts >= FALLS * rule.posts else NOTHING
    noun = "post" if posts == 1 else "posts"
    words = f"{posts:,} {noun} {what} in the last {rule.minutes} minutes."
    span = range_parameters(event, start, end)
    href = posts_href(event.slug, **filters, kind="original", **span)
    return Sight("on", what, words, href)


def _silence(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float) -> Sight:
    """Nothing for so long, in an hour in which something is usual, while the event goes on."""
    if not event.starts <= now < event.ends:
        return NOTHING
    usual = usual_rates(connection, event, now)
    current = last_minutes(connection, event, now, usual, rule.minutes)
    if current["posts"] or (current["baseline"] or 0) < 1:
        return NOTHING
    words = (
        f"No posts for {rule.minutes} minutes, when {current['baseline']:.0f} are usual;"
        " see whether everything is collected."
    )
    return Sight("on", "silence", words, event_href(event.slug, "coverage"))


def _source(connection: sqlite3.Connection, event: Event, _: Rule, __: int, wall: float) -> Sight:
    down = [lamp for lamp in source_lamps(connection, event, wall) if _is_down(lamp)]
    if not down:
        return NOTHING
    names = ", ".join(
        f"{lamp['source']} {lamp['instance']} ({lamp['state']}: {lamp['detail']})" for lamp in down
    )
    key = " ".join(f"{lamp['source']} {lamp['instance']}" for lamp in down)
    return Sight("on", key, f"Not collected: {names}.", event_href(event.slug, "coverage"))


def _is_down(lamp: Data) -> bool:
    """Whether a source brings nothing, for longer than any rate limit keeps it waiting."""
    state, asked, again = lamp["state"], lamp["checked_at"], lamp["next_attempt_at"]
    if state != "rate-limited" or not asked or not again:
        return state in DOWN
    return from_iso(again) - from_iso(asked) >= LONG_WAIT


def _digest(connection: sqlite3.Connection, event: Event, rule: Rule, now: int, _: float) -> Sight:
    """Once in so many minutes, counted from the hour, while there is anything to say."""
    hour = bucket_start(now, "hour", event.zone)
    begins = hour + (now - hour) // (60 * rule.minutes) * 60 * rule.minutes
    start, end = begins - 60 * rule.minutes, begins
    bounds = {"event": event.id, "facet": "all", "value": "", "from": start, "to": end}
    posts = ask(connection, "window", bounds)[0][0]
    if posts < rule.posts:
        return NOTHING
    counts = _tones(connection, event, start, end)
    scored = counts["positive"] + counts["neutral"] + counts["negative"]
    tone = (
        f", {counts['positive'] / scored:.0%} positive and {counts['negative'] / scored:.0%}"
        f" negative of {scored:,} with a tone"
        if scored
        else ""
    )
    last = local_text(end, event.zone).rsplit(" ", 1)[1]
    leading = _leading_theme(connection, event, start, end)
    words = f"{local_text(start, event.zone)}–{last}: {posts:,} posts{tone}{leading}."
    return Sight("on", str(begins), words, event_href(event.slug))


def _leading_theme(connection: sqlite3.Connection, event: Event, start: int, end: int) -> str:
    bounds = {"event": event.id, "facet": "theme", "from": start, "to": end, **ALL.bound}
    used = dict(ask(connection, "facet_window", bounds))
    if not used:
        return ""
    identity = min(used, key=lambda theme: (-used[theme], theme))
    names = {row[0]: row[1] for row in ask(connection, "themes", {"event": event.id})}
    return f"; {used[identity]:,} about {names[identity]}"


def _tones(connection: sqlite3.Connection, event: Event, start: int, end: int) -> dict[str, int]:
    bounds = {"event": event.id, "facet": "all", "value": "", "from": start, "to": end}
    counts = tones(ask(connection, "window", bounds)[0])
    return {
        "positive": counts["positive"],
        "neutral": counts["neutral"],
        "negative": counts["negative"],
    }


Look = Callable[[sqlite3.Connection, Event, Rule, int, float], Sight]
_LOOKS: dict[Kind, Look] = {
    "spike": _spike,
    "negative": _negative,
    "keyword": _keyword,
    "account": _account,
    "group": _group,
    "queue": _queue,
    "silence": _silence,
    "source": _source,
    "digest": _digest,
}
