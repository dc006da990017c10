"""Which sessions an event has, and which themes its tracks make."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hashwatch.enrich.programme import terms_of_track, with_programme, without_track_themes
from hashwatch.enrich.session import SessionAnnotator
from hashwatch.model import Event, Session, Theme

STATED = Session("panel", "A panel from the configuration")
EVENT = Event(
    "harbour", "Harbour", ("harbour",), "UTC", 0, 1, 0, 1,
    themes=(Theme("Geospatial", ("maps",)),), sessions=(STATED,), stated=(STATED,),
)  # fmt: skip
MAPS = Session("a", "Maps of the sea", track="Geospatial")
KERNELS = Session("b", "Kernels at sea", track="Microkernel and Unikernel (MUK)")
WELCOME = Session("c", "Welcome", track="Main Track")
PROGRAMME = (MAPS, KERNELS, WELCOME, Session("panel", "The programme's own panel"))


def test_a_session_of_the_configuration_stands_in_the_place_of_the_programmes() -> None:
    """By its code; all others of the programme are there."""
    event = with_programme(EVENT, PROGRAMME)
    assert [session.code for session in event.sessions] == ["a", "b", "c", "panel"]
    assert event.sessions[-1] == STATED
    assert event.programme_sessions() == event.sessions[:3]


def test_tracks_become_themes_unless_they_are_no_subject() -> None:
    """A configured theme keeps its terms; sessions without a theme get their track's."""
    event = with_programme(EVENT, PROGRAMME)
    assert event.themes == (
        Theme("Geospatial", ("maps",)),
        Theme(KERNELS.track, ("Microkernel and Unikernel", "Microkernel", "Unikernel", "MUK"),
              from_track=True),
    )  # fmt: skip
    assert [session.theme for session in event.sessions] == ["Geospatial", KERNELS.track, "", ""]
    assert with_programme(event, None) == event


def test_tracks_can_be_left_alone() -> None:
    """``track_themes = false``."""
    event = with_programme(replace(EVENT, track_themes=False), PROGRAMME)
    assert event.themes == EVENT.themes
    assert not any(session.theme for session in event.sessions)


def test_the_session_annotator_does_not_weigh_tracks_twice() -> None:
    """What it says does not depend on whether tracks are shown as themes."""
    shown = with_programme(EVENT, (KERNELS,))
    assert without_track_themes(shown).sessions[0] == KERNELS
    hidden = with_programme(replace(EVENT, track_themes=False), (KERNELS,))
    assert SessionAnnotator(shown).version == SessionAnnotator(hidden).version


@pytest.mark.parametrize(
    ("track", "terms"),
    [
        ("Identity and Access Management (IAM)",
         ("Identity and Access Management", "Identity", "Access Management", "IAM")),
        ("Bioinformatics devroom", ("Bioinformatics",)),
        ("Main Track - Hall 2", ()),
        ("Lightning talks", ()),
        ("Go", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_terms_of_a_track(track: str, terms: tuple[str, ...]) -> None:
    """The subject of a track, and nothing for a place or an everyday word."""
    assert terms_of_track(track) == terms
