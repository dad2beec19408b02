"""The integration space: the corridor once more, for connecting dispatch systems; what is done there stays there."""

from __future__ import annotations

from app.commands.integration import RefillIntegration, fill_integration
from tests.commands.telling import Cad

COUNTS = """
    SELECT (SELECT count(*) FROM resource WHERE space_id = $1) AS units, (SELECT count(*) FROM member WHERE space_id = $1) AS members,
           (SELECT count(*) FROM agreement WHERE space_id = $1) AS agreements,
           (SELECT count(*) FROM external_id WHERE space_id = $1) AS codes
"""


async def test_it_has_what_live_has_once(door, world, conn, assert_fold):
    """An integrator points a test system at it at night, and finds the units and codes that it will meet in the morning."""
    await Cad.of(door, world)
    await fill_integration(door)
    assert tuple(await conn.fetchrow(COUNTS, "integration")) == tuple(await conn.fetchrow(COUNTS, "live"))
    before = await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'integration'")
    await fill_integration(door)
    assert await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'integration'") == before
    again = await door.execute(RefillIntegration(), actor=world.actor("maas", "admin"), space="live")
    assert again.outcome == {"rows": 0}
    await assert_fold("integration")


async def test_what_is_told_there_stays_there(door, world, conn):
    """A trial of a dispatch system must not take a real pump out of service."""
    cad = await Cad.of(door, world, space_kinds=["integration"])
    await fill_integration(door)
    answer = await cad.tells(cad.fms(6), space="integration")
    assert answer.outcome == "applied"
    rows = await conn.fetch(
        "SELECT space_id, status FROM resource WHERE id = $1 ORDER BY space_id", world.resources["luik-pump-1"]
    )
    assert [tuple(row) for row in rows] == [("integration", "out_of_service"), ("live", "available")]
