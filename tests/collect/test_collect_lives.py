"""Whatever happens to posts on two servers, streamed or not, a check of all sets things right."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fake_platform.mastodon import Timeline
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import no_wait
from hashwatch.collect.refreshing import DAY, refresh
from hashwatch.collect.source import Pace, Refreshed
from hashwatch.collect.sources.mastodon import parse_page
from hashwatch.collect.sources.mastodon.refreshing import read_refreshed
from hashwatch.collect.sources.mastodon.streaming import Event, page_of
from hashwatch.model import KnownPost, Page

AT = 1_490_961_600
HOSTS = ("a.example", "b.example")
HOST = st.sampled_from(HOSTS)
WHICH = st.integers(0, 50)


class Offline:
    """Servers that are asked without a network; their answers are read as the source reads them."""

    name = "mastodon"
    pace = Pace(15, 120, 60)

    def __init__(self, servers: dict[str, Timeline]) -> None:
        self.servers = servers

    def refresh_size(self, instance: str) -> int:  # noqa: ARG002 - the protocol's signature
        """So few that several requests are made."""
        return 3

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:
        """What the server has of these."""
        found = self.servers[instance].by_ids([post.local_id for post in posts])
        return read_refreshed(json.dumps(found).encode(), instance, posts)

    def is_home(self, instance: str, uri: str) -> bool:
        """Whether the URI is an address there."""
        return uri.startswith(f"https://{instance}/")


class Life:
    """What the model knows of one post: its number on each server that has it, and what is seen."""

    def __init__(self, home: str, uri: str) -> None:
        self.home, self.uri = home, uri
        self.numbers: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.seen = -1
        self.seen_at_home = False
        self.likes = 0

    def see(self, host: str) -> None:
        """The archive has been shown what ``host`` has of it now."""
        self.seen = max(self.seen, self.versions[host])
        self.seen_at_home |= host == self.home

    @property
    def is_deleted(self) -> bool:
        """Whether its own server, which had shown it, has it no more."""
        return self.seen_at_home and self.home not in self.numbers


class Lives(RuleBasedStateMachine):
    """Posts are written, federate late, are edited, liked, deleted at home, dropped elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.archive = Archive(Path(self.directory.name) / "archive.db")
        self.servers = {host: Timeline() for host in HOSTS}
        for host, server in self.servers.items():
            server.home = f"https://{host}"
        self.now = AT
        self.lives: list[Life] = []
        self.buried: set[str] = set()
        self.streaming: set[str] = set()

    def teardown(self) -> None:
        self.archive.close()
        self.directory.cleanup()

    @rule(host=HOST, federates=st.booleans())
    def write(self, host: str, federates: bool) -> None:
        self.now += 1
        number = self.servers[host].post("", self.now)
        self.servers[host].statuses[int(number)]["content"] = "<p>version 0</p>"
        life = Life(host, self.servers[host].statuses[int(number)]["uri"])
        life.numbers[host], life.versions[host] = number, 0
        self.lives.append(life)
        self.push(life, host, "update")
        if federates:
            self.federate(len(self.lives) - 1)

    @precondition(lambda self: self.lives)
    @rule(which=WHICH)
    def federate(self, which: int) -> None:
        life = self.lives[which % len(self.lives)]
        for host in HOSTS:
            if host not in life.numbers and life.home in life.numbers:
                made = self.servers[life.home].statuses[int(life.numbers[life.home])]
                life.numbers[host] = self.servers[host].receive(made, self.now)
                life.versions[host] = life.versions[life.home]
                self.push(life, host, "update")

    @precondition(lambda self: self.lives)
    @rule(which=WHICH, everywhere=st.booleans())
    def edit(self, which: int, everywhere: bool) -> None:
        life = self.lives[which % len(self.lives)]
        if life.home not in life.numbers:
            return
        version = life.versions[life.home] + 1
        for host, number in life.numbers.items():
            if everywhere or host == life.home:
                self.servers[host].edit(number, f"version {version}", AT + 10 * version)
                life.versions[host] = version
                self.push(life, host, "status.update")

    @precondition(lambda self: self.lives)
    @rule(which=WHICH)
    def like(self, which: int) -> None:
        life = self.lives[which % len(self.lives)]
        if life.home in life.numbers:
            life.likes += 1
            made = self.servers[life.home].statuses[int(life.numbers[life.home])]
            made["favourites_count"] = life.likes

    @precondition(lambda self: self.lives)
    @rule(which=WHICH, host=HOST)
    def remove(self, which: int, host: str) -> None:
        life = self.lives[which % len(self.lives)]
        if host in life.numbers:
            number = life.numbers.pop(host)
            self.servers[host].delete(number)
            del life.versions[host]
            self.push_deletion(life, host, number)

    @rule(host=HOST)
    def open_or_close_a_stream(self, host: str) -> None:
        self.streaming ^= {host}

    def push(self, life: Life, host: str, event: str) -> None:
        """The server's stream, if it is open, says what a post is now."""
        if host in self.streaming:
            made = self.servers[host].statuses[int(life.numbers[host])]
            self.take(host, page_of([Event(event, json.dumps(made))], host))
            life.see(host)

    def push_deletion(self, life: Life, host: str, number: str) -> None:
        """The server's stream, if it is open, says that it has deleted a post. It is believed
        of its own posts, and of others whose own server was never heard of them."""
        if host not in self.streaming:
            return
        asked = {
            where
            for (where,) in self.rows(
                "SELECT host FROM sightings JOIN instances ON instances.id = sightings.instance_id"
                " JOIN posts ON posts.id = post_id WHERE local_id IS NOT NULL"
                f" AND key = '{'/'.join(life.uri.split('/')[::-1])}'"
            )
        }
        self.take(host, page_of([Event("delete", number)], host))
        if host in asked and (host == life.home or life.home not in asked):
            self.buried.add(life.uri)

    @rule(host=HOST)
    def poll(self, host: str) -> None:
        """The whole timeline of a server comes."""
        page = self.servers[host].page("natsec17", {"limit": "40"})
        self.take(host, parse_page(json.dumps(page).encode(), host))
        shown = {each["uri"] for each in page}
        for life in self.lives:
            if life.uri in shown:
                life.see(host)

    def take(self, host: str, page: Page) -> None:
        place = PlaceKey("mastodon", host, "natsec17")
        run = self.archive.begin_run(place, self.now)
        self.archive.store(page, run, place, self.now)

    @rule(host=HOST)
    def check(self, host: str) -> None:
        """After a day, one server is asked until nothing is due."""
        self.now += 2 * DAY
        for _ in range(40):
            asked = refresh(
                Offline(self.servers), host, self.archive, AT - DAY,
                now=lambda: self.now, turn=no_wait, requests=4,
            )  # fmt: skip
            if asyncio.run(asked) is None:
                return
        raise AssertionError("there is always something due")

    @rule()
    def check_all(self) -> None:
        """After a day, each server is asked until nothing is due; then all is as it should be."""
        self.now += 2 * DAY
        for host in HOSTS:
            self.poll(host)
        for host in HOSTS:
            self.check(host)
        self.buried |= {life.uri for life in self.lives if life.is_deleted}
        expected = {
            life.uri: (f"version {life.seen}", life.likes)
            for life in self.lives
            if life.seen >= 0 and life.uri not in self.buried
        }
        found = self.rows("SELECT key, text, likes FROM posts")
        held = {"/".join(key.split("/")[::-1]): (text, likes) for key, text, likes in found}
        assert {uri: text for uri, (text, _) in held.items()} == {
            uri: text for uri, (text, _) in expected.items()
        }
        for life in self.lives:
            if life.uri in held and life.home in life.numbers:
                assert held[life.uri][1] == life.likes

    @invariant()
    def the_living_stay(self) -> None:
        """Whatever other servers have no more."""
        held = {key for (key,) in self.rows("SELECT key FROM posts")}
        for each in self.lives:
            if each.seen >= 0 and each.home in each.numbers and each.uri not in self.buried:
                assert "/".join(each.uri.split("/")[::-1]) in held

    @invariant()
    def the_dead_stay_dead(self) -> None:
        """However often another server shows a post that its own has deleted."""
        keys = {"/".join(uri.split("/")[::-1]) for uri in self.buried}
        assert not keys & {key for (key,) in self.rows("SELECT key FROM posts")}

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.archive.path)) as connection:
            return connection.execute(sql).fetchall()


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


@pytest.mark.long
class TestManyLives(Lives.TestCase):  # type: ignore[misc, valid-type]
    """The same, many more of them."""

    settings = settings(max_examples=600, stateful_step_count=50, deadline=None)
