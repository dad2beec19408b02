"""One frame for many readers: real client libraries understand it, with and without deflate, and nobody waits for the slowest."""

from __future__ import annotations

import asyncio
import random
import string
import zlib
from contextlib import asynccontextmanager

import aiohttp
import picows
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from app.delivery import fanout
from app.delivery.fanout import MOST_WAITING, STATE_KEY, QueueOutlet, TransportOutlet
from app.delivery.frames import WINDOW_BITS, Burst, Message, burst, deflated, framed
from tests.following import served

SIZES = (0, 1, 125, 126, 127, 255, 256, 4_096, 65_535, 65_536, 65_537, 200_000, 1_000_000)


def text_of(size, *, noise):
    """As many bytes: of a few words over and over, or such as deflating gains little on."""
    if not noise:
        return ("Hochwasser an der Maas " * (size // 23 + 1)).encode()[:size]
    return "".join(random.Random(size).choices(string.printable, k=size)).encode()


TEXTS = [text_of(size, noise=noise) for size in SIZES for noise in (False, True)]
# Bursts of one and of many; short ones between long ones, plain ones between deflated ones.
BURSTS = [burst(text) for text in TEXTS] + [burst(*TEXTS)]
EXPECTED = [text.decode() for text in (*TEXTS, *TEXTS)]


@asynccontextmanager
async def talking(say, *, queued=False, **more):
    """A server whose route accepts, has `say(outlet)` say what it wants, and waits for the reader to go."""

    async def route(websocket):
        await websocket.accept()
        protocol = None if queued else getattr(websocket.state, STATE_KEY)
        outlet = QueueOutlet(websocket) if protocol is None else TransportOutlet(protocol)
        sending = asyncio.create_task(outlet.run()) if protocol is None else None
        try:
            await say(outlet)
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async with served(Starlette(routes=[WebSocketRoute("/", route)]), **more) as address:
        yield address


async def say_all(outlet):
    for sent in BURSTS:
        outlet.write(sent)
        await outlet.drain()


async def by_websockets(address, **more):
    async with connect(f"ws://{address}/", max_size=None, proxy=None, **more) as websocket:
        return [await websocket.recv() for _ in EXPECTED]


async def by_aiohttp(address, *, compress):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://{address}/", compress=compress, max_msg_size=0) as websocket,
    ):
        assert bool(websocket.compress) is bool(compress)
        return [(await websocket.receive()).data for _ in EXPECTED]


async def by_picows(address):
    heard, done = [], asyncio.get_running_loop().create_future()

    class Listener(picows.WSListener):
        def on_ws_frame(self, transport, frame):
            if frame.msg_type == picows.WSMsgType.TEXT:
                heard.append(frame.get_payload_as_utf8_text())
            if len(heard) == len(EXPECTED) and not done.done():
                done.set_result(None)

    transport, _ = await picows.ws_connect(Listener, f"ws://{address}/", max_frame_size=2_000_000)
    await done
    transport.disconnect()
    await transport.wait_disconnected()
    return heard


READERS = {
    "websockets, plain": lambda address: by_websockets(address, compression=None),
    "websockets, deflate": by_websockets,
    "websockets, deflate, small window": lambda address: by_websockets(
        address,
        compression=None,
        extensions=[ClientPerMessageDeflateFactory(server_max_window_bits=9, client_max_window_bits=True)],
    ),
    "aiohttp, plain": lambda address: by_aiohttp(address, compress=0),
    "aiohttp, deflate": lambda address: by_aiohttp(address, compress=15),
    "picows, plain": by_picows,
}


@pytest.mark.parametrize("reader", READERS)
async def test_frames_of_many_sizes(reader):
    """A frame that one library reads otherwise than another would tear that reader's connection down, or change what it says."""
    async with talking(say_all) as address:
        assert await READERS[reader](address) == EXPECTED


async def test_under_another_server():
    """Where our protocol is not there, the same is said by `send_text`."""
    async with talking(say_all, queued=True, ws="websockets-sansio") as address:
        assert await by_websockets(address) == EXPECTED


async def test_deflated_frames_are_smaller():
    """Thin lines would carry each entry in full."""
    heard = []

    async def say(outlet):
        outlet.write(burst(text_of(4_096, noise=False)))

    class Counting(ClientPerMessageDeflateFactory):
        def process_response_params(self, params, accepted):
            heard.append(dict(params))
            return super().process_response_params(params, accepted)

    async with (
        talking(say) as address,
        connect(f"ws://{address}/", compression=None, extensions=[Counting()], proxy=None) as websocket,
    ):
        await websocket.recv()
    assert heard[0].keys() >= {"server_no_context_takeover", "client_no_context_takeover"}
    message = Message(text_of(4_096, noise=False))
    assert len(message.packed) < len(message.plain) / 10
    assert Message(b"short").packed == Message(b"short").plain


@pytest.mark.parametrize("queued", [False, True])
async def test_the_slow_are_closed(queued, monkeypatch):
    """One reader on a bad line would fill the memory of everybody's server."""
    monkeypatch.setattr(fanout, "GOODBYE_S", 0.2)
    outlets, written, gone = [], asyncio.Event(), asyncio.Event()

    async def say(outlet):
        outlets.append(outlet)
        while outlet.waiting <= MOST_WAITING:
            outlet.write(burst(text_of(65_536, noise=True)))
            await asyncio.sleep(0)
        outlet.close(1013, "Too slow.")
        assert not outlet.open
        outlet.write(burst(b"nothing after the end"))
        written.set()
        if not queued:
            await outlet._protocol.queue.get()  # the end is told to the route
        gone.set()

    async with (
        talking(say, queued=queued, ws_per_message_deflate=False) as address,
        connect(f"ws://{address}/", compression=None, max_queue=1, proxy=None) as websocket,
    ):
        await written.wait()
        await gone.wait()
        with pytest.raises(ConnectionClosed):  # the line takes it up again: what waited, and then the end
            while True:
                await websocket.recv()


async def test_a_reader_that_never_reads_is_let_go(monkeypatch):
    """A laptop shut in a car would hold its connection, and what waits for it, for as long as TCP believes in it."""
    monkeypatch.setattr(fanout, "GOODBYE_S", 0.2)
    lost = asyncio.Event()

    async def say(outlet):
        protocol, connection_lost = outlet._protocol, outlet._protocol.connection_lost

        def noticed(error):
            connection_lost(error)
            lost.set()

        protocol.connection_lost = noticed
        protocol.transport.set_protocol(protocol)
        while outlet.waiting <= MOST_WAITING:
            outlet.write(burst(text_of(65_536, noise=True)))
            await asyncio.sleep(0)
        outlet.close(1013)

    async with talking(say) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        handshake = (
            "GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        writer.write(handshake.encode())
        async with asyncio.timeout(20):
            await lost.wait()
        writer.close()
        assert reader


@given(st.binary(max_size=70_000))
def test_frames_are_well_formed(payload):
    """RFC 6455, 5.2 and RFC 7692, 7.2.2, read by hand."""
    frame = framed(0x81, payload)
    length = frame[1]
    if length == 126:
        length, body = int.from_bytes(frame[2:4], "big"), frame[4:]
        assert length >= 126
    elif length == 127:
        length, body = int.from_bytes(frame[2:10], "big"), frame[10:]
        assert length >= 65_536
    else:
        body = frame[2:]
    assert (length, body) == (len(payload), payload)
    reading = zlib.decompressobj(-WINDOW_BITS)
    assert reading.decompress(deflated(payload) + b"\x00\x00\xff\xff") == payload


def test_a_burst_is_its_messages():
    """What is written in one piece would not be what is written one by one."""
    messages = [Message(text) for text in TEXTS[:10]]
    assert Burst(messages).plain == b"".join(message.plain for message in messages)
    assert Burst(messages).packed == b"".join(message.packed for message in messages)
