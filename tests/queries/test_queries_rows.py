"""Exports as files, and post text as markup."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import sqlite3

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard_builder import HOSTILE, ZONE
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import find_event
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.markup import plain_name, post_markup, safe_url
from hashwatch.queries.rows import COLUMNS, export_rows, write_csv, write_jsonl
from hashwatch.queries.selection import select

ALLOWED = {"a": {"class", "href", "rel"}, "span": {"class", "title"}, "br": set()}


def test_csv_holds_every_row_and_no_formula(dashboard: sqlite3.Connection) -> None:
    """Read back, the file has each post, and no cell that a spreadsheet would run."""
    event = find_event(dashboard, "natsec17")
    selection = select(dashboard, event, parse_filters({}, ZONE))
    file = io.StringIO(newline="")
    count = write_csv(export_rows(dashboard, selection), file)
    read = list(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert read[0] == list(COLUMNS)
    assert len(read) == count + 1 == 601
    cells = [cell for row in read[1:] for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    texts = {row[list(COLUMNS).index("text")] for row in read[1:]}
    assert '\'=HYPERLINK("http://evil.example";"click") #NATSEC17' in texts
    assert HOSTILE[0] in texts


def test_jsonl_is_what_the_dashboard_holds(dashboard: sqlite3.Connection) -> None:
    """One object a line with every column, text unaltered, lists as lists, flags as booleans."""
    event = find_event(dashboard, "natsec17")
    selection = select(dashboard, event, parse_filters({"kind": "original"}, ZONE))
    file = io.StringIO()
    count = write_jsonl(export_rows(dashboard, selection), file)
    rows = [json.loads(line) for line in file.getvalue().splitlines()]
    assert len(rows) == count
    assert all(list(row) == list(COLUMNS) for row in rows)
    assert {row["text"] for row in rows} >= set(HOSTILE[:1])
    assert {type(row["invented"]) for row in rows} == {bool}
    assert any(row["themes"] for row in rows)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_harmless_markup(text: str) -> None:
    """Nothing in the markup is there that was not made here, and the words are all there."""
    _assert_harmless(post_markup(text, "natsec17"))


@given(st.text(alphabet=st.sampled_from("ab<>\"'&#@:/.?=\\-\u202e\u0301\n é民\x00;"), max_size=60))
def test_any_text_becomes_harmless_markup(text: str) -> None:
    """Whatever arrives, no markup of its own survives."""
    plain = text.encode("ascii", "ignore").decode()
    _assert_harmless(post_markup(f"https://{plain} https://a.example/{text} {text}", "natsec17"))


def test_links_show_where_they_lead() -> None:
    """The host stands there as the browser takes it, user names are gone, odd hosts are marked."""
    shown = post_markup("https://bank.example@evil.example/x https://xn--pple-43d.example/", "e")
    assert 'href="https://evil.example/x" rel="noopener noreferrer nofollow ugc"' in shown
    assert "bank.example" not in shown
    assert "letters of several scripts" in shown
    assert "⟨RLO⟩" in post_markup("\u202eevil", "e")


def test_hashtags_and_mentions_lead_to_their_posts() -> None:
    """A hashtag leads to its folded name, a mention to the author, an e-mail address nowhere."""
    shown = post_markup("#Café, @Ada@a.example. me@a.example #123", "e")
    assert 'href="/events/e/posts?hashtag=cafe">#Café</a>,' in shown
    assert 'href="/events/e/posts?author=ada%40a.example">@Ada@a.example</a>.' in shown
    assert shown.endswith(" me@a.example #123")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x?y=1#z", "https://a.example/x?y=1#z"),
        ("HTTP://A.example", "http://a.example"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example", None),
        ("https://a.example\\@evil.example", None),
        ("https://[bad", None),
        ("at://did:plc:x/app.bsky.feed.post/y", None),
        (None, None),
        ("", None),
    ],
)
def test_only_sound_web_addresses_are_linked(url: str | None, safe: str | None) -> None:
    """http and https with a plain host; anything else is no link."""
    assert safe_url(url) == safe


def test_cards_hold_nothing_unsafe(dashboard: sqlite3.Connection) -> None:
    """Names lose what turns lines around, addresses that are not the web's are dropped."""
    event = find_event(dashboard, "natsec17")
    ids = [row[0] for row in dashboard.execute("SELECT id FROM posts")]
    cards = post_cards(dashboard, event, ids)
    assert [card["id"] for card in cards] == ids
    assert not any("\u202e" in card["author"]["name"] for card in cards)
    assert not any(medium["url"] for card in cards for medium in card["media"])
    assert not any(card["author"]["url"] for card in cards)
    assert plain_name("a\u202eb\x07") == "ab"
    for card in cards:
        _assert_harmless(card["markup"])


def _assert_harmless(markup: str) -> None:
    assert nh3.clean(
        markup,
        tags=set(ALLOWED),
        attributes=ALLOWED,
        url_schemes={"http", "https"},
        link_rel=None,
    ).replace("&nbsp;", "\xa0") == _as_nh3_writes(markup)
    for href in re.findall(r'href="([^"]*)"', markup):
        assert html.unescape(href).startswith(("http://", "https://", "/events/"))


def _as_nh3_writes(markup: str) -> str:
    """Quotation marks outside attributes are escaped here and not by nh3."""
    parts = re.split(r"(<[^>]*>)", markup)
    return "".join(
        part if part.startswith("<") else part.replace("&quot;", '"').replace("&#x27;", "'")
        for part in parts
    ).replace("&#x27;", "'")
