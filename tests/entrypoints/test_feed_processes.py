"""Two processes on one database serve one feed; and what is cut between them heals."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from app.commands.execute import Door
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.delivery.hub import HEARTBEAT_S
from app.delivery.wakes import POLL_S
from app.domain.clock import SystemClock
from app.settings import Settings
from tests.acceptance.serving import Place, empty_folder
from tests.following import following
from tests.until import until
from tests.world import flood

LISTENERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name <> 'concord'
      AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

PASSWORD = "seven boats on the Meuse"
COMMANDS, WRITERS = 200, 8


@pytest.fixture
async def tokens(engine, world):
    """Tokens that count today, whenever that is: the processes have the machine's own clock."""
    door = Door(engine, Settings(), SystemClock())
    made = {}
    for member, role in (("maas", "dispatcher"), ("aken", "viewer")):
        user = world.users[member, role]
        command = AddToken(user_id=user, label="processes", scopes=["read", "write"], days=1)
        receipt = await door.execute(command, actor=world.actor(member, "admin"), space="live")
        made[member] = receipt.once["token"]
    person = AddUser(
        member_id=world.members["aken"], login="a.visser", display_name="A", password=PASSWORD, roles=["viewer"]
    )
    await door.execute(person, actor=world.actor("aken", "admin"), space="live")
    return made


@contextmanager
def two_servers(database):
    """Two processes that serve the database."""
    with empty_folder() as folder:
        place = Place(folder, database)
        servers = [place.start("serve", "--port", "0") for _ in range(2)]
        try:
            yield servers
        finally:
            for server in servers:
                server.end()


@pytest.mark.slow
async def test_two_processes_one_feed(database, pg, tokens, world):
    """In a control room with two servers, half the screens would not hear of the other half's doings."""
    with two_servers(database) as servers:
        await _story(servers, await pg(), tokens, world)


@pytest.mark.slow
async def test_every_entry_at_once_and_signing_out_everywhere(database, tokens):
    """Under load a screen would be told only when it is asked whether it is still there; or go on after its user left."""
    with two_servers(database) as servers:
        addresses = [urlsplit(server.url).netloc for server in servers]
        await _rush(addresses, tokens)
        await _signing_out(*addresses)


async def _rush(addresses, tokens):
    """Many commands at both; what each screen has later than a poll's interval would have come by the poll alone."""
    answered, came, late = {}, {}, []

    async def follow(number, screen):
        while len(came.get(number, ())) < COMMANDS:
            entry = await screen.next("entry")
            came.setdefault(number, {})[entry["seq"]] = time.monotonic()

    async def write(number, client):
        for _ in range(COMMANDS // WRITERS):
            answer = await client.post("/incidents", json=flood(hazard="storm"))
            answered[answer.json()["seq"]] = time.monotonic()

    headers = {"Authorization": f"Bearer {tokens['maas']}"}
    async with (
        httpx.AsyncClient(base_url=f"http://{addresses[0]}/api/v1/spaces/live", headers=headers) as one,
        httpx.AsyncClient(base_url=f"http://{addresses[1]}/api/v1/spaces/live", headers=headers) as other,
        following(addresses[0], token=tokens["aken"]) as here,
        following(addresses[1], token=tokens["aken"]) as there,
    ):
        for screen in (here, there):
            await screen.snapshot()
        readers = [asyncio.create_task(follow(number, screen)) for number, screen in enumerate((here, there))]
        await asyncio.gather(*(write(number, (one, other)[number % 2]) for number in range(WRITERS)))
        async with asyncio.timeout(60):
            await asyncio.gather(*readers)
    for seqs in came.values():
        assert sorted(seqs) == sorted(answered)
        late += [at - answered[seq] for seq, at in seqs.items()]
    print(f"after the answer: median {statistics.median(late) * 1000:.1f} ms, latest {max(late) * 1000:.1f} ms")
    assert max(late) < POLL_S
    assert statistics.median(late) < POLL_S / 4


async def _signing_out(first, second):
    async with httpx.AsyncClient(base_url=f"http://{first}/api/v1") as desk:
        answer = await desk.post("/session", json={"login": "a.visser", "password": PASSWORD})
        cookie = {"Cookie": f"concord_session={desk.cookies['concord_session']}"}
        async with following(second, headers=cookie) as there, following(first, headers=cookie) as here:
            for screen in (here, there):
                await screen.snapshot()
            out = await desk.delete("/session", headers={"X-CSRF-Token": answer.json()["csrf_token"]})
            assert out.is_success
            async with asyncio.timeout(HEARTBEAT_S / 2):
                assert [await here.closed(), await there.closed()] == [4401, 4401]


async def _story(servers, conn, tokens, world):
    first, second = (urlsplit(server.url).netloc for server in servers)
    headers = {"Authorization": f"Bearer {tokens['maas']}"}
    async with (
        httpx.AsyncClient(base_url=f"http://{first}/api/v1/spaces/live", headers=headers) as maas,
        following(second, token=tokens["aken"]) as there,
        following(first, token=tokens["aken"]) as here,
    ):

        async def report(title):
            answer = await maas.post("/incidents", json=flood(title=title, hazard="storm"))
            assert answer.status_code == 201, answer.text
            return answer.json()["seq"]

        assert here.epoch == there.epoch
        for screen in (here, there):
            await screen.snapshot()
        seq = await report("Told on both")
        for screen in (here, there):
            await screen.reaches(seq)

        # Positions go by a hint of their own.
        item = {"resource_id": str(world.resources["maas-pump-1"]), "lon": 5.7, "lat": 50.8}
        item["at"] = datetime.now(UTC).isoformat()
        assert (await maas.post("/positions", json={"items": [item]})).json()["kept"] == 1
        for screen in (here, there):
            await screen.until(lambda screen: screen.positions)

        # The connections that listen are cut: what happens meanwhile arrives all the same, and they come back.
        cut = {row["pid"] for row in await conn.fetch(LISTENERS)}
        assert len(cut) == 2
        await conn.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", list(cut))
        seq = await report("Told without a hint")
        for screen in (here, there):
            await screen.reaches(seq)

        async def healed():
            return len({row["pid"] for row in await conn.fetch(LISTENERS)} - cut) == 2

        await until(healed)
        seq = await report("Told with one again")
        for screen in (here, there):
            await screen.reaches(seq)
            assert [entry["type"] for entry in screen.entries] == ["incident.reported"] * 3
        mine, epoch = there.mine, there.epoch

        # One process ends: its screens go on with the other, from where they were.
        servers[1].end()
        assert await there.closed() == 1012
        seq = await report("While one is away")
        async with following(first, token=tokens["aken"]) as again:
            assert again.epoch == epoch
            await again.resume(mine)
            await again.reaches(seq)
            assert [entry["seq"] for entry in again.entries] == [seq]
