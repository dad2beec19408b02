"""Positions of units: kept beside the journal, told on the feed, of each unit at most once a second."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import timedelta

import pytest

from app.commands.incidents import ReportIncident
from app.commands.positions import ReportedPosition, ReportPositions, report_positions
from app.commands.resources import AddResource
from tests.following import following, served
from tests.until import until
from tests.world import flood


@pytest.fixture
async def address(application):
    async with served(application) as found:
        yield found


PATH = "/api/v1/spaces/live/positions"


def item(id_, lon=5.7, lat=50.8, **more):
    return {"resource_id": str(id_), "lon": lon, "lat": lat, **more}


async def test_last_position_and_its_age(client, world, clock):
    """A map would show a unit where it was an hour ago, as if it stood there now."""
    maas, aken = client("maas", "dispatcher"), client("aken", "viewer")
    pump = world.resources["maas-pump-1"]
    first = await maas.post(PATH, json={"items": [item(pump), item(world.resources["luik-pump-1"])]})
    assert first.status_code == 200, first.text
    ignored = [{"resource_id": str(world.resources["luik-pump-1"]), "reason": "not_yours"}]
    assert first.json() == {"kept": 1, "ignored": ignored}
    earlier = (clock.at - timedelta(minutes=3)).isoformat()
    late = await maas.post(PATH, json={"items": [item(pump, lon=5.9, at=earlier)]})
    assert late.json()["ignored"] == [{"resource_id": str(pump), "reason": "older"}]
    clock.move(seconds=90)
    (seen,) = (await aken.get(PATH, params={"bbox": "5.6,50.7,5.8,50.9"})).json()["items"]
    assert (seen["resource_id"], seen["lon"], seen["age_s"]) == (str(pump), 5.7, 90)
    assert (await aken.get(PATH, params={"bbox": "6.1,50.7,6.2,50.9"})).json()["items"] == []


async def test_who_may_not_report(client, world, clock):
    """Anybody could move somebody else's units about, or into the future."""
    pump = world.resources["maas-pump-1"]
    refused = await client("maas", "viewer").post(PATH, json={"items": [item(pump)]})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/role-missing")
    tomorrow = (clock.at + timedelta(days=1)).isoformat()
    refused = await client("maas", "dispatcher").post(PATH, json={"items": [item(pump, at=tomorrow)]})
    assert refused.json()["errors"][0]["pointer"] == "/items/0/at"
    refused = await client("maas", "dispatcher").post(
        "/api/v1/spaces/drill-none/positions", json={"items": [item(pump)]}
    )
    assert refused.status_code == 404
    refused = await client("maas", "dispatcher").post(PATH, json={"items": [item(pump)] * 1001})
    assert refused.json()["type"] == "/problems/out-of-range"


async def test_the_feed_tells(address, client, world):
    """The other side's map would stand still."""
    async with following(address, token=world.token("aken", "viewer")) as aken:
        await aken.snapshot()
        pump = world.resources["maas-pump-1"]
        await client("maas", "dispatcher").post(PATH, json={"items": [item(pump, lon=5.71)]})
        await aken.until(lambda aken: str(pump) in aken.positions)
        assert aken.positions[str(pump)]["lon"] == 5.71


@pytest.mark.slow
async def test_a_thousand_moving_do_not_delay_entries(application, address, world, clock):
    """While the whole fleet moves, a request for help would come late. Latencies are printed, order is asserted."""
    door, dispatcher = application.state.door, world.actor("maas", "dispatcher")
    units = [
        (
            await door.execute(
                AddResource.model_validate(
                    {
                        "depot_id": world.depots["maas"],
                        "type_code": "engine.pumper",
                        "call_sign": f"Maas {number}",
                        "mobilisation_min": 5,
                        "readiness": {"papers": True, "couplings": True, "radios": True, "languages": ["nl"]},
                    }
                ),
                actor=dispatcher,
                space="live",
            )
        ).id
        for number in range(1000)
    ]
    moving = asyncio.Event()

    async def move():
        step = 0
        while not moving.is_set():
            step += 1
            clock.move(milliseconds=10)
            items = tuple(
                ReportedPosition(resource_id=id_, lon=5.6 + number / 10000, lat=50.7 + step % 100 / 1000)
                for number, id_ in enumerate(units)
            )
            await report_positions(door, ReportPositions(items=items), actor=dispatcher, space="live")
            application.state.wakes.moved("live")

    async def latencies(aken, count):
        """Seconds from an entry's commit until the reader has it; entries must come in order, each once (`Follower`)."""
        found = []
        for number in range(count):
            receipt = await door.execute(
                ReportIncident.model_validate(flood(title=f"Entry {number}")), actor=dispatcher, space="live"
            )
            committed = time.perf_counter()
            await aken.reaches(receipt.seq)
            found.append(time.perf_counter() - committed)
        return found

    async with following(address, token=world.token("aken", "viewer"), max_size=None) as aken:
        await aken.snapshot()
        quiet = await latencies(aken, 40)
        task = asyncio.create_task(move())
        await aken.until(lambda aken: len(aken.positions) == len(units))
        busy = await latencies(aken, 40)
        moving.set()
        await task
        seen = [len([f for f in aken.frames if f["kind"] == "positions"]), len(aken.entries)]
    print(
        f"\nentry committed → read: {1000 * statistics.median(quiet):.1f} ms, "
        f"while 1,000 units move: {1000 * statistics.median(busy):.1f} ms, at most {1000 * max(busy):.1f} ms; "
        f"{seen[0]} messages of positions, {seen[1]} entries"
    )


WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_a_report_that_waited_is_told(door, world, pg, engine):
    """A report held up for seconds would carry the time at which it began, and the feed has told of that long ago."""
    unit = world.resources["maas-pump-1"]

    async def report(lon):
        one = ReportPositions(items=(ReportedPosition(resource_id=unit, lon=lon, lat=50.8, at=door.clock.now()),))
        door.clock.move(seconds=1)
        await report_positions(door, one, actor=world.actor("maas", "dispatcher"), space="live")

    await report(5.7)
    holder, other = await pg(), await pg()
    async with holder.transaction():
        await holder.execute("SELECT FROM position WHERE resource_id = $1 FOR UPDATE", unit)
        late = asyncio.create_task(report(5.8))

        async def waits():
            return await other.fetchval(WAITS) == 1

        await until(waits)
        since = await other.fetchval("SELECT clock_timestamp()")
    await late
    assert await other.fetchval("SELECT reported_at > $1 AND lon = 5.8 FROM position", since)
