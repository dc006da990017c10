"""The paths of pages, filters included: all state is in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote


def event_href(slug: str, page: str = "", parameters: Mapping[str, str] | None = None) -> str:
    """``/events/<slug>`` or one of its pages; parameters without a value are left out."""
    path = f"/events/{_quoted(slug)}" + (f"/{page}" if page else "")
    if not parameters:
        return path
    query = "&".join([f"{name}={_quoted(value)}" for name, value in parameters.items() if value])
    return f"{path}?{query}" if query else path


def posts_href(slug: str, **filters: str) -> str:
    """The posts that the filters leave; ``from_`` stands for ``from``."""
    return event_href(slug, "posts", {name.rstrip("_"): value for name, value in filters.items()})


def public_href(slug: str, page: str = "", parameters: Mapping[str, str] | None = None) -> str:
    """``/public/<slug>``, which everybody may see, or what is under it."""
    return event_href(slug, page, parameters).replace("/events/", "/public/", 1)


def post_href(slug: str, post_id: int) -> str:
    """The page of one post."""
    return event_href(slug, f"posts/{post_id}")


def session_href(slug: str, code: str, parameters: Mapping[str, str] | None = None) -> str:
    """The page of one session."""
    return event_href(slug, f"sessions/{_quoted(code)}", parameters)


@lru_cache(maxsize=8192)
def _quoted(value: str) -> str:
    return quote(value, safe=":")
