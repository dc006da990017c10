"""pretalx's API and schedule widget → sessions. (Its ``schedule.json`` is the schedule family's.)

Talks, submissions and slots have moved about between pretalx's versions; what is looked for here
is found in all of them: a code, a title that may be translated, speakers as objects or as codes,
and a slot within the talk, within its list of slots, or as the talk itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hashwatch.collect.programme_draft import (
    Draft,
    Problems,
    abstract_of,
    handle_of_field,
    one_line,
    people,
    safe_code,
    set_times,
    speaker,
)
from hashwatch.collect.programme_json import JsonObject, words_of
from hashwatch.collect.programme_schedule import (
    ABOUT_HANDLES,
    language_of,
    title_of,
    zone_called,
)
from hashwatch.model import Speaker

# States in which a talk is not (or no longer) on the programme.
OFF_PROGRAMME = frozenset(
    {"canceled", "cancelled", "rejected", "withdrawn", "draft", "deleted", "submitted"}
)
MARKS = ("slot", "slots", "submission_type", "start", "speakers")


def is_pretalx(value: JsonObject) -> bool:
    """Whether this JSON holds pretalx's talks."""
    talks = _talks(value)
    titled = all("title" in talk or "submission" in talk for talk in talks[:3])
    return bool(talks) and titled and any(mark in talks[0] for mark in MARKS)


def _talks(value: JsonObject) -> list[JsonObject]:
    talks = value.objects("talks") or value.objects("results") or value.objects("slots")
    return talks if not any("_type" in talk for talk in talks[:1]) else []


def parse_pretalx(value: JsonObject, zone: ZoneInfo, name: str) -> list[Draft]:
    """The talks that have not been called off. Raises ``ConfigError`` with all that is wrong."""
    zone = zone_called(value.text("timezone"), zone)
    names = {kind: _by_id(value.objects(kind)) for kind in ("speakers", "tracks", "rooms")}
    problems, drafts = Problems(name), []
    for talk in _talks(value):
        inner = talk.object("submission")  # an API slot with its submission expanded
        merged = JsonObject({**inner, **talk}) if inner else talk
        merged.line = talk.line
        if merged.text("state").lower() in OFF_PROGRAMME or not merged.text("title"):
            continue  # breaks in the widget have no title of their own
        try:
            drafts += _drafts(merged, names, zone)
        except ValueError as error:
            problems.add(talk.line, error)
    problems.check()
    return drafts


def _drafts(
    talk: JsonObject, names: Mapping[str, Mapping[str, JsonObject]], zone: ZoneInfo
) -> list[Draft]:
    slots = [slot for slot in talk.objects("slots") if slot.text("start")]
    if not slots:
        slots = [talk.object("slot") or talk]
    drafts = []
    for slot in slots:
        draft = Draft(
            line=talk.line,
            title=title_of(talk.text("title"), ""),
            code=safe_code(talk.text("code") or talk.text("id")),
            room=one_line(_named(slot.get("room") or talk.get("room"), names["rooms"])),
            track=one_line(_named(talk.get("track"), names["tracks"])),
            abstract=abstract_of(talk.text("abstract"), talk.text("description")),
            language=language_of(talk.text("content_locale", "language")),
            url=talk.text("url"),
            speakers=people(_speaker(one, names["speakers"]) for one in _list(talk, "speakers")),
        )
        minutes = talk.text("duration")
        length = timedelta(minutes=int(minutes)) if minutes.isdigit() else None
        set_times(draft, _moment("start", slot), _moment("end", slot), zone, length)
        drafts.append(draft)
    return drafts


def _by_id(items: list[JsonObject]) -> dict[str, JsonObject]:
    return {item.text("code", "id"): item for item in items}


def _list(talk: JsonObject, key: str) -> list[object]:
    value = talk.get(key)
    return value if isinstance(value, list) else []


def _named(value: object, known: Mapping[str, JsonObject]) -> str:
    """The name behind an id, an object with a name, or translations of one."""
    if isinstance(value, int | str) and str(value) in known:
        return known[str(value)].text("name")
    if isinstance(value, JsonObject):
        return value.text("name") or words_of(value)
    return "" if isinstance(value, int) else words_of(value)


def _speaker(value: object, known: Mapping[str, JsonObject]) -> Speaker | None:
    person = known.get(value) if isinstance(value, str) else value
    if not isinstance(person, JsonObject):
        return None
    found = speaker(person.text("name", "public_name"), person.text("biography"))
    if found is None:
        return None
    answers = [
        handle
        for answer in person.objects("answers")
        if ABOUT_HANDLES.search(words_of(answer.object("question").get("question")))
        for handle in handle_of_field(answer.text("answer"))
    ]
    return Speaker(found.name, tuple(dict.fromkeys((*found.handles, *answers))))


def _moment(key: str, slot: JsonObject) -> datetime | None:
    text = slot.text(key)
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"{key}: {text[:40]!r} is not an ISO time") from None
