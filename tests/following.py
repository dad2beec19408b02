"""A reader of the feed for tests: it follows the protocol as `app/entrypoints/feed.py` tells it, and checks it as it goes.

Also a real server: uvicorn in this process, or `concord`'s own in another one.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import orjson
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from app.delivery.fanout import FanoutProtocol

PATIENCE_S = 60


@asynccontextmanager
async def served(application, *, ws=FanoutProtocol, **more):
    """Serve the application with uvicorn on a free port; yields `127.0.0.1:port`."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, ws=ws, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1, **more
    )
    server = uvicorn.Server(config)
    started = asyncio.Event()
    startup = server.startup

    async def announcing(sockets=None):
        await startup(sockets)
        started.set()

    server.startup = announcing
    task = asyncio.create_task(server._serve([listening]))
    try:
        await started.wait()
        yield "127.0.0.1:{}".format(*listening.getsockname()[1:])
    finally:
        server.should_exit = True
        await task
        listening.close()


class Follower:
    """One reader. `rows` is what it knows, `fill` and `positions` what stands beside, `mine` how far it is."""

    def __init__(self, websocket):
        self.websocket = websocket
        self.frames = []
        self.rows = {}
        self.fill = {}
        self.positions = {}
        self.entries = []
        self.hello = None
        self.mine = None
        self.live = False
        self.problem = None

    @property
    def epoch(self):
        return self.hello["epoch"]

    async def next(self, kind=None):
        """The next message; with `kind`, the next of that kind (those before it are taken in)."""
        while True:
            async with asyncio.timeout(PATIENCE_S):
                frame = orjson.loads(await self.websocket.recv())
            self.take(frame)
            if kind is None or frame["kind"] == kind:
                return frame

    async def until(self, true):
        """Take messages in until `true(self)`."""
        async with asyncio.timeout(PATIENCE_S):
            while not true(self):
                await self.next()

    async def reaches(self, seq):
        await self.until(lambda self: self.mine is not None and self.mine >= seq)

    async def snapshot(self):
        await self.say(kind="snapshot")
        await self.next("heartbeat")

    async def resume(self, after, epoch=None):
        self.mine = after
        await self.say(kind="resume", epoch=epoch or self.epoch, after=after)

    async def say(self, **message):
        await self.websocket.send(orjson.dumps(message).decode())

    async def closed(self):
        """Read to the end; the code it was closed with."""
        try:
            while True:
                await self.next()
        except ConnectionClosed as end:
            return end.rcvd.code

    def take(self, frame):
        self.frames.append(frame)
        match frame["kind"]:
            case "hello":
                self.hello = frame
            case "snapshot":
                if frame["part"] == 1:
                    self.rows = {}
                self._fold(frame["rows"])
                self.mine = frame["seq"]
            case "entry":
                assert frame["prev"] <= self.mine < frame["seq"], (frame["prev"], self.mine, frame["seq"])
                self.mine = frame["seq"]
                self.entries.append(frame)
                self._fold(frame["rows"] or {})
            case "heartbeat":
                assert frame["prev"] <= self.mine, (frame, self.mine)
                self.mine = max(self.mine, frame["seq"])
                self.live = True
            case "fill":
                self.fill.update({item["request_line_id"]: item for item in frame["items"]})
            case "positions":
                self.positions.update({item["resource_id"]: item for item in frame["items"]})
            case "problem":
                self.problem = frame["problem"]
            case "reset":
                self.live = False

    def _fold(self, rows):
        for kind, states in rows.items():
            for state in states:
                if state.get("removed"):
                    self.rows.get(kind, {}).pop(state["id"], None)
                else:
                    self.rows.setdefault(kind, {})[state["id"]] = state


@asynccontextmanager
async def following(address, *, token=None, space="live", query="", headers=None, **more):
    """Connect to the feed; yields a `Follower` that has heard hello, or why it was refused."""
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"ws://{address}/api/v1/spaces/{space}/feed{query}"
    async with connect(url, additional_headers=sent | (headers or {}), proxy=None, **more) as websocket:
        follower = Follower(websocket)
        await follower.next()
        yield follower
