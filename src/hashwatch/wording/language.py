"""Which language is spoken, and the two that serve tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

LANGUAGES: Mapping[str, str] = {"en": "English", "fr": "Français"}
"""The languages to choose from, each by its own name."""
ENGLISH = "en"
PSEUDO, PSEUDO_RIGHT_TO_LEFT = "en-XA", "ar-XB"
FOR_TESTS = (PSEUDO, PSEUDO_RIGHT_TO_LEFT)
OPENS, CLOSES = "⟦", "⟧"
_CLDR = {ENGLISH: "en_GB", PSEUDO: "en_GB", PSEUDO_RIGHT_TO_LEFT: "en_GB"}

_spoken: ContextVar[str] = ContextVar("hashwatch_language", default=ENGLISH)


def spoken() -> str:
    """The language that is spoken here, as BCP 47 has it."""
    return _spoken.get()


def direction() -> str:
    """``ltr`` or ``rtl``."""
    return "rtl" if spoken().startswith("ar") else "ltr"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """The language within the block; it is one of `is_known`."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def is_known(language: str) -> bool:
    """Whether the interface speaks it, the two for tests included."""
    return language in LANGUAGES or language in FOR_TESTS


def choose(accepted: str) -> str:
    """The language that an ``Accept-Language`` header likes best; English where it names none.

    ``*`` and what nobody can mean (``;q=0``, nonsense) count for nothing.
    """
    liked: list[tuple[float, int, str]] = []
    for place, one in enumerate(accepted.split(",")[:20]):
        name, _, rest = one.strip().partition(";")
        match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", rest) if rest else None
        quality = float(match[1]) if match else 0.0 if rest else 1.0
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES and quality > 0:
            liked.append((-quality, place, language))
    return min(liked)[2] if liked else ENGLISH


def cldr(language: str) -> str:
    """The name by which CLDR knows the language; English days stand before months."""
    return _CLDR.get(language, language)


_NOT_WORDS = re.compile(r"(%\(\w+\)[sd]|%%|<(?:code|kbd)>.*?</(?:code|kbd)>|<[^>]*>|&#?\w+;)")
_ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀćđéƒǵĥíĵķłɱńóƥɋŕšťúṽŵẋýžÁɃĆĐÉƑǴĤÍĴĶŁⱮŃÓƤɊŔŠŤÚṼŴẊÝŽ",
)


@lru_cache(maxsize=4096)
def pseudo(message: str) -> str:
    """The message as the languages for tests have it: accented, longer, in brackets."""
    pieces = _NOT_WORDS.split(message)
    letters = sum(len(piece) for piece in pieces[::2])
    pieces[::2] = [piece.translate(_ACCENTED) for piece in pieces[::2]]
    longer = round(letters * 0.4)
    padding = " ".join(["~" * 6] * (longer // 7) + ["~" * (longer % 7)]).rstrip()
    return f"{OPENS}{''.join(pieces)}{padding}{CLOSES}"
