"""The terms of an agreement at work: areas, crossings, phases, caps, reserves by area and hour; and asked again before it binds."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement, SuspendAgreement
from app.commands.calls import AssistNow
from app.commands.crossings import AddCrossing, SetCrossingState
from app.commands.extensions import AnswerExtension, AskExtension
from app.commands.incidents import ChangePhase
from app.commands.missions import CloseMission, ReleaseMission
from app.commands.offer_answers import AcceptOffer, WithdrawOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reassignments import ReassignMission
from app.commands.reliefs import PlanRelief
from app.commands.requests import DraftRequest
from app.domain.authority import SYSTEM
from app.domain.errors import AgreementRefused, RoleMissing
from app.queries.offer_binding import ways as ways_of
from app.queries.offers import offer as read_offer
from app.store.agreements import uses_of
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.conftest import NOON
from tests.interleaving import overlapping
from tests.world import box, everywhere

AKEN = ("aken", "dispatcher")
LUIK_BINDS = ("luik", "authorised_representative")
PUMPER = "engine.pumper"
ELSEWHERE = box(5.2, 50.5, 5.5, 50.6)
LUIKS_DEPOT = box(5.5, 50.6, 5.6, 50.7)


@pytest.fixture
def sign(act, world):
    """Puts an agreement of these terms into force between maas, luik and aken, that goes before the world's; returns its id."""

    async def signs(**terms):
        parties = [world.members[code] for code in ("maas", "luik", "aken")]
        body = {"code": "narrow", "names": everywhere("Narrow"), "lenders": parties, "borrowers": parties}
        body |= {"terms": {"kinds": ["immediate", "planned", "day_to_day"]} | terms, "precedence": 10}
        drafted = await act(DraftAgreement, who=SYSTEM, effective_at="2026-01-01T00:00:00Z", **body)
        await act(ProposeAgreement, drafted.id, who=SYSTEM)
        for party in parties:
            await act(ConsentToAgreement, drafted.id, who=SYSTEM, on_behalf_of=party)
        return drafted.id

    return signs


@pytest.fixture
def offer(act, ask):
    """Offers so many of a type (one pump) under one agreement alone, for a request of its own."""

    async def offers(agreement, *, type_code=PUMP, who=LUIK, **line):
        request, (wanted,) = await ask((type_code, 4))
        said = {"request_line_id": wanted, "agreement_id": agreement} | line
        return await act(MakeOffer, request, who=who, lines=[said])

    return offers


@pytest.fixture
def committed(act, offer, world):
    """Has luik offer one of its units under an agreement, maas take it, and luik commit it; returns the receipt."""

    async def commits(agreement, name="luik-pump-1", **unit):
        made = await offer(agreement, resource_id=world.resources[name])
        await act(AcceptOffer, made.id)
        sent = {"offer_line_id": made.rows["offer_line"][0]["id"]} | unit
        return await act(CommitOffer, made.id, who=LUIK, units=[sent])

    return commits


def codes(refusal):
    return [reason["code"] for reason in refusal.value.extra["reasons"] if reason["blocking"]]


def mission_of(receipt):
    (row,) = receipt.rows["mission"]
    return row


@pytest.mark.parametrize(
    ("terms", "line", "expected"),
    [
        ({"area": ELSEWHERE}, {}, "place_not_covered"),
        ({"phases": {"NL": "grip_2"}}, {}, "phase_not_reached"),
        ({"caps": {"units": [{"type": PUMP, "most": 1}]}}, {"quantity": 2}, "cap_units"),
        ({"caps": {"longest_deployment_h": 4}}, {"expected_hours": 5}, "longest_deployment"),
        ({"reserve": [{"type": PUMP, "keep": 3, "hours": {"start": "13:00", "end": "15:00"}}]}, {}, "reserve_floor_hours"),
        ({"reserve": [{"type": PUMP, "keep": 3, "area": LUIKS_DEPOT}]}, {}, "reserve_floor_area"),
    ],
)  # fmt: skip
async def test_an_offer_outside_the_terms_is_refused(offer, sign, terms, line, expected, assert_fold):
    """It is two in the afternoon at luik's; whatever was signed must hold when somebody is in a hurry."""
    agreement = await sign(**terms)
    with pytest.raises(AgreementRefused) as refused:
        await offer(agreement, **line)
    assert codes(refused) == [expected]
    await assert_fold()


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        ({"area": box(5.6, 50.7, 5.8, 50.9)}, {}),
        ({"caps": {"units": [{"type": PUMP, "most": 2}]}}, {"quantity": 2}),
        ({"caps": {"longest_deployment_h": 4}}, {"expected_hours": 4}),
        ({"reserve": [{"type": PUMP, "keep": 3, "hours": {"start": "12:00", "end": "14:00"}}]}, {}),
        ({"reserve": [{"type": PUMP, "keep": 0, "area": ELSEWHERE}]}, {}),
    ],
)
async def test_an_offer_within_the_terms_goes(offer, sign, terms, line):
    """A term that refuses everybody is noticed on the day of the flood. At luik's it is two o'clock: the early hours are over."""
    agreement = await sign(**terms)
    made = await offer(agreement, **line)
    assert made.rows["offer_line"][0]["agreement_id"] == str(agreement)


async def test_the_phase_opens_the_agreement(act, ask, sign, world, incident):
    """An agreement for disasters is none for a burst pipe; once the country has scaled up it is one."""
    agreement = await sign(phases={"NL": "grip_2"})
    request, (line,) = await ask((PUMP, 2))
    body = {"lines": [{"request_line_id": line, "agreement_id": agreement}]}
    with pytest.raises(AgreementRefused):
        await act(MakeOffer, request, who=LUIK, **body)
    await act(ChangePhase, incident, country="NL", phase="grip_3")
    made = await act(MakeOffer, request, who=LUIK, **body)
    assert made.rows["offer_line"][0]["findings"] == []


async def test_what_is_allowed_and_warned_of_is_told_with_the_offer(offer, sign, assert_fold):
    """The insurers have not answered: whoever sends should know it before, and not from the court."""
    agreement = await sign(clauses={"insurance": {"status": "open"}, "customs": {"status": "not_applicable"}})
    made = await offer(agreement)
    assert [warning["code"] for warning in made.warnings] == ["clauses_open"]
    (finding,) = made.rows["offer_line"][0]["findings"]
    assert (finding["code"], finding["blocking"], finding["figures"]) == (
        "clauses_open",
        False,
        {"clauses": ["insurance"]},
    )
    await assert_fold()


@pytest.mark.parametrize(
    "terms",
    [
        {"area": ELSEWHERE},
        {"phases": {"NL": "grip_2"}},
        {"caps": {"units": [{"type": PUMP, "most": 1}]}},
        {"hazards": ["wildfire"]},
    ],
)
async def test_outside_every_term_a_representative_helps_all_the_same(act, offer, sign, world, terms, assert_fold):
    """No paper ever let anybody drown: it is a named act, a warning, and told with every reason."""
    await sign(**terms)
    await act(SuspendAgreement, world.agreements["maas-broad"], who=LUIK_BINDS, reason="Renewed.")
    with pytest.raises(RoleMissing):
        await offer(None, quantity=2, ad_hoc=True)
    made = await offer(None, quantity=2, ad_hoc=True, who=LUIK_BINDS)
    (line,) = made.rows["offer_line"]
    assert (line["agreement_id"], {finding["blocking"] for finding in line["findings"]}) == (None, {False})
    assert "ad_hoc" in [warning["code"] for warning in made.warnings]
    await assert_fold()


# ---------------------------------------------------------------- caps


CAPPED = {"caps": {"units": [{"type": PUMPER, "most": 2}]}}


async def test_a_cap_counts_over_lenders_and_lets_go_what_is_over(act, offer, sign, world, conn, assert_fold):
    """Four pumpers under an agreement for two; and the third is welcome once the first is withdrawn."""
    agreement = await sign(**CAPPED)
    first = await offer(agreement, type_code=PUMPER)
    await offer(agreement, type_code=PUMPER, who=AKEN)
    with pytest.raises(AgreementRefused) as refused:
        await offer(agreement, type_code=PUMPER, who=AKEN)
    (reason,) = refused.value.extra["reasons"]
    assert reason["figures"] == {
        "type_code": PUMPER, "most": 2, "under_way": 0, "promised": 2, "quantity": 1, "would_be": 3,
    }  # fmt: skip
    await act(WithdrawOffer, first.id, who=LUIK)
    await offer(agreement, type_code=PUMPER, who=AKEN)
    assert (await uses_of(conn, "live", PUMPER))[agreement].promised == 2
    await assert_fold()


async def test_lines_of_one_offer_count_together(act, ask, sign, world):
    """Each line is within the cap, and together they are twice of it."""
    agreement = await sign(**CAPPED)
    request, (line,) = await ask((PUMPER, 4))
    both = [
        {"request_line_id": line, "agreement_id": agreement, "resource_id": id_}
        for id_ in world.units("luik", "engine")
    ]
    with pytest.raises(AgreementRefused) as refused:
        await act(MakeOffer, request, who=LUIK, lines=[*both, {"request_line_id": line, "agreement_id": agreement}])
    assert {reason["line"] for reason in refused.value.extra["reasons"]} == {2}


async def test_a_phone_call_is_warned_of_the_cap_and_never_blocked(act, incident, sign, world, conn, assert_fold):
    """The unit is rolling already; that it is one too many is told, and it counts."""
    agreement = await sign(**CAPPED)
    await act(SuspendAgreement, world.agreements["maas-broad"], who=LUIK_BINDS, reason="Renewed.")
    said = {
        "requester_id": world.members["maas"], "lender_id": world.members["luik"], "incident_id": incident,
        "type_code": PUMPER, "quantity": 2, "lon": 5.7, "lat": 50.78,
    }  # fmt: skip
    within = await act(AssistNow, **said)
    assert [warning["code"] for warning in within.warnings] == []
    assert (await uses_of(conn, "live", PUMPER))[agreement].under_way == 2
    beyond = await act(AssistNow, **said | {"lender_id": world.members["aken"]})
    assert [warning["code"] for warning in beyond.warnings] == ["cap_units", "ad_hoc"]
    assert {row["agreement_id"] for row in beyond.rows["mission"]} == {None}
    await assert_fold()


async def test_a_relief_takes_the_place_under_the_cap(act, committed, sign, world, conn, assert_fold):
    """Two crews take turns at one pump: that is one pump under the agreement, not two."""
    agreement = await sign(caps={"units": [{"type": PUMP, "most": 1}], "longest_deployment_h": 12})
    mission = UUID(mission_of(await committed(agreement))["id"])
    body = {"resource_id": world.resources["luik-pump-2"], "relieve_by": "2026-07-15T03:00:00Z"}
    await act(SuspendAgreement, world.agreements["maas-broad"], who=LUIK_BINDS, reason="Renewed.")
    with pytest.raises(AgreementRefused) as refused:
        await act(PlanRelief, mission, who=LUIK, **body)
    assert codes(refused) == ["longest_deployment"]
    relief = await act(PlanRelief, mission, who=LUIK, **body | {"relieve_by": "2026-07-14T22:00:00Z"})
    assert relief.subject["agreement_id"] == str(agreement)
    assert (await uses_of(conn, "live", PUMP))[agreement].under_way == 1
    await assert_fold()


@pytest.mark.parametrize("lenders", [(LUIK, AKEN), (LUIK, LUIK)])
@pytest.mark.parametrize("at", range(1, 7))
async def test_two_lenders_at_once_never_pass_the_cap(act, ask, sign, conn, monkeypatch, lenders, at, assert_fold):
    """Two cities look at the same moment, and each sees room for its two."""
    agreement = await sign(**CAPPED)
    making = []
    for lender in lenders:
        request, (line,) = await ask((PUMPER, 4))
        said = [{"request_line_id": line, "agreement_id": agreement, "quantity": 2}]
        making.append(act(MakeOffer, request, who=lender, lines=said))
    answers = await overlapping(monkeypatch, conn, *making, at=at)
    assert sorted(type(answer).__name__ for answer in answers) == ["AgreementRefused", "Receipt"]
    assert (await uses_of(conn, "live", PUMPER))[agreement].promised == 2
    await assert_fold()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("at", range(1, 7))
async def test_an_offer_and_a_phone_call_at_once(act, ask, incident, sign, world, conn, monkeypatch, swapped, at):
    """The call goes whatever the cap says; the offer counts it or is counted by it, and one of the two is told."""
    agreement = await sign(caps={"units": [{"type": PUMPER, "most": 1}]})
    await act(SuspendAgreement, world.agreements["maas-broad"], who=LUIK_BINDS, reason="Renewed.")
    request, (line,) = await ask((PUMPER, 4))
    offering = act(MakeOffer, request, who=LUIK, lines=[{"request_line_id": line, "agreement_id": agreement}])
    ringing = act(
        AssistNow, requester_id=world.members["maas"], lender_id=world.members["aken"], incident_id=incident,
        type_code=PUMPER, quantity=1, lon=5.7, lat=50.78,
    )  # fmt: skip
    pair = (ringing, offering) if swapped else (offering, ringing)
    answers = await overlapping(monkeypatch, conn, *pair, at=at)
    offered, rung = reversed(answers) if swapped else answers
    told = [warning["code"] for warning in rung.warnings]
    assert isinstance(offered, AgreementRefused) is (told == [])
    assert told in ([], ["cap_units", "ad_hoc"])
    use = (await uses_of(conn, "live", PUMPER))[agreement]
    assert use.under_way + use.promised == 1


# ---------------------------------------------------------------- crossings


@pytest.fixture
async def kanne(act, world):
    """A second crossing between luik and maas, farther away than eijsden."""
    body = {"code": "kanne", "names": everywhere("Kanne"), "lon": 5.5, "lat": 50.75, "roads": ["N671"]}
    sides = {"member_a_id": world.members["maas"], "member_b_id": world.members["luik"]}
    return (await act(AddCrossing, who=SYSTEM, **body, **sides, control="none", capacity_vph=300)).id


async def test_a_unit_takes_a_crossing_that_the_agreement_allows(act, committed, sign, kanne, world, assert_fold):
    """The soonest way is over a bridge that the agreement leaves out: nobody is insured on it."""
    agreement = await sign(crossings=["kanne"])
    assert mission_of(await committed(agreement))["crossing_id"] == str(kanne)
    with pytest.raises(AgreementRefused) as refused:
        await committed(agreement, "luik-pump-2", crossing_id=world.crossings["eijsden"])
    assert codes(refused) == ["crossing_not_allowed"]
    await assert_fold()


async def test_no_allowed_crossing_is_open(act, offer, sign, world, assert_fold):
    """Vaals leads to Germany: over it nobody comes from Liège. The representative sends the unit under the treaty."""
    agreement = await sign(crossings=["vaals"])
    made = await offer(agreement, resource_id=world.resources["luik-pump-1"])
    await act(AcceptOffer, made.id)
    with pytest.raises(AgreementRefused) as refused:
        await act(CommitOffer, made.id, who=LUIK)
    assert codes(refused) == ["crossing_not_allowed"]
    assert refused.value.detail == "Units do not pass at Eijsden under this agreement; allowed are: Vaals."
    with pytest.raises(RoleMissing):
        await act(CommitOffer, made.id, who=LUIK, ad_hoc=True)
    receipt = await act(CommitOffer, made.id, who=LUIK_BINDS, ad_hoc=True)
    row = mission_of(receipt)
    assert (row["crossing_id"], row["agreement_id"]) == (str(world.crossings["eijsden"]), None)
    assert [warning["code"] for warning in receipt.warnings] == ["crossing_not_allowed", "ad_hoc"]
    await assert_fold()


# ---------------------------------------------------------------- asked again


async def test_a_suspension_after_the_offer_stops_the_commitment(act, offer, sign, world, assert_fold):
    """Signed in the morning, set aside at noon, committed in the evening: under which paper would it drive?"""
    agreement = await sign()
    made = await offer(agreement, resource_id=world.resources["luik-pump-1"])
    await act(SuspendAgreement, agreement, who=("aken", "authorised_representative"), reason="Insurance.")
    accepted = await act(AcceptOffer, made.id)
    assert [warning["code"] for warning in accepted.warnings] == ["not_in_force"]
    with pytest.raises(AgreementRefused) as refused:
        await act(CommitOffer, made.id, who=LUIK)
    assert codes(refused) == ["not_in_force"]
    receipt = await act(CommitOffer, made.id, who=LUIK_BINDS, ad_hoc=True)
    assert mission_of(receipt)["agreement_id"] is None
    await assert_fold()


async def test_what_was_counted_once_is_committed_beyond_the_cap_and_told(act, offer, sign, world, conn):
    """The offer was counted when it was made; that there are more by now is told, and stops nothing."""
    agreement = await sign(caps={"units": [{"type": PUMPER, "most": 2}]})
    made = await offer(agreement, type_code=PUMPER, resource_id=world.resources["luik-engine-1"])
    await act(AcceptOffer, made.id)
    other = await offer(agreement, type_code=PUMPER, who=AKEN)
    await conn.execute("UPDATE offer_line SET quantity = 2 WHERE offer_id = $1", other.id)  # as if by another way
    receipt = await act(CommitOffer, made.id, who=LUIK)
    assert mission_of(receipt)["agreement_id"] == str(agreement)
    (warning,) = receipt.warnings
    assert (warning["code"], warning["figures"]["would_be"]) == ("cap_units", 3)


async def test_a_stay_that_is_too_long_is_refused_when_it_is_committed(act, committed, sign, clock, assert_fold):
    """Thirty days are free, and the unit is promised for forty."""
    agreement = await sign(caps={"longest_deployment_h": 24})
    with pytest.raises(AgreementRefused) as refused:
        await committed(agreement, relieve_by=(clock.now() + timedelta(hours=25)).isoformat())
    assert codes(refused) == ["longest_deployment"]
    receipt = await committed(agreement, "luik-pump-2", relieve_by=(clock.now() + timedelta(hours=24)).isoformat())
    assert mission_of(receipt)["agreement_version"] == 1
    await assert_fold()


async def test_an_extension_beyond_the_agreement_is_a_named_act(act, committed, sign, clock, assert_fold):
    """Who asks is told that it is more than was agreed; only the lender's representative can give it."""
    agreement = await sign(caps={"longest_deployment_h": 24})
    mission = UUID(mission_of(await committed(agreement))["id"])
    until = (clock.now() + timedelta(hours=30)).isoformat()
    asked = await act(AskExtension, mission, until=until, reason="The water stays.")
    (warning,) = asked.warnings
    assert (warning["code"], warning["figures"]) == ("longest_deployment", {"longest_h": 24, "hours": 30.0})
    with pytest.raises(AgreementRefused) as refused:
        await act(AnswerExtension, asked.id, who=LUIK, granted=True)
    assert codes(refused) == ["longest_deployment"]
    with pytest.raises(RoleMissing):
        await act(AnswerExtension, asked.id, who=LUIK, granted=True, ad_hoc=True)
    granted = await act(AnswerExtension, asked.id, who=LUIK_BINDS, granted=True, ad_hoc=True)
    assert granted.subject["status"] == "granted"
    await assert_fold()


async def test_a_reassignment_out_of_the_area_is_told(act, committed, sign):
    """The unit goes where its lender lets it; that the agreement ends at the next village has to be said."""
    agreement = await sign(area=box(5.6, 50.7, 5.8, 50.8))
    mission = UUID(mission_of(await committed(agreement))["id"])
    proposed = await act(ReassignMission, mission, lon=5.7, lat=50.9, reason="The dike at Bunde.")
    assert [warning["code"] for warning in proposed.warnings] == ["place_not_covered"]


async def test_a_mission_under_way_survives_the_suspension(act, committed, sign, walk, assert_fold):
    """An argument about insurance must not leave a crew on the other side without orders."""
    agreement = await sign(caps={"longest_deployment_h": 24})
    mission = UUID(mission_of(await committed(agreement))["id"])
    await walk(mission, "mobilising", "in_transit", "on_scene")
    await act(SuspendAgreement, agreement, who=LUIK_BINDS, reason="Insurance.")
    await act(ReleaseMission, mission, who=MAAS)
    await walk(mission, "returning", "returned")
    closed = await act(CloseMission, mission, who=LUIK)
    assert (closed.subject["status"], closed.subject["agreement_version"]) == ("closed", 1)
    await assert_fold()


async def test_the_ways_of_an_offer_are_told_before_it_is_committed(act, sign, offer, world, reader):
    """Whoever commits picks a bridge that the agreement forbids, from a list of every crossing of three countries."""
    await act(SetCrossingState, world.crossings["eijsden"], who=MAAS, control="none", delay_min=90)
    agreement = await sign(crossings=["eijsden"])
    made = await offer(agreement)
    told = await read_offer(reader, "live", made.id, viewer=world.members["luik"])
    ways = await ways_of(reader, "live", told, at=NOON)
    by_code = {
        code: next((way for way in ways.items if way.crossing_id == id_), None) for code, id_ in world.crossings.items()
    }
    assert by_code["vaals"] is None, "it leads into the other country"
    first = by_code["eijsden"]
    assert (first.allowed, first.best, first.barred, first.against) == (True, True, (), ())
    assert ways.items[0] == first
    assert first.eta_min > 90
    await act(SetCrossingState, world.crossings["eijsden"], who=MAAS, control="closed")
    (shut,) = [
        way for way in (await ways_of(reader, "live", told, at=NOON)).items if way.crossing_id == first.crossing_id
    ]
    assert (shut.barred, shut.best) == (("closed",), False)


async def test_a_way_between_that_the_agreement_allows_is_told_beside_a_sooner_one_that_it_does_not(
    act, sign, incident, world, reader
):
    """The unit went by Maastricht, and the list before it knew only of Lichtenbusch, where nobody is insured."""
    agreement = await sign(crossings=["eijsden", "vaals"])
    wanted = {"type_code": PUMP, "quantity": 1, "priority": "life_safety", "lon": 6.1, "lat": 50.7}
    body = {"incident_id": incident, "kind": "immediate", "lines": [wanted], "then": "open"}
    asked = await act(DraftRequest, who=AKEN, **body)
    line = {"request_line_id": asked.rows["request_line"][0]["id"], "agreement_id": agreement}
    made = await act(
        MakeOffer, asked.id, who=LUIK, lines=[line | {"resource_id": world.resources["luik-pump-1"]}]
    )  # fmt: skip
    told = await read_offer(reader, "live", made.id, viewer=world.members["luik"])
    through, straight = (await ways_of(reader, "live", told, at=NOON)).items
    at = world.crossings
    assert (through.crossing_id, through.via_crossing_ids) == (at["eijsden"], (at["vaals"],))
    assert (through.allowed, through.best) == (True, True)
    assert (straight.crossing_id, straight.via_crossing_ids) == (at["lichtenbusch"], ())
    assert (straight.allowed, straight.best, straight.barred) == (False, False, ())
    assert straight.eta_min < through.eta_min
    await act(AcceptOffer, made.id, who=AKEN)
    row = mission_of(await act(CommitOffer, made.id, who=LUIK))
    assert (row["crossing_id"], row["via_crossing_ids"]) == (str(at["eijsden"]), [str(at["vaals"])])


# ---------------------------------------------------------------- who may bind


async def test_from_a_phase_on_dispatchers_bind_for_planned_help(act, ask, sign, incident, world, reader, assert_fold):
    """At GRIP 3 the representative is in the crisis team; below it planned help is still the representative's. Whoever looks at the
    offer is told the same, or a button stands where it is refused.
    """
    agreement = await sign(dispatchers_bind={"NL": "grip_3", "BE": "provincial"})
    request, (line,) = await ask((PUMP, 2), kind="planned", who=("maas", "authorised_representative"))
    said = [{"request_line_id": line, "agreement_id": agreement, "resource_id": world.resources["luik-pump-1"]}]
    made = await act(MakeOffer, request, who=LUIK, lines=said)

    async def shown():
        return (await read_offer(reader, "live", made.id, viewer=world.members["luik"])).dispatchers_bind

    await act(ChangePhase, incident, country="NL", phase="grip_2")
    assert await shown() == ()
    with pytest.raises(RoleMissing):
        await act(AcceptOffer, made.id, who=MAAS)
    await act(ChangePhase, incident, country="NL", phase="grip_3")
    assert await shown() == ("requester",)
    await act(AcceptOffer, made.id, who=MAAS)
    with pytest.raises(RoleMissing):
        await act(CommitOffer, made.id, who=LUIK)
    await act(ChangePhase, incident, who=LUIK, country="BE", phase="federal")
    assert await shown() == ("requester", "lender")
    committed = await act(CommitOffer, made.id, who=LUIK)
    assert mission_of(committed)["agreement_id"] == str(agreement)
    await assert_fold()


async def test_an_offer_into_the_night_is_warned_of_what_the_night_keeps(offer, sign):
    """A minute before ten nothing is kept, and at ten the city has no pump until the morning."""
    agreement = await sign(reserve=[{"type": PUMP, "keep": 3, "hours": {"start": "17:00", "end": "06:00"}}])
    short = await offer(agreement, expected_hours=2)
    assert [warning["code"] for warning in short.warnings] == []
    made = await offer(agreement, expected_hours=8)
    (warning,) = made.warnings
    assert warning["code"] == "reserve_floor_later"
    assert (warning["figures"]["start"], warning["figures"]["keep"]) == ("17:00", 3)
