"""The search's reading: whatever stops it, every post is read, or said to be missing."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_platform.x import snowflake
from hashwatch.collect.source import UNAFFORDED, UNREAD_FROM, Query
from hashwatch.collect.sources.x import reading as stretches
from hashwatch.collect.sources.x.reading import LONG, RECENT, Hole
from hashwatch.model import Cursor

AT = 1_805_716_800
OVERLAP = 60
SIZE = 3


class World:
    """Posts that are written, a search that gives them by its rules, and what came of it."""

    def __init__(self, since: int) -> None:
        self.now, self.since = AT, since
        self.posts: dict[int, int] = {}
        self.read: set[int] = set()
        self.holes: list[Hole] = []
        self.cursor: Cursor | None = None
        self.means = 10**9
        self.counts = 0

    def write(self, at: int) -> None:
        """A post; a few of the same second have different ids."""
        self.posts[snowflake(at, len(self.posts) % 4_096)] = at

    def run(self, pages: int, lost: Callable[[], bool]) -> None:
        """At most so many pages; the answer to one may get lost, which ends the run."""
        query = Query(("natsec17",), (), self.since, AT + 10**8, self.now)
        begun = stretches.begin(self.cursor, query, OVERLAP)
        begun = stretches.resumed(begun, self.affords)
        reading, holes = stretches.within_reach(begun, self.now, RECENT)
        same: dict[str, str] = {}
        for _ in range(pages):
            self.holes += holes
            holes = ()
            if not reading.stretches:
                break
            if lost():
                return
            asked = stretches.bounds(reading, self.now)
            if reading.token is None:
                same = asked
            assert {**same, "next_token": ""} == {**asked, "next_token": ""}
            found = self.search(asked)
            if stretches.is_to_be_counted(reading, self.now):
                self.counts += 1
                reading, hole = stretches.counted(reading, len(found), None, self.affords, self.now)
            else:
                start = int(reading.token or 0)
                page = found[start : start + SIZE]
                more = str(start + SIZE) if len(found) > start + SIZE else None
                ids = [str(number) for number in page]
                self.read |= set(page)
                reading, hole = stretches.advance(
                    reading, ids[0] if ids else None, ids[-1] if ids else None, more
                )
            self.holes += [hole] if hole else []
            self.cursor = stretches.durable(reading)
            assert msgspec.json.decode(msgspec.json.encode(self.cursor), type=Cursor) == self.cursor
        self.holes += holes
        self.cursor = stretches.durable(reading)

    def affords(self, posts: int) -> bool:
        """Whether so many can be paid for."""
        return posts <= self.means

    def search(self, asked: dict[str, str]) -> list[int]:
        """Everything between the bounds, the newest first; X's refusals are errors here."""
        oldest = snowflake(self.now - 7 * 86_400)
        if "since_id" in asked:
            low = int(asked["since_id"])
        else:
            from datetime import datetime

            begins = datetime.fromisoformat(asked["start_time"]).timestamp()
            assert begins <= self.now - 30
            low = snowflake(begins) - 1
        assert low >= oldest - 1
        high = int(asked.get("until_id", 1 << 62))
        assert high > low + 1, "X refuses that"
        return [number for number in sorted(self.posts, reverse=True) if low < number < high]

    def missing(self) -> list[int]:
        """When posts were written, within the window, that are neither read nor in a hole."""
        return [
            at
            for number, at in self.posts.items()
            if number not in self.read
            and at >= self.since
            and not any(hole.start <= at <= hole.end for hole in self.holes)
        ]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 30)),
        st.tuples(st.just("hours"), st.integers(0, 40)),
        st.tuples(st.just("wait"), st.sampled_from([5, 60, 600, 4_000, 90_000, 700_000])),
        st.tuples(st.just("run"), st.integers(1, 4)),
        st.tuples(st.just("lose"), st.integers(0, 3)),
        st.tuples(st.just("means"), st.sampled_from([0, 3, 10**9])),
        st.tuples(st.just("earlier"), st.sampled_from([60, 7_200, 86_400])),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.sampled_from([600, 7_200, 86_400, 20 * 86_400]))
def test_every_post_is_read_or_said_to_be_missing(
    steps: list[tuple[str, int]], window: int
) -> None:
    """Through poll caps, lost answers, pauses, poverty and a window that grows."""
    world = World(AT - window)
    for number in range(5):
        world.write(AT - window + number * window // 5)
    for what, value in steps:
        if what == "write":
            for number in range(value):
                world.write(world.now - number)
        elif what == "hours":
            for _ in range(value):
                world.now += 3 if value % 2 else 70
                world.write(world.now)
        elif what == "wait":
            world.now += value
        elif what == "run":
            world.run(value, lambda: False)
        elif what == "lose":
            left = value

            def lost() -> bool:
                nonlocal left
                left -= 1
                return left < 0

            world.run(100, lost)
        elif what == "means":
            world.means = value
        else:
            world.since -= value
    world.now += 5
    world.run(1_000, lambda: False)
    assert world.missing() == []
    world.means = 10**9
    before = set(world.read)
    world.run(1_000, lambda: False)
    assert world.cursor is not None
    assert world.cursor.complete
    assert UNREAD_FROM not in world.cursor.state
    world.holes = [hole for hole in world.holes if hole.reason != UNAFFORDED]
    assert world.missing() == [], "what was put off is read once it can be paid for"
    assert before <= world.read


def test_a_short_stretch_is_not_counted_and_a_long_one_once() -> None:
    """However often the run is stopped."""
    world = World(AT - LONG)
    world.write(AT - 100)
    world.run(10, lambda: False)
    assert world.counts == 0
    world.now += LONG + 700
    for number in range(20):
        world.write(AT + number)
    for _ in range(5):
        world.run(1, lambda: False)
    assert world.counts == 1
    world.run(10, lambda: False)
    assert world.missing() == []
