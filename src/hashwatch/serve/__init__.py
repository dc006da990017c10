"""The dashboards as a Datasette plugin: pages, JSON, exports, live updates, and their safety.

Only hooks that Datasette 0.65 and 1.0 both have are used. Everything is imported when it is first
needed, because Datasette imports its plugins at every start of any of its commands.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datasette import hookimpl

if TYPE_CHECKING:
    from datasette.app import Datasette
    from jinja2 import Environment


@hookimpl
def register_routes(datasette: Datasette) -> list[tuple[str, Any]]:
    """Every page of ours; docs/pages.md lists them."""
    from hashwatch.serve.routes import routes

    return routes(datasette)


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[Any], Any]:
    """Headers, the host check, what is closed beyond loop-back, compression."""
    from hashwatch.serve.security import guard

    return lambda app: guard(app, datasette)


@hookimpl
def menu_links() -> list[dict[str, str]]:
    """The way back from the tables to the dashboards; only those who see tables see this."""
    from hashwatch.wording import say

    return [{"href": "/", "label": say("Events")}, {"href": "/dashboard", "label": say("Tables")}]


@hookimpl
def extra_template_vars(datasette: Datasette) -> Callable[[], Any]:
    """The event switcher on Datasette's own pages."""
    from hashwatch.serve.site import site_of

    async def variables() -> dict[str, Any]:
        return {"shell_events": await site_of(datasette).shell_events()}

    return variables


@hookimpl
def prepare_jinja2_environment(env: Environment) -> None:
    """``static(path)`` and words in every template, error pages included."""
    from hashwatch.serve.speaking import install
    from hashwatch.serve.static import static_href

    env.globals["static"] = static_href
    install(env)


@hookimpl
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Table pages read with a larger cache, and trust nothing that the file's schema says."""
    if database != "_internal":
        from hashwatch.serve.reading import tune

        tune(conn)


@hookimpl
def render_cell(value: Any) -> Any:
    """Addresses in tables as links that tell the other side nothing."""
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        from hashwatch.serve.cells import link_cell

        return link_cell(value)
    return None
