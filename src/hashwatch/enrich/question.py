"""Posts that ask: the speakers, the organisers, or nobody in particular (rhetorical).

By rule, and sparing: an unaddressed question that might be meant either way is left alone, and so
are questions that a post only reports or quotes. Languages: `LANGUAGES`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from zlib import crc32

import msgspec

from hashwatch.enrich import question_cues as cues
from hashwatch.enrich.people import People, handle_key, name_words
from hashwatch.enrich.words import fold
from hashwatch.model import Speaker, fold_account

Asked = Literal["speaker", "organiser", "rhetorical"]

LANGUAGES = frozenset({"en", "fr", "es", "pt", "de", "ar", "und"})
SURE, LIKELY, PERHAPS = 0.95, 0.85, 0.75
FEWEST_WORDS = 3

_BLANKED = re.compile(
    r"https?://\S+|<[^<>]{0,200}>"
    # What stands in quotation marks is somebody else's.
    r"|«[^»]{0,300}»|“[^”]{0,300}”|„[^“”]{0,300}[“”]|(?<!\w)\"[^\"]{0,300}\"(?!\w)"
)
_BOOST = re.compile(r"\b(?:RT|MT) @\w+:?\s*")
_SENTENCE = re.compile(r"(?:[^.!?؟…\n]|[.!](?=\w))*[?؟]+")
_WORD = re.compile(r"[^\W_]+")
_MENTION = re.compile(r"(?<![\w/])@(\w[\w.-]*(?:@[\w.-]+\w)?)")
_LEADING = re.compile(r"^(?:\s*(?:@[\w.-]+(?:@[\w.-]+)?|#\w+|[.·:,]))+\s*")


class Question(msgspec.Struct, frozen=True, gc=False):
    """What a post asks, and whom. ``start:end`` are the question's code points in its text."""

    asked: Asked
    confidence: float
    start: int
    end: int


class QuestionAnnotator:
    """Finds the questions. The same text and language always get the same answer.

    ``speakers`` and ``accounts`` (the organisers' handles) are the event's, where they are known:
    a question that mentions one of them is asked of them.
    """

    name = "questions"

    def __init__(self, speakers: Sequence[Speaker] = (), accounts: Sequence[str] = ()) -> None:
        people = People([speakers])
        self._likely = people.likely_handles()
        self._handles = frozenset(people.handles)
        self._first = frozenset(
            words[0] for words in map(name_words, people.names) if len(words) > 1
        )
        self._accounts = frozenset(map(fold_account, accounts))
        known = (sorted(self._handles), sorted(people.names), sorted(self._accounts))
        self.version = f"3-{crc32(repr(known).encode()):08x}"

    def annotate(self, texts: Sequence[str], languages: Sequence[str]) -> list[Question | None]:
        """The question in each text, ``None`` where it asks nothing or in no language known."""
        return [
            self._question(text) if ("?" in text or "؟" in text) and language in LANGUAGES else None
            for text, language in zip(texts, languages, strict=True)
        ]

    def _question(self, text: str) -> Question | None:
        bare = _BLANKED.sub(_blank, text)
        boost = _BOOST.search(bare)
        if boost is not None:
            # What somebody else asked is theirs; what was written in front of it counts.
            bare = bare[: boost.start()]
        span = _span(bare)
        if span is None or cues.ADVERTISING.search(text) or cues.ANNOUNCED.search(bare):
            return None
        asked = self._asked(bare, bare[span[0] : span[1]])
        return Question(*asked, *span) if asked is not None else None

    def _asked(self, bare: str, question: str) -> tuple[Asked, float] | None:
        """Whom a text asks, and how surely; ``question`` is its interrogative sentence."""
        leading = _LEADING.match(bare)
        said = (bare[leading.end() :] if leading else bare).strip()
        handles = [fold_account(handle) for handle in _MENTION.findall(bare)]
        practical = cues.PRACTICAL.search(question) and cues.WANTED.search(question)
        if practical and not cues.ADDRESSED.search(said):
            near = cues.ANYONE.search(said) or cues.ORGANISER.search(bare)
            sure = near or any(handle in self._accounts for handle in handles)
            if cues.REPORT.search(said) or cues.REPORTED.search(said):
                return None
            return "organiser", SURE if sure else LIKELY
        to_people = cues.TO_PEOPLE.search(said) or cues.NAMED.search(said) or self._called(said)
        if cues.REPORT.search(said):
            return None
        if cues.ORGANISER.search(bare) and not to_people and cues.WANTED.search(question):
            return "organiser", PERHAPS
        reported = cues.REPORTED.search(said)
        if to_people or (cues.ADDRESSED.search(said) and not reported):
            return "speaker", SURE
        if reported:
            return None
        if any(self._is_speaker(handle) for handle in handles):
            return "speaker", LIKELY
        if cues.RHETORICAL.search(said):
            return "rhetorical", PERHAPS
        if cues.SPEAKERS_WITHIN.search(said):
            return "speaker", LIKELY
        return None

    def _is_speaker(self, handle: str) -> bool:
        own = handle.partition("@")[0]
        if handle in self._handles or own in self._handles:
            return True
        return any(strength > 0.7 for _, strength in self._likely.get(handle_key(handle), ()))

    def _called(self, said: str) -> bool:
        """Whether a speaker is called by the first name: "Halima, how …?"."""
        first, comma, _ = said.partition(",")
        return bool(comma) and fold(first.strip()) in self._first


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _span(bare: str) -> tuple[int, int] | None:
    """Where the question stands: its last interrogative sentence of some words."""
    found = None
    for match in _SENTENCE.finditer(bare):
        if len(_WORD.findall(match[0])) >= FEWEST_WORDS:
            found = match
    if found is None:
        return None
    sentence = found[0]
    start = found.start() + len(sentence) - len(sentence.lstrip(" -–—:;,@#"))
    return start, found.end()
