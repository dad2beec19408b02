"""Whose word an act is: help without an agreement, a suspension, what a clause has promised, and a role on the wrong side."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.commands.agreements import ResumeAgreement, SuspendAgreement, TerminateAgreement
from app.commands.calls import AssistNow, ConfirmCall
from app.commands.day_to_day import SendDayToDay
from app.commands.debts import MakeDebtGood
from app.commands.offers import MakeOffer
from app.commands.reliefs import PlanRelief
from app.commands.requests import DraftRequest
from app.commands.resources import AddResource, SetResourceStatus
from app.domain.errors import Conflict, NotAvailable, RoleMissing, WrongSide
from tests.commands.conftest import LUIK, MAAS, PUMP

AR = "authorised_representative"
AMBULANCE = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}


@pytest.fixture
def call(act, world):
    """Has maas and luik agree by telephone on help from day to day, as luik's dispatcher writes it down."""

    async def calls(who=LUIK, kind="day_to_day", **other):
        body = {"requester_id": world.members["maas"], "lender_id": world.members["luik"], "kind": kind,
                "type_code": "ambulance.als", "quantity": 1, "lon": 5.7, "lat": 50.78}  # fmt: skip
        return await act(AssistNow, who=who, **body | other)

    return calls


async def debts(conn):
    return {row["act"]: row["status"] for row in await conn.fetch("SELECT act, status FROM debt")}


async def test_an_ambulance_without_an_agreement_is_the_representatives_act(act, world, conn, assert_fold):
    """Under the treaty a member binds itself by nobody but its representative, however small the help is."""
    await act(TerminateAgreement, world.agreements["maas-broad"], who=("maas", AR))
    body = {"kind": "day_to_day", "to_member_id": str(world.members["luik"]), "lines": [AMBULANCE], "then": "open"}
    asked = await act(DraftRequest, **body)
    unit = {"resource_id": world.resources["luik-ambulance-1"]}
    with pytest.raises(RoleMissing) as refused:
        await act(SendDayToDay, asked.id, who=LUIK, **unit)
    assert refused.value.extra["command"] == "offer_ad_hoc"
    assert "representative" in refused.value.advice
    sent = await act(SendDayToDay, asked.id, who=("luik", AR), **unit)
    assert "ad_hoc" in [warning["code"] for warning in sent.warnings]
    assert await debts(conn) == {}
    await assert_fold()


async def test_a_call_without_an_agreement_leaves_the_lender_a_debt(act, call, world, conn, assert_fold):
    """The ambulance rolls; that there was no agreement is made good by somebody who may bind the lender."""
    await act(TerminateAgreement, world.agreements["maas-broad"], who=("maas", AR))
    called = await call()
    await act(ConfirmCall, called.id)
    assert await debts(conn) == {"open": "made_good", "accept": "made_good", "ad_hoc": "owed"}
    debt = await conn.fetchval("SELECT id FROM debt WHERE act = 'ad_hoc' AND member_id = $1", world.members["luik"])
    with pytest.raises(RoleMissing):
        await act(MakeDebtGood, debt, who=LUIK)
    assert (await act(MakeDebtGood, debt, who=("luik", AR))).subject["status"] == "made_good"
    await assert_fold()


async def test_a_call_under_an_agreement_leaves_none(call, conn):
    """A debt that stands for nothing teaches people to click it away."""
    await call()
    assert "ad_hoc" not in await debts(conn)


async def test_each_party_takes_back_its_own_suspension(act, world, assert_fold):
    """What a member has set aside for want of insurance no neighbour puts into force again over its head."""
    broad = world.agreements["maas-broad"]
    suspended = await act(SuspendAgreement, broad, who=("aken", AR), reason="The insurance has run out.")
    assert suspended.subject["suspended_by"] == [str(world.members["aken"])]
    with pytest.raises(Conflict) as refused:
        await act(ResumeAgreement, broad, who=("maas", AR))
    assert "suspended_by" in refused.value.advice
    with pytest.raises(Conflict):
        await act(SuspendAgreement, broad, who=("aken", AR), reason="Still.")
    await act(SuspendAgreement, broad, who=("luik", AR), reason="Neither have we any.")
    lifted = await act(ResumeAgreement, broad, who=("aken", AR))
    assert (lifted.subject["status"], lifted.subject["suspended_by"]) == ("suspended", [str(world.members["luik"])])
    resumed = await act(ResumeAgreement, broad, who=("luik", AR))
    assert (resumed.subject["status"], resumed.subject["suspended_reason"]) == ("in_force", None)
    await assert_fold()


async def test_an_agreement_that_is_ended_at_once_says_when(act, world, clock):
    """Whoever reads it a year later must see until when it counted, and who ended it."""
    ended = await act(TerminateAgreement, world.agreements["maas-broad"], who=("maas", AR))
    assert ended.subject["terminates_at"] == clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert ended.subject["notice_by_member_id"] == str(world.members["maas"])


async def test_the_role_is_there_and_the_side_is_wrong(act, ask, world):
    """Told that a role is missing, a dispatcher who holds it rings the admin instead of the other side."""
    request, (line,) = await ask((PUMP, 1))
    with pytest.raises(WrongSide) as refused:
        await act(
            SetResourceStatus, world.resources["luik-pump-1"], who=MAAS, status="out_of_service", reason="exercise"
        )
    assert refused.value.extra["side"] == "owner"
    assert "owns" in refused.value.advice
    lines = [{"request_line_id": line}]
    with pytest.raises(RoleMissing) as missing:
        await act(MakeOffer, request, who=("luik", "viewer"), lines=lines)
    assert missing.value.slug == "role-missing"


async def test_a_relief_is_looked_at_before_the_reserve_is(act, sent, world):
    """A lorry named by mistake for a pump is told to be a lorry, and not that a pump has to stay at home."""
    first, _ = await sent("luik-pump-1", "luik-pump-2")
    with pytest.raises(NotAvailable) as refused:
        await act(PlanRelief, first, who=LUIK, resource_id=world.resources["luik-engine-1"])
    assert PUMP in refused.value.detail
    added = await act(
        AddResource,
        who=LUIK,
        depot_id=world.depots["luik"],
        type_code=PUMP,
        call_sign="Luik old pump",
        mobilisation_min=10,
    )
    broken = UUID(str(added.id))
    await act(SetResourceStatus, broken, who=LUIK, status="out_of_service", reason="maintenance")
    with pytest.raises(NotAvailable) as refused:
        await act(PlanRelief, first, who=LUIK, resource_id=broken)
    assert "out of service" in refused.value.detail
