"""The interface's languages: what is chosen, what is marked, what is translated."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from babel.messages.catalog import Catalog
from selectolax.lexbor import LexborHTMLParser, LexborNode

from dashboard_server import with_client
from hashwatch import wording
from hashwatch.serve.app import build_app
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import Stage, post

EVENT = "/events/natsec17"
PAGES = (
    "/",
    EVENT,
    f"{EVENT}?grain=hour&tab=top",
    f"{EVENT}/posts",
    f"{EVENT}/posts?q=security&sort=engaged",
    f"{EVENT}/columns",
    f"{EVENT}/sessions",
    f"{EVENT}/sessions/d4-2",
    f"{EVENT}/sessions/d4-2/replay",
    f"{EVENT}/agenda",
    f"{EVENT}/themes",
    f"{EVENT}/questions",
    f"{EVENT}/voices",
    f"{EVENT}/coverage",
    f"{EVENT}/evaluate",
    "/events/empty",
    "/events/empty/posts",
    "/events/empty/sessions",
    "/events/empty/agenda",
    "/events/empty/themes",
    "/events/empty/questions",
    "/events/empty/coverage",
    "/-/people",
    "/-/account",
    "/-/sign-in",
    "/events/nothing",
)
SPOKEN = ("aria-label", "title", "placeholder", "alt", "aria-roledescription")
DATA = "script, style, code, pre, kbd, textarea, time, bdi, [translate=no], [dir=auto], .post-text"
MARKED = re.compile(f"{wording.OPENS}[^{wording.CLOSES}]*{wording.CLOSES}")
NAMES = re.compile(r"\b(Mastodon|Bluesky|Misskey|RSS|CSV|JSONL?|SQL|TOML|UTC|X|hashwatch)\b")
"""Names that are the same in every language."""


def english(node: LexborNode, data: re.Pattern[str]) -> list[str]:
    """What of a page is in no brackets, and is neither data nor a name."""
    for apart in node.css(DATA):
        apart.decompose()
    found = []
    texts = [one.text(deep=False) for one in node.css("*")]
    texts += [one.attributes.get(name) or "" for one in node.css("*") for name in SPOKEN]
    for text in texts:
        rest = MARKED.sub(" ", text)
        rest = NAMES.sub(" ", data.sub(" ", rest))
        if re.search(r"[A-Za-z]{2,}", rest):
            found.append(" ".join(rest.split()))
    return found


HELD = {
    "events": "slug, title, description, place, timezone, hashtags, accounts",
    "sessions": "code, title, room, track, theme, speakers, abstract",
    "themes": "name, terms",
    "authors": "handle, name",
    "hashtags": "name, shown",
    "links": "url, host",
    "places": "instance, detail",
    "groups": "name",
}
"""The columns of the dashboard that hold people's words and names."""


def data_of(path: Path) -> re.Pattern[str]:
    """What the dashboard's tables hold as people's words and names, the longest first."""
    found: set[str] = set()
    connection = sqlite3.connect(path)
    for table, columns in HELD.items():
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for column in set(columns.split(", ")) & there:
            for (value,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}"):
                found |= {str(value), *re.findall(r'"((?:[^"\\]|\\.)+)"', str(value))}
    connection.close()
    kept = sorted((one for one in found if len(one) > 1), key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in kept))


@pytest.fixture(scope="module")
def people(dashboard_path: Path) -> re.Pattern[str]:
    """The words and names in the test dashboard."""
    return data_of(dashboard_path)


def in_language(path: str, language: str) -> str:
    """An address in a language."""
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.mark.parametrize("path", PAGES)
def test_every_word_of_a_page_is_marked(
    dashboard_path: Path, people: re.Pattern[str], path: str
) -> None:
    """In the language for tests nothing stands outside brackets but data."""

    async def ask(client: httpx.AsyncClient) -> str:
        return (await client.get(in_language(path, wording.PSEUDO))).text

    page = LexborHTMLParser(with_client(dashboard_path, ask))
    assert page.css_first("html").attributes["lang"] == wording.PSEUDO
    assert wording.OPENS in page.css_first("main").text()
    assert english(page.root, people) == []


JINJA = re.compile(
    r"\{#.*?#\}|\{% block body_class %\}.*?\{% endblock %\}"
    r"|\{%-?\s*trans\b.*?\{%-?\s*endtrans\s*-?%\}|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
TEMPLATES = Path(wording.__file__).parents[1] / "serve" / "templates"


@pytest.mark.parametrize("name", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_templates_hold_no_words_that_are_not_marked(name: str) -> None:
    """In what no test comes to see neither: no words outside ``{{ … }}`` and ``{% trans %}``."""
    rest = JINJA.sub(" ", (TEMPLATES / name).read_text(encoding="utf-8"))
    page = LexborHTMLParser(re.sub(r"<\s[^>]*>", " ", rest))
    found = english(page.root, re.compile("@name@server.example|https://")) if page.root else []
    assert found == [], f'{name}: mark with _("…") or {{% trans %}}; see docs/design.md'


STAFF = (
    f"{EVENT}/moderation", f"{EVENT}/moderation?state=approve", f"{EVENT}/moderation?state=hide",
    f"{EVENT}/moderation?state=rules", f"{EVENT}/log", f"{EVENT}/triage",
    f"{EVENT}/triage?queue=negative", f"{EVENT}/triage?queue=mentions&state=done",
    f"{EVENT}/notes", f"{EVENT}/alerts", f"{EVENT}/check", f"{EVENT}/evaluate", f"{EVENT}/themes",
    f"{EVENT}/wall", "/public/natsec17", "/public/natsec17/embed", "/public/other",
)  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An archive, its dashboards, and somebody who has decided a little of everything."""
    made = Stage(tmp_path_factory.mktemp("stage"))
    posts = [post(number, text=f"Zebra {number} on oversight #NATSEC17") for number in range(1, 7)]
    made.store(*posts)
    made.publish()
    for subject, ref, verdict in (
        ("post", 1, "approve"), ("post", 2, "reject"), ("post", 3, "hide"), ("pin", 1, "pin"),
        ("author", made.author_of(posts[4]), "reject"), ("term", "gnu", "hide"),
        ("surface", "feed", "stop"), ("post", 6, "approve"), ("post", 6, None),
    ):  # fmt: skip
        if subject in ("post", "pin"):
            ref = made.rows("SELECT id FROM posts ORDER BY id")[int(ref) - 1][0]
        made.rule(subject, ref, verdict)
    made.publish()
    yield made
    made.archive.close()


@pytest.mark.parametrize("path", STAFF)
def test_every_word_of_what_staff_and_the_public_see_is_marked(stage: Stage, path: str) -> None:
    """The same of the pages on which people decide, and of those made of what they let on."""
    app = build_app(stage.dashboard_path, archive_path=stage.archive_path, wall=lambda: float(NOW))

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        base = "http://127.0.0.1:8001"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.get(in_language(path, wording.PSEUDO))

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    page = LexborHTMLParser(answer.text)
    assert page.css_first("html").attributes["lang"] == wording.PSEUDO
    assert english(page.root, data_of(stage.dashboard_path)) == []


def test_what_is_not_marked_is_found(people: re.Pattern[str]) -> None:
    """The search for unmarked words finds them in text and attributes, and data not."""
    page = LexborHTMLParser(
        f'<main><p>{wording.pseudo("All posts")}</p><p title="Left out">5 <bdi>Ann</bdi></p>'
        "<p>Also <b>this</b></p><time>31 Mar</time><p>NATSEC17</p></main>"
    )
    assert sorted(english(page.root, people)) == ["Also", "Left out", "this"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("de, fr;q=0.3, en;q=0.7", "en"),
        ("en;q=0.5,fr;q=0.5", "en"),
        ("fr;q=0", "en"),
        ("", "en"),
        ("*", "en"),
        ("zz;q=nonsense,fr;q=0.1", "fr"),
    ],
)
def test_the_browser_is_listened_to(header: str, language: str) -> None:
    """``Accept-Language`` by its weights; English where it names nothing that is spoken."""
    assert wording.choose(header) == language


def test_address_goes_before_cookie_before_browser(dashboard_path: Path) -> None:
    """Each is heard in its turn; the address is remembered, nonsense refused."""

    async def ask(client: httpx.AsyncClient) -> None:
        async def spoken(path: str, **headers: str) -> str:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            answer = await client.get(path, headers=names)
            assert answer.status_code == 200
            assert "Accept-Language" in answer.headers["vary"]
            return str(LexborHTMLParser(answer.text).css_first("html").attributes["lang"])

        assert await spoken(EVENT) == "en"
        assert await spoken(EVENT, accept_language="fr") == "fr"
        assert await spoken(EVENT, accept_language="fr", cookie="hashwatch_lang=en") == "en"
        assert await spoken(EVENT, cookie="hashwatch_lang=xx", accept_language="fr") == "fr"
        assert await spoken(f"{EVENT}?lang=en", cookie="hashwatch_lang=fr") == "en"
        client.cookies.clear()
        answer = await client.get(f"{EVENT}/posts?lang=fr")
        assert answer.headers["set-cookie"].startswith("hashwatch_lang=fr; ")
        assert await spoken(f"{EVENT}/themes") == "fr"
        assert (await client.get(f"{EVENT}?lang=tlh")).status_code == 400
        assert (await client.get(f"{EVENT}.json")).json()["sentence"][0]["text"].endswith("posts")
        named = (await client.get(f"{EVENT}.json?lang=fr")).json()
        assert named["sentence"][0]["text"].endswith("publications")

    with_client(dashboard_path, ask)


def test_kept_answers_and_tags_are_by_language(dashboard_path: Path) -> None:
    """One reader's language is no other's; a tag of one language is none of the other."""

    async def ask(client: httpx.AsyncClient) -> None:
        english_, french = [
            await client.get(EVENT, headers={"accept-language": one}) for one in ("en", "fr")
        ]
        assert english_.text != french.text
        assert english_.headers["etag"] != french.headers["etag"]
        same = {"accept-language": "fr", "if-none-match": french.headers["etag"]}
        other = {"accept-language": "en", "if-none-match": french.headers["etag"]}
        assert (await client.get(EVENT, headers=same)).status_code == 304
        assert (await client.get(EVENT, headers=other)).status_code == 200

    with_client(dashboard_path, ask)


def test_french_pages_are_french(dashboard_path: Path) -> None:
    """Words, numbers, days, plurals and spaces as French has them, in pages, errors and scripts."""

    async def ask(client: httpx.AsyncClient) -> dict[str, str]:
        pages = ("", "/posts", "/coverage", "/posts?kind=x", "/agenda")
        client.headers["accept-language"] = "fr"
        return {page: (await client.get(EVENT + page)).text for page in pages}

    pages = with_client(dashboard_path, ask)
    overview = LexborHTMLParser(pages[""])
    assert overview.css_first("title").text().startswith("Synthèse")
    assert "publications" in overview.css_first(".sentence").text()
    assert re.search(r"\d\xa0%", overview.css_first("main").text())
    scripts = json.loads(overview.css_first("script#script-words").text())
    assert scripts["language"] == "fr"
    assert scripts["words"]["Pause updates"] == "Suspendre les mises à jour"
    assert scripts["words"]["%(count)s post"]["other"] == "%(count)s publications"
    assert "Couverture" in pages["/coverage"]
    assert "n’est aucun de" in pages["/posts?kind=x"]
    assert re.search(r"(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) \d", pages["/agenda"])


def test_figures_and_times_are_those_of_the_language() -> None:
    """By CLDR: groups, decimals, per cent, days, lists, plurals, ages."""
    with wording.speaking("fr"):
        assert wording.number(12_345) == "12\u202f345"
        assert wording.fixed(1.25, 1) == "1,2"
        assert wording.percent(0.31) == "31\xa0%"
        assert wording.day(date(2017, 3, 31)) == "31 mars"
        assert wording.full_weekday(date(2017, 3, 31)) == "vendredi 31 mars"
        assert (
            wording.days_between(date(2017, 3, 28), date(2017, 4, 1)) == "28 mars – 1ᵉʳ avril 2017"
        )
        assert wording.joined(["a", "b", "c"]) == "a, b et c"
        assert wording.plural(0, "%(count)s post", "%(count)s posts") == "0 publication"
        assert wording.plural(2, "%(count)s post", "%(count)s posts") == "2 publications"
        assert wording.age(90) == "il y a 1\xa0min"
        assert wording.language_name("de") == "allemand"
    assert wording.number(12_345) == "12,345"
    assert wording.plural(0, "%(count)s post", "%(count)s posts") == "0 posts"
    assert wording.days_between(date(2017, 3, 31), date(2017, 3, 31)) == "31 March 2017"


def test_catalogues_are_complete_and_up_to_date() -> None:
    """Nothing is missing, fuzzy, no longer used, or has other placeholders or tags."""
    tool = messages_tool()
    for path in tool.CATALOGUES.glob("*.po"):
        catalogue = tool.merged(path.read_bytes(), path.stem)
        assert list(tool.problems(catalogue)) == [], "run make messages, and translate"
        assert tool.written(catalogue) == path.read_bytes(), "run make messages"


def test_a_catalogue_with_mistakes_is_refused() -> None:
    """A missing message, a fuzzy one, another placeholder and another tag are each found."""
    tool = messages_tool()
    catalogue = Catalog(locale="fr")
    catalogue.add("whole", "entier")
    catalogue.add("missing", "")
    catalogue.add("fuzzy", "flou", flags=["fuzzy"])
    catalogue.add("by %(name)s", "par %(nom)s", flags=["python-format"])
    catalogue.add("<b>all</b>", "<i>tout</i>")
    catalogue.add("who?", "qui ?")
    catalogue.add("the age", "l'âge")
    catalogue.add("why?", "pourquoi\u202f?")
    catalogue.add(("%(count)s post", "%(count)s posts"), ("une publication", ""))
    found = [problem.partition(":")[0] for problem in tool.problems(catalogue)]
    assert sorted(found) == [
        "fuzzy", "needs espaces insécables or ’", "needs espaces insécables or ’",
        "not translated", "not translated", "other placeholders or tags",
        "other placeholders or tags",
    ]  # fmt: skip


def messages_tool() -> ModuleType:
    """The tool behind ``make messages``."""
    path = Path(__file__).parents[2] / ".ci" / "messages.py"
    spec = importlib.util.spec_from_file_location("hashwatch_messages", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool
