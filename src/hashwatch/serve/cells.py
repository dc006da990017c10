"""Cells of Datasette's table pages."""

from __future__ import annotations

from markupsafe import Markup

from hashwatch.queries.markup import safe_url


def link_cell(value: str) -> Markup:
    """A link to ``value`` as pages make them, or plain text where it is not a sound address."""
    address = safe_url(value) if len(value) < 2000 and not value.split()[1:] else None
    if address is None:
        return Markup("{}").format(value)
    return Markup('<a href="{}" rel="noopener noreferrer nofollow ugc">{}</a>').format(
        address, value
    )
