"""Agreements from draft to their end: who sees them, who signs, and when they count."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.commands.agreements import (
    ConsentToAgreement,
    DraftAgreement,
    ExpireAgreement,
    ProposeAgreement,
    ResumeAgreement,
    SuspendAgreement,
    TerminateAgreement,
)
from app.commands.due import run_due
from app.domain.agreements import Case
from app.domain.authority import SYSTEM
from app.domain.errors import (
    Conflict,
    Duplicate,
    NotFound,
    OutOfRange,
    RoleMissing,
    TransitionNotAllowed,
    UnknownCode,
    WrongSide,
)
from app.queries import agreements as queries
from app.store.engine import reading
from tests.world import everywhere

REPRESENTATIVE = "authorised_representative"
END = datetime(2026, 12, 31, tzinfo=UTC)


@pytest.fixture
def do(door, world):
    """Executes a command as a representative of a member."""

    async def does(command, target=None, *, who="luik", role=REPRESENTATIVE):
        actor = who if who is SYSTEM else world.actor(who, role)
        return await door.execute(command, actor=actor, space="live", target=target)

    return does


@pytest.fixture
def drafted(world):
    """Makes the draft of an agreement between luik and hasselt."""

    def make(**other):
        body = {
            "code": "luik-hasselt",
            "names": everywhere("Liège and Hasselt"),
            "lenders": [world.members["luik"]],
            "borrowers": [world.members["hasselt"]],
            "terms": {"hazards": ["flood"], "types": ["pump.high_capacity"], "kinds": ["planned"]},
            "effective_at": "2026-07-01T00:00:00Z",
            "expires_at": END,
        }
        return DraftAgreement.model_validate(body | other)

    return make


async def views(pg, world, viewer):
    return {view.code: view for view in await queries.agreements(await pg(), "live", viewer=world.members[viewer])}


async def test_an_agreement_is_in_force_when_every_party_has_consented(do, drafted, pg, world, assert_fold):
    """One party's signature must never bind another."""
    made = await do(drafted())
    assert made.subject["status"] == "draft"
    proposed = await do(ProposeAgreement(), made.id)
    assert proposed.subject["status"] == "proposed"
    first = await do(ConsentToAgreement(), made.id)
    assert first.subject["status"] == "proposed"
    (waiting,) = [view.awaiting for view in (await views(pg, world, "aken")).values() if view.code == "luik-hasselt"]
    assert waiting == (world.members["hasselt"],)
    last = await do(ConsentToAgreement(), made.id, who="hasselt")
    assert last.subject["status"] == "in_force"
    assert (await views(pg, world, "aken"))["luik-hasselt"].awaiting == ()
    await assert_fold()


async def test_a_draft_is_for_its_parties_alone_even_after_its_end(do, drafted, pg, world, assert_fold):
    """What two cities are still talking about is nobody else's business."""
    made = await do(drafted())
    assert "luik-hasselt" in await views(pg, world, "hasselt")
    assert "luik-hasselt" not in await views(pg, world, "aken")
    for command in (ProposeAgreement(), ConsentToAgreement(), TerminateAgreement()):
        with pytest.raises(NotFound):
            await do(command, made.id, who="aken")
    await do(TerminateAgreement(), made.id, who="hasselt")
    assert "luik-hasselt" not in await views(pg, world, "aken")
    shown = await (await pg()).fetch("SELECT DISTINCT visibility FROM journal_entry WHERE subject_id = $1", made.id)
    assert [row["visibility"] for row in shown] == ["parties"]
    await assert_fold()


async def test_who_may_sign(do, drafted, world):
    """A signature of somebody who can't bind the member is worth nothing in court."""
    with pytest.raises(RoleMissing):
        await do(drafted(), role="dispatcher")
    with pytest.raises(RoleMissing):
        await do(drafted(), who="aken")
    made = await do(drafted())
    await do(ProposeAgreement(), made.id)
    with pytest.raises(RoleMissing):
        await do(ConsentToAgreement(), made.id, who="hasselt", role="dispatcher")
    with pytest.raises(RoleMissing):
        await do(ConsentToAgreement(), made.id, who="aken")
    with pytest.raises(WrongSide):
        await do(ConsentToAgreement(on_behalf_of=world.members["hasselt"]), made.id, who="luik")
    with pytest.raises(OutOfRange):
        await do(ConsentToAgreement(), made.id, who=SYSTEM)
    await do(ConsentToAgreement(on_behalf_of=world.members["luik"]), made.id, who="luik")
    with pytest.raises(Conflict):
        await do(ConsentToAgreement(), made.id, who="luik")


async def test_consent_comes_after_the_proposal(do, drafted):
    """Until it is proposed the words can still change under a signature."""
    made = await do(drafted())
    with pytest.raises(TransitionNotAllowed):
        await do(ConsentToAgreement(), made.id)


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"terms": {"hazards": ["locusts"], "kinds": ["planned"]}}, UnknownCode),
        ({"terms": {"types": ["pump.magic"], "kinds": ["planned"]}}, UnknownCode),
        ({"terms": {"reserve": [{"type": "pump.magic", "keep": 1}], "kinds": ["planned"]}}, UnknownCode),
        ({"expires_at": "2026-07-14T12:00:00Z"}, OutOfRange),
        ({"effective_at": "2027-01-01T00:00:00Z"}, OutOfRange),
        ({"code": "maas-broad"}, Duplicate),
    ],
)
async def test_a_draft_that_could_never_be_checked_is_refused(do, drafted, other, error, assert_fold):
    """A misspelt type in an agreement is found on the day of the flood."""
    with pytest.raises(error):
        await do(drafted(**other))
    await assert_fold()


async def test_an_agreement_needs_two_members(do, drafted, world):
    """A member that agrees with itself would appear as covered."""
    with pytest.raises(OutOfRange):
        await do(drafted(borrowers=[world.members["luik"]]))


async def test_suspended_resumed_terminated(do, world, engine, assert_fold):
    """Whoever suspends must find the agreement out of force at once, and in force again afterwards."""
    broad = world.agreements["maas-broad"]
    case = Case(
        "flood",
        "pump.high_capacity",
        "planned",
        world.members["luik"],
        world.members["maas"],
        2,
        datetime(2026, 7, 14, 12, tzinfo=UTC),
    )

    async def tried():
        async with reading(engine) as conn:
            return await queries.try_case(conn, "live", case)

    assert (await tried()).allowed
    suspended = await do(SuspendAgreement(reason="The insurance has run out."), broad, who="aken")
    assert suspended.subject["suspended_reason"] == "The insurance has run out."
    trial = await tried()
    assert [reason.code for reason in trial.reasons] == ["not_in_force", "not_asked"]
    resumed = await do(ResumeAgreement(), broad, who="aken")
    assert (resumed.subject["status"], resumed.subject["suspended_reason"]) == ("in_force", None)
    await do(TerminateAgreement(), broad)
    trial = await tried()
    assert [reason.code for reason in trial.reasons] == ["no_agreement", "not_asked"]
    with pytest.raises(TransitionNotAllowed):
        await do(ResumeAgreement(), broad)
    await assert_fold()


async def test_each_party_has_its_own_reason(do, world, pg, assert_fold):
    """One takes its word back, and the other's suspension would stand with a reason that it never gave."""
    broad = world.agreements["maas-broad"]
    await do(SuspendAgreement(reason="insurance M"), broad, who="maas")
    both = await do(SuspendAgreement(reason="radio L"), broad, who="luik")
    maas, luik = str(world.members["maas"]), str(world.members["luik"])
    assert both.subject["suspended_reasons"] == {maas: "insurance M", luik: "radio L"}
    left = await do(ResumeAgreement(), broad, who="luik")
    assert (left.subject["suspended_by"], left.subject["suspended_reason"]) == ([maas], "insurance M")
    assert (await views(pg, world, "maas"))["maas-broad"].suspended_reasons == {maas: "insurance M"}
    resumed = await do(ResumeAgreement(), broad, who="maas")
    assert (resumed.subject["suspended_reasons"], resumed.subject["suspended_reason"]) == ({}, None)
    await assert_fold()


async def test_the_term_ends_by_itself(do, drafted, door, clock, world, pg, assert_fold):
    """An agreement that nobody remembered to end must not cover anything past its date."""
    made = await do(drafted())
    await do(ProposeAgreement(), made.id)
    with pytest.raises(Conflict):
        await do(ExpireAgreement(), made.id, who=SYSTEM)
    clock.at = END + timedelta(seconds=1)
    assert await run_due(door) == 1
    assert (await views(pg, world, "maas"))["luik-hasselt"].status == "expired"
    await assert_fold()


async def test_two_last_consents_at_once_put_it_in_force_once(do, drafted, pg, assert_fold):
    """Both signatures at the same second: it must be in force, and told once."""
    made = await do(drafted())
    await do(ProposeAgreement(), made.id)
    both = [do(ConsentToAgreement(), made.id, who=who) for who in ("luik", "hasselt")]
    receipts = await asyncio.gather(*both)
    assert sorted(receipt.subject["status"] for receipt in receipts) == ["in_force", "proposed"]
    told = await (await pg()).fetchval(
        "SELECT count(*) FROM journal_entry WHERE subject_id = $1 AND type = 'agreement.entered_into_force'", made.id
    )
    assert told == 1
    await assert_fold()


async def test_two_drafts_of_one_code_at_once(do, drafted, assert_fold):
    """Two agreements under one code would be mistaken for one another."""
    answers = await asyncio.gather(do(drafted()), do(drafted(), who="hasselt"), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Duplicate", "Receipt"]
    await assert_fold()


async def test_a_code_that_is_taken_says_nothing_of_whose_it_is(do, drafted, world):
    """Two cities negotiate in secret; a third would read of it in a refusal."""
    await do(drafted(code="secret-plan"))
    others = [world.members["aken"], world.members["hasselt"]]
    with pytest.raises(Duplicate) as refused:
        await do(drafted(code="secret-plan", lenders=others, borrowers=others), who="aken")
    assert refused.value.detail == "The code 'secret-plan' is taken."
    assert "current" not in refused.value.extra
