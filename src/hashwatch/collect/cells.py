"""What a cell or a JSON value says, read generously; nonsense is ``None`` or empty, not an error.

Only identifiers are strict: one that a spreadsheet has rounded would merge posts that differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from hashwatch.collect.encoding import clean
from hashwatch.collect.pages import RowError
from hashwatch.model import Media

# As R, pandas, SQL and spreadsheets write it; "na" and "none" are people's handles.
MISSING = frozenset(("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A"))
EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+?\d+")
WHOLE = re.compile(r"\d{1,18}(?:\.0*)?")
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
LINK = re.compile(r"https?://[^\s\"'|;<>\[\]]+", re.IGNORECASE)
LINK_COMMA = re.compile(r",(?=\s*https?://)", re.IGNORECASE)
LIST_MARKS = re.compile(r"^\s*(?:c\(|[\[({])|[\])}]\s*$")
LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?")
MEDIA_KINDS = {
    "photo": "image", "image": "image", "animated_gif": "gif", "gifv": "gif", "gif": "gif",
    "video": "video", "audio": "audio",
}  # fmt: skip
EXTENSION_KINDS = {
    "jpg": "image", "jpeg": "image", "png": "image", "webp": "image", "gif": "gif",
    "mp4": "video", "webm": "video", "mov": "video", "mp3": "audio", "ogg": "audio",
}  # fmt: skip
# X says these where it could not tell: undetermined, no text, hashtags or mentions only, ...
NO_LANGUAGES = frozenset(("und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"))
OLD_LANGUAGES = {"in": "id", "iw": "he", "ji": "yi"}
EXACT_INTEGER = 1 << 53
SIGNIFICANT_DIGITS = 15  # what a spreadsheet keeps of a number


def as_text(value: object) -> str:
    """The value as text that can be stored."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, dict | list):
        return ""
    return clean(str(value))


def as_word(value: object) -> str:
    """The value as one trimmed word or phrase; empty for the many ways of saying *missing*."""
    if value is None:
        return ""
    word = as_text(value).strip()
    return "" if word in MISSING else word


def as_identifier(value: object) -> str:
    """An id, digit by digit; raises ``RowError`` for one that a spreadsheet ruined."""
    word = as_word(value).removeprefix("'")
    if word.startswith('="') and word.endswith('"'):
        word = word[2:-1]
    if word.isdigit():
        return word
    whole, point, zeros = word.partition(".")
    if point and whole.isdigit() and not zeros.strip("0"):
        if int(whole) < EXACT_INTEGER:
            return whole
        raise RowError(f"its id {word} went through a floating-point number and lost digits")
    if EXPONENT.fullmatch(word):
        raise RowError(
            f"its id {word} was ruined by a spreadsheet: the digits are gone;"
            " export the ids again, as text"
        )
    return word


def refuse_rounded(identifier: str) -> None:
    """Raises ``RowError`` for an id that was rounded, in a file where all were."""
    if is_rounded(identifier):
        raise RowError(
            f"its id {identifier} was rounded by a spreadsheet, as all in this file:"
            " export the ids again, as text"
        )


def is_rounded(identifier: str) -> bool:
    """Whether a long number has only zeros where a spreadsheet loses digits."""
    return (
        len(identifier) > SIGNIFICANT_DIGITS
        and identifier.isdigit()
        and not identifier[SIGNIFICANT_DIGITS:].strip("0")
    )


def are_rounded(identifiers: Iterable[str]) -> bool:
    """Whether a file's long ids were rounded: nearly all end in zeros, which is no accident."""
    long = [word for word in identifiers if len(word) > SIGNIFICANT_DIGITS and word.isdigit()]
    return len(long) >= 3 and sum(map(is_rounded, long)) >= 0.9 * len(long)


def as_count(value: object) -> int | None:
    """A count that is not negative."""
    if value is None or isinstance(value, bool):
        return None
    word = as_text(value).strip()
    if GROUPED.fullmatch(word):
        word = word.replace(",", "")
    return int(word.partition(".")[0]) if WHOLE.fullmatch(word) else None


def as_flag(value: object) -> bool | None:
    """Yes, no, or not said."""
    if value is None:
        return None
    word = as_text(value).strip().casefold()
    if word in ("true", "1", "t", "yes", "y"):
        return True
    return False if word in ("false", "0", "f", "no", "n") else None


def as_language(value: object) -> str | None:
    """A language's code (``en``), without its region; ``None`` where there is none."""
    match = LANGUAGE.fullmatch(as_word(value).lower())
    if match is None or match[1] in NO_LANGUAGES:
        return None
    return OLD_LANGUAGES.get(match[1], match[1])


def as_items(value: object) -> list[object]:
    """The members of a list, or of a cell that holds a JSON list; else the value alone."""
    if isinstance(value, list):
        return value
    if isinstance(value, str) and value.lstrip().startswith(("[{", '["')):
        try:
            return msgspec.json.decode(value, type=list[object])
        except (msgspec.DecodeError, UnicodeEncodeError):
            return [value]
    return [] if value is None else [value]


def as_names(value: object, mark: str) -> tuple[str, ...]:
    """Hashtags or handles in a list or in a cell, parted as people part them, without ``mark``."""
    if value is None:
        return ()
    if isinstance(value, str) and value.isalnum() and value not in MISSING:
        return (value,)  # one hashtag, by far the most common cell
    names: list[str] = []
    for item in as_items(value):
        if isinstance(item, Mapping):
            found = (
                item.get(key) for key in ("text", "tag", "name", "acct", "screen_name", "username")
            )
            item = next((name for name in found if isinstance(name, str)), "")
        for part in re.split(r"[\s,;|]+", LIST_MARKS.sub("", as_text(item))):
            name = part.strip("\"'").lstrip(mark)
            if name not in MISSING:
                names.append(name)
    return tuple(dict.fromkeys(names))


def as_links(value: object) -> tuple[str, ...]:
    """The http(s) addresses in a list or in a cell."""
    if value is None:
        return ()
    links: list[str] = []
    for item in as_items(value):
        if isinstance(item, Mapping):
            found = (item.get(key) for key in ("expanded_url", "url", "href"))
            item = next((link for link in found if isinstance(link, str)), "")
        parted = LINK_COMMA.sub(" ", as_text(item))
        links += (link.rstrip(",)") for link in LINK.findall(parted))
    return tuple(dict.fromkeys(links))


def as_words(value: object) -> tuple[str, ...]:
    """The phrases in a list, or in a cell that holds a JSON list."""
    return tuple(word for item in as_items(value) if (word := as_word(item)))


def as_media(value: object) -> tuple[Media, ...]:
    """Attachments: objects with kind, url and alt, or mere addresses."""
    media: list[Media] = []
    for item in as_items(value):
        if isinstance(item, Mapping):
            kind = as_text(item.get("kind") or item.get("type"))
            address = web_address(item.get("url") or item.get("media_url_https"))
            alt = as_text(item.get("alt") or item.get("description") or item.get("alt_text"))
            media.append(Media(kind=MEDIA_KINDS.get(kind, "other"), url=address, alt=alt))
        else:
            media += (Media(kind=kind_of(link), url=link) for link in as_links(item))
    return tuple(media)


def kind_of(address: str) -> str:
    """The kind of attachment that an address ends like."""
    try:
        extension = urlsplit(address).path.rpartition(".")[2].lower()
    except ValueError:
        return "other"
    return EXTENSION_KINDS.get(extension, "other")


def web_address(value: object) -> str | None:
    """The value when it is an http(s) address."""
    word = as_word(value)
    return word if LINK.fullmatch(word) else None
