"""A dispatch system on loopback, made of public packages alone: it verifies what it is sent, keeps it, and answers as it is told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook, WebhookVerificationError


@dataclass
class Receiver:
    """What came, and how it is answered. ``answers`` are statuses, or coroutine functions of the request; the last one stays."""

    secret: str = ""
    url: str = ""
    answers: list[Any] = field(default_factory=lambda: [204])
    came: list[dict[str, Any]] = field(default_factory=list)
    """Every message that was verified, also those that were then refused."""
    taken: list[dict[str, Any]] = field(default_factory=list)
    """Those that were answered with 2xx."""
    texts: list[str] = field(default_factory=list)
    """What came, as it came."""
    forged: int = 0
    hosts: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seqs(self) -> list[int]:
        """The seqs of what was taken, in the order in which it came."""
        return [each["data"]["seq"] for each in self.taken]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Verify, keep, answer."""
        text = await request.text()
        self.hosts.append(request.headers["Host"])
        try:
            message = Webhook(self.secret).verify(text, dict(request.headers))
        except WebhookVerificationError:
            self.forged += 1
            return web.Response(status=401)
        event = JSONFormat().read(CloudEvent, text)
        assert event.get_id() == request.headers["webhook-id"] == message["id"]
        self.came.append(message)
        self.texts.append(text)
        self.arrived.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        made = web.Response(status=answer) if isinstance(answer, int) else await answer(request)
        if 200 <= made.status < 300:
            self.taken.append(message)
        return made


async def broken_off(request):
    """Answers 200, and closes in the middle of what it says."""
    made = web.StreamResponse(status=200, headers={"Content-Length": "100"})
    await made.prepare(request)
    await made.write(b"half")
    request.transport.close()
    return web.Response(status=599)


@asynccontextmanager
async def receiving(*, tls=None, **more):
    """Run a receiver at a free port for as long as the block lasts; ``tls`` is the context of one that encrypts."""
    receiver = Receiver(**more)
    application = web.Application()
    application.router.add_route("*", "/{any:.*}", receiver.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    receiver.url = f"http{'s' if tls else ''}://127.0.0.1:{port}/in"
    try:
        yield receiver
    finally:
        await runner.cleanup()
