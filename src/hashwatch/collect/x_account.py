"""The archive that X makes of an account (``tweets.js``) → posts. Pure.

Its posts are v1.1 payloads with two differences: numbers are strings, and no author stands in
them. A boost is only its cut text; nothing names the original. Each edit is an item of its own.
"""

from __future__ import annotations

import re

import msgspec

from hashwatch.collect import x_posts
from hashwatch.collect.pages import RowError
from hashwatch.collect.rows import BOOST_TEXT, INSTANCE
from hashwatch.collect.x1 import RAW_FORMAT, Entities, Payload, User
from hashwatch.collect.x1 import post as post_of
from hashwatch.model import Engagement, Post

ASSIGNMENT = re.compile(rb"window\.YTD\.\w+\.part\d+\s*=\s*(?=\[)")


class EditIds(msgspec.Struct, rename="camel"):
    """The ids of a post's versions, the first one first."""

    edit_tweet_ids: list[str] = []


class LaterEdit(msgspec.Struct, rename="camel"):
    initial_tweet_id: str = ""


class Edits(msgspec.Struct):
    """Where a post stands among its versions: it is the first, or a later one."""

    initial: EditIds | None = None
    edit: LaterEdit | None = None


class Written(msgspec.Struct):
    """One post of the account."""

    full_text: str | None = None
    text: str | None = None
    id_str: str | None = None
    id: str | int | None = None
    created_at: str | None = None
    entities: Entities | None = None
    extended_entities: Entities | None = None
    in_reply_to_status_id_str: str | None = None
    lang: str | None = None
    possibly_sensitive: bool | None = None
    retweet_count: int | None = None
    favorite_count: int | None = None
    edit_info: Edits | None = None


class Wrapped(msgspec.Struct):
    """As it stands in the file since 2020; before, nothing was around the post."""

    tweet: msgspec.Raw


class Account(msgspec.Struct, rename="camel"):
    """The account itself; its e-mail address and telephone number stand there too, unread."""

    username: str
    account_id: str | None = None
    account_display_name: str | None = None


class AccountItem(msgspec.Struct):
    account: Account


class Protection(msgspec.Struct, rename="camel"):
    """When the posts were closed to all but followers, or opened again."""

    action: str = ""
    protected_at: str = ""


class ProtectionItem(msgspec.Struct, rename="camel"):
    protected_history: Protection


# What is a number or a truth elsewhere is a string here.
decode_written = msgspec.json.Decoder(Written, strict=False).decode
decode_wrapped = msgspec.json.Decoder(Wrapped).decode
decode_accounts = msgspec.json.Decoder(list[AccountItem]).decode
decode_protections = msgspec.json.Decoder(list[ProtectionItem]).decode


def parse_account(assigned: bytes) -> User:
    """Whose archive it is, from ``account.js``; raises ``ValueError``."""
    accounts = decode_accounts(array_of(assigned))
    if not accounts:
        raise ValueError("it names no account")
    account = accounts[0].account
    return User(account.account_id or "", account.username, account.account_display_name)


def is_protected(assigned: bytes) -> bool:
    """Whether ``protected-history.js`` ends with a closed account; raises ``ValueError``."""
    history = [item.protected_history for item in decode_protections(array_of(assigned))]
    last = max(history, key=lambda one: one.protected_at, default=Protection())
    return last.action.casefold() == "protect"


def array_of(assigned: bytes) -> bytes:
    """The JSON array that a script assigns; raises ``ValueError`` where there is none."""
    found = ASSIGNMENT.search(assigned)
    if found is None:
        raise ValueError("it assigns no list")
    return assigned[found.end() :].rstrip().removesuffix(b";")


def parse_written(raw: bytes, user: User) -> Post:
    """The post in one item; raises ``RowError`` or what ``msgspec`` raises."""
    try:
        whole = bytes(decode_wrapped(raw).tweet)
    except msgspec.ValidationError:
        whole = raw
    written = decode_written(whole)
    identifier = written.id_str or str(written.id or "")
    if not identifier.isdigit():
        raise RowError("it has no id")
    post = post_of(payload_of(written, identifier, user), raw)
    post = msgspec.structs.replace(post, instance=INSTANCE, raw_format=RAW_FORMAT)
    if BOOST_TEXT.match(post.text):
        return msgspec.structs.replace(post, kind="boost", reply_to=None, engagement=Engagement())
    return as_version(post, written.edit_info, identifier)


def payload_of(written: Written, identifier: str, user: User) -> Payload:
    """The post as the interface would have given it."""
    return Payload(
        id_str=identifier,
        created_at=written.created_at or "",
        user=user,
        full_text=written.full_text,
        text=written.text,
        entities=written.entities,
        extended_entities=written.extended_entities,
        in_reply_to_status_id_str=written.in_reply_to_status_id_str,
        lang=written.lang,
        possibly_sensitive=written.possibly_sensitive,
        retweet_count=written.retweet_count,
        favorite_count=written.favorite_count,
    )


def as_version(post: Post, edits: Edits | None, identifier: str) -> Post:
    """A later version stands for its first one, whose id is the post's."""
    first = edits.edit.initial_tweet_id if edits and edits.edit else ""
    if not first.isdigit() or first == identifier:
        return post
    return msgspec.structs.replace(
        post,
        uri=x_posts.post_uri(first),
        created_at=x_posts.written_at(first),
        edited_at=post.created_at,
    )
