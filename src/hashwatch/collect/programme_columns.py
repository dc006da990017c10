"""What the columns of programmes in CSV are called → the fields of a session."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

FIELDS = (
    "code", "date", "start", "end", "duration", "title", "subtitle", "speakers", "moderators",
    "handles", "room", "track", "theme", "abstract", "language", "url", "hashtags", "timezone",
    "active",
)  # fmt: skip

# Other names, the likeliest first: those of Sched, Sessionize, ConfTool, Indico and hand-made ones.
ALIASES: dict[str, tuple[str, ...]] = {
    "code": ("event_key", "session_id", "event_id", "talk_id", "submission_id", "paper_id", "id",
             "key"),
    "date": ("day", "event_date", "start_date", "session_date"),
    "start": ("event_start", "start_time", "starts_at", "start_date_time", "start_date_and_time",
              "session_start", "begin", "begins", "starts", "from", "time"),
    "end": ("event_end", "end_time", "ends_at", "end_date_time", "end_date_and_time",
            "session_end", "finish", "ends", "until"),
    "duration": ("length", "minutes", "duration_minutes"),
    "title": ("event_name", "name_of_session", "session_title", "talk_title", "paper_title",
              "session_name", "talk", "name", "session", "summary"),
    "speakers": ("speaker", "presenters", "presenter", "speaker_names", "speaker_name", "authors",
                 "author", "panelists", "panellists", "artists"),
    "moderators": ("moderator", "chair", "chairs", "chairpersons", "facilitators"),
    "handles": ("handle", "twitter", "mastodon", "bluesky", "speaker_handles", "twitter_handle"),
    "room": ("venue", "location", "hall", "place", "stage"),
    "track": ("event_type", "session_track", "category", "stream", "session_type", "type",
              "session"),
    "theme": ("topic", "subject"),
    "abstract": ("description", "event_description", "session_description", "details", "text"),
    "language": ("lang",),
    "url": ("link", "event_url", "session_url", "web_page"),
    "hashtags": ("hashtag", "tag"),
    "timezone": ("tz", "time_zone"),
    "active": ("published", "event_active"),
}  # fmt: skip
SCHED_MARKS = frozenset({"event_key", "event_start", "event_type", "event_subtype"})


def normal(column: str) -> str:
    """A column's name for comparison: ``Start date & time`` → ``start_date_time``."""
    return re.sub(r"[\W_]+", "_", column.strip().casefold()).strip("_")


def map_programme_columns(
    header: Sequence[str], mapping: Mapping[str, str]
) -> tuple[dict[str, int], list[str]]:
    """Which column (from 0) holds which field, and what is wrong with the header.

    ``mapping`` (field → column, as an operator states it) goes first, then the fields' own names,
    then their aliases. A column that is none of these is left alone, unless it looks like a field
    misspelt.
    """
    names = [normal(column) for column in header]
    places, problems = _stated(header, names, mapping)
    for field in FIELDS:
        if field not in places and field in names and names.index(field) not in places.values():
            places[field] = names.index(field)
    for field in FIELDS:
        for alias in ALIASES.get(field, ()):
            if field in places:
                break
            if alias in names and names.index(alias) not in places.values():
                places[field] = names.index(alias)
    for place, column in enumerate(names):
        if place not in places.values():
            free = [field for field in FIELDS if field not in places]
            near = get_close_matches(column, free, n=1, cutoff=0.75)
            if near and len(column) > 3:
                meant = f"did you mean {near[0]!r}?"
                problems.append(f"no column is called {header[place]!r}; {meant}")
    if "title" not in places:
        found = ", ".join(repr(column.strip()) for column in header if column.strip())
        problems.append(f"there is no column 'title'; there are {found or 'none'}")
    return places, problems


def _stated(
    header: Sequence[str], names: Sequence[str], mapping: Mapping[str, str]
) -> tuple[dict[str, int], list[str]]:
    places: dict[str, int] = {}
    problems = []
    for field, column in mapping.items():
        if field not in FIELDS:
            problems.append(f"no field is called {field!r}; there are {', '.join(FIELDS)}")
        elif normal(column) not in names:
            shown = ", ".join(repr(name.strip()) for name in header)
            problems.append(f"no column is called {column!r}; there are {shown}")
        else:
            places[field] = names.index(normal(column))
    return places, problems
