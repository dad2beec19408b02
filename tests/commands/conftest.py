"""What stories about offers begin with: somebody who does things, a flood, and an open request."""

from __future__ import annotations

import pytest

from app.commands.incidents import ReportIncident
from app.commands.requests import DraftRequest
from app.domain.authority import SYSTEM
from tests.world import flood

PUMP = "pump.high_capacity"
MAAS, LUIK = ("maas", "dispatcher"), ("luik", "dispatcher")


@pytest.fixture
def do(door, world):
    """Executes a command as ``member``'s ``role``."""

    async def does(command, target=None, *, who=LUIK, **more):
        actor = who if who is SYSTEM else world.actor(*who)
        return await door.execute(command, actor=actor, space="live", target=target, **more)

    return does


@pytest.fixture
async def incident(do):
    return (await do(ReportIncident.model_validate(flood()), who=MAAS)).id


@pytest.fixture
def ask(do, incident):
    """Opens maas's request for some high-capacity pumps (and pumpers); returns it with the ids of its lines."""

    async def asks(*wanted, kind="immediate", then="open", who=MAAS):
        lines = [
            {"type_code": type_code, "quantity": count, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
            for type_code, count in wanted or [(PUMP, 4)]
        ]
        body = {"incident_id": incident, "kind": kind, "lines": lines, "then": then}
        receipt = await do(DraftRequest.model_validate(body), who=who)
        ordered = sorted(receipt.rows["request_line"], key=lambda row: row["position"])
        return receipt.id, [row["id"] for row in ordered]

    return asks
