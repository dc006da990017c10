"""Filters as they stand in a URL."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hashwatch.errors import FilterError, HashwatchError
from hashwatch.queries.buckets import (
    bucket_start,
    buckets_between,
    day_start,
    from_iso,
    local_parameter,
    to_iso,
)
from hashwatch.queries.clock import event_now
from hashwatch.queries.filters import NAMES, Filters, parse_filters, parse_range

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("sentiment", "angry", "positive, neutral, negative, unknown"),
        ("kind", "toot", "post, reply, quote, boost, original"),
        ("media", "maybe", "yes, no"),
        ("sort", "best", "newest, engaged"),
        ("language", "english", "a code of two or three letters"),
        ("from", "yesterday", "no date"),
        ("to", "2017-13-01", "no date"),
        ("from", "0001-01-01", ""),
        ("to", "9999-12-31", "no date"),
        ("q", "x" * 501, "longer than 500"),
        ("theme", "a\ud800b", "no text can hold"),
        ("colour", "red", "no such filter; there are q, theme"),
    ],
)
def test_a_bad_filter_is_named_with_what_is_allowed(name: str, value: str, says: str) -> None:
    """The error carries the filter's name and says what may stand there."""
    if not says:
        assert parse_filters({name: value}, LONDON).start is not None
        return
    with pytest.raises(FilterError) as caught:
        parse_filters({name: value}, LONDON)
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}: ")
    assert says in str(caught.value)
    assert isinstance(caught.value, HashwatchError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("given_", "first", "after"),
    [
        ("2017-03-31", "2017-03-30T23:00:00Z", "2017-03-31T23:00:00Z"),
        ("2017-03-26", "2017-03-26T00:00:00Z", "2017-03-26T23:00:00Z"),
        ("2017-10-29", "2017-10-28T23:00:00Z", "2017-10-30T00:00:00Z"),
        ("2017-03-31T10:45", "2017-03-31T09:45:00Z", "2017-03-31T09:46:00Z"),
        ("2017-03-31 10:45", "2017-03-31T09:45:00Z", "2017-03-31T09:46:00Z"),
        ("2017-03-31T10:45:30", "2017-03-31T09:45:30Z", "2017-03-31T09:45:31Z"),
        ("2017-03-31T10:45Z", "2017-03-31T10:45:00Z", "2017-03-31T10:46:00Z"),
        ("2017-03-31T10:45+02:00", "2017-03-31T08:45:00Z", "2017-03-31T08:46:00Z"),
        ("2017-03-31T10:45 02:00", "2017-03-31T08:45:00Z", "2017-03-31T08:46:00Z"),
    ],
)
def test_from_and_to_are_inclusive_in_the_events_zone(given_: str, first: str, after: str) -> None:
    """A day is a local day of 23 to 25 hours, a time its whole minute or second."""
    start, end = parse_range(given_, given_, LONDON)
    assert (to_iso(start or 0), to_iso(end or 0)) == (first, after)


def test_a_range_must_not_end_before_it_begins() -> None:
    """The end is blamed."""
    with pytest.raises(FilterError, match=r"^to: .*lies before from"):
        parse_filters({"from": "2017-03-31", "to": "2017-03-30"}, "Europe/London")


def test_names_are_folded_and_empty_filters_are_none() -> None:
    """Handles and hashtags compare without sign, case and accents; empty values filter nothing."""
    filters = parse_filters({"author": "@CPA_UK", "hashtag": "#Café", "q": " "}, LONDON)
    assert (filters.author, filters.hashtag, filters.q) == ("cpa_uk", "cafe", "")
    assert filters.parameters() == {"author": "cpa_uk", "hashtag": "cafe"}


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=30)))
@example({"hashtag": "¸"})
def test_filters_come_back_from_their_parameters(params: dict[str, str]) -> None:
    """What was understood is understood again, to the same end; all else is a FilterError."""
    try:
        filters = parse_filters(params, LONDON)
    except FilterError:
        return
    assert parse_filters(filters.parameters(), LONDON) == filters
    assert isinstance(filters, Filters)


@given(
    st.integers(0, 4_000_000_000),
    st.sampled_from(
        ["Europe/London", "UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]
    ),
)
def test_a_parameter_made_from_a_minute_means_that_minute(at: int, zone: str) -> None:
    """The time that a link carries leads back to the minute that it was made from."""
    at -= at % 60
    start, end = parse_range(*[local_parameter(at, ZoneInfo(zone))] * 2, ZoneInfo(zone))
    assert (start, end) == (at, at + 60)


@given(st.integers(1_300_000_000, 1_900_000_000), st.sampled_from(["minute", "hour", "day"]))
def test_buckets_hold_their_moments_and_leave_no_hole(at: int, grain: str) -> None:
    """A bucket begins at or before its moment, at a full local minute, hour or day."""
    first = bucket_start(at, grain, LONDON)  # type: ignore[arg-type]
    assert first <= at < first + 90_001
    assert bucket_start(first, grain, LONDON) == first  # type: ignore[arg-type]
    row = buckets_between(first, first + 200_000, grain, LONDON)  # type: ignore[arg-type]
    assert row[0] == first
    assert row == sorted(set(row))
    assert all(bucket_start(bucket, grain, LONDON) == bucket for bucket in row)  # type: ignore[arg-type]


def test_days_of_a_clock_change_have_23_and_25_hours() -> None:
    """In spring a day's hours are 23, in autumn 25, each its own bucket."""
    for day, hours in (("2017-03-26", 23), ("2017-10-29", 25)):
        start, end = parse_range(day, day, LONDON)
        assert start is not None
        assert end is not None
        assert len(buckets_between(start, end, "hour", LONDON)) == hours
        assert day_start(end, LONDON) == end


def test_the_clock_is_the_wall_a_replay_or_stands() -> None:
    """Live is the wall clock; a replay runs from where it was set; afterwards nothing moves."""
    at = from_iso("2017-03-31T09:30:00Z")
    wall = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()
    assert event_now("live", at, 0.0, 1.0, wall) == int(wall)
    assert event_now("replay", at, wall, 60.0, wall + 2.5) == at + 150
    assert event_now("replay", at, wall, 0.0, wall + 100) == at
    assert event_now("replay", at, wall, 60.0, wall - 5) == at
    assert event_now("over", at, 0.0, 1.0, wall) == at
