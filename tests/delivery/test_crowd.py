"""The loop that writes to everybody: past the transport where nothing waits there, behind it where something does."""

from __future__ import annotations

import asyncio
import socket

import pytest

from app.delivery import fanout
from app.delivery.audiences import Audience, Reader
from app.delivery.crowd import Crowd
from app.delivery.fanout import Direct
from app.delivery.frames import burst
from app.domain.chain import Viewer

LARGE = 4 * 1024 * 1024


class Way:
    """An outlet on a real socket, as `TransportOutlet` has it."""

    def __init__(self, transport, *, packed=False):
        self.transport = transport
        self.direct = Direct(transport.get_extra_info("socket").fileno(), transport, packed)
        self.packed = packed

    def offer(self, sent, most_waiting):
        if self.transport.get_write_buffer_size() > most_waiting:
            return False
        self.transport.write(sent.packed if self.packed else sent.plain)
        return True


@pytest.fixture
async def pair():
    """Makes pairs: a reader of a crowd, and what it reads at the other end."""
    opened = []

    async def make(*, packed=False):
        here, there = socket.socketpair()
        there.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=here)
        opened.append((transport, there))
        return Reader(Way(transport, packed=packed), Audience(Viewer(None), 0)), there

    yield make
    for transport, there in opened:
        transport.abort()
        there.close()


async def read(there, count):
    found = b""
    async with asyncio.timeout(10):
        while len(found) < count:
            found += await asyncio.get_running_loop().sock_recv(there, 1 << 20)
    return found


async def test_everybody_is_written_to_in_its_own_form(pair):
    """A browser would be sent frames that it did not agree to, and end the connection."""
    crowd, sent = Crowd(), burst(b'{"kind":"entry","text":"%b"}' % (b"water " * 100))
    (plain, plain_end), (packed, packed_end) = await pair(), await pair(packed=True)
    for reader in (plain, packed):
        crowd.add(reader)
    assert len(crowd) == 2
    assert set(crowd) == {plain, packed}
    assert crowd.write(sent) == []
    assert await read(plain_end, len(sent.plain)) == sent.plain
    assert await read(packed_end, len(sent.packed)) == sent.packed
    crowd.discard(packed)
    assert packed not in crowd
    crowd.write(sent)
    assert await read(plain_end, len(sent.plain)) == sent.plain
    with pytest.raises(BlockingIOError):
        packed_end.recv(1)


async def test_what_waits_is_not_overtaken(pair):
    """A frame in the middle of another is the end of a connection; of a control room's, when one line is slow."""
    crowd, large, small = Crowd(), burst(b"x" * LARGE), burst(b"after")
    reader, there = await pair()
    crowd.add(reader)
    assert crowd.write(large) == []  # more than the socket takes: the rest waits in the transport
    assert reader.outlet.transport.get_write_buffer_size() > fanout.MOST_WAITING
    assert crowd.write(small) == [reader], "too slow"
    assert await read(there, len(large.plain)) == large.plain
    reader.outlet.transport.write(b"p" * 1000)  # a ping of the server's own
    assert crowd.write(small) == []
    assert await read(there, 1000 + len(small.plain)) == b"p" * 1000 + small.plain


async def test_a_little_that_waits_is_waited_for(pair, monkeypatch):
    """Whoever has a moment's congestion would be thrown out with every entry."""
    monkeypatch.setattr("app.delivery.crowd.MOST_WAITING", 2 * LARGE)
    crowd, large, small = Crowd(), burst(b"x" * LARGE), burst(b"after")
    reader, there = await pair()
    crowd.add(reader)
    assert crowd.write(large) == []
    assert crowd.write(small) == []
    assert await read(there, len(large.plain) + len(small.plain)) == large.plain + small.plain


async def test_a_socket_that_was_let_go_of_is_not_written_to(pair, tmp_path):
    """Its number belongs to the next that is opened: somebody else's connection, or a file."""
    crowd, sent = Crowd(), burst(b"for one alone")
    reader, _ = await pair()
    crowd.add(reader)
    reader.outlet.transport.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with (tmp_path / "other").open("wb", buffering=0) as other:
        assert other.fileno() == reader.outlet.direct.fd, "the test needs the same number"
        assert crowd.write(sent) == []
        assert other.tell() == 0


async def test_a_reader_that_is_gone_stops_nobody(pair):
    """One browser that crashed, and those behind it in the loop would hear nothing."""
    crowd, sent = Crowd(), burst(b"for all")
    (gone, gone_end), (there, there_end) = await pair(), await pair()
    for reader in (gone, there):
        crowd.add(reader)
    gone_end.close()
    for _ in range(3):
        assert crowd.write(sent) == []
        assert await read(there_end, len(sent.plain)) == sent.plain
