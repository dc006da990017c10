"""HTML of posts → plain text: paragraphs, line breaks, hashtags, mentions and whole links kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

# Building a tree takes time in the square of its depth: 200,000 nested elements took minutes.
_MOST_TAGS = 2_000

_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NEVER_SHOWN = [
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "svg",
    "math",
    "title",
]
_UNCOMMON = re.compile(
    rf"<(?:blockquote|div|h[1-6]|[uod]l|li|dt|dd|tr|table|pre|hr|rt|{'|'.join(_NEVER_SHOWN)})\b",
    re.I,
)
_BLOCK = re.compile(r"</?(?:blockquote|div|h[1-6]|[uod]l|table|pre|hr)\b[^>]*>", re.I)
_LINE = re.compile(r"</(?:li|dt|dd|tr)\s*>", re.I)
_ITEM = re.compile(r"<li\b[^>]*>", re.I)
_HIDDEN = re.compile(rf"<({'|'.join(_NEVER_SHOWN)})\b.*?(?:</\1\s*>|$)", re.I | re.S)
_TAG = re.compile(r"<[^>]*>")
_AROUND_BREAK = re.compile(r"[ \t]*\n[ \t]*")
_BLANK_LINES = re.compile(r"\n{3,}")
_HOST = re.compile(r"https?://([^/?#]+)")


class PlainText(msgspec.Struct, frozen=True, gc=False):
    """A text without markup, its outside links and its hashtags as written, without ``#``."""

    text: str = ""
    links: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()


def html_to_text(
    html: str, handles: Mapping[str, str] | None = None, *, drop_quote: bool = False
) -> PlainText:
    """What a reader sees, with blank lines between paragraphs and every link at full length.

    ``handles`` gives the ``user@host`` for a mention's address. ``drop_quote`` leaves out the
    "RE: …" line that stands in for a quoted post where quotes are not understood.
    """
    if "<" not in html and "&" not in html:
        return PlainText(_tidy(html))
    if "\n" in html and "<pre" not in html:
        html = html.replace("\r", " ").replace("\n", " ")
    # Breaks are put in as text before parsing: the parser's own text extraction then keeps them.
    marked = html.replace("</p>", "</p>\n\n").replace("<p", "\n\n<p").replace("<br", "\n<br")
    uncommon = _UNCOMMON.search(html) is not None
    if uncommon:
        marked = _ITEM.sub("\n- ", _LINE.sub("\n", _BLOCK.sub(r"\n\n\g<0>", marked)))
    if html.count("<") > _MOST_TAGS:
        return PlainText(_tidy(unescape(_TAG.sub("", _HIDDEN.sub("", marked)))))
    root = LexborHTMLParser(marked, is_fragment=True).root
    if root is None:
        return PlainText()
    if uncommon:
        root.strip_tags(_NEVER_SHOWN, recursive=True)
    if drop_quote and "quote-inline" in html:
        for node in root.css(".quote-inline"):
            node.decompose()
    links: dict[str, None] = {}
    hashtags: dict[str, None] = {}
    if "<a" in html:
        for anchor in root.css("a"):
            _write_out(anchor, handles or {}, links, hashtags)
    return PlainText(_tidy(root.text_lexbor()), tuple(links), tuple(hashtags))


def safe_text(text: str) -> str:
    """``text`` without NUL, other control characters and lone surrogates; breaks and tabs stay."""
    return _UNSAFE.sub("", text) if _UNSAFE.search(text) else text


def _write_out(
    anchor: LexborNode,
    handles: Mapping[str, str],
    links: dict[str, None],
    hashtags: dict[str, None],
) -> None:
    """Replace a link by what belongs in plain text, and note what it is."""
    attributes = anchor.attributes
    href = (attributes.get("href") or "").strip()
    label = anchor.text_lexbor()
    kind = attributes.get("class") or ""
    if label[:1] in ("#", "＃") and _is_hashtag(kind, attributes.get("rel") or "", href):
        hashtags[safe_text(label[1:].strip())] = None
    elif label[:1] == "@" and "mention" in kind:
        handle = handles.get(href) or _handle(label, href)
        anchor.replace_with("@" + handle)
    elif href.startswith(("https://", "http://")):
        address = safe_text("".join(href.split()))
        links[address] = None
        if label != address:
            anchor.replace_with(_link_text(label, address))


def _is_hashtag(kind: str, relation: str, href: str) -> bool:
    return "hashtag" in kind or "tag" in relation.split() or "/tags/" in href or "/tag/" in href


def _handle(label: str, href: str) -> str:
    name = label[1:].strip()
    host = _HOST.match(href)
    return name if "@" in name or host is None else f"{name}@{host.group(1)}"


def _link_text(label: str, address: str) -> str:
    """The address for a label that is (a piece of) one; words keep theirs, with it behind."""
    words = label.strip()
    is_address = not any(c.isspace() for c in words) and ("." in words or "/" in words)
    return address if is_address or not words else f"{words} ({address})"


def _tidy(text: str) -> str:
    text = safe_text(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if " \n" in text or "\n " in text or "\t" in text:
        text = _AROUND_BREAK.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip()
