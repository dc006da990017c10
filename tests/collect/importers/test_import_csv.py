"""Plain CSV: every row is in or refused with its reason, whatever the file is like."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.collect.snowflakes import EPOCH_MILLISECONDS
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page, Post, Reject

ARCHIVES = Path(__file__).parents[4] / "shared" / "archives"
HEADER = "id,created_at,author,text\n"
ROW = "1,2017-03-31T10:30:00Z,ada,Hello\n"


def read(path: Path, form: str = "csv", **stated: object) -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer(form, path).read(path, ImportSettings(**stated)))  # type: ignore[arg-type]
    assert all(page.more for page in pages[:-1])
    assert not pages[-1].more
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        progress=pages[-1].progress,
        warnings=pages[-1].warnings,
    )


def read_text(tmp_path: Path, text: str | bytes, **stated: object) -> Page:
    """What a CSV file with this content holds."""
    path = tmp_path / "posts.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path, **stated)


def only_post(page: Page) -> Post:
    """The one post of a page without rejects."""
    assert page.rejects == ()
    (post,) = page.posts
    return post


def only_reject(page: Page) -> Reject:
    """The one reject of a page without posts."""
    assert page.posts == ()
    (reject,) = page.rejects
    return reject


def snowflake(moment: int) -> int:
    """An id as X would have made it at a UTC second."""
    return ((moment * 1000 - EPOCH_MILLISECONDS) << 22) | 4242


def test_a_row_becomes_a_post_with_a_uri_that_ends_in_its_id(tmp_path: Path) -> None:
    """Columns that bear a field's name map themselves."""
    page = read_text(
        tmp_path,
        "id,created_at,author,name,text,language,hashtags,likes,retweets,url\n"
        '9007199254740993,2017-03-31T10:30:00Z,@Ada,Ada Example,"Hello, #NATSEC17 @bo https://a.example/x",'
        "en-GB,natsec17 CyberParl,3,,https://social.example/@ada/1\n",
    )
    post = only_post(page)
    assert post.uri == "csv:post/9007199254740993"
    assert (post.source, post.instance, post.raw_format) == ("csv", "import", "row")
    assert post.url == "https://social.example/@ada/1"
    assert post.created_at == 1_490_956_200
    assert (post.author.uri, post.author.handle) == ("csv:author/ada", "Ada")
    assert post.author.name == "Ada Example"
    assert post.text == "Hello, #NATSEC17 @bo https://a.example/x"
    assert post.hashtags == ("NATSEC17", "CyberParl")
    assert (post.mentions, post.links) == (("bo",), ("https://a.example/x",))
    assert (post.engagement.likes, post.engagement.boosts) == (3, None)
    assert (post.kind, post.language) == ("post", "en")
    assert b'"author":"@Ada"' in post.raw


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_usual_delimiter_and_line_ending_is_read(
    tmp_path: Path, delimiter: str, ending: str
) -> None:
    """The delimiter is found from the header; old Macintosh line endings are lines too."""
    text = "Created At,SCREEN-NAME,Full_Text,Tweet ID\n2017-03-31 10:30:00Z,ada,Hello,7\n"
    page = read_text(tmp_path, text.replace(",", delimiter).replace("\n", ending))
    assert only_post(page).uri == "csv:post/7"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"]
)
def test_the_encoding_is_detected(tmp_path: Path, encoding: str) -> None:
    """Byte order marks, NULs and broken UTF-8 give the encoding away."""
    text = HEADER + "1,2017-03-31T10:30:00Z,zoé,L’été à Genève\n"
    page = read_text(tmp_path, text.encode(encoding))
    assert only_post(page).text == "L’été à Genève"
    assert bool(page.warnings) == (encoding == "cp1252")


def test_an_arabic_code_page_is_detected_and_said_to_be_a_guess(tmp_path: Path) -> None:
    """Code pages of other scripts are told apart by their letters."""
    text = HEADER + "".join(
        f"{i},2017-03-31T10:30:00Z,ada,الأمن السيبراني والبرلمان في لندن اليوم\n" for i in range(9)
    )
    page = read_text(tmp_path, text.encode("cp1256"))
    assert page.posts[0].text == "الأمن السيبراني والبرلمان في لندن اليوم"
    assert "cp1256" in page.warnings[0]


def test_a_stated_encoding_wins_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    """The operator knows best; a name that means nothing stops the import."""
    page = read_text(
        tmp_path, (HEADER + ROW).replace("Hello", "čaj").encode("cp1250"), encoding="cp1250"
    )
    assert only_post(page).text == "čaj"
    with pytest.raises(ImportFormatError, match="klingon"):
        read_text(tmp_path, HEADER + ROW, encoding="klingon")


def test_one_bad_line_in_a_utf8_file_costs_nothing(tmp_path: Path) -> None:
    """CESU-8 pairs are joined, halves replaced, NULs dropped, stray bytes are Windows-1252."""
    lines = [
        b"1,2017-03-31T10:30:00Z,ada,good \xc3\xa9\n",
        b"2,2017-03-31T10:30:00Z,ada,joined \xed\xa0\xbd\xed\xb8\x80\n",
        b"3,2017-03-31T10:30:00Z,ada,half \xed\xa0\xbd\n",
        b"4,2017-03-31T10:30:00Z,ada,n\x00ul\n",
        b"5,2017-03-31T10:30:00Z,ada,caf\xe9\n",
        b"6,2017-03-31T10:30:00Z,ada,good \xf0\x9f\x98\x80\n",
    ]
    page = read_text(tmp_path, HEADER.encode() + b"".join(lines))
    assert [post.text for post in page.posts] == [
        "good é", "joined 😀", "half \ufffd", "nul", "café", "good 😀",
    ]  # fmt: skip


def test_line_numbers_are_true_below_texts_of_several_lines(tmp_path: Path) -> None:
    """A reject names the line on which its row begins."""
    page = read_text(
        tmp_path,
        HEADER + '1,2017-03-31T10:30:00Z,ada,"one\ntwo\n\nfour"\n' + "2,no time,ada,x\n\n" + ROW,
    )
    assert [post.text for post in page.posts] == ["one\ntwo\n\nfour", "Hello"]
    assert only_reject(Page(rejects=page.rejects)).where == "line 6"
    assert page.rejects[0].raw == b"2,no time,ada,x\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1.26426E+18,2017-03-31T10:30:00Z,ada,Hello", "ruined by a spreadsheet"),
        ('"1,26426E+18",2017-03-31T10:30:00Z,ada,Hello', "ruined by a spreadsheet"),
        ("1264261234567890123.0,2017-03-31T10:30:00Z,ada,Hello", "lost digits"),
        ("1,2017-03-31 10:30:00,ada,Hello", "--timezone"),
        ("1,31 Mar 10:30,ada,Hello", "no year"),
        ("1,2017-03-31,ada,Hello", "without a time of day"),
        ("1,03/04/2017 10:30,ada,Hello", "day or the month"),
        ("1,,ada,Hello", "time is empty"),
        ("1,2017-03-31T10:30:00Z,ada,", "text is empty"),
        (",2017-03-31T10:30:00Z,,Hello", "nothing tells it from others"),
        ("1,2017-03-31T10:30:00Z,ada", "the file is cut off here"),
        ('1,2017-03-31T10:30:00Z,ada,"Hel', "the file is cut off in this row"),
        ("1,2017-03-31T10:30:00Z,ada,a" + ",b" * 30, "not quoted"),
        ("9999999999,2017-02-30T10:30:00Z,ada,Hello", "calendar"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_a_post_is_refused_with_its_reason(
    tmp_path: Path, row: str, reason: str
) -> None:
    """Nothing is invented and nothing dropped in silence."""
    page = read_text(tmp_path, HEADER + row)
    reject = only_reject(page)
    assert reason in reject.reason
    assert reject.where == "line 2"
    assert reject.raw == row.encode()


@pytest.mark.parametrize(
    ("written", "zone"),
    [("%d %b %H:%M", "Europe/London"), ("%m/%d %H:%M:%S", "Asia/Tokyo"), ("%d/%m %H:%M", "UTC"),
     ("%a %b %d %H:%M:%S +0000", None)],
)  # fmt: skip
def test_a_year_that_is_missing_is_that_in_xs_ids(
    tmp_path: Path, written: str, zone: str | None
) -> None:
    """Around New Year too; the time itself is the one that is stated."""
    moments = [
        datetime(2016, 12, 31, 23, 30, tzinfo=UTC) + timedelta(hours=hours) for hours in range(12)
    ]
    local = [moment.astimezone(ZoneInfo(zone or "UTC")) for moment in moments]
    table = "".join(
        f"{snowflake(int(moment.timestamp()))},{there.strftime(written)},ada,Hello {number}\n"
        for number, (moment, there) in enumerate(zip(moments, local, strict=True))
    )
    page = read_text(tmp_path, HEADER + table, timezone=zone)
    assert page.rejects == ()
    assert [post.created_at for post in page.posts] == [int(each.timestamp()) for each in moments]
    assert "12 rows state no year; it is that in the id" in page.warnings


def test_ids_of_others_tell_no_year(tmp_path: Path) -> None:
    """Numbers that would be times at X, but of other days: nearly all must fit to be believed."""
    moments = [datetime(2017, 3, day, 12, 0, tzinfo=UTC) for day in range(1, 11)]
    ids = [snowflake(int(moment.timestamp())) for moment in moments]
    table = "".join(
        f"{number},{moment:%d %b %H:%M},ada,Hello\n"
        for number, moment in zip(ids, moments[:2] + moments[:-2], strict=True)
    )
    page = read_text(tmp_path, HEADER + table, timezone="UTC")
    assert page.posts == ()
    assert {"has no year" in reject.reason for reject in page.rejects} == {True}


def test_ids_that_a_spreadsheet_rounded_are_refused_file_wide(tmp_path: Path) -> None:
    """Long ids that all end in zeros have lost their last digits, and would merge posts."""
    rounded = "".join(
        f"12642612345678{i}0000,2020-05-24T00:00:00Z,ada,Hello {i}\n" for i in range(5)
    )
    page = read_text(tmp_path, HEADER + rounded)
    assert page.posts == ()
    assert {reject.reason.split(" was ")[1][:8] for reject in page.rejects} == {"rounded "}
    one = read_text(tmp_path, HEADER + rounded.splitlines()[0] + "\n" + ROW)
    assert len(one.posts) == 2, "a single such id is an accident"


def test_rows_are_told_apart_without_ids(tmp_path: Path) -> None:
    """An address identifies; else time, author and text do, the same at every import."""
    header = "created_at,author,text,url\n"
    rows = [
        "2017-03-31T10:30:00Z,ada,Hello,https://s.example/1\n",
        "2017-03-31T10:30:00Z,ada,Hello,\n",
        "2017-03-31T10:30:00Z,bo,Hello,\n",
        "2017-03-31T10:30:00Z,ada,Hello,\n",
    ]
    uris = [post.uri for post in read_text(tmp_path, header + "".join(rows)).posts]
    assert uris[0] == "https://s.example/1"
    assert uris[1] == uris[3] != uris[2]
    assert uris[1].startswith("csv:post/")


def test_repeated_ids_pass_through(tmp_path: Path) -> None:
    """Merging is the archive's work: each row is handed over."""
    assert len(read_text(tmp_path, HEADER + ROW + ROW).posts) == 2


@pytest.mark.parametrize(
    ("columns", "cells", "kind", "boosts"),
    [
        ("retweet_count", "7", "post", 7),
        ("in_reply_to_status_id", "12", "reply", None),
        ("quoted_status_id", "12", "quote", None),
        ("retweeted_status_id", "12", "boost", None),
        ("type", "retweet", "boost", None),
        ("in_reply_to_status_id", "NA", "post", None),
        ("in_reply_to_status_id", "0", "post", None),
    ],
)
def test_the_kind_comes_from_the_columns(
    tmp_path: Path, columns: str, cells: str, kind: str, boosts: int | None
) -> None:
    """References name posts of the same file."""
    post = only_post(
        read_text(tmp_path, f"id,time,user,text,{columns}\n1,2017-03-31T10:30:00Z,ada,Hi,{cells}\n")
    )
    assert (post.kind, post.engagement.boosts) == (kind, boosts)
    assert (post.reply_to or post.quote_of or post.boost_of) == (
        "csv:post/12" if cells == "12" else None
    )


def test_a_text_that_begins_like_a_retweet_is_a_boost_of_something_unknown(tmp_path: Path) -> None:
    """``RT @name:`` marks a boost in plain files; its counts belong to the original."""
    post = only_post(
        read_text(tmp_path, "id,time,user,text,likes\n1,2017-03-31T10:30:00Z,ada,RT @bo: Hi,5\n")
    )
    assert (post.kind, post.boost_of, post.text) == ("boost", None, "RT @bo: Hi")
    assert post.engagement.likes is None


def test_entities_are_unescaped_only_where_the_rows_are_from_x(tmp_path: Path) -> None:
    """X escapes three characters; a link's query string is no entity."""
    moment = 1_490_956_200
    text = "R&amp;D &lt;3 https://a.example/?a=1&copy=2"
    stated = datetime.fromtimestamp(moment, UTC).isoformat()
    posts = read_text(
        tmp_path, HEADER + f"{snowflake(moment)},{stated},ada,{text}\n" + f"2,{stated},ada,{text}\n"
    ).posts
    assert [post.text for post in posts] == ["R&D <3 https://a.example/?a=1&copy=2", text]
    named = read_text(tmp_path, f"id,time,screen_name,text\n2,{stated},ada,{text}\n")
    assert only_post(named).text == posts[0].text


def test_an_unquoted_comma_is_repaired_where_only_the_text_can_hold_it(tmp_path: Path) -> None:
    """Where another column could hold it as well, the row is refused."""
    header = "id,created_at,author,text,hashtags,likes\n"
    good = "1,2017-03-31T10:30:00Z,ada,One, two and three #ISMB,ISMB,4\n"
    post = only_post(read_text(tmp_path, header + good))
    assert (post.text, post.hashtags) == ("One, two and three #ISMB", ("ISMB",))
    assert post.engagement.likes == 4
    notes = "id,created_at,author,text,notes\n1,2017-03-31T10:30:00Z,ada,One, two,three\n"
    assert "not quoted" in only_reject(read_text(tmp_path, notes)).reason


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    """The rows that it swallowed are read again."""
    rows = [f"{i},2017-03-31T10:30:00Z,ada,Hello {i}\n" for i in range(20)]
    rows[5] = '5,2017-03-31T10:30:00Z,ada,"Hello\n'
    page = read_text(tmp_path, HEADER + "".join(rows))
    assert [reject.where for reject in page.rejects] == ["line 7"]
    assert "never closed" in page.rejects[0].reason
    assert len(page.posts) == 19
    rows[12] = '12,2017-03-31T10:30:00Z,ada,"Hello, ""you"""\n'
    page = read_text(tmp_path, HEADER + "".join(rows))
    assert [reject.where for reject in page.rejects] == ["line 7"]
    assert len(page.posts) == 19


@pytest.mark.parametrize("every", [1, 2, 7, 50])
@pytest.mark.parametrize("text", ['"Hel', '"Hel, lo', '"He said ""so'])
def test_stray_quotation_marks_swallow_no_rows(tmp_path: Path, every: int, text: str) -> None:
    """Two of them would quietly make one long text of everything between."""
    stray = {i for i in range(200) if i % every == 0}
    rows = [f"{i},2017-03-31T10:30:00Z,ada,{text if i in stray else 'Hello'}\n" for i in range(200)]
    page = read_text(tmp_path, HEADER + "".join(rows))
    assert len(page.posts) + len(page.rejects) == 200
    assert {reject.where for reject in page.rejects} == {f"line {i + 2}" for i in stray}
    assert {post.text for post in page.posts} <= {"Hello"}


def test_a_line_too_long_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    """The rows around it are read."""
    monster = b"2,2017-03-31T10:30:00Z,ada," + b"x" * 20_000_000 + b"\n"
    page = read_text(tmp_path, HEADER.encode() + ROW.encode() + monster + ROW.encode())
    assert len(page.posts) == 2
    assert [(reject.where, len(reject.raw)) for reject in page.rejects] == [("line 3", 20_000)]


def test_the_operators_mapping_wins_and_names_what_exists(tmp_path: Path) -> None:
    """An unknown column or field stops the import and says what there is."""
    text = "nr,wann,wer,was,text\n1,2017-03-31T10:30:00Z,ada,Hallo,other\n"
    mapping = {"id": "nr", "time": "wann", "author": "wer", "text": "was"}
    assert only_post(read_text(tmp_path, text, columns=mapping)).text == "Hallo"
    with pytest.raises(ImportFormatError, match=r"'wo'.*'nr', 'wann', 'wer'"):
        read_text(tmp_path, text, columns={**mapping, "url": "wo"})
    with pytest.raises(ImportFormatError, match=r"no field 'colour'.*created_at"):
        read_text(tmp_path, text, columns={**mapping, "colour": "wer"})
    with pytest.raises(ImportFormatError, match="--map created_at=COLUMN"):
        read_text(tmp_path, text)


@pytest.mark.parametrize("text", ["", "\n\n", "sep=;\n"])
def test_a_file_without_a_header_is_refused_as_a_whole(tmp_path: Path, text: str) -> None:
    """Nothing can be mapped."""
    with pytest.raises(ImportFormatError):
        read_text(tmp_path, text)


def test_excels_separator_note_is_skipped(tmp_path: Path) -> None:
    """Excel writes ``sep=;`` above the header; line numbers count it."""
    page = read_text(
        tmp_path, "sep=;\nid;time;user;text\n1;2017-03-31T10:30:00Z;ada;Hi, you\n2;x;a;b\n"
    )
    assert page.posts[0].text == "Hi, you"
    assert page.rejects[0].where == "line 4"


def test_local_times_are_read_in_the_stated_zone(tmp_path: Path) -> None:
    """British summer time in March; date and time of day may stand in two columns."""
    text = "id,date,time,user,text\n1,31/03/2017,10:30,ada,Hi\n2,01/04/2017,9:05 PM,ada,Hi\n"
    page = read_text(tmp_path, text, timezone="Europe/London")
    assert [post.created_at for post in page.posts] == [1_490_952_600, 1_491_077_100]
    with pytest.raises(ImportFormatError, match="Nowhere/City"):
        read_text(tmp_path, text, timezone="Nowhere/City")


@pytest.mark.parametrize(("zone", "offset"), [(None, 3600), ("UTC", 3600), ("Europe/Paris", -3600)])
def test_ids_that_disagree_with_the_times_are_reported_with_the_offset(
    tmp_path: Path, zone: str | None, offset: int
) -> None:
    """X's ids hold the true time: a wrong or unstated zone shows as a constant offset."""
    moments = [1_490_956_200 + i * 777 for i in range(30)]
    stated = [datetime.fromtimestamp(moment + 3600, UTC) for moment in moments]
    rows = "".join(
        f"{snowflake(moment)},{local:%Y-%m-%d %H:%M:%S},ada,Hi\n"
        for moment, local in zip(moments, stated, strict=True)
    )
    page = read_text(tmp_path, HEADER + rows, timezone=zone)
    (warning,) = page.warnings
    assert f"{'+' if offset > 0 else '-'}01:00 in 30 rows of 30" in warning
    assert read_text(tmp_path, HEADER + rows, timezone="Europe/London").warnings == ()


def test_ids_of_other_platforms_say_nothing_about_times(tmp_path: Path) -> None:
    """Only a constant offset of some hours is a zone."""
    rows = "".join(
        f"{(1_490_956_200 + i) << 26},2017-03-31T10:30:{i:02}Z,ada,Hi\n" for i in range(30)
    )
    assert read_text(tmp_path, HEADER + rows).warnings == ()


def test_an_own_export_maps_itself_and_is_taken_as_it_is(tmp_path: Path) -> None:
    """URI, source, instance and kind come back; neutralised formulas are restored."""
    page = read_text(
        tmp_path,
        "id,uri,url,source,instance,created_at,author,name,text,language,kind,reply_to,boost_of,"
        "quote_of,hashtags,boosts,likes,replies,quotes,content_warning\n"
        "77,https://s.example/users/ada/1,https://s.example/@ada/1,mastodon,s.example,"
        "2017-03-31T10:30:00Z,ada@s.example,'=Ada,'@bo R&amp;D,en,reply,https://s.example/2,,,"
        "NATSEC17,1,2,3,4,long\n"
        "78,https://x.com/i/status/1,https://x.com/cy/status/1,x,x.com,2017-03-31T10:30:00Z,cy,,"
        "RT @bo: hm,en,post,,,,,,,,,\n",
    )
    reply, plain = page.posts
    assert reply.uri == "https://s.example/users/ada/1"
    assert (reply.source, reply.instance, reply.kind) == ("mastodon", "s.example", "reply")
    assert (reply.text, reply.author.name) == ("@bo R&amp;D", "=Ada")
    assert reply.reply_to == "https://s.example/2"
    assert reply.engagement.boosts == 1
    assert reply.content_warning == "long"
    assert (plain.kind, plain.source) == ("post", "x")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_files_are_read_by_their_content(tmp_path: Path, pack: object) -> None:
    """gzip and zstd whatever the name; a cut one gives what it holds and says that it is cut."""
    assert callable(pack)
    rows = "".join(
        f"{i},2017-03-31T10:30:00Z,ada,{random.Random(i).random()}\n" for i in range(9000)
    )
    packed = pack((HEADER + rows).encode())
    path = tmp_path / "posts.bin"
    path.write_bytes(packed)
    page = read(path, "auto")
    assert len(page.posts) == 9000
    assert page.progress == len(packed)
    path.write_bytes(packed[: len(packed) * 2 // 3])
    page = read(path, "auto")
    assert 0 < len(page.posts) < 9000
    assert "cut off or damaged" in page.rejects[-1].reason


def test_what_precedes_garbage_is_read(tmp_path: Path) -> None:
    """Members may follow each other; what is none is said, and nothing before it is lost."""
    path = tmp_path / "posts.gz"
    whole = gzip.compress((HEADER + ROW).encode())
    path.write_bytes(whole + gzip.compress(ROW.encode()) + b"garbage")
    page = read(path, "auto")
    assert len(page.posts) == 2
    assert "cut off or damaged" in page.rejects[0].reason


def test_pages_are_bounded_and_progress_grows(tmp_path: Path) -> None:
    """No page holds more than 5,000 rows, and the last progress is the file's size."""
    path = tmp_path / "posts.csv"
    path.write_text(HEADER + ROW * 12_345)
    pages = list(find_importer("csv", path).read(path, ImportSettings()))
    assert [len(page.posts) for page in pages] == [5000, 5000, 2345]
    progress = [page.progress for page in pages]
    assert progress == sorted(progress)
    assert progress[-1] == path.stat().st_size


cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 2**63 - 1),
            st.integers(0, 4_000_000_000),
            st.from_regex(r"[a-z_]{5,15}", fullmatch=True),
            cell,
        ),
        max_size=8,
    ),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@example(rows=[(1, 0, "a", "x\r\ny\rz")], delimiter=",", encoding="utf-16")
def test_what_a_csv_writer_writes_comes_back(
    tmp_path: Path, rows: list[tuple[int, int, str, str]], delimiter: str, encoding: str
) -> None:
    """Ids, times, authors and texts survive any quoting, delimiter and encoding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(["id", "created_at", "author", "text"])
    for identifier, moment, author, text in rows:
        stated = datetime.fromtimestamp(moment, UTC).isoformat()
        writer.writerow([identifier, stated, author, text])
    page = read_text(tmp_path, buffer.getvalue().encode(encoding), encoding=encoding)
    rounded = [r for r in page.rejects if "rounded" in r.reason]
    blank = [row for row in rows if not row[3].strip()]
    assert len(page.rejects) == len(blank) + len(rounded)
    expected = [row for row in rows if row[3].strip()]
    if not rounded:
        assert [
            (post.uri, post.created_at, post.author.handle, post.text) for post in page.posts
        ] == [(f"csv:post/{i}", moment, author, text) for i, moment, author, text in expected]


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=300))
def test_no_bytes_make_it_fail_otherwise_than_it_says(tmp_path: Path, data: bytes) -> None:
    """Any file gives pages or an ``ImportFormatError``; posts hold only storable text."""
    try:
        page = read_text(tmp_path, HEADER.encode() + data)
    except ImportFormatError:
        return
    for post in page.posts:
        assert "\0" not in post.text
        post.text.encode()


@pytest.mark.parametrize("year", [2012, 2014])
def test_a_real_archive_is_in_whole(year: int) -> None:
    """Every row is in or refused with its reason; the counts by day are those of ``csv`` alone."""
    path = ARCHIVES / f"ismb{year}.csv"
    if not path.exists():
        pytest.skip("the real archives are not on this machine")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    page = read(path, "auto")
    assert len(page.posts) + len(page.rejects) == len(rows)
    assert page.rejects == ()
    days = Counter(datetime.fromtimestamp(p.created_at, UTC).date().isoformat() for p in page.posts)
    assert days == Counter(row["created_at"][:10] for row in rows)
    assert [post.uri for post in page.posts] == [f"csv:post/{row['id']}" for row in rows]
    assert [post.text for post in page.posts] == [row["text"] for row in rows]
    assert page.warnings == ()
