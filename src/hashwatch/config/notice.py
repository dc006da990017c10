"""A privacy notice for those whose posts are collected, from the configuration. Pure.

It says in plain words what this configuration does; who runs hashwatch reads it, adds what law asks
of them, and puts it where people find it. In English and French.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

from hashwatch.model import Event

LANGUAGES = ("en", "fr")
PLATFORMS = {
    "mastodon": "Mastodon", "misskey": "Misskey", "lemmy": "Lemmy", "bluesky": "Bluesky", "x": "X",
    "rss": "RSS", "threads": "Threads", "youtube": "YouTube", "nostr": "Nostr",
}  # fmt: skip
NOT_LIVE = ("replay",)


def privacy_notice(
    event: Event, sources: Iterable[str], organiser: str, contact: str, language: str = "en"
) -> str:
    """The notice of an event as Markdown; ``sources`` are names of the configuration.

    ``contact`` is an address of any kind. Raises ``ValueError`` for a language there is not.
    """
    if language not in LANGUAGES:
        raise ValueError(language)
    live = [PLATFORMS.get(name, name) for name in sources if name not in NOT_LIVE]
    hashtags = [f"#{hashtag}" for hashtag in event.hashtags]
    accounts = [f"@{account}" for account in event.accounts]
    facts = {
        "title": event.title,
        "organiser": organiser,
        "contact": contact,
        "tags": _joined([*hashtags, *accounts], language),
        "platforms": _joined(live, language) or _NONE[language],
        "from": _day(event.collect_from, event.timezone, language),
        "until": _day(event.collect_until - 1, event.timezone, language),
        "keep": _KEPT[language].format(_day(event.keep_until, event.timezone, language))
        if event.keep_until is not None
        else _UNTIL_ERASED[language],
        "public": _MODERATED_LATE[language] if event.post_moderated else _MODERATED[language],
    }
    text = files("hashwatch.config") / "notices" / f"{language}.md"
    return text.read_text(encoding="utf-8").format(**facts)


def _joined(names: list[str], language: str) -> str:
    last = {"en": "and", "fr": "et"}[language]
    return (
        names[0]
        if len(names) == 1
        else f"{', '.join(names[:-1])} {last} {names[-1]}"
        if names
        else ""
    )


def _day(at: int, timezone: str, language: str) -> str:
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(timezone))
    if language == "en":
        return f"{local.day} {local:%B %Y}"
    first = "1er" if local.day == 1 else str(local.day)
    return f"{first} {_MONTHS[local.month - 1]} {local.year}"


_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
    "novembre", "décembre",
)  # fmt: skip
_NONE = {"en": "no platform at present", "fr": "aucune plateforme à présent"}
_KEPT = {
    "en": "They are kept until {0} and deleted then, by themselves.",
    "fr": "Ils sont conservés jusqu’au {0}, puis supprimés automatiquement.",
}
_UNTIL_ERASED = {
    "en": "They are kept until they are deleted; no date is set.",
    "fr": "Ils sont conservés jusqu’à leur suppression ; aucune date n’est fixée.",
}
_MODERATED = {
    "en": "Posts appear on screens and public pages only after a person has approved them.",
    "fr": "Les messages ne paraissent sur les écrans et les pages publiques qu’après l’accord d’une"
    " personne.",
}
_MODERATED_LATE = {
    "en": "Posts may appear on screens and public pages before a person has looked at them.",
    "fr": "Les messages peuvent paraître sur les écrans et les pages publiques avant que personne"
    " ne les ait lus.",
}
