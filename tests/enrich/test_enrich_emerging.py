"""What comes up and belongs to no theme, against what was said before."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from hashwatch.enrich.emerging import FEWEST_AUTHORS, FEWEST_POSTS, MOST, find_emerging
from hashwatch.model import Said

SUBJECTS = ("surveillance of letters", "harbour budget", "ferry timetables", "coastal erosion")


def background(size: int, seed: int = 1) -> list[Said]:
    """Posts by many people about the same few subjects."""
    draw = random.Random(seed)
    return [
        Said(draw.randrange(200), f"A few words on {draw.choice(SUBJECTS)} number {n} #Harbour27")
        for n in range(size)
    ]


def burst(text: str, posts: int, authors: int) -> list[Said]:
    """So many posts by so many people, each in other words around the same."""
    return [
        Said(1_000 + n % authors, f"{text} {['yes', 'indeed', 'and', 'so', 'on'][n % 5]} {n}")
        for n in range(posts)
    ]


def phrases(recent: list[Said], before: list[Said], covered: tuple[str, ...] = ()) -> list[str]:
    """The phrases that emerge."""
    return [one.phrase for one in find_emerging(recent, before, covered)]


def test_a_burst_is_named_and_the_background_is_not() -> None:
    """By the words that people use; what was common before is left alone."""
    recent = background(80, 2) + burst("The tidal barrier leaks", 12, 9)
    found = find_emerging(recent, background(300), ())
    assert 1 <= len(found) <= 2
    assert found[0].phrase in ("tidal barrier", "barrier leaks")
    assert all((one.posts, one.authors, one.before) == (12, 9, 0) for one in found)
    assert {word for one in found for word in one.phrase.split()} <= {"tidal", "barrier", "leaks"}


def test_nothing_emerges_from_more_of_the_same() -> None:
    """Neither when there is less nor when there is much more."""
    for size in (10, 80, 1_000):
        assert phrases(background(size, 2), background(300)) == []


def test_one_person_is_no_theme() -> None:
    """Nor two who repeat each other."""
    for authors in (1, FEWEST_AUTHORS - 1):
        recent = background(80, 2) + burst("The tidal barrier leaks", 30, authors)
        assert phrases(recent, background(300)) == []


def test_a_text_sent_again_and_again_is_one() -> None:
    """Whoever sends it, whatever else hangs on it."""
    for times in (1, 30):
        copies = [
            Said(n, f"The tidal barrier leaks #Harbour27 @p{n}@b.example https://b.example/{n}")
            for n in range(times)
        ]
        assert phrases(background(80, 2) + copies, background(300)) == []


def test_what_a_theme_covers_does_not_emerge() -> None:
    """Whatever its case and ending."""
    recent = background(80, 2) + burst("The tidal barrier leaks", 12, 9)
    found = phrases(recent, background(300), ("Tidal Barriers", "leak"))
    assert found == []


def test_hashtags_handles_numbers_and_common_words_are_no_subject() -> None:
    """In several languages."""
    texts = (
        "#TidalBarrier @ana@a.example 2027",
        "merci pour vous",
        "und dann auch noch",
        "في من على",
    )
    for text in texts:
        assert phrases(background(80, 2) + burst(text, 12, 9), background(300)) == []


def test_other_languages_have_subjects_too() -> None:
    """Arabic, French and German."""
    for text, word in (
        ("حاجز المدّ يتسرّب", "المد"),
        ("La digue fissurée inquiète", "digue"),
        ("Das Sturmflutwehr ist undicht", "Sturmflutwehr"),
    ):
        found = phrases(background(80, 2) + burst(text, 12, 9), background(300))
        assert any(word in phrase.replace("\u0651", "") for phrase in found), text


_SAID = st.lists(
    st.builds(
        Said, st.integers(0, 6), st.sampled_from(["tidal barrier", "leaks again", "harbour"])
    ),
    max_size=60,
)


@given(_SAID, _SAID)
def test_whatever_is_said(recent: list[Said], before: list[Said]) -> None:
    """Never more than so many, each by enough people in enough posts, always the same."""
    found = find_emerging(recent, before, ())
    assert found == find_emerging(list(recent), list(before), ())
    assert len(found) <= MOST
    for one in found:
        assert one.posts >= FEWEST_POSTS
        assert FEWEST_AUTHORS <= one.authors <= one.posts
        assert one.posts <= len(recent)
        assert one.before <= len(before)
