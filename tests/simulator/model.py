"""What the archive must hold after a simulated event. Independent of the product's own code.

It reads the archive's file with plain SQL and compares it with the truth of the world:

- whatever can still be seen where we looked is held, in its newest version, or a gap says that it
  may be missing;
- what was deleted is gone, and nothing else is;
- each version that was given to us is kept, and none was invented;
- what nobody can read was set aside and took nothing with it;
- holes are filled, or recorded for as long as they cannot be; long failures and absences left one;
- no run is left open, every change is numbered, the file is sound.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.lives import Life, named
from simulator.network import ANSWERING, CONNECTING
from simulator.servers import FEED, JETSTREAM, PDS
from simulator.world import START, World

# A version that was given while the archive could be written is durable after so long.
SETTLED = 60.0
# What is read again (the setting's default), and the longest time between two polls.
OVERLAP, PACE = 600.0, 60.0
# A failure of this length is a gap for certain: 300 s, and the longest pause between two attempts.
OUTAGE = 1_000.0
# What fails a whole request; the other faults spoil a part, or are waited for.
FAILING = {*CONNECTING, *ANSWERING} - {"budget spent", "page for ever"}


@dataclass
class Held:
    """A post of the archive."""

    number: int
    uri: str
    text: str | None
    edited_at: int
    likes: int | None


class Archived:
    """The archive's file, read."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            self.check = connection.execute("PRAGMA integrity_check").fetchone()[0]
            self.posts = {
                _uri(key): Held(number, _uri(key), text, edited or 0, likes)
                for number, key, text, edited, likes in connection.execute(
                    "SELECT id, key, text, edited_at, likes FROM posts"
                )
            }
            self.versions = connection.execute(
                "SELECT post_id, edited_at, text FROM versions"
            ).fetchall()
            self.tombstones = {
                _uri(key)
                for (key,) in connection.execute(
                    "SELECT key FROM tombstones WHERE post_id IS NOT NULL"
                )
            }
            self.gaps = connection.execute(
                "SELECT source, instance, hashtag, start, end, reason, filled_at FROM gaps"
            ).fetchall()
            self.running = connection.execute(
                "SELECT source, instance, hashtag, started_at FROM runs WHERE state = 'running'"
            ).fetchall()
            self.runs = dict(connection.execute("SELECT state, count(*) FROM runs GROUP BY state"))
            self.rejects = connection.execute("SELECT reason, place FROM rejects").fetchall()
            self.unnumbered = connection.execute(
                "SELECT count(*) FROM posts WHERE id NOT IN"
                " (SELECT ref FROM changes WHERE kind = 'post')"
            ).fetchone()[0]
            self.cursors = [
                json.loads(cursor) for (cursor,) in connection.execute("SELECT cursor FROM cursors")
            ]

    def open_gaps(self, source: str, instance: str | None, hashtags: tuple[str, ...]) -> list[Any]:
        """Those that are not filled."""
        return [
            gap
            for gap in self.gaps
            if gap[0] == source
            and instance in (None, gap[1])
            and gap[2] in (*hashtags, "")
            and gap[6] is None
        ]


class Verdict:
    """``wrong`` says what is not as it must be; empty when all is well. ``untroubled`` tells
    whether the archive took what came at a true time."""

    def __init__(self, world: World, archived: Archived, troubled: list[tuple[float, float]]):
        self.world, self.archived = world, archived
        self.scenario = world.scenario
        self._troubled = troubled
        self.wrong: list[str] = []
        self._given: dict[int, set[tuple[str, int]]] = {}
        for shown in world.network.shown:
            if not any(a - SETTLED <= shown.at <= b + SETTLED for a, b in troubled):
                self._given.setdefault(shown.index, set()).add((shown.host, shown.version))
        self._shown: dict[int, set[tuple[str, int]]] = {}
        for shown in world.network.shown:
            self._shown.setdefault(shown.index, set()).add((shown.host, shown.version))
        for life in world.lives:
            self._judge(life)
        self._judge_versions()
        self._judge_deletions()
        self._judge_gaps()
        self._judge_rest()

    def _say(self, what: str) -> None:
        self.wrong.append(what)

    def _judge(self, life: Life) -> None:
        held = self.archived.posts.get(life.uri)
        if life.is_broken:
            if held is not None:
                self._say(f"{_tell(life)} cannot be read, and is held")
            return
        if life.kind == "mastodon":
            self._judge_status(life, held)
        elif life.kind == "bluesky":
            self._judge_record(life, held)
        else:
            self._judge_entry(life, held)

    def _judge_status(self, life: Life, held: Held | None) -> None:
        there = {host: copy for host, copy in life.copies.items() if copy.gone is None}
        asked_at_home = life.home in self.world.masts
        given_at_home = any(host == life.home for host, _ in self._given.get(life.index, ()))
        shown_at_home = any(host == life.home for host, _ in self._shown.get(life.index, ()))
        if life.is_strange or life.is_old:
            given_at_home = False  # It is asked about once a day only.
        if asked_at_home and life.deleted is not None and given_at_home:
            if held is not None:
                self._say(f"{_tell(life)} was deleted at home, and is held")
            return
        if asked_at_home and life.deleted is not None and shown_at_home:
            return  # We may have been told of it, and of its deletion, or not.
        if not asked_at_home and life.deleted is not None:
            return  # Whoever still shows it may have told us of the deletion.
        if not there:
            return
        if held is None:
            if life.is_old or all(self._is_excused(life, host) for host in there):
                return
            self._say(f"{_tell(life)} is to be seen at {sorted(there)}, and is not held")
            return
        name = named(held.text or "")
        if name is None or name[0] != life.index:
            self._say(f"{_tell(life)} is held with the words {held.text!r}")
            return
        versions = {copy.version for copy in there.values()}
        if life.home in there and given_at_home:
            versions = {there[life.home].version}
        elif len(versions) > 1 or life.is_strange or life.is_old:
            versions = set(range(life.newest + 1))
        if name[1] not in versions:
            self._say(f"{_tell(life)} is held as version {name[1]}, which should be {versions}")
        if life.home in there and given_at_home and held.likes != life.likes:
            self._say(f"{_tell(life)} has {life.likes} likes, {held.likes} are held")

    def _is_excused(self, life: Life, host: str) -> bool:
        """Whether an open gap says that it may be missing.

        One that comes late, just after the clock was put forward, may be missing too: what is read
        again is what came in the last minutes of the clock, which then are none.
        """
        arrived = life.copies[host].arrived
        moments = {life.written, arrived}
        if any(
            kind == "clock put forward" and at - 60 <= arrived <= at + 2 * OVERLAP
            for at, kind, _ in self.scenario.troubles
        ) and arrived - life.written > PACE:  # fmt: skip
            return True
        return any(
            gap[3] - 1 <= moment <= (gap[4] or 1e12) + 1
            for gap in self.archived.open_gaps(life.kind, host, life.hashtags)
            for moment in moments
        )

    def _judge_record(self, life: Life, held: Held | None) -> None:
        if not life.copies:
            return
        copy = life.copies["bsky.network"]
        searched = self.world.pds is not None
        if life.deleted is not None:
            missed = not searched and self._was_clamped(life.deleted)
            if held is not None and not missed:
                self._say(f"{_tell(life)} was deleted, and is held")
            return
        if held is None:
            if not life.is_old and not self._is_excused(life, "bsky.network"):
                self._say(f"{_tell(life)} is to be seen on Bluesky, and is not held")
            return
        name = named(held.text or "")
        if name is None or name[0] != life.index:
            self._say(f"{_tell(life)} is held with the words {held.text!r}")
        elif name[1] != life.newest and not (not searched and self._was_clamped(life.edits[-1])):
            self._say(f"{_tell(life)} is held as version {name[1]}, not {life.newest}")
        assert copy.gone is None

    def _was_clamped(self, at: float) -> bool:
        assert self.world.jetstream is not None
        return any(start - 1 <= at <= end + 1 for start, end in self.world.jetstream.clamped)

    def _judge_entry(self, life: Life, held: Held | None) -> None:
        assert self.world.feed is not None
        there = any(each is life for each in self.world.feed.lives)
        given = bool(self._given.get(life.index))
        if (there or given) and held is None:
            self._say(f"{_tell(life)} was in the feed, and is not held")
        # A feed's own times are compared with the clock: with a wrong one the gap may be missed.
        is_wrong = any(kind.startswith("clock") for _, kind, _ in self.scenario.troubles)
        if (
            held is None
            and not is_wrong
            and life.copies
            and life.copies[FEED].arrived > START
            and not any(
                gap[3] - 1 <= life.written <= gap[4] + 1
                for gap in self.archived.open_gaps("rss", None, ())
            )
        ):
            self._say(f"{_tell(life)} left the feed unseen, and no gap says so")

    def _judge_versions(self) -> None:
        lives = {life.uri: life for life in self.world.lives}
        numbers = {held.number: held for held in self.archived.posts.values()}
        kept: dict[str, set[int]] = {}
        for held in self.archived.posts.values():
            name = named(held.text or "")
            if held.uri not in lives:
                self._say(f"{held.uri} is held, and nobody wrote it")
            elif name:
                kept.setdefault(held.uri, set()).add(name[1])
        for number, edited_at, text in self.archived.versions:
            if number not in numbers:
                self._say(f"a version is left of post {number}, which is not held")
                continue
            uri = numbers[number].uri
            life, name = lives[uri], named(text or "")
            if name is None or name[0] != life.index or name[1] > life.newest:
                self._say(f"{_tell(life)} has a version with the words {text!r}")
                continue
            kept.setdefault(uri, set()).add(name[1])
            # Bluesky's search does not say when a record was changed.
            undated = life.kind == "bluesky" and self.world.pds is not None
            if life.edits[name[1]] != edited_at and not undated:
                self._say(f"{_tell(life)} has version {name[1]} dated {edited_at}")
        for index, given in self._given.items():
            life = self.world.lives[index]
            if life.uri in self.archived.posts and life.kind == "mastodon":
                lost = {version for _, version in given} - kept.get(life.uri, set())
                if lost:
                    self._say(f"{_tell(life)} was given in versions {sorted(lost)}, lost since")

    def _judge_deletions(self) -> None:
        lives = {life.uri: life for life in self.world.lives}
        for uri in self.archived.tombstones:
            life = lives.get(uri)
            if life is None or life.deleted is None:
                self._say(f"{uri} has a tombstone, and lives")
            if uri in self.archived.posts:
                self._say(f"{uri} has a tombstone, and is held")

    def _judge_gaps(self) -> None:
        for gap in self.archived.gaps:
            if gap[6] is None and not self._must_stay_open(gap):
                self._say(f"the gap {gap[:6]} is open, though it could be filled")
        if self.world.jetstream is not None and self.world.pds is None:
            for start, end in self.world.jetstream.clamped:
                known = self.archived.open_gaps("bluesky", None, ())
                if not any(gap[3] <= end and gap[4] >= start for gap in known):
                    self._say(f"the stream had nothing from {start} to {end}, and no gap says so")
        for fault in self.scenario.faults:
            self._judge_outage(fault.kind, fault.host, fault.start, fault.end, fault.times)

    def _must_stay_open(self, gap: Any) -> bool:
        source = gap[0]
        if any(kind == "clock put back" for _, kind, _ in self.scenario.troubles):
            return True  # It ends in what is the future then: no run is sure to have read it.
        if source == "mastodon":
            return self.world.network.fired["page for ever"] > 0 and "server" in gap[5]
        if source == "bluesky":
            assert self.world.jetstream is not None
            return self.world.pds is None and bool(self.world.jetstream.clamped)
        # A run that finds everything pushed out fills nothing that was missing before.
        return source == "rss" and any("holds none" in each[5] for each in self.archived.gaps)

    def _judge_outage(self, kind: str, host: str, start: float, end: float, times: int) -> None:
        """A long failure without anything else going wrong is a gap, filled or not."""
        if kind not in FAILING or times < 1_000 or end - start < OUTAGE or host in (PDS, FEED):
            return
        if host == JETSTREAM or self.scenario.troubles:
            return
        for hashtag in self.scenario.hashtags:
            if not any(
                gap[1] == host and gap[2] == hashtag and gap[3] < end and gap[4] > start
                for gap in self.archived.gaps
            ):
                self._say(f"{host} failed from {start} to {end} ({kind}): no gap of #{hashtag}")

    def _judge_rest(self) -> None:
        archived = self.archived
        if archived.check != "ok":
            self._say(f"the file is damaged: {archived.check}")
        if archived.running:
            self._say(f"runs are left open: {archived.running}")
        if archived.unnumbered:
            self._say(f"{archived.unnumbered} posts have no number of a change")
        if not archived.runs:
            self._say("no run was recorded")
        broken = {index for index in self._given if self.world.lives[index].is_broken}
        if broken and not archived.rejects:
            self._say(f"{len(broken)} posts that cannot be read left nothing behind")


def _uri(key: str) -> str:
    return "/".join(key.split("/")[::-1])


def _tell(life: Life) -> str:
    where = ", ".join(
        f"{host} v{copy.version} from {copy.arrived - START:.0f}"
        + (f" to {copy.gone - START:.0f}" if copy.gone is not None else "")
        for host, copy in life.copies.items()
    )
    gone = f", deleted {life.deleted - START:.0f}" if life.deleted is not None else ""
    edits = [edit - int(START) for edit in life.edits[1:]]
    return (
        f"life {life.index} ({life.uri}, {' '.join(life.hashtags)}, written"
        f" {life.written - START:.0f}, edits {edits}{gone}; {where})"
    )
