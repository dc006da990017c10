"""X API v2 answers (twarc 2, flattened or not, and the API itself) → posts.

A post and what it needs of what the answer includes become its raw payload, in the shape of an
answer of one post, so that each can be parsed again by itself. An edit makes a new id; the first
one of the history is the post's identity, so that its versions are one post. Quoted and answered
posts are named, not taken in: nobody collected them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from hashwatch.collect import x_posts
from hashwatch.collect.encoding import clean, unescape
from hashwatch.collect.pages import Companion, Outcome, RowError, refuse
from hashwatch.collect.times import TimeError, iso_time
from hashwatch.collect.x2_payload import (
    Attachments,
    Entities,
    Includes,
    Medium,
    Metrics,
    Payload,
    Reference,
    User,
    Withheld,
    decode_answer,
    decode_list,
    decode_medium,
    decode_nested,
    decode_payload,
    decode_poll,
    decode_problem,
    decode_user,
)
from hashwatch.model import Author, Engagement, Media, Post, Reject

RAW_FORMAT = "x2"
KEY_TYPES = {"3": "photo", "7": "video", "13": "video", "16": "animated_gif"}

Thing = TypeVar("Thing")


def parse_answer(line: bytes) -> list[Outcome]:
    """The posts of an answer, the originals of its boosts, and rejects for what is amiss.

    The rejects say where in the answer they stand. Raises ``msgspec.DecodeError`` when it is none.
    """
    answer = decode_answer(line)
    data = bytes(answer.data)
    if data == b"null" and bytes(answer.meta) == b"null" and not answer.errors:
        raise msgspec.ValidationError("it has neither data, meta nor errors")
    if b'"tweet_count"' in data and b'"text"' not in data:
        return [refuse("it counts posts and holds none", line, "data")]
    items = decode_list(data) if data.startswith(b"[") else [] if data == b"null" else [data]
    includes = answer.includes or Includes()
    if data == b"null" and includes.tweets:
        raise msgspec.ValidationError("it includes posts but has no data")
    around = Surroundings(includes)
    outcomes: list[Outcome] = []
    for position, item in enumerate(items, 1):
        raw = bytes(item)
        try:
            payload = decode_payload(raw)
            outcomes += around.outcomes(payload, raw)
        except (msgspec.ValidationError, RowError) as error:
            outcomes.append(refuse(str(error), raw, f"post {position}"))
    outcomes += map(read_problem, answer.errors)
    return outcomes


def parse_flattened(line: bytes) -> list[Outcome]:
    """A flattened post; raises ``RowError`` or ``msgspec.MsgspecError``."""
    payload = decode_payload(line)
    nested = decode_nested(line).referenced_tweets if payload.referenced_tweets else []
    return Surroundings(Includes(tweets=nested)).outcomes(payload, line)


def read_problem(raw: msgspec.Raw) -> Reject:
    """A reject for something that X says it could not include."""
    octets = bytes(raw)
    try:
        problem = decode_problem(octets)
        reason = f"X left it out: {problem.title or 'error'}: {problem.detail or ''}"
    except msgspec.MsgspecError:
        reason = "X left something out"
    return refuse(reason, octets, "errors")


class Surroundings:
    """What is known around the posts of one line, by id, each with its raw form."""

    def __init__(self, includes: Includes) -> None:
        self.tweets = index(includes.tweets, decode_payload, lambda payload: payload.id)
        self.users = index(includes.users, decode_user, lambda user: user.id)
        self.media = index(includes.media, decode_medium, lambda medium: medium.media_key)
        self.polls = index(includes.polls, decode_poll, lambda poll: poll.id)
        self.originals: dict[str, Post] = {}

    def outcomes(self, payload: Payload, raw: bytes) -> list[Outcome]:
        """A post with its other versions, oldest first, or a boost and its original."""
        for reference in payload.referenced_tweets:
            if reference.type == "retweeted":
                return self.boosted(payload, raw, reference.id)
        post = self.post(payload, raw)
        if len(payload.edit_history_tweet_ids) < 2:
            return [post]
        found = {version: self.tweets.get(version) for version in payload.edit_history_tweet_ids}
        others = {version: self.post(*pair) for version, pair in found.items() if pair}
        versions = {**dict.fromkeys(payload.edit_history_tweet_ids), **others, payload.id: post}
        return [version for version in versions.values() if version]

    def boosted(self, payload: Payload, raw: bytes, identifier: str) -> list[Outcome]:
        """A boost and its original, where that is at hand."""
        found = self.tweets.get(identifier)
        if found is None:
            return [self.boost(payload, raw, self.post(payload, raw), identifier)]
        original = self.originals.get(identifier) or self.post(*found)
        self.originals[identifier] = original
        return [self.boost(payload, raw, original, found[0].root), Companion(original)]

    def post(self, payload: Payload, raw: bytes) -> Post:
        """A post that is no boost; raises ``RowError``."""
        writer = read_author(payload, self.user(payload))
        long = payload.note_tweet
        found = (long.entities if long else None) or payload.entities or Entities()
        reply_to = self.target(payload.referenced_tweets, "replied_to")
        quote_of = self.target(payload.referenced_tweets, "quoted")
        created_at = read_time(payload)
        edited = payload.id != payload.root
        metrics = payload.public_metrics or Metrics()
        return Post(
            uri=x_posts.post_uri(payload.root),
            source=x_posts.SOURCE,
            instance=x_posts.INSTANCE,
            author=writer,
            created_at=x_posts.written_at(payload.root) if edited else created_at,
            text=unescape(clean(long.text if long else payload.text)),
            raw=self.excerpt(payload, raw),
            raw_format=RAW_FORMAT,
            url=x_posts.post_url(writer.handle, payload.id),
            kind="reply" if reply_to else "quote" if quote_of else "post",
            language=x_posts.language(payload.lang),
            reply_to=reply_to,
            quote_of=quote_of,
            hashtags=x_posts.names(hashtag.tag for hashtag in found.hashtags),
            mentions=x_posts.names(mention.username for mention in found.mentions),
            links=x_posts.links(
                (
                    link.unwound_url or link.expanded_url or link.url
                    for link in found.urls
                    if link.media_key is None
                ),
                payload.id,
            ),
            media=self.read_media(payload.attachments),
            poll=self.read_poll(payload.attachments),
            sensitive=bool(payload.possibly_sensitive),
            edited_at=created_at if edited else None,
            engagement=Engagement(
                boosts=metrics.retweet_count,
                likes=metrics.like_count,
                replies=metrics.reply_count,
                quotes=metrics.quote_count,
            ),
            labels=withheld_labels(payload.withheld),
        )

    def boost(self, payload: Payload, raw: bytes, content: Post, original: str) -> Post:
        """A boost: the original's content by another author at another time, with no counts."""
        writer = read_author(payload, self.user(payload))
        return msgspec.structs.replace(
            content,
            uri=x_posts.post_uri(payload.id),
            url=x_posts.post_url(writer.handle, payload.id),
            author=writer,
            created_at=read_time(payload),
            raw=self.excerpt(payload, raw),
            kind="boost",
            boost_of=x_posts.post_uri(original),
            reply_to=None,
            quote_of=None,
            edited_at=None,
            engagement=Engagement(),
        )

    def target(self, references: Iterable[Reference], kind: str) -> str | None:
        """The URI of the post that is referred to in one way."""
        for reference in references:
            if reference.type == kind:
                found = self.tweets.get(reference.id)
                return x_posts.post_uri(found[0].root if found else reference.id)
        return None

    def read_media(self, attachments: Attachments | None) -> tuple[Media, ...]:
        """The attachments, put in or included."""
        if attachments is None:
            return ()
        inside = {medium.media_key: medium for medium in attachments.media}
        included = {key: self.media[key][0] for key in attachments.media_keys if key in self.media}
        keyed = [
            inside.get(key) or included.get(key) or Medium(media_key=key)
            for key in attachments.media_keys
        ]
        return tuple(map(read_medium, keyed or attachments.media))

    def read_poll(self, attachments: Attachments | None) -> tuple[str, ...]:
        """The options of the poll, put in or included."""
        if attachments is None:
            return ()
        included = (self.polls[key][0] for key in attachments.poll_ids if key in self.polls)
        poll = attachments.poll or next(included, None)
        return tuple(clean(option.label) for option in poll.options) if poll else ()

    def user(self, payload: Payload) -> User | None:
        """Who wrote the post, where the line tells."""
        found = self.users.get(payload.author_id or "")
        return payload.author or (found[0] if found else None)

    def excerpt(self, payload: Payload, raw: bytes) -> bytes:
        """The raw payload of one post: an answer of one, with its share of what is included."""
        if payload.author is not None:
            return raw  # flattened: everything is inside it
        writer = self.users.get(payload.author_id or "")
        if writer and not payload.referenced_tweets and not payload.attachments:
            return b'{"data":%s,"includes":{"users":[%s]}}' % (raw, writer[1])
        near = [found for one in payload.referenced_tweets if (found := self.tweets.get(one.id))]
        posts = [payload, *(found[0] for found in near)]
        attached = [post.attachments for post in posts if post.attachments]
        parts = {
            b"tweets": [found[1] for found in near],
            b"users": pick(self.users, [post.author_id for post in posts]),
            b"media": pick(self.media, [key for one in attached for key in one.media_keys]),
            b"polls": pick(self.polls, [key for one in attached for key in one.poll_ids]),
        }
        included = b",".join(
            b'"%s":[%s]' % (name, b",".join(items)) for name, items in parts.items() if items
        )
        return b'{"data":%s,"includes":{%s}}' % (raw, included)


def index(
    items: Iterable[msgspec.Raw],
    decode: Callable[[bytes], Thing],
    identify: Callable[[Thing], str | None],
) -> dict[str, tuple[Thing, bytes]]:
    """Included things by their id, those that are not what they should be left out."""
    found: dict[str, tuple[Thing, bytes]] = {}
    for item in items:
        raw = bytes(item)
        try:
            thing = decode(raw)
        except msgspec.MsgspecError:
            continue  # the post that needs it does without; its raw form stays in the file
        found[identify(thing) or ""] = (thing, raw)
    return found


def pick(found: Mapping[str, tuple[Thing, bytes]], keys: Iterable[str | None]) -> list[bytes]:
    """The raw forms of the things with these ids, each once."""
    return [found[key][1] for key in dict.fromkeys(keys) if key and key in found]


def read_author(payload: Payload, user: User | None) -> Author:
    """The author, named by the id where the name was not asked for; raises ``RowError``."""
    if user is None:
        if payload.author_id is None:
            raise RowError("it does not say who wrote it: ask for author_id")
        return x_posts.author(payload.author_id, payload.author_id, None, None, None)
    if user.protected:
        raise RowError("its author's posts are protected: only public ones are kept")
    followers = user.public_metrics.followers_count if user.public_metrics else None
    return x_posts.author(user.id, user.username, user.name, user.description, followers)


def read_time(payload: Payload) -> int:
    """UTC seconds, from the id where the time was not asked for; raises ``RowError``."""
    if payload.created_at is None:
        return x_posts.written_at(payload.id)
    try:
        return iso_time(payload.created_at)
    except TimeError as error:
        raise RowError(str(error)) from error


def read_medium(medium: Medium) -> Media:
    """An attachment; its key tells the kind where X gave no more."""
    kind = medium.type or KEY_TYPES.get((medium.media_key or "").partition("_")[0], "")
    return Media(
        kind=x_posts.MEDIA_KINDS.get(kind, "other"),
        url=medium.url or medium.preview_image_url,
        alt=clean(medium.alt_text or ""),
    )


def withheld_labels(withheld: Withheld | None) -> tuple[str, ...]:
    """Where X does not show the post: ``withheld:IN``, ``withheld:copyright``."""
    if withheld is None:
        return ()
    labels = tuple(f"withheld:{country}" for country in withheld.country_codes)
    return (*labels, "withheld:copyright") if withheld.copyright else labels
