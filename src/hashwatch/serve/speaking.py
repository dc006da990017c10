"""Which language a request is answered in, and what templates speak it with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment
from markupsafe import Markup

from hashwatch import wording
from hashwatch.errors import FilterError
from hashwatch.serve.access import LOCAL
from hashwatch.wording import say

COOKIE = "hashwatch_lang"
PARAMETER = "lang"
KEPT_SECONDS = 365 * 86_400
_DATA = re.compile(r"\.(json|csv|jsonl|atom)$|/live$")
PUBLIC = re.compile(r"/public(/|$)|/events/[^/]+/wall(\.json)?$")
"""Pages that everybody may see: their language is the address's or the event's, no cookie's."""


def language_of(
    path: str, query: Mapping[str, str], headers: Mapping[bytes, bytes], event: str = ""
) -> str:
    """The language to answer in: the address's, the viewer's, the browser's, else English.

    What programs read (JSON, exports) is English unless its address names a language. ``event`` is
    the event's own, which its public pages speak where their address names none.
    """
    asked = query.get(PARAMETER, "")
    if wording.is_known(asked):
        return asked
    if PUBLIC.match(path):
        if wording.is_known(event):
            return event
    else:
        kept = _cookie(headers.get(b"cookie", b""))
        if _DATA.search(path):
            return wording.ENGLISH
        if wording.is_known(kept):
            return kept
    return wording.choose(headers.get(b"accept-language", b"").decode("latin-1"))


def query_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """The language that an address names, if any; too many parameters are another's to refuse."""
    text = scope.get("query_string", b"").decode("latin-1")
    if PARAMETER not in text:
        return {}
    try:
        return dict(parse_qsl(text, max_num_fields=60))
    except ValueError:
        return {}


def cookie_for(path: str, query: Mapping[str, str], secure: bool) -> bytes | None:
    """The cookie that keeps the language of an address for the pages after it, where it does."""
    asked = query.get(PARAMETER, "")
    if not wording.is_known(asked) or PUBLIC.match(path) or _DATA.search(path):
        return None
    words = f"{COOKIE}={asked}; Max-Age={KEPT_SECONDS}; Path=/; SameSite=Lax"
    return (words + ("; Secure" if secure else "")).encode()


def without_language(params: dict[str, str]) -> dict[str, str]:
    """The parameters of a page but for the language; one that nobody speaks is a `FilterError`."""
    asked = params.pop(PARAMETER, "")
    if asked and not wording.is_known(asked):
        raise FilterError(
            PARAMETER,
            say(
                "no such language; there are %(languages)s", languages=", ".join(wording.LANGUAGES)
            ),
        )
    return params


def language_href(request: Any, language: str) -> str:
    """The page that is shown, in another language."""
    query = parse_qsl(request.query_string) if request is not None else []
    kept = [(name, value) for name, value in query if name != PARAMETER]
    path = request.path if request is not None else "/"
    return f"{path}?{urlencode([*kept, (PARAMETER, language)])}"


def install(environment: Environment) -> None:
    """Gives templates their words: ``{% trans %}``, ``_()``, ``plural()``, and their figures."""
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        wording.gettext,
        wording.ngettext,
        newstyle=True,
        pgettext=wording.pgettext,
        npgettext=wording.npgettext,
    )
    # Jinja's own ask the context at each call; these are called hundreds of times a page.
    environment.globals.update(
        _=_gettext,
        gettext=_gettext,
        ngettext=_ngettext,
        plural=wording.plural,
        N_=wording.N_,
        said=_said,
        who=_who,
        fixed=wording.fixed,
        joined=wording.joined,
        spoken=wording,
        language=wording.spoken,
        languages=wording.LANGUAGES,
        language_href=language_href,
        direction=wording.direction,
        words_for_scripts=wording.for_scripts,
    )


def _gettext(message: str, /, **values: object) -> Markup:
    if values:
        return Markup(wording.gettext(message)) % values
    return _plain(wording.spoken(), message)


@lru_cache(maxsize=8192)
def _plain(_language: str, message: str) -> Markup:
    return Markup(wording.say(message))


def _ngettext(one: str, many: str, number: int, /, **values: object) -> Markup:
    return Markup(wording.ngettext(one, many, number)) % {"num": number, **values}


def _said(word: object) -> str:
    """A word of `vocabulary`, or one marked with ``N_``, in the language spoken."""
    return wording.gettext(str(word)) if word else ""


def _who(name: str | None) -> str:
    """A person's name; whoever sits at a machine without people is called so in the language."""
    return wording.say(LOCAL) if name == LOCAL else name or ""


def _cookie(header: bytes) -> str:
    if COOKIE.encode() not in header:
        return ""
    try:
        found = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""
