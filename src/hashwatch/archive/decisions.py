"""People's decisions: appended by the server and the command line, read by the publisher.

The latest decision on a post and field stands. Each brings a change row for its post, so that the
publisher shows the post anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import Result, has_table, open_reading, write_once
from hashwatch.archive.runs import changed
from hashwatch.errors import MissingError
from hashwatch.model import Decision, Sample, Sampled

KINDS = {"label": ("sentiment",), "correct": ("sentiment", "theme", "session")}
TONES = ("positive", "neutral", "negative")
NOTE_LENGTH = 500


class Recorded(msgspec.Struct, frozen=True):
    """A decision's number, and the number of the change that it brought."""

    id: int
    seq: int


class LabelledPost(msgspec.Struct, frozen=True):
    """A post of an event's newest sample with the label that a person gave it."""

    event: str
    annotator: str
    sampled: Sampled
    decision: Decision


class Decisions:
    """The decisions in the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(
        self, actor: str, event: str, kind: str, post_id: int, field: str, value: str | None, *,
        now: int, note: str = "",
    ) -> Recorded:  # fmt: skip
        """Records one decision (see ``model.Decision``); ``MissingError`` when the post is gone."""
        if field not in KINDS.get(kind, ()):
            raise ValueError(f"no decision is called {kind} {field}")
        if field == "sentiment" and value not in (*TONES, None) and (kind, value) != ("label", ""):
            raise ValueError(f"{value!r} is no tone")

        def write(connection: sqlite3.Connection) -> Recorded:
            row = connection.execute("SELECT key FROM posts WHERE id = ?", (post_id,)).fetchone()
            if row is None:
                raise MissingError(f"There is no post {post_id} any more.")
            number = connection.execute(
                "INSERT INTO decisions"
                " (at, actor, event, kind, post_key, post_id, field, value, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (now, actor, event, kind, row[0], post_id, field, value, note[:NOTE_LENGTH]),
            ).lastrowid
            changed(connection, "post", post_id)
            (seq,) = connection.execute("SELECT last_insert_rowid()").fetchone()
            return Recorded(number or 0, seq)

        return self._write(write)

    def keep_sample(self, sample: Sample) -> None:
        """Makes ``sample`` its event's newest; labels given before count where it has the post."""

        def write(connection: sqlite3.Connection) -> None:
            number = connection.execute(
                "INSERT INTO samples (event, at, seed, size, annotator) VALUES (?, ?, ?, ?, ?)",
                (sample.event, sample.at, sample.seed, sample.size, sample.annotator),
            ).lastrowid
            connection.executemany(
                "INSERT INTO sampled VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, place, *msgspec.structs.astuple(one))
                    for place, one in enumerate(sample.posts)
                ],
            )
            connection.execute(
                "INSERT INTO changes (kind, ref) SELECT DISTINCT 'post', post_id FROM decisions"
                " WHERE kind = 'label' AND event = ?",
                (sample.event,),
            )

        self._write(write)

    def sample(self, event: str) -> Sample | None:
        """The event's newest sample; deleted posts are no longer in it."""
        with closing(open_reading(self._path)) as connection:
            if not has_table(connection, "decisions"):
                return None
            row = connection.execute(
                "SELECT id, at, seed, size, annotator FROM samples WHERE event = ?"
                " ORDER BY id DESC LIMIT 1",
                (event,),
            ).fetchone()
            if row is None:
                return None
            number, at, seed, size, annotator = row
            posts = connection.execute(
                f"SELECT {_SAMPLED} FROM sampled WHERE sample_id = ? ORDER BY place", (number,)
            )
            drawn = tuple(Sampled(*post) for post in posts)
            return Sample(event, at, seed, size, annotator, drawn)

    def labels(self, event: str) -> dict[int, Decision]:
        """The labels that stand in an event, by post, those given first first."""
        with closing(open_reading(self._path)) as connection:
            if not has_table(connection, "decisions"):
                return {}
            rows = connection.execute(
                f"SELECT {_DECISION} FROM decisions WHERE kind = 'label' AND event = ? ORDER BY id",
                (event,),
            )
            standing = _latest(Decision(*row) for row in rows)
            given = sorted(standing, key=lambda one: one.id)
            return {one.post_id: one for one in given if one.value is not None}

    def _write(self, write: Callable[[sqlite3.Connection], Result]) -> Result:
        return write_once(self._path, "the decision", write)


def corrections(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, list[Decision]]:
    """The latest correction of each field and event of these posts, taken-back ones included."""
    if not ids or not has_table(connection, "decisions"):
        return {}
    rows = connection.execute(
        f"SELECT {_DECISION} FROM json_each(?) CROSS JOIN decisions ON post_id = json_each.value"
        " WHERE decisions.kind = 'correct' ORDER BY decisions.id",
        (_json(ids),),
    )
    found: dict[int, list[Decision]] = {}
    for one in _latest(Decision(*row) for row in rows):
        found.setdefault(one.post_id, []).append(one)
    return found


def labelled_posts(connection: sqlite3.Connection, ids: Sequence[int]) -> list[LabelledPost]:
    """Those of these posts that are in the newest sample of an event and carry a label."""
    if not ids or not has_table(connection, "decisions"):
        return []
    rows = connection.execute(
        f"SELECT {_DECISION} FROM json_each(?) CROSS JOIN decisions ON post_id = json_each.value"
        " WHERE decisions.kind = 'label' ORDER BY decisions.id",
        (_json(ids),),
    )
    found = []
    for decision in _latest(Decision(*row) for row in rows):
        if decision.value is None:
            continue
        row = connection.execute(
            f"SELECT annotator, {_SAMPLED} FROM sampled JOIN samples ON samples.id = sample_id"
            " WHERE post_id = ? AND sample_id = (SELECT max(id) FROM samples WHERE event = ?)",
            (decision.post_id, decision.event),
        ).fetchone()
        if row is not None:
            found.append(LabelledPost(decision.event, row[0], Sampled(*row[1:]), decision))
    return found


def _latest(decisions: Iterable[Decision]) -> list[Decision]:
    """Of decisions in order, the last on each post, field and event."""
    return list({(one.post_id, one.field, one.event): one for one in decisions}.values())


def _json(values: Sequence[int]) -> str:
    return msgspec.json.encode(list(values)).decode()


_DECISION = """decisions.id, decisions.at, decisions.actor, decisions.event, decisions.kind,
decisions.post_id, decisions.field, decisions.value, decisions.note"""
_SAMPLED = "post_id, stratum, stratum_posts, label, confidence, language, weight"
