"""Two processes on one database serve one feed; and what is cut between them heals."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from app.commands.execute import Door
from app.commands.tokens import AddToken
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
    return made


@pytest.mark.slow
async def test_two_processes_one_feed(database, pg, tokens, world):
    """In a control room with two servers, half the screens would not hear of the other half's doings."""
    with empty_folder() as folder:
        place = Place(folder, database)
        servers = [place.start("serve", "--port", "0") for _ in range(2)]
        try:
            await _story(servers, await pg(), tokens, world)
        finally:
            for server in servers:
                server.end()


async def _story(servers, conn, tokens, world):
    first, second = (urlsplit(server.url).netloc for server in servers)
    headers = {"Authorization": f"Bearer {tokens['maas']}"}
    async with (
        httpx.AsyncClient(base_url=f"http://{first}/api/v1/spaces/live", headers=headers) as maas,
        following(second, token=tokens["aken"]) as there,
        following(first, token=tokens["aken"]) as here,
    ):

        async def report(title):
            answer = await maas.post("/incidents", json=flood(title=title))
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
