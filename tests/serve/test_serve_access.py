"""Who may do what: every route, asked by every role, with every method."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from datasette import hookimpl
from datasette.plugins import pm

from dashboard_server import WALL, with_client
from hashwatch.errors import ConfigError, HashwatchError
from hashwatch.serve.access import EVERYBODY, Asking, identify, needed
from hashwatch.serve.listening import refuse_open_house
from hashwatch.serve.people import NAME, ROLES, People, Person, new_password
from hashwatch.serve.routes import routes
from hashwatch.serve.site import Settings, Site
from hashwatch.serve.throttle import BY_ADDRESS, BY_NAME, WINDOW_SECONDS, Throttle

EVENT = "/events/natsec17"
OURS = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "correct horse battery"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What stands for each group of an address of ours.
FILLED = {
    "slug": "natsec17", "name": "1563274069909656", "suffix": ".json", "format": "csv",
    "digest": "0a1b", "path": "hashwatch.css",
}  # fmt: skip
# The promise, written down apart from the code: who may read what, and decide on it. The first
# that fits; what fits none is Datasette's own.
PROMISE = (
    (r"/-/(healthz|hashwatch/static/.*)|/favicon.ico", EVERYBODY, None),
    (r"/public/.*|/events/[^/]+/wall(.json)?", EVERYBODY, None),
    (r"/-/sign-in", EVERYBODY, EVERYBODY),
    (r"/-/account", "viewer", "viewer"),
    (r"/-/people", "admin", "admin"),
    (r".*/(correct|evaluate|alerts|themes/decide)(.json)?", "viewer", "moderator"),
    (r".*/(moderation|log|triage|notes|check)(.json)?", "moderator", "moderator"),
    (r"/(.json)?|/events/.*", "viewer", None),
    (r"/(dashboard|-)(/.*|$|\..*)", "admin", "admin"),
)


@pytest.fixture
def path(dashboard_path: Path, tmp_path: Path) -> Path:
    """A dashboard of its own folder, in which three can sign in, one of each role."""
    for file in dashboard_path.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / "archive.db").touch()
    people = People(tmp_path / NAME)
    for role in ("admin", "moderator", "viewer"):
        people.put(role, role, PASSWORD, 1)  # type: ignore[arg-type]  # a role each
    return tmp_path / dashboard_path.name


def addresses() -> list[str]:
    """An address for every route of ours, with and without ``.json``, and some of Datasette's."""
    site = Site(Settings(Path("dashboard.db")))
    found = []
    for pattern, _ in routes(site):  # type: ignore[arg-type]  # a site stands for its Datasette
        bare = re.sub(
            r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)\??",
            lambda match: FILLED[match[1]] if match[1] != "suffix" else "",
            pattern,
        )
        bare = bare.strip("^$").replace("\\.", ".")
        found.append(bare)
        if "suffix" in pattern:
            found.append(f"{bare}.json")
    site.close()
    return [
        *found, "/dashboard", "/dashboard/posts", "/dashboard.json?sql=select+1", "/-/plugins.json",
        "/-/permissions", "/-/allow-debug", "/-/logout", "/-/actor.json",
    ]  # fmt: skip


async def sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """Signs in over the page's own form; the client keeps the session."""
    page = (await client.get("/-/sign-in?next=/events/natsec17")).text
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    form = {"token": token[1], "name": name, "password": password, "next": EVENT}
    return await client.post("/-/sign-in", data=form, headers=OURS)


@pytest.mark.parametrize("role", [EVERYBODY, *ROLES])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_every_route_is_open_to_just_those_it_is_promised_to(
    path: Path, role: str, host: str
) -> None:
    """Address × role × method: let in where the promise says so, and otherwise nowhere."""

    async def ask(client: httpx.AsyncClient) -> None:
        if role != EVERYBODY:
            assert (await sign_in(client, role)).status_code == 303
        for address in addresses():
            if address.endswith("/live"):
                continue  # a stream does not end; it is asked below
            for method in METHODS:
                answer = await client.request(method, address, headers=OURS)
                verdict = promised(address, method, role)
                refused = answer.status_code in (303, 401, 403, 405)
                if verdict == "method":
                    assert answer.status_code == 405, (method, address)
                elif verdict == "role":
                    assert refused, (method, address, answer.status_code)
                    assert "natsec" not in answer.text, (method, address)
                elif method == "POST":  # a form without a token, or none of ours: it gets as far
                    assert answer.status_code in (302, 303, 400, 403, 404, 405), (method, address)
                    assert "Sign in first" not in answer.text
                    assert "needs somebody" not in answer.text
                else:
                    assert answer.status_code != 401, (method, address)
                    assert "sign-in" not in answer.headers.get("location", ""), (method, address)
                    assert "needs somebody" not in answer.text

    with_client(path, ask, host=host, archive_path=path.with_name("archive.db"))


def promised(address: str, method: str, role: str) -> str:
    """``yes``, or what stands in the way: ``method`` or ``role``."""
    bare = address.partition("?")[0]
    reads, decides = next((one[1], one[2]) for one in PROMISE if re.fullmatch(one[0], bare))
    wanted = reads if method in ("GET", "HEAD") else decides if method == "POST" else None
    if wanted is None:
        return "method"
    order = [EVERYBODY, *ROLES]
    return "yes" if order.index(role) >= order.index(wanted) else "role"


def test_a_stream_is_for_those_who_have_signed_in(path: Path) -> None:
    """Refused before anything is streamed."""

    async def ask(client: httpx.AsyncClient) -> int:
        return (await client.get(f"{EVENT}/live")).status_code

    assert with_client(path, ask) == 401


def test_signing_in_and_out(path: Path) -> None:
    """Sent to sign in, back to what was asked for, and out again; nothing works afterwards."""

    async def ask(client: httpx.AsyncClient) -> None:
        sent = await client.get(f"{EVENT}/posts?q=panel")
        assert sent.status_code == 303
        assert (
            sent.headers["location"] == "/-/sign-in?next=%2Fevents%2Fnatsec17%2Fposts%3Fq%3Dpanel"
        )
        answer = await sign_in(client, "viewer")
        assert (answer.status_code, answer.headers["location"]) == (303, EVENT)
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
        assert (await client.get(EVENT)).status_code == 200
        page = (await client.get("/-/account")).text
        assert "Signed in as" in page
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token
        form = {"token": token[1], "action": "sign-out"}
        out = await client.post("/-/account", data=form, headers=OURS)
        assert out.status_code == 303
        assert (await client.get(EVENT)).status_code == 303

    with_client(path, ask)


def test_behind_https_the_session_is_for_https_alone(path: Path) -> None:
    """The address in the configuration decides; its name is answered to."""

    async def ask(client: httpx.AsyncClient) -> None:
        assert "Secure" in (await sign_in(client, "viewer")).headers["set-cookie"]
        known = await client.get("/-/healthz", headers={"Host": "watch.example"})
        assert known.status_code != 421

    with_client(path, ask, address="https://watch.example")


@pytest.mark.parametrize(
    "next_path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_nobody_is_sent_elsewhere_after_signing_in(path: Path, next_path: str) -> None:
    """What is no path of ours becomes the first page."""

    async def ask(client: httpx.AsyncClient) -> str:
        page = (await client.get("/-/sign-in", params={"next": next_path})).text
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token
        form = {"token": token[1], "name": "viewer", "password": PASSWORD, "next": next_path}
        answer = await client.post("/-/sign-in", data=form, headers=OURS)
        return str(answer.headers["location"])

    assert with_client(path, ask) == "/"


def test_a_wrong_password_is_refused_and_then_has_to_wait(path: Path) -> None:
    """The same words for an unknown name; after eight failures not even the right one is tried."""

    async def ask(client: httpx.AsyncClient) -> None:
        for name in ("viewer", "nobody"):
            answer = await sign_in(client, name, "wrong wrong wrong")
            assert answer.status_code == 401
            assert "Nobody has this name and this password" in answer.text
            assert "set-cookie" not in answer.headers
        for _ in range(BY_NAME - 1):
            await sign_in(client, "viewer", "wrong wrong wrong")
        answer = await sign_in(client, "viewer")
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert (await sign_in(client, "moderator")).status_code == 303

    with_client(path, ask)


@pytest.mark.parametrize("change", ["password", "role", "removed"])
def test_a_session_ends_with_its_password_and_follows_the_role(path: Path, change: str) -> None:
    """Without a restart."""
    people = People(path.with_name(NAME))

    async def ask(client: httpx.AsyncClient) -> None:
        await sign_in(client, "moderator")
        assert (await client.get(EVENT)).status_code == 200
        if change == "password":
            people.put("moderator", "moderator", "another one entirely", 2)
        elif change == "role":
            people.give_role("moderator", "admin")
        else:
            people.remove("moderator")
        assert (await client.get(EVENT)).status_code == (200 if change == "role" else 303)
        assert ((await client.get("/-/people")).status_code == 200) == (change == "role")

    with_client(path, ask)


def test_the_first_admin_is_made_on_the_machine_and_signed_in_at_once(
    dashboard_path: Path, tmp_path: Path
) -> None:
    """From then on nobody is let in without a password, on the machine too."""
    for file in dashboard_path.parent.iterdir():
        shutil.copy(file, tmp_path / file.name)
    path = tmp_path / dashboard_path.name

    async def ask(client: httpx.AsyncClient) -> None:
        page = (await client.get("/-/people")).text
        assert "The first admin" in page
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token
        form = {"token": token[1], "action": "add", "name": "ana", "password": "short"}
        refused = await client.post("/-/people", data=form, headers=OURS)
        assert refused.status_code == 400
        assert "needs 10 characters" in refused.text
        form["password"] = PASSWORD
        assert (await client.post("/-/people", data=form, headers=OURS)).status_code == 303
        assert "ana" in (await client.get("/-/people")).text
        client.cookies.clear()
        assert (await client.get("/-/people")).status_code == 303
        assert (await sign_in(client, "ana")).status_code == 303
        form |= {"action": "remove"}
        form["token"] = _token((await client.get("/-/people")).text)
        other = {**form, "action": "add", "name": "ben", "role": "viewer"}
        assert (await client.post("/-/people", data=other, headers=OURS)).status_code == 303
        last = await client.post("/-/people", data=form, headers=OURS)
        assert last.status_code == 400
        assert "leave nobody who is admin" in last.text

    with_client(path, ask)
    held = People(tmp_path / NAME)
    assert [(one.name, one.role) for one in held.everybody()] == [
        ("ana", "admin"),
        ("ben", "viewer"),
    ]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in (tmp_path / NAME).read_text(encoding="utf-8")


def _token(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_another_authentication_plugin_signs_people_in(path: Path) -> None:
    """Its actors count by name, where that person has no password of ours."""

    @hookimpl
    def actor_from_request(request: Any) -> dict[str, str] | None:
        name = request.headers.get("x-test-actor")
        return {"id": name} if name else None

    plugin: Any = ModuleType("test_actors")
    plugin.actor_from_request = actor_from_request
    People(path.with_name(NAME)).put("lea", "moderator", None, 1)

    async def ask(client: httpx.AsyncClient) -> list[int]:
        return [
            (await client.get(EVENT, headers={"X-Test-Actor": name})).status_code
            for name in ("lea", "admin", "stranger")
        ]

    pm.register(plugin, "test-actors")
    try:
        assert with_client(path, ask) == [200, 303, 303]
    finally:
        pm.unregister(plugin)


def test_a_broken_file_of_people_lets_nobody_in(path: Path) -> None:
    """Better closed than open; what is wrong is said."""
    whole = path.with_name(NAME).read_text(encoding="utf-8")
    path.with_name(NAME).write_text("{", encoding="utf-8")
    with pytest.raises(HashwatchError, match=r"people\.json: cannot be read"):
        People(path.with_name(NAME)).everybody()
    with pytest.raises(HashwatchError):
        refuse_open_house("0.0.0.0", path.parent)

    path.with_name(NAME).write_text(whole, encoding="utf-8")

    async def ask(client: httpx.AsyncClient) -> tuple[int, str]:
        path.with_name(NAME).write_text("{", encoding="utf-8")
        answer = await client.get(EVENT)
        return answer.status_code, answer.text

    status, text = with_client(path, ask)
    assert status == 503
    assert "people.json" not in text


def test_people_are_kept_in_order_and_refused_by_reason(tmp_path: Path) -> None:
    """Names, roles and passwords; made passwords are long and different."""
    people = People(tmp_path / NAME)
    for name, role, password, what in (
        ("", "admin", PASSWORD, "is no name"), ("a/b", "admin", PASSWORD, "is no name"),
        ("ana", "boss", PASSWORD, "no role 'boss'"), ("ana", "admin", "short", "needs 10"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=what):
            people.put(name, role, password, 1)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ConfigError, match="nobody called"):
        people.remove("ana")
    made = new_password()
    people.put("ana", "admin", made, 1)
    assert people.with_password("ana", made) is not None
    assert people.with_password("ana", made + "x") is None
    assert len({new_password() for _ in range(50)}) == 50
    assert People(tmp_path / NAME).secret == people.secret


def test_who_somebody_is_follows_from_actor_and_people(tmp_path: Path) -> None:
    """While nobody can sign in, the machine's own person may all; a mark must fit."""
    people = People(tmp_path / NAME)
    assert identify(None, people, loop_back=True).role == "admin"
    assert identify({"id": "root"}, people, loop_back=False) == Asking()
    person: Person = people.put("ana", "viewer", PASSWORD, 1)
    assert identify(None, people, loop_back=True) == Asking()
    for actor, role in (
        ({"id": "ana", "mark": person.mark}, "viewer"), ({"id": "ana"}, EVERYBODY),
        ({"id": "ana", "mark": "0" * 16}, EVERYBODY),
        ({"id": "ben", "mark": person.mark}, EVERYBODY),
    ):  # fmt: skip
        assert identify(actor, people, loop_back=True).role == role


def test_a_throttle_forgets_after_a_quarter_of_an_hour() -> None:
    """By name and by address, each with its own number."""
    throttle = Throttle()
    for number in range(BY_NAME):
        assert throttle.wait("ana", "192.0.2.1", WALL + number) == 0
        throttle.failed("ana", "192.0.2.1", WALL + number)
    assert 0 < throttle.wait("ana", "198.51.100.9", WALL + BY_NAME) <= WINDOW_SECONDS
    assert throttle.wait("ben", "192.0.2.1", WALL + BY_NAME) == 0
    assert throttle.wait("ana", "192.0.2.1", WALL + BY_NAME + WINDOW_SECONDS) == 0
    for number in range(BY_ADDRESS):
        throttle.failed(f"name{number}", "192.0.2.2", WALL)
    assert throttle.wait("cat", "192.0.2.2", WALL + 1) > 0


def test_methods_that_nothing_takes_need_no_role() -> None:
    """They are refused as such."""
    assert needed(EVENT, "PUT") is None
    assert needed(EVENT, "POST") is None
    assert needed(f"{EVENT}/evaluate", "POST") == "moderator"
