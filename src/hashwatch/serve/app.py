"""The server: a Datasette of our own making, and uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm
from datasette.utils import parse_metadata

import hashwatch.serve
from hashwatch.errors import InUseError
from hashwatch.serve.listening import refuse_open_house
from hashwatch.serve.site import Settings, Site

STOP_SECONDS = 1
KEEP_ALIVE_SECONDS = 65
"""Longer than browsers and proxies wait between two requests, so that none meets a closing one."""
SQL_MILLISECONDS = 2000


def build_app(
    dashboard_path: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    metadata_path: Path | str | None = None,
    config_path: str | None = None,
    archive_path: Path | str | None = None,
    address: str = "",
    embed_origins: Sequence[str] = (),
    wall: Callable[[], float] | None = None,
) -> Any:
    """The ASGI application on ``dashboard_path``, which need not exist yet.

    ``host`` is the address that it will listen on: on loop-back, until somebody is made who can
    sign in, the person at the machine is admin; beyond it nobody sees more than what is public.
    Decisions need ``archive_path``. ``config_path`` is named to someone who has no event yet;
    ``address`` is where people find the pages; ``wall`` stands in for the wall clock.
    """
    return build_datasette(
        Settings(
            Path(dashboard_path),
            host=host,
            port=port,
            config_path=config_path,
            archive_path=Path(archive_path) if archive_path else None,
            address=address,
            embed_origins=tuple(embed_origins),
            **({} if wall is None else {"wall": wall}),
        ),
        Path(metadata_path) if metadata_path else None,
    ).app()


def build_datasette(settings: Settings, metadata_path: Path | None = None) -> Datasette:
    """The Datasette instance behind `build_app`, with its site attached."""
    if not pm.has_plugin("hashwatch"):
        pm.register(hashwatch.serve, name="hashwatch")
    _silence_tracebacks()
    site = Site(settings)
    datasette = Datasette(
        files=[],
        metadata=_metadata(metadata_path),
        settings={
            "suggest_facets": False,
            "allow_download": False,
            "default_allow_sql": True,  # the guard lets none but admins come that far
            "sql_time_limit_ms": SQL_MILLISECONDS,
            "truncate_cells_html": 400,
            "facet_time_limit_ms": 100,
            "default_cache_ttl": 0,
            "num_sql_threads": 3,
        },
        memory=False,
        secret=site.people.secret,
    )
    datasette._hashwatch_site = site
    datasette.remove_database("_memory")
    return datasette


def serve(
    dashboard_path: Path | str,
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    metadata_path: Path | str | None = None,
    config_path: str | None = None,
    archive_path: Path | str | None = None,
    address: str = "",
    embed_origins: Sequence[str] = (),
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM; open streams end at once and the rest within a second.

    ``announce`` is given the address once the port is taken. A port in use is an `InUseError`; to
    listen beyond loop-back while nobody can sign in is a `ConfigError`.
    """
    refuse_open_house(host, Path(dashboard_path).parent)
    listening = _listen(host, port)
    settings = Settings(
        Path(dashboard_path), host=host, port=port, config_path=config_path,
        archive_path=Path(archive_path) if archive_path else None, address=address,
        embed_origins=tuple(embed_origins),
    )  # fmt: skip
    datasette = build_datasette(settings, Path(metadata_path) if metadata_path else None)
    server = _Server(
        uvicorn.Config(
            datasette.app(),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=STOP_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ),
        datasette._hashwatch_site,
    )
    if announce is not None:
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{listening.getsockname()[1]}/")
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Uvicorn waits for open streams before it tells the application to stop; we end them first."""

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._site.live.close()
        await super().shutdown(sockets=sockets)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except OSError as error:
        listening.close()
        raise InUseError(
            f"Port {port} on {host} cannot be taken ({error.strerror}): stop what uses it, "
            "or choose another with --port."
        ) from error
    listening.listen(1024)
    listening.set_inheritable(True)
    return listening


def _metadata(path: Path | None) -> dict[str, Any]:
    if path is None or not path.is_file():
        return {}
    return dict(parse_metadata(path.read_text(encoding="utf-8")))


def _silence_tracebacks() -> None:
    """Where rich is installed, Datasette prints every 404 with a traceback and all variables."""
    from datasette import handle_exception

    handle_exception.rich = None
