"""Who may ask, what is closed, and the headers on every answer."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard_server import with_client
from hashwatch.serve.csv_guard import CsvGuard

EVENT = "/events/natsec17"
EVERYWHERE = (
    "/",
    "/.json",
    EVENT,
    f"{EVENT}.json",
    f"{EVENT}/posts",
    f"{EVENT}/posts.csv?kind=quote",
    f"{EVENT}/coverage",
    "/events/nope",
    "/events/nope.json",
    f"{EVENT}/posts.json?kind=toot",
    "/-/healthz",
    "/-/hashwatch/static/abc/nope.js",
    "/dashboard",
    "/dashboard/posts",
    "/dashboard/posts.json?_size=2",
    "/dashboard/posts.csv?_size=2",
    "/dashboard?sql=select+1",
    "/dashboard/nope",
    "/nope",
    "/-/static/app.css",
    "/-/metadata.json",
    "/favicon.ico",
)


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_every_answer_carries_the_headers(dashboard_path: Path, path: str, host: str) -> None:
    """Pages, data, errors, files, tables and refusals: nosniff, no-referrer, a strict policy."""

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get(path)

    headers = with_client(dashboard_path, ask, host=host).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "access-control-allow-origin" not in headers


def test_our_pages_hold_nothing_that_the_policy_forbids(dashboard_path: Path) -> None:
    """No inline script, style or handler, and nothing from elsewhere, is in a page of ours."""

    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("/", EVENT, f"{EVENT}/posts", f"{EVENT}/sessions", "/events/nope"):
            page = (await client.get(path)).text
            assert " style=" not in page
            assert "<style" not in page
            for tag in re.findall(r"<script[^>]*>", page):
                assert " src=" in tag or "application/json" in tag
            for source in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', page):
                assert source.startswith("/")

    with_client(dashboard_path, ask)


def test_inline_blocks_of_table_pages_are_allowed_by_hash(dashboard_path: Path) -> None:
    """Datasette's own scripts run because their hashes are known, and for no other reason."""

    async def ask(client: httpx.AsyncClient) -> None:
        for path in ("/dashboard/posts", "/dashboard?sql=select+1", "/dashboard/events/1"):
            answer = await client.get(path)
            policy = answer.headers["content-security-policy"]
            for script in re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL):
                assert _hash(script) in policy, (path, script[:80])

    with_client(dashboard_path, ask)


@pytest.mark.parametrize(
    ("bound", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8001", 200),
        ("127.0.0.1", "localhost:8001", 200),
        ("127.0.0.1", "LOCALHOST", 200),
        ("127.0.0.1", "[::1]:8001", 200),
        ("127.0.0.1", "evil.example", 421),
        ("127.0.0.1", "127.0.0.1.evil.example", 421),
        ("127.0.0.1", "192.168.1.5:8001", 421),
        ("127.0.0.1", "", 421),
        ("localhost", "localhost", 200),
        ("dash.example", "dash.example", 200),
        ("dash.example", "evil.example", 421),
        ("0.0.0.0", "192.168.1.5:8001", 200),
        ("0.0.0.0", "evil.example", 421),
    ],
)
def test_only_our_own_names_are_answered(
    dashboard_path: Path, bound: str, host: str, status: int
) -> None:
    """A foreign name that was pointed at this address gets nothing, on any route."""

    async def ask(client: httpx.AsyncClient) -> list[int]:
        paths = ("/", f"{EVENT}.json", "/-/healthz")
        return [(await client.get(p, headers={"Host": host})).status_code for p in paths]

    codes = with_client(dashboard_path, ask, host=bound)
    assert {code == 421 for code in codes} == {status == 421}


def test_beyond_loop_back_everything_is_closed_until_somebody_can_sign_in(
    dashboard_path: Path,
) -> None:
    """Bound to the network with nobody made: health and files are answered, nothing else."""

    async def ask(client: httpx.AsyncClient) -> dict[str, int]:
        paths = [*EVERYWHERE, "/-/plugins.json", "/-/threads", "/dashboard.db"]
        return {path: (await client.get(path)).status_code for path in paths}

    for path, status in with_client(dashboard_path, ask, host="0.0.0.0").items():
        is_open = path.startswith(("/-/healthz", "/-/hashwatch/static", "/favicon"))
        assert (status == 401) == (not is_open), path
    here = with_client(dashboard_path, ask)
    assert here["/dashboard?sql=select+1"] == 200
    assert here["/dashboard.db"] in (403, 404)


def test_what_is_passed_on_from_elsewhere_is_not_from_this_machine(dashboard_path: Path) -> None:
    """On loop-back, behind something that says for whom it asks: closed like the network."""

    async def ask(client: httpx.AsyncClient) -> list[int]:
        headers = ({}, {"X-Forwarded-For": "192.0.2.7"}, {"Forwarded": "for=192.0.2.7"})
        return [(await client.get(EVENT, headers=one)).status_code for one in headers]

    assert with_client(dashboard_path, ask) == [200, 401, 401]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_pages_can_only_be_read(dashboard_path: Path, method: str) -> None:
    """Any other method is refused, and says which are allowed."""

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        return await client.request(method, f"{EVENT}/posts")

    answer = with_client(dashboard_path, ask)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_csv_of_tables_runs_nothing_in_a_spreadsheet(dashboard_path: Path) -> None:
    """Datasette's own CSV has the same posts as its JSON, formulas with an apostrophe in front."""

    async def ask(client: httpx.AsyncClient) -> tuple[str, str, str]:
        table = await client.get("/dashboard/posts.csv?_stream=1&_col=id&_col=text&_col=polarity")
        sql = await client.get("/dashboard.csv?sql=select+'%3D1%2B1'+as+x,-2.5+as+y,'a%0Db'")
        data = await client.get("/dashboard/posts.json?_shape=array&_size=max&_col=id&_col=text")
        return table.text, sql.text, data.text

    table, sql, data = with_client(dashboard_path, ask)
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    texts = {str(item["id"]): item["text"] for item in json.loads(data)}
    assert len(rows) == 600
    for row in rows:
        text, expected = row["text"], texts[row["id"]]
        assert text == ("'" + expected if expected.startswith(("=", "@")) else expected)
    assert "'=1+1,-2.5" in sql


@given(
    st.lists(st.lists(st.text(alphabet='=+-@\t\r\n",a1é', max_size=6), min_size=2, max_size=3),
             max_size=6),
    st.integers(1, 9),
)  # fmt: skip
def test_the_csv_guard_changes_formulas_only(rows: list[list[str]], size: int) -> None:
    """However the stream is cut, cells come out as they were, formulas neutralised."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    sent = file.getvalue().encode()
    guard = CsvGuard()
    pieces = [sent[i : i + size] for i in range(0, len(sent), size)] or [b""]
    out = b"".join(guard.feed(p, last=i == len(pieces) - 1) for i, p in enumerate(pieces))
    got = list(csv.reader(io.StringIO(out.decode(), newline="")))
    formula = re.compile(r"[=+\-@\t\r]")
    number = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
    expected = [
        ["'" + c if formula.match(c) and not number.fullmatch(c) else c for c in row]
        for row in rows
    ]
    assert got == expected


def test_table_cells_with_addresses_are_safe_links(dashboard_path: Path) -> None:
    """Addresses in tables carry the same rel as everywhere; others stay text."""

    async def ask(client: httpx.AsyncClient) -> str:
        return (await client.get("/dashboard/links")).text

    page = with_client(dashboard_path, ask)
    assert (
        '<a href="https://paper.example/report?a=1&amp;b=2" '
        'rel="noopener noreferrer nofollow ugc">' in page
    )


def _hash(script: str) -> str:
    from base64 import b64encode
    from hashlib import sha256

    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
