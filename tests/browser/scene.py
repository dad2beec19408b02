"""A night with a lot going on: what the screens have to hold."""

from __future__ import annotations

from uuid import UUID

from app.commands.calls import AssistNow
from app.commands.crossings import SetCrossingState
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.missions import AdvanceMission, Recall
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.questions import AnswerQuestion, AskQuestion
from app.commands.requests import AcknowledgeRequest, DraftRequest
from app.commands.responses import DeclineRequest
from tests.world import box, flood

MAAS, LUIK, AKEN, HASSELT = ((member, "dispatcher") for member in ("maas", "luik", "aken", "hasselt"))
PRIORITIES = ("life_safety", "incident_stabilisation", "property", "recovery")
TYPES = ("pump.high_capacity", "engine.pumper", "ambulance.als", "team.flood_rescue")
LONG = "Hoogwater in de Maas tussen Eijsden en Maastricht, dijkbewaking en evacuatie van de wijk Heugem"


async def busy(do, world, *, requests=8):
    """Let it happen; returns the id of the request with the most on it, which is Maastricht's."""
    incident = await do(ReportIncident, **flood(title=LONG, severity=5, phases={"NL": "grip_2"}))
    other = await do(
        ReportIncident, who=AKEN, title="Waldbrand im Hohen Venn", hazard="wildfire", severity=3,
        area=box(6.1, 50.65, 6.15, 50.7),
    )  # fmt: skip
    await do(AddLogEntry, incident.id, text="De Maas staat 4,20 m boven NAP bij Sint Pieter.", language="nl")
    await do(SetCrossingState, world.crossings["vaals"], who=MAAS, control="closed")
    full = await _full(do, world, incident.id)
    for at in range(requests - 1):
        who, about = ((MAAS, incident), (AKEN, other))[at % 2]
        lon, lat = (5.69 + at / 200, 50.84) if who == MAAS else (6.1, 50.7 + at / 200)
        line = {"priority": PRIORITIES[at % 4], "lon": lon, "lat": lat, "place": f"Sint-Pietersplein {at}"}
        lines = [line | {"type_code": TYPES[at % 4], "quantity": 1 + at % 3}]
        await do(DraftRequest, who=who, incident_id=about.id, kind="immediate", lines=lines, then="open")
    here = {"lon": 5.7, "lat": 50.78, "place": "Eijsden"}
    between = {"requester_id": world.members["maas"], "lender_id": world.members["luik"]}
    await do(
        AssistNow, who=LUIK, incident_id=incident.id, type_code="engine.pumper", quantity=1, **between, **here
    )  # fmt: skip
    return full


async def _full(do, world, incident: UUID):
    line = {"type_code": "pump.high_capacity", "quantity": 4, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    lines = [
        line | {"place": "Eijsden"},
        line | {"type_code": "engine.pumper", "quantity": 2, "priority": "property", "place": "Gronsveld"},
    ]
    asked = await do(
        DraftRequest, incident_id=incident, kind="immediate", lines=lines, then="open", note="Graag via de A2."
    )
    pumps = UUID(asked.rows["request_line"][0]["id"])
    await do(AcknowledgeRequest, asked.id, who=LUIK)
    await do(DeclineRequest, asked.id, who=HASSELT, reason="own_emergency", note="Eigen inzet.")
    question = await do(AskQuestion, asked.id, who=LUIK, text="Par quelle route ?", language="fr")
    await do(AnswerQuestion, question.id, who=MAAS, text="Via de A2, afslag 56.", language="nl")
    await do(AskQuestion, asked.id, who=AKEN, text="Welche Kupplungen werden gebraucht?", language="de")
    units = world.units("luik", "pump")
    going = await _sent(do, asked.id, pumps, units[0], LUIK)
    for state in ("mobilising", "in_transit"):
        await do(AdvanceMission, going, who=LUIK, to=state)
    back = await _sent(do, asked.id, pumps, units[1], LUIK)
    await do(Recall, back, who=LUIK, why="Hochwasser in Lüttich")
    await _offered(do, asked.id, pumps, world.units("aken", "pump")[0], AKEN)
    return asked


async def _offered(do, request, line, unit, who):
    offered = {"request_line_id": line, "resource_id": unit, "quantity": 1}
    return await do(MakeOffer, request, who=who, lines=[offered])


async def _sent(do, request, line, unit, who):
    offer = await _offered(do, request, line, unit, who)
    await do(AcceptOffer, offer.id)
    committed = await do(CommitOffer, offer.id, who=who)
    return UUID(committed.rows["mission"][0]["id"])
