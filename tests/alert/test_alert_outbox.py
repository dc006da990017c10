"""An alert is told once to each destination, whatever fails or is killed in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from hashwatch.alert.alerter import Alerter
from hashwatch.alert.outbox import ATTEMPTS, FIRST_WAIT, Alert, Outbox
from hashwatch.alert.rules import Rule, Standing
from hashwatch.alert.sending import NotSentError
from hashwatch.errors import InUseError

RULE = Rule("Spike", "spike", ("team", "hall"))
ALERT = Alert("Spike", "spike", "e", "Spike: e", "20 posts.", "/events/e/posts", 100, 1000)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    made = Outbox(tmp_path / "alerts.db")
    yield made
    made.close()


class Services:
    """Where messages arrive; ``down`` are the destinations that take nothing."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.refused = 0
        self.taken: list[tuple[str, str]] = []

    def send(self, destination: str, _: str, body: str) -> None:
        """Stands in for Apprise."""
        if destination in self.down:
            self.refused += 1
            raise NotSentError("no answer")
        self.taken.append((destination, body))


class Room:
    """An alerter with a clock of its own over a dashboard that is not there."""

    def __init__(self, folder: Path) -> None:
        self.now, self.folder, self.services = 1000.0, folder, Services()

    def alerter(self) -> Alerter:
        """The one alerter."""
        return Alerter(
            self.folder / "dashboard.db", [RULE], self.services.send, "https://d.example/",
            clock=lambda: self.now,
        )  # fmt: skip

    def put(self) -> None:
        """The rule speaks."""
        with closing(Outbox(self.folder / "alerts.db")) as outbox:
            outbox.put(RULE, "e", Standing(True, "k", 100), ALERT, self.now)

    def deliveries(self) -> list[tuple[str, str, int]]:
        """Destination, state and attempts of each."""
        with closing(sqlite3.connect(self.folder / "alerts.db")) as connection:
            return connection.execute(
                "SELECT destination, state, attempts FROM deliveries ORDER BY destination"
            ).fetchall()


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A rule that tells two destinations."""
    return Room(tmp_path)


def test_each_destination_is_told_once(room: Room) -> None:
    """With the address of the posts; looking again sends nothing more."""
    room.put()
    with room.alerter() as alerter:
        alerter.send_due()
        alerter.send_due()
    body = "20 posts.\nhttps://d.example/events/e/posts"
    assert sorted(room.services.taken) == [("hall", body), ("team", body)]


def test_what_fails_is_tried_again_later_and_the_other_is_not(room: Room) -> None:
    """Waits grow; once the service is back it arrives, once."""
    room.put()
    room.services.down = {"team"}
    with room.alerter() as alerter:
        for wait in (0, FIRST_WAIT - 1, 1, 2 * FIRST_WAIT):
            room.now += wait
            alerter.send_due()
        assert room.services.refused == 3  # not within the first wait
        room.services.down.clear()
        room.now += 4 * FIRST_WAIT
        alerter.send_due()
    assert [destination for destination, _ in room.services.taken] == ["hall", "team"]
    assert room.deliveries() == [("hall", "sent", 1), ("team", "sent", 4)]


def test_it_gives_up_after_a_while(room: Room) -> None:
    """And says so."""
    room.put()
    room.services.down = {"team", "hall"}
    with room.alerter() as alerter:
        for _ in range(ATTEMPTS + 3):
            alerter.send_due()
            room.now += 3600
    assert room.deliveries() == [("hall", "given_up", ATTEMPTS), ("team", "given_up", ATTEMPTS)]
    assert room.services.refused == 2 * ATTEMPTS


def test_killed_while_sending_it_is_sent_again_and_says_so(room: Room) -> None:
    """Nobody can know whether it arrived; the second message names itself a possible repeat."""
    room.put()

    class Killed(BaseException):
        """Stands in for SIGKILL: nothing that is written afterwards counts."""

    def die(*_: str) -> None:
        raise Killed

    room.services.send = die  # type: ignore[method-assign]
    with room.alerter() as alerter, pytest.raises(Killed):
        alerter.send_due()
    room.services = Services()
    assert ("hall", "sending", 1) in room.deliveries()
    with room.alerter() as alerter:
        alerter.send_due()
        alerter.send_due()
    taken = dict(room.services.taken)
    assert len(room.services.taken) == 2
    assert "may be a repeat" in taken["hall"]
    assert "may be a repeat" not in taken["team"]


def test_standing_and_alert_are_one_transaction(outbox: Outbox, tmp_path: Path) -> None:
    """If the alert cannot be written the rule has not spoken."""
    with closing(sqlite3.connect(tmp_path / "alerts.db")) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        other.commit()
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        outbox.put(RULE, "e", Standing(True, "k", 100), ALERT, 1000)
    assert outbox.standing("Spike", "e") == Standing()
    assert outbox.due(2000) == []


def test_a_test_goes_to_every_destination_once(room: Room) -> None:
    """Whatever the rules; without any there is nowhere to send it."""
    with room.alerter() as alerter:
        with closing(Outbox(room.folder / "alerts.db")) as outbox:
            assert outbox.put_test("e", 100, room.now) == 2
        alerter.send_due()
    assert sorted(destination for destination, _ in room.services.taken) == ["hall", "team"]


def test_rules_that_are_gone_are_forgotten(outbox: Outbox) -> None:
    """A rule of the same name later begins anew."""
    other = msgspec.structs.replace(RULE, name="Other")
    outbox.put(other, "e", Standing(True, "k", 100), None, 1000)
    outbox.describe([RULE])
    assert outbox.standing("Other", "e") == Standing()


def test_a_second_alerter_is_refused(room: Room) -> None:
    """It would tell everything twice."""
    with room.alerter(), pytest.raises(InUseError, match="alerter"):
        room.alerter()
