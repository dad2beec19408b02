"""A night with a lot going on: what the screens have to hold."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.commands.calls import AssistNow
from app.commands.coordination import ProposeTurnSwap, SetRota
from app.commands.crews import NameGuide, NameLiaison, WriteManifest
from app.commands.crossings import SetCrossingState
from app.commands.extensions import AskExtension
from app.commands.handovers import HandOverShift
from app.commands.host_support import AskHostSupport
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.lender_words import SayLenderWord
from app.commands.members import ChangeMember
from app.commands.missions import AdvanceMission, Recall
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.playbook_overlays import AddProtocolOverlay
from app.commands.playbooks import TickChecklistItem
from app.commands.questions import AnswerQuestion, AskQuestion
from app.commands.rendezvous import AddRendezvous, SendToRendezvous
from app.commands.requests import AcknowledgeRequest, DraftRequest
from app.commands.responses import DeclineRequest
from app.commands.unasked_offers import OfferUnasked
from app.domain.authority import SYSTEM
from tests.conftest import NOON
from tests.world import box, everywhere, flood

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
    place = await _told(do, world)
    full = await _full(do, world, incident.id, place)
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


async def at_work(do, world, *, state="on_scene"):
    """Let Liège's first pump help Maastricht at Eijsden, as far as ``state``; returns the ids of the request and the mission."""
    incident = await do(ReportIncident, **flood())
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    lines = [line | {"place": "Eijsden"}]
    asked = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=lines, then="open")
    pumps = UUID(asked.rows["request_line"][0]["id"])
    mission = await _sent(do, asked.id, pumps, world.units("luik", "pump")[0], LUIK)
    way = ("mobilising", "in_transit", "on_scene")
    for step in way[: way.index(state) + 1]:
        await do(AdvanceMission, mission, who=LUIK, to=step)
    return asked.id, mission


async def _full(do, world, incident: UUID, place: UUID):
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
    await _lasting(do, going, place)
    back = await _sent(do, asked.id, pumps, units[1], LUIK)
    await do(Recall, back, who=LUIK, why="Hochwasser in Lüttich")
    await _offered(do, asked.id, pumps, world.units("aken", "pump")[0], AKEN)
    return asked


async def _told(do, world):
    """Let Maastricht and Liège keep somebody informed, and meet units somewhere; let a shift leave word, and ask for an ambulance."""
    for member, kind, name in (("maas", "region", "Veiligheidsregio Zuid-Limburg"), ("luik", "governor", "Gouverneur")):
        told = [{"name": name, "kind": kind, "contact": "+31 00 000 0911"}]
        events = ["request_opened", "help_committed", "unit_departed"]
        admin = (member, "admin")
        await do(
            ChangeMember, world.members[member], who=admin, informed_authorities=told, inform_on=events
        )  # fmt: skip
    place = await do(
        AddRendezvous, code="gronsveld", guide_code="M3", names=everywhere("Gronsveld"), kind="staging_area", lon=5.73, lat=50.81,
        capacity=1, guide=True, fuel=True, launch_ramp=True, food=True, beds=40,
    )  # fmt: skip
    await do(HandOverShift, text="Pompen in Eijsden draaien; brandstof om 06:00.", language="nl")
    here = {"lon": 5.7, "lat": 50.78}
    line = here | {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety"}
    to = world.members["luik"]
    await do(DraftRequest, kind="day_to_day", to_member_id=to, lines=[line], then="open")
    return place.id


async def _lasting(do, mission, place):
    """Let a unit be met, led, supplied, and asked to stay."""
    await do(SendToRendezvous, mission, rendezvous_id=place)
    await do(NameGuide, mission, name="Jan Peters", phone="+31 00 000 0144", talkgroup="TEST-NL-101")
    await do(NameLiaison, mission, who=LUIK, name="Cdt Lambert", phone="+32 00 000 0177")
    items = [{"item": "motopompe", "quantity": 1}, {"item": "tuyaux", "quantity": 24}]
    await do(WriteManifest, mission, who=LUIK, officers=1, ncos=2, crew=6, vehicles=2, items=items)
    await do(AskHostSupport, mission, who=LUIK, kind="fuel", quantity=200, note="Diesel")
    await do(AskExtension, mission, until=(NOON + timedelta(hours=20)).isoformat(), reason="Het water zakt pas morgen.")


async def _offered(do, request, line, unit, who):
    offered = {"request_line_id": line, "resource_id": unit, "quantity": 1}
    return await do(MakeOffer, request, who=who, lines=[offered])


async def _sent(do, request, line, unit, who):
    offer = await _offered(do, request, line, unit, who)
    await do(AcceptOffer, offer.id)
    committed = await do(CommitOffer, offer.id, who=who)
    return UUID(committed.rows["mission"][0]["id"])


async def beside(do, world):
    """What stands beside the requests: a protocol that a member adapted, ticks, help that nobody asked for, a lender's word, turns of the
    coordinator with a swap proposed. Returns the incident's id.
    """
    binds = ("maas", "authorised_representative")
    operations = [
        {"op": "change_quantity", "type_code": "boat.rescue", "quantity": 6, "why": "Drie bewoonde eilanden in de Maas."},
        {"op": "remove_item", "code": "plan_relief", "why": "Doet de veiligheidsregio."},
        {
            "op": "add_item", "code": "close_garage", "due_min": 25, "why": "Loopt in een kwartier vol.",
            "texts": {"nl": "Parkeergarage Bonnefanten sluiten", "en": "Close the Bonnefanten car park"},
        },
    ]  # fmt: skip
    await do(AddProtocolOverlay, world.members["maas"], who=binds, code="river_flood", operations=operations)
    incident = await do(ReportIncident, **flood(title=LONG, severity=5))
    for item in incident.rows["checklist_item"][:3]:
        await do(TickChecklistItem, UUID(item["id"]))
    until = NOON + timedelta(hours=9)
    pumps = [
        {"type_code": "pump.high_capacity", "resource_id": world.units("luik", "pump")[0], "expected_hours": 24},
        {"type_code": "engine.pumper", "quantity": 2},
    ]
    note = "Deux unités avec équipage, jusqu'à ce que l'eau monte aussi chez nous."
    await do(OfferUnasked, incident.id, who=LUIK, lines=pumps, valid_until=until, note=note)
    said = {"word": "cannot", "until_at": until, "reason": "own_emergency"}
    await do(SayLenderWord, world.members["hasselt"], who=HASSELT, **said)
    turning = [world.members[name] for name in ("hasselt", "maas", "luik", "aken")]
    rota = await do(SetRota, who=SYSTEM, member_ids=turning)
    turns = sorted(rota.rows["coordination_turn"], key=lambda row: row["from_at"])
    of = {
        name: next(row for row in turns[1:] if row["member_id"] == str(world.members[name]))
        for name in ("maas", "luik")
    }
    why = "De meldkamer verhuist in die maand."
    await do(
        ProposeTurnSwap,
        UUID(of["luik"]["id"]),
        who=("luik", "authorised_representative"),
        other_turn_id=of["maas"]["id"],
        reason=why,
    )
    return incident.id
