"""What every reader of programmes shares: a session in the making, its times, people and code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from html import unescape
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.collect.text import html_to_text, safe_text
from hashwatch.errors import ConfigError
from hashwatch.model import Session, Speaker, fold_account

ABSTRACT_LIMIT = 20_000
LONGEST_SESSION = 31 * 86_400

# Addresses with /@name that are no fediverse server.
OTHER_HOSTS = re.compile(r"(?:^|\.)(?:medium|youtube|tiktok|flickr|threads|substack|twitch)\.\w+$")
PROFILE = re.compile(
    r"(?:https?://)?(?:www\.|mobile\.)?"
    r"(?:(?:twitter|x)\.com/(?:#!/)?@?(?P<x>\w{1,15})(?![\w/])"
    r"|bsky\.app/profile/(?P<bluesky>[\w.-]+\.\w+)"
    r"|(?P<host>[\w-]+(?:\.[\w-]+)+)/(?:web/)?@(?P<name>\w[\w.-]*))",
    re.IGNORECASE,
)
FULL_HANDLE = re.compile(r"(?<![\w/.@])@(\w[\w.-]*)@((?:[\w-]+\.)+[a-z]{2,})(?![\w@])", re.I)
BARE_HANDLE = re.compile(r"@?([A-Za-z0-9_][\w.-]*)")
X_PAGES = frozenset({"home", "intent", "share", "search", "hashtag", "i", "login"})
MARKUP = re.compile(r"<[a-zA-Z/!]|&(?:\w+|#\d+);")
CODE_UNSAFE = re.compile(r"[^\w.-]+")


class Draft(msgspec.Struct):
    """A session as a file gives it, with the line it stands on.

    ``stated`` says that a person wrote the code, so that a repeated one is an error; otherwise it
    is an export's own id, and a repetition is a second date of the same thing.
    """

    line: int
    title: str
    code: str = ""
    stated: bool = False
    date: Date | None = None
    start: int | None = None
    end: int | None = None
    room: str = ""
    track: str = ""
    theme: str = ""
    abstract: str = ""
    language: str = ""
    url: str = ""
    speakers: tuple[Speaker, ...] = ()
    hashtags: tuple[str, ...] = ()


class Problems:
    """What is wrong in a file, to be reported all at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []

    def add(self, line: int, problem: object) -> None:
        """Note that ``problem`` stands on ``line``."""
        self.lines.append(f"{self.name}:{line}: {problem}")

    def check(self) -> None:
        """Raise ``ConfigError`` where anything was noted."""
        if self.lines:
            raise ConfigError(self.lines)


def finish(drafts: Sequence[Draft], name: str) -> tuple[Session, ...]:
    """Sessions with a code each, no two alike; raises ``ConfigError`` for stated repetitions."""
    problems = Problems(name)
    if not drafts:
        raise ConfigError([f"{name}: holds no session"])
    taken: set[str] = {draft.code for draft in drafts if draft.stated}
    stated: set[str] = set()
    sessions = []
    for draft in drafts:
        code = draft.code
        if draft.stated:
            if code in stated:
                problems.add(draft.line, f"code: {code!r} stands in the file twice")
            stated.add(code)
        else:
            code = _free_code(code or code_of_title(draft.title), taken)
            taken.add(code)
        values = {field: getattr(draft, field) for field in Session.__struct_fields__}
        sessions.append(Session(**{**values, "code": code}))
    problems.check()
    return tuple(sessions)


def _free_code(code: str, taken: set[str]) -> str:
    free, number = code, 1
    while free in taken:
        number += 1
        free = f"{code}-{number}"
    return free


def code_of_title(title: str) -> str:
    """A code for a session that has none: its title's words, folded, short enough for a link."""
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    words = CODE_UNSAFE.sub("-", plain.replace("_", "-")).strip("-.")
    short = words[:48]
    if len(words) > 48 and "-" in short[20:]:
        short = short.rpartition("-")[0]
    return short or "session"


def safe_code(identifier: str) -> str:
    """An export's id as a code: without what needs escaping in an address."""
    return CODE_UNSAFE.sub("-", identifier.strip()).strip("-.")[:64]


def plain_text(text: str | None) -> str:
    """A title, abstract or name without markup."""
    text = text or ""
    if MARKUP.search(text):
        text = html_to_text(text).text
    text = unescape(text) if "&" in text else text
    return safe_text(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(text: str | None) -> str:
    """The same with single spaces."""
    return " ".join(plain_text(text).split())


def abstract_of(*parts: str | None) -> str:
    """The parts that say something new, one paragraph each, bounded."""
    kept: list[str] = []
    for part in map(plain_text, parts):
        if part and not any(part in other for other in kept):
            kept.append(part)
    return "\n\n".join(kept)[:ABSTRACT_LIMIT]


def stamp(moment: datetime, zone: ZoneInfo) -> int:
    """UTC seconds; a moment without a zone is local to ``zone``. Raises ``ValueError``."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        found = int(aware.timestamp())
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is outside the calendar") from None
    if found < 0 or aware.year > 9998:
        raise ValueError(f"{moment.isoformat()} is outside the years 1970 to 9998")
    return found


def day_of(seconds: int, zone: ZoneInfo) -> Date:
    """The day that a moment falls on in ``zone``."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).date()


def set_times(
    draft: Draft, start: datetime | None, end: datetime | None, zone: ZoneInfo,
    length: timedelta | None = None,
) -> None:  # fmt: skip
    """Fill in date, start and end; raises ``ValueError`` where they contradict each other."""
    if start is None:
        return
    draft.start = stamp(start, zone)
    draft.date = draft.date or day_of(draft.start, zone)
    if end is not None:
        draft.end = stamp(end, zone)
    elif length is not None:
        draft.end = draft.start + int(length.total_seconds())
    if draft.end is not None:
        if draft.end < draft.start:
            raise ValueError(f"end: {end or length} is not after the start, {start}")
        if draft.end - draft.start > LONGEST_SESSION:
            raise ValueError(f"end: {end or length} is more than a month after the start")
        if draft.end == draft.start:
            draft.end = None


def speaker(name: str | None, *told: str | None) -> Speaker | None:
    """A person with the handles that ``told`` names: profile addresses and ``@user@host``."""
    shown = one_line(name)
    if not shown:
        return None
    found = (handle for text in told if text for handle in handles_in(text))
    return Speaker(shown, tuple(dict.fromkeys(found)))


def people(speakers: Iterable[Speaker | None]) -> tuple[Speaker, ...]:
    """Each person once, with all their handles."""
    merged: dict[str, Speaker] = {}
    for one in speakers:
        if one is not None:
            known = merged.get(one.name.casefold(), Speaker(one.name))
            handles = tuple(dict.fromkeys((*known.handles, *one.handles)))
            merged[one.name.casefold()] = Speaker(known.name, handles)
    return tuple(merged.values())


def handles_in(text: str) -> list[str]:
    """The handles that a text names beyond doubt: links to profiles, and ``@user@host``."""
    found: list[str] = []
    for match in PROFILE.finditer(text):
        if match["x"]:
            if match["x"].lower() not in X_PAGES:
                found.append(match["x"])
        elif match["bluesky"]:
            found.append(match["bluesky"])
        elif not OTHER_HOSTS.search(match["host"].lower()):
            found.append(f"{match['name']}@{match['host']}")
    found += (f"{match[1]}@{match[2]}" for match in FULL_HANDLE.finditer(text))
    return list(dict.fromkeys(fold_account(handle) for handle in found))


def handle_of_field(text: str) -> list[str]:
    """The handles in a field that is for handles, where a bare word is one as well."""
    rest = FULL_HANDLE.sub(" ", PROFILE.sub(" ", text))
    words = [BARE_HANDLE.fullmatch(word) for word in re.split(r"[\s,;]+", rest.strip())]
    return list(dict.fromkeys((*handles_in(text), *(fold_account(w[1]) for w in words if w))))
