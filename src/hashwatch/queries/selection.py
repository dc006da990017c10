"""Filters resolved against the dashboard: what a post must satisfy, and where to look for it.

A *driver* is an index that gives candidate posts in the order of their ids; the other filters
become conditions probed on each candidate. Which driver is cheapest depends on how many posts it
holds in the range, which is counted up to a bound: that costs less than a millisecond and keeps the
worst page bounded (docs/queries.md has the figures).
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from hashwatch.errors import FilterError
from hashwatch.queries.events import Event
from hashwatch.queries.filters import Filters
from hashwatch.queries.fulltext import Match, translate
from hashwatch.queries.statements import ask, run
from hashwatch.wording import say

BOUND = 2000
"""Candidates counted to choose a driver."""
MANY = 100_000
"""What a driver that holds more is taken to hold."""
FULL_TEXT_PROBE = 28
"""How many times a plain probe the full-text probe of one post costs (measured)."""
NEVER = 1 << 62
LONGEST_DAY = 25 * 3600

_WIDTH = ("alike", "q", "link", "question", "session", "author", "hashtag", "theme", "language")
"""Drivers that hold many, the narrower ones first as a rule."""


class Driver(msgspec.Struct, frozen=True):
    """Candidates: rows of ``source`` (a FROM and WHERE), named ``column``, in the id's order.

    ``filter`` is the condition that they satisfy already.
    """

    filter: str
    column: str
    source: str


class Selection(msgspec.Struct, frozen=True):
    """What a set of filters means here.

    ``conditions`` by filter name are SQL on ``c.id`` (the candidate) and ``p`` (its row in posts);
    ``parameters`` bind them. ``text_conditions["at once"]`` puts the text to all candidates from
    ``:first`` to ``:last`` in one go, where ``conditions["q"]`` looks each up. ``facet`` is the one
    rollup that holds exactly this selection's posts, before kind and tone, where there is one.
    """

    event: Event
    filters: Filters
    conditions: dict[str, str]
    parameters: dict[str, Any]
    drivers: tuple[Driver, ...]
    facet: tuple[str, Any] | None
    text_conditions: dict[str, str]

    def best_driver(self, connection: sqlite3.Connection) -> Driver:
        """The driver with which the whole set costs least to walk."""
        narrow = [driver for driver in self.drivers if driver.filter != "event"]
        if len(narrow) < 2:
            return narrow[0] if narrow else self.drivers[0]
        return min(narrow, key=lambda driver: self._cost(connection, driver))

    def remaining(self, driver: Driver) -> dict[str, str]:
        """The conditions that ``driver`` does not satisfy by itself."""
        return {name: sql for name, sql in self.conditions.items() if name != driver.filter}

    def _cost(self, connection: sqlite3.Connection, driver: Driver) -> int:
        bounded = (
            f"SELECT count(*) FROM (SELECT 1 FROM {driver.source} "
            f"AND {driver.column} >= :low AND {driver.column} < :high LIMIT {BOUND})"
        )
        rows: int = run(connection, bounded, self.parameters)[0][0]
        if rows == BOUND:
            rows = MANY + _WIDTH.index(driver.filter)
        return rows * (FULL_TEXT_PROBE if "q" in self.remaining(driver) else 1)


def select(connection: sqlite3.Connection, event: Event, filters: Filters) -> Selection:
    """``filters`` on ``event``; a theme or session that the event has not is a `FilterError`."""
    building = _Building(connection, event, filters)
    building.text()
    building.facets()
    building.columns()
    building.servers()
    building.links()
    building.repeats()
    return building.selection()


class _Building:
    def __init__(self, connection: sqlite3.Connection, event: Event, filters: Filters) -> None:
        self.connection = connection
        self.event = event
        self.filters = filters
        self.facet_values: list[tuple[str, Any]] = []
        self.conditions = {
            "event": "EXISTS (SELECT 1 FROM event_posts WHERE event_id = :event AND post_id = c.id)"
        }
        self.parameters: dict[str, Any] = {
            "event": event.id,
            "low": -NEVER if filters.start is None else filters.start << 20,
            "high": NEVER if filters.end is None else filters.end << 20,
        }
        self.text_conditions: dict[str, str] = {}
        self.drivers = [Driver("event", "post_id", "event_posts WHERE event_id = :event")]

    def selection(self) -> Selection:
        self._bound_by_rollups()
        facet = None
        if (
            not self.filters.restricting()
            - {"from", "to", "kind", "sentiment", "boosts", "copies"}
            - {name for name, _ in self.facet_values}
        ):
            facets = self.facet_values or [("all", "")]
            facet = facets[0] if len(facets) == 1 else None
        return Selection(
            self.event,
            self.filters,
            self.conditions,
            self.parameters,
            tuple(self.drivers),
            facet,
            self.text_conditions,
        )

    def text(self) -> None:
        if not self.filters.q:
            return
        match: Match = translate(self.filters.q)
        if match.expression is None:
            self.conditions["q"] = "FALSE"
            return
        self.parameters["match"] = match.expression
        source = "posts_index WHERE posts_index MATCH :match"
        unless = "NOT " if match.excluded else ""
        self.conditions["q"] = f"{unless}EXISTS (SELECT 1 FROM {source} AND rowid = c.id)"
        self.text_conditions["at once"] = (
            f"c.id {unless}IN (SELECT rowid FROM {source} AND rowid >= :first AND rowid <= :last)"
        )
        if not match.excluded:
            self.drivers.append(Driver("q", "rowid", source))

    def facets(self) -> None:
        known = {"event": self.event.id}
        for name, column, question in (
            ("theme", "theme_id", "theme_ids"),
            ("session", "session_id", "session_ids"),
        ):
            value = getattr(self.filters, name)
            if value:
                ids = dict(ask(self.connection, question, known))
                if value not in ids:
                    raise FilterError(
                        name,
                        say(
                            "there is no %(value)s “%(value2)s”; there is %(ids)s",
                            value=name,
                            value2=value,
                            ids=_few(ids),
                        ),
                    )
                self._narrow(name, f"post_{name}s", column, ids[value])
        if self.filters.hashtag:
            rows = ask(self.connection, "hashtag_id", {"name": self.filters.hashtag})
            self._narrow("hashtag", "post_hashtags", "hashtag_id", rows[0][0] if rows else -1)
        if self.filters.question:
            self._question()
        if self.filters.author:
            self._author()
        if self.filters.group:
            self._group()

    def columns(self) -> None:
        filters = self.filters
        for name in ("language", "source"):
            value = getattr(filters, name)
            if value:
                self.conditions[name] = f"p.{name} = :{name}"
                self.parameters[name] = value
                self.facet_values.append((name, value))
        if filters.language:
            self.drivers.append(
                Driver(
                    "language", "id", "posts INDEXED BY posts_language WHERE language = :language"
                )
            )
        if filters.sentiment == "unknown":
            self.conditions["sentiment"] = "p.sentiment IS NULL"
        elif filters.sentiment:
            self.conditions["sentiment"] = "p.sentiment = :sentiment"
            self.parameters["sentiment"] = filters.sentiment
        if filters.kind == "original":
            self.conditions["kind"] = "p.kind <> 'boost'"
        elif filters.kind:
            self.conditions["kind"] = "p.kind = :kind"
            self.parameters["kind"] = filters.kind
        if filters.media:
            self.conditions["media"] = f"p.has_media = {int(filters.media == 'yes')}"

    def servers(self) -> None:
        """By who had a post (one that several had stands in ``sightings`` with each of them)."""
        seen = "SELECT 1 FROM sightings WHERE post_id = c.id"
        sql = {
            "instance": f"(p.instance = :instance OR EXISTS ({seen} AND instance = :instance))",
            "only_on": f"(p.instance = :only_on AND NOT EXISTS ({seen}))",
            "home": "EXISTS (SELECT 1 FROM authors WHERE id = p.author_id AND"
            " instr(handle, '@') > 1 AND lower(substr(handle, instr(handle, '@') + 1)) = :home)",
        }
        for name, condition in sql.items():
            if value := getattr(self.filters, name):
                self.conditions[name] = condition
                self.parameters[name] = value

    def links(self) -> None:
        link = self.filters.link
        if link.lower() in ("yes", "no"):
            self.conditions["link"] = f"p.has_link = {int(link.lower() == 'yes')}"
        elif "/" in link:
            rows = ask(self.connection, "link_id", {"url": link})
            self._narrow("link", "post_links", "link_id", rows[0][0] if rows else -1)
        elif link:
            self._host(link.lower().removeprefix("www."))

    def repeats(self) -> None:
        """Without boosts, without copies, or those alone that are worded like one post."""
        if self.filters.boosts == "hidden":
            self.conditions["boosts"] = "p.kind <> 'boost'"
        if self.filters.copies == "hidden":
            self.conditions["copies"] = (
                "NOT EXISTS (SELECT 1 FROM copies WHERE event_id = :event AND post_id = c.id)"
            )
        if self.filters.alike not in ("", "shown"):
            self.parameters["alike"] = int(self.filters.alike)
            source = (
                "(SELECT post_id FROM alike WHERE event_id = :event AND first_id = :alike"
                " UNION ALL SELECT :alike) AS worded WHERE TRUE"
            )
            self.conditions["alike"] = (
                "(c.id = :alike OR EXISTS (SELECT 1 FROM alike WHERE event_id = :event"
                " AND post_id = c.id AND first_id = :alike))"
            )
            self.drivers.append(Driver("alike", "post_id", source))

    def _bound_by_rollups(self) -> None:
        """Narrow the range to the days that hold any post of the facets, so that a few old posts
        among many new ones are on the first page.
        """
        ids = [value for name, value in self.facet_values if name == "author"]
        for name, value in self.facet_values:
            if len(ids) > 1 and name == "author":
                continue
            facet = {"event": self.event.id, "facet": name, "value": value}
            first, last = ask(self.connection, "facet_days", facet)[0]
            if first is None:
                self.parameters["high"] = self.parameters["low"]
                return
            self.parameters["low"] = max(self.parameters["low"], first << 20)
            self.parameters["high"] = min(self.parameters["high"], last + LONGEST_DAY << 20)

    def _host(self, host: str) -> None:
        self.parameters["host"] = host
        hosts = "links.host IN (:host, 'www.' || :host)"
        self.conditions["link"] = (
            "EXISTS (SELECT 1 FROM post_links AS l JOIN links ON links.id = l.link_id "
            f"WHERE l.post_id = c.id AND {hosts})"
        )
        # The posts of a host are not in order, so only a host with few of them can drive.
        source = f"links CROSS JOIN post_links ON post_links.link_id = links.id WHERE {hosts}"
        few = f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {BOUND})"
        if run(self.connection, few, self.parameters)[0][0] < BOUND:
            self.drivers.append(Driver("link", "post_id", source))

    def _author(self) -> None:
        rows = ask(self.connection, "author_ids", {"handle": self.filters.author})
        ids = [row[0] for row in rows] or [-1]
        listed = ", ".join(map(str, ids))
        test = f"author_id = {listed}" if len(ids) == 1 else f"author_id IN ({listed})"
        self.conditions["author"] = f"p.{test}"
        self.drivers.append(Driver("author", "id", f"posts INDEXED BY posts_author WHERE {test}"))
        # Two people of one handle have two rows in the rollups: counted instead.
        self.facet_values += [("author", identity) for identity in ids]

    def _question(self) -> None:
        """By what a post asks in this event; ``any`` is what waits for an answer."""
        asked = "IN ('speaker', 'organiser')" if self.filters.question == "any" else "= :asked"
        self.parameters["asked"] = self.filters.question
        source = f"post_questions WHERE event_id = :event AND asked {asked}"
        self.conditions["question"] = f"EXISTS (SELECT 1 FROM {source} AND post_id = c.id)"
        self.drivers.append(Driver("question", "post_id", source))

    def _group(self) -> None:
        """By the author's groups; ``inside`` and ``public`` are the roster and the rest."""
        group, known = self.filters.group, {"event": self.event.id}
        on_roster = (
            "EXISTS (SELECT 1 FROM author_groups WHERE author_id = p.author_id"
            " AND event_id = :event{which})"
        )
        if group in ("inside", "public"):
            unless = "NOT " if group == "public" else ""
            self.conditions["group"] = unless + on_roster.format(which="")
            if group == "inside":
                self.facet_values.append(("inside", ""))
            return
        groups = [row[0] for row in ask(self.connection, "groups", known)]
        if group not in groups:
            there_are = ", ".join(["inside", "public", *groups])
            raise FilterError(
                "group",
                say(
                    "there is no group “%(group)s”; there are %(there_are)s",
                    group=group,
                    there_are=there_are,
                ),
            )
        self.parameters["group"] = group
        self.conditions["group"] = on_roster.format(which=" AND group_name = :group")
        self.facet_values.append(("group", group))

    def _narrow(self, name: str, table: str, column: str, value: int) -> None:
        self.parameters[name] = value
        source = f"{table} WHERE {column} = :{name}"
        self.conditions[name] = f"EXISTS (SELECT 1 FROM {source} AND post_id = c.id)"
        self.drivers.append(Driver(name, "post_id", source))
        self.facet_values.append((name, value))


def _few(ids: dict[str, int]) -> str:
    names = list(ids)[:12]
    return ", ".join(names) + (" …" if len(ids) > 12 else "") if names else "none"
