"""A post's text as HTML that is safe to put into a page: everything is escaped, and only what is
built here is markup.

Links are http(s) only, lead where they say (the host is shown in the form that the browser will
use, without user names in front of it), and hosts outside plain Latin letters are marked, because
``аpple.example`` with a Cyrillic а looks like another. Characters that turn the direction of the
text around, and heaps of combining marks, are made harmless and visible.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from urllib.parse import SplitResult, urlsplit

from hashwatch.model import fold_account, fold_hashtag
from hashwatch.queries.hrefs import posts_href
from hashwatch.wording import say

_DIRECTIONS = {
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
}  # fmt: skip
_DIRECTION = "[\u202a-\u202e\u2066-\u2069]"
_PIECE = re.compile(
    r"(?P<link>https?://[^\s<>\"'\\\x00-\x1f\u202a-\u202e\u2066-\u2069]+)"
    r"|(?<![\w#&/])[#＃](?P<hashtag>\w*[^\W\d]\w*)"
    r"|(?<![\w@/.])@(?P<mention>\w[\w.-]*(?:@\w[\w.-]*)?)"
    rf"|(?P<direction>{_DIRECTION})"
    r"|(?P<newline>\r\n|\r|\n)",
    re.IGNORECASE,
)
_MARKS = "[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_HEAP = re.compile(f"({_MARKS}{{3}}){_MARKS}+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_TRAILING = ".,;:!?…·'’”»)]}。、，！？"
_SHOWN_PATH = 32


def post_markup(text: str, slug: str | None) -> str:
    """``text`` as HTML; its hashtags and mentions lead to the posts of the event ``slug`` that
    carry them, or for None nowhere.
    """
    text = _HEAP.sub(r"\1", _CONTROL.sub("\ufffd", text))
    parts = []
    position = 0
    for match in _PIECE.finditer(text):
        parts.append(escape(text[position : match.start()]))
        parts.append(_piece(match, slug))
        position = match.end()
    parts.append(escape(text[position:]))
    return "".join(parts)


def plain_name(name: str) -> str:
    """A person's or session's name without what could disturb the line that it stands in."""
    return _HEAP.sub(r"\1", _CONTROL.sub("", re.sub(_DIRECTION, "", name)))


def safe_url(url: str | None) -> str | None:
    """``url`` when it is an http(s) address that a page may link to, in its plain form."""
    link = _split(url) if url else None
    return _address(*link) if link else None


def _piece(match: re.Match[str], slug: str | None) -> str:
    kind, piece = match.lastgroup, match.group()
    if kind == "link":
        return _link(piece)
    if kind == "newline":
        return "<br>"
    if kind == "direction":
        name = unicodedata.name(piece).lower()
        return f'<span class="mark" title="{name}">⟨{_DIRECTIONS[piece]}⟩</span>'
    if slug is None:
        return escape(piece)
    if kind == "hashtag":
        href = posts_href(slug, hashtag=fold_hashtag(match["hashtag"]))
        return f'<a class="hashtag" href="{escape(href)}">{escape(piece)}</a>'
    handle = match["mention"].rstrip(".-")
    rest = escape(match["mention"][len(handle) :])
    href = posts_href(slug, author=fold_account(handle))
    return f'<a class="mention" href="{escape(href)}">@{escape(handle)}</a>{rest}'


def _link(piece: str) -> str:
    url = piece.rstrip(_TRAILING)
    if piece[len(url) : len(url) + 1] == ")" and "(" in url:
        url += ")"
    split = _split(url)
    if split is None:
        return escape(piece)
    parts, host = split
    rest = parts.path.rstrip("/") if not parts.query else f"{parts.path}?{parts.query}"
    shown = rest if len(rest) <= _SHOWN_PATH else rest[: _SHOWN_PATH - 1] + "…"
    return (
        f'<a class="link" href="{escape(_address(parts, host))}" '
        f'rel="noopener noreferrer nofollow ugc">{_warning(parts.hostname or "", host)}'
        f'<span class="host">{escape(host)}</span>{escape(shown)}</a>{escape(piece[len(url) :])}'
    )


def _split(url: str) -> tuple[SplitResult, str] | None:
    """The parts of an http(s) URL and its host in ASCII; None where either is not sound."""
    try:
        parts = urlsplit(url)
        hostname = parts.hostname or ""
        _ = parts.port
        host = f"[{hostname}]" if ":" in hostname else hostname.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    host = host.lower()
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or "\\" in url:
        return None
    if any(unicodedata.category(label[0])[0] == "M" for label in hostname.split(".") if label):
        return None
    return parts, host


def _address(parts: SplitResult, host: str) -> str:
    port = f":{parts.port}" if parts.port is not None else ""
    rest = parts.path + (f"?{parts.query}" if parts.query else "")
    return f"{parts.scheme}://{host}{port}{rest}" + (f"#{parts.fragment}" if parts.fragment else "")


def _warning(written: str, host: str) -> str:
    """A mark in front of a host that is not plain Latin, with what it spells."""
    if written.isascii() and "xn--" not in host:
        return ""
    try:
        spelled = host.encode("ascii").decode("idna")
    except UnicodeError:
        spelled = written
    mixed = any(len(_scripts(label)) > 1 for label in spelled.split("."))
    words = (
        say(
            "This address is spelled with letters of several scripts: %(address)s",
            address=plain_name(spelled),
        )
        if mixed
        else say(
            "This address is spelled with letters outside plain Latin: %(address)s",
            address=plain_name(spelled),
        )
    )
    title = escape(words)
    return f'<span class="mark" title="{title}">⚠</span> '


def _scripts(label: str) -> set[str]:
    return {unicodedata.name(c, "?").split()[0] for c in label if c.isalpha()}
