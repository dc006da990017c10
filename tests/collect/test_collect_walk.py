"""Walking a hashtag's timeline: nothing is lost, whatever arrives when and in what order."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_platform.mastodon import Timeline
from hashwatch.collect.source import Query
from hashwatch.collect.sources.mastodon import PAGE_SIZE, paging_parameters
from hashwatch.collect.walk import Hole, Request, Seen, advance, next_request
from hashwatch.model import Cursor

START = 1_490_961_600
OVERLAP = 600


def query(now: float, since: float = START) -> Query:
    return Query(("natsec17",), (), int(since), START + 10**7, int(now))


class Collector:
    """The page loop without the network: ``run`` is one run of at most ``cap`` pages."""

    def __init__(self, timeline: Timeline, since: float = START) -> None:
        self.timeline = timeline
        self.since = since
        self.cursor: Cursor | None = None
        self.found: set[str] = set()
        self.holes: list[Hole] = []
        self.requests: list[Request] = []

    def run(self, now: float, cap: int = 1_000) -> int:
        """Gives the number of pages asked for."""
        asked = query(now, self.since)
        for number in range(cap):
            request = next_request(self.cursor, asked, number == 0, OVERLAP)
            parameters = dict(paging_parameters(request))
            seen = tuple(
                Seen(status["id"], _claimed(status))
                for status in self.timeline.page("natsec17", parameters)
            )
            step = advance(self.cursor, asked, request, seen, OVERLAP)
            # What is durable is what comes back from the archive: text.
            self.cursor = self._stored(step.cursor)
            self.requests.append(request)
            self.found |= {item.id for item in seen}
            self.holes += [step.hole] if step.hole else []
            if not step.more:
                return number + 1
        return cap

    def _stored(self, cursor: Cursor | None) -> Cursor | None:
        if cursor is None:
            return self.cursor
        return msgspec.json.decode(msgspec.json.encode(cursor), type=Cursor)


def _claimed(status: dict[str, str]) -> int:
    return int(datetime.fromisoformat(status["created_at"]).timestamp())


def posted(timeline: Timeline, count: int, at: float, every: float = 1.0) -> list[str]:
    return [timeline.post(f"{n}", at + n * every) for n in range(count)]


def test_first_run_fills_back_to_the_window() -> None:
    """The first run takes the newest page and then goes back until all are before the window."""
    timeline = Timeline()
    before = posted(timeline, 200, START - 1_000)
    inside = posted(timeline, 200, START)
    collector = Collector(timeline)
    collector.run(START + 300)
    assert set(inside) <= collector.found
    assert collector.requests[0] == Request("newest")
    assert {each.direction for each in collector.requests[1:]} == {"backward"}
    assert len(collector.found & set(before)) <= 2 * PAGE_SIZE
    assert collector.cursor is not None
    assert collector.cursor.complete
    assert collector.cursor.forward == inside[-1]


def test_quiet_place_costs_one_request() -> None:
    """Where nothing is new, a run is one page, once the first overlap has passed."""
    timeline = Timeline()
    posted(timeline, 30, START)
    collector = Collector(timeline)
    collector.run(START + 100)
    costs = [collector.run(START + 100 + 60 * minute) for minute in range(1, 30)]
    assert max(costs) <= 3
    assert set(costs[11:]) == {1}


def test_burst_is_walked_through() -> None:
    """10,000 posts between two polls are all found, over as many runs as the cap makes it."""
    timeline = Timeline()
    posted(timeline, 10, START)
    collector = Collector(timeline)
    collector.run(START + 60)
    burst = posted(timeline, 10_000, START + 100, 0.01)
    runs = 1
    while collector.run(START + 300 + 15 * runs, cap=50) == 50:
        runs += 1
    assert set(burst) <= collector.found
    assert runs < 10
    assert not collector.holes


def test_late_post_is_found() -> None:
    """A post whose id is dated back below the newest mark is found within the overlap."""
    timeline = Timeline()
    collector = Collector(timeline)
    posted(timeline, 100, START, 10)
    now = START + 1_000
    collector.run(now)
    for step in range(100):
        now += 30
        timeline.post("on time", now)
        late = timeline.post("late", now - 550, id_at=now - 550)
        collector.run(now)
        assert late in collector.found, step


def test_what_came_late_while_a_walk_was_interrupted_is_found() -> None:
    """A walk that is broken off (a rate limit) has read its lower part only then, not later."""
    timeline = Timeline()
    collector = Collector(timeline)
    posted(timeline, 150, START, 10)
    now = START + 1_500
    collector.run(now)
    for _ in range(20):
        now += 60
        timeline.post("on time", now)
        collector.run(now)
    posted(timeline, 60, now, 1)
    assert collector.run(now + 60, cap=1) == 1
    assert collector.cursor is not None
    late = timeline.post("late", now - 200, id_at=now - 200)
    for pause in (900, 960, 1_020):
        collector.run(now + pause)
    assert late in collector.found


def test_interrupted_back_fill_goes_on() -> None:
    """Back-fill goes on in later runs where it stopped, and the present is read meanwhile."""
    timeline = Timeline()
    old = posted(timeline, 2_000, START)
    collector = Collector(timeline)
    now = START + 3_000
    new = []
    while collector.run(now, cap=4) == 4:
        assert now < START + 10_000
        now += 15
        new.append(timeline.post("new", now))
        if collector.requests[-1].direction == "backward":
            assert set(new[:-1]) <= collector.found
    collector.run(now + 15)
    assert set(old) | set(new) <= collector.found


def test_present_is_looked_at_while_filling() -> None:
    """In one long run there is a look at the present every few pages."""
    timeline = Timeline()
    posted(timeline, 2_000, START)
    collector = Collector(timeline)
    collector.run(START + 3_000)
    directions = [request.direction for request in collector.requests]
    assert max(map(len, "".join(d[0] for d in directions).split("f"))) <= 6


def test_wider_window_is_filled_again() -> None:
    """When the window's start moves back, back-fill takes up again where it ended."""
    timeline = Timeline()
    before = posted(timeline, 500, START - 10_000, 10)
    posted(timeline, 50, START)
    collector = Collector(timeline)
    collector.run(START + 100)
    assert not set(before) <= collector.found
    collector.since = START - 20_000
    collector.run(START + 200)
    assert set(before) <= collector.found


def test_empty_place_begins_anew() -> None:
    """A hashtag that nobody has used yet leaves no cursor; its first posts are a first run."""
    timeline = Timeline()
    collector = Collector(timeline)
    assert collector.run(START) == 1
    assert collector.cursor is None
    posts = posted(timeline, 200, START + 10)
    collector.run(START + 300)
    assert set(posts) == collector.found


def test_deleted_marks_do_no_harm() -> None:
    """The posts that the cursor names may be gone."""
    timeline = Timeline()
    posts = posted(timeline, 120, START)
    collector = Collector(timeline)
    collector.run(START + 200)
    for number in (posts[-1], posts[-40], posts[0]):
        timeline.delete(number)
    collector.run(START + 1_000)
    new = posted(timeline, 100, START + 1_100)
    collector.run(START + 2_000)
    assert set(new) <= collector.found


@pytest.mark.parametrize("ignored", ["min_id", "max_id"])
def test_server_that_ignores_a_mark(ignored: str) -> None:
    """A server that always gives the same page is left after a few; what is missing is a hole."""
    timeline = Timeline()
    timeline.ignores = {ignored}
    posted(timeline, 200, START)
    collector = Collector(timeline)
    assert collector.run(START + 300) < 20
    posted(timeline, 100, START + 400)
    assert collector.run(START + 600) < 20
    assert collector.holes
    assert all(hole.start <= hole.end for hole in collector.holes)
    assert collector.run(START + 615) < 5


def test_server_that_includes_the_mark() -> None:
    """A server that gives the mark's own post again is read to both ends without a hole."""

    class Inclusive(Timeline):
        def page(self, tag: str, parameters: dict[str, str]) -> list[dict[str, object]]:
            moved = dict(parameters)
            if "min_id" in moved:
                moved["min_id"] = str(int(moved["min_id"]) - 1)
            if "max_id" in moved:
                moved["max_id"] = str(int(moved["max_id"]) + 1)
            return super().page(tag, moved)

    timeline = Inclusive()
    posts = posted(timeline, 150, START)
    collector = Collector(timeline, START - 1)
    collector.run(START + 200)
    posts += posted(timeline, 150, START + 300)
    collector.run(START + 500)
    assert set(posts) == collector.found
    assert not collector.holes


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_any_circle_ends(jumps: list[int]) -> None:
    """However a server leads around in circles, a run ends by itself."""
    asked = query(START)
    cursor: Cursor | None = None
    for number in range(2_000):
        request = next_request(cursor, asked, number == 0, OVERLAP)
        base = jumps[number % len(jumps)]
        seen = tuple(Seen(f"id{base}{n}", START + 5) for n in range(PAGE_SIZE))
        step = advance(cursor, asked, request, seen, OVERLAP)
        cursor = step.cursor or cursor
        if not step.more:
            return
    pytest.fail("the walk never ended")


@st.composite
def days(draw: st.DrawFn) -> list[tuple[str, float]]:
    """What happens at a server, in order: posts, late posts, deletions, runs of some cap."""
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from(["posts", "late", "run", "short run", "delete", "backwards"]),
                st.floats(0, 1, allow_nan=False),
            ),
            max_size=40,
        )
    )


@settings(deadline=None, max_examples=200)
@given(days(), st.sampled_from([40, 20, 7]))
def test_nothing_is_lost(happenings: list[tuple[str, float]], largest_page: int) -> None:
    """Whatever happens between runs, in the end every post that still stands was found.

    Only when this machine's clock was set back the overlap of that time may be too short.
    """
    timeline = Timeline()
    timeline.largest_page = largest_page
    collector = Collector(timeline)
    now = float(START + 1_000)
    for what, amount in happenings:
        now += 1 + 60 * amount
        if what == "posts":
            posted(timeline, int(amount * 100), now, 0.001)
        elif what == "late":
            if "backwards" not in {each for each, _ in happenings}:
                timeline.post("late", now - amount * 590, id_at=now - amount * 590)
        elif what == "run":
            collector.run(now)
        elif what == "short run":
            collector.run(now, cap=1 + int(amount * 3))
        elif what == "delete" and timeline.statuses:
            numbers = sorted(timeline.statuses)
            timeline.delete(str(numbers[int(amount * (len(numbers) - 1))]))
        elif what == "backwards":
            collector.run(now - 3_600 * amount)
    for later in range(1, 4):
        collector.run(now + 30 * later)
    assert {str(number) for number in timeline.statuses} <= collector.found
    assert not collector.holes
