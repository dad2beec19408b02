"""The feed, with a real server and a real client library."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from app.commands.incidents import ReportIncident
from tests.following import following, served
from tests.world import flood


@pytest.fixture
async def address(application):
    async with served(application) as found:
        yield found


@pytest.fixture
def report(application, world):
    """Reports an incident through the door; returns its receipt."""

    async def report(**more):
        command = ReportIncident.model_validate(flood(**more))
        return await application.state.door.execute(command, actor=world.actor("maas", "dispatcher"), space="live")

    return report


async def test_snapshot_then_live(address, world, report):
    """A screen that opens in the middle would not know what came before, or what comes after."""
    before = await report(title="Before")
    async with following(address, token=world.token("aken", "viewer")) as aken:
        assert aken.hello["you"]["member_id"] == str(world.members["aken"])
        await aken.snapshot()
        assert aken.mine == before.seq
        assert set(aken.rows["incident"]) == {str(before.id)}
        assert set(aken.rows["member"]) == {str(id_) for id_ in world.members.values()}
        after = await report(title="After")
        await aken.reaches(after.seq)
        assert aken.rows["incident"][str(after.id)]["title"] == "After"


async def test_resume(address, world, report):
    """After a tunnel the screen would lack what happened meanwhile, or show it twice."""
    first = await report()
    missed = [await report(title=f"Missed {n}") for n in range(30)]
    async with following(address, token=world.token("luik", "dispatcher")) as luik:
        await luik.resume(first.seq)
        await luik.next("heartbeat")
        assert [entry["seq"] for entry in luik.entries] == [each.seq for each in missed]


async def test_nobody(address, world):
    """The feed would be open to whoever knows its address; a browser would not learn why it was closed."""
    async with following(address, headers={}) as nobody:
        assert nobody.problem["type"] == "/problems/not-signed-in"
        assert await nobody.closed() == 4401
    with pytest.raises(InvalidStatus):
        async with following(f"{address}/nothing"):
            pass
