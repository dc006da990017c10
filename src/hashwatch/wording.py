"""The interface's language: words by gettext catalogues, figures and times by CLDR.

A message is marked where it stands, in English, with `say`, `plural` or `N_`; templates and the
scripts of pages use the same names. ``make messages`` collects them into ``catalogues/*.po``, which
are read when somebody first asks for the language. Which language is spoken is a context variable,
set for each request; everywhere else it is English.

Two more languages serve tests: ``en-XA`` is English with every letter accented, 40% longer, in
brackets, and ``ar-XB`` is the same from right to left. What is not marked stands out in both.
"""

from __future__ import annotations

import gettext as gettext_module
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES: Mapping[str, str] = {"en": "English", "fr": "Français"}
"""The languages to choose from, each by its own name."""
ENGLISH = "en"
PSEUDO, PSEUDO_RIGHT_TO_LEFT = "en-XA", "ar-XB"
_PSEUDO = (PSEUDO, PSEUDO_RIGHT_TO_LEFT)
OPENS, CLOSES = "⟦", "⟧"
_CLDR = {ENGLISH: "en_GB", PSEUDO: "en_GB", PSEUDO_RIGHT_TO_LEFT: "en_GB"}
DAY = 86_400

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
    return language in LANGUAGES or language in _PSEUDO


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


# Words ------------------------------------------------------------------------------------------


def gettext(message: str) -> str:
    """The message in the language spoken, its placeholders untouched."""
    language = _spoken.get()
    if language == ENGLISH:
        return message
    return pseudo(message) if language in _PSEUDO else catalogue(language).gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """``one`` or ``many``, as the language has it for ``number``."""
    language = _spoken.get()
    if language == ENGLISH:
        return one if number == 1 else many
    if language in _PSEUDO:
        return pseudo(one if number == 1 else many)
    return catalogue(language).ngettext(one, many, number)


def pgettext(context: str, message: str) -> str:
    """The message where one English word stands for several in other languages."""
    language = _spoken.get()
    if language == ENGLISH:
        return message
    if language in _PSEUDO:
        return pseudo(message)
    return catalogue(language).pgettext(context, message)


def npgettext(context: str, one: str, many: str, number: int) -> str:
    """`ngettext` with the context of `pgettext`."""
    language = _spoken.get()
    if language == ENGLISH:
        return one if number == 1 else many
    if language in _PSEUDO:
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
    language = _spoken.get()
    items = [before + item for item in items]
    if language in _PSEUDO:
        return f" {OPENS}+{CLOSES} ".join(items)
    if language == ENGLISH:
        between = " or " if alternatives else " and "
        return between.join([*filter(None, [", ".join(items[:-1])]), *items[-1:]])
    from babel.lists import format_list

    return format_list(items, "or" if alternatives else "standard", cldr(language))


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
    language = _spoken.get()
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


# Figures and times ------------------------------------------------------------------------------


def cldr(language: str) -> str:
    """The name by which CLDR knows the language; English days stand before months."""
    return _CLDR.get(language, language)


def number(value: float, digits: int = 0) -> str:
    """A number, grouped as the language does, with at most ``digits`` after the point."""
    language = _spoken.get()
    if not digits:
        value = round(value)
        plain = f"{value:,}"
        if language == ENGLISH or -1000 < value < 1000:
            return plain.replace("-", "−") if language != ENGLISH else plain
    if language == ENGLISH:
        return f"{value:,.{digits}f}".rstrip("0").rstrip(".")
    return _number(language, value, digits)


@lru_cache(maxsize=16384)
def _number(language: str, value: float, digits: int) -> str:
    from babel.numbers import format_decimal

    pattern = "#,##0." + "#" * digits if digits else "#,##0"
    return format_decimal(value, pattern, locale=cldr(language))


def fixed(value: float, digits: int) -> str:
    """A number with exactly so many digits after the point."""
    language = _spoken.get()
    return f"{value:,.{digits}f}" if language == ENGLISH else _fixed(language, value, digits)


def signed(value: float, digits: int) -> str:
    """A number with its sign: ``+0.25``, ``+0,25``."""
    return f"{'+' if value >= 0 else '-'}{fixed(abs(value), digits)}"


@lru_cache(maxsize=16384)
def _fixed(language: str, value: float, digits: int) -> str:
    from babel.numbers import format_decimal

    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return format_decimal(value, pattern, locale=cldr(language))


def percent(share: float) -> str:
    """A share as a whole number of per cent: ``31%``, ``31 %``."""
    language, points = _spoken.get(), round(share * 100)
    return f"{points}%" if language == ENGLISH else _percent(language, points)


@lru_cache(maxsize=4096)
def _percent(language: str, points: int) -> str:
    from babel.numbers import format_percent

    return format_percent(points / 100, locale=cldr(language))


def money(dollars: float) -> str:
    """US dollars, with cents."""
    language = _spoken.get()
    return f"${dollars:,.2f}" if language == ENGLISH else _money(language, dollars)


@lru_cache(maxsize=1024)
def _money(language: str, dollars: float) -> str:
    from babel.numbers import format_currency

    locale = "en_US" if language not in LANGUAGES or language == ENGLISH else cldr(language)
    return format_currency(dollars, "USD", locale=locale)


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


def day(moment: date) -> str:
    """``31 Mar``, ``31 mars``."""
    language = _spoken.get()
    if language == ENGLISH:
        return f"{moment.day} {moment:%b}"
    return _day(language, moment.month, moment.day, "MMMd")


def weekday(moment: date) -> str:
    """``Fri 31 Mar``, ``ven. 31 mars``."""
    language = _spoken.get()
    if language == ENGLISH:
        return f"{moment:%a} {moment.day} {moment:%b}"
    return _dated(language, moment.year, moment.month, moment.day, "MMMEd")


def full_weekday(moment: date) -> str:
    """``Friday 31 March``, ``vendredi 31 mars``."""
    language = _spoken.get()
    if language == ENGLISH:
        return f"{moment:%A} {moment.day} {moment:%B}"
    return _dated(language, moment.year, moment.month, moment.day, "EEEEMMMMd")


def time_of_day(moment: datetime) -> str:
    """``10:45`` everywhere."""
    return f"{moment:%H:%M}"


def moment(at: datetime) -> str:
    """``31 Mar 10:45``: the day, a space, the time."""
    return f"{day(at)} {at:%H:%M}"


def full_day(one: date, *, month: bool = True, year: bool = True) -> str:
    """``31 March 2017``, without what is not wanted."""
    skeleton = f"{'yyyy' if year else ''}{'MMMM' if month or year else ''}d"
    return _dated(_spoken.get(), one.year, one.month, one.day, skeleton)


def days_between(first: date, last: date) -> str:
    """``28 March – 1 April 2017``."""
    if first == last:
        return full_day(last)
    return _interval(_spoken.get(), first, last)


def _day(language: str, month: int, day_of_month: int, skeleton: str) -> str:
    return _dated(language, 2016, month, day_of_month, skeleton)


_PATTERNS = {
    "MMMd": "d MMM",
    "MMMEd": "EEE d MMM",
    "EEEEMMMMd": "EEEE d MMMM",
    "d": "d",
    "MMMMd": "d MMMM",
    "yyyyMMMMd": "d MMMM y",
}
"""Days as both languages write them; another language may need a pattern of its own."""


@lru_cache(maxsize=4096)
def _dated(language: str, year: int, month: int, day_of_month: int, skeleton: str) -> str:
    one = date(year, month, day_of_month)
    if language == ENGLISH:
        words = {"d": "", "MMMMd": f" {one:%B}", "yyyyMMMMd": f" {one:%B %Y}"}
        return f"{one.day}{words[skeleton]}"
    from babel.dates import format_date

    text = format_date(one, _PATTERNS[skeleton], locale=cldr(language))
    if language == "fr" and day_of_month == 1:
        text = re.sub(r"\b1\b", "1ᵉʳ", text, count=1)
    return f"{OPENS}{text}{CLOSES}" if language in _PSEUDO else text


@lru_cache(maxsize=512)
def _interval(language: str, first: date, last: date) -> str:
    with speaking(language):
        same_year = first.year == last.year
        same_month = same_year and first.month == last.month
        beginning = full_day(first, month=not same_month, year=not same_year)
        return f"{beginning} – {full_day(last)}"


def language_name(code: str) -> str:
    """A language's name in the one spoken, its code where CLDR has none."""
    return _language_name(_spoken.get(), code)


@lru_cache(maxsize=1024)
def _language_name(language: str, code: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale.parse(cldr(language)).languages.get(code) or code
    except (UnknownLocaleError, ValueError):
        return code
    return pseudo(name) if language in _PSEUDO else name
