"""Numbers about a tokenised post: hashed words, pairs and character runs, and lexicon scores.

Training and use share this module, so a change here needs new weights.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np

from hashwatch.enrich.sentiment.tokens import (
    LINK,
    MENTION,
    NEGATED,
    NEGATIVE_MARK,
    POSITIVE_MARK,
    SPARED,
    SUPERLATIVE,
    expand_hashtags,
)
from hashwatch.enrich.sentiment.wordlists import TOPIC_WORDS

WORD_WEIGHT = 3
PAIR_WEIGHT = 2
CHARACTER_WEIGHT = 1
RUN_LENGTHS = (2, 3, 4, 5)
POOLED_LANGUAGES = ("ar", "de", "es", "fr", "it", "pt")
LANGUAGES = ("en", *POOLED_LANGUAGES)

_COMPOUND_EDGES = (-0.8, -0.6, -0.4, -0.2, -0.05, 0.05, 0.2, 0.4, 0.6, 0.8)
_POLARITY_EDGES = (-0.6, -0.3, -0.1, -0.001, 0.001, 0.1, 0.2, 0.35, 0.5, 0.7)
# What `shape` makes of a length, in numpy's own rounding: the weights were learnt with it.
_LENGTHS = tuple((np.log1p(np.arange(300)) / 4).tolist())
_CAPITALS = string.ascii_uppercase.encode()
SHAPE_SIZE = 16
LEXICON_SIZE = 7 + len(_COMPOUND_EDGES) + 1 + len(_POLARITY_EDGES) + 1 + 2
_LEXICON_WORD = re.compile(r"n't|\w+|!")


def bucket(feature: str, mask: int) -> int:
    """The place of a feature in a table of ``mask + 1`` rows."""
    return crc32(feature.encode("utf-8", "surrogatepass")) & mask


def token_buckets(token: str, mask: int) -> list[int]:
    """A token's own bucket first, then those of its runs of two to five characters.

    A hashtag has no runs: its words follow it as tokens, negation and all.
    """
    found = [bucket("w " + token, mask)]
    mark = NEGATED if token.startswith(NEGATED) else ""
    framed = f"<{token[len(mark) :]}>"
    if len(framed) > 3 and token not in (LINK, MENTION) and token[0] not in "#⟨":
        runs = [
            framed[start : start + length]
            for length in RUN_LENGTHS
            if length < len(framed)
            for start in range(len(framed) - length + 1)
        ]
        begun = crc32(mark.encode())
        found += [crc32(run.encode("utf-8", "surrogatepass"), begun) & mask for run in runs]
    return found


def pair_buckets(tokens: Sequence[str], mask: int) -> list[int]:
    """The buckets of neighbouring tokens, with a mark for either end of the post."""
    found = []
    before = "^"
    for token in (*tokens, "$"):
        found.append(crc32(f"{before} {token}".encode("utf-8", "surrogatepass")) & mask)
        before = token
    return found


def shape(text: str, tokens: Sequence[str]) -> list[float]:
    """What a post looks like, whatever its language; ``SHAPE_SIZE`` numbers."""
    last = tokens[-1] if tokens else ""
    return [
        1.0,
        min(text.count("!"), 3) / 3,
        float("?" in text or "؟" in text),
        float(last[:1] in ("?", "؟")),
        float(LINK in tokens),
        float(last == LINK),
        float(MENTION in tokens),
        float(bool(tokens) and tokens[0] == MENTION),
        _LENGTHS[len(tokens)] if len(tokens) < len(_LENGTHS) else float(np.log1p(len(tokens))) / 4,
        float('"' in tokens),
        sum(token[0] == "#" for token in tokens) / 4,
        min(tokens.count(POSITIVE_MARK), 3) / 3,
        min(tokens.count(NEGATIVE_MARK), 3) / 3,
        float(SPARED in tokens),
        float(SUPERLATIVE in tokens),
        _capitals(text) / (len(text) + 1),
    ]


def _capitals(text: str) -> int:
    if text.isascii():
        return len(text) - len(text.encode().translate(None, _CAPITALS))
    return sum(map(str.isupper, text))


def lexicon_scores(text: str) -> list[float]:
    """TextBlob's and VADER's scores of an English text; ``LEXICON_SIZE`` numbers.

    Both are asked without the words that only say what a conference is about.
    """
    textblob, vader, read, boosters = _lexicons()
    plain = expand_hashtags(text, "en")
    scores = _vader(vader, read, boosters, plain)
    words = _LEXICON_WORD.findall(plain.lower().replace("’", "'").replace("n't", " n't"))
    polarity, subjectivity = _textblob(textblob, words)
    compound = scores["compound"]
    about = sum(word in TOPIC_WORDS for word in words)
    row = [0.0] * LEXICON_SIZE
    row[-2:] = [min(about, 3) / 3, float(bool(about) and not polarity and not compound)]
    row[:7] = [
        polarity,
        subjectivity,
        scores["neg"],
        scores["neu"],
        scores["pos"],
        compound,
        abs(polarity - compound),
    ]
    row[7 + bisect_left(_COMPOUND_EDGES, compound)] = 1.0
    row[8 + len(_COMPOUND_EDGES) + bisect_left(_POLARITY_EDGES, polarity)] = 1.0
    return row


def valence(word: str) -> float:
    """VADER's for an English word, 0 for one that it does not know."""
    return float(_lexicons()[1].lexicon.get(word, 0.0))


def language_row(language: str) -> list[float]:
    """One-hot over ``POOLED_LANGUAGES``; all zero for any other."""
    return [float(language == code) for code in POOLED_LANGUAGES]


def warm() -> None:
    """Load both lexicons now: TextBlob's first call is not safe to race."""
    lexicon_scores("good")


def _textblob(textblob: Any, words: Sequence[str]) -> tuple[float, float]:
    """TextBlob's mean over the words it knows.

    Handed our own words: its tokeniser takes four times as long as all the rest, and parts
    contractions so that ``isn't good`` counts as good.
    """
    found = textblob.assessments(((word, None) for word in words), True)
    if not found:
        return 0.0, 0.0
    polarity = sum(one[1] for one in found) / len(found)
    return polarity, sum(one[2] for one in found) / len(found)


def _vader(vader: Any, read: Any, boosters: dict[str, float], text: str) -> dict[str, float]:
    """VADER's ``polarity_scores``, number for number, without visiting words it does not know."""
    if not text.isascii():
        text = _spell_emoji(vader.emojis, text)
    post = read(text.strip())
    words = post.words_and_emoticons
    lowered = [word.lower() for word in words]
    valences: list[float] = []
    for place, word in enumerate(lowered):
        known = word in vader.lexicon and word not in boosters
        if not known or (word == "kind" and lowered[place + 1 : place + 2] == ["of"]):
            valences.append(0)
        else:
            valences = vader.sentiment_valence(0, post, words[place], place, valences)
    if "but" in lowered:
        valences = vader._but_check(words, valences)
    scores: dict[str, float] = vader.score_valence(valences, text.strip())
    return scores


def _spell_emoji(names: dict[str, str], text: str) -> str:
    """Each emoji replaced by its name, set apart from what stands before it."""
    pieces: list[str] = []
    spaced = True
    for character in text:
        name = names.get(character)
        if name is None:
            pieces.append(character)
            spaced = character == " "
        else:
            pieces.append(name if spaced else " " + name)
            spaced = False
    return "".join(pieces)


@cache
def _lexicons() -> tuple[Any, Any, Any, dict[str, float]]:
    from textblob import en
    from vaderSentiment.vaderSentiment import (
        BOOSTER_DICT,
        NEGATE,
        SentimentIntensityAnalyzer,
        SentiText,
    )

    class Loaded(en.Sentiment):  # type: ignore[misc]
        """TextBlob's words, loaded: its own look-ups ask each time whether they are."""

        __contains__ = dict.__contains__
        __getitem__ = dict.__getitem__

    shared = en.sentiment
    textblob = Loaded(
        path=shared.path,
        synset="wordnet_id",
        negations=shared.negations,
        modifiers=shared.modifiers,
        modifier=shared.modifier,
        tokenizer=shared.tokenizer,
        language="en",
    )
    textblob.load()

    # What VADER's check of negation looks for; without any of it a valence stays as it is.
    turning = {*NEGATE, "so", "this"}

    class NearVader(SentimentIntensityAnalyzer):  # type: ignore[misc]
        """VADER, number for number: its checks look at the three words before and two after, and
        are handed those alone, as they put all that they are handed into lower case each time.
        """

        @staticmethod
        def _negation_check(valence: float, words: list[str], start_i: int, i: int) -> float:
            first = max(i - 3, 0)
            near = words[first : i + 1]
            for word in map(str.lower, near):
                if word in turning or "n't" in word:
                    break
            else:
                return valence
            found: float = SentimentIntensityAnalyzer._negation_check(
                valence, near, start_i, i - first
            )
            return found

        @staticmethod
        def _special_idioms_check(valence: float, words: list[str], i: int) -> float:
            first = max(i - 3, 0)
            near = words[first : i + 3]
            found: float = SentimentIntensityAnalyzer._special_idioms_check(
                valence, near, i - first
            )
            return found

    vader = NearVader()
    for word in TOPIC_WORDS:
        vader.lexicon.pop(word, None)
        dict.pop(textblob, word, None)
    return textblob, vader, SentiText, BOOSTER_DICT
