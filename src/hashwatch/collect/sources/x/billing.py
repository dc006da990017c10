"""What an answer costs: the most that it may, and what it did. Pure, in millionths of a dollar.

X charges for every post, user and medium that an answer holds, in its ``data`` or its ``includes``,
once a UTC day each (https://docs.x.com/x-api/getting-started/pricing).
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from hashwatch.collect.sources.x.settings import Included, Prices, micro

# A post refers to two others at most (one it answers and one it quotes) and has four media.
REFERRED = 2
MEDIA = 4


class Tariff(msgspec.Struct, frozen=True):
    """The prices, and what is asked for with each post."""

    post: int
    user: int
    medium: int
    count: int
    archive_count: int
    include: frozenset[Included]

    @property
    def most_a_post(self) -> int:
        """The most that one post of an answer can cost, with all that comes with it."""
        referred = REFERRED if "originals" in self.include else 0
        users = 1 + referred if "authors" in self.include else 0
        media = MEDIA if "media" in self.include else 0
        return self.post * (1 + referred) + self.user * users + self.medium * media

    @property
    def likely_a_post(self) -> int:
        """What a post costs that comes with its author, an original and a medium."""
        with_it = {"authors": self.user, "originals": self.post, "media": self.medium}
        return self.post + sum(with_it[name] for name in self.include)


def tariff(prices: Prices, include: Collection[Included]) -> Tariff:
    """The prices of the settings."""
    return Tariff(
        micro(prices.post), micro(prices.user), micro(prices.media), micro(prices.count),
        micro(prices.archive_count), frozenset(include),
    )  # fmt: skip


class _Thing(msgspec.Struct):
    id: str | None = None
    media_key: str | None = None


class _Includes(msgspec.Struct):
    tweets: list[_Thing] = []
    users: list[_Thing] = []
    media: list[_Thing] = []


class _Answer(msgspec.Struct):
    data: list[_Thing] | _Thing | None = None
    includes: _Includes | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def things_in(payload: bytes, tariff: Tariff) -> dict[str, int]:
    """The price of each thing in an answer, by its name.

    Raises ``ValueError`` for what cannot be read: then nobody knows what it cost.
    """
    try:
        answer = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    includes = answer.includes or _Includes()
    data = answer.data if isinstance(answer.data, list) else [answer.data or _Thing()]
    posts = [thing for thing in data if answer.data] + includes.tweets
    return {
        **_named("post", posts, tariff.post),
        **_named("user", includes.users, tariff.user),
        **_named("medium", includes.media, tariff.medium),
    }


def _named(kind: str, things: list[_Thing], price: int) -> dict[str, int]:
    """Those without a name are charged by their place in the answer."""
    return {
        f"{kind} {thing.id or thing.media_key or f'at {place}'}": price
        for place, thing in enumerate(things)
    }
