"""The pages over ASGI: HTML and JSON alike, errors, caching, exports."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sqlite3
from pathlib import Path

import httpx
import pytest

from dashboard_builder import HOSTILE, build_dashboard
from dashboard_server import WALL, with_client

EVENT = "/events/natsec17"
PAGES = (
    "/",
    EVENT,
    f"{EVENT}?grain=hour&tab=top",
    f"{EVENT}/posts",
    f"{EVENT}/posts?q=security&sort=engaged",
    f"{EVENT}/sessions",
    f"{EVENT}/sessions/d4-2",
    f"{EVENT}/themes",
    f"{EVENT}/coverage",
    "/events/empty",
    "/events/empty/posts",
    "/events/empty/sessions",
    "/events/empty/themes",
    "/events/empty/coverage",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_html_and_json(dashboard_path: Path, path: str) -> None:
    """A page answers as HTML, and with .json as the same data."""

    async def ask(client: httpx.AsyncClient) -> None:
        page = await client.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        data = await client.get(_json(path))
        assert data.status_code == 200
        assert data.headers["content-type"] == "application/json; charset=utf-8"
        assert isinstance(data.json(), dict)
        for card in data.json().get("posts", []):
            assert f'data-post="{card["id"]}"' in page.text

    with_client(dashboard_path, ask)


def test_boosts_that_are_left_out_stay_so_from_page_to_page(dashboard_path: Path) -> None:
    """The tabs of pages whose figures know boosts carry it; others do not."""

    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("", "/sessions", "/sessions/d4-2", "/themes", "/voices", "/agenda"):
            page = (await client.get(f"{EVENT}{path}?boosts=hidden")).text
            for tab in ("", "/posts", "/sessions", "/themes", "/voices"):
                assert f'<a href="{EVENT}{tab}?boosts=hidden"' in page, (path, tab)
            assert f'<a href="{EVENT}/coverage"' in page
            assert f'<a href="{EVENT}/themes"' in (await client.get(f"{EVENT}{path}")).text

    with_client(dashboard_path, ask)


def test_hostile_posts_are_text_on_every_page(dashboard_path: Path) -> None:
    """No element, attribute or address of a post's own making is in any page."""

    async def ask(client: httpx.AsyncClient) -> None:
        posts = (await client.get(f"{EVENT}/posts.json?to=2017-03-28T12:00")).json()["posts"]
        hostile = [post for post in posts if post["text"] in HOSTILE]
        assert hostile
        paths = [f"{EVENT}/posts?to=2017-03-28T12:00", *(post["href"] for post in hostile)]
        for path in [*PAGES, *paths, *(_json(p) for p in paths)]:
            answer = await client.get(path)
            assert answer.status_code == 200
            if "json" in path:
                continue
            assert not re.search(r"<script(?![^>]* src=|[^>]* type=.application/json)", answer.text)
            assert not re.search(r"<(img|iframe|svg/|style)[ >]|<[bi]>", answer.text), path
            assert not re.search(r"<[^>]* on\w+=", answer.text)
            assert not re.search(r'(href|src)="?\s*(javascript|data):', answer.text, re.IGNORECASE)

    with_client(dashboard_path, ask)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/events/nope", 404, "natsec17"),
        (f"{EVENT}/posts/123", 404, "no post 123"),
        (f"{EVENT}/sessions/zz", 404, "no session"),
        (f"{EVENT}/posts?sentiment=angry", 400, "sentiment: "),
        (f"{EVENT}/posts?theme=Nope", 400, "theme: "),
        (f"{EVENT}/posts?colour=red", 400, "colour: "),
        (f"{EVENT}/posts?after=x", 400, "after: "),
        (f"{EVENT}?grain=second", 400, "grain: "),
        (f"{EVENT}/themes?q=x", 400, "q: "),
    ],
)
def test_errors_say_what_is_wrong(dashboard_path: Path, path: str, status: int, words: str) -> None:
    """JSON has one sentence under error, HTML a page with the same, both with the right status."""

    async def ask(client: httpx.AsyncClient) -> None:
        data = await client.get(_json(path))
        assert data.status_code == status
        assert list(data.json()) == ["error"]
        assert words in data.json()["error"]
        page = await client.get(path)
        assert page.status_code == status
        assert words in page.text

    with_client(dashboard_path, ask)


def test_posts_json_is_walked_by_next(dashboard_path: Path) -> None:
    """Following next from page to page gives every post once, and ends with null."""

    async def ask(client: httpx.AsyncClient) -> list[int]:
        seen: list[int] = []
        path: str | None = f"{EVENT}/posts.json?kind=original"
        while path is not None:
            data = (await client.get(path)).json()
            seen += [post["id"] for post in data["posts"]]
            path = data["next"] and _json(data["next"])
        return seen

    seen = with_client(dashboard_path, ask)
    connection = sqlite3.connect(dashboard_path)
    sql = "SELECT id FROM posts WHERE kind <> 'boost' ORDER BY id DESC"
    assert seen == [row[0] for row in connection.execute(sql)]
    connection.close()


def test_exports_are_the_filtered_set(dashboard_path: Path) -> None:
    """CSV and JSONL hold the same posts, boosts too; a bad filter is an error, not a file."""

    async def ask(client: httpx.AsyncClient) -> None:
        for query in ("", "?theme=Cybersecurity&sort=engaged", "?q=no-such-word"):
            table = await client.get(f"{EVENT}/posts.csv{query}")
            lines = await client.get(f"{EVENT}/posts.jsonl{query}")
            assert table.headers["content-type"] == "text/csv; charset=utf-8"
            assert "natsec17-posts.csv" in table.headers["content-disposition"]
            rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
            objects = [json.loads(line) for line in lines.text.splitlines()]
            assert [int(row["id"]) for row in rows] == [item["id"] for item in objects]
            total = (await client.get(f"{EVENT}/posts.json{query}")).json()["total"]
            assert len(rows) == total
        bad = await client.get(f"{EVENT}/posts.csv?kind=toot")
        assert (bad.status_code, "kind: " in bad.json()["error"]) == (400, True)

    with_client(dashboard_path, ask)


def test_an_unchanged_page_is_not_sent_again(dashboard_path: Path) -> None:
    """With its ETag a page is 304, until something is published."""

    async def ask(client: httpx.AsyncClient) -> None:
        first = await client.get(f"{EVENT}.json")
        tag = {"If-None-Match": first.headers["etag"]}
        assert first.headers["cache-control"] == "private, no-cache"
        again = await client.get(f"{EVENT}.json", headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        other = await client.get(f"{EVENT}/posts.json", headers=tag)
        assert other.status_code == 200

    with_client(dashboard_path, ask)


def test_a_published_change_makes_pages_new(tmp_path: Path) -> None:
    """After a commit the ETag no longer holds and the figures are the new ones."""
    path = tmp_path / "dashboard.db"
    writer = build_dashboard(path, posts=40)
    writer.execute("PRAGMA journal_mode = WAL")

    async def ask(client: httpx.AsyncClient) -> None:
        first = await client.get(f"{EVENT}.json")
        writer.execute("UPDATE meta SET value = '43' WHERE key = 'published_seq'")
        for _ in range(100):
            again = await client.get(
                f"{EVENT}.json", headers={"If-None-Match": first.headers["etag"]}
            )
            if again.status_code == 200 and again.json()["version"] == 43:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the page never became new")

    with_client(path, ask)
    writer.close()


def test_answers_are_compressed_for_those_who_ask(dashboard_path: Path) -> None:
    """HTML, JSON, exports, static files and table pages come as gzip, and are the same inside."""

    async def ask(client: httpx.AsyncClient) -> None:
        page = (await client.get(EVENT)).text
        static = re.findall(r'="(/-/hashwatch/static/[^"]+\.css)"', page)[0]
        for path in (EVENT, f"{EVENT}.json", f"{EVENT}/posts.csv", static, "/dashboard/posts"):
            plain = await client.get(path, headers={"Accept-Encoding": "identity"})
            zipped = await client.get(path, headers={"Accept-Encoding": "gzip"})
            assert "content-encoding" not in plain.headers
            assert zipped.headers["content-encoding"] == "gzip"
            if path != "/dashboard/posts":  # it says how long its queries took
                assert plain.content == zipped.content

    with_client(dashboard_path, ask)


def test_static_files_may_be_kept_for_ever(dashboard_path: Path) -> None:
    """Every file that a page names is there, of its type, immutable under its hash only."""

    async def ask(client: httpx.AsyncClient) -> None:
        named = set(re.findall(r'="(/-/hashwatch/static/[^"]+)"', (await client.get(EVENT)).text))
        assert named
        for path in named:
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["content-type"].split(";")[0] in {
                "text/css", "text/javascript", "image/svg+xml"
            }  # fmt: skip
        stale = await client.get(re.sub("static/[0-9a-f]+/", "static/abc/", named.pop()))
        assert stale.headers["cache-control"] == "no-cache"
        for path in ("abc/../app.py", "abc/%2e%2e/app.py", "abc//etc/passwd", "abc/nope.js"):
            assert (await client.get(f"/-/hashwatch/static/{path}")).status_code == 404

    with_client(dashboard_path, ask)


@pytest.mark.parametrize("made", ["missing", "empty", "tables"])
def test_the_first_start_is_a_page(tmp_path: Path, made: str) -> None:
    """Without a dashboard, with an empty file, or with no event in it, three steps are shown."""
    path = tmp_path / "dashboard.db"
    if made == "empty":
        path.touch()
    if made == "tables":
        connection = build_dashboard(path, posts=0)
        connection.execute("DELETE FROM events")
        connection.close()

    async def ask(client: httpx.AsyncClient) -> None:
        page = await client.get("/")
        assert page.status_code == 200
        assert "Three steps" in page.text
        assert (await client.get("/.json")).json()["events"] == []
        event = await client.get(f"{EVENT}.json")
        assert event.status_code == (404 if made == "tables" else 503)
        assert (await client.get("/-/healthz")).status_code == (200 if made == "tables" else 503)

    with_client(path, ask)


def test_a_dashboard_that_comes_later_is_found(tmp_path: Path) -> None:
    """The server may start before the publisher; then the pages and tables are there by itself."""
    path = tmp_path / "dashboard.db"

    async def ask(client: httpx.AsyncClient) -> None:
        assert (await client.get("/.json")).json()["events"] == []
        build_dashboard(path, posts=20).close()
        await asyncio.sleep(1.1)
        assert len((await client.get("/.json")).json()["events"]) == 2
        assert (await client.get(EVENT)).status_code == 200
        assert (await client.get("/dashboard/posts.json?_shape=array")).status_code == 200

    with_client(path, ask)


def test_health_tells_ages(dashboard_path: Path) -> None:
    """The check says how old publication and collection are, and fails when they are silent."""

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get("/-/healthz")

    answer = with_client(dashboard_path, ask)
    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    assert answer.json()["published_age_seconds"] == 8
    late = with_client(dashboard_path, ask, wall=WALL + 1000)
    assert (late.status_code, late.json()["ok"]) == (503, False)


def _json(path: str) -> str:
    bare, _, query = path.partition("?")
    return f"{bare}.json" + (f"?{query}" if query else "")
