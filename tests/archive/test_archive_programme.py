"""Programmes in the archive: which one stands, what is logged, what repeating changes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hashwatch.archive.comparing import differences
from hashwatch.archive.connection import open_reading
from hashwatch.archive.programme import Programmes, last_programme_change, standing_programme
from hashwatch.archive.reading import changes_after
from hashwatch.model import Event, Session, Speaker

NOW = 1_490_950_800  # 31 March 2017, 09:00 UTC: 10:00 in London
EVENT = Event(
    "harbour", "Harbour", ("harbour",), "Europe/London", NOW, NOW + 1, NOW, NOW + 2,
    programme="https://conference.example/schedule.xml",
)  # fmt: skip
TIDES = Session("a", "What the tides will cost", start=NOW, end=NOW + 3600, room="Hall 1",
                speakers=(Speaker("Ana Example", ("ana@port.example",)),))  # fmt: skip
QUAYS = Session("b", "Quays of tomorrow", start=NOW + 3600, end=NOW + 7200, room="Hall 1")


@pytest.fixture
def programmes(tmp_path: Path) -> Programmes:
    """An archive that holds no programme yet."""
    return Programmes(tmp_path / "archive.db")


def kinds(programmes: Programmes) -> list[str]:
    """The log in a line each, the newest first."""
    return [f"{one.change.kind} {one.change.code}" for one in programmes.changes("harbour", 99)]


def test_a_programme_is_kept_and_read_again_whole(programmes: Programmes) -> None:
    """What is kept comes back, speakers and handles included; the log says so once."""
    (change,) = programmes.keep(EVENT, "configured", EVENT.programme, [TIDES, QUAYS], NOW)
    assert (change.kind, change.title, change.after) == ("imported", EVENT.programme, "2 sessions")
    stands = programmes.standing(EVENT)
    assert stands is not None
    assert stands.sessions == (TIDES, QUAYS)


def test_keeping_the_same_again_changes_nothing(programmes: Programmes, tmp_path: Path) -> None:
    """No row of the log, no change for the publisher; only what the server says of it is noted."""
    programmes.keep(EVENT, "configured", EVENT.programme, [TIDES], NOW, etag="1")
    with closing(open_reading(tmp_path / "archive.db")) as connection:
        before = changes_after(connection, 0, 99), last_programme_change(connection)
    assert programmes.keep(EVENT, "configured", EVENT.programme, [TIDES], NOW + 9, etag="2") == []
    with closing(open_reading(tmp_path / "archive.db")) as connection:
        assert (changes_after(connection, 0, 99), last_programme_change(connection)) == before
        stands = standing_programme(connection, EVENT)
    assert stands is not None
    assert (stands.at, stands.etag) == (NOW, "2")


def test_an_imported_programme_stands_before_the_configured_one_until_forgotten(
    programmes: Programmes,
) -> None:
    """The configured one goes on being kept behind it, unlogged, and stands again afterwards."""
    programmes.keep(EVENT, "configured", EVENT.programme, [TIDES], NOW)
    programmes.keep(EVENT, "imported", "/a/file.csv", [TIDES, QUAYS], NOW)
    later = replace(TIDES, room="Hall 2")
    assert programmes.keep(EVENT, "configured", EVENT.programme, [later], NOW) == []
    stands = programmes.standing(EVENT)
    assert stands is not None
    assert (stands.origin, stands.sessions) == ("imported", (TIDES, QUAYS))
    assert programmes.forget(EVENT, NOW)
    assert not programmes.forget(EVENT, NOW)
    stands = programmes.standing(EVENT)
    assert stands is not None
    assert stands.sessions == (later,)
    assert kinds(programmes) == ["cancelled b", "moved a", "forgotten ", "added b", "imported "]


def test_a_programme_that_the_configuration_no_longer_names_does_not_stand(
    programmes: Programmes,
) -> None:
    """Another address, or none, leaves what was read from the old one out."""
    programmes.keep(EVENT, "configured", EVENT.programme, [TIDES], NOW)
    assert programmes.standing(replace(EVENT, programme="https://other.example/")) is None
    assert programmes.standing(replace(EVENT, programme="")) is None
    assert programmes.last_read(replace(EVENT, programme="")) is None


def test_another_order_is_noticed(programmes: Programmes) -> None:
    """Pages list sessions in the programme's order, so that the publisher must learn of it."""
    programmes.keep(EVENT, "imported", "f", [TIDES, QUAYS], NOW)
    (change,) = programmes.keep(EVENT, "imported", "f", [QUAYS, TIDES], NOW)
    assert (change.kind, change.after) == ("changed", "the order of the sessions")


@pytest.mark.parametrize(
    ("new", "kind", "before", "after"),
    [
        (replace(TIDES, start=NOW + 600), "moved", "2017-03-31 10:00–11:00, Hall 1",
         "2017-03-31 10:10–11:00, Hall 1"),
        (replace(TIDES, room="Hall 2"), "moved", "2017-03-31 10:00–11:00, Hall 1",
         "2017-03-31 10:00–11:00, Hall 2"),
        (replace(TIDES, title="Tides"), "renamed", "What the tides will cost", "Tides"),
        (replace(TIDES, speakers=()), "changed", "speakers Ana Example @ana@port.example",
         "speakers none"),
        (replace(TIDES, abstract="New."), "changed", "", "abstract"),
        (replace(TIDES, code="x"), "changed", "code a", "code x"),
        (replace(TIDES, code="x", title="Tides"), "renamed", "What the tides will cost", "Tides"),
    ],
)  # fmt: skip
def test_each_difference_is_said_in_words(new: Session, kind: str, before: str, after: str) -> None:
    """What was and what is, in the event's own time; a session is known again without its code."""
    found = differences([TIDES, QUAYS], [new, QUAYS], "Europe/London", "f")
    assert (kind, before, after) in [(one.kind, one.before, one.after) for one in found]
    assert {one.kind for one in found} <= {kind, "changed"}


def test_a_wholly_different_programme_is_one_line() -> None:
    """A thousand lines of sessions gone and come would tell nobody anything."""
    (change,) = differences([TIDES], [QUAYS], "Europe/London", "f")
    assert (change.kind, change.before, change.after) == ("imported", "1 session", "1 session")


sessions = st.lists(
    st.builds(
        Session, st.sampled_from("abcdef"), st.sampled_from(["One", "Two", "Three"]),
        start=st.none() | st.integers(NOW, NOW + 9), room=st.sampled_from(["", "Hall"]),
    ),
    max_size=5, unique_by=lambda one: one.code,
)  # fmt: skip


@given(sessions, sessions)
def test_the_log_accounts_for_every_session(old: list[Session], new: list[Session]) -> None:
    """Nothing is logged of equal programmes; otherwise what came less what went is the growth."""
    found = differences(old, new, "UTC", "f")
    counted = [one.kind for one in found]
    if "imported" not in counted:
        assert len(new) - len(old) == counted.count("added") - counted.count("cancelled")
    assert differences(new, new, "UTC", "f") == [] or not new
