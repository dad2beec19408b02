"""How the service is, as an admin reads it; and when a token was last used."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from app.commands.tokens import AddToken
from app.store.journal import head_of
from tests.world import flood

SYSTEM = "/api/v1/system"


async def test_how_the_service_is(client, clock, pg):
    """Before a drill somebody asks: is it this release, does the journal go on, is nothing stuck?"""
    admin = client("maas", "admin")
    before = (await admin.get(SYSTEM)).json()
    made = await client("maas", "dispatcher").post("/api/v1/spaces/live/incidents", json=flood(hazard="storm"))
    assert made.status_code == 201
    refused = await client("maas", "viewer").post("/api/v1/spaces/live/incidents", json=flood(hazard="storm"))
    assert refused.status_code == 403
    told = (await admin.get(SYSTEM)).json()
    assert told["version"] == version("concord")
    assert told["process"]["commands_done"] == before["process"]["commands_done"] + 1
    assert told["process"]["commands_refused"] == before["process"]["commands_refused"] + 1
    assert told["process"]["command_ms"] > 0
    assert told["store"]["refusals"] == before["store"]["refusals"] + 1
    live = told["store"]["journals"][0]
    seq, digest = await head_of(await pg(), "live")
    assert (live["space"], live["seq"], live["hash"]) == ("live", seq, digest.hex())
    assert live["seq"] == before["store"]["journals"][0]["seq"] + 1
    assert told["store"]["database"]["size_bytes"] > 0


async def test_work_that_is_late_is_told(client, clock, pg):
    """An alarm that is due and is not sent looks like peace and quiet."""
    conn = await pg()
    at = clock.now()
    insert = "INSERT INTO due_work (id, space_id, command, body, due_at, attempts) VALUES (gen_random_uuid(), 'live', 'x', '{}', $1, $2)"
    before = (await client("maas", "admin").get(SYSTEM)).json()["store"]["due"]
    await conn.execute(insert, at, 2)
    clock.move(seconds=30)
    due = (await client("maas", "admin").get(SYSTEM)).json()["store"]["due"]
    told = {name: due[name] - before[name] for name in ("waiting", "late", "failing")}
    assert told == {"waiting": 1, "late": 1, "failing": 1}


@pytest.mark.parametrize("role", ["dispatcher", "viewer", "authorised_representative"])
async def test_for_admins_alone(client, role):
    answer = await client("maas", role).get(SYSTEM)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/role-missing")


async def test_a_token_tells_when_it_was_last_used(client, door, world, clock, anonymous):
    """A token that nobody has used for months is one that nobody misses when it is revoked."""
    user = world.actor("maas", "viewer").id
    made = await door.execute(
        AddToken(user_id=user, label="wall display", scopes=["read"]), actor=world.actor("maas", "admin"), space="live"
    )
    admin = client("maas", "admin")

    async def last_used():
        return (await admin.get(f"/api/v1/tokens/{made.id}")).json()["last_used_at"]

    assert await last_used() is None
    with_it = {"Authorization": f"Bearer {made.once['token']}"}
    assert (await anonymous.get("/api/v1/session", headers=with_it)).status_code == 200
    first = await last_used()
    assert first == clock.now().isoformat().replace("+00:00", "Z")
    clock.move(seconds=20)
    await anonymous.get("/api/v1/session", headers=with_it)
    assert await last_used() == first, "to the minute: not every request writes"
    clock.move(minutes=5)
    await anonymous.get("/api/v1/session", headers=with_it)
    assert await last_used() > first
    listed = (await admin.get(f"/api/v1/users/{user}/tokens")).json()["items"]
    assert next(each for each in listed if each["id"] == str(made.id))["last_used_at"] == await last_used()
