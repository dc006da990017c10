"""The ways in which archives write times."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashwatch.collect.times import TimeError, TimeReader, date_order, iso_time, x_time

MOMENT = 1_490_956_200  # 2017-03-31 10:30:00 UTC


@pytest.mark.parametrize(
    "text",
    [
        "2017-03-31T10:30:00Z",
        "2017-03-31T10:30:00.999Z",
        "2017-03-31 10:30:00+00:00",
        "2017-03-31T12:30:00+0200",
        "2017-03-31 10:30:00 UTC",
        "2017-03-31 10:30 GMT",
        "2017-03-31 11:30:00 UTC+1",
        "2017-03-31 05:30:00.123456789 -05:00",
        "Fri Mar 31 10:30:00 +0000 2017",
        "Fri, 31 Mar 2017 10:30:00 GMT",
        "Fri, 31 Mar 17 10:30:00 +0000",
        "Fri, 31 Mar 2017 06:30:00 EDT",
        "31 March 2017 10:30 Z",
        "1490956200",
        "1490956200.75",
        "1490956200000",
        "1490956200000000",
    ],
)
def test_a_time_with_its_zone_is_read_to_the_second(text: str) -> None:
    """ISO, X's, e-mail's and epoch forms mean the same moment, rounded down."""
    assert TimeReader().read(f" {text} ") == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        "2017-03-31 11:30",
        "2017/3/31 11:30:00",
        "31.03.2017 11:30",
        "31.3.17, 11:30 Uhr",
        "31/03/2017 11:30:00",
        "3/31/2017 11:30:00 AM",
        "31-Mar-17 11:30",
        "Mar 31, 2017 11:30 AM",
        "11:30 AM - 31 Mar 2017",
        "March 31st 2017, 11:30:00 am",
    ],
)
def test_a_local_time_needs_the_stated_zone(text: str) -> None:
    """Common local forms are read in the zone; without one they are refused."""
    assert TimeReader(ZoneInfo("Europe/London")).read(text) == MOMENT
    with pytest.raises(TimeError, match="--timezone"):
        TimeReader().read(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("soon", "cannot be read"),
        ("2017-03-31", "time of day"),
        ("20170331", "cannot be read"),
        ("31/03 10:30", "no year"),
        ("Mar 31 10:30:00", "no year"),
        ("Fri Mar 31 10:30:00 +0000", "no year"),
        ("Mar 2017 10:30", "no day"),
        ("03/04/2017 10:30", "day or the month"),
        ("2017-02-30 10:30", "calendar"),
        ("2017-03-31 25:30", "calendar"),
        ("2017-03-31 13:30 PM", "impossible hour"),
        ("2017-03-31 10:30 BST", "more than one meaning"),
        ("2017-03-31 10:30 +99:00", "impossible zone"),
        ("1969-12-31T23:59:59Z", "1970"),
        ("0001-01-01T00:00:00+14:00", "1970"),
        ("10:30", "cannot be read"),
        ("42825.4375", "cannot be read"),
    ],
)
def test_a_time_that_would_have_to_be_invented_is_refused(text: str, reason: str) -> None:
    """The reason names what is missing."""
    with pytest.raises(TimeError, match=reason):
        TimeReader(UTC).read(text)


@pytest.mark.parametrize(
    ("samples", "order"),
    [
        (["03/04/2017 1:00", "13/04/2017 1:00"], "day"),
        (["03/04/2017 1:00", "04/13/2017 1:00"], "month"),
        (["03/04/2017 1:00"], None),
        (["13/04/2017 1:00", "04/13/2017 1:00"], None),
        (["13.04.2017 1:00", "2017-04-13"], None),
    ],
)
def test_the_files_own_dates_show_their_order(samples: list[str], order: str | None) -> None:
    """One date past the twelfth tells for all; a contradiction tells nothing."""
    assert date_order(samples) == order


def test_the_order_decides_what_a_date_means() -> None:
    """3 April or 4 March."""
    text = "03/04/2017 00:00"
    april = int(datetime(2017, 4, 3, tzinfo=UTC).timestamp())
    march = int(datetime(2017, 3, 4, tzinfo=UTC).timestamp())
    assert TimeReader(UTC, "day").read(text) == april
    assert TimeReader(UTC, "month").read(text) == march


@settings(deadline=None)
@given(st.integers(0, 4_000_000_000))
def test_every_moment_survives_every_form(moment: int) -> None:
    """Written in each form and read again, a second stays that second."""
    when = datetime.fromtimestamp(moment, UTC)
    reader = TimeReader(UTC)
    x_form = when.strftime("%a %b %d %H:%M:%S +0000 %Y")
    assert x_time(x_form) == moment
    assert iso_time(when.isoformat()) == moment
    for text in (
        x_form,
        when.isoformat(),
        format_datetime(when),
        when.strftime("%d.%m.%Y %H:%M:%S"),
        when.strftime("%d %B %Y %I:%M:%S %p"),
    ):
        assert reader.read(text) == moment
    if moment >= 100_000_000:
        assert reader.read(str(moment)) == reader.read(f"{moment}123") == moment


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"[\d/:.,+ -]{0,30}(am|Mar|UTC)?[\d/: ]{0,9}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else than ``TimeError`` comes out."""
    for read in (TimeReader(UTC).read, x_time, iso_time):
        try:
            moment = read(text)
        except TimeError:
            continue
        datetime.fromtimestamp(moment, ZoneInfo("Pacific/Kiritimati"))
