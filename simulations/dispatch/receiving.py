"""The receiver of a dispatch system: verifies, keeps each event once, answers, and only then has it worked on."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from simulations.dispatch.events import Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

LARGEST: Final = 1 << 20
LOOPBACK: Final = "127.0.0.1"


@dataclass(slots=True)
class Received:
    """What has come, by count."""

    kept: int = 0
    duplicates: int = 0
    heartbeats: int = 0
    wrongly_signed: int = 0
    out_of_order: int = 0
    """Events that were not sent once more, behind one that is later in the journal."""
    replayed: int = 0


@dataclass(slots=True)
class Receiver:
    """Takes events; ``taken`` is told of each that is new."""

    taken: Callable[[Event], None]
    secret: str = field(default="", init=False)
    count: Received = field(default_factory=Received)
    _connected: asyncio.Event = field(default_factory=asyncio.Event)
    _known: set[str] = field(default_factory=set)
    _last: dict[str, int] = field(default_factory=dict)

    def begin(self, secret: str) -> None:
        """Take what this secret has signed: what came before it was known waits until now."""
        self.secret = secret
        self._connected.set()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request: 204 once it is kept, 401 for a signature that is wrong, 400 for what is no event."""
        text = await request.text()
        await self._connected.wait()
        try:
            Webhook(self.secret).verify(text, dict(request.headers))
            event = Event.read(json.loads(text))
        except WebhookVerificationError:
            self.count.wrongly_signed += 1
            return web.Response(status=401)
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400)
        self.keep(event)
        return web.Response(status=204)

    def keep(self, event: Event) -> None:
        """Keep an event that is new, and count it."""
        if event.id in self._known:
            self.count.duplicates += 1
            return
        self._known.add(event.id)
        if event.seq is None:
            self.count.heartbeats += 1
        else:
            self.count.kept += 1
            last = self._last.get(event.space, 0)
            self.count.replayed += event.replayed
            self.count.out_of_order += event.seq < last and not event.replayed
            self._last[event.space] = max(last, event.seq)
        self.taken(event)


@asynccontextmanager
async def listening(receiver: Receiver, port: int) -> AsyncIterator[str]:
    """Listen on loopback at a port (0: a free one) for as long as the block lasts; yields the address."""
    application = web.Application(client_max_size=LARGEST)
    application.router.add_post("/", receiver.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
