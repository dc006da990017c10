"""Ways in which people point at a session: first names, rooms, hashtags, words for sessions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.session import SessionAnnotator
from hashwatch.model import Assignment, Event, Session, Speaker

HOUR = 3_600
NINE = 1_900_000_800
SESSIONS = (
    Session(
        "a", "Grafterm: dashboards in a terminal", start=NINE, end=NINE + HOUR, room="Janwick",
        track="Observability", speakers=(Speaker("Oluchi Vandermoor"), Speaker("Wei Zhang")),
    ),
    Session(
        "b", "Keeping ransomware out of hospitals", start=NINE, end=NINE + HOUR, room="Saal 2",
        track="Resilience", speakers=(Speaker("Ingeborg Smith"),),
    ),
    Session(
        "c", "Tidal barriers and their neighbours", start=NINE + HOUR, end=NINE + 2 * HOUR,
        room="Janwick", track="Coasts", speakers=(Speaker("Tavita Leota"),),
    ),
    Session("d", "Lightning talks", start=NINE + HOUR, end=NINE + 2 * HOUR, room="Saal 2"),
    Session("e", "Welcome", start=NINE - HOUR, end=NINE, room="Janwick"),
    Session("f", "Lunch", start=NINE + 3 * HOUR, end=NINE + 4 * HOUR),
)  # fmt: skip


def annotator(sessions: Sequence[Session] = SESSIONS) -> SessionAnnotator:
    """For an event with these sessions."""
    return SessionAnnotator(
        Event("e", "Harbour Days", ("HarbourDays",), "UTC", NINE, NINE + 9 * HOUR, NINE,
              NINE + 99 * HOUR, languages=("en",), sessions=tuple(sessions))
    )  # fmt: skip


ANNOTATOR = annotator()


def assign(text: str, at: int = NINE + 1_200) -> Assignment | None:
    """The session of a post."""
    hashtags = tuple(word[1:] for word in text.split() if word.startswith("#"))
    return ANNOTATOR.annotate([Candidate(text, at, hashtags=hashtags)])[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oluchi has the whole room laughing", "a"),
        ("#oluchivandermoor has the whole room laughing", "a"),
        ("grafterm looks lovely", "a"),
        ("The ransomware panel is full", "b"),
        ("#TidalBarriersAndTheirNeighbours", "c"),
        ("#tidalbarriersandtheirneighbours", "c"),
        ("Wei Zhang on dashboards", "a"),
    ],
)
def test_pointing(text: str, expected: str) -> None:
    """A rare first name, names joined as hashtags, a project's name, a word of the title beside a
    word for a session.
    """
    found = assign(text)
    assert found is not None
    assert found.key == expected


@pytest.mark.parametrize(
    "text",
    [
        "Oluchi Sansonetti has the whole room laughing",
        "Prediction tools are still needed. Zhang 2011",
        "Smith said so in 1776",
        "Welcome everybody!",
        "Lunch was good",
        "Best wishes to #RosaSmith",
        "Lightning struck the talks at the border",
        "There was ransomware in my dream",
        "Coffee is outside Saal 2",
    ],
)
def test_not_pointing(text: str) -> None:
    """Somebody else of that first name, a last name that millions have, a title that says nothing,
    a word without a word for a session, a room long after its sessions.
    """
    assert assign(text, NINE + 60 * HOUR) is None


def test_a_room_tells_parallel_groups_of_one_title_apart() -> None:
    """Breakout groups share a title and an hour; where none is named, none is guessed."""
    groups = [
        Session(room, "Breakout on harbour fees", start=NINE, end=NINE + HOUR, room=room)
        for room in ("Janwick", "Ostrella")
    ]
    texts = [f"Breakout on harbour fees{where}" for where in (" in Janwick", " in Ostrella", "")]
    found = annotator(groups).annotate([Candidate(text, NINE + 900) for text in texts])
    assert [one.key if one else None for one in found] == ["Janwick", "Ostrella", None]
    assert found[0] is not None
    assert "Janwick" in {reason.text for reason in found[0].reasons}


def test_words_within_a_name_tear_it() -> None:
    """Last and first name around a verb name nobody; a particle between them does not matter."""
    people = [
        Session("a", "Opening", speakers=(Speaker("Alex Fun"),)),
        Session("b", "Closing", speakers=(Speaker("Ana Brekkvass"),)),
    ]
    texts = ["We had fun celebrating Alex", "Thank you, Ana de Brekkvass"]
    found = annotator(people).annotate([Candidate(text, NINE) for text in texts])
    assert [one.key if one else None for one in found] == [None, "b"]
