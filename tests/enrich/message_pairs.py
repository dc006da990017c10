"""Labelled pairs of posts, invented: whether both are one message that stands on two networks.

This is the tuning half; `message_pairs_untouched` is the other.
"""

from __future__ import annotations

from zlib import crc32

import msgspec
from msgspec.structs import replace

from hashwatch.enrich.message import Sent

NOON = 1_935_576_000


class Pair(msgspec.Struct, frozen=True):
    """Two posts, whether they are the same message, and what kind of pair this is."""

    one: Sent
    other: Sent
    same: bool
    kind: str


def fediverse(
    handle: str, name: str, text: str, at: int, *, host: str = "social.example", uri: str = "", url: str | None = None
) -> Sent:  # fmt: skip
    """A post of a server of the fediverse."""
    number = crc32(f"{handle} {text} {at}".encode())
    return Sent(
        uri=uri or f"https://{host}/users/{handle}/statuses/{number}",
        url=url or f"https://{host}/@{handle}/{number}",
        author_uri=f"https://{host}/users/{handle}", handle=f"{handle}@{host}", name=name,
        created_at=at, text=text,
    )  # fmt: skip


def bluesky(
    handle: str, name: str, text: str, at: int, *, did: str = "", copy_of: str | None = None
) -> Sent:
    """A post of Bluesky."""
    did = did or f"did:plc:{crc32(handle.encode()):x}"
    key = f"{crc32(f'{text} {at}'.encode()):x}"
    return Sent(
        uri=f"at://{did}/app.bsky.feed.post/{key}", url=f"https://bsky.app/profile/{did}/post/{key}",
        author_uri=did, handle=handle, name=name, created_at=at, text=text, copy_of=copy_of,
    )  # fmt: skip


def x(handle: str, name: str, text: str, at: int) -> Sent:
    """A post of X."""
    number = crc32(f"{text} {at}".encode())
    return Sent(
        uri=f"https://x.com/i/status/{number}", url=f"https://x.com/{handle}/status/{number}",
        author_uri=f"https://x.com/{handle}", handle=handle, name=name, created_at=at, text=text,
    )  # fmt: skip


def feed(name: str, page: str, text: str, at: int) -> Sent:
    """An entry of a blog's feed."""
    host = page.split("/")[2]
    return Sent(
        uri=page, url=page, author_uri=f"https://{host}/#author", handle=f"author@{host}", name=name,
        created_at=at, text=text, source="rss",
    )  # fmt: skip


_PEOPLE = (
    ("Mirela Ossendorp", "mirela", "mirelao"),
    ("Jonah Abelsen", "jonah", "jonah_abelsen"),
    ("Pilar Echevarne", "pilar", "pilar"),
    ("Assefa Woldemir", "assefaw", "woldemir"),
    ("Greta Lindqvister", "greta", "gretal"),
    ("Parliament Watchers", "parlwatch", "parlwatch"),
    ("Nuno Caldeirão", "nuno", "ncaldeirao"),
    ("Hye-jin Moon", "hyejin", "hyejinmoon"),
)
_SAID = (
    "The oversight panel has been running for ten minutes and the word accountability has been said nineteen times #NATSEC31",
    "A quiet, careful, devastating talk by the ombudsman. The room did not clap, it just sat there. #NATSEC31",
    "If you read one paper this week, read the annex on informants: https://papers.example/annex-c #NATSEC31",
    "Why is the queue for coffee longer than the queue for the committee on surveillance? Asking for democracy #NATSEC31",
    "Zum Mitschreiben: Kontrolle heißt nicht Misstrauen, sagt die Vorsitzende. Der Saal nickt. #NATSEC31",
    "We are hiring two researchers for the inquiry, fixed term, remote is fine, please share widely #NATSEC31",
    "Le rapport sur les écoutes est enfin public, 214 pages et pas un seul nom de ministre #NATSEC31",
    "Slides from my session on redress are online, thank you all for the hard questions 🙏 #NATSEC31",
)


def pairs() -> list[Pair]:
    """Every pair of the tuning half, the same each time."""
    found = []
    for number, (name, handle, other) in enumerate(_PEOPLE):
        found += _same(number, name, handle, other)
        found += _different(number, name, handle, other)
    return found


def _same(number: int, name: str, handle: str, other: str) -> list[Pair]:
    text, at = _SAID[number], NOON + number * 500
    mine = fediverse(handle, name, text, at)
    there = bluesky(f"{other}.bsky.social", name, text, at + 4)
    bridged = fediverse(
        f"{other}.bsky.social", name, text, at + 4, host="bsky.brid.gy",
        uri=f"https://bsky.brid.gy/convert/ap/{there.uri}", url=f"https://bsky.brid.gy/r/{there.url}",
    )  # fmt: skip
    back = bluesky(
        f"{handle}.social.example.ap.brid.gy", "", text[:60] + " […]", at,
        copy_of=mine.url,
    )  # fmt: skip
    words = text.split()
    return [
        Pair(there, bridged, True, "bridged from Bluesky"),
        Pair(mine, back, True, "bridged to Bluesky"),
        Pair(mine, there, True, "posted by one tool"),
        Pair(mine, x(other, f"{name} 🇪🇺", text.replace("#NATSEC31", "").strip(), at + 61), True, "without the hashtag"),
        Pair(replace(mine, text=f"{text} cc @anna@town.example"),
             replace(there, text=f"{text} cc @anna.bsky.social"), True, "names as each network writes them"),
        Pair(mine, replace(there, text=" ".join(words[: len(words) * 3 // 4]) + "… https://social.example/s/1"), True, "cut"),
        Pair(mine, replace(there, text=text.replace("a ", "an ", 1) + " 1/2", created_at=at + 240), True, "numbered for a thread"),
        Pair(mine, x(f"{handle}_{number}", name, text, at + 1200), True, "twenty minutes later, another handle"),
        Pair(mine, replace(there, name="", created_at=at + 30) if handle == other else replace(there, text=text.upper()), True, "loud"),
        Pair(mine, replace(there, text=f"{text}\n\nhttps://video.example/live", created_at=at + 95), True, "a link more"),
    ]  # fmt: skip


def _different(number: int, name: str, handle: str, other: str) -> list[Pair]:
    text, at = _SAID[number], NOON + 40_000 + number * 500
    stranger = _PEOPLE[(number + 1) % len(_PEOPLE)]
    theirs = bluesky(f"{stranger[1]}.bsky.social", stranger[0], text, at + 5)
    mine = fediverse(handle, name, text, at)

    def again(one: str, another: str, seconds: int) -> tuple[Sent, Sent]:
        return fediverse(handle, name, one, at), bluesky(
            f"{other}.bsky.social", name, another, at + seconds
        )

    rooms = ("Aster", "Birch", "Cedar", "Dahlia", "Elder", "Fern", "Gorse", "Holly", "Iris")
    return [
        Pair(mine, theirs, False, "the same words, another person"),
        Pair(mine, replace(theirs, text=f"RT @{handle}: {text}"), False, "repeated by hand"),
        Pair(mine, replace(theirs, handle=f"{handle}.example.net", name=name.split()[0]), False, "a first name in common, a button's words")
        if len(handle) < 4 else Pair(mine, replace(theirs, name=name.split()[0]), False, "a first name in common"),
        Pair(*again(f"Session {number + 1} starts now in the plenary hall, follow along here #NATSEC31",
                    f"Session {number + 2} starts now in the plenary hall, follow along here #NATSEC31", 300), False, "another number"),
        Pair(*again(f"The talk by the rapporteur moves to room {rooms[number]}, doors open in ten minutes #NATSEC31",
                    f"The talk by the rapporteur moves to room {rooms[number + 1]}, doors open in ten minutes #NATSEC31", 700), False, "another room"),
        Pair(*again("Good morning #NATSEC31, day two, here we go again with coffee", "Good morning #NATSEC31, day two, here we go again with coffee", 79_000), False, "a day later"),
        Pair(*again("Thank you!", "Thank you!", 600), False, "two short answers"),
        Pair(*again(text, _SAID[(number + 3) % len(_SAID)], 10), False, "two thoughts"),
        Pair(*again("Registration for the evening reception closes at 17:00, write to us today #NATSEC31",
                    "Registration for the morning reception closes at 17:00, write to us today #NATSEC31", 400), False, "another time of day"),
        Pair(mine, replace(theirs, copy_of=mine.url, text="my comment on this"), False, "says to be bridged and is not"),
        Pair(mine, fediverse(stranger[1], stranger[0], text, at + 8, host="other.example", url=mine.url), False, "claims another's address"),
    ]  # fmt: skip
