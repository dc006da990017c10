"""Pages, totals and exports against the plainest way to find the same posts."""

from __future__ import annotations

import random
import sqlite3

import pytest

from dashboard_builder import ZONE
from hashwatch.errors import FilterError
from hashwatch.model import fold_hashtag
from hashwatch.queries import search
from hashwatch.queries.events import find_event
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.rows import export_rows
from hashwatch.queries.search import count_posts, find_posts, walk_posts
from hashwatch.queries.selection import Selection, select

COMBINATIONS: list[dict[str, str]] = [
    {},
    {"q": "security"},
    {"q": '"the panel" OR droits'},
    {"q": "securite NOT droits"},
    {"q": "NOT security", "language": "en"},
    {"q": "parl*", "hashtag": "#Cafe"},
    {"q": "حقوق"},
    {"q": "民主"},
    {"q": "民"},
    {"q": "no-such-word"},
    {"q": "!!!"},
    {"theme": "Cybersecurity"},
    {"session": "d4-2", "sentiment": "unknown"},
    {"sentiment": "negative", "kind": "original"},
    {"sentiment": "positive"},
    {"language": "und", "media": "yes"},
    {"source": "csv"},
    {"source": "nowhere"},
    {"author": "@person1@a.example"},
    {"author": "nobody"},
    {"author": "person3@a.example", "kind": "reply"},
    {"kind": "boost"},
    {"kind": "quote", "link": "yes"},
    {"link": "no", "media": "no"},
    {"link": "paper.example"},
    {"link": "https://blog.example/x"},
    {"hashtag": "café", "theme": "Countering extremism", "language": "en"},
    {"from": "2017-03-30", "to": "2017-03-30"},
    {"from": "2017-03-30T09:17", "to": "2017-03-31T10:01:30", "kind": "original"},
    {"from": "2017-03-31", "theme": "Cybersecurity"},
    {"to": "2017-03-29T12:00", "source": "mastodon"},
]


@pytest.mark.parametrize("sort", ["newest", "engaged"])
@pytest.mark.parametrize("filters", COMBINATIONS, ids=str)
def test_pages_hold_what_a_full_scan_finds(
    dashboard: sqlite3.Connection, filters: dict[str, str], sort: str
) -> None:
    """Walking all pages, in either order, gives the posts of a scan, each once, in order."""
    selection = _select(dashboard, {**filters, "sort": sort})
    expected = _scan(dashboard, selection, folded=True)
    if sort == "engaged":
        expected.sort(key=lambda row: (-row["engagement"], -row["id"]))
    assert _all_pages(dashboard, selection, size=7) == [row["id"] for row in expected]


@pytest.mark.parametrize("filters", COMBINATIONS, ids=str)
def test_totals_and_exports_count_boosts(
    dashboard: sqlite3.Connection, filters: dict[str, str]
) -> None:
    """The total is the size of the export, and both are the scan with boosts, in order of ids."""
    selection = _select(dashboard, filters)
    expected = sorted(row["id"] for row in _scan(dashboard, selection, folded=False))
    assert [row["id"] for row in export_rows(dashboard, selection)] == expected
    assert [post for ids in walk_posts(dashboard, selection, size=11) for post in ids] == expected
    total = count_posts(dashboard, selection)
    assert (total.posts, total.is_exact) == (len(expected), True)


@pytest.mark.parametrize("sort", ["newest", "engaged"])
def test_small_budgets_make_short_pages_and_lose_nothing(
    dashboard: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """Where a page may look at few candidates it holds fewer posts, and the next ones the rest."""
    monkeypatch.setattr(search, "BUDGET", 15)
    monkeypatch.setattr(search, "ROW_BUDGET", 15)
    monkeypatch.setattr(search, "TEXT_BUDGET", 15)
    for filters in ({"kind": "quote", "q": "rights"}, {"sentiment": "unknown"}, {"q": "NOT the"}):
        selection = _select(dashboard, {**filters, "sort": sort})
        expected = {row["id"] for row in _scan(dashboard, selection, folded=True)}
        found = _all_pages(dashboard, selection, size=3)
        assert set(found) == expected
        assert len(found) == len(expected)
        assert not count_posts(dashboard, selection).is_exact


def test_random_combinations_agree_with_a_scan(dashboard: sqlite3.Connection) -> None:
    """Any two or three filters together find what a scan finds."""
    draw = random.Random(5)
    for _ in range(60):
        filters: dict[str, str] = {}
        for part in draw.sample(COMBINATIONS, draw.randint(2, 3)):
            filters.update(part)
        try:
            selection = _select(dashboard, filters)
        except FilterError:
            continue  # a range that ends before it begins
        expected = [row["id"] for row in _scan(dashboard, selection, folded=True)]
        assert _all_pages(dashboard, selection, size=9) == expected, filters


def test_a_boost_before_the_range_of_its_original_stands_for_it(
    dashboard: sqlite3.Connection,
) -> None:
    """A range that begins after an original shows the first of its boosts there, once."""
    selection = _select(dashboard, {"from": "2017-03-31T09:00"})
    found = _all_pages(dashboard, selection, size=50)
    rows = dashboard.execute("SELECT id, folds_into FROM posts").fetchall()
    originals = dict(rows)
    shown = [originals[post] for post in found if originals[post] is not None]
    assert shown
    assert len(shown) == len(set(shown))
    assert all(original < selection.parameters["low"] for original in shown)


def test_a_theme_or_session_that_is_not_there_is_named(dashboard: sqlite3.Connection) -> None:
    """An unknown theme or session is a bad filter that says what there is."""
    with pytest.raises(FilterError, match="theme: there is no theme “Nope”; there is Security"):
        _select(dashboard, {"theme": "Nope"})
    with pytest.raises(FilterError, match=r"session: .*d4-1, d4-2"):
        _select(dashboard, {"session": "zz"})


@pytest.mark.parametrize("after", ["x", "1-2-3", "-5", "1 OR 1=1", "９９", "1" * 19])
def test_a_forged_cursor_is_refused(dashboard: sqlite3.Connection, after: str) -> None:
    """A place in the list that no page gave is a bad filter named after."""
    with pytest.raises(FilterError, match=r"^after: "):
        find_posts(dashboard, _select(dashboard, {}), after)


def test_an_event_without_posts_has_none(dashboard: sqlite3.Connection) -> None:
    """The posts of one event are not those of another."""
    event = find_event(dashboard, "empty")
    selection = select(dashboard, event, parse_filters({"q": "security"}, ZONE))
    assert find_posts(dashboard, selection) == search.Found([], None)
    assert count_posts(dashboard, selection) == search.Total(0, True)


def _select(dashboard: sqlite3.Connection, filters: dict[str, str]) -> Selection:
    event = find_event(dashboard, "natsec17")
    return select(dashboard, event, parse_filters(filters, ZONE))


def _all_pages(dashboard: sqlite3.Connection, selection: Selection, size: int) -> list[int]:
    found: list[int] = []
    after: str | None = ""
    while after is not None:
        page = find_posts(dashboard, selection, after, size)
        assert len(page.ids) <= size
        found += page.ids
        after = page.after
    return found


def _scan(dashboard: sqlite3.Connection, selection: Selection, folded: bool) -> list[sqlite3.Row]:
    """Every post of the first event looked at in Python, newest first."""
    cursor = dashboard.cursor()
    cursor.row_factory = sqlite3.Row
    rows = cursor.execute(
        "SELECT p.*, a.handle FROM posts AS p JOIN authors AS a ON a.id = p.author_id "
        "ORDER BY p.id DESC"
    ).fetchall()
    kept = [row for row in rows if _matches(dashboard, selection, row)]
    filters = selection.filters
    if not folded or filters.kind or filters.author:
        return kept
    if filters.start is None:
        return [row for row in kept if row["folds_into"] is None]
    low = filters.start << 20
    first_boosts: dict[int, int] = {}
    for row in reversed(rows):
        if row["folds_into"] is not None and row["id"] >= low:
            first_boosts.setdefault(row["folds_into"], row["id"])
    return [
        row
        for row in kept
        if row["folds_into"] is None
        or (row["folds_into"] < low and first_boosts[row["folds_into"]] == row["id"])
    ]


def _matches(dashboard: sqlite3.Connection, selection: Selection, row: sqlite3.Row) -> bool:
    filters = selection.filters

    def names(sql: str) -> list[str]:
        return [found[0] for found in dashboard.execute(sql, (row["id"],))]

    themes = names(
        "SELECT name FROM post_themes JOIN themes ON themes.id = theme_id WHERE post_id = ?"
    )
    sessions = names(
        "SELECT code FROM post_sessions JOIN sessions ON sessions.id = session_id WHERE post_id = ?"
    )
    tags = names(
        "SELECT name FROM post_hashtags JOIN hashtags ON hashtags.id = hashtag_id WHERE post_id = ?"
    )
    links = names("SELECT url FROM post_links JOIN links ON links.id = link_id WHERE post_id = ?")
    at = row["id"] >> 20
    return all(
        (
            not filters.q or _text_matches(dashboard, filters.q, row["id"]),
            not filters.theme or filters.theme in themes,
            not filters.session or filters.session in sessions,
            not filters.hashtag or fold_hashtag(filters.hashtag) in tags,
            not filters.sentiment or (row["sentiment"] or "unknown") == filters.sentiment,
            not filters.language or row["language"] == filters.language,
            not filters.source or row["source"] == filters.source,
            not filters.author or row["handle"].casefold() == filters.author,
            not filters.kind
            or row["kind"] == filters.kind
            or (filters.kind == "original" and row["kind"] != "boost"),
            not filters.media or row["has_media"] == (filters.media == "yes"),
            _link_matches(filters.link, row["has_link"], links),
            filters.start is None or at >= filters.start,
            filters.end is None or at < filters.end,
        )
    )


def _link_matches(link: str, has_link: int, links: list[str]) -> bool:
    if link in ("", "yes", "no"):
        return not link or bool(has_link) == (link == "yes")
    if "/" in link:
        return link in links
    return any(url.split("/")[2].removeprefix("www.") == link for url in links)


def _text_matches(dashboard: sqlite3.Connection, query: str, post_id: int) -> bool:
    """The searches above, spelled out over a post's folded words."""
    from hashwatch.queries.fold import index_text

    text = dashboard.execute("SELECT text FROM posts WHERE id = ?", (post_id,)).fetchone()[0]
    words = fold_hashtag(index_text(text)).replace("#", " ").replace("-", " ").split()
    words = [word.strip(".,<>()/\"':;=!?@|") for word in words]
    joined = f" {' '.join(words)} "
    return {
        "security": "security" in words,
        '"the panel" OR droits': " the panel " in joined or "droits" in words,
        "securite NOT droits": "securite" in words and "droits" not in words,
        "NOT security": "security" not in words,
        "NOT the": "the" not in words,
        "parl*": any(word.startswith("parl") for word in words),
        "حقوق": "حقوق" in words,
        "民主": "民主" in words,
        "民": any(word.startswith("民") for word in words),
        "rights": "rights" in words or "rights" in joined.replace("<b>", " "),
        "no-such-word": False,
        "!!!": False,
    }[query]
