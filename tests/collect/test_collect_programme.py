"""Programmes of every format become sessions; what is wrong is named by line."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashwatch.collect.programme import FORMATS, parse_programme, read_programme
from hashwatch.errors import ConfigError
from hashwatch.model import Session, Speaker

PROGRAMMES = Path(__file__).parents[2] / ".." / "shared" / "programmes"


def parse(
    text: str, timezone: str = "Europe/Brussels", format: str = "auto"
) -> tuple[Session, ...]:
    return parse_programme(text.encode(), timezone, "p", format)


def problems(text: str, format: str = "auto") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, format=format)
    return caught.value.problems


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


@pytest.mark.skipif(not PROGRAMMES.is_dir(), reason="the real programmes are not on this machine")
@pytest.mark.parametrize(
    ("file", "sessions", "tracks", "timezone", "first"),
    [
        ("fosdem2026.xml", 1079, 71, "UTC", (2026, 1, 31, 8, 30)),
        ("38c3_2024.xml", 1007, 8, "UTC", (2024, 12, 27, 9, 30)),
        ("frab_camp2019.json", 79, 7, "UTC", (2019, 8, 21, 9, 0)),
        ("pretalx_rc3_2020.json", 48, 5, "UTC", (2020, 12, 27, 10, 30)),
        ("user2018.csv", 174, 36, "UTC", (2018, 7, 11, 4, 40)),
    ],
)
def test_real_programmes_import_whole(
    file: str, sessions: int, tracks: int, timezone: str, first: tuple[int, ...]
) -> None:
    """Every session of a real file is there, with its track, its title and its time in its zone."""
    started = time.perf_counter()
    read = read_programme(PROGRAMMES / file, timezone)
    assert time.perf_counter() - started < 3
    assert len(read) == sessions
    assert len({session.code for session in read}) == sessions
    assert len({session.track for session in read}) == tracks
    assert read[0].start == utc(*first)
    assert all(session.title and session.start for session in read)
    assert not any("<p>" in session.abstract for session in read)


@pytest.mark.skipif(not PROGRAMMES.is_dir(), reason="the real programmes are not on this machine")
def test_a_row_broken_by_a_line_break_is_whole() -> None:
    """A lone carriage return in an unquoted cell of a real file does not lose the session."""
    read = read_programme(PROGRAMMES / "user2018.csv", "UTC")
    broken = next(one for one in read if one.title.startswith("Augmented Lagrangian"))
    assert "\nThe positivity constraint" in broken.abstract
    assert broken.speakers == (Speaker("Andrew Locke"),)


SCHEDULE = """<?xml version="1.0"?>
<schedule><conference><time_zone_name>Europe/Berlin</time_zone_name>
<day_change>06:00</day_change></conference>
<day date="2026-03-28" index="1"><room name="Hall A">
<event id="17"><start>23:30</start><duration>01:00</duration><title>Late &amp; loud</title>
<subtitle>A subtitle</subtitle><track>Night</track><language>de-formal</language>
<abstract>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;</abstract><description></description>
<persons><person id="1">Ada Example</person><person id="2">Ada Example</person></persons></event>
<event id="18"><start>01:15</start><duration>0:45</duration><title>After midnight</title></event>
</room></day></schedule>"""


def test_pentabarf_times_cross_midnight_in_the_files_own_zone() -> None:
    """A start before the day's change belongs to the next calendar day, in the file's zone."""
    late, after = parse(SCHEDULE, "UTC")
    assert late == Session(
        "17", "Late & loud", date(2026, 3, 28), utc(2026, 3, 28, 22, 30), utc(2026, 3, 28, 23, 30),
        "Hall A", "Night", abstract="A subtitle\n\nOne\n\nTwo", language="de",
        speakers=(Speaker("Ada Example"),),
    )  # fmt: skip
    assert (after.start, after.end) == (utc(2026, 3, 29, 0, 15), utc(2026, 3, 29, 1, 0))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('<!DOCTYPE a [<!ENTITY e "boom">]><schedule>&e;</schedule>', 1),
        ("<schedule>\n<day>\n</schedule>", 3),
        ("<html><body/></html>", 1),
        (SCHEDULE.replace("0:45", "three"), 9),
        (SCHEDULE.replace("After midnight", ""), 9),
        (SCHEDULE.replace("01:15", "26:15"), 9),
    ],
)
def test_bad_xml_is_refused_with_its_line(text: str, line: int) -> None:
    """Entities, broken markup and events that cannot be are named by file and line."""
    assert problems(text)[0].startswith(f"p:{line}: ")


JSON_SCHEDULE = """{"schedule": {"conference": {"time_zone_name": "Europe/Berlin", "days": [
 {"date": "2026-03-28", "rooms": {"Hall": [
  {"id": 5, "slug": "AB12CD-hello", "title": "Hello", "date": "2026-03-28T10:00:00+01:00",
   "start": "10:00", "duration": "00:30", "track": "Main", "language": "en", "abstract": "A.",
   "persons": [{"public_name": "Bo Example", "biography": "Also @bo@social.example.",
     "answers": [{"question": "Mastodon or other handle", "answer": "@bo_ex"}]}]},
  {"id": 6, "title": "Broken", "date": "tomorrowT"}]}}]}}}"""


def test_schedule_json_gives_handles_and_pretalx_codes() -> None:
    """Handles come from answers and full handles; the code is pretalx's where the slug has it."""
    good = JSON_SCHEDULE.replace('"tomorrowT"', "null")
    first, second = parse(good, "UTC")
    assert first.code == "AB12CD"
    assert first.start == utc(2026, 3, 28, 9, 0)
    assert first.speakers == (Speaker("Bo Example", ("bo@social.example", "bo_ex")),)
    assert second == Session("6", "Broken", date(2026, 3, 28), room="Hall")


def test_what_is_wrong_in_json_is_named_by_line() -> None:
    """An event's line is known in JSON as well; so is that of a syntax error."""
    assert problems(JSON_SCHEDULE) == ["p:7: date: 'tomorrowT' is not an ISO time"]
    assert problems('{"a": 1,\n "b": }')[0].startswith("p:2: is no valid JSON")
    assert problems("[" * 100_000)[0].startswith("p:1: ")
    assert "is no programme of" in problems('{"name": "x"}')[0]


WIDGET = """{"timezone": "Europe/Brussels", "event_start": "2026-01-31",
"speakers": [{"code": "SPK1", "name": "Cy Example"}], "tracks": [{"id": 7, "name": {"en": "Go"}}],
"rooms": [{"id": 3, "name": {"de": "Saal 3"}}],
"talks": [{"code": "T1", "id": 1, "title": {"en": "Widgets"}, "abstract": "About.",
 "speakers": ["SPK1"], "track": 7, "room": 3, "start": "2026-01-31T10:00:00+01:00",
 "end": "2026-01-31T10:25:00+01:00", "state": "confirmed"},
 {"code": "T2", "title": "Gone", "speakers": [], "state": "canceled", "start": "2026-01-31T11:00"},
 {"id": 9, "title": null, "start": "2026-01-31T12:00:00+01:00"}]}"""
API = """{"count": 1, "results": [{"code": "T9", "title": "From the API", "state": "confirmed",
"speakers": [{"code": "S", "name": "Di Example", "biography": "https://chaos.example/@di"}],
"track": {"en": "Main"}, "submission_type": {"en": "Talk"}, "content_locale": "en",
"slots": [{"room": {"name": {"en": "R1"}}, "start": "2026-01-31T10:00:00Z",
 "end": "2026-01-31T10:30:00Z"},
 {"room": {"name": {"en": "R2"}}, "start": "2026-01-31T15:00:00Z"}]}]}"""


def test_pretalx_widget_and_api() -> None:
    """Talks with speakers, tracks and rooms by id or in full; cancelled ones are left out."""
    (widget,) = parse(WIDGET, "UTC", "pretalx")
    assert (widget.code, widget.track, widget.room) == ("T1", "Go", "Saal 3")
    assert widget.speakers == (Speaker("Cy Example"),)
    assert (widget.start, widget.end) == (utc(2026, 1, 31, 9), utc(2026, 1, 31, 9, 25))
    once, again = parse(API, "UTC")
    assert (once.code, again.code) == ("T9", "T9-2")
    assert (once.room, again.room, once.track) == ("R1", "R2", "Main")
    assert once.speakers == (Speaker("Di Example", ("di@chaos.example",)),)


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
X-WR-TIMEZONE:Europe/Lisbon
BEGIN:VEVENT
UID:AB12CD@pretalx.example
DTSTART;TZID=/vendor/2020/Europe/Berlin:20260328T100000
DURATION:PT1H30M
SUMMARY:Folding\\, unfold
 ing\\; and commas
DESCRIPTION:First\\nsecond
LOCATION:Hall A
CATEGORIES:Main Track,Other
ATTENDEE;ROLE=REQ-PARTICIPANT;CN="Example, Eve":invalid:nomail
BEGIN:VALARM
SUMMARY:not this
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20260328T130000
DTEND:20260328T140000
SUMMARY:Floating
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART;VALUE=DATE:20260329
SUMMARY:All day
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTART:20260328T130000Z
STATUS:CANCELLED
SUMMARY:Off
END:VEVENT
END:VCALENDAR
"""


def test_icalendar_zones_folding_and_cancelled_events() -> None:
    """Own zones, the calendar's zone, whole days; a cancelled event is no session."""
    first, floating, day = parse(CALENDAR.replace("\n", "\r\n"), "UTC")
    assert first == Session(
        "AB12CD", "Folding, unfolding; and commas", date(2026, 3, 28), utc(2026, 3, 28, 9),
        utc(2026, 3, 28, 10, 30), "Hall A", "Main Track", abstract="First\nsecond",
        speakers=(Speaker("Example, Eve"),),
    )  # fmt: skip
    assert (floating.start, floating.end) == (utc(2026, 3, 28, 13), utc(2026, 3, 28, 14))
    assert (day.date, day.start) == (date(2026, 3, 29), None)


def test_bad_icalendar_is_refused_with_its_line() -> None:
    """An unknown zone, a time that is none and a file cut off are named by line."""
    wrong = CALENDAR.replace("/vendor/2020/Europe/Berlin", "Moon/Base").replace(
        "DTEND:20260328T140000", "DTEND:noonT"
    )
    assert [line[:5] for line in problems(wrong)] == ["p:4: ", "p:18:"]
    assert "cut off" in problems(CALENDAR[: CALENDAR.index("END:VCALENDAR")])[0]


INDICO = """{"_type": "HTTPAPIResult", "count": 1, "results": [{"_type": "Conference", "id": "1",
"title": "Conf", "contributions": [
 {"_type": "Contribution", "id": "12", "title": "Quarks", "description": "<b>Bold</b> text",
  "startDate": {"date": "2026-04-29", "time": "11:00:00", "tz": "Europe/Zurich"},
  "endDate": {"date": "2026-04-29", "time": "11:30:00", "tz": "Europe/Zurich"},
  "speakers": [{"first_name": "Flo", "last_name": "Example", "fullName": "Example, Flo"}],
  "session": "Plenary", "room": "Aula"},
 {"_type": "Contribution", "id": "13", "title": "Unplaced", "startDate": null}]}]}"""
TIMETABLE = """{"_type": "HTTPAPIResult", "results": {"1": {"20260429": {
 "s1": {"entryType": "Session", "title": "Morning", "entries": {
  "c2": {"entryType": "Contribution", "title": "Leptons", "contributionId": 2,
   "startDate": {"date": "2026-04-29", "time": "09:00:00", "tz": "UTC"},
   "presenters": [{"name": "Example, Gus", "familyName": "", "firstName": ""}]},
  "b3": {"entryType": "Break", "title": "Coffee"}}},
 "b4": {"entryType": "Break", "title": "Lunch"}}}}}"""


def test_indico_contributions_and_timetable() -> None:
    """Contributions with zone, session and speakers; breaks are no sessions."""
    quarks, unplaced = parse(INDICO, "UTC")
    assert quarks == Session(
        "12", "Quarks", date(2026, 4, 29), utc(2026, 4, 29, 9), utc(2026, 4, 29, 9, 30), "Aula",
        "Plenary", abstract="Bold text", speakers=(Speaker("Flo Example"),),
    )  # fmt: skip
    assert unplaced == Session("13", "Unplaced")
    (leptons,) = parse(TIMETABLE, "UTC", "indico")
    assert (leptons.title, leptons.track, leptons.start) == (
        "Leptons",
        "Morning",
        utc(2026, 4, 29, 9),
    )
    assert leptons.speakers == (Speaker("Gus Example"),)


def test_a_wrong_format_says_so() -> None:
    """A format that the file is not in, or that there is none of, is refused in words."""
    assert "begins like json" in problems(WIDGET, "ical")[0]
    assert "no format 'word'" in problems("title\nx", "word")[0]
    assert all(name in problems("title\nx", "word")[0] for name in FORMATS)
    assert "is no programme of indico" in problems(WIDGET, "indico")[0]


def test_files_are_read_compressed_and_missing_ones_named(tmp_path: Path) -> None:
    """gzip is undone; a file that is not there is named."""
    (tmp_path / "p.xml.gz").write_bytes(gzip.compress(SCHEDULE.encode()))
    assert len(read_programme(tmp_path / "p.xml.gz", "UTC")) == 2
    with pytest.raises(ConfigError, match=r"none\.csv"):
        read_programme(tmp_path / "none.csv", "UTC")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([SCHEDULE, JSON_SCHEDULE, WIDGET, API, CALENDAR, INDICO, TIMETABLE]),
    st.integers(0, 2_000),
    st.integers(0, 40),
    st.binary(max_size=6),
)
def test_damaged_files_never_crash(text: str, at: int, length: int, put: bytes) -> None:
    """Whatever is cut out or put in, the answer is sessions or lines that say what is wrong."""
    data = text.encode()
    damaged = data[:at] + put + data[at + length :]
    try:
        said = [session.title for session in parse_programme(damaged, "UTC", "p")]
    except ConfigError as error:
        said = [problem for problem in error.problems if problem.startswith("p:")]
    assert said
