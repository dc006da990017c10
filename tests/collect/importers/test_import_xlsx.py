"""Excel workbooks, whether TAGS' or anybody's, hostile ones among them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from collect.importers.containers import zip_of
from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

HEADER = ("id", "created_at", "author", "text", "likes")
ROW = ("5", "2017-03-31T10:30:00Z", "ada", "Hello #NatSec17", 3)
MIDNIGHT = datetime(2017, 3, 31)  # noqa: DTZ001 - a sheet's times have no zone
PLACES = st.floats(0, 1, exclude_max=True)
SHEET = "xl/worksheets/sheet1.xml"


def read(path: Path, form: str = "auto", **stated: Any) -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer(form, path).read(path, ImportSettings(**stated)))
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        warnings=pages[-1].warnings,
        progress=pages[-1].progress,
    )


def workbook(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """A workbook with these sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def parts(path: Path, **changes: bytes) -> Path:
    """A workbook of one row with some of its parts replaced; underscores stand for slashes."""
    workbook(path, posts=[HEADER, ROW])
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files.update({name.replace("__", "/") + ".xml": content for name, content in changes.items()})
    path.write_bytes(zip_of(files))
    return path


def sheet_of(rows: str, prologue: str = "") -> bytes:
    """The XML of a sheet."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return (
        f'<?xml version="1.0"?>{prologue}<worksheet xmlns="{space}"><sheetData>{rows}'
        "</sheetData></worksheet>"
    ).encode()


def row_of(number: object, *cells: str) -> str:
    """The XML of a row of texts."""
    inside = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for letter, cell in zip("ABCDEFGH", cells, strict=False)
    )
    return f'<row r="{number}">{inside}</row>'


def test_a_workbook_is_read_as_its_csv_would_be(tmp_path: Path) -> None:
    """The same posts under the same URIs; a refused row has its own number as its line."""
    rows = [HEADER, ROW, ("6", "never", "bo", "two\nlines", 1), (), ("7", *ROW[1:])]
    page = read(workbook(tmp_path / "posts.xlsx", posts=rows))
    assert [post.uri for post in page.posts] == ["csv:post/5", "csv:post/7"]
    assert (page.posts[0].text, page.posts[0].hashtags) == ("Hello #NatSec17", ("NatSec17",))
    assert page.posts[0].engagement.likes == 3
    assert json.loads(page.posts[0].raw)["likes"] == "3"
    (reject,) = page.rejects
    assert reject.where == "line 3"
    assert reject.raw == b'6,never,bo,"two\nlines",1\r\n'
    assert 0 < page.progress <= (tmp_path / "posts.xlsx").stat().st_size


def test_columns_are_mapped_as_in_any_table(tmp_path: Path) -> None:
    """Below a title, and with rows that are shorter or longer than the header."""
    rows = [
        (), ("", ""), ("Nr", "Wann", "Wer", "Was"),
        ("1", "2017-03-31 12:00", "ada", "Hallo"), ("2", "2017-03-31 12:00", "bo", "Da", "zu viel"),
        ("3", "2017-03-31 12:00"),
    ]  # fmt: skip
    columns = {"id": "Nr", "created_at": "Wann", "author": "Wer", "text": "Was"}
    path = workbook(tmp_path / "x.xlsx", Tabelle=rows)
    page = read(path, "csv", columns=columns, timezone="Europe/Berlin")
    assert [(post.uri, post.created_at) for post in page.posts] == [("csv:post/1", 1_490_954_400)]
    assert [(one.where, one.reason) for one in page.rejects] == [
        ("line 5", "it has more columns than the header"), ("line 6", "its text is empty"),
    ]  # fmt: skip


def test_the_sheet_with_the_posts_is_found(tmp_path: Path) -> None:
    """TAGS puts its settings first."""
    tags = ("id_str", "from_user", "text", "created_at", "time", "status_url", "entities_str")
    row = (
        "847763000000000123", "Ada_Example", "R&amp;D at #NatSec17",
        "Fri Mar 31 10:30:00 +0000 2017", MIDNIGHT + timedelta(hours=11.5), "", "",
    )  # fmt: skip
    path = workbook(
        tmp_path / "tags.xlsx",
        Readme=[("Instructions",), ("1. Set up",)], Archive=[tags, row], Summary=[("Top", "text")],
    )  # fmt: skip
    assert find_importer("auto", path).name == "tags"
    (post,) = read(path).posts
    assert post.uri == "https://x.com/i/status/847763000000000123"
    assert (post.text, post.created_at) == ("R&D at #NatSec17", 1_490_956_200)


@pytest.mark.parametrize(
    ("cell", "shown", "written"),
    [
        (MIDNIGHT + timedelta(hours=11.5), "yyyy-mm-dd hh:mm", 1_490_956_200),
        (MIDNIGHT + timedelta(hours=11.5, microseconds=-300), "dd/mm/yyyy hh:mm:ss", 1_490_956_200),
        (MIDNIGHT, "dd/mm/yyyy hh:mm", 1_490_914_800),
    ],
)
def test_dates_are_the_sheets_and_need_a_zone(
    tmp_path: Path, cell: datetime, shown: str, written: int
) -> None:
    """They are kept as days since 1900 with a fraction, which rounds badly, and have no zone."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    sheet.append(("5", cell, *ROW[2:]))
    sheet["B2"].number_format = shown
    path = tmp_path / "x.xlsx"
    book.save(path)
    assert "--timezone" in read(path).rejects[0].reason
    assert [post.created_at for post in read(path, timezone="Europe/London").posts] == [written]


def test_a_date_alone_is_no_time(tmp_path: Path) -> None:
    """Midnight that the sheet does not show is not when it was written; a clock beside it helps."""
    path = workbook(tmp_path / "x.xlsx", a=[HEADER, ("5", date(2017, 3, 31), *ROW[2:])])
    (reject,) = read(path, timezone="Europe/London").rejects
    assert "2017-03-31" in reject.reason
    rows = [("id", "date", "time", "author", "text"),
            ("5", date(2017, 3, 31), time(11, 30), "ada", "Hello")]  # fmt: skip
    path = workbook(tmp_path / "y.xlsx", a=rows)
    (post,) = read(path, timezone="Europe/London").posts
    assert post.created_at == 1_490_956_200


def test_an_id_that_is_a_rounded_number_is_refused(tmp_path: Path) -> None:
    """It would merge posts that differ; one whose digits are all there does not."""
    ids = (
        "<v>1.2642600000000001E+18</v>", "<v>847763000000000123</v>", "<v>7</v>", "<v>8.0</v>",
        "<v>9007199254740993.0</v>",
    )  # fmt: skip
    rows = "".join(
        row_of(number, "", *map(str, ROW[1:])).replace(
            f'<c r="A{number}" t="inlineStr"><is><t></t></is></c>',
            f'<c r="A{number}">{identifier}</c>',
        )
        for number, identifier in enumerate(ids, 2)
    )
    sheet = sheet_of(row_of(1, *HEADER) + rows)
    page = read(parts(tmp_path / "x.xlsx", xl__worksheets__sheet1=sheet))
    assert [post.uri for post in page.posts] == [
        "csv:post/847763000000000123", "csv:post/7", "csv:post/8",
    ]  # fmt: skip
    ruined, lost = page.rejects
    assert ruined.reason.startswith("its id 1.26426E+18 was ruined by a spreadsheet")
    assert lost.reason.endswith("lost digits")


def test_texts_kept_in_a_list_of_their_own_are_found(tmp_path: Path) -> None:
    """As Excel and Google Sheets write them, rich text too."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = (
        f'<sst xmlns="{space}"><si><t>id</t></si><si><t>created_at</t></si><si><t>author</t></si>'
        "<si><t>text</t></si><si><t>2017-03-31T10:30:00Z</t></si><si><t>ada</t></si>"
        "<si><r><t>Grüße </t></r><r><t>👋</t></r></si></sst>"
    )
    cells = [
        "".join(f'<c r="{"ABCD"[n]}1" t="s"><v>{n}</v></c>' for n in range(4)),
        '<c r="A2"><v>5</v></c>'
        + "".join(f'<c r="{"ABCD"[n]}2" t="s"><v>{n + 3}</v></c>' for n in (1, 2, 3)),
    ]
    sheet = "".join(f'<row r="{n}">{inside}</row>' for n, inside in enumerate(cells, 1))
    path = with_strings(tmp_path / "x.xlsx", strings.encode(), sheet_of(sheet))
    (post,) = read(path).posts
    assert (post.uri, post.text) == ("csv:post/5", "Grüße 👋")


def with_strings(path: Path, strings: bytes, sheet: bytes) -> Path:
    """A workbook whose texts stand in a part of their own."""
    workbook(path, posts=[HEADER])
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    types = files["[Content_Types].xml"]
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    if b"sharedStrings" not in types:
        files["[Content_Types].xml"] = types.replace(b"</Types>", override.encode())
    path.write_bytes(zip_of({**files, SHEET: sheet, "xl/sharedStrings.xml": strings}))
    return path


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 20}">'
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
) + "]>"  # fmt: skip
OUTSIDE = '<!DOCTYPE l [<!ENTITY h SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("prologue", [LAUGHS, OUTSIDE])
def test_no_entity_is_ever_resolved(tmp_path: Path, prologue: str) -> None:
    """In a sheet, in the list of texts, in the workbook itself."""
    row = row_of(1, *HEADER) + row_of(2, "5", ROW[1], "ada", "&h;", "1")
    for path in (
        parts(tmp_path / "a.xlsx", xl__worksheets__sheet1=sheet_of(row, prologue)),
        with_strings(
            tmp_path / "b.xlsx",
            sheet_of("<si><t>&h;</t></si>", prologue),
            sheet_of(row.replace("&h;", "x")),
        ),
        parts(tmp_path / "c.xlsx", xl__workbook=sheet_of("&h;", prologue)),
    ):
        with pytest.raises(ImportFormatError, match="Forbidden"):
            read(path, "csv")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """300 MB of blanks in a few hundred kB."""
    path = parts(tmp_path / "x.xlsx", xl__worksheets__sheet1=b" " * (300 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ImportFormatError, match="200 times its size"):
        read(path)


def test_one_endless_row_is_refused(tmp_path: Path) -> None:
    """It would have to be in memory as a whole, whatever the sheet's size."""
    text = "x" * 100 + "<!--row-->"
    path = parts(
        tmp_path / "x.xlsx",
        xl__worksheets__sheet1=sheet_of(row_of(1, *HEADER) + row_of(2, text * 200_000)),
    )
    with pytest.raises(
        ImportFormatError, match=r"a row of .*sheet1\.xml in it has more than 16 MB"
    ):
        read(path)


def test_texts_that_would_not_fit_in_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do instead."""
    monkeypatch.setattr("hashwatch.collect.spreadsheet.STRINGS_BYTES", 5_000_000)
    path = with_strings(tmp_path / "x.xlsx", b"<sst>" + b"x" * 6_000_000, sheet_of(""))
    with pytest.raises(ImportFormatError, match=r"sharedStrings\.xml .* save the sheet as CSV"):
        read(path)


def test_a_row_that_claims_to_be_far_below_ends_the_file(tmp_path: Path) -> None:
    """The rows between would take for ever."""
    rows = row_of(1, *HEADER) + row_of(10**12, *map(str, ROW))
    path = parts(tmp_path / "x.xlsx", xl__worksheets__sheet1=sheet_of(rows))
    with pytest.raises(ImportFormatError, match="more than 1,048,576 rows"):
        read(path)


@pytest.mark.parametrize("cell", ["ZZZZZZZ2", "XFD2", "2", "", "A0", "é2"])
def test_a_cell_that_claims_to_be_far_to_the_right_takes_no_memory(
    tmp_path: Path, cell: str
) -> None:
    """Read or refused, but never laid out."""
    far = f'<row r="2"><c r="{cell}" t="inlineStr"><is><t>x</t></is></c></row>'
    rows = row_of(1, *HEADER) + far + row_of(3, *map(str, ROW))
    path = parts(tmp_path / "x.xlsx", xl__worksheets__sheet1=sheet_of(rows))
    try:
        posts = len(read(path).posts)
    except ImportFormatError:
        posts = 1
    assert posts == 1


@pytest.mark.parametrize("name", ["xl/workbook.xml", SHEET, "[Content_Types].xml"])
def test_a_workbook_without_one_of_its_parts_is_refused(tmp_path: Path, name: str) -> None:
    """With a sentence."""
    path = workbook(tmp_path / "x.xlsx", posts=[HEADER, ROW])
    with zipfile.ZipFile(path) as archive:
        files = {one: archive.read(one) for one in archive.namelist() if one != name}
    path.write_bytes(zip_of(files))
    with pytest.raises(ImportFormatError, match=r"x\.xlsx: "):
        read(path)


def test_a_workbook_of_nothing_is_refused(tmp_path: Path) -> None:
    """No header, no posts."""
    with pytest.raises(ImportFormatError, match="no sheet has a row with the names of columns"):
        read(workbook(tmp_path / "x.xlsx", a=[], b=[()]))


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    inside=st.sampled_from([None, SHEET, "xl/workbook.xml", "xl/styles.xml"]),
    changes=st.lists(st.tuples(PLACES, st.integers(0, 255)), min_size=1, max_size=4),
    cut=st.one_of(st.none(), PLACES),
)
def test_a_damaged_workbook_is_read_or_refused(
    tmp_path: Path, inside: str | None, changes: list[tuple[float, int]], cut: float | None
) -> None:
    """Whichever bytes are changed, in the file or in the XML inside, wherever it is cut."""
    rows = sheet_of(row_of(1, *HEADER) + row_of(2, *map(str, ROW)))
    path = parts(tmp_path / "x.xlsx", xl__worksheets__sheet1=rows)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    octets = bytearray(path.read_bytes() if inside is None else files[inside])
    for place, octet in changes:
        octets[int(place * len(octets))] = octet
    if cut is not None:
        del octets[int(cut * len(octets)) + 1 :]
    path.write_bytes(bytes(octets) if inside is None else zip_of({**files, inside: bytes(octets)}))
    try:
        page = read(path, "csv")
    except ImportFormatError:
        return
    assert len(page.posts) <= 1
