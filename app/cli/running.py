"""``serve``: one process of the service, with the database it stands on."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Annotated

import typer

from app.cli.terminal import Data, Ended, end_process, out, settings_of, steps

Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on. Else CONCORD_HOST, 127.0.0.1.", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        "-p",
        min=0,
        max=65535,
        help="Port to listen on; 0 takes a free one. Else CONCORD_PORT, 8000.",
        show_default=False,
    ),
]


def install(app: typer.Typer) -> None:
    """Add the commands of this module."""
    from app.cli import demonstration

    app.command(rich_help_panel="Run", epilog=demonstration.EPILOG)(demonstration.demo)
    app.command(
        rich_help_panel="Run",
        epilog="**Examples:** `concord serve --data ./data` ·"
        " `CONCORD_DATABASE_URL=postgresql://concord:…@db/concord concord serve --port 8001`",
    )(serve)


def serve(host: Host = None, port: Port = None, data: Data = None) -> None:
    """Serve, until Ctrl-C or SIGTERM. Brings the database to this release first.

    One process on the embedded database. For several, start as many on one PostgreSQL, named in CONCORD_DATABASE_URL.
    """
    from app.cli.server import bound, serve_app
    from app.store.database import open_database
    from app.store.migrate import migrate
    from app.telemetry import configure_logging

    settings = settings_of(host=host, port=port)
    configure_logging(level=settings.log_level, as_json=settings.log_json)
    try:
        with bound(settings) as listening, ExitStack() as open_:
            with steps() as tell:
                dsn = open_.enter_context(open_database(settings, data, tell, sole=True, on_lost=end_process))
                asyncio.run(migrate(dsn, progress=tell))
                tell("Starting the service")
            serve_app(settings, dsn, listening, lambda url: out.print(f"Concord serves at {url} (Ctrl-C ends it)"))
    except Ended:
        return  # as it was asked to
