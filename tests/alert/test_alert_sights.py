"""What rules see in a dashboard, from its figures alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.strategies import BEGIN, post
from hashwatch.alert.alerter import Alerter
from hashwatch.alert.rules import Rule, Sight
from hashwatch.alert.sights import look
from hashwatch.queries.events import find_event
from publish.test_publish_dashboard import Room
from publish.test_publish_groups import RosterRoom
from publish.test_publish_spikes import burst

WALL = BEGIN + 200.0


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """An empty room."""
    made = Room(tmp_path)
    yield made
    made.archive.close()


def seen(room: Room, wall: float = WALL, **rule: object) -> Sight:
    """What a rule sees in the event while its clock is the wall's."""
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        event = find_event(connection, "natsec17")
        made = Rule(name="a rule", to=("team",), **rule)  # type: ignore[arg-type]
        return look(connection, event, made, int(wall), wall)


def test_a_spike_is_seen_while_it_lasts(room: Room) -> None:
    """Under a key of its own, with its figures and its cause; afterwards it is not."""
    room.store(*burst())
    room.publish()
    sight = seen(room, kind="spike", posts=15)
    assert (sight.state, sight.key) == ("on", str(BEGIN))
    assert "20 posts in five minutes" in sight.words
    assert "20 about Rights" in sight.words
    assert seen(room, kind="spike", posts=21).state == "off"
    assert seen(room, wall=BEGIN + 1800, kind="spike").state == "off"


def test_a_negative_surge_needs_many_posts_and_a_high_share(room: Room) -> None:
    """Thirty posts, of which twelve are bad; under twenty with a tone nothing is said."""
    texts = ["A terrible, horrible muddle", "A wonderful talk", "A wonderful panel"]
    room.store(*(post(n, text=f"{texts[n % 3]} {n}", at=BEGIN + n) for n in range(30)))
    room.publish()
    sight = seen(room, kind="negative", share=0.3, posts=20)
    assert sight.state == "on"
    assert sight.words.startswith("33% of 30 posts in the last 30 minutes are negative")
    assert "sentiment=negative" in sight.href
    assert seen(room, kind="negative", share=0.4, posts=20).state == "between"
    assert seen(room, kind="negative", share=0.5, posts=20).state == "off"
    assert seen(room, kind="negative", share=0.3, posts=31).state == "off"


def test_words_and_accounts(room: Room) -> None:
    """Posts of the last minutes, boosts left out."""
    room.store(*burst())
    room.publish()
    assert seen(room, kind="keyword", terms="surveillance").words.startswith("1 post match")
    assert seen(room, kind="keyword", terms="surveillance", posts=2).state == "off"
    assert seen(room, kind="account", account="repeater@town.example").state == "off"
    assert seen(room, kind="account", account="person0@town.example").state == "on"
    assert seen(room, wall=WALL + 7200, kind="keyword", terms="surveillance").state == "off"


def test_groups_of_the_roster(tmp_path: Path) -> None:
    """By their posts of the last minutes; a group that never wrote is no error."""
    room = RosterRoom(tmp_path)
    room.store(*(post(n, person=f"person{n % 2}", at=BEGIN + n) for n in range(6)))
    room.publish()
    sight = seen(room, kind="group", group="delegates", posts=3)
    assert (sight.state, sight.words) == ("on", "3 posts by delegates in the last 30 minutes.")
    assert "group=delegates" in sight.href
    assert seen(room, kind="group", group="delegates", posts=5).state == "off"
    assert seen(room, kind="group", group="inside", posts=3).state == "on"
    assert seen(room, kind="group", group="public", posts=3).state == "on"
    assert seen(room, kind="group", group="nobody").state == "off"
    room.archive.close()


def test_questions_that_wait(room: Room) -> None:
    """As many as the rule says; nearly as many keep it from speaking twice."""
    texts = "To the panel: who pays for the audit of number {}?"
    room.store(*(post(n, text=texts.format(n), at=BEGIN + n) for n in range(4)))
    room.publish()
    sight = seen(room, kind="queue", posts=4)
    assert (sight.state, sight.words) == ("on", "4 questions wait for an answer.")
    assert sight.href == "/events/natsec17/questions"
    assert seen(room, kind="queue", posts=5).state == "between"
    assert seen(room, kind="queue", posts=6).state == "off"


def test_silence_is_seen_where_posts_are_usual(room: Room) -> None:
    """An hour with posts, then none; a night in which none are usual is no silence."""
    room.store(*(post(n, at=BEGIN + 10 * n) for n in range(300)))
    room.publish()
    assert seen(room, wall=BEGIN + 3000, kind="silence").state == "off"
    assert seen(room, wall=BEGIN + 3600 + 1900, kind="silence", minutes=30).state == "on"
    assert seen(room, wall=BEGIN + 100_000, kind="silence", minutes=30).state == "off"


def test_a_source_that_is_down_is_named(room: Room) -> None:
    """With its state and why."""
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        connection.execute(
            "INSERT INTO places VALUES ('mastodon', 'town.example', 'natsec17', 'unreachable',"
            " 'no route', '2017-03-31T09:00:00Z', NULL, NULL)"
        )
        connection.commit()
    sight = seen(room, kind="source")
    assert sight.words == "Not collected: mastodon town.example (unreachable: no route)."


@pytest.mark.parametrize(("again", "state"), [("09:59:00", "on"), ("09:10:00", "off")])
def test_a_source_that_may_not_be_asked_for_long_is_named(
    room: Room, again: str, state: str
) -> None:
    """As when its budget is spent; a rate limit of some minutes passes."""
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        connection.execute(
            "INSERT INTO places VALUES ('x', 'x.com', 'natsec17', 'rate-limited', 'spent',"
            " '2017-03-31T08:00:00Z', '2017-03-31T09:00:00Z', ?)",
            (f"2017-03-31T{again}Z",),
        )
        connection.commit()
    assert seen(room, kind="source").state == state


def test_a_digest_tells_of_the_last_whole_hour(room: Room) -> None:
    """Once an hour, under that hour's key; an hour without posts has none."""
    room.store(*(post(n, text="A wonderful talk on rights", at=BEGIN + n) for n in range(7)))
    room.publish()
    sight = seen(room, wall=BEGIN + 1800, kind="digest", minutes=30)
    assert sight.state == "on"
    assert "7 posts, 100% positive and 0% negative of 7 with a tone; 7 about Rights" in sight.words
    assert seen(room, wall=BEGIN + 7200, kind="digest", minutes=30).state == "off"


def test_the_alerter_tells_of_a_spike_once(room: Room) -> None:
    """From the dashboard to the destination, and after a restart not again."""
    room.store(*burst())
    room.publish()
    told: list[str] = []
    rule = Rule("Spike", "spike", ("team",), posts=15)
    for _ in range(2):
        with Alerter(
            room.dashboard_path, [rule], lambda *message: told.append(message[2]),
            clock=lambda: WALL,
        ) as alerter:  # fmt: skip
            for _ in range(3):
                alerter.look()
                alerter.send_due()
    assert len(told) == 1
    assert "20 posts in five minutes" in told[0]
