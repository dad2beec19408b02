"""Money between Liège and Maastricht: missions that are home, claims in several states, and a monthly statement."""

from __future__ import annotations

from uuid import UUID

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.claim_disputes import AnswerDispute, DisputeClaimLine
from app.commands.claims import DraftClaim, SubmitClaim
from app.commands.day_to_day import SendDayToDay
from app.commands.incidents import CloseIncident, ReportIncident
from app.commands.measures import RecordMeasures
from app.commands.missions import AdvanceMission, ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import CloseRequest, DraftRequest
from app.commands.statements import MakeStatement
from app.domain.authority import SYSTEM
from tests.world import everywhere, flood

MAAS, LUIK = ("maas", "dispatcher"), ("luik", "dispatcher")
LENDER, PAYER = ("luik", "finance"), ("maas", "finance")
COST = {
    "terms": "free_for_hours",
    "hours": 2,
    "currency": "EUR",
    "rates": [
        {"item": "vehicle_hours", "rate": "124.50"},
        {"item": "person_hours", "rate": "34.20"},
        {"item": "kilometres", "rate": "1.15"},
    ],
    "disputes": {"answer_within_days": 30},
}
HERE = {"lon": 5.7, "lat": 50.78}


async def billed(do, world, clock):
    """Let help be given and claimed: one claim disputed, one mission not claimed yet, one ambulance in a statement.

    Between the two alone and their own direction, so that the world's agreement goes on for everything else. Seven hours pass.
    """
    sign = _as_system(do, world)
    agreement = await _signed(sign, world)
    claimed, waiting = await _home(do, world, clock, agreement)
    drafted = await do(DraftClaim, who=LENDER, mission_ids=[claimed])
    submitted = await do(SubmitClaim, drafted.id, who=LENDER)
    lines = [row for row in submitted.rows["claim_line"] if not row.get("removed")]
    hours, people, _way, _sandbags = (UUID(row["id"]) for row in sorted(lines, key=lambda row: row["position"]))
    await do(DisputeClaimLine, hours, who=PAYER, reason="De pomp vertrok om 16 uur.", counter_amount="311.25")
    await do(AnswerDispute, hours, who=LENDER, amount="400.00", answer="Jusqu'à 17 h, selon le journal.")
    await do(DisputeClaimLine, people, who=PAYER, reason="Drie mensen, geen vier.", counter_amount="300.00")
    ambulance = await _ambulance(do, world, clock)
    await sign(MakeStatement, ambulance, month="2026-07-01")
    return submitted.id, waiting


async def unconverted(do, world, clock):
    """Let help be given that is paid in another currency than the corridor's, which nobody has entered a rate of.

    Return the ids of the claim, a draft, and of the month's statement.
    """
    sign = _as_system(do, world)
    claimed, _ = await _home(do, world, clock, await _signed(sign, world, precedence=1))
    drafted = await do(DraftClaim, who=LENDER, mission_ids=[claimed])
    made = await sign(MakeStatement, await _ambulance(do, world, clock, hours=2), month="2026-07-01")
    return drafted.id, made.id


def _as_system(do, world):
    """Return what does something as the service itself."""

    async def does(model, target=None, **body):
        return await do(model, target, who=SYSTEM, **body)

    return does


async def _signed(sign, world, *, precedence=500):
    parties = [world.members["luik"], world.members["maas"]]
    terms = {"types": ["pump.high_capacity", "ambulance.als"], "kinds": ["immediate", "day_to_day"], "cost": COST}
    body = {"code": "maas-luik-pumps", "names": everywhere("Pumps"), "lenders": parties[:1], "borrowers": parties[1:]}
    drafted = await sign(
        DraftAgreement, **body, terms=terms, effective_at="2026-01-01T00:00:00Z", precedence=precedence
    )  # fmt: skip
    await sign(ProposeAgreement, drafted.id)
    for party in parties:
        await sign(ConsentToAgreement, drafted.id, on_behalf_of=party)
    return drafted.id


async def _home(do, world, clock, agreement):
    """Let two pumps work for hours and come home; return their missions."""
    incident = await do(ReportIncident, **flood(title="Hoogwater bij Borgharen"))
    line = HERE | {"type_code": "pump.high_capacity", "quantity": 2, "priority": "property"}
    asked = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line], then="open")
    wanted = asked.rows["request_line"][0]["id"]
    missions = []
    for unit in world.units("luik", "pump")[:2]:
        offered = {"request_line_id": wanted, "resource_id": unit, "agreement_id": agreement}
        offer = await do(MakeOffer, asked.id, who=LUIK, lines=[offered])
        await do(AcceptOffer, offer.id)
        committed = await do(CommitOffer, offer.id, who=LUIK)
        missions.append(UUID(committed.rows["mission"][0]["id"]))
    for mission in missions:
        for state in ("mobilising", "in_transit", "on_scene"):
            await do(AdvanceMission, mission, who=LUIK, to=state)
    clock.move(hours=6)
    for mission in missions:
        await do(ReleaseMission, mission)
        for state in ("returning", "returned"):
            await do(AdvanceMission, mission, who=LUIK, to=state)
        used = [{"item": "zandzakken", "quantity": 120, "unit": "piece"}]
        await do(RecordMeasures, mission, who=LENDER, kilometres=61.5, consumables=used)
    await do(CloseRequest, asked.id)
    await do(CloseIncident, incident.id, who=("maas", "authorised_representative"))
    return missions


async def _ambulance(do, world, clock, *, hours=1):
    """Let an ambulance be over the border for some hours; return its mission."""
    line = HERE | {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety"}
    to = str(world.members["luik"])
    asked = await do(DraftRequest, kind="day_to_day", to_member_id=to, lines=[line], then="open")
    (unit,) = world.units("luik", "ambulance")
    mission = UUID(str((await do(SendDayToDay, asked.id, who=LUIK, resource_id=unit)).id))
    for state in ("in_transit", "on_scene"):
        await do(AdvanceMission, mission, who=LUIK, to=state)
    clock.move(hours=hours)
    await do(ReleaseMission, mission)
    for state in ("returning", "returned"):
        await do(AdvanceMission, mission, who=LUIK, to=state)
    return mission
