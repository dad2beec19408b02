"""Limits at once: whatever the order in which two commands take their locks, reserve, last unit, claim and agreement keep their word.

After each meeting the invariants are asked in SQL, and the journal still folds.
"""

from __future__ import annotations

from uuid import UUID

import pytest

from app.commands.agreements import SuspendAgreement
from app.commands.automatic_aid import AlarmAutomaticAid, AnswerAutomaticAlarm
from app.commands.claim_disputes import DisputeClaimLine
from app.commands.claim_steps import VerifyClaim
from app.commands.claims import DraftClaim, SubmitClaim
from app.commands.formations import ChangeFormation, FormFormation, SplitMission
from app.commands.missions import AdvanceMission, ReleaseMission
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reliefs import PlanRelief
from app.commands.resources import AddResource
from app.domain.errors import Conflict
from app.store.invariants import broken_invariants
from tests.commands.conftest import LUIK, PUMP, RATES
from tests.world import box

STOPS = range(1, 9)
"""Whoever checks agreements under every limit takes seven locks, and stops once more before it writes."""
SOME_STOPS = (1, 2, 3, 5, 8)
AKEN = ("aken", "authorised_representative")
BOSS = ("luik", "authorised_representative")
MODULE = "formation.hcp_module"


@pytest.fixture
def holds(conn):
    """Asks the invariants."""

    async def asks():
        assert [str(each) for each in await broken_invariants(conn)] == []

    return asks


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_two_offers_never_break_a_reserve_by_hour(act, ask, sign, meet, holds, world, clock, at, named):
    """By night two of luik's three pumps stay at home: two dispatchers promise one each, and one of them is refused."""
    clock.move(hours=(25 - clock.now().hour) % 24)
    night = {"start": "20:00", "end": "08:00"}
    agreement = await sign({"terms": "free"}, reserve=[{"type": PUMP, "keep": 2, "hours": night}])
    making = []
    for unit in world.units("luik", "pump")[:2]:
        request, (line,) = await ask((PUMP, 1))
        said = {"request_line_id": line, "agreement_id": agreement} | ({"resource_id": unit} if named else {})
        making.append(act(MakeOffer, request, who=LUIK, lines=[said]))
    assert await meet(*making, at) == ["AgreementRefused", "Receipt"]
    await holds()


@pytest.fixture
async def alarmed(act, sign, world):
    """Signs that luik's ambulance comes without a signature; returns what alarms it for an incident."""
    clause = {
        "types": ["ambulance.als"],
        "strip": box(5.6, 50.7, 6.2, 50.9),
        "quantity": 5,
        "lenders": [str(world.members["luik"])],
    }
    await sign({"terms": "free"}, automatic_aid=[clause])

    def alarms(incident, member):
        return act(
            AlarmAutomaticAid, incident, who=(member, "dispatcher"), type_code="ambulance.als", lon=5.7, lat=50.78
        )

    return alarms


@pytest.mark.parametrize("at", STOPS)
async def test_two_alarms_never_take_one_unit(alarmed, incident, meet, holds, conn, at):
    """Two cities alarm the same ambulance: one of them is told at once that nobody can come."""
    assert await meet(alarmed(incident, "maas"), alarmed(incident, "aken"), at) == ["Receipt", "Receipt"]
    assert await conn.fetchval("SELECT count(*) FROM automatic_alarm") == 1
    assert await conn.fetchval("SELECT count(*) FROM automatic_aid WHERE status = 'unfilled'") == 1
    await holds()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_the_last_unit_rolls_once(alarmed, act, ask, incident, meet, holds, conn, world, at, swapped):
    """The ambulance that was alarmed is offered to somebody else in the moment in which it rolls."""
    await alarmed(incident, "maas")
    alarm = await conn.fetchval("SELECT id FROM automatic_alarm")
    unit = world.resources["luik-ambulance-1"]
    request, (line,) = await ask(("ambulance.als", 1), who=("aken", "dispatcher"))
    override = {"reason": "The neighbours cover us."}
    pair = [
        act(AnswerAutomaticAlarm, alarm, who=LUIK, rolling=True, resource_ids=[unit]),
        act(
            MakeOffer,
            request,
            who=BOSS,
            lines=[{"request_line_id": line, "resource_id": unit, "override_reserve": override}],
        ),
    ]
    answers = await meet(*(reversed(pair) if swapped else pair), at)
    assert answers.count("Receipt") == 1
    await holds()


@pytest.fixture
async def submitted(act, sign, home, conn):
    """A claim of luik's that maas is to pay, and one of its lines."""
    await sign(
        {"terms": "reimbursed", "currency": "EUR", "rates": RATES, "claim_within_days": 30, "pay_within_days": 30}
    )
    missions = await home("luik-pump-1")
    claim = await act(DraftClaim, who=("luik", "finance"), mission_ids=missions)
    await act(SubmitClaim, claim.id, who=("luik", "finance"))
    line = await conn.fetchval("SELECT id FROM claim_line WHERE claim_id = $1 AND agreed > 0 LIMIT 1", claim.id)
    return claim.id, line


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", range(1, 4))
async def test_a_claim_is_verified_or_disputed(submitted, act, meet, conn, at, swapped):
    """What somebody disputes nobody has agreed to pay."""
    claim, line = submitted
    pays = ("maas", "finance")
    pair = [
        act(VerifyClaim, claim, who=pays),
        act(DisputeClaimLine, line, who=pays, reason="It stood still.", counter_amount="1.00"),
    ]
    assert await meet(*(reversed(pair) if swapped else pair), at) == ["Receipt", "TransitionNotAllowed"]
    status = await conn.fetchval("SELECT status FROM claim WHERE id = $1", claim)
    disputed = await conn.fetchval("SELECT count(*) FROM claim_line WHERE dispute = 'raised'")
    assert (status, disputed) == (("disputed", 1) if swapped else ("verified", 0))


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_an_agreement_is_set_aside_as_an_offer_under_it_is_accepted(
    act, ask, meet, holds, conn, world, at, swapped
):
    """Whichever comes first, both stand: and the lender does not commit under a paper that is set aside."""
    request, (line,) = await ask((PUMP, 1))
    unit = world.resources["luik-pump-1"]
    offer = await act(MakeOffer, request, who=BOSS, lines=[{"request_line_id": line, "resource_id": unit}])
    pair = [
        act(AcceptOffer, offer.id),
        act(SuspendAgreement, world.agreements["maas-broad"], who=AKEN, reason="Insurance"),
    ]
    assert await meet(*(reversed(pair) if swapped else pair), at) == ["Receipt", "Receipt"]
    assert await meet(act(CommitOffer, offer.id, who=BOSS), act(AcceptOffer, offer.id), 1) == [
        "AgreementRefused",
        "TransitionNotAllowed",
    ]
    assert await conn.fetchval("SELECT count(*) FROM mission") == 0
    await holds()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", STOPS)
async def test_an_agreement_is_set_aside_as_an_offer_under_it_is_committed(
    act, ask, meet, holds, conn, world, at, swapped
):
    """Committed before, or refused after it: no unit leaves under a paper that was set aside before."""
    request, (line,) = await ask((PUMP, 1))
    unit = world.resources["luik-pump-1"]
    offer = await act(MakeOffer, request, who=BOSS, lines=[{"request_line_id": line, "resource_id": unit}])
    await act(AcceptOffer, offer.id)
    pair = [
        act(CommitOffer, offer.id, who=BOSS),
        act(SuspendAgreement, world.agreements["maas-broad"], who=AKEN, reason="Insurance"),
    ]
    answers = await meet(*(reversed(pair) if swapped else pair), at)
    told = await conn.fetch(
        "SELECT type FROM journal_entry WHERE type IN ('offer.committed', 'agreement.suspended') ORDER BY seq"
    )
    order = [row["type"] for row in told]
    assert order == (
        ["agreement.suspended"] if "AgreementRefused" in answers else ["offer.committed", "agreement.suspended"]
    )
    await holds()


@pytest.fixture
async def module(act, world):
    """A pumping module of luik's with two of its three pumps; its id, its parts, and a spare lorry."""
    entered = [
        (
            await act(
                AddResource, who=LUIK, depot_id=world.depots["luik"], type_code=code, call_sign=sign, mobilisation_min=9
            )
        ).id
        for code, sign in (("command.vehicle", "C 1"), ("vehicle.truck", "L 1"), ("vehicle.truck", "L 2"))
    ]
    parts = [*world.units("luik", "pump")[:2], *entered[:2]]
    formed = await act(
        FormFormation,
        who=LUIK,
        depot_id=world.depots["luik"],
        type_code=MODULE,
        call_sign="Module",
        part_ids=parts,
        mobilisation_min=30,
    )
    return formed.id, parts, entered[2]


@pytest.fixture
async def at_work(act, ask, module, walk):
    """The module on the scene; its id, its parts, and its mission."""
    formation, parts, _ = module
    request, (line,) = await ask((MODULE, 1))
    offer = await act(MakeOffer, request, who=BOSS, lines=[{"request_line_id": line, "resource_id": formation}])
    await act(AcceptOffer, offer.id)
    committed = await act(CommitOffer, offer.id, who=BOSS)
    mission = UUID(committed.rows["mission"][0]["id"])
    await walk(mission, "mobilising", "in_transit", "on_scene")
    return formation, parts, mission


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", SOME_STOPS)
async def test_a_formation_and_its_part_are_not_offered_both(act, ask, module, meet, holds, at, swapped):
    """The pump goes with its module or alone."""
    pair = []
    for wanted, unit in ((MODULE, module[0]), (PUMP, module[1][0])):
        request, (line,) = await ask((wanted, 1))
        said = {"request_line_id": line, "resource_id": unit, "override_reserve": {"reason": "Covered."}}
        pair.append(act(MakeOffer, request, who=BOSS, lines=[said]))
    assert await meet(*(reversed(pair) if swapped else pair), at) == ["NotAvailable", "Receipt"]
    await holds()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", SOME_STOPS)
async def test_a_formation_is_put_together_anew_as_it_is_offered(act, ask, module, meet, holds, conn, at, swapped):
    """What was offered is what goes: another lorry joins before the offer or not at all, and the whole of it is kept free."""
    formation, parts, spare = module
    request, (line,) = await ask((MODULE, 1))
    pair = [
        act(MakeOffer, request, who=BOSS, lines=[{"request_line_id": line, "resource_id": formation}]),
        act(ChangeFormation, formation, who=LUIK, part_ids=[*parts[:3], spare]),
    ]
    answers = await meet(*(reversed(pair) if swapped else pair), at)
    assert answers in (["NotAvailable", "Receipt"], ["Receipt", "Receipt"])
    rows = await conn.fetch("SELECT status, formation_id FROM resource WHERE id = $1 OR formation_id = $1", formation)
    assert [row["status"] for row in rows] == ["reserved"] * 5
    alone = await conn.fetch(
        "SELECT status FROM resource WHERE id = ANY($1) AND formation_id IS NULL", [parts[3], spare]
    )
    assert [row["status"] for row in alone] == ["available"]
    await holds()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", SOME_STOPS)
async def test_a_formation_is_split_as_it_is_offered_again(act, ask, at_work, meet, holds, conn, at, swapped):
    """It comes home, and is offered at once, in the moment in which somebody lets a part of it go on alone: then it is not whole."""
    formation, parts, mission = at_work
    again, (other,) = await ask((MODULE, 1))
    pair = [
        act(SplitMission, mission, who=BOSS, part_ids=[parts[0]]),
        act(MakeOffer, again, who=BOSS, lines=[{"request_line_id": other, "resource_id": formation}]),
    ]
    answers = await meet(*(reversed(pair) if swapped else pair), at)
    assert answers in (["NotAvailable", "Receipt"], ["AgreementRefused", "Receipt"])
    assert await conn.fetchval("SELECT count(*) FROM mission WHERE split_from_id = $1", mission) == 1
    assert await conn.fetchval("SELECT count(*) FROM offer WHERE request_id = $1", again) == 0
    await holds()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", SOME_STOPS)
async def test_a_formation_is_split_or_comes_home(act, at_work, walk, meet, holds, conn, at, swapped):
    """A part that was let go on alone is still out when the rest is home; if all are home, nobody is."""
    _, parts, mission = at_work
    await act(ReleaseMission, mission)
    await walk(mission, "returning")
    pair = [
        act(SplitMission, mission, who=BOSS, part_ids=[parts[0]]),
        act(AdvanceMission, mission, who=LUIK, to="returned"),
    ]
    answers = await meet(*(reversed(pair) if swapped else pair), at)
    out = await conn.fetchval("SELECT count(*) FROM resource WHERE status = 'committed'")
    assert (answers, out) in ((["Receipt", "Receipt"], 1), (["Receipt", "TransitionNotAllowed"], 0))
    await holds()


async def test_what_is_not_on_its_way_is_not_relieved(alarmed, act, incident, conn, world):
    """The relief of a unit that nobody has named would count as one that rolls, beyond what was alarmed for."""
    await alarmed(incident, "maas")
    mission = await conn.fetchval("SELECT id FROM mission")
    with pytest.raises(Conflict):
        await act(PlanRelief, mission, who=BOSS, resource_id=world.resources["luik-ambulance-1"])
