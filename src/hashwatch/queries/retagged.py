"""What the last rebuild of the dashboard changed, as the publisher noted it."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from hashwatch.queries.buckets import local_text, to_iso
from hashwatch.queries.events import Event
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask


def last_retagging(connection: sqlite3.Connection, event: Event) -> Data | None:
    """Which tags the last rebuild changed; None before there was one that could be compared.

    Languages and tones are those of all events together, themes and sessions the event's.
    """
    text = dict(ask(connection, "meta", {})).get("compared")
    if text is None:
        return None
    compared: dict[str, Any] = json.loads(text)
    return {
        "at": to_iso(compared["at"]),
        "local": local_text(int(compared["at"]), event.zone),
        "annotators": compared["annotators"],
        **{key: compared[key] for key in ("posts", "came", "went", "languages", "sentiment")},
        **{
            key: [
                {name: one[name] for name in ("key", "given", "lost")}
                for one in compared[key]
                if one["event"] == event.slug
            ]
            for key in ("themes", "sessions")
        },
    }


def retagging_lines(compared: Data) -> list[str]:
    """A comparison in sentences; ``compared`` is the publisher's note, or `last_retagging`."""
    came, went = compared["came"], compared["went"]
    lines = [f"{compared['posts']:,} posts compared; {came:,} came, {went:,} went"]
    for key, what in (("languages", "language"), ("sentiment", "tone")):
        moved = compared[key]
        if moved:
            listed = ", ".join(
                f"{one['posts']:,} {one['before'] or 'unknown'} → {one['after'] or 'unknown'}"
                for one in moved[:6]
            )
            more = f" and {len(moved) - 6} more kinds" if len(moved) > 6 else ""
            posts = sum(one["posts"] for one in moved)
            lines.append(f"{posts:,} changed {what}: {listed}{more}")
    for key, what in (("themes", "theme"), ("sessions", "session")):
        lines += [
            f"{what} {one['key']}: {one['given']:,} given it, {one['lost']:,} lost it"
            for one in compared[key][:12]
        ]
        if len(compared[key]) > 12:
            lines.append(f"and {len(compared[key]) - 12} more {what}s")
    return lines if len(lines) > 1 else [*lines, "no tag changed"]
