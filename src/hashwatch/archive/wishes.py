"""What authors wish for themselves, as their platforms tell it. Pure."""

from __future__ import annotations


def opted_out(
    noindex: int | bool | None,
    indexable: int | bool | None,
    discoverable: int | bool | None,
    bio: str,
) -> str:
    """Why an author's posts stay off public surfaces, by their own wish; empty where they may."""
    if noindex:
        return "asks not to be indexed or shown to strangers"
    if indexable is not None and not indexable:
        return "does not want posts found by search"
    if discoverable is not None and not discoverable:
        return "does not want to be discovered"
    return "says #nobot" if "#nobot" in bio.casefold() else ""
