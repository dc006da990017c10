"""Which session a post is about: each kind of evidence, and when there is not enough of it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashwatch.collect.programme import read_programme
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.session import SessionAnnotator
from hashwatch.model import Assignment, Event, Session, Speaker, Theme

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared"
HOUR = 3_600
NINE = 1_900_000_800

SESSIONS = (
    Session(
        "WK3", "Harvesting rain on flat roofs", start=NINE, end=NINE + HOUR, room="Hall A",
        track="Water", url="https://conf.example/talks/rain/", hashtags=("RainRoofs",),
        speakers=(Speaker("Odile Marchetti", ("odilem@water.example",)),),
        abstract="Gutters, cisterns and filters for apartment blocks, with costs from Lisbon.",
    ),
    Session(
        "PP44", "Night trains between mid-sized cities", start=NINE, end=NINE + HOUR,
        speakers=(Speaker("Dr. Tamsin Okereke-Lund"), Speaker("Lee, Ann")),
        abstract="Timetables, sleeping cars and border crossings; couchettes revisited.",
    ),
    Session(
        "s3", "Beekeeping in schoolyards", start=NINE + 2 * HOUR, end=NINE + 3 * HOUR,
        speakers=(Speaker("Ravindu Hesketh"),), theme="Pollinators",
        abstract="Hives, swarms and allergy protocols: teachers report from forty schools.",
    ),
    Session(
        "s4", "Beekeeping in schoolyards: hands on", start=NINE + 26 * HOUR,
        end=NINE + 27 * HOUR, speakers=(Speaker("Ravindu Hesketh"),),
    ),
    Session("s5", "Big Data for you", start=NINE + 4 * HOUR, end=NINE + 5 * HOUR),
)  # fmt: skip
THEMES = (Theme("Pollinators", ("bees", "abeilles", "polinizadores", "النحل")),)


def event(sessions: Sequence[Session] = SESSIONS, **changes: object) -> Event:
    made = Event(
        slug="e", title="City Days", hashtags=("CityDays",), timezone="UTC", starts=NINE,
        ends=NINE + 40 * HOUR, collect_from=NINE, collect_until=NINE + 90 * HOUR,
        languages=("en", "fr", "ar"), sessions=tuple(sessions), themes=THEMES,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


ANNOTATOR = SessionAnnotator(event())


def assign(text: str, at: int = NINE + 600, **more: object) -> Assignment | None:
    hashtags = tuple(word[1:] for word in text.split() if word.startswith("#"))
    candidate = Candidate(text, at, hashtags=hashtags)
    return ANNOTATOR.annotate([msgspec.structs.replace(candidate, **more)])[0]


def code(text: str, at: int = NINE + 600, **more: object) -> str | None:
    found = assign(text, at, **more)
    return found.key if found else None


@pytest.mark.parametrize(
    ("text", "expected", "kind"),
    [
        ("Packed room #rainroofs", "WK3", "hashtag"),
        ("Slides of #PP44 please", "PP44", "hashtag"),
        ("Running to PP44 now", "PP44", "rule"),
        ("Notes: https://www.conf.example/talks/rain?utm=1 #CityDays", "WK3", "rule"),
        ("Odile Marchetti is on fire #CityDays", "WK3", "speaker"),
        ("#OdileMarchetti is on fire", "WK3", "speaker"),
        ("Marchetti is on fire", "WK3", "speaker"),
        ("O. Marchetti is on fire", "WK3", "speaker"),
        ("Okereke-Lund just said it", "PP44", "speaker"),
        ("Senator Okereke-Lund just said it", "PP44", "speaker"),
        ("Ann Lee disagrees with everybody", "PP44", "speaker"),
        ("Well done @odilem@water.example", "WK3", "speaker"),
        ("Well done @odilemarchetti", "WK3", "speaker"),
        ("Well done @omarchetti", "WK3", "speaker"),
        ("OM: nobody cleans the filters", "WK3", "speaker"),
        ("أوكيريكي-لوند تتحدث الآن", "PP44", "speaker"),
        ("On to night trains between cities #CityDays", "PP44", "phrase"),
        ("#HarvestingRain on roofs, brilliant", "WK3", "phrase"),
        ("big data for you #CityDays", "s5", "phrase"),
        ("Gutters and cisterns: the costs from Lisbon are sobering", "WK3", "similarity"),
    ],
)
def test_each_kind_of_evidence(text: str, expected: str, kind: str) -> None:
    """Hashtag, code, address, name, handle, initials, title and words each lead to the session."""
    found = assign(text, NINE + (4 * HOUR if expected == "s5" else 600))
    assert found is not None
    assert found.key == expected
    assert kind in {reason.kind for reason in found.reasons}
    assert 0.5 <= found.confidence < 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Good morning #CityDays",
        "The coffee queue reaches the street #CityDays",
        "So many trains were late today",
        "Great talk! #CityDays",
        "Somebody left a scarf in Hall A",
        "Lovely panel, lots to think about",
        "https://other.example/talks/rain",
        "RT @nobody: what a day #CityDays",
    ],
)
def test_without_evidence_no_session(text: str) -> None:
    """Time alone, the event's hashtag and what every conference says assign nothing."""
    assert assign(text) is None


def test_a_reply_inherits_and_content_corrects() -> None:
    """A reply without content goes with its parent; a name in it outweighs the parent."""
    inherited = assign("Quite so!", NINE + 20 * HOUR, parent_session="WK3")
    assert inherited is not None
    assert inherited.key == "WK3"
    assert [reason.kind for reason in inherited.reasons] == ["parent"]
    assert code("But Tamsin Okereke-Lund said no", parent_session="WK3") == "PP44"
    assert assign("Quite so!", parent_session="gone") is None


def test_the_slot_is_a_feature_never_a_filter() -> None:
    """A speaker of two sessions means the one on stage; days off the slot, names still count."""
    assert code("Ravindu Hesketh!", NINE + 2 * HOUR + 60) == "s3"
    assert code("Ravindu Hesketh!", NINE + 26 * HOUR + 60) == "s4"
    assert code("Still thinking of Odile Marchetti", NINE + 80 * HOUR) == "WK3"
    assert code("Tomorrow: Odile Marchetti", NINE - 20 * HOUR) == "WK3"


def test_two_equal_sessions_are_left_open() -> None:
    """Where nothing tells two sessions apart, none is guessed."""
    twice = [msgspec.structs.replace(SESSIONS[0], code=c, hashtags=(), url="") for c in "ab"]
    annotator = SessionAnnotator(event(twice))
    assert annotator.annotate([Candidate("Odile Marchetti speaks", NINE)]) == [None]


def test_another_person_of_that_surname() -> None:
    """A surname after somebody else's first name is less than the surname alone."""
    alone, other = assign("Hesketh!", NINE + 9_000), assign("Greta Hesketh!", NINE + 9_000)
    assert alone is not None
    assert other is None or other.confidence < alone.confidence


def test_a_name_that_is_a_word_of_the_programme() -> None:
    """A surname that other sessions use as a word says nothing by itself; the full name does."""
    others = [
        Session(f"r{n}", title, start=NINE + n * HOUR, end=NINE + (n + 1) * HOUR)
        for n, title in enumerate(("Ferrocrab in kernels", "Ferrocrab for the web", "Soup"))
    ]
    named = Session("x", "Poetry", start=NINE, speakers=(Speaker("Nora Ferrocrab"),))
    annotator = SessionAnnotator(event([*others, named]))
    texts = ["Ferrocrab is my favourite language", "Nora Ferrocrab reads"]
    found = annotator.annotate([Candidate(text, NINE + 50 * HOUR) for text in texts])
    assert [one.key if one else None for one in found] == [None, "x"]


def test_the_author_counts_less_than_the_named() -> None:
    """A speaker writes about many things: being the author does not assign."""
    assert assign("Lunch with old friends", author="odilem@water.example") is None


def test_a_french_post_finds_the_english_session() -> None:
    """By the theme's terms, which are in any language, and by cognates."""
    assert code("Les abeilles et les protocoles d'allergie dans les écoles", NINE + 8_000) == "s3"


def test_a_theme_of_one_session_of_the_day() -> None:
    """A phrase of a theme gives the one session that is about it on the post's day; not of two."""
    themes = (Theme("Rights", ("civil liberties",)), Theme("Trade", ("free ports",)))
    sessions = [
        Session("d1", "Opening remarks", date(2030, 3, 17), theme="Rights"),
        Session("d2", "Afternoon remarks", date(2030, 3, 18), theme="Rights"),
        Session("d3", "Ports", date(2030, 3, 18), theme="Trade"),
        Session("d4", "More ports", date(2030, 3, 18), theme="Trade"),
    ]
    annotator = SessionAnnotator(event(sessions, themes=themes))
    noon = 1_900_065_600  # 18 March 2030, 12:00 UTC
    found = annotator.annotate(
        [
            Candidate("Nobody mentions civil liberties", noon),
            Candidate("Nobody mentions civil liberties", noon - 24 * HOUR),
            Candidate("Nobody mentions civil liberties", noon + 24 * HOUR),
            Candidate("Nobody mentions free ports", noon),
        ]
    )
    assert [one.key if one else None for one in found] == ["d2", "d1", None, None]
    assert found[0] is not None
    assert [reason.text for reason in found[0].reasons] == ["civil liberties"]


def test_the_only_session_on_stage() -> None:
    """In a single track, the event's hashtag and the manner of the room give who is on; in
    parallel tracks they never do.
    """
    single = SessionAnnotator(event([SESSIONS[0], SESSIONS[2]]))
    there = Candidate("Listening to the panel", NINE + 60, hashtags=("CityDays",))
    (found,) = single.annotate([there])
    assert found is not None
    assert (found.key, found.reasons[0].kind) == ("WK3", "slot")
    elsewhere = msgspec.structs.replace(there, hashtags=())
    chatter = msgspec.structs.replace(there, text="Where is my scarf")
    late = msgspec.structs.replace(there, created_at=NINE + 90 * 60)
    assert single.annotate([elsewhere, chatter, late]) == [None, None, None]
    assert ANNOTATOR.annotate([there]) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "🙂 Odile Marchetti on harvesting rain, see @odilem@water.example",
        "www.water.example/a/b/c: Odile Marchetti on harvesting rain, @odilem@water.example",
        "https://water.example/a &amp; more: Odile Marchetti on harvesting rain",
        "www.water.example/a/b/c/d/e/f: Odile Marchetti on harvesting rain",
    ],
)
def test_reasons_stand_where_they_say(text: str) -> None:
    """Names and phrases carry their stretch of text; the strongest reason is first."""
    found = assign(text)
    assert found is not None
    weights = [reason.weight for reason in found.reasons]
    assert weights == sorted(weights, reverse=True)
    placed = [reason for reason in found.reasons if reason.start is not None]
    assert {"speaker", "phrase"} <= {reason.kind for reason in placed}
    assert all(text[one.start : one.end].lstrip("@") == one.text for one in placed)


@pytest.mark.parametrize(
    "changes",
    [
        {"start": None, "end": None},
        {"start": None, "end": None, "date": date(2030, 3, 17)},
        {"abstract": ""},
        {"end": None},
        {"room": "", "track": "", "url": "", "theme": ""},
    ],
)
def test_whatever_the_programme_leaves_open(changes: dict[str, object]) -> None:
    """Without times, abstracts, ends, rooms or tracks, names still lead to the session."""
    sessions = [msgspec.structs.replace(session, **changes) for session in SESSIONS]
    annotator = SessionAnnotator(event(sessions))
    (found,) = annotator.annotate([Candidate("Odile Marchetti again", NINE)])
    assert found is not None
    assert found.key == "WK3"


def test_without_a_programme() -> None:
    """No sessions, no assignments."""
    assert SessionAnnotator(event(())).annotate([Candidate("Odile Marchetti", NINE)]) == [None]


def test_the_version_follows_the_programme() -> None:
    """A moved, renamed or cancelled session gives another version; the same programme the same."""
    assert SessionAnnotator(event()).version == ANNOTATOR.version
    moved = msgspec.structs.replace(SESSIONS[0], start=NINE + 60)
    renamed = msgspec.structs.replace(SESSIONS[0], title="Harvesting rain")
    versions = {
        SessionAnnotator(event(sessions)).version
        for sessions in (SESSIONS, (moved, *SESSIONS[1:]), (renamed, *SESSIONS[1:]), SESSIONS[1:])
    }
    assert len(versions) == 4


@settings(max_examples=150)
@given(
    st.lists(
        st.builds(
            Candidate,
            text=st.text(max_size=80) | st.sampled_from(["Odile Marchetti", "@odilem #RainRoofs"]),
            created_at=st.integers(0, 2**33),
            author=st.text(max_size=8),
            hashtags=st.lists(st.text(max_size=8), max_size=2).map(tuple),
            mentions=st.lists(st.text(max_size=8), max_size=2).map(tuple),
            parent_session=st.none() | st.sampled_from(["WK3", "?"]),
        ),
        max_size=6,
    )
)
def test_the_same_input_gives_the_same_answer(posts: list[Candidate]) -> None:
    """Whatever the posts, in whatever order and company, the answers are the same."""
    together = ANNOTATOR.annotate(posts)
    assert together == [SessionAnnotator(event()).annotate([post])[0] for post in posts[:2]] + (
        ANNOTATOR.annotate(posts[2:])
    )
    for post, found in zip(posts, together, strict=True):
        if found is not None:
            assert 0.5 <= found.confidence <= 1
            for reason in found.reasons:
                assert reason.start is None or reason.end is not None
                assert reason.start is None or 0 <= reason.start < reason.end <= len(post.text)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real archives are not on this machine")
@pytest.mark.parametrize("file", ["fosdem2026.xml", "user2018.csv", "38c3_2024.xml"])
def test_real_posts_of_another_conference_stay_without_a_session(file: str) -> None:
    """At most 3 in 100 posts of one conference find a session of another's programme."""
    sessions = read_programme(SHARED / "programmes" / file, "UTC")
    first = min(session.start or 2**40 for session in sessions)
    annotator = SessionAnnotator(event(sessions))
    with (SHARED / "archives" / "ismb2012.csv").open(encoding="utf-8", newline="") as rows:
        texts = [row["text"] for row in csv.DictReader(rows)][::3]
    posts = [
        Candidate(text, first + number * 60 % (36 * HOUR)) for number, text in enumerate(texts)
    ]
    given = [found for found in annotator.annotate(posts) if found is not None]
    assert len(given) <= 0.03 * len(posts)
