"""Invented payloads in each platform's shape: what the benchmarks and the dictionaries feed on.

Everything is drawn from one seeded generator, so the same seed gives the same bytes. Nobody in
here exists; every host ends in ``.example``.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

BEGIN = 1_490_000_000
SYLLABLES = (
    "ba be bi bo da de di do fa fe ga go ka ke ki la le li lo ma me mi mo na ne no pa pe ra re ri"
    " ro sa se si so ta te ti to va ve vo za ze"
).split()
WORDS = (
    "the a of and to in for on with that is are was we they it this from by at session panel"
    " speaker security parliament oversight rights surveillance extremism community cohesion"
    " equality diversity partnership agreement private sector cyber attack threat strategy law"
    " legislation scrutiny committee member question answer debate public evidence report trust"
    " transparency data police youth education online women peace regional network exchange"
    " training budget police court balance liberty freedom great good poor late clear useful"
    " disappointing strong weak excellent worrying hope fear thanks applause delay nothing new"
    " why how when should could must never always perhaps really quite very"
).split()
HASHTAGS = ("NATSEC17", "CYBERPARL", "HumanRights", "Cyber", "Oversight", "Equality")
HOSTS = ("town.example", "commons.example", "presse.example", "assembly.example")


class Payloads:
    """A stream of invented posts; ``repeats`` is the share whose text was used before."""

    def __init__(self, seed: int = 1, people: int = 900, repeats: float = 0.03) -> None:
        self._random = random.Random(seed)
        self._names = [self._name() for _ in range(people)]
        self._repeats = repeats
        self._texts: list[str] = []
        self.number = 0

    def text(self) -> str:
        """A post of 60 to 280 characters with one or two hashtags and now and then a link."""
        draw = self._random
        if self._texts and draw.random() < self._repeats:
            return draw.choice(self._texts)
        words = [draw.choice(WORDS) for _ in range(draw.randint(9, 34))]
        words[0] = words[0].capitalize()
        if draw.random() < 0.4:
            words.insert(draw.randrange(len(words)), f"@{draw.choice(self._names)}")
        if draw.random() < 0.45:
            words.append(f"https://briefing.example/{self._name()}{draw.randrange(10_000)}")
        words += [f"#{tag}" for tag in draw.sample(HASHTAGS, draw.choice((1, 1, 2)))]
        text = " ".join(words)
        self._texts.append(text)
        return text

    def mastodon(self) -> bytes:
        """One status as a Mastodon 4.x server answers it, about 3 kB."""
        draw = self._random
        number, at = self._next()
        host, name = draw.choice(HOSTS), draw.choice(self._names)
        text = self.text()
        tags = [word[1:] for word in text.split() if word.startswith("#")]
        return _json(
            {
                "id": str(at * 1000 << 16 | number & 0xFFFF),
                "created_at": _iso(at),
                "in_reply_to_id": None, "in_reply_to_account_id": None,
                "sensitive": False, "spoiler_text": "", "visibility": "public",
                "language": draw.choice(("en", "en", "en", "fr", None)),
                "uri": f"https://{host}/users/{name}/statuses/{at * 1000 << 16 | number & 0xFFFF}",
                "url": f"https://{host}/@{name}/{at * 1000 << 16 | number & 0xFFFF}",
                "replies_count": draw.randrange(4), "reblogs_count": draw.randrange(9),
                "favourites_count": draw.randrange(20), "quotes_count": 0,
                "edited_at": None, "quote": None, "quote_approval":
                    {"automatic": [], "manual": [], "current_user": "denied"},
                "content": _html(text, host), "reblog": None,
                "application": {"name": "Web", "website": None},
                "account": self._mastodon_account(host, name),
                "media_attachments": self._mastodon_media(host),
                "mentions": [],
                "tags": [{"name": tag.lower(), "url": f"https://{host}/tags/{tag}"}
                         for tag in tags],
                "emojis": [], "card": None, "poll": None,
            }
        )  # fmt: skip

    def jetstream(self) -> bytes:
        """One post's creation as Jetstream v1 sends it."""
        number, at = self._next()
        did = f"did:plc:{self._key(24)}"
        text = self.text()
        return _json(
            {
                "did": did, "time_us": at * 1_000_000 + number % 1_000_000, "kind": "commit",
                "commit": {
                    "rev": self._key(13), "operation": "create",
                    "collection": "app.bsky.feed.post", "rkey": self._key(13),
                    "record": {
                        "$type": "app.bsky.feed.post", "createdAt": _iso(at), "langs": ["en"],
                        "facets": [
                            {"features": [{"$type": "app.bsky.richtext.facet#tag",
                                           "tag": word[1:]}],
                             "index": {"byteEnd": 90, "byteStart": 80}}
                            for word in text.split() if word.startswith("#")
                        ],
                        "text": text,
                    },
                    "cid": f"bafyrei{self._key(52)}",
                },
            }
        )  # fmt: skip

    def x1(self, boosted: dict[str, object] | None = None) -> dict[str, object]:
        """One tweet of the X API v1.1, about 2.5 kB, or a retweet that carries ``boosted``."""
        draw = self._random
        number, at = self._next()
        name = draw.choice(self._names)
        text = self.text() if boosted is None else f"RT @someone: {boosted['full_text']}"
        status: dict[str, object] = {
            "created_at": datetime.fromtimestamp(at, UTC).strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "id": 840_000_000_000_000_000 + (at << 22) + number,
            "id_str": str(840_000_000_000_000_000 + (at << 22) + number),
            "full_text": text, "truncated": False, "display_text_range": [0, len(text)],
            "entities": {
                "hashtags": [{"text": word[1:], "indices": [0, 5]}
                             for word in text.split() if word.startswith("#")],
                "symbols": [], "user_mentions": [], "urls": [],
            },
            "source": '<a href="https://mobile.example" rel="nofollow">Web App</a>',
            "in_reply_to_status_id": None, "in_reply_to_status_id_str": None,
            "in_reply_to_user_id": None, "in_reply_to_user_id_str": None,
            "in_reply_to_screen_name": None, "user": self._x1_user(name),
            "geo": None, "coordinates": None, "place": None, "contributors": None,
            "is_quote_status": False, "retweet_count": draw.randrange(30),
            "favorite_count": draw.randrange(40), "favorited": False, "retweeted": False,
            "lang": "en",
        }  # fmt: skip
        if boosted is not None:
            status["retweeted_status"] = boosted
        return status

    def x2(self) -> bytes:
        """One flattened tweet of the X API v2 as twarc2 writes it."""
        draw = self._random
        number, at = self._next()
        name = draw.choice(self._names)
        author = str(10_000_000 + hash_of(name))
        text = self.text()
        own = str(840_000_000_000_000_000 + (at << 22) + number)
        return _json(
            {
                "id": own, "text": text,
                "author_id": author, "conversation_id": str(840_000_000_000_000_000 + number),
                "created_at": _iso(at), "lang": "en", "possibly_sensitive": False,
                "reply_settings": "everyone", "source": "Web App",
                "edit_history_tweet_ids": [own],
                "public_metrics": {"retweet_count": draw.randrange(9), "reply_count": 0,
                                   "like_count": draw.randrange(30), "quote_count": 0,
                                   "bookmark_count": 0, "impression_count": draw.randrange(900)},
                "entities": {"hashtags": [{"start": 0, "end": 9, "tag": word[1:]}
                                          for word in text.split() if word.startswith("#")]},
                "author": {
                    "id": author, "username": name, "name": name.capitalize(), "verified": False,
                    "created_at": _iso(at - 90_000_000), "description": " ".join(
                        draw.choice(WORDS) for _ in range(12)), "protected": False,
                    "profile_image_url": f"https://img.example/{author}/a_normal.jpg",
                    "public_metrics": {"followers_count": draw.randrange(5000),
                                       "following_count": draw.randrange(900),
                                       "tweet_count": draw.randrange(9000), "listed_count": 3},
                },
                "__twarc": {"url": "https://api.x.example/2/tweets/search/all", "version": "2.14.0",
                            "retrieved_at": _iso(at + 900)},
            }
        )  # fmt: skip

    def _mastodon_account(self, host: str, name: str) -> dict[str, object]:
        number = str(100_000_000_000_000_000 + hash_of(name))
        bio = " ".join(WORDS[(hash_of(name) + i * 7) % len(WORDS)] for i in range(18))
        return {
            "id": number, "username": name, "acct": f"{name}@{host}",
            "display_name": name.capitalize(), "locked": False, "bot": False,
            "discoverable": True, "indexable": False, "group": False,
            "created_at": "2016-11-05T00:00:00.000Z", "note": f"<p>{bio}</p>",
            "url": f"https://{host}/@{name}", "uri": f"https://{host}/users/{name}",
            "avatar": f"https://media.{host}/accounts/avatars/{number}/original/{name}.png",
            "avatar_static": f"https://media.{host}/accounts/avatars/{number}/original/{name}.png",
            "header": f"https://media.{host}/accounts/headers/{number}/original/{name}.png",
            "header_static": f"https://media.{host}/accounts/headers/{number}/original/{name}.png",
            "followers_count": hash_of(name) % 4000, "following_count": 321,
            "statuses_count": 4321, "last_status_at": "2017-03-31", "hide_collections": None,
            "noindex": False, "emojis": [], "roles": [],
            "fields": [{"name": "Site", "value": f"<a href=\"https://{name}.example\" rel=\"me\">"
                        f"<span class=\"invisible\">https://</span>{name}.example</a>",
                        "verified_at": None}],
        }  # fmt: skip

    def _mastodon_media(self, host: str) -> list[dict[str, object]]:
        if self._random.random() > 0.3:
            return []
        key = self._key(16)
        return [
            {
                "id": str(self._random.randrange(10**17)), "type": "image",
                "url": f"https://media.{host}/media_attachments/files/original/{key}.jpg",
                "preview_url": f"https://media.{host}/media_attachments/files/small/{key}.jpg",
                "remote_url": None, "preview_remote_url": None, "text_url": None,
                "meta": {"original": {"width": 1200, "height": 800, "size": "1200x800",
                                      "aspect": 1.5},
                         "small": {"width": 588, "height": 392, "size": "588x392", "aspect": 1.5}},
                "description": " ".join(self._random.choice(WORDS) for _ in range(8)),
                "blurhash": self._key(28),
            }
        ]  # fmt: skip

    def _x1_user(self, name: str) -> dict[str, object]:
        number = 10_000_000 + hash_of(name)
        return {
            "id": number, "id_str": str(number), "name": name.capitalize(), "screen_name": name,
            "location": "Somewhere", "description": " ".join(
                WORDS[(number + i * 5) % len(WORDS)] for i in range(14)),
            "url": None, "entities": {"description": {"urls": []}}, "protected": False,
            "followers_count": number % 4000, "friends_count": number % 700, "listed_count": 3,
            "created_at": "Mon Nov 07 20:00:00 +0000 2011", "favourites_count": 321,
            "utc_offset": None, "time_zone": None, "geo_enabled": False, "verified": False,
            "statuses_count": 9876, "lang": None, "contributors_enabled": False,
            "is_translator": False, "is_translation_enabled": False,
            "profile_background_color": "C0DEED",
            "profile_background_image_url_https": "https://abs.example/images/theme1/bg.png",
            "profile_background_tile": False,
            "profile_image_url_https": f"https://img.example/{number}/a_normal.jpg",
            "profile_link_color": "1DA1F2", "profile_sidebar_border_color": "C0DEED",
            "profile_sidebar_fill_color": "DDEEF6", "profile_text_color": "333333",
            "profile_use_background_image": True, "has_extended_profile": False,
            "default_profile": True, "default_profile_image": False, "following": False,
            "follow_request_sent": False, "notifications": False, "translator_type": "none",
        }  # fmt: skip

    def _next(self) -> tuple[int, int]:
        self.number += 1
        return self.number, BEGIN + self.number * 3

    def _name(self) -> str:
        return "".join(self._random.choice(SYLLABLES) for _ in range(self._random.randint(2, 5)))

    def _key(self, length: int) -> str:
        return "".join(self._random.choices("abcdefghijklmnopqrstuvwxyz234567", k=length))


def hash_of(name: str) -> int:
    """A number that stays the same for a name, run after run."""
    return sum(ord(letter) * 31**place for place, letter in enumerate(name)) % 9_000_000


def _html(text: str, host: str) -> str:
    words = []
    for word in text.split():
        if word.startswith("#"):
            words.append(
                f'<a href="https://{host}/tags/{word[1:]}" class="mention hashtag" rel="tag">'
                f"#<span>{word[1:]}</span></a>"
            )
        elif word.startswith("https://"):
            words.append(
                f'<a href="{word}" target="_blank" rel="nofollow noopener">'
                f'<span class="invisible">https://</span><span class="ellipsis">{word[8:38]}</span>'
                f'<span class="invisible">{word[38:]}</span></a>'
            )
        else:
            words.append(word)
    return f"<p>{' '.join(words)}</p>"


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
