"""The archive's small tables as the dashboard shows them: runs, gaps, lamps, clocks, sightings,
labels, notes, rules of alerts, changes of the programme.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hashwatch.archive import decisions
from hashwatch.archive.alert_rules import standing_rules
from hashwatch.archive.notes import standing_notes
from hashwatch.archive.programme import changes_after
from hashwatch.model import Event, fold_hashtag
from hashwatch.publish.rows import iso

UNDER_WAY = 120
"""Seconds. An answer that has not come after that does not come any more."""


def mirror_runs(
    archive: sqlite3.Connection, dashboard: sqlite3.Connection, ids: Sequence[int]
) -> None:
    """Copies ended runs and adds them to the hours of coverage (once: a run ends once)."""
    rows = archive.execute(
        "SELECT runs.id, source, instance, hashtag, started_at, ended_at, state, pages, received,"
        " new, changed, rejected, reason FROM json_each(?) CROSS JOIN runs ON runs.id = value",
        (_json(ids),),
    ).fetchall()
    held = {
        row[0]
        for row in dashboard.execute(
            "SELECT runs.id FROM json_each(?) CROSS JOIN runs ON runs.id = value", (_json(ids),)
        )
    }
    for row in rows:
        number, source, instance, hashtag, started, ended, *rest = row
        state, _, received, new, _, rejected, _ = rest
        if number in held:
            continue
        dashboard.execute(
            f"INSERT INTO runs VALUES ({', '.join('?' * 13)})",
            (number, source, instance, hashtag, iso(started), _iso(ended), *rest),
        )
        dashboard.execute(
            "INSERT INTO coverage_hour VALUES (?, ?, ?, 1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " runs = runs + 1, failed = failed + excluded.failed,"
            " received = received + excluded.received, new = new + excluded.new,"
            " rejected = rejected + excluded.rejected",
            (
                source,
                instance,
                started - started % 3600,
                state == "failed",
                received,
                new,
                rejected,
            ),
        )


def mirror_gaps(
    archive: sqlite3.Connection, dashboard: sqlite3.Connection, ids: Sequence[int]
) -> None:
    """Copies gaps as they stand now."""
    for number, source, instance, hashtag, start, end, reason, filled in archive.execute(
        "SELECT gaps.id, source, instance, hashtag, start, end, reason, filled_at"
        " FROM json_each(?) CROSS JOIN gaps ON gaps.id = value",
        (_json(ids),),
    ):
        dashboard.execute(
            "INSERT OR REPLACE INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, source, instance, hashtag, iso(start), _iso(end), reason, _iso(filled)),
        )


def mirror_places(archive: sqlite3.Connection, dashboard: sqlite3.Connection) -> None:
    """Copies where each source stands."""
    rows = archive.execute(
        "SELECT source, instance, event, state, detail, since, checked_at, next_attempt_at"
        " FROM places"
    ).fetchall()
    dashboard.execute("DELETE FROM places")
    dashboard.executemany(
        "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(*row[:5], iso(row[5]), _iso(row[6]), _iso(row[7])) for row in rows],
    )


def mirror_spending(archive: sqlite3.Connection, dashboard: sqlite3.Connection) -> None:
    """Copies what sources spent, month by month; what is held for answers that are just under way
    is left out."""
    rows = archive.execute(
        "SELECT source, month, spent, (SELECT coalesce(sum(amount), 0) FROM holds"
        " WHERE holds.source = spending.source AND holds.month = spending.month AND at <="
        " coalesce((SELECT max(heartbeats.at) FROM heartbeats), at) - ?), budget FROM spending",
        (UNDER_WAY,),
    ).fetchall()
    dashboard.execute("DELETE FROM spending")
    dashboard.executemany(
        "INSERT INTO spending VALUES (?, ?, ?, ?, ?)",
        [(source, iso(month)[:7], *rest) for source, month, *rest in rows],
    )


def mirror_programme_changes(archive: sqlite3.Connection, dashboard: sqlite3.Connection) -> None:
    """Copies what became different in the programmes since the last that is here."""
    (last,) = dashboard.execute("SELECT coalesce(max(id), 0) FROM programme_changes").fetchone()
    dashboard.executemany(
        "INSERT INTO programme_changes"
        " SELECT ?, events.id, ?, ?, ?, ?, ?, ? FROM events WHERE slug = ?",
        [
            (one.id, iso(one.at), *msgspec.structs.astuple(one.change), one.event)
            for one in changes_after(archive, last)
        ],
    )


def mirror_notes(archive: sqlite3.Connection, dashboard: sqlite3.Connection) -> None:
    """Copies the notes that stand."""
    dashboard.execute("DELETE FROM notes")
    dashboard.executemany(
        "INSERT INTO notes SELECT id, ?, ?, ?, ?, ?, ? FROM events WHERE slug = ?",
        [
            (one.note, one.is_spike, one.moment, one.words, one.actor, iso(one.at), one.event)
            for one in standing_notes(archive)
        ],
    )


def mirror_alert_rules(archive: sqlite3.Connection, dashboard: sqlite3.Connection) -> None:
    """Copies the rules of alerts that people have set."""
    dashboard.execute("DELETE FROM alert_rules")
    dashboard.executemany(
        "INSERT INTO alert_rules SELECT ?, id, ?, ?, ?, ? FROM events WHERE slug = ?",
        [
            (one.id, one.name, one.rule, one.actor, iso(one.at), one.event)
            for one in standing_rules(archive)
        ],
    )


def set_clocks(
    archive: sqlite3.Connection, dashboard: sqlite3.Connection, events: Sequence[Event], now: float
) -> None:
    """Says what time it is for each event: see `clock_of`."""
    replays = {
        hashtag: (at, speed, set_at)
        for hashtag, at, speed, set_at in archive.execute(
            "SELECT hashtag, at, speed, set_at FROM clocks ORDER BY set_at"
        )
    }
    for number, event in enumerate(events, start=1):
        mode, at, set_at, speed = clock_of(event, replays, now)
        dashboard.execute(
            "UPDATE events SET clock_mode = ?, clock_at = ?, clock_set_at = ?, clock_speed = ?"
            " WHERE id = ?"
            " AND (clock_mode, clock_at, clock_set_at, clock_speed) IS NOT (?, ?, ?, ?)",
            (mode, at, set_at, speed, number, mode, at, set_at, speed),
        )


def clock_of(
    event: Event, replays: dict[str, tuple[int, float, float]], now: float
) -> tuple[str, int, float, float]:
    """An event's clock as ``(mode, at, set_at, speed)``. Pure.

    ``replay`` while one plays (or stands at its end) for one of the event's hashtags; otherwise
    ``live`` until the collection window closes, and ``over``, standing at its end, afterwards.
    ``replays`` maps folded hashtags to ``(at, speed, set_at)``.
    """
    for hashtag in event.hashtags:
        if replay := replays.get(fold_hashtag(hashtag)):
            at, speed, set_at = replay
            return "replay", at, set_at, speed
    if now < event.collect_until:
        return "live", 0, 0.0, 1.0
    return "over", event.collect_until, 0.0, 0.0


def mirror_sightings(
    archive: sqlite3.Connection, dashboard: sqlite3.Connection, ids: Sequence[int]
) -> None:
    """Copies, for posts that changed, the other servers they stand on and how counts moved."""
    wanted = (_json(ids),)
    sightings = archive.execute(
        "SELECT post_id, host, seen_at FROM json_each(?) CROSS JOIN sightings ON post_id = value"
        " CROSS JOIN instances ON instances.id = instance_id"
        " WHERE (SELECT count(*) FROM sightings AS other WHERE other.post_id = value) > 1",
        wanted,
    )
    dashboard.executemany(
        "INSERT OR REPLACE INTO sightings VALUES (?, ?, ?)",
        [(post, host, iso(seen)) for post, host, seen in sightings],
    )
    counts = archive.execute(
        "SELECT post_id, seen_at, boosts, likes, replies, quotes FROM json_each(?)"
        " CROSS JOIN engagement ON post_id = value",
        wanted,
    )
    dashboard.executemany(
        "INSERT OR REPLACE INTO engagement VALUES (?, ?, ?, ?, ?, ?)",
        [(post, iso(seen), *rest) for post, seen, *rest in counts],
    )


def forget_sightings(dashboard: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Drops what `mirror_sightings` wrote of posts that are gone."""
    gone = [(number,) for number in ids]
    dashboard.executemany("DELETE FROM sightings WHERE post_id = ?", gone)
    dashboard.executemany("DELETE FROM engagement WHERE post_id = ?", gone)


def mirror_labels(
    archive: sqlite3.Connection, dashboard: sqlite3.Connection, ids: Sequence[int]
) -> None:
    """Copies the labels that stand on posts which are shown, where the newest sample has them."""
    dashboard.executemany(
        "INSERT INTO labels SELECT event_posts.post_id, event_id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
        " FROM events JOIN event_posts ON event_id = events.id AND post_id = ? WHERE slug = ?",
        [
            (
                one.decision.value or None, one.sampled.label, one.sampled.confidence,
                one.sampled.language, one.sampled.stratum, one.sampled.stratum_posts,
                one.sampled.weight, one.annotator, one.decision.id, iso(one.decision.at),
                one.decision.post_id, one.event,
            )
            for one in decisions.labelled_posts(archive, ids)
        ],
    )  # fmt: skip


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)


def _json(values: Sequence[int]) -> str:
    return msgspec.json.encode(values).decode()
