"""Words by gettext catalogues: marked where they stand, looked up in the language spoken."""

from __future__ import annotations

import gettext as gettext_module
import io
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hashwatch.wording.figures import number
from hashwatch.wording.language import (
    CLOSES,
    ENGLISH,
    FOR_TESTS,
    OPENS,
    cldr,
    pseudo,
    speaking,
    spoken,
)

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

DAY = 86_400


def gettext(message: str) -> str:
    """The message in the language spoken, its placeholders untouched."""
    language = spoken()
    if language == ENGLISH:
        return message
    return pseudo(message) if language in FOR_TESTS else catalogue(language).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """``one`` or ``many``, as the language has it for ``number``."""
    language = spoken()
    if language == ENGLISH:
        return one if number == 1 else many
    if language in FOR_TESTS:
        return pseudo(one if number == 1 else many)
    return catalogue(language).ngettext(one, many, number)


def pgettext(context: str, message: str) -> str:
    """The message where one English word stands for several in other languages."""
    language = spoken()
    if language == ENGLISH:
        return message
    if language in FOR_TESTS:
        return pseudo(message)
    return catalogue(language).pgettext(context, message)


def npgettext(context: str, one: str, many: str, number: int) -> str:
    """`ngettext` with the context of `pgettext`."""
    language = spoken()
    if language == ENGLISH:
        return one if number == 1 else many
    if language in FOR_TESTS:
        return pseudo(one if number == 1 else many)
    return catalogue(language).npgettext(context, one, many, number)


def say(message: str, /, **values: object) -> str:
    """The message in the language spoken, ``%(name)s`` in it filled from ``values``; %% is a %."""
    return gettext(message) % values


def N_(message: str) -> str:
    """Marks a message that is looked up later, with ``say(variable)``."""
    return message


def plural(count: float, one: str, many: str, /, **values: object) -> str:
    """``one`` or ``many`` with ``%(count)s``, the number as the language writes it, filled in."""
    form = ngettext(one, many, int(count) if count in (0, 1) or int(count) == count else 2)
    return form % {"count": number(count), **values}


def joined(items: Sequence[str], *, alternatives: bool = False, before: str = "") -> str:
    """``a, b and c``; with ``alternatives`` ``a, b or c``; ``before`` stands before each."""
    language = spoken()
    items = [before + item for item in items]
    if language in FOR_TESTS:
        return f" {OPENS}+{CLOSES} ".join(items)
    if language == ENGLISH:
        between = " or " if alternatives else " and "
        return between.join([*filter(None, [", ".join(items[:-1])]), *items[-1:]])
    from babel.lists import format_list

    return format_list(items, "or" if alternatives else "standard", cldr(language))


def age(seconds: float | None) -> str:
    """How long ago: ``8 s ago``, ``4 min ago``."""
    if seconds is None:
        return say("never")
    if seconds < 60:
        return say("%(count)s s ago", count=int(seconds))
    if seconds < 3600:
        return say("%(count)s min ago", count=int(seconds // 60))
    if seconds < 2 * DAY:
        return say("%(count)s h ago", count=int(seconds // 3600))
    return plural(int(seconds // DAY), "%(count)s day ago", "%(count)s days ago")


def span(seconds: float) -> str:
    """How long: ``90 s``, ``45 min``, ``5 h``."""
    if seconds < 120:
        return say("%(count)s s", count=int(seconds))
    if seconds < 7200:
        return say("%(count)s min", count=int(seconds // 60))
    return say("%(count)s h", count=int(seconds // 3600))


@lru_cache(maxsize=8)
def catalogue(language: str) -> gettext_module.GNUTranslations:
    """The words of a language, compiled from its ``.po``."""
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gettext_module.GNUTranslations(compiled)


def read_catalogue(language: str) -> Catalog:
    """The ``.po`` of a language as it lies in the package."""
    from babel.messages.pofile import read_po

    text = files("hashwatch").joinpath("catalogues", f"{language}.po").read_bytes()
    return read_po(io.BytesIO(text), locale=language)


def for_scripts() -> dict[str, Any] | None:
    """What the scripts of a page need to speak the language; None for English.

    ``words`` holds a form for each message, or one for each of CLDR's plural categories.
    """
    language = spoken()
    return None if language == ENGLISH else _for_scripts(language)


@lru_cache(maxsize=8)
def _for_scripts(language: str) -> dict[str, Any]:
    from babel import Locale

    words: dict[str, Any] = {}
    category = Locale.parse(cldr(language)).plural_form
    with speaking(language):
        for message in read_catalogue("fr"):
            if not any(where.endswith(".js") for where, _line in message.locations):
                continue
            if isinstance(message.id, str):
                words[message.id] = gettext(message.id)
                continue
            one, many = message.id
            forms: dict[str, str] = {}
            for count in (1, 0, 2, 5, 11, 100, 1_000_000):
                forms.setdefault(category(count), ngettext(one, many, count))
            words[one] = forms
    return {"language": cldr(language).replace("_", "-"), "words": words}
