"""A record of Bluesky (``app.bsky.feed.post``) → a post. Pure.

Facets mark hashtags, mentions and links by byte offsets into the UTF-8 of the text; hidden tags
stand beside it. https://docs.bsky.app/docs/advanced-guides/post-richtext
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hashwatch.collect.entities import entities
from hashwatch.collect.times import TimeError, iso_time
from hashwatch.model import Author, Kind, Media, Post, fold_hashtag

POST = "app.bsky.feed.post"
_ADULT = frozenset({"porn", "sexual", "nudity", "graphic-media"})


class Index(msgspec.Struct, frozen=True):
    """Where a facet stands, in bytes of the text's UTF-8."""

    start: int = msgspec.field(name="byteStart", default=0)
    end: int = msgspec.field(name="byteEnd", default=0)


class Feature(msgspec.Struct, frozen=True):
    """What a facet means: a hashtag, a link or a mention, by which field is there."""

    tag: str = ""
    uri: str = ""
    did: str = ""


class Facet(msgspec.Struct, frozen=True):
    """A stretch of the text with meanings."""

    index: Index = Index()
    features: tuple[Feature, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """The content id of a blob."""

    cid: str = msgspec.field(name="$link", default="")


class Blob(msgspec.Struct, frozen=True):
    """An uploaded file."""

    ref: Link | None = None


class Image(msgspec.Struct, frozen=True):
    """One picture of an embed."""

    alt: str = ""
    image: Blob | None = None


class External(msgspec.Struct, frozen=True):
    """A link shown as a card."""

    uri: str = ""


class Reference(msgspec.Struct, frozen=True):
    """Another record; with media beside it, it lies one level deeper."""

    uri: str = ""
    record: Reference | None = None


class Embed(msgspec.Struct, frozen=True):
    """Pictures, a video, a card, a quoted record, or a quoted record with one of the others."""

    images: tuple[Image, ...] | None = None
    video: Blob | None = None
    alt: str | None = None
    external: External | None = None
    record: Reference | None = None
    media: Embed | None = None


class Reply(msgspec.Struct, frozen=True):
    """What is answered."""

    parent: Reference | None = None


class Value(msgspec.Struct, frozen=True):
    """One label."""

    val: str = ""


class Labels(msgspec.Struct, frozen=True):
    """Labels that the author gave the post."""

    values: tuple[Value, ...] | None = None


class Record(msgspec.Struct, frozen=True):
    """The post as its author wrote it."""

    text: str = ""
    created: str = msgspec.field(name="createdAt", default="")
    langs: tuple[str, ...] | None = None
    facets: tuple[Facet, ...] | None = None
    tags: tuple[str, ...] | None = None
    reply: Reply | None = None
    embed: Embed | None = None
    labels: Labels | None = None
    bridged_from: str | None = msgspec.field(name="bridgyOriginalUrl", default=None)
    """The page that Bridgy Fed made the post of."""


def tags_and_mentions(record: Record) -> tuple[list[str], list[str], list[str]]:
    """Every hashtag of a post, every handle mentioned, and every DID mentioned."""
    features = _features(record)
    tags = [feature.tag for feature in features if feature.tag]
    dids = [feature.did for feature in features if feature.did]
    tags += record.tags or ()
    if "#" not in record.text and "＃" not in record.text and "@" not in record.text:
        return tags, [], dids
    found = entities(record.text)
    return [*tags, *found.hashtags], list(found.mentions), dids


def post_of(
    record: Record, *, did: str, handle: str, rkey: str, seen: int, raw: bytes, instance: str
) -> Post:
    """A record as a post. ``seen`` (UTC seconds) is when the stream brought it.

    ``created_at`` is the earlier of what the author's software claims and ``seen``. A post that
    declares several languages declares none for us: only its text can tell.
    """
    labels = tuple(value.val for value in (record.labels and record.labels.values) or ())
    adult = [label for label in labels if label in _ADULT]
    quoted = _quoted(record.embed)
    parent = record.reply.parent.uri if record.reply and record.reply.parent else ""
    kind: Kind = "reply" if parent else "quote" if quoted else "post"
    langs = record.langs or ()
    return Post(
        uri=f"at://{did}/{POST}/{rkey}",
        source="bluesky",
        instance=instance,
        author=Author(uri=did, handle=handle, url=f"https://bsky.app/profile/{did}"),
        created_at=_created(record.created, seen),
        text=record.text,
        raw=raw,
        raw_format="jetstream",
        url=f"https://bsky.app/profile/{did}/post/{rkey}",
        kind=kind,
        language=langs[0] if len(langs) == 1 else None,
        reply_to=parent or None,
        quote_of=quoted or None,
        hashtags=_hashtags(record),
        mentions=_mentions(record),
        links=_links(record),
        media=tuple(_media(record.embed, did)),
        content_warning=", ".join(adult) or None,
        sensitive=bool(adult),
        labels=labels,
        local_id=rkey,
        copy_of=record.bridged_from or None,
    )


def _features(record: Record) -> list[Feature]:
    return [feature for facet in record.facets or () for feature in facet.features]


def _created(claimed: str, seen: int) -> int:
    try:
        return min(iso_time(claimed), seen)
    except TimeError:
        return seen


def _hashtags(record: Record) -> tuple[str, ...]:
    written = [*entities(record.text).hashtags]
    written += [feature.tag.lstrip("#＃") for feature in _features(record) if feature.tag]
    written += [tag.lstrip("#＃") for tag in record.tags or ()]
    first: dict[str, str] = {}
    for tag in filter(None, written):
        first.setdefault(fold_hashtag(tag), tag)
    return tuple(first.values())


def _mentions(record: Record) -> tuple[str, ...]:
    octets = record.text.encode()
    mentions = list(entities(record.text).mentions)
    for facet in record.facets or ():
        if any(feature.did for feature in facet.features):
            start, end = max(0, facet.index.start), max(0, facet.index.end)
            shown = octets[start:end].decode("utf-8", "ignore").strip().lstrip("@＠")
            mentions.append(shown or next(f.did for f in facet.features if f.did))
    return tuple(dict.fromkeys(mentions))


def _links(record: Record) -> tuple[str, ...]:
    links = [feature.uri for feature in _features(record) if feature.uri]
    if not links:
        # Where there are facets, the text shows their addresses cut short.
        links += entities(record.text).links
    for embed in _embeds(record.embed):
        if embed.external and embed.external.uri:
            links.append(embed.external.uri)
    return tuple(dict.fromkeys(links))


def _embeds(embed: Embed | None) -> Iterable[Embed]:
    if embed is not None:
        yield embed
        if embed.media is not None:
            yield embed.media


def _quoted(embed: Embed | None) -> str:
    if embed is None or embed.record is None:
        return ""
    uri = embed.record.uri or (embed.record.record.uri if embed.record.record else "")
    # Lists, feeds and starter packs are embedded in the same way; they are no posts.
    return uri if f"/{POST}/" in uri else ""


def _media(embed: Embed | None, did: str) -> Iterable[Media]:
    for part in _embeds(embed):
        for image in part.images or ():
            cid = _cid(image.image)
            url = f"https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg" if cid else None
            yield Media("image", url, image.alt)
        if part.video is not None:
            cid = _cid(part.video)
            url = f"https://video.bsky.app/watch/{did}/{cid}/playlist.m3u8" if cid else None
            yield Media("video", url, part.alt or "")


def _cid(blob: Blob | None) -> str:
    return blob.ref.cid if blob and blob.ref else ""
