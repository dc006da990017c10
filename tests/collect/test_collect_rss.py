"""Feeds: what becomes a post, what is asked again, and how a bad feed is borne."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.feeds import FakeFeeds
from hashwatch.collect.http import Http
from hashwatch.collect.source import PollingSource, Query
from hashwatch.collect.sources.rss import LONGEST, Feed, Rss, Settings, connect, parse_page
from hashwatch.errors import BadAnswerError, RateLimitedError, SourceError
from hashwatch.model import Page, Post

T = TypeVar("T")
RECORDED = Path(__file__).parents[2] / ".." / "shared" / "recorded"
AT = 1_490_954_400  # 31 March 2017, 10:00 UTC
QUERY = Query(("natsec17",), (), AT - 86_400, AT + 86_400, AT)
ANY = Feed(url="https://paper.example/feed.xml", hashtag="NATSEC17")


def item(**fields: str) -> str:
    """An RSS item."""
    whole = {
        "title": "Oversight debated",
        "link": "https://paper.example/a",
        "guid": "https://paper.example/a",
        "pubDate": "Fri, 31 Mar 2017 10:00:00 GMT",
        "description": "&lt;p&gt;A &lt;b&gt;long&lt;/b&gt; day at #NatSec17.&lt;/p&gt;",
    } | fields
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in whole.items() if value)
    return f"<item>{inner}</item>"


def rss(*items: str, more: str = "") -> bytes:
    """A feed of RSS 2.0."""
    head = "<title>The Paper</title><link>https://paper.example/</link><language>en-gb</language>"
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{more}<rss version="2.0"><channel>{head}'
        f"{''.join(items)}</channel></rss>"
    ).encode()


ATOM = b"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Le Blog</title>
<entry><title>Le d\xc3\xa9bat</title><id>tag:blog.example,2017:7</id>
<link href="https://blog.example/7"/><published>2017-03-31T11:00:00+01:00</published>
<updated>2017-03-31T12:30:00+01:00</updated><category term="NatSec17"/>
<author><name>Ana Beispiel</name><uri>https://blog.example/ana</uri></author>
<content type="html">&lt;p&gt;Premier.&lt;/p&gt;&lt;p&gt;Deuxi\xc3\xa8me &lt;a
href="https://paper.example/b"&gt;lien&lt;/a&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;</content>
</entry></feed>"""


def posts_of(payload: bytes, feed: Feed = ANY, wanted: tuple[str, ...] = ("natsec17",)) -> Page:
    """What a feed gives."""
    return parse_page(payload, feed, "paper.example/feed.xml", wanted)


def only(page: Page) -> Post:
    """The one post."""
    assert page.rejects == ()
    (post,) = page.posts
    return post


def test_an_item_becomes_a_post() -> None:
    """Its words with the title before them, its author, date, language, hashtags and address."""
    post = only(posts_of(rss(item(author="desk@paper.example (The Desk)"))))
    assert post.text == "Oversight debated\n\nA long day at #NatSec17."
    assert (post.uri, post.url) == ("https://paper.example/a", "https://paper.example/a")
    assert (post.created_at, post.language) == (AT, "en")
    assert (post.author.name, post.author.handle) == ("The Desk", "the-desk@paper.example")
    assert [one.casefold() for one in post.hashtags] == ["natsec17"]
    assert b"Oversight debated" in post.raw


def test_an_atom_entry_keeps_paragraphs_links_and_edits_and_runs_nothing() -> None:
    """Markup that does something is gone; what lays the text out is text."""
    post = only(posts_of(ATOM))
    assert post.text == "Le débat\n\nPremier.\n\nDeuxième lien (https://paper.example/b)"
    assert post.links == ("https://paper.example/b",)
    assert (post.uri, post.url) == ("tag:blog.example,2017:7", "https://blog.example/7")
    assert post.author.uri == "https://blog.example/ana"
    assert (post.created_at, post.edited_at, post.language) == (AT, AT + 5_400, "fr")


def test_entries_without_the_hashtag_are_left_out_unless_the_feed_is_about_it() -> None:
    """By hashtag in the text or category; a feed of the event by all, or by certain words."""
    feed = rss(
        item(guid="https://paper.example/1"),
        item(guid="https://paper.example/2", description="Nothing about it"),
        item(guid="https://paper.example/3", description="The conference", category="natsec17"),
    )
    plain = Feed(url="https://paper.example/feed.xml")
    found = [post.uri[-1] for post in posts_of(feed, plain).posts]
    assert found == ["1", "3"]
    assert [post.uri[-1] for post in posts_of(feed).posts] == ["1", "2", "3"]
    worded = Feed(url="https://paper.example/feed.xml", hashtag="x", words=("CONFERENCE",))
    assert [post.uri[-1] for post in posts_of(feed, worded).posts] == ["3"]
    assert "x" in posts_of(feed, worded).posts[0].hashtags


def test_a_post_of_mastodon_is_the_one_that_its_own_api_gives() -> None:
    """A hashtag's feed names the page; the URI is the one that everybody knows it by."""
    page = "https://town.example/@ana/1123"
    post = only(posts_of(rss(item(title="", guid=page, link=page))))
    assert post.uri == "https://town.example/users/ana/statuses/1123"
    assert (post.author.uri, post.author.handle) == (
        "https://town.example/users/ana", "ana@town.example",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"pubDate": "some day"}, "no date"),
        ({"pubDate": ""}, "no date"),
        ({"link": "", "guid": "17"}, "no address"),
        ({"link": "javascript:alert(1)", "guid": "17"}, "no address"),
        ({"title": "", "description": ""}, "no words"),
    ],
)
def test_an_entry_that_is_no_post_is_rejected_by_its_reason(
    fields: dict[str, str], reason: str
) -> None:
    """And the rest of the feed goes on."""
    page = posts_of(rss(item(**fields), item(guid="https://paper.example/ok")))
    assert [reject.reason for reject in page.rejects if reason in reject.reason]
    assert [post.uri for post in page.posts] == ["https://paper.example/ok"]


@pytest.mark.parametrize("payload", [b"", b"<html><p>no</p></html>", b'{"error": 1}', b"\x00\xff"])
def test_what_is_no_feed_is_named(payload: bytes) -> None:
    """With a piece of it."""
    with pytest.raises(BadAnswerError, match="something else than a feed"):
        posts_of(payload)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_feed_that_declares_entities_is_not_read(encoding: str) -> None:
    """A billion laughs, and files of this machine, stay out; in whatever encoding."""
    bomb = (
        '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    payload = rss(item(title="x &b; &f; y"), more=bomb).decode()
    with pytest.raises(BadAnswerError, match="declares entities"):
        posts_of(payload.replace("utf-8", encoding).encode(encoding))


def test_a_long_article_is_quoted_not_republished() -> None:
    """Up to some thousand characters."""
    post = only(posts_of(rss(item(description="word " * 5_000))))
    assert LONGEST - 10 < len(post.text) <= LONGEST
    assert post.text.endswith("…")


@given(st.text(max_size=200), st.text(max_size=60))
def test_whatever_a_feed_says_its_posts_are_sound(description: str, title: str) -> None:
    """Nothing raises but what is declared, and no post is empty."""
    from xml.sax.saxutils import escape

    payload = rss(item(description=escape(description), title=escape(title)))
    try:
        page = posts_of(payload.decode("utf-8", "surrogatepass").encode("utf-8", "replace"))
    except BadAnswerError:
        return
    for post in page.posts:
        assert post.text.strip()
        assert len(post.text) <= LONGEST


@pytest.fixture
def feeds() -> Iterator[FakeFeeds]:
    """A server of this test's own."""
    with FakeFeeds() as server:
        yield server


def with_source(server: FakeFeeds, ask: Callable[[Rss], Awaitable[T]], *urls: str) -> T:
    """Runs ``ask`` with the real client and a source of the server's feeds."""

    async def run() -> T:
        http = Http()
        try:
            tables = [{"url": f"{server.address}{url}", "hashtag": "NATSEC17"} for url in urls]
            return await ask(connect(Settings.model_validate({"feeds": tables}), http))
        finally:
            await http.close()

    return asyncio.run(run())


def test_a_feed_that_has_not_changed_is_not_sent_again(feeds: FakeFeeds) -> None:
    """Asked with the tag and date that it gave; new entries come with another tag."""
    feeds.feeds["/feed.xml"] = rss(item())

    async def ask(source: Rss) -> list[int]:
        assert isinstance(source, PollingSource)
        (place,) = source.places(QUERY)
        first = await source.fetch(place, None, QUERY, run_start=True)
        second = await source.fetch(place, first.cursor, QUERY, run_start=True)
        feeds.feeds["/feed.xml"] = rss(item(), item(guid="https://paper.example/b"))
        third = await source.fetch(place, second.cursor, QUERY, run_start=True)
        assert [page.more for page in (first, second, third)] == [False] * 3
        return [len(page.posts) for page in (first, second, third)]

    assert with_source(feeds, ask, "/feed.xml") == [1, 0, 2]
    assert feeds.answered == {200: 2, 304: 1}
    assert feeds.asked[1][1]["if-modified-since"] == "Fri, 31 Mar 2017 10:00:00 GMT"


def entries(first: int, count: int) -> bytes:
    """A feed of entries a minute apart, the newest first."""
    return rss(
        *(
            item(
                guid=f"https://paper.example/{number}",
                pubDate=formatdate(AT + 60 * number, usegmt=True),
            )
            for number in reversed(range(first, first + count))
        )
    )


def test_entries_that_were_pushed_out_unseen_are_a_gap(feeds: FakeFeeds) -> None:
    """From when the feed was last read to the oldest that it holds now; where one is known still,
    or the feed reaches back far enough, or is a short one, there is none. One of a clock that was
    put back is of no length, but it is there."""

    async def ask(source: Rss) -> list[tuple[int, int | None]]:
        (place,) = source.places(QUERY)
        cursor, found = None, []
        for minutes, feed in (
            (20, entries(0, 20)), (40, entries(19, 20)), (100, entries(80, 20)),
            (100, entries(80, 20)), (99, entries(200, 20)), (130, entries(500, 2)),
            (131, entries(600, 20)),
        ):  # fmt: skip
            feeds.feeds["/feed.xml"] = feed
            query = msgspec.structs.replace(QUERY, now=AT + 60 * minutes)
            page = await source.fetch(place, cursor, query, run_start=True)
            found += [((gap.start - AT) // 60, ((gap.end or 0) - AT) // 60) for gap in page.gaps]
            cursor = page.cursor
        return found

    assert with_source(feeds, ask, "/feed.xml") == [(40, 80), (99, 99), (130, 131)]


def test_a_feed_of_each_hashtag_is_asked_by_its_address(feeds: FakeFeeds) -> None:
    """``{hashtag}`` stands for each of them."""
    feeds.feeds["/tags/natsec17.rss"] = rss(item())

    async def ask(source: Rss) -> int:
        (place,) = source.places(QUERY)
        assert place.hashtag == "natsec17"
        return len((await source.fetch(place, None, QUERY, run_start=True)).posts)

    assert with_source(feeds, ask, "/tags/{hashtag}.rss") == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ((429, {"Retry-After": "120"}, b""), RateLimitedError),
        ((500, {}, b"oops"), SourceError),
        ((404, {}, b""), SourceError),
        ((200, {}, b"<html>login</html>"), BadAnswerError),
    ],
)
def test_a_server_that_misbehaves_moves_nothing(
    feeds: FakeFeeds, fault: tuple[int, dict[str, str], bytes], error: type[SourceError]
) -> None:
    """The fault fires, is named, and the next poll brings what was missed."""
    feeds.feeds["/feed.xml"] = rss(item())
    feeds.plan.append(fault)

    async def ask(source: Rss) -> None:
        (place,) = source.places(QUERY)
        with pytest.raises(error):
            await source.fetch(place, None, QUERY, run_start=True)

    with_source(feeds, ask, "/feed.xml")
    assert feeds.answered == {fault[0]: 1}

    async def again(source: Rss) -> int:
        (place,) = source.places(QUERY)
        return len((await source.fetch(place, None, QUERY, run_start=True)).posts)

    assert with_source(feeds, again, "/feed.xml") == 1


def test_a_check_says_what_a_feed_is(feeds: FakeFeeds) -> None:
    """Its title and how much is in it."""
    feeds.feeds["/feed.xml"] = rss(item(), item(guid="https://paper.example/b"))

    async def ask(source: Rss) -> str:
        return await source.check(source.places(QUERY)[0])

    assert "The Paper, 2 entries" in with_source(feeds, ask, "/feed.xml")


@pytest.mark.parametrize(
    "feed",
    ["paper.example/feed", "http://paper.example/feed", "https://me:pw@paper.example/feed", 7,
     {"url": "https://paper.example/f", "hashtag": "#"}, {"url": "https://a.example", "wrds": []}],
)  # fmt: skip
def test_settings_refuse_what_is_no_feed(feed: object) -> None:
    """With the value."""
    with pytest.raises(ValidationError):
        Settings.model_validate({"feeds": [feed]})


def test_recorded_feeds_are_read_whole() -> None:
    """Every item of every recorded feed becomes a post."""
    paths = sorted(RECORDED.rglob("*.rss")) if RECORDED.exists() else []
    if not paths:
        pytest.skip("the recorded feeds are not here")
    for path in paths:
        payload = path.read_bytes()
        page = parse_page(payload, Feed(url="https://a.example/f", hashtag="x"), "a.example/f")
        assert page.rejects == ()
        assert len(page.posts) == payload.count(b"<item>")
