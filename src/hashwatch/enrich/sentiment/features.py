"""Numbers about a tokenised post: hashed words, pairs and character runs, and lexicon scores.

Training and use share this module, so a change here needs new weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment.tokens import (
    LINK,
    MENTION,
    NEGATED,
    NEGATIVE_MARK,
    POSITIVE_MARK,
    expand_hashtags,
)
from hashwatch.enrich.sentiment.wordlists import TOPIC_WORDS

WORD_WEIGHT = 3
PAIR_WEIGHT = 2
CHARACTER_WEIGHT = 1
RUN_LENGTHS = (2, 3, 4, 5)
POOLED_LANGUAGES = ("ar", "de", "es", "fr", "it", "pt")

_COMPOUND_EDGES = np.array([-0.8, -0.6, -0.4, -0.2, -0.05, 0.05, 0.2, 0.4, 0.6, 0.8])
_POLARITY_EDGES = np.array([-0.6, -0.3, -0.1, -0.001, 0.001, 0.1, 0.2, 0.35, 0.5, 0.7])
SHAPE_SIZE = 14
LEXICON_SIZE = 7 + len(_COMPOUND_EDGES) + 1 + len(_POLARITY_EDGES) + 1


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
        found += [
            bucket(mark + framed[start : start + length], mask)
            for length in RUN_LENGTHS
            if length < len(framed)
            for start in range(len(framed) - length + 1)
        ]
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
        float(np.log1p(len(tokens))) / 4,
        float('"' in tokens),
        sum(token[0] == "#" for token in tokens) / 4,
        min(tokens.count(POSITIVE_MARK), 3) / 3,
        min(tokens.count(NEGATIVE_MARK), 3) / 3,
        sum(map(str.isupper, text)) / (len(text) + 1),
    ]


def lexicon_scores(text: str) -> list[float]:
    """TextBlob's and VADER's scores of an English text; ``LEXICON_SIZE`` numbers.

    Both are asked without the words that only say what a conference is about.
    """
    textblob, vader = _lexicons()
    plain = expand_hashtags(text, "en")
    scores = vader.polarity_scores(plain)
    polarity, subjectivity = textblob(plain)
    compound = scores["compound"]
    row = [0.0] * LEXICON_SIZE
    row[:7] = [
        polarity,
        subjectivity,
        scores["neg"],
        scores["neu"],
        scores["pos"],
        compound,
        abs(polarity - compound),
    ]
    row[7 + int(_COMPOUND_EDGES.searchsorted(compound))] = 1.0
    row[8 + len(_COMPOUND_EDGES) + int(_POLARITY_EDGES.searchsorted(polarity))] = 1.0
    return row


def language_row(language: str) -> list[float]:
    """One-hot over ``POOLED_LANGUAGES``; all zero for any other."""
    return [float(language == code) for code in POOLED_LANGUAGES]


def warm() -> None:
    """Load both lexicons now: TextBlob's first call is not safe to race."""
    lexicon_scores("good")


Scores = NDArray[np.float32]


@cache
def _lexicons() -> tuple[Any, Any]:
    from textblob import en
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    shared = en.sentiment
    textblob = en.Sentiment(
        path=shared.path,
        synset="wordnet_id",
        negations=shared.negations,
        modifiers=shared.modifiers,
        modifier=shared.modifier,
        tokenizer=shared.tokenizer,
        language="en",
    )
    textblob.load()
    vader = SentimentIntensityAnalyzer()
    for word in TOPIC_WORDS:
        vader.lexicon.pop(word, None)
        dict.pop(textblob, word, None)
    return textblob, vader
