"""How common words are in posts → ``src/hashwatch/enrich/common_words.txt``.

Counts in how many of the training posts of each language a word occurs. Run from the repository's
root: ``python -m training.common_words``. The same posts always give the same file.

A line is a language, a band and the words in it: a word of band *b* stands in about one of 2^b
posts. Only words are kept that many authors use, so that nothing of a single post remains;
abuse is left out.
"""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from hashwatch.enrich.words import NOISE, WORD, fold

SHARED = Path("../shared/training")
TARGET = Path("src/hashwatch/enrich/common_words.txt")
LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "pt")
FEWEST_POSTS = {"en": 12}
FEWEST_ELSEWHERE = 3
ABUSE = -2.3  # on VADER's scale from -4 to 4
MARKUP = {"user", "http", "https", "amp"}


def posts(language: str) -> Iterator[str]:
    """The training posts of a language."""
    with gzip.open(SHARED / f"sentiment_{language}_train.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from (json.loads(line)["text"] for line in file)
    if language == "en":
        with gzip.open(SHARED / "unlabelled_en.txt.gz", "rt", encoding="utf-8") as file:
            yield from file


def bands(language: str) -> dict[int, list[str]]:
    """The words of a language by band."""
    counts: Counter[str] = Counter()
    total = 0
    for text in posts(language):
        total += 1
        counts.update({fold(word) for word in WORD.findall(NOISE.sub(" ", text))})
    fewest = FEWEST_POSTS.get(language, FEWEST_ELSEWHERE)
    valence = SentimentIntensityAnalyzer().lexicon
    found: dict[int, list[str]] = defaultdict(list)
    for word, count in counts.items():
        if word in MARKUP or word.isdigit() or valence.get(word, 0) <= ABUSE:
            continue
        if count >= fewest:
            found[round(math.log2(total / count))].append(word)
    return found


def main() -> None:
    """Write the file."""
    lines = [
        f"{language} {band} {' '.join(sorted(words))}"
        for language in LANGUAGES
        for band, words in sorted(bands(language).items())
    ]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
