"""HTML of posts → plain text: paragraphs, line breaks, hashtags, mentions and whole links kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import unescape

import msgspec
from selectolax.lexbor import LexborHTMLParser

# Building a tree takes time in the square of its depth: 200,000 nested elements took minutes.
_MOST_TAGS = 2_000

_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_AROUND_BREAK = re.compile(r"[ \t]*\n[ \t]*")
_BEFORE_BREAK = re.compile(r"[ \t]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")
_HOST = re.compile(r"https?://([^/?#]+)")

# The markup that Mastodon itself writes, which needs no tree.
_VALUE = r'[^"<>&]*(?:&amp;[^"<>&]*)*'
_ANCHOR = re.compile(
    rf'<a((?: [a-z-]+="{_VALUE}")+)>([^<>]*(?:</?span(?: class="[^"<>]*")?>[^<>]*)*)</a>'
)
_SPAN = re.compile(r'</?span(?: (?:class|translate)="[^"<>]*")*>')

_NEVER_SHOWN = "script|style|template|noscript|iframe|object|svg|math|title"
_HIDDEN = re.compile(rf"<({_NEVER_SHOWN})\b.*?(?:</\1\s*>|$)", re.I | re.S)
_BLOCKS = "blockquote|div|h[1-6]|ul|ol|dl|table|pre|hr"
_BLOCK = re.compile(rf"</?(?:{_BLOCKS})\b[^<>]*>", re.I)
_LINE = re.compile(r"</(?:dt|dd|tr)\s*>", re.I)
_ITEM = re.compile(r"<li\b[^<>]*>", re.I)
_UNCOMMON = re.compile(rf"<(?:{_BLOCKS}|li|dt|dd|tr|{_NEVER_SHOWN})\b", re.I)
_TAG = re.compile(r"<[^<>]*>?")


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
    if "\r" in html:
        html = html.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" in html and "<" in html and "<pre" not in html:
        html = html.replace("\n", " ")
    known = handles or {}
    if drop_quote and "quote-inline" in html:
        return _by_tree(html, known, drop_quote)
    return _by_pattern(html, known) or _by_tree(html, known, drop_quote)


def safe_text(text: str) -> str:
    """``text`` without NUL, other control characters and lone surrogates; breaks and tabs stay."""
    # Whatever is unsafe is not printable, and that is told much sooner.
    if text.isprintable() or not _UNSAFE.search(text):
        return text
    return _UNSAFE.sub("", text)


def _by_pattern(html: str, handles: Mapping[str, str]) -> PlainText | None:
    """The text of markup as Mastodon writes it, nearly twice as fast; ``None`` for any other."""
    found = _Found(handles)

    def replace(match: re.Match[str]) -> str:
        label, *anchor = _read_anchor(*match.groups())
        text = found.note(*anchor)
        return label if text is None else text.replace("&", "&amp;").replace("<", "&lt;")

    text = _ANCHOR.sub(replace, html) if "<a" in html else html
    if "<" in text:
        text = text.replace("</p>", "\n\n").replace("<p>", "\n\n").replace("<br>", "\n")
        text = text.replace("<br/>", "\n").replace("<br />", "\n")
        text = _SPAN.sub("", text) if "<" in text else text
        if "<" in text:
            return None
    return found.plain_text(unescape(text) if "&" in text else text)


@lru_cache(maxsize=4096)
def _read_anchor(attributes: str, label: str) -> tuple[str, str, str, str, str]:
    """The label without tags, the same unescaped, ``href``, ``class``, and ``rel`` without a class.

    Remembered: at a conference most links are its hashtags.
    """
    if "<" in label:
        label = _SPAN.sub("", label)
    plain = unescape(label) if "&" in label else label
    href = _value(attributes, ' href="').replace("&amp;", "&")
    kind = _value(attributes, ' class="')
    return label, plain, href, kind, "" if kind else _value(attributes, ' rel="')


def _value(attributes: str, opening: str) -> str:
    start = attributes.find(opening)
    if start < 0:
        return ""
    start += len(opening)
    return attributes[start : attributes.index('"', start)]


def _by_tree(html: str, handles: Mapping[str, str], drop_quote: bool) -> PlainText:
    """The text of any markup, however broken, as a browser would understand it."""
    found = _Found(handles)
    # Breaks are put in as text before parsing: the parser's own text extraction then keeps them.
    marked = html.replace("</p>", "</p>\n\n").replace("<p", "\n\n<p").replace("<br", "\n<br")
    if _UNCOMMON.search(html):
        marked = _BLOCK.sub(r"\n\n\g<0>", _HIDDEN.sub("", marked))
        marked = _ITEM.sub("\n- ", _LINE.sub("\n", marked))
    if marked.count("<") > _MOST_TAGS:
        return found.plain_text(unescape(_TAG.sub("", marked)))
    root = LexborHTMLParser(marked, is_fragment=True).root
    if root is None:
        return PlainText()
    if drop_quote:
        for node in root.css(".quote-inline"):
            node.decompose()
    for anchor in root.css("a"):
        attributes = anchor.attributes
        href, kind = attributes.get("href") or "", attributes.get("class") or ""
        relation = "" if kind else attributes.get("rel") or ""
        text = found.note(anchor.text_lexbor(), href, kind, relation)
        if text is not None:
            anchor.replace_with(text)
    return found.plain_text(root.text_lexbor(), indented="<pre" in html)


class _Found:
    """The links and hashtags met so far, each once and in order."""

    def __init__(self, handles: Mapping[str, str]) -> None:
        self._handles = handles
        self._links: dict[str, None] = {}
        self._hashtags: dict[str, None] = {}

    def note(self, label: str, href: str, kind: str, relation: str) -> str | None:
        """What stands for an ``<a>`` in plain text; ``None`` leaves its label."""
        if label[:1] in ("#", "＃") and _is_hashtag(kind, relation, href):
            self._hashtags[safe_text(label[1:].strip())] = None
            return None
        if label[:1] == "@" and "mention" in kind:
            return "@" + (self._handles.get(href) or _handle(label, href))
        if href.lstrip().startswith(("https://", "http://")):
            address = safe_text("".join(href.split()))
            self._links[address] = None
            return _link_text(label, address)
        return None

    def plain_text(self, text: str, indented: bool = False) -> PlainText:
        """The result, with ``text`` made tidy; ``indented`` keeps spaces that begin a line."""
        return PlainText(_tidy(text, indented), tuple(self._links), tuple(self._hashtags))


def _is_hashtag(kind: str, relation: str, href: str) -> bool:
    return "hashtag" in kind or "tag" in relation.split() or "/tags/" in href or "/tag/" in href


def _handle(label: str, href: str) -> str:
    name = label[1:].strip()
    host = _HOST.match(href)
    return name if "@" in name or host is None else f"{name}@{host.group(1)}"


def _link_text(label: str, address: str) -> str:
    """The address for a label that is (a piece of) one; words keep theirs, with it behind."""
    if label == address:
        return address
    words = label.split()
    if not words or (len(words) == 1 and ("." in words[0] or "/" in words[0])):
        return address
    return f"{' '.join(words)} ({address})"


def _tidy(text: str, indented: bool) -> str:
    text = safe_text(text)
    if " \n" in text or "\n " in text or "\t" in text:
        text = (_BEFORE_BREAK if indented else _AROUND_BREAK).sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.strip()
