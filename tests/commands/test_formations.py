"""Formations: asked for in one line, sent, moved and counted as one, and split where the work wants it."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.commands.claims import DraftClaim
from app.commands.crossings import SetCrossingState
from app.commands.formations import ChangeFormation, FormFormation, SplitMission
from app.commands.import_files import import_command
from app.commands.missions import Recall, ReleaseMission
from app.commands.offer_answers import AcceptOffer, WithdrawOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.positions import ReportedPosition, ReportPositions, report_positions
from app.commands.reliefs import PlanRelief
from app.commands.rendezvous import AddRendezvous, SendToRendezvous
from app.commands.requests import DraftRequest
from app.commands.resources import AddResource, ChangeResource, RetireResource, SetResourceStatus
from app.domain.agreements import Case
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    Malformed,
    NotAvailable,
    OutOfRange,
    OverFilled,
    RoleMissing,
)
from app.interop.sheet_writing import write_sheet
from app.queries.agreements import try_case
from app.queries.candidates import candidates
from app.queries.exports import export_rows
from app.store.agreements import stock_of, uses_of
from app.store.costs import spent
from app.store.rendezvous import used
from tests.commands.conftest import LUIK, MAAS, PUMP, RATES
from tests.conftest import NOON
from tests.interleaving import overlapping
from tests.world import everywhere

MODULE, TRUCK, COMMAND = "formation.hcp_module", "vehicle.truck", "command.vehicle"
AKEN = ("aken", "dispatcher")
RANKS = {"ncos": 1, "crew": 3}


@pytest.fixture
def enter(act, world):
    """Enters units of a member's; returns their ids by call sign."""

    async def enters(member, *types):
        found = {}
        for number, type_code in enumerate(types):
            sign = f"{member} {type_code} {number}"
            added = await act(
                AddResource,
                who=(member, "dispatcher"),
                depot_id=world.depots[member],
                type_code=type_code,
                call_sign=sign,
                mobilisation_min=10,
                **RANKS,
            )
            found[type_code] = added.id
        return found

    return enters


@pytest.fixture
async def module(act, enter, world):
    """A pumping module of luik's: two of its three pumps, a command vehicle, a lorry. Its id, and its parts'."""
    more = await enter("luik", COMMAND, TRUCK)
    parts = [*world.units("luik", "pump")[:2], *more.values()]
    formed = await act(
        FormFormation,
        who=LUIK,
        depot_id=world.depots["luik"],
        type_code=MODULE,
        call_sign="Module Luik",
        part_ids=parts,
        mobilisation_min=30,
        officers=1,
        talkgroup="LUIK-HCP",
        leader_name="A. Dupont",
        leader_phone="+32 00 000 0301",
    )
    return formed.id, parts


@pytest.fixture
async def wanted(act, incident):
    """Asks for one pumping module; returns the request and its line."""

    async def asks(quantity=1):
        line = {"type_code": MODULE, "quantity": quantity, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
        asked = await act(DraftRequest, incident_id=incident, kind="immediate", lines=[line], then="open")
        return asked.id, UUID(asked.rows["request_line"][0]["id"])

    return asks


@pytest.fixture
def send(act):
    """Offers, accepts and commits lines; returns the missions by their unit."""

    async def sends(request, *lines, who=LUIK):
        offer = await act(MakeOffer, request, who=who, lines=list(lines))
        await act(AcceptOffer, offer.id)
        committed = await act(CommitOffer, offer.id, who=who)
        return {UUID(row["resource_id"]): UUID(row["id"]) for row in committed.rows["mission"]}

    return sends


@pytest.fixture
def statuses(conn):
    async def reads(ids):
        return {row["status"] for row in await conn.fetch("SELECT status FROM resource WHERE id = ANY($1)", list(ids))}

    return reads


def named(line, unit, **more):
    return {"request_line_id": line, "resource_id": unit} | more


async def second_module(act, world):
    """Enters a second pumping module of luik's with all of its units; returns its id."""
    body = {"depot_id": world.depots["luik"], "mobilisation_min": 10}
    types = (PUMP, PUMP, COMMAND, TRUCK)
    added = [
        await act(AddResource, who=LUIK, call_sign=f"Two {n}", type_code=each, **body) for n, each in enumerate(types)
    ]
    parts = [each.id for each in added]
    formed = await act(FormFormation, who=LUIK, type_code=MODULE, call_sign="Module Luik 2", part_ids=parts, **body)
    return formed.id


# ---------------------------------------------------------------- what it is made of


async def test_a_formation_is_made_of_exactly_what_its_type_says(act, enter, world):
    """Two cities that say "pumping module" must mean the same number of pumps."""
    more = await enter("luik", COMMAND, TRUCK)
    pumps = world.units("luik", "pump")
    body = {"depot_id": world.depots["luik"], "type_code": MODULE, "call_sign": "Module", "mobilisation_min": 30}
    for parts in ([pumps[0], *more.values()], [*pumps, *more.values()]):
        with pytest.raises(OutOfRange) as refused:
            await act(FormFormation, who=LUIK, part_ids=parts, **body)
        assert refused.value.extra["wanted"] == {COMMAND: 1, PUMP: 2, TRUCK: 1}
    with pytest.raises(Malformed):
        await act(FormFormation, who=LUIK, part_ids=pumps[:2], **body | {"type_code": PUMP})
    with pytest.raises(Malformed):
        await enter("luik", MODULE)


async def test_a_unit_is_in_one_formation_and_stays_while_it_is(act, module, world, enter):
    """Two leaders who count on the same pump would both come without it."""
    formation, parts = module
    body = {"depot_id": world.depots["luik"], "type_code": MODULE, "call_sign": "Second", "mobilisation_min": 30}
    with pytest.raises(NotAvailable, match="another formation"):
        await act(FormFormation, who=LUIK, part_ids=parts, **body)
    with pytest.raises(Conflict, match="part of a formation"):
        await act(RetireResource, parts[0], who=LUIK)
    with pytest.raises(RoleMissing):
        await act(FormFormation, who=("luik", "viewer"), part_ids=parts, **body)
    third = world.units("luik", "pump")[2]
    changed = await act(ChangeFormation, formation, who=LUIK, part_ids=[third, *parts[1:]])
    rows = {UUID(row["id"]): row["formation_id"] for row in changed.rows["resource"]}
    assert rows[parts[0]] is None
    assert rows[third] == str(formation)
    await act(RetireResource, formation, who=LUIK)
    await act(RetireResource, third, who=LUIK)


async def test_its_leader_is_in_no_journal(module, conn):
    """A name and a telephone must be erasable without breaking the chain."""
    told = await conn.fetchval("SELECT string_agg(payload, ' ') FROM journal_entry WHERE type = 'formation.formed'")
    assert "Module Luik" in told
    assert "Dupont" not in told
    assert "0301" not in told


# ---------------------------------------------------------------- sent as one


async def test_it_goes_and_comes_home_as_one(module, wanted, send, statuses, walk, filled, act, conn):
    """One line, one offer, one mission; every part is away with it, and free when it is home."""
    formation, parts = module
    request, line = await wanted()
    offer = await act(MakeOffer, request, who=LUIK, lines=[named(line, formation)])
    assert await statuses([formation, *parts]) == {"reserved"}
    await act(WithdrawOffer, offer.id, who=LUIK)
    assert await statuses([formation, *parts]) == {"available"}
    mission = (await send(request, named(line, formation)))[formation]
    assert await statuses([formation, *parts]) == {"committed"}
    assert await filled(request) == ("committed", 1)
    row = await conn.fetchrow("SELECT crew_count, talkgroup FROM mission WHERE id = $1", mission)
    assert (row["crew_count"], row["talkgroup"]) == (1 + 4 * 4, "LUIK-HCP")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    assert await statuses([formation, *parts]) == {"available"}


async def test_a_part_is_never_promised_twice(module, wanted, send, ask, act):
    """A pump that leaves with its module can't be offered to another city, and the other way round."""
    formation, parts = module
    request, line = await wanted()
    other, (lorries,) = await ask((TRUCK, 1))
    offer = await act(MakeOffer, other, who=LUIK, lines=[named(lorries, parts[3])])
    with pytest.raises(NotAvailable, match="a part of Module Luik"):
        await act(MakeOffer, request, who=LUIK, lines=[named(line, formation)])
    await act(WithdrawOffer, offer.id, who=LUIK)
    await send(request, named(line, formation))
    with pytest.raises(NotAvailable, match="committed"):
        await act(MakeOffer, other, who=LUIK, lines=[named(lorries, parts[3])])
    with pytest.raises(NotAvailable):
        await act(SetResourceStatus, parts[3], who=LUIK, status="out_of_service", reason="damage")
        await act(SetResourceStatus, parts[3], who=LUIK, status="available")


async def test_a_formation_away_takes_its_parts_from_stock(module, wanted, send, ask, act, pg, reader, world):
    """One pump has to stay at home: the module may take two of three, and then none is left to lend. Who looks for a module, or
    tries one against the agreements, is told so before it is offered.
    """
    formation, _ = module
    request, line = await wanted()
    other, (pumps,) = await ask((PUMP, 2))
    spare = world.units("luik", "pump")[2]
    offer = await act(MakeOffer, other, who=LUIK, lines=[named(pumps, spare)])
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, request, who=LUIK, lines=[named(line, formation)])
    assert {reason["code"] for reason in refused.value.extra["reasons"]} == {"reserve_floor"}
    seen = await candidates(reader, "live", request, viewer=world.members["luik"], language="de", at=NOON)
    (found,) = [each for each in seen.items if each.resource_id == formation]
    assert [(why.code, why.figures["type_code"]) for why in found.reasons if why.blocking] == [("reserve_floor", PUMP)]
    assert found.only_reserve
    case = Case("flood", MODULE, "immediate", world.members["luik"], world.members["maas"], 1, NOON)
    tried = await try_case(reader, "live", case)
    assert not tried.allowed
    assert {reason.figures.get("type_code") for reason in tried.reasons if reason.blocking} == {PUMP}
    await act(WithdrawOffer, offer.id, who=LUIK)
    await send(request, named(line, formation))
    stock = await stock_of(await pg(), "live", world.members["luik"], PUMP)
    assert (stock.available, stock.promised) == (1, 0)
    with pytest.raises(AgreementRefused):
        await act(MakeOffer, other, who=LUIK, lines=[named(pumps, spare)])


async def test_a_formation_promised_without_its_name_takes_its_parts_from_stock(module, wanted, act, pg, world):
    """What was promised by number is as gone as what was promised by name."""
    request, line = await wanted()
    await act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "quantity": 1}])
    stock = await stock_of(await pg(), "live", world.members["luik"], PUMP)
    assert (stock.available, stock.promised) == (3, 2)
    whole = await stock_of(await pg(), "live", world.members["luik"], MODULE)
    assert (whole.available, whole.promised) == (1, 1)


async def test_out_of_service_and_back_its_parts_follow(module, act, statuses):
    """Who takes the platoon off the board takes its engines off, too."""
    formation, parts = module
    await act(SetResourceStatus, formation, who=LUIK, status="out_of_service", reason="crew")
    assert await statuses([formation, *parts]) == {"out_of_service"}
    await act(SetResourceStatus, formation, who=LUIK, status="available")
    assert await statuses([formation, *parts]) == {"available"}


async def test_a_formation_takes_its_parts_along(module, wanted, send, act, door, world, conn, clock):
    """On the other side's map the platoon drove off, and its engines stood in their depots all day; but who tells itself is believed."""
    formation, parts = module
    request, line = await wanted()
    mission = (await send(request, named(line, formation)))[formation]
    await act(SplitMission, mission, who=LUIK, part_ids=parts[3:])

    async def at(lon, *units):
        clock.move(minutes=1)
        items = [ReportedPosition(resource_id=unit, lon=lon, lat=50.8) for unit in units]
        report = ReportPositions(items=tuple(items))
        kept = await report_positions(door, report, actor=world.actor(*LUIK), space="live")
        assert kept == dict.fromkeys(units, "kept")
        rows = await conn.fetch("SELECT resource_id, lon FROM position")
        return [{row["resource_id"]: row["lon"] for row in rows}.get(each) for each in (formation, *parts)]

    assert await at(5.71, formation) == [5.71, 5.71, 5.71, 5.71, None], "the part that was split off is elsewhere"
    assert await at(5.72, formation) == [5.72, 5.72, 5.72, 5.72, None]
    assert await at(5.73, parts[0]) == [5.72, 5.73, 5.72, 5.72, None], "a part moves nobody else"
    assert await at(5.74, formation) == [5.74, 5.73, 5.74, 5.74, None], "its own word counts for a while"
    clock.move(minutes=10)
    assert await at(5.75, formation) == [5.75, 5.75, 5.75, 5.75, None]
    assert await at(5.76, formation, parts[1]) == [5.76, 5.76, 5.76, 5.76, None]


# ---------------------------------------------------------------- caps


@pytest.fixture
def capped(sign):
    """Puts an agreement into force under which so many pumps are out at once; returns its id."""

    async def signs(most):
        return await sign({"terms": "free"}, caps={"units": [{"type": PUMP, "most": most}]})

    return signs


@pytest.fixture
def pumps_used(pg):
    """Returns how many pumps are out and how many promised under an agreement."""

    async def counts(agreement):
        use = (await uses_of(await pg(), "live", PUMP)).get(agreement)
        return (0, 0) if use is None else (use.under_way, use.promised)

    return counts


async def test_a_cap_counts_the_units_of_a_formation(module, wanted, send, ask, act, capped, pumps_used, world):
    """Three pumps were agreed at most: a module with two of them leaves room for one more, and not for two."""
    formation, _ = module
    agreement = await capped(3)
    request, line = await wanted()
    offer = await act(MakeOffer, request, who=LUIK, lines=[named(line, formation, agreement_id=agreement)])
    assert await pumps_used(agreement) == (0, 2)
    await act(AcceptOffer, offer.id)
    await act(CommitOffer, offer.id, who=LUIK)
    assert await pumps_used(agreement) == (2, 0)
    other, (pumps,) = await ask((PUMP, 2))
    two = {"request_line_id": pumps, "quantity": 2, "agreement_id": agreement}
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, other, who=AKEN, lines=[two])
    (reason,) = [each for each in refused.value.extra["reasons"] if each["code"] == "cap_units"]
    assert (reason["figures"]["type_code"], reason["figures"]["would_be"]) == (PUMP, 4)
    await act(MakeOffer, other, who=AKEN, lines=[two | {"quantity": 1}])
    assert await pumps_used(agreement) == (2, 1)


async def test_a_formation_is_refused_by_the_cap_on_its_parts(module, wanted, act, capped):
    """One pump was agreed at most; two under another name are two."""
    formation, _ = module
    agreement = await capped(1)
    request, line = await wanted()
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, request, who=LUIK, lines=[named(line, formation, agreement_id=agreement)])
    (reason,) = refused.value.extra["reasons"]
    assert (reason["code"], reason["figures"]["type_code"]) == ("cap_units", PUMP)
    assert (reason["figures"]["quantity"], reason["figures"]["would_be"]) == (2, 2)


async def test_a_split_uses_no_more_of_a_cap(module, wanted, send, act, walk, capped, pumps_used):
    """Nobody more is out because one pump works round the corner; and one that is home is out no more."""
    formation, parts = module
    agreement = await capped(2)
    request, line = await wanted()
    mission = (await send(request, named(line, formation, agreement_id=agreement)))[formation]
    await walk(mission, "mobilising", "in_transit", "on_scene")
    split = await act(SplitMission, mission, who=LUIK, part_ids=parts[:1])
    (alone,) = [UUID(row["id"]) for row in split.rows["mission"] if row["split_from_id"]]
    assert await pumps_used(agreement) == (2, 0)
    await act(Recall, mission, who=LUIK, why="Fire in Luik.")
    await walk(mission, "returning", "returned")
    assert await pumps_used(agreement) == (1, 0)
    await act(ReleaseMission, alone)
    await walk(alone, "returning", "returned")
    assert await pumps_used(agreement) == (0, 0)


async def test_a_formation_and_its_relief_are_one_under_a_cap(
    module, wanted, send, act, walk, capped, pumps_used, world
):
    """A handover of an hour is no second module, whichever of the two is split meanwhile."""
    formation, parts = module
    agreement = await capped(2)
    request, line = await wanted()
    mission = (await send(request, named(line, formation, agreement_id=agreement)))[formation]
    await walk(mission, "mobilising", "in_transit", "on_scene")
    second = await second_module(act, world)
    relief = await act(PlanRelief, mission, who=LUIK, resource_id=second)
    assert relief.subject["agreement_id"] == str(agreement)
    assert await pumps_used(agreement) == (2, 0)
    await act(SplitMission, mission, who=LUIK, part_ids=parts[:1])
    assert await pumps_used(agreement) == (2, 0)
    await walk(relief.id, "mobilising", "in_transit", "on_scene")
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    assert await pumps_used(agreement) == (2, 0)


# ---------------------------------------------------------------- split


async def test_a_part_goes_on_alone(module, wanted, send, walk, act, statuses, filled, conn):
    """One pump is needed at another place and leaves early: the rest works on, and the line knows what it lacks."""
    formation, parts = module
    request, line = await wanted()
    mission = (await send(request, named(line, formation)))[formation]
    await walk(mission, "mobilising", "in_transit", "on_scene")
    for wrong, error in ((parts, OutOfRange), ([formation], NotAvailable)):
        with pytest.raises(error):
            await act(SplitMission, mission, who=LUIK, part_ids=wrong)
    with pytest.raises(RoleMissing):
        await act(SplitMission, mission, part_ids=parts[:1])
    split = await act(SplitMission, mission, who=LUIK, part_ids=parts[:1])
    (alone,) = [row for row in split.rows["mission"] if row["split_from_id"] == str(mission)]
    assert (alone["status"], alone["type_code"], alone["resource_id"]) == ("on_scene", PUMP, str(parts[0]))
    assert await filled(request) == ("committed", 1)
    with pytest.raises(NotAvailable):
        await act(SplitMission, mission, who=LUIK, part_ids=parts[:1])
    alone_id = UUID(alone["id"])
    await act(Recall, alone_id, who=LUIK, why="Needed at home.")
    assert await filled(request) == ("open", 0)
    await walk(alone_id, "returning", "returned")
    assert await statuses(parts[:1]) == {"available"}
    assert await statuses([formation, *parts[1:]]) == {"committed"}
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    assert await statuses([formation, *parts]) == {"available"}


async def test_the_formation_leaves_and_a_part_stays(module, wanted, send, walk, act, statuses, filled):
    """The whole is called back; the vehicles that were split off before work on, and counts as what it is."""
    formation, parts = module
    request, line = await wanted()
    mission = (await send(request, named(line, formation)))[formation]
    await walk(mission, "mobilising", "in_transit", "on_scene")
    split = await act(SplitMission, mission, who=LUIK, part_ids=parts[2:])
    await act(Recall, mission, who=LUIK, why="Fire in Luik.")
    assert await filled(request) == ("open", 0)
    await walk(mission, "returning", "returned")
    assert await statuses([formation, *parts[:2]]) == {"available"}
    assert await statuses(parts[2:]) == {"committed"}
    other, its_line = await wanted()
    with pytest.raises(NotAvailable, match="a part of"):
        await act(MakeOffer, other, who=LUIK, lines=[named(its_line, formation)])
    for row in split.rows["mission"]:
        if row["split_from_id"] is not None:
            await act(ReleaseMission, UUID(row["id"]))
            await walk(UUID(row["id"]), "returning", "returned")
    assert await statuses([formation, *parts]) == {"available"}


async def test_a_formation_that_is_no_formation_is_not_split(sent, act, world):
    """A single pump has nothing to split."""
    (mission,) = await sent("luik-pump-1")
    with pytest.raises(Conflict, match="Only a formation"):
        await act(SplitMission, mission, who=LUIK, part_ids=[world.units("luik", "pump")[0]])


async def test_what_is_split_off_is_paid_once(module, wanted, send, walk, act, sign, clock, conn, assert_fold):
    """For four hours there was one module, and then a module and a pump; and the year counts the one module that was promised."""
    formation, parts = module
    cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES}
    agreement = await sign(cost, yearly_cost={"amount": "90000.00", "currency": "EUR"})
    request, line = await wanted()
    mission = (await send(request, named(line, formation)))[formation]
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.move(hours=4)
    before = await spent(conn, "live", agreement, "EUR", clock.now())
    split = await act(SplitMission, mission, who=LUIK, part_ids=parts[:1], occurred_at="2026-07-14T12:00:00Z")
    (alone,) = [UUID(row["id"]) for row in split.rows["mission"] if row["split_from_id"] is not None]
    assert await spent(conn, "live", agreement, "EUR", clock.now()) == before > 0
    clock.move(hours=2)
    for each in (mission, alone):
        await act(ReleaseMission, each)
        await walk(each, "returning", "returned")
    claim = await act(DraftClaim, who=("luik", "finance"), mission_ids=[mission, alone])
    billed = {(UUID(row["mission_id"]), row["item"]): row["quantity"] for row in claim.rows["claim_line"]}
    assert (billed[mission, "vehicle_hours"], billed[alone, "vehicle_hours"]) == ("6.00", "2.00")
    assert (billed[mission, "person_hours"], billed[alone, "person_hours"]) == ("78.00", "24.00")
    await assert_fold()


# ---------------------------------------------------------------- parts of several lenders


async def test_several_lenders_fill_one_whole(wanted, send, enter, filled, world, conn, act):
    """Nobody has a module; luik sends the pumps, aken the lorry and the command vehicle: together they are one."""
    more = await enter("aken", COMMAND, TRUCK)
    request, line = await wanted()
    pumps = world.units("luik", "pump")
    await send(request, *(named(line, pump) for pump in pumps[:2]))
    assert await filled(request) == ("open", 0)
    with pytest.raises(OverFilled):
        offer = await act(MakeOffer, request, who=AKEN, lines=[named(line, world.units("aken", "pump")[0])])
        await act(AcceptOffer, offer.id)
    lines = [{"request_line_id": line, "type_code": code, "resource_id": unit} for code, unit in more.items()]
    await send(request, *lines, who=AKEN)
    assert await filled(request) == ("committed", 1)


async def test_a_whole_is_refused_where_only_parts_are_missing(module, wanted, send, enter, act):
    """With both pumps there already, a second module would bring two too many."""
    formation, _ = module
    more = await enter("aken", COMMAND)
    request, line = await wanted()
    await send(request, named(line, more[COMMAND]), who=AKEN)
    with pytest.raises(OverFilled):
        await act(MakeOffer, request, who=LUIK, lines=[named(line, formation)])


# ---------------------------------------------------------------- at once


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", range(1, 8))
async def test_never_alone_and_with_its_formation(
    module, wanted, ask, act, world, pg, conn, monkeypatch, assert_fold, at, swapped
):
    """Two dispatchers at once: one commits the module, the other its pump. Whatever the order, the pump drives once."""
    formation, parts = module
    request, line = await wanted()
    other, (pumps,) = await ask((PUMP, 1))
    committing = []
    for target, wants, unit in ((request, line, formation), (other, pumps, parts[0])):
        representative = ("luik", "authorised_representative")
        offered = {"request_line_id": wants, "quantity": 1, "override_reserve": {"reason": "Both are asked for."}}
        offer = await act(MakeOffer, target, who=representative, lines=[offered])
        await act(AcceptOffer, offer.id)
        units = [{"offer_line_id": offer.rows["offer_line"][0]["id"], "resource_id": unit}]
        committing.append(act(CommitOffer, offer.id, who=LUIK, units=units))
    pair = reversed(committing) if swapped else committing
    answers = await overlapping(monkeypatch, await pg(), *pair, at=at)
    await assert_fold()
    assert sorted(type(answer).__name__ for answer in answers) == ["NotAvailable", "Receipt"], answers
    away = await conn.fetch("SELECT resource_id FROM mission WHERE status <> 'closed'")
    assert len(away) == 1
    states = {
        row["status"] for row in await conn.fetch("SELECT status FROM resource WHERE formation_id = $1", formation)
    }
    assert states == ({"committed"} if away[0]["resource_id"] == formation else {"available", "committed"})


async def test_a_formation_is_told_that_its_way_is_barred(act, module, wanted, send, world, walk):
    """The platoon's own row weighs nothing: its heaviest truck would stand before a bridge of ten tonnes, and nobody had rung."""
    unit, parts = module
    await act(ChangeResource, parts[0], who=LUIK, weight_t=26.0)
    request, line = await wanted()
    sends = {"request_line_id": line, "resource_id": unit}
    (mission,) = (await send(request, sends, who=("luik", "authorised_representative"))).values()
    await walk(mission, "mobilising", "in_transit")
    told = await act(SetCrossingState, world.crossings["eijsden"], who=MAAS, max_weight_t=10.0)
    (warning,) = told.warnings
    assert (warning["code"], warning["missions"]) == ("way_barred", [str(mission)])
    await act(SplitMission, mission, who=LUIK, part_ids=[parts[0]])
    again = await act(SetCrossingState, world.crossings["eijsden"], who=MAAS, max_weight_t=9.0)
    (alone,) = again.warnings[0]["missions"]
    assert alone != str(mission), "the heavy one goes alone now, and it alone is barred"


@pytest.mark.parametrize("format_", ["csv", "geojson"])
async def test_what_is_exported_with_a_formation_comes_back(door, conn, world, module, format_, assert_fold):
    """A platoon in the file would be refused, and with it all units of the city."""
    formation, parts = module
    rows = await export_rows(conn, "live", "resources", world.members["luik"], viewer=None)
    known = await conn.fetch("SELECT id, call_sign FROM resource WHERE member_id = $1", world.members["luik"])
    signs = {row["id"]: row["call_sign"] for row in known}
    exported = {row["call_sign"] for row in rows}
    assert exported == set(signs.values()) - {signs[UUID(str(formation))]}
    assert {signs[UUID(str(part))] for part in parts} <= exported
    command = import_command("resources", write_sheet("resources", rows, format_), format_, member=None)
    told = (await door.execute(command, actor=world.actor(*LUIK), space="live")).outcome
    assert (told["added"], told["changed"], told["unchanged"]) == (0, 0, len(rows))
    await assert_fold()


async def test_a_formation_takes_the_room_of_its_parts(module, wanted, act, reader):
    """A car park with room for two is full of one module: four vehicles stand in the road."""
    body = {"code": "p2", "guide_code": "P2", "names": everywhere("P2"), "kind": "staging_area", "capacity": 2}
    place = (await act(AddRendezvous, lon=5.7, lat=50.8, **body)).id
    request, line = await wanted()
    offer = await act(MakeOffer, request, who=LUIK, lines=[named(line, module[0])])
    await act(AcceptOffer, offer.id)
    units = [{"offer_line_id": offer.rows["offer_line"][0]["id"], "rendezvous_id": str(place)}]
    sent = await act(CommitOffer, offer.id, who=LUIK, units=units)
    full = [{"capacity": 2, "units": 4}]
    assert [each["figures"] for each in sent.warnings if each["code"] == "rendezvous_full"] == full
    assert await used(reader, "live", place) == 4
    again = await act(SendToRendezvous, UUID(sent.rows["mission"][0]["id"]), rendezvous_id=place)
    assert [each["figures"] for each in again.warnings if each["code"] == "rendezvous_full"] == full
