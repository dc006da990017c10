"""Programmes in CSV: whatever the columns are called, and whatever is wrong with them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.collect.programme import parse_programme
from hashwatch.errors import ConfigError
from hashwatch.model import Session, Speaker


def parse(text: str, format: str = "auto", **mapping: str) -> tuple[Session, ...]:
    return parse_programme(text.encode(), "Europe/London", "p.csv", format, mapping)


def problems(text: str, **mapping: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, **mapping)
    return caught.value.problems


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


def test_own_columns_in_any_order() -> None:
    """Handles belong to the speakers in turn, times to the date beside them in the event's zone."""
    (one,) = parse(
        "title,code,start,end,date,speakers,handles,hashtags,theme\n"
        'One,a1,9:00,10:00,2017-03-31,Ann Lee; Bo Chan,;@bo@m.example @bo_x,"#A; B",Rights\n'
    )
    assert one == Session(
        "a1", "One", date(2017, 3, 31), utc(2017, 3, 31, 8), utc(2017, 3, 31, 9), theme="Rights",
        speakers=(Speaker("Ann Lee"), Speaker("Bo Chan", ("bo@m.example", "bo_x"))),
        hashtags=("A", "B"),
    )  # fmt: skip


def test_what_is_not_given_is_left_open() -> None:
    """No time is invented for a session with a date alone; a code is made of its title."""
    (one,) = parse("title,date\nÉtat d’urgence: what now?,2017-03-31\n")
    assert one == Session("etat-d-urgence-what-now", "État d’urgence: what now?", date(2017, 3, 31))


def test_sched_exports() -> None:
    """Sched's columns are known by themselves; commas part speakers, hidden rows are dropped."""
    read = parse(
        "event_key,active,name,event_start,event_end,event_type,description,speakers,venue\n"
        'k1,Y,Hello,2026-01-31 09:30,2026-01-31 10:00,Talks,<p>Hi</p>,"Ann Lee, Bo",Hall\n'
        "k2,N,Hidden,2026-01-31 09:30,2026-01-31 10:00,Talks,,,Hall\n"
    )
    assert read == (
        Session("k1", "Hello", date(2026, 1, 31), utc(2026, 1, 31, 9, 30), utc(2026, 1, 31, 10),
                "Hall", "Talks", abstract="Hi", speakers=(Speaker("Ann Lee"), Speaker("Bo"))),
    )  # fmt: skip


def test_columns_of_a_hand_made_file_by_mapping() -> None:
    """An operator's mapping goes before what the columns are called."""
    (one,) = parse(
        "Vortrag;Wer;Tag;Zeit;Dauer\nHallo;Jo Beispiel;31.01.2026;14h30;45\n",
        title="Vortrag", speakers="Wer", date="Tag", start="Zeit", duration="Dauer",
    )  # fmt: skip
    assert (one.title, one.speakers) == ("Hallo", (Speaker("Jo Beispiel"),))
    assert (one.start, one.end) == (utc(2026, 1, 31, 14, 30), utc(2026, 1, 31, 15, 15))


@pytest.mark.parametrize(
    ("day", "start", "end", "expected"),
    [
        ("2026-01-31", "2:30 PM", "3 pm", ((2026, 1, 31, 14, 30), (2026, 1, 31, 15))),
        ("31/01/2026", "9:05", "", ((2026, 1, 31, 9, 5), None)),
        ("31 January 2026", "09:05", "10:00", ((2026, 1, 31, 9, 5), (2026, 1, 31, 10))),
        ("", "2026-01-31T09:05:00+05:30", "", ((2026, 1, 31, 3, 35), None)),
        ("2026-01-31", "23:00", "01:00", ((2026, 1, 31, 23), (2026, 2, 1, 1))),
    ],
)
def test_ways_to_write_times(
    day: str, start: str, end: str, expected: tuple[tuple[int, ...] | None, ...]
) -> None:
    """Twelve hours, national dates, ISO with a zone, and nights that end on the next day."""
    (one,) = parse(f"title,date,start,end\nX,{day},{start},{end}\n")
    assert (one.start, one.end) == tuple(utc(*moment) if moment else None for moment in expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code,titel\na,b\n", ["p.csv:1: no column is called 'titel'; did you mean 'title'?"]),
        ("title,speekers\na,b\n",
         ["p.csv:1: no column is called 'speekers'; did you mean 'speakers'?"]),
        ("code,title\na,b\na,c\n", ["p.csv:3: code: 'a' stands in the file twice"]),
        ("code,title\n,b\nx,\n", ["p.csv:2: code: is empty", "p.csv:3: title: is empty"]),
        ("title,start\nb,10:00\n", ["p.csv:2: start: 10:00 needs the date beside it"]),
        ("title,date\nb,soon\n", ["p.csv:2: date: 'soon' is not a date; write 2017-03-31"]),
        ("title,date,start,end\nb,2017-03-31,11:00,10:00\n",
         ["p.csv:2: end: 10:00 is not after the start, 11:00"]),
        ("title,date,start\nb,2017-03-31,25:00\n",
         ["p.csv:2: start: '25:00' is not a time; write 11:00"]),
        ("title,speakers,handles\nb,Ann,@a;@b\n", ["p.csv:2: handles: 2 of them for 1 speakers"]),
        ("title,tz\nb,Nowhere\n",
         ["p.csv:2: timezone: no time zone is called 'Nowhere'; one looks like Europe/London"]),
        ("title\n", ["p.csv: holds no session"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, expected: list[str]) -> None:
    """File, line, field and what to do."""
    problem_lines = problems(text)
    assert [line for line in problem_lines if "there is no column 'title'" not in line] == expected


def test_wrong_widths_and_quotes_are_named() -> None:
    """Too many cells, too few and a quotation mark that is never closed."""
    assert problems("title,room\na,b,c\n")[0].startswith("p.csv:2: it has 3 columns")
    assert problems("title,room,track\na,b\nc,d,e\n")[0].startswith("p.csv:2: it has")
    assert problems('title,room\na,"b\n')[0].startswith("p.csv:2: cannot be split")


def test_a_mapping_to_nothing_is_refused() -> None:
    """A field or a column that does not exist is named, with those that do."""
    assert "no field is called 'word'" in problems("title\na\n", word="title")[0]
    assert "no column is called 'Titel'" in problems("title\na\n", title="Titel")[0]


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=30), min_size=1)
)
def test_any_title_survives(titles: list[str]) -> None:
    """Each row that has a title becomes one session with a code of its own."""
    rows = "".join(f'"x{title}"\n' for title in titles)
    read = parse(f"title\n{rows}")
    assert len(read) == len({one.code for one in read}) == len(titles)
    assert all(one.code and one.title.startswith("x") for one in read)
