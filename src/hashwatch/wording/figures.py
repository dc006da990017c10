"""Figures, days and names as the language writes them, by CLDR. English needs no look at it."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from hashwatch.wording.language import (
    CLOSES,
    ENGLISH,
    FOR_TESTS,
    LANGUAGES,
    OPENS,
    cldr,
    pseudo,
    speaking,
    spoken,
)


def number(value: float, digits: int = 0) -> str:
    """A number, grouped as the language does, with at most ``digits`` after the point."""
    language = spoken()
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
    language = spoken()
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
    language, points = spoken(), round(share * 100)
    return f"{points}%" if language == ENGLISH else _percent(language, points)


@lru_cache(maxsize=4096)
def _percent(language: str, points: int) -> str:
    from babel.numbers import format_percent

    return format_percent(points / 100, locale=cldr(language))


def money(dollars: float) -> str:
    """US dollars, with cents."""
    language = spoken()
    return f"${dollars:,.2f}" if language == ENGLISH else _money(language, dollars)


@lru_cache(maxsize=1024)
def _money(language: str, dollars: float) -> str:
    from babel.numbers import format_currency

    locale = "en_US" if language not in LANGUAGES or language == ENGLISH else cldr(language)
    return format_currency(dollars, "USD", locale=locale)


def day(moment: date) -> str:
    """``31 Mar``, ``31 mars``."""
    language = spoken()
    if language == ENGLISH:
        return f"{moment.day} {moment:%b}"
    return _day(language, moment.month, moment.day, "MMMd")


def weekday(moment: date) -> str:
    """``Fri 31 Mar``, ``ven. 31 mars``."""
    language = spoken()
    if language == ENGLISH:
        return f"{moment:%a} {moment.day} {moment:%b}"
    return _dated(language, moment.year, moment.month, moment.day, "MMMEd")


def full_weekday(moment: date) -> str:
    """``Friday 31 March``, ``vendredi 31 mars``."""
    language = spoken()
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
    return _dated(spoken(), one.year, one.month, one.day, skeleton)


def days_between(first: date, last: date) -> str:
    """``28 March – 1 April 2017``."""
    if first == last:
        return full_day(last)
    return _interval(spoken(), first, last)


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
    return f"{OPENS}{text}{CLOSES}" if language in FOR_TESTS else text


@lru_cache(maxsize=512)
def _interval(language: str, first: date, last: date) -> str:
    with speaking(language):
        same_year = first.year == last.year
        same_month = same_year and first.month == last.month
        beginning = full_day(first, month=not same_month, year=not same_year)
        return f"{beginning} – {full_day(last)}"


def language_name(code: str) -> str:
    """A language's name in the one spoken, its code where CLDR has none."""
    return _language_name(spoken(), code)


@lru_cache(maxsize=1024)
def _language_name(language: str, code: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        name = Locale.parse(cldr(language)).languages.get(code) or code
    except (UnknownLocaleError, ValueError):
        return code
    return pseudo(name) if language in FOR_TESTS else name
