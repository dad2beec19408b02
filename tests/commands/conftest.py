"""What stories about offers begin with: somebody who does things, a flood, and an open request."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.due import run_due
from app.commands.incidents import ReportIncident
from app.commands.measures import RecordMeasures
from app.commands.missions import AdvanceMission, ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict
from app.store.engine import reading
from app.store.fill import FILL
from tests.interleaving import overlapping
from tests.world import everywhere, flood

PUMP = "pump.high_capacity"
MAAS, LUIK = ("maas", "dispatcher"), ("luik", "dispatcher")
RATES = [
    {"item": "vehicle_hours", "rate": "60.00"},
    {"item": "person_hours", "rate": "30.00"},
    {"item": "kilometres", "rate": "1.20"},
]
"""Prices per hour of a unit, hour of a person, kilometre."""


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
def ask(do, incident, world):
    """Opens maas's request for some high-capacity pumps (and pumpers); returns it with the ids of its lines."""

    async def asks(*wanted, kind="immediate", then="open", who=MAAS):
        lines = [
            {"type_code": type_code, "quantity": count, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
            for type_code, count in wanted or [(PUMP, 4)]
        ]
        body = {"incident_id": incident, "kind": kind, "lines": lines, "then": then}
        if kind == "day_to_day":
            body["to_member_id"] = str(world.members["luik"])
        receipt = await do(DraftRequest.model_validate(body), who=who)
        ordered = sorted(receipt.rows["request_line"], key=lambda row: row["position"])
        return receipt.id, [row["id"] for row in ordered]

    return asks


@pytest.fixture
def act(door, world):
    """Executes a command, given as its class and the fields of its body."""

    async def acts(model, target=None, *, who=MAAS, via="console", **body):
        actor = who if who is SYSTEM else world.actor(*who, via=via)
        return await door.execute(model.model_validate(body), actor=actor, space="live", target=target)

    return acts


@pytest.fixture
def sent(act, world):
    """Has maas ask for the units of these names, and their owner commit them; returns the missions' ids in that order."""

    async def sends(*names, kind="immediate", kind_of_unit=PUMP, incident=None, **unit):
        owner = names[0].partition("-")[0]
        incident = incident or (await act(ReportIncident, **flood())).id
        wanted = {
            "type_code": kind_of_unit,
            "quantity": len(names),
            "priority": "life_safety",
            "lon": 5.7,
            "lat": 50.78,
        }
        asker = MAAS if kind != "planned" else ("maas", "authorised_representative")
        to = {"to_member_id": str(world.members[owner])} if kind == "day_to_day" else {}
        asked = await act(DraftRequest, who=asker, incident_id=incident, kind=kind, lines=[wanted], then="open", **to)
        line = asked.rows["request_line"][0]["id"]
        lines = [{"request_line_id": line, "resource_id": world.resources[name]} for name in names]
        lender = (owner, "authorised_representative")
        offer = await act(MakeOffer, asked.id, who=lender, lines=lines)
        await act(AcceptOffer, offer.id, who=("maas", "authorised_representative"))
        units = [{"offer_line_id": row["id"]} | unit for row in offer.rows["offer_line"]]
        committed = await act(CommitOffer, offer.id, who=lender, units=units)
        by_unit = {mission["resource_id"]: UUID(mission["id"]) for mission in committed.rows["mission"]}
        return [by_unit[str(world.resources[name])] for name in names]

    return sends


@pytest.fixture
def walk(act):
    """Takes a mission of luik's from state to state."""

    async def walks(mission, *states, who=LUIK, **body):
        for state in states:
            receipt = await act(AdvanceMission, mission, who=who, to=state, **body)
        return receipt

    return walks


@pytest.fixture
async def conn(pg):
    """A connection beside the door's."""
    return await pg()


@pytest.fixture
async def reader(door):
    """A connection as queries get it: each statement sees what is committed."""
    async with reading(door.engine) as opened:
        yield opened


@pytest.fixture
def filled(conn):
    """Returns the state of the request that a mission came from, and how many of its first line are filled."""

    async def fills(request_id):
        status = await conn.fetchval("SELECT status FROM request WHERE id = $1", request_id)
        line = await conn.fetchrow(f"SELECT {FILL} FROM request_line l WHERE l.request_id = $1", request_id)
        return status, line["committed"]

    return fills


@pytest.fixture
def due(door):
    """Carries out what has fallen due by the test's clock; returns how many pieces of work were done."""

    async def carries_out():
        return await run_due(door)

    return carries_out


@pytest.fixture
def sign(act, world):
    """Puts an agreement between everybody into force that goes before the world's; returns its id."""

    async def signs(cost, **more):
        parties = [world.members[code] for code in ("maas", "luik", "aken", "hasselt")]
        terms = {"kinds": ["immediate", "planned", "day_to_day"], "cost": cost} | more
        body = {"code": "priced", "names": everywhere("Priced"), "lenders": parties, "borrowers": parties}
        body |= {"terms": terms, "effective_at": "2026-01-01T00:00:00Z", "precedence": 10}
        drafted = await act(DraftAgreement, who=SYSTEM, **body)
        await act(ProposeAgreement, drafted.id, who=SYSTEM)
        for party in parties:
            await act(ConsentToAgreement, drafted.id, who=SYSTEM, on_behalf_of=party)
        return drafted.id

    return signs


@pytest.fixture
def home(act, sent, walk, clock):
    """Sends units of luik's to maas, has them work for so many hours, and home again; returns their missions' ids."""

    async def comes_home(*names, hours=6, measured=None, **more):
        missions = await sent(*names, **more)
        for mission in missions:
            await walk(mission, "mobilising", "in_transit", "on_scene")
        clock.move(hours=hours)
        for mission in missions:
            await act(ReleaseMission, mission)
            await walk(mission, "returning", "returned")
            await act(RecordMeasures, mission, who=("luik", "finance"), **(measured or {"kilometres": 50.0}))
        return missions

    return comes_home


@pytest.fixture
def meet(monkeypatch, pg, assert_fold):
    """Carries out two commands that overlap, and returns the names of their answers, sorted; the journal still folds."""

    async def meets(first, second, at):
        answers = await overlapping(monkeypatch, await pg(), first, second, at=at)
        await assert_fold()
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Conflict):
                raise answer
        return sorted(type(answer).__name__ for answer in answers)

    return meets


@pytest.fixture
def tools(monkeypatch, world, act, sent, walk, sign, home, due, conn, clock):
    """What a scene is made with. Its units go into a copy of the world, which is every test's."""
    monkeypatch.setattr(world, "resources", dict(world.resources))
    return {
        "act": act,
        "sent": sent,
        "walk": walk,
        "sign": sign,
        "home": home,
        "due": due,
        "conn": conn,
        "clock": clock,
    }
