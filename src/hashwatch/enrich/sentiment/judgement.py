"""From logits to tones, and from tones to the words that drove them; shared by the trained ones.

Logits are posts × 2: negative and positive, each against neutral.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment.plain import plainly, said_tone
from hashwatch.enrich.sentiment.textblob import has_content
from hashwatch.enrich.sentiment.tokens import clean, tokenise, without_quotations
from hashwatch.model import Driver, Label, Sentiment

Logits = NDArray[np.float64]
Curve = NDArray[np.float32]
"""Two rows: the share of the likeliest label, and how often that share is right."""

UNSURE = 0.5
"""Confidence in praise that may be irony (``maybe_ironic``) is at most this."""

_LABELS: tuple[Label, Label, Label] = ("negative", "neutral", "positive")
_BATCH = 512
_DRIVERS = 8
_EXPLAINED = 200
_PRAISE = (
    "great|wonderful|lovely|nice|brilliant|fantastic|perfect|super|awesome|amazing|excellent|"
    "love|thanks|thank you|well done|just what (?:i|we) needed|how (?:nice|kind)"
)
_TROUBLE = (
    "another|again|broken|delay\\w*|cancel\\w*|crash\\w*|froze\\w*|died|dead|lost|rain|queu\\w*|"
    "waiting|standing|taken|lock(?:ed)?|nothing|without|full|down|late|missed|stuck|alarm|"
    "paperwork|no(?! (?:doubt|problem|complaint|issue|trouble))"
)
_IRONIC = re.compile(
    rf"^\W*(?:oh |what an? )?(?:yeah right|oh joy|(?:{_PRAISE})\b(?:.*\W)?(?:{_TROUBLE}))\b",
    re.IGNORECASE | re.DOTALL,
)


Post = tuple[str, str]
"""What an annotator reads of a text, and its language."""


def batches(
    texts: Sequence[str], languages: Sequence[str], known: frozenset[str]
) -> Iterator[tuple[bool, list[int], list[Post]]]:
    """Texts with something to have a tone, in a known language, all English or none of them.

    Whether they are English, their places in ``texts``, and what is read of them.
    """
    wanted: dict[bool, list[int]] = {True: [], False: []}
    for place, (text, language) in enumerate(zip(texts, languages, strict=True)):
        if language in known and has_content(text):
            wanted[language == "en"].append(place)
    for is_english, places in wanted.items():
        for first in range(0, len(places), _BATCH):
            batch = places[first : first + _BATCH]
            yield (
                is_english,
                batch,
                [(own_words(texts[place]), languages[place]) for place in batch],
            )


def own_words(text: str) -> str:
    """``text`` as the annotators read it: cleaned, without what it quotes from others."""
    return without_quotations(clean(text))


def tones(logits: Logits, confidence: Curve, posts: Sequence[Post]) -> list[Sentiment]:
    """The tone of each (read text, language), praise that may be irony marked as unsure."""
    shares = shares_of(plainly(logits, posts))
    labels = shares.argmax(axis=1).tolist()
    sure = np.interp(shares.max(axis=1), confidence[0], confidence[1])
    polarity = shares[:, 2] - shares[:, 0]
    return [
        Sentiment(
            _LABELS[label],
            tone,
            min(certain, UNSURE) if label == 2 and _ironic_english(post) else certain,
        )
        for label, tone, certain, post in zip(
            labels, polarity.round(4).tolist(), sure.round(4).tolist(), posts, strict=True
        )
    ]


def shares_of(logits: Logits) -> Logits:
    """Posts × 3: the shares of negative, neutral and positive."""
    full = np.insert(logits, 1, 0.0, axis=1)
    shares: Logits = np.exp(full - full.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def maybe_ironic(text: str) -> bool:
    """Praise that opens an English post where something went wrong: ``Great, delayed again``.

    A bag of words cannot tell; a short post of this form is not to be counted on.
    """
    return len(text) < 140 and _IRONIC.match(text) is not None


def drivers(
    text: str, language: str, score: Callable[[Sequence[Post]], Logits]
) -> tuple[Driver, ...]:
    """How far positive over negative falls when a stretch of ``text`` is blanked."""
    read = own_words(text)
    if len(read) != len(text):
        # Entities were undone: places no longer agree, so explain the text as it stands.
        read = without_quotations(text)
    spans: list[tuple[int, int]] = []
    tokenise(read, language, spans)
    places = [span for span in dict.fromkeys(spans) if read[slice(*span)].strip()]
    places = places[:_EXPLAINED]
    variants = [read] + [read[:start] + " " * (end - start) + read[end:] for start, end in places]
    posts = [(variant, language) for variant in variants]
    logits = score(posts)
    tone = (logits[:, 1] - logits[:, 0]).tolist()
    whole = logits[:1]
    if plainly(whole, posts[:1]) is not whole:
        # A sign decided: without it the text says less.
        tone = [one + (said_tone(*post) or 0) for one, post in zip(tone, posts, strict=True)]
    found = [
        Driver(start, end, text[start:end], round(tone[0] - without, 4))
        for (start, end), without in zip(places, tone[1:], strict=True)
    ]
    found.sort(key=lambda driver: (-abs(driver.weight), driver.start))
    return tuple(driver for driver in found if driver.weight)[:_DRIVERS]


def _ironic_english(post: Post) -> bool:
    text, language = post
    return language == "en" and maybe_ironic(text)
