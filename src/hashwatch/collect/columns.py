"""Which column of a table, or key of a JSON object, holds which field of a post.

Names are compared without case, spaces and punctuation; a column that bears a field's name, or
one of the names that exports are known to use for it, maps itself. The operator's mapping wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

from hashwatch.errors import ImportFormatError

FIELDS: Mapping[str, tuple[str, ...]] = {
    # The first name that the file has is taken: what says it more exactly stands in front.
    "id": ("id_str", "tweet_id", "status_id", "post_id", "id", "message_id"),
    "uri": ("uri", "post_uri", "at_uri"),
    "url": ("url", "permalink", "status_url", "tweet_url", "post_url", "link", "href"),
    "created_at": (
        "unix_timestamp", "created_at", "created_utc", "timestamp_utc", "timestamp", "datetime",
        "date_time", "tweet_created_at", "created", "created_time", "published_at", "published",
        "posted_at", "post_date", "date", "time", "record.created_at",
    ),
    "author": (
        "author_handle", "handle", "author_username", "author_screen_name", "user_screen_name",
        "user_username", "screen_name", "from_user", "username", "user_name", "author.handle",
        "author", "account_acct", "account_username", "account", "acct", "user",
    ),
    "author_uri": ("author_uri", "author_did", "did", "account_uri", "user_uri", "author_id"),
    "author_url": ("author_url", "account_url", "profile_url"),
    "name": (
        "author_name", "name", "display_name", "author_display_name", "account_display_name",
        "user_display_name", "full_name", "author_fullname",
    ),
    "bio": ("author_bio", "bio", "user_description", "author_description", "account_note"),
    "followers": (
        "followers", "author_followers", "followers_count", "user_followers_count",
        "account_followers_count", "author_followers_count",
        "author_public_metrics_followers_count",
    ),
    "bot": ("bot", "author_bot", "account_bot"),
    "text": (
        "text", "full_text", "content", "body", "message", "tweet_text", "post_text", "tweet",
        "post", "content_text", "caption", "record.text",
    ),
    "language": ("language", "lang", "tweet_language"),
    "hashtags": ("hashtags", "tags", "hashtag", "tag"),
    "mentions": ("mentions", "user_mentions", "mentions_screen_name", "mentioned"),
    "links": ("links", "urls", "expanded_urls", "urls_expanded_url", "link_urls", "outlinks"),
    "media": ("media", "media_urls", "media_url", "media_attachments", "image_urls", "images",
              "photos", "image"),
    "poll": ("poll", "poll_options"),
    "likes": (
        "likes", "like_count", "likes_count", "favorites", "favourites", "favorite_count",
        "favourite_count", "favorites_count", "favourites_count", "nlikes",
        "public_metrics_like_count", "engagement_likes",
    ),
    "boosts": (
        "boosts", "boost_count", "boosts_count", "retweets", "retweet_count", "retweets_count",
        "reblogs", "reblogs_count", "reposts", "repost_count", "shares", "share_count",
        "nretweets", "public_metrics_retweet_count", "engagement_boosts",
    ),
    "replies": (
        "replies", "reply_count", "replies_count", "comments", "comments_count", "num_comments",
        "nreplies", "public_metrics_reply_count", "engagement_replies",
    ),
    "quotes": (
        "quotes", "quote_count", "quotes_count", "public_metrics_quote_count", "engagement_quotes",
    ),
    "kind": ("kind", "post_type", "type"),
    "reply_to": (
        "reply_to", "in_reply_to", "in_reply_to_status_id_str", "in_reply_to_status_id",
        "in_reply_to_id", "reply_to_status_id", "reply_to_id", "in_reply_to_tweet_id",
    ),
    "boost_of": (
        "boost_of", "retweet_of", "reblog_of", "repost_of", "retweeted_status_id",
        "retweet_status_id", "retweeted_id", "retweet_id",
    ),
    "quote_of": (
        "quote_of", "quoted_status_id_str", "quoted_status_id", "quoted_id", "quoted_tweet_id",
    ),
    "content_warning": ("content_warning", "cw", "spoiler_text"),
    "sensitive": ("sensitive", "possibly_sensitive", "nsfw"),
    "edited_at": ("edited_at",),
    "source": ("source", "platform", "network"),
    "instance": ("instance", "server"),
}  # fmt: skip

X_COLUMNS = frozenset(
    (
        "screenname", "fromuser", "fulltext", "statusurl", "tweet", "tweetid", "tweettext",
        "retweetcount", "favoritecount", "inreplytostatusid", "inreplytostatusidstr",
        "retweetedstatusid",
    )
)  # fmt: skip

OWN_COLUMNS = frozenset(("uri", "source", "instance", "kind", "createdat"))

# A time written in two columns, the date in one of these and the time of day in "time".
DATE_COLUMNS = frozenset(("date", "postdate"))
CLOCK_FIELD = "time_of_day"

Layout = dict[str, str]

Origin = Literal["own", "x", "other"]
"""Whose columns they are: hashwatch's own export, whose values are taken as they are, an export of
X, whose texts are escaped, or anybody's."""


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A column's name for comparison: lower case, letters and digits only."""
    return re.sub(r"[\W_]+", "", name.casefold())


FIELD_OF_NAME = {plain(field): field for field in FIELDS}
for canonical, aliases in FIELDS.items():
    for alias in aliases:
        FIELD_OF_NAME.setdefault(plain(alias), canonical)


def map_columns(columns: Iterable[str], stated: Mapping[str, str] | None = None) -> Layout:
    """Field → column, for those fields that the file has.

    ``stated`` is the operator's mapping; it raises ``ImportFormatError`` when it names a field or
    a column that does not exist.
    """
    names = list(columns)
    found = {plain(name): name for name in reversed(names)}
    chosen = {resolve_field(field): column for field, column in (stated or {}).items()}
    taken: set[str] = set()
    for field, column in chosen.items():
        exact = column if column in names else found.get(plain(column))
        if exact is None:
            raise ImportFormatError(
                f"no column {column!r} for {field}; there are {', '.join(map(repr, names))}"
            )
        chosen[field] = exact
        taken.add(exact)
    layout = dict(chosen)
    for field, aliases in FIELDS.items():
        for alias in aliases:
            column = found.get(plain(alias), "")
            if column and field not in layout and column not in taken:
                layout[field] = column
                taken.add(column)
    clock = found.get("time", "")
    if plain(layout.get("created_at", "")) in DATE_COLUMNS and clock and clock not in taken:
        layout[CLOCK_FIELD] = clock
    return layout


def resolve_field(name: str) -> str:
    """The field that ``name`` means; raises ``ImportFormatError`` naming those that exist."""
    field = FIELD_OF_NAME.get(plain(name))
    if field is None:
        raise ImportFormatError(f"no field {name!r}; there are {', '.join(FIELDS)}")
    return field


def require(layout: Layout, columns: Iterable[str], path: object) -> None:
    """Raises ``ImportFormatError`` when there is no column for the text or the time."""
    missing = [field for field in ("text", "created_at") if field not in layout]
    if missing:
        raise ImportFormatError(
            f"{path}: no column bears the name of {' or '.join(missing)}; there are"
            f" {', '.join(map(repr, columns))}; say which with --map {missing[0]}=COLUMN"
        )


def find_origin(columns: Iterable[str]) -> Origin:
    """Whose export has these columns."""
    names = {plain(name) for name in columns}
    if names >= OWN_COLUMNS:
        return "own"
    return "x" if names & X_COLUMNS else "other"
