"""The seam every sentiment annotator fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hashwatch.model import Driver, Sentiment


class SentimentAnnotator(Protocol):
    """Gives texts a tone. The same text and language always get the same answer.

    ``name`` and ``version`` stand on every annotation: a change of either re-tags. ``languages``
    are the ISO 639-1 codes it knows; for any other it answers ``None`` (unknown), never neutral.
    """

    name: str
    version: str
    languages: frozenset[str]

    def annotate(self, texts: Sequence[str], languages: Sequence[str]) -> list[Sentiment | None]:
        """Tone of each text, in order; ``None`` where it is not known.

        ``texts[i]`` is in ``languages[i]`` (``und`` when nobody knows). Takes whole batches,
        because vectorised annotators earn their speed there.
        """
        ...

    def explain(self, text: str, language: str) -> tuple[Driver, ...]:
        """The stretches of ``text`` that drove its tone, strongest first; empty when unknown."""
        ...
