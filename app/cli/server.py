"""The HTTP server of one process: a socket that is taken first, uvicorn on it, an end that leaves nothing undone."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import uvicorn
from typing_extensions import override

from app.cli.terminal import Refusal
from app.delivery.fanout import FanoutProtocol
from app.entrypoints import feed
from app.main import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from app.delivery.wakes import Wakes
    from app.settings import Settings

    Company = Callable[[str, asyncio.Event], Coroutine[None, None, None]]

GRACE_S: Final = 10
"""Seconds that requests are given to end before they are cut off; whoever follows the journal comes back with its seq."""
COMPANY_GRACE_S: Final = 5.0


def bound(settings: Settings) -> socket.socket:
    """Return a socket on the address to listen on, before anything is started that would be for nothing without it.

    Raises:
        Refusal: it is not to be had.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, number)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        if error.errno == errno.EADDRINUSE:
            message = (
                f"Port {settings.port} is in use on {settings.host}. Choose another with --port, or 0 for a free one."
            )
        else:
            message = f"It is not possible to listen on {where}: {error.strerror}."
        raise Refusal(message) from error
    return made


def url_of(listening: socket.socket) -> str:
    """Return the address under which this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_app(
    settings: Settings,
    dsn: str,
    listening: socket.socket,
    announce: Callable[[str], None],
    beside: Company | None = None,
) -> None:
    """Serve the application on the socket until a signal ends it; ``announce`` is told the address once it answers.

    ``beside`` runs while it serves, with the address, and an event that tells it to stop.
    """
    app = create_app(settings, dsn)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws=FanoutProtocol,
        ws_max_size=feed.LONGEST_MESSAGE,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_S,
    )
    _Server(config, url_of(listening), announce, beside, app.state.wakes).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Uvicorn's, that says when it answers, and has company."""

    def __init__(
        self,
        config: uvicorn.Config,
        url: str,
        announce: Callable[[str], None],
        beside: Company | None,
        wakes: Wakes,
    ) -> None:
        super().__init__(config)
        self._url = url
        self._announce = announce
        self._beside = beside
        self._wakes = wakes
        self._company: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is there now stays to the end: to go through all of it with every collection makes some requests wait.
        gc.collect()
        gc.freeze()
        self._announce(self._url)
        if self._beside is not None:
            self._company = asyncio.create_task(self._beside(self._url, self._stop), name="company")

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._company is not None:
            self._stop.set()
            _, late = await asyncio.wait([self._company], timeout=COMPANY_GRACE_S)
            for task in late:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        # Whoever waits for what comes next gets his answer now; the next line tells each connection that it is the last.
        self._wakes.end()
        await super().shutdown(sockets)
