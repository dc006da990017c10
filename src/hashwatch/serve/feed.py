"""A feed of public posts as Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from hashwatch.queries.shapes import Data

ATOM = "http://www.w3.org/2005/Atom"


def atom_feed(event: Data, posts: Sequence[Data], address: str, path: str, now: str) -> bytes:
    """The feed; ``address`` is where people find this server, ``path`` the feed's own.

    An entry is known by the address that the post has on its own network, and updated when it was
    written: readers show it once.
    """
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    _text(feed, "title", event["title"])
    _text(feed, "id", f"{address}{path}")
    _text(feed, "updated", max((post["created_at"] for post in posts), default=now))
    _link(feed, "self", f"{address}{path}")
    _link(feed, "alternate", f"{address}{path.partition('/feed.atom')[0]}")
    for post in posts:
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _text(entry, "id", post["url"] or f"{address}{path}#{post['id']}")
        _text(entry, "title", _title(post))
        _text(entry, "updated", post["created_at"])
        author = ET.SubElement(entry, f"{{{ATOM}}}author")
        _text(author, "name", clean(post["author"]["name"]))
        if post["author"]["url"]:
            _text(author, "uri", post["author"]["url"])
        content = ET.SubElement(entry, f"{{{ATOM}}}content", {"type": "text"})
        content.text = clean(post["content_warning"] or post["text"])
        if post["url"]:
            _link(entry, "alternate", post["url"])
        for theme in post["themes"]:
            ET.SubElement(entry, f"{{{ATOM}}}category", {"term": clean(theme["name"])})
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def clean(text: str) -> str:
    """``text`` without what XML cannot hold."""
    return "".join(letter for letter in text if letter in "\t\n\r" or _is_allowed(ord(letter)))


def _is_allowed(code: int) -> bool:
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _title(post: Data) -> str:
    words = " ".join(clean(post["content_warning"] or post["text"]).split())
    return words if len(words) <= 80 else words[:79].rstrip() + "…"


def _text(parent: ET.Element, name: str, value: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}").text = clean(value)


def _link(parent: ET.Element, relation: str, href: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", {"rel": relation, "href": href})
