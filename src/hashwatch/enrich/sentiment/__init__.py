"""Sentiment annotators by name: ``textblob``, ``student`` and the optional ``best``."""

from __future__ import annotations

from collections.abc import Callable

from hashwatch.enrich.annotator import SentimentAnnotator


def load_annotator(name: str) -> SentimentAnnotator:
    """The annotator called ``name``, loaded and warm; its packages are imported only now.

    Raises ``ValueError`` with a sentence for the operator: an unknown name, or an annotator whose
    extra is not installed.
    """
    try:
        load = _BUILT_IN[name]
    except KeyError:
        known = ", ".join(_BUILT_IN)
        raise ValueError(f"unknown sentiment annotator {name!r}; known are: {known}") from None
    return load()


def annotator_names() -> tuple[str, ...]:
    """What :func:`load_annotator` can be asked for."""
    return tuple(_BUILT_IN)


def _textblob() -> SentimentAnnotator:
    from hashwatch.enrich.sentiment.textblob import TextBlobAnnotator

    return TextBlobAnnotator()


def _student() -> SentimentAnnotator:
    from hashwatch.enrich.sentiment.student import StudentAnnotator

    return StudentAnnotator()


def _best() -> SentimentAnnotator:
    raise ValueError(
        "the sentiment annotator 'best' needs the extra hashwatch[best], which this version does "
        "not offer yet; use student or textblob"
    )


_BUILT_IN: dict[str, Callable[[], SentimentAnnotator]] = {
    "textblob": _textblob,
    "student": _student,
    "best": _best,
}
