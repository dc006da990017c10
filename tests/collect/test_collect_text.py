"""HTML of posts becomes plain text that keeps what a reader sees."""

from __future__ import annotations

import time
from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hashwatch.collect import text as text_module
from hashwatch.collect.text import PlainText, html_to_text, safe_text

HASHTAG = (
    '<a href="https://s.example/tags/natsec" class="mention hashtag" rel="tag">#<span>{}</span></a>'
)
MENTION = (
    '<span class="h-card" translate="no"><a href="https://s.example/@ana" class="u-url mention">'
    "@<span>ana</span></a></span>"
)
LINK = (
    '<a href="https://parliament.example/a/long/way?x=1&amp;y=2" target="_blank" rel="nofollow'
    ' noopener"><span class="invisible">https://</span><span class="ellipsis">parliament.example'
    '/a/long</span><span class="invisible">/way?x=1&amp;y=2</span></a>'
)
ADDRESS = "https://parliament.example/a/long/way?x=1&y=2"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one<br>two<br/>three<br />four</p>", "one\ntwo\nthree\nfour"),
        ("<p>one\ntwo\r\nthree</p>\n<p>four</p>", "one two three\n\nfour"),
        ("<p>a<p>b", "a\n\nb"),
        ("<p>a</p>b", "a\n\nb"),
        ("<p></p>", ""),
        ("<blockquote><p>said</p></blockquote><p>so</p>", "said\n\nso"),
        ("<p>list</p><ul><li>one</li><li>two</li></ul>after", "list\n\n- one\n- two\n\nafter"),
        ("<pre><code>if x:\n    y</code></pre>", "if x:\n    y"),
        ("<p><strong>bold</strong> and <em>soft</em></p>", "bold and soft"),
        ("a<script>alert(1)</script>b", "ab"),
        ("a<style>p{}</style>b<template>c</template>d", "abd"),
        ("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<script>alert(1)</script>"),
        ("a<!-- note -->b", "ab"),
        ("a < b", "a < b"),
        ('<p dir="auto">said</p>', "said"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ('<a href="mailto:a@b.example">write</a>', "write"),
        ("<a>nothing</a>", "nothing"),
    ],
)
def test_markup_becomes_text(html: str, text: str) -> None:
    """Paragraphs, breaks and characters stay, markup goes, scripts are never text."""
    assert html_to_text(html).text == text


def test_links_hashtags_mentions() -> None:
    """A link stands at full length, a hashtag as written, a mention with its host."""
    html = f"<p>{MENTION}: {LINK} {HASHTAG.format('NatSec')} {LINK}</p>"
    assert html_to_text(html, {"https://s.example/@ana": "ana@other.example"}) == PlainText(
        f"@ana@other.example: {ADDRESS} #NatSec {ADDRESS}", (ADDRESS,), ("NatSec",)
    )
    assert html_to_text(MENTION).text == "@ana@s.example"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        # Pleroma, Misskey, GoToSocial and the Bluesky bridge write them in their own ways.
        (
            '<a class="hashtag" data-tag="a" href="https://p.example/tag/a">#A</a>',
            PlainText("#A", (), ("A",)),
        ),
        ('<a href="https://m.example/tags/x" rel="tag">#x</a>', PlainText("#x", (), ("x",))),
        (
            '<a class="hashtag" href="https://bsky.app/search?q=%23rstats">#rstats</a>',
            PlainText("#rstats", (), ("rstats",)),
        ),
        (
            '<a href="https://g.example/@bo" class="u-url mention">@bo@g.example</a>',
            PlainText("@bo@g.example"),
        ),
        (
            '<a href="https://e.example/report">the full report</a>',
            PlainText("the full report (https://e.example/report)", ("https://e.example/report",)),
        ),
        (
            '<a href="https://e.example/a/b">e.example/a…</a>',
            PlainText("https://e.example/a/b", ("https://e.example/a/b",)),
        ),
        (
            '<a href="https://evil.example/">https://bank.example/</a>',
            PlainText("https://evil.example/", ("https://evil.example/",)),
        ),
        (
            '<a href="https://e.example/#part">#1</a>',
            PlainText("#1 (https://e.example/#part)", ("https://e.example/#part",)),
        ),
    ],
)
def test_other_servers_anchors(html: str, found: PlainText) -> None:
    """Anchors of other software are understood by what they are."""
    assert html_to_text(html) == found


def test_quote_line_is_dropped_when_asked() -> None:
    """The line that stands in for a quoted post is left out where the quote itself is known."""
    html = f'<p>Indeed.<span class="quote-inline"><br/><br/>RE: {LINK}</span></p>'
    assert html_to_text(html, drop_quote=True) == PlainText("Indeed.")
    assert html_to_text(html).text == f"Indeed.\n\nRE: {ADDRESS}"


@given(st.text(st.characters(codec=None), max_size=80))
@example("a\x00b\ud800c\x1b[0m")
def test_safe_text_is_storable(text: str) -> None:
    """No NUL, control character or lone surrogate is left; everything else stays."""
    safe = safe_text(text)
    assert safe.encode() is not None
    assert "\x00" not in safe
    assert "".join(c for c in text if c >= " " and c != "\x7f" and not c.isspace()).encode(
        "utf-8", "ignore"
    ).decode() == "".join(c for c in safe if not c.isspace())


@given(st.text(max_size=200))
@example("<p>\x00</p>")
@example("<a href=")
@example("<template><p>a")
@example("&#0;&#xD800;&#x110000;&nosuch;")
def test_anything_becomes_safe_text(html: str) -> None:
    """Whatever arrives becomes text that can be stored, and text alone stays as it is."""
    found = html_to_text(html)
    assert safe_text(found.text) == found.text
    assert all(part.encode() is not None for part in (found.text, *found.links, *found.hashtags))


WORDS = st.text("abc éß&<>\"'#@./ \U0001f600", max_size=12)
PIECES = st.one_of(
    WORDS.map(lambda words: escape(words, quote=False)),
    st.sampled_from(["<br>", "<br/>", "<br />", "</p><p>", HASHTAG.format("Tag"), MENTION, LINK]),
    st.tuples(WORDS, WORDS).map(
        lambda pair: (
            f'<a href="https://h.example/{escape(pair[0])}" class="x">{escape(pair[1])}</a>'
        )
    ),
)


@given(st.lists(PIECES, max_size=8))
def test_both_ways_agree(pieces: list[str]) -> None:
    """The quick way for Mastodon's own markup gives what a browser's understanding gives."""
    html = f"<p>{''.join(pieces)}</p>"
    quick = text_module._by_pattern(html, {})
    assert quick is None or quick == text_module._by_tree(html, {}, drop_quote=False)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 200_000 + "deep",
        "<a href='x'>" * 100_000,
        "<p><a " * 100_000,
        '<a href="' * 100_000,
        "<script>" * 100_000,
        "<p>" + "&amp;" * 200_000,
        '<a href="' + "&amp;" * 100_000,
        "<a" + ' b="c"' * 100_000,
        "<a>" + "<span>" * 100_000,
        "<div " * 100_000,
        "<li " * 100_000,
        "</script " * 100_000 + "<script" + "</script " * 100_000,
    ],
    ids=lambda html: html[:8],
)
def test_hostile_markup_takes_little_time(html: str) -> None:
    """A megabyte of nested or broken markup is done with at once."""
    began = time.process_time()
    html_to_text(html)
    assert time.process_time() - began < 3
