"""The shapes of X API v2 answers, as far as they are read, and their decoders.

See https://docs.x.com/x-api/fundamentals/data-dictionary. An answer has ``data`` (a list, or one
post when streamed), ``includes`` with what the expansions asked for, and ``errors`` for what could
not be included. twarc's *flattened* form is one post a line with all of that put in.
"""

from __future__ import annotations

import msgspec

ABSENT = msgspec.Raw(b"null")


class Hashtag(msgspec.Struct, gc=False):
    tag: str


class Mention(msgspec.Struct, gc=False):
    username: str


class Link(msgspec.Struct, gc=False):
    url: str | None = None
    expanded_url: str | None = None
    unwound_url: str | None = None
    media_key: str | None = None


class Entities(msgspec.Struct):
    hashtags: list[Hashtag] = []
    mentions: list[Mention] = []
    urls: list[Link] = []


class UserMetrics(msgspec.Struct, gc=False):
    followers_count: int | None = None


class User(msgspec.Struct, gc=False):
    id: str
    username: str
    name: str | None = None
    description: str | None = None
    protected: bool | None = None
    public_metrics: UserMetrics | None = None


class Medium(msgspec.Struct, gc=False):
    type: str = ""
    media_key: str | None = None
    url: str | None = None
    preview_image_url: str | None = None
    alt_text: str | None = None


class Option(msgspec.Struct, gc=False):
    label: str


class Poll(msgspec.Struct):
    id: str | None = None
    options: list[Option] = []


class Attachments(msgspec.Struct):
    """Keys into ``includes``, or in the flattened form the attachments themselves."""

    media_keys: list[str] = []
    poll_ids: list[str] = []
    media: list[Medium] = []
    poll: Poll | None = None


class Metrics(msgspec.Struct, gc=False):
    retweet_count: int | None = None
    reply_count: int | None = None
    like_count: int | None = None
    quote_count: int | None = None


class LongText(msgspec.Struct):
    """``note_tweet``: the whole of a text over 280 characters."""

    text: str
    entities: Entities | None = None


class Withheld(msgspec.Struct):
    copyright: bool = False
    country_codes: list[str] = []


class Reference(msgspec.Struct, gc=False):
    id: str
    type: str


class Payload(msgspec.Struct):
    """One post."""

    id: str
    text: str
    author_id: str | None = None
    created_at: str | None = None
    lang: str | None = None
    public_metrics: Metrics | None = None
    referenced_tweets: list[Reference] = []
    entities: Entities | None = None
    attachments: Attachments | None = None
    possibly_sensitive: bool | None = None
    note_tweet: LongText | None = None
    edit_history_tweet_ids: list[str] = []
    withheld: Withheld | None = None
    author: User | None = None

    @property
    def root(self) -> str:
        """The id of its first version."""
        return self.edit_history_tweet_ids[0] if self.edit_history_tweet_ids else self.id


class Nested(msgspec.Struct):
    """The references of a flattened post, which hold the posts that they refer to."""

    referenced_tweets: list[msgspec.Raw] = []


class Includes(msgspec.Struct):
    users: list[msgspec.Raw] = []
    tweets: list[msgspec.Raw] = []
    media: list[msgspec.Raw] = []
    polls: list[msgspec.Raw] = []


class Problem(msgspec.Struct):
    title: str | None = None
    detail: str | None = None


class Answer(msgspec.Struct):
    """A page of posts, or one; all of its parts may be missing."""

    data: msgspec.Raw = ABSENT
    meta: msgspec.Raw = ABSENT
    includes: Includes | None = None
    errors: list[msgspec.Raw] = []


decode_answer = msgspec.json.Decoder(Answer).decode
decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
decode_payload = msgspec.json.Decoder(Payload).decode
decode_nested = msgspec.json.Decoder(Nested).decode
decode_user = msgspec.json.Decoder(User).decode
decode_medium = msgspec.json.Decoder(Medium).decode
decode_poll = msgspec.json.Decoder(Poll).decode
decode_problem = msgspec.json.Decoder(Problem).decode
