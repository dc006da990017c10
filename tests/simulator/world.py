"""A simulated world: people write, edit and delete on several platforms, and things go wrong.

Everything that will happen is drawn from the seed before it begins (:func:`scenario`), with its
true time. Nothing here knows of the product; the collector meets the world by its network only.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from fake_platform.jetstream import account_event, delete_event, post_event
from fake_platform.statuses import status
from simulator.clock import Clock
from simulator.disturbing import disturbed
from simulator.lives import Copy, Life
from simulator.network import Fault, Network
from simulator.servers import (
    FEED,
    FEED_LENGTH,
    JETSTREAM,
    PDS,
    FeedHost,
    JetstreamHost,
    MastodonHost,
    PdsHost,
)

START = 1_490_961_600.0  # 31 March 2017, 12:00 UTC
HASHTAGS = ("natsec17", "dronelaw17")
# Servers that are collected, and one that only posts come from.
SERVERS = ("a.example", "b.example")
FAR = "far.example"
HOSTILE = ("\u202edesrever", "a\u0000b", "z̷̨a̴l̶g̵o̷" * 3, "<script>alert(1)</script>", "\ud83d", "🏳️‍🌈")


@dataclass
class Size:
    """How much happens. Seconds; ``posts`` in all."""

    posts: int = 200
    before: int = 20
    lasts: float = 2_400.0
    quiet: float = 2_400.0
    burst: int = 90


FULL = Size(posts=6_000, before=300, lasts=28_800.0, burst=600)
"""A day of a large conference."""


@dataclass
class Scenario:
    """What is drawn from a seed: the platforms, what happens when, and what goes wrong.

    ``troubles`` are what happens to the collector itself: (true time, kind, seconds)."""

    seed: int
    size: Size
    servers: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = HASHTAGS
    jetstream: int = 0
    search: bool = False
    feed: bool = False
    kept: float = 1_200.0
    faults: list[Fault] = field(default_factory=list)
    troubles: list[tuple[float, str, float]] = field(default_factory=list)


class World:
    """The truth. ``lives`` are all posts."""

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self.scenario, self.clock = scenario, clock
        self.random = random.Random(scenario.seed)
        self.network = Network(clock)
        self.network.faults = scenario.faults
        self.network.disturb = self._disturb
        self.lives: list[Life] = []
        self.masts = {host: MastodonHost(self.network, host) for host in scenario.servers}
        self.network.hosts |= self.masts
        for host in scenario.tokens:
            self.masts[host].token = f"token-of-{host}"
            self.masts[host].fake.streaming = f"wss://{host}"
        self.jetstream = JetstreamHost(self.network, scenario.kept) if scenario.jetstream else None
        self.pds = PdsHost(self.network) if scenario.search else None
        self.feed = FeedHost(self.network) if scenario.feed else None
        for name, host in ((JETSTREAM, self.jetstream), (PDS, self.pds), (FEED, self.feed)):
            if host is not None:
                self.network.hosts[name] = host
        # Its search and its public side are two hosts.
        if self.pds is not None:
            self.network.hosts["public.api.bsky.app"] = self.pds
        self._plan: list[tuple[float, int, Callable[[float], None]]] = []
        self._numbers = 0
        self._gone: set[str] = set()
        self._draw()

    def _disturb(self, fault: Fault, request: Any, reply: Any) -> Any:
        if fault.kind == "page for ever":
            mast = self.masts[request.host]
            mast.fake.ignores = {"min_id", "max_id"}
            try:
                return mast.answer(request)
            finally:
                mast.fake.ignores = set()
        return disturbed(fault, request, reply, self.clock.true())

    # What happens

    async def go_on(self) -> None:
        """Lets everything happen at its time."""
        self._plan.sort(key=lambda each: each[:2], reverse=True)
        while self._plan:
            await asyncio.sleep(max(0.0, self._plan[-1][0] - self.clock.true()))
            self.catch_up()

    def catch_up(self) -> None:
        """Lets everything happen that is due; the world does not sleep when a machine does."""
        while self._plan and self._plan[-1][0] <= self.clock.true() + 1e-6:
            at, _, happen = self._plan.pop()
            happen(at)

    def _at(self, at: float, happen: Callable[[float], None]) -> None:
        self._plan.append((at, len(self._plan), happen))

    def _draw(self) -> None:
        draw, size = self.random, self.scenario.size
        places = [name for name, host in (("mastodon", self.masts), ("bluesky", self.jetstream))
                  if host]  # fmt: skip
        weights = [3 if name == "mastodon" else 2 for name in places]
        burst = draw.random() < 0.3
        burst_at = START + draw.uniform(0.1, 0.8) * size.lasts
        for number in range(size.posts + size.before):
            at = START + draw.uniform(0, size.lasts)
            if burst and number < size.burst:
                at = burst_at + draw.uniform(0, 50)
            if number >= size.posts:
                at = START - draw.uniform(60, 3_000)
            (kind,) = draw.choices(places, weights)
            (self._draw_status if kind == "mastodon" else self._draw_record)(at)
        if burst:
            self._at(burst_at, lambda _: self.network.fired.update(["burst"]))
        if self.jetstream:
            self._draw_noise()
        if self.feed is not None:
            for _ in range(draw.randrange(5, 40)):
                self._draw_entry(START + draw.uniform(-3_000, size.lasts))
            if draw.random() < 0.3:
                rush = START + draw.uniform(300, size.lasts - 100)
                self._at(rush, lambda _: self.network.fired.update(["feed pushed through"]))
                for _ in range(FEED_LENGTH + 10):
                    self._draw_entry(rush + draw.uniform(0, 30))

    def _life(self, kind: str, home: str, uri: str, at: float, hashtags: tuple[str, ...]) -> Life:
        life = Life(len(self.lives), kind, home, uri, hashtags, at, is_old=at < START - 1_800)
        self.lives.append(life)
        return life

    def _draw_hashtags(self) -> tuple[str, ...]:
        names = self.scenario.hashtags
        if len(names) > 1 and self.random.random() < 0.15:
            return names
        return (self.random.choice(names),)

    # Mastodon

    def _draw_status(self, at: float) -> None:
        draw = self.random
        home = draw.choice([*self.masts, *self.masts, FAR])
        self._numbers += 1
        number = self._numbers
        author = f"person{draw.randrange(30)}"
        uri = f"https://{home}/users/{author}/statuses/{number}"
        life = self._life("mastodon", home, uri, at, self._draw_hashtags())
        claimed = at
        if draw.random() < 0.02:
            claimed = draw.choice([at + 400_000, 10.0, at + 60])
            life.is_strange = claimed < at
            self._at(at, lambda _: self.network.fired.update(["strange time"]))
        life.is_broken = draw.random() < 0.02
        extra = draw.choice(HOSTILE) if draw.random() < 0.05 else ""
        if extra:
            self._at(at, lambda _: self.network.fired.update(["hostile text"]))
        made = status(str(number), f"{life.text(0)} {extra}", claimed, life.hashtags, author,
                      f"https://{home}")  # fmt: skip
        made["uri"] = uri
        if life.is_broken:
            field = draw.choice(["uri", "created_at", "account"])
            made[field] = (
                {"username": author} if field == "account" else draw.choice([None, 17, []])
            )
            self._at(at, lambda _: self.network.fired.update(["broken post"]))
        if draw.random() < 0.05:
            made["unheard_of"] = {"nested": [1, None]}
            self._at(at, lambda _: self.network.fired.update(["unknown field"]))
        if home in self.masts:
            self._at(at, lambda now: self._arrive(life, home, made, now, now))
        for host in self.masts:
            if host == home or draw.random() > 0.8:
                continue
            late = draw.choice([0.5, 3, 30, 200, 560]) * draw.uniform(0.3, 1)
            back = draw.random() < 0.5
            if late > 60 and back:
                self._at(at, lambda _: self.network.fired.update(["dated back"]))
            if late > 60:
                self._at(at, lambda _: self.network.fired.update(["late federation"]))
            # By the inbox it gets a number of its arrival; fetched, one of when it was written.
            self._at(at + late, lambda now, host=host, back=back:
                     self._arrive(life, host, made, now, at if back else now))  # fmt: skip
        self._draw_fate(life, at)

    def _draw_fate(self, life: Life, at: float) -> None:
        draw, last = self.random, START + self.scenario.size.lasts
        change = self._edit_status if life.kind == "mastodon" else self._edit_record
        remove = self._delete_status if life.kind == "mastodon" else self._delete_record
        when = at
        while draw.random() < 0.15 and not life.is_broken:
            when += draw.choice([2, 60, 900]) * draw.uniform(0.5, 1.5)
            if START < when < last:
                self._at(when, lambda now: change(life, now))
        if draw.random() < 0.1:
            gone = at + draw.choice([1, 30, 600, 1_500]) * draw.uniform(0.5, 1.5)
            if START < gone < last:
                self._at(gone, lambda now: remove(life, now))
        if draw.random() < 0.2:
            liked = at + draw.uniform(5, 1_000)
            if START < liked < last:
                self._at(liked, lambda _: self._like(life))

    def _arrive(
        self, life: Life, host: str, made: dict[str, Any], at: float, number_at: float
    ) -> None:
        """A post comes to a server; one that is deleted by then comes no more."""
        if life.deleted is not None:
            return
        mast = self.masts[host]
        number = mast.fake.receive(made, number_at)
        life.copies[host] = Copy(number, 0, at)
        if life.newest:
            self._show_edit(life, host)
        mast.say("update", json.dumps(mast.fake.by_ids([number])[0]), life.hashtags)

    def _show_edit(self, life: Life, host: str) -> None:
        copy, fake = life.copies[host], self.masts[host].fake
        if copy.gone is None:
            copy.version = life.newest
            fake.edit(copy.number, f"{life.text(life.newest)}", life.edits[-1])
            self.masts[host].say(
                "status.update", json.dumps(fake.by_ids([copy.number])[0]), life.hashtags
            )

    def _edit_status(self, life: Life, at: float) -> None:
        if life.deleted is not None or not life.copies:
            return
        life.edit(at)
        self.network.fired["edit"] += 1
        for host in life.copies:
            if host == life.home or self.random.random() < 0.8:
                self._show_edit(life, host)

    def _delete_status(self, life: Life, at: float) -> None:
        if life.deleted is not None:
            return
        life.deleted = at
        self.network.fired["deletion"] += 1
        for host, copy in life.copies.items():
            if copy.gone is None and (host == life.home or self.random.random() < 0.8):
                copy.gone = at
                self.masts[host].fake.delete(copy.number)
                self.masts[host].say("delete", copy.number, life.hashtags)

    def _like(self, life: Life) -> None:
        life.likes += 1
        for host, copy in life.copies.items():
            if host in self.masts and copy.gone is None:
                (made,) = self.masts[host].fake.by_ids([copy.number])
                made["favourites_count"] = life.likes
        if self.pds is not None and life.kind == "bluesky" and life.deleted is None:
            view = self.pds.fake.posts.get(life.uri.rpartition("/")[2])
            if view is not None:
                view["likeCount"] = life.likes

    # Bluesky

    def _draw_record(self, at: float) -> None:
        draw = self.random
        self._numbers += 1
        number, author = self._numbers, f"did:plc:person{draw.randrange(30)}"
        rkey = f"3k{number:011d}"
        uri = f"at://{author}/app.bsky.feed.post/{rkey}"
        life = self._life("bluesky", "bsky.network", uri, at, self._draw_hashtags())
        life.author = author
        self._at(at, lambda now: self._create_record(life, number, now))
        if draw.random() < 0.02:
            # The account goes, with all that it has written.
            gone = at + draw.uniform(100, 1_500)
            if gone < START + self.scenario.size.lasts:
                self._at(gone, lambda now: self._delete_account(author, now))
        self._draw_fate(life, at)

    def _words(self, life: Life) -> str:
        return f"{life.text(life.newest)} " + " ".join(f"#{name}" for name in life.hashtags)

    def _publish(self, *events: bytes) -> None:
        assert self.jetstream is not None
        self.jetstream.publish(list(events))

    def _create_record(self, life: Life, number: int, at: float) -> None:
        if life.author in self._gone:
            return  # Nobody writes there any more.
        words, rkey = self._words(life), life.uri.rpartition("/")[2]
        life.copies["bsky.network"] = Copy(rkey, 0, at)
        self._publish(
            post_event(number, words, time_us=int(at * 1e6), did=life.author), self.noise()
        )
        if self.pds is not None:
            self.pds.show(life, rkey, words, at + 1, at)

    def _edit_record(self, life: Life, at: float) -> None:
        if life.deleted is not None or not life.copies:
            return
        life.edit(at)
        self.network.fired["edit"] += 1
        words, rkey = self._words(life), life.uri.rpartition("/")[2]
        made = msgspec.json.decode(
            post_event(int(rkey[2:]), words, time_us=int(at * 1e6), did=life.author)
        )
        made["commit"]["operation"] = "update"
        self._publish(msgspec.json.encode(made))
        if self.pds is not None and rkey in self.pds.fake.posts:
            self.pds.show(life, rkey, words, at, life.written)

    def _delete_record(self, life: Life, at: float) -> None:
        if life.deleted is not None or not life.copies:
            return
        self._forget_record(life, at)
        self.network.fired["deletion"] += 1
        number = int(life.uri.rpartition("/")[2][2:])
        self._publish(delete_event(number, time_us=int(at * 1e6), did=life.author))

    def _forget_record(self, life: Life, at: float) -> None:
        life.deleted = life.copies["bsky.network"].gone = at
        if self.pds is not None:
            self.pds.fake.posts.pop(life.uri.rpartition("/")[2], None)

    def _delete_account(self, did: str, at: float) -> None:
        self.network.fired["account deleted"] += 1
        self._gone.add(did)
        for life in self.lives:
            if life.author == did and life.copies and life.deleted is None:
                self._forget_record(life, at)
        self._publish(account_event("deleted", time_us=int(at * 1e6), did=did))

    def noise(self) -> bytes:
        """Somebody else writes about something else."""
        self._numbers += 1
        now = int(self.clock.true() * 1e6)
        return post_event(self._numbers, "nothing of interest", time_us=now, did="did:plc:other")

    def _draw_noise(self) -> None:
        size, at = self.scenario.size, START - 3_000
        while at < START + size.lasts + size.quiet + 6_000:
            self._at(at, lambda _: self._publish(self.noise()))
            at += 30.0

    # Feeds

    def _draw_entry(self, at: float) -> None:
        self._numbers += 1
        life = self._life("feed", FEED, f"https://{FEED}/entry/{self._numbers}", at, ("natsec17",))
        assert self.feed is not None
        feed = self.feed
        self._at(at, lambda now: (life.copies.update({FEED: Copy("", 0, now)}), feed.put(life)))
