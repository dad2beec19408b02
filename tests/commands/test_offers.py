"""Offers: checked when they are made, taken up to what is lacking, and turned into missions."""

from __future__ import annotations

from datetime import datetime, timedelta

import orjson
import pytest

from app.commands.agreements import SuspendAgreement
from app.commands.calls import AssistNow
from app.commands.crossings import SetCrossingState
from app.commands.day_to_day import SendDayToDay
from app.commands.due import run_due
from app.commands.offer_answers import AcceptOffer, DeclineOffer, ExpireOffer, WithdrawOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.reliefs import PlanRelief
from app.commands.requests import AcknowledgeRequest, CancelRequest
from app.commands.resources import RetireResource, SetResourceStatus
from app.commands.responses import DeclineRequest
from app.domain.authority import SYSTEM
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    MissingField,
    NotAvailable,
    NotFound,
    OutOfOrder,
    OutOfRange,
    OverFilled,
    RoleMissing,
    StaleRevision,
    TransitionNotAllowed,
    UnknownCode,
)
from app.queries import offers as queries
from app.store.agreements import stock_of

PUMP, ENGINE = "pump.high_capacity", "engine.pumper"
LUIK_BINDS = ("luik", "authorised_representative")
MAAS, LUIK, AKEN = ("maas", "dispatcher"), ("luik", "dispatcher"), ("aken", "dispatcher")


def offered(*lines, **other):
    return MakeOffer.model_validate({"lines": list(lines), **other})


def some(line, quantity=1, **other):
    return {"request_line_id": line, "quantity": quantity} | other


async def status_of(pg, table, id_):
    return await (await pg()).fetchval(f"SELECT status FROM {table} WHERE id = $1", id_)


async def types_told(pg, subject=None):
    rows = await (await pg()).fetch(
        "SELECT type, visibility FROM journal_entry WHERE $1::uuid IS NULL OR subject_id = $1 ORDER BY seq", subject
    )
    return [(row["type"], row["visibility"]) for row in rows]


# ---------------------------------------------------------------- making one


async def test_an_offer_within_the_agreement(do, ask, world, pg, assert_fold):
    """The common case: two of three pumps, one stays at home; nobody but the two members learns of it."""
    request, (line,) = await ask()
    made = await do(offered(some(line, 2), note="Deux pompes"), request)
    assert made.subject["status"] == "offered"
    (row,) = made.rows["offer_line"]
    assert (row["agreement_id"], row["agreement_version"]) == (str(world.agreements["maas-broad"]), 1)
    assert (row["cost"], row["findings"], row["reserve_override"]) == ({"terms": "free"}, [], None)
    assert await types_told(pg, made.id) == [("offer.made", "parties")]
    conn = await pg()
    for viewer, sees in (("maas", 1), ("luik", 1), ("aken", 0)):
        assert len(await queries.offers(conn, "live", viewer=world.members[viewer], request=request)) == sees
    with pytest.raises(NotFound):
        await queries.offer(conn, "live", made.id, viewer=world.members["aken"])
    await assert_fold()


async def test_the_reserve_refuses_with_every_figure(do, ask, pg, world, assert_fold):
    """All three pumps gone, the lender's own city drowns; the refusal must say by how many."""
    request, (line,) = await ask()
    with pytest.raises(AgreementRefused) as refusal:
        await do(offered(some(line, 3)), request)
    (reason,) = refusal.value.extra["reasons"]
    assert (reason["code"], reason["line"], reason["agreement_code"]) == ("reserve_floor", 0, "maas-broad")
    assert reason["figures"] == {
        "type_code": "pump.high_capacity",
        "keep": 1,
        "available": 3,
        "promised": 0,
        "quantity": 3,
        "would_leave": 0,
        "agreement": "maas-broad",
    }
    await do(offered(some(line, 1)), request)
    with pytest.raises(AgreementRefused) as refusal:
        await do(offered(some(line, 2)), request)
    assert refusal.value.extra["reasons"][0]["figures"]["promised"] == 1
    await do(offered(some(line, resource_id=world.units("luik", "pump")[0])), request)
    stock = await stock_of(await pg(), "live", world.members["luik"], PUMP)
    assert (stock.available, stock.promised) == (2, 1)
    await assert_fold()


async def test_lines_of_one_offer_count_together(do, ask):
    """Three lines of one pump each would empty the depot as surely as one line of three."""
    request, (first, second) = await ask((PUMP, 2), (PUMP, 2))
    with pytest.raises(AgreementRefused) as refusal:
        await do(offered(some(first, 2), some(second, 1)), request)
    assert [reason["line"] for reason in refusal.value.extra["reasons"]] == [1]


async def test_reasons_are_told_for_every_line(do, ask, world):
    """Hasselt has signed nothing: it must learn so for all of its offer, not line by line."""
    request, (pumps, engines) = await ask((PUMP, 1), (ENGINE, 1))
    with pytest.raises(AgreementRefused) as refusal:
        await do(offered(some(pumps), some(engines)), request, who=("hasselt", "dispatcher"))
    told = {(reason["line"], reason["code"]) for reason in refusal.value.extra["reasons"]}
    assert told == {(0, "lender_not_party"), (0, "reserve_floor"), (1, "lender_not_party")}


async def test_a_reserve_is_overridden_by_name_and_everybody_sees_it(do, ask, world, pg, assert_fold):
    """Going below the reserve is a lender's right, but never a silent one."""
    request, (line,) = await ask()
    below = offered(some(line, 3, override_reserve={"reason": "The river falls here since noon."}))
    with pytest.raises(RoleMissing):
        await do(below, request)
    made = await do(below, request, who=("luik", "authorised_representative"))
    (row,) = made.rows["offer_line"]
    assert row["reserve_override"]["reason"] == "The river falls here since noon."
    assert row["reserve_override"]["by"] == str(world.users["luik", "authorised_representative"])
    assert [(found["code"], found["blocking"]) for found in row["findings"]] == [("reserve_floor", False)]
    assert [warning["code"] for warning in made.warnings] == ["reserve_floor"]
    assert ("reserve.overridden", "corridor") in await types_told(pg, request)
    await assert_fold()


async def test_an_override_that_is_not_needed_is_not_told(do, ask, pg):
    """A cry of wolf: the reserve is kept, so nothing was overridden."""
    request, (line,) = await ask()
    made = await do(
        offered(some(line, 1, override_reserve={"reason": "To be safe."})),
        request,
        who=("luik", "authorised_representative"),
    )
    assert made.rows["offer_line"][0]["reserve_override"] is None
    assert ("reserve.overridden", "corridor") not in await types_told(pg)


async def test_an_override_makes_no_units(do, ask, assert_fold):
    """Four pumps from a depot that has three would be a promise nobody can keep."""
    request, (line,) = await ask()
    with pytest.raises(NotAvailable):
        await do(
            offered(some(line, 4, override_reserve={"reason": "All of them."})),
            request,
            who=("luik", "authorised_representative"),
        )
    await assert_fold()


async def test_help_without_an_agreement_is_a_representatives_act(do, ask, assert_fold):
    """Hasselt has signed nothing and may still help: by somebody who answers for it, and with a warning."""
    request, (line,) = await ask()
    with pytest.raises(RoleMissing):
        await do(offered(some(line, ad_hoc=True)), request, who=("hasselt", "dispatcher"))
    made = await do(offered(some(line, ad_hoc=True)), request, who=("hasselt", "authorised_representative"))
    (row,) = made.rows["offer_line"]
    assert (row["agreement_id"], row["agreement_version"], row["cost"]) == (None, None, {})
    assert all(not found["blocking"] for found in row["findings"])
    assert [warning["code"] for warning in made.warnings] == ["ad_hoc"]
    await assert_fold()


@pytest.fixture
def terms(conn, world):
    """Writes some of the terms of the world's agreement anew, by hand."""

    async def writes(**said):
        await conn.execute(
            "UPDATE agreement_version SET terms = terms || $2::jsonb WHERE agreement_id = $1",
            world.agreements["maas-broad"],
            orjson.dumps(said).decode(),
        )

    return writes


@pytest.mark.parametrize("override", [{}, {"override_reserve": {"reason": "All of them."}}])
async def test_help_without_an_agreement_is_no_way_round_the_reserve(do, ask, world, override):
    """The lender's last pump would leave without a reason, and nobody but the requester would hear of it."""
    request, (line,) = await ask()
    for more in ({}, {"agreement_id": world.agreements["maas-broad"]}):
        with pytest.raises(AgreementRefused) as refusal:
            await do(offered(some(line, 3, ad_hoc=True, **override, **more)), request, who=LUIK_BINDS)
        assert [reason["code"] for reason in refusal.value.extra["reasons"]] == ["reserve_floor"]
    assert (await do(offered(some(line, 2, ad_hoc=True)), request, who=LUIK_BINDS)).subject["status"] == "offered"


async def test_help_beyond_an_agreement_goes_below_the_reserve_by_both_acts(do, ask, world, conn, terms):
    """Under a cap that is full there is no paper for it, and it is the last pump all the same: both is said, and all hear of the second."""
    await terms(caps={"units": [{"type": PUMP, "most": 1}]})
    request, (line,) = await ask()
    with pytest.raises(AgreementRefused) as refusal:
        await do(offered(some(line, 3, ad_hoc=True)), request, who=LUIK_BINDS)
    assert [reason["code"] for reason in refusal.value.extra["reasons"]] == ["reserve_floor"]
    with pytest.raises(AgreementRefused) as refusal:
        await do(offered(some(line, 3, override_reserve={"reason": "All."})), request, who=LUIK_BINDS)
    assert {reason["code"] for reason in refusal.value.extra["reasons"] if reason["blocking"]} == {"cap_units"}
    both = some(line, 3, ad_hoc=True, override_reserve={"reason": "All of them."})
    made = await do(offered(both), request, who=LUIK_BINDS)
    (row,) = made.rows["offer_line"]
    assert (row["agreement_id"], row["reserve_override"]["reason"]) == (None, "All of them.")
    assert {found["code"] for found in row["findings"]} == {"reserve_floor", "cap_units"}
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'reserve.overridden'") == 1


async def test_a_named_unit_is_not_promised_beside_all_the_others(do, ask, world, pg):
    """Both pumpers are promised by number: one of them named to a second city is one too many."""
    (first, (line,)), (second, (other,)) = await ask((ENGINE, 2)), await ask((ENGINE, 2))
    await do(offered(some(line, 2)), first)
    with pytest.raises(NotAvailable) as refusal:
        await do(offered(some(other, resource_id=world.units("luik", "engine")[0])), second)
    assert refusal.value.errors[0].pointer == "/lines/0/resource_id"
    assert (await stock_of(await pg(), "live", world.members["luik"], ENGINE)).free == 0


async def test_a_unit_that_was_not_taken_provisionally_is_the_lenders_again(do, ask, world):
    """It was let go for everybody to see; its owner must not hear that it is still promised."""
    request, (line,) = await ask((ENGINE, 2))
    kept, let_go = world.units("luik", "engine")
    made = await do(offered(some(line, resource_id=kept), some(line, resource_id=let_go)), request)
    taken = [{"offer_line_id": row["id"]} for row in made.rows["offer_line"] if row["resource_id"] == str(kept)]
    await do(AcceptOffer.model_validate({"lines": taken, "provisional": True}), made.id, who=MAAS)
    await do(SetResourceStatus(status="out_of_service", reason="crew"), let_go)
    assert (await do(SetResourceStatus(status="available"), let_go)).subject["status"] == "available"
    await do(SetResourceStatus(status="out_of_service", reason="crew"), kept)
    with pytest.raises(NotAvailable, match="promised"):
        await do(SetResourceStatus(status="available"), kept)


async def test_an_offer_is_not_accepted_after_its_time(do, ask, clock):
    """The lender said until when it waits; the service, asleep for a minute, must not lend its pump for longer."""
    request, (line,) = await ask()
    made = await do(offered(some(line), valid_until=(clock.at + timedelta(minutes=5)).isoformat()), request)
    clock.move(minutes=5)
    with pytest.raises(Conflict, match="stood until") as refusal:
        await do(AcceptOffer(), made.id, who=MAAS)
    assert refusal.value.extra["current"]["status"] == "offered"
    await do(ExpireOffer(), made.id, who=SYSTEM)


async def test_a_suspended_agreement_covers_nothing(do, ask, world):
    """Whoever suspends in the morning must not find units gone under it in the afternoon."""
    request, (line,) = await ask()
    await do(
        SuspendAgreement(reason="Insurance"), world.agreements["maas-broad"], who=("aken", "authorised_representative")
    )
    for agreement in (None, world.agreements["maas-broad"]):
        with pytest.raises(AgreementRefused) as refusal:
            await do(offered(some(line, agreement_id=agreement)), request)
        assert [reason["code"] for reason in refusal.value.extra["reasons"]] == ["not_in_force"]


async def test_a_named_unit_is_kept_free(do, ask, world, pg, assert_fold):
    """Two requests for the same pump: the second must hear that it is reserved, and by whom everybody can see."""
    request, (line,) = await ask()
    unit = world.units("luik", "pump")[0]
    made = await do(offered(some(line, resource_id=unit)), request)
    assert [row["status"] for row in made.rows["resource"]] == ["reserved"]
    assert await types_told(pg, unit) == [("resource.added", "corridor"), ("resource.reserved", "corridor")]
    with pytest.raises(NotAvailable) as refusal:
        await do(offered(some(line, resource_id=unit)), request)
    assert refusal.value.extra["current"]["status"] == "reserved"
    await assert_fold()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda world: {"resource_id": world.units("aken", "pump")[0]}, NotFound),
        (lambda world: {"resource_id": world.members["luik"]}, NotFound),
        (lambda world: {"resource_id": world.units("luik", "engine")[0]}, NotAvailable),
        (lambda world: {"resource_id": world.units("luik", "pump")[0], "quantity": 2}, OutOfRange),
        (lambda world: {"type_code": ENGINE}, UnknownCode),
        (lambda world: {"request_line_id": world.members["luik"]}, NotFound),
        (lambda world: {"agreement_id": world.members["luik"]}, NotFound),
    ],
)
async def test_an_offered_line_that_fits_nothing_is_refused(do, ask, world, change, error, assert_fold):
    """Each would become a mission of the wrong unit, of somebody else's, or of none."""
    request, (line,) = await ask()
    with pytest.raises(error):
        await do(offered(some(line) | change(world)), request)
    await assert_fold()


async def test_one_unit_stands_in_one_line(do, ask, world):
    """One pump in two lines fills two gaps on paper."""
    request, (first, second) = await ask((PUMP, 2), (PUMP, 2))
    unit = world.units("luik", "pump")[0]
    with pytest.raises(OutOfRange):
        await do(offered(some(first, resource_id=unit), some(second, resource_id=unit)), request)


async def test_a_unit_out_of_service_or_retired_is_not_offered(do, ask, world):
    """A pump without an engine looks like any other on paper."""
    request, (line,) = await ask()
    broken, gone, _ = world.units("luik", "pump")
    await do(SetResourceStatus(status="out_of_service", reason="damage"), broken)
    with pytest.raises(AgreementRefused):  # one of three is broken: two more would leave none
        await do(offered(some(line, 2)), request)
    with pytest.raises(NotAvailable):
        await do(offered(some(line, resource_id=broken)), request)
    await do(RetireResource(), gone)
    with pytest.raises(AgreementRefused):
        await do(offered(some(line, resource_id=gone)), request)


async def test_what_can_be_offered_to_whom(do, ask, world):
    """Offers for drafts, for oneself, for what is over: none of them helps anybody."""
    draft, (line,) = await ask(then="draft")
    with pytest.raises(NotFound):
        await do(offered(some(line)), draft)
    request, (line,) = await ask()
    with pytest.raises(Conflict):
        await do(offered(some(line)), request, who=MAAS)
    with pytest.raises(RoleMissing):
        await do(offered(some(line)), request, who=("luik", "viewer"))
    with pytest.raises(OutOfRange):
        await do(offered(some(line), valid_until="2026-07-14T11:00:00Z"), request)
    await do(CancelRequest(), request, who=MAAS)
    with pytest.raises(Conflict):
        await do(offered(some(line)), request)


# ---------------------------------------------------------------- answering one


async def test_taking_a_part_lets_the_rest_go(do, ask, world, pg, assert_fold):
    """A pump that the requester doesn't want must be free for the next who does."""
    request, (line,) = await ask((PUMP, 2))
    first, second, _ = world.units("luik", "pump")
    made = await do(offered(some(line, resource_id=first), some(line, resource_id=second)), request)
    rows = {row["resource_id"]: row["id"] for row in made.rows["offer_line"]}
    taken = await do(AcceptOffer.model_validate({"lines": [{"offer_line_id": rows[str(second)]}]}), made.id, who=MAAS)
    assert taken.subject["status"] == "accepted"
    assert await status_of(pg, "resource", first) == "available"
    assert await status_of(pg, "resource", second) == "reserved"
    await assert_fold()


async def test_never_more_than_is_lacking_or_offered(do, ask, assert_fold):
    """Four were asked for; the fifth would leave somebody else's city without."""
    request, (line,) = await ask((PUMP, 2))
    luik = await do(offered(some(line, 2)), request)
    aken = await do(offered(some(line, 1)), request, who=AKEN)
    (theirs,) = aken.rows["offer_line"]
    with pytest.raises(OverFilled):
        await do(
            AcceptOffer.model_validate({"lines": [{"offer_line_id": theirs["id"], "quantity": 2}]}), aken.id, who=MAAS
        )
    await do(AcceptOffer(), luik.id, who=MAAS)
    with pytest.raises(OverFilled) as refusal:
        await do(AcceptOffer(), aken.id, who=MAAS)
    assert refusal.value.extra["current"]["pending"] == 2
    await do(WithdrawOffer(), luik.id)
    await do(AcceptOffer(), aken.id, who=MAAS)
    await assert_fold()


async def test_provisionally_and_then_for_good(do, ask, world, pg, assert_fold):
    """What was taken provisionally counts as pending once, not twice, when it is taken for good."""
    request, (line,) = await ask((PUMP, 2))
    first, second, _ = world.units("luik", "pump")
    made = await do(offered(some(line, resource_id=first), some(line, resource_id=second)), request)
    kept, let_go = (
        row["id"] for row in sorted(made.rows["offer_line"], key=lambda row: row["resource_id"] != str(first))
    )
    one = {"lines": [{"offer_line_id": kept}]}
    provisional = await do(AcceptOffer.model_validate(one | {"provisional": True}), made.id, who=MAAS)
    assert provisional.subject["status"] == "provisional"
    assert await status_of(pg, "resource", second) == "available"
    with pytest.raises(NotAvailable):
        await do(AcceptOffer.model_validate({"lines": [{"offer_line_id": let_go}]}), made.id, who=MAAS)
    final = await do(AcceptOffer(), made.id, who=MAAS)
    assert final.subject["status"] == "accepted"
    await assert_fold()


async def test_who_may_answer(do, ask):
    """A planned request binds the member for days: a dispatcher can't take the offer alone."""
    request, (line,) = await ask(kind="planned", who=("maas", "authorised_representative"))
    made = await do(offered(some(line)), request)
    with pytest.raises(RoleMissing):
        await do(AcceptOffer(), made.id, who=MAAS)
    with pytest.raises(RoleMissing):
        await do(AcceptOffer(), made.id, who=LUIK)
    with pytest.raises(NotFound):
        await do(AcceptOffer(), made.id, who=AKEN)
    with pytest.raises(RoleMissing):
        await do(WithdrawOffer(), made.id, who=MAAS)
    with pytest.raises(StaleRevision):
        await do(AcceptOffer(), made.id, who=("maas", "authorised_representative"), revision=7)
    await do(AcceptOffer(), made.id, who=("maas", "authorised_representative"), revision=1)
    with pytest.raises(RoleMissing):
        await do(CommitOffer(), made.id, who=LUIK)


@pytest.mark.parametrize(
    ("command", "who", "state"), [(DeclineOffer(), MAAS, "declined"), (WithdrawOffer(), LUIK, "withdrawn")]
)
async def test_an_offer_that_ends_gives_its_units_back(do, ask, world, pg, command, who, state, assert_fold):
    """A unit reserved for an offer that is over would stand idle in a flood."""
    request, (line,) = await ask()
    unit = world.units("luik", "pump")[0]
    made = await do(offered(some(line, resource_id=unit)), request)
    ended = await do(command, made.id, who=who)
    assert ended.subject["status"] == state
    assert await status_of(pg, "resource", unit) == "available"
    with pytest.raises(TransitionNotAllowed) as refusal:
        await do(AcceptOffer(), made.id, who=MAAS)
    assert refusal.value.extra["current"]["status"] == state
    await assert_fold()


async def test_an_offer_is_over_when_its_time_is(do, ask, door, clock, world, pg, assert_fold):
    """The lender said until three o'clock; at four it counts on its own units again."""
    request, (line,) = await ask()
    unit = world.units("luik", "pump")[0]
    made = await do(offered(some(line, resource_id=unit), valid_until=clock.now() + timedelta(hours=3)), request)
    with pytest.raises(Conflict):
        await do(ExpireOffer(), made.id, who=SYSTEM)
    clock.move(hours=3)
    assert await run_due(door) == 1
    assert await status_of(pg, "offer", made.id) == "expired"
    assert await status_of(pg, "resource", unit) == "available"
    await assert_fold()


# ---------------------------------------------------------------- committing it


async def test_units_become_missions(do, ask, world, pg, assert_fold):
    """From here on vehicles roll: each unit one mission, the request's state follows, everybody sees it."""
    request, (line,) = await ask((PUMP, 3))
    first, second, third = world.units("luik", "pump")
    made = await do(offered(some(line, 1), some(line, resource_id=first)), request)
    unnamed = next(row["id"] for row in made.rows["offer_line"] if row["resource_id"] is None)
    named = next(row["id"] for row in made.rows["offer_line"] if row["resource_id"])
    with pytest.raises(TransitionNotAllowed):
        await do(CommitOffer(), made.id)
    await do(AcceptOffer(), made.id, who=MAAS)
    with pytest.raises(MissingField):
        await do(CommitOffer(), made.id)
    part = await do(CommitOffer.model_validate({"units": [{"offer_line_id": named}]}), made.id)
    (mission,) = part.rows["mission"]
    assert (mission["status"], mission["resource_id"]) == ("committed", str(first))
    assert (mission["crossing_id"], mission["has_control"]) == (str(world.crossings["eijsden"]), False)
    assert part.rows["request"][0]["status"] == "partly_committed"
    assert part.revision == 3
    rest = {"units": [{"offer_line_id": unnamed, "resource_id": second, "talkgroup": "TEST-1"}]}
    whole = await do(CommitOffer.model_validate(rest), made.id)
    assert "request" not in whole.rows  # two of three: still partly committed
    with pytest.raises(Conflict):
        await do(CommitOffer(), made.id)
    with pytest.raises(TransitionNotAllowed):
        await do(WithdrawOffer(), made.id)
    more = await do(offered(some(line, 1)), request, who=AKEN)
    await do(AcceptOffer(), more.id, who=MAAS)
    theirs = {
        "units": [{"offer_line_id": more.rows["offer_line"][0]["id"], "resource_id": world.units("aken", "pump")[0]}]
    }
    last = await do(CommitOffer.model_validate(theirs), more.id, who=AKEN)
    assert last.rows["request"][0]["status"] == "committed"
    assert last.rows["mission"][0]["has_control"] is True
    assert ("request.committed", "corridor") in await types_told(pg, request)
    assert await status_of(pg, "resource", third) == "available"
    with pytest.raises(Conflict):
        await do(offered(some(line)), request)
    await assert_fold()


async def test_an_unnamed_promise_takes_only_a_unit_that_is_free(do, ask, world, assert_fold):
    """The unit that another offer keeps, another member's, one that is on its way: none of them can go."""
    request, (line,) = await ask()
    first, second, _ = world.units("luik", "pump")
    made = await do(offered(some(line)), request)
    await do(AcceptOffer(), made.id, who=MAAS)
    await do(offered(some(line, resource_id=first)), request)
    row = made.rows["offer_line"][0]["id"]

    def unit(resource, **other):
        return {"offer_line_id": row, "resource_id": resource} | other

    for units, error in (
        ([unit(first)], NotAvailable),
        ([unit(world.units("aken", "pump")[0])], NotFound),
        ([unit(world.units("luik", "engine")[0])], NotAvailable),
        ([unit(second), unit(first)], OverFilled),
        ([unit(second, offer_line_id=request)], NotFound),
        ([unit(second, crossing_id=request)], NotFound),
        ([unit(second, relieve_by="2026-07-14T11:00:00Z")], OutOfRange),
        ([{"offer_line_id": row}], MissingField),
    ):
        with pytest.raises(error):
            await do(CommitOffer.model_validate({"units": units}), made.id)
    await do(CommitOffer.model_validate({"units": [unit(second)]}), made.id)
    await assert_fold()


async def test_each_piece_of_a_line_gets_its_unit(do, ask, world):
    """Two were accepted: one unit for both, or one alone, leaves a gap that nobody sees."""
    request, (line,) = await ask()
    first, second, _ = world.units("luik", "pump")
    made = await do(offered(some(line, 2)), request)
    await do(AcceptOffer(), made.id, who=MAAS)
    row = made.rows["offer_line"][0]["id"]
    for units, error in (([first], OutOfRange), ([first, first], NotAvailable), ([first, second, second], OverFilled)):
        body = {"units": [{"offer_line_id": row, "resource_id": unit} for unit in units]}
        with pytest.raises(error):
            await do(CommitOffer.model_validate(body), made.id)
    body = {"units": [{"offer_line_id": row, "resource_id": unit} for unit in (first, second)]}
    committed = await do(CommitOffer.model_validate(body), made.id)
    assert len(committed.rows["mission"]) == 2


async def test_a_named_unit_can_not_be_swapped(do, ask, world):
    """The requester took that unit, with its crew and couplings, and no other."""
    request, (line,) = await ask()
    first, second, _ = world.units("luik", "pump")
    made = await do(offered(some(line, resource_id=first)), request)
    await do(AcceptOffer(), made.id, who=MAAS)
    swapped = {"units": [{"offer_line_id": made.rows["offer_line"][0]["id"], "resource_id": second}]}
    with pytest.raises(NotAvailable):
        await do(CommitOffer.model_validate(swapped), made.id)


async def test_the_crossing_is_the_open_one(do, ask, world, assert_fold):
    """A convoy sent over a closed bridge turns round in front of it."""
    request, (line,) = await ask()
    made = await do(offered(some(line, resource_id=world.units("luik", "pump")[0])), request)
    await do(AcceptOffer(), made.id, who=MAAS)
    closed = SetCrossingState(control="closed")
    await do(closed, world.crossings["eijsden"])
    await do(closed, world.crossings["lichtenbusch"])
    there = {"offer_line_id": made.rows["offer_line"][0]["id"], "crossing_id": world.crossings["eijsden"]}
    with pytest.raises(Conflict):
        await do(CommitOffer.model_validate({"units": [there]}), made.id)
    committed = await do(CommitOffer(), made.id)
    assert committed.rows["mission"][0]["crossing_id"] is None
    assert [warning["code"] for warning in committed.warnings] == ["no_open_crossing"]
    await assert_fold()


async def test_nobody_answers_before_he_is_asked(act, ask, world, clock):
    """A date of long ago would move promises and hours into another year, or make late answers good ones."""
    request, (line,) = await ask((PUMP, 1))
    old = (clock.now() - timedelta(days=30)).isoformat()
    lines = [{"request_line_id": line, "resource_id": world.resources["luik-pump-1"]}]
    with pytest.raises(OutOfOrder):
        await act(MakeOffer, request, who=LUIK, lines=lines, occurred_at=old)
    with pytest.raises(OutOfOrder):
        await act(AcknowledgeRequest, request, who=LUIK, occurred_at=old)
    with pytest.raises(OutOfOrder) as refused:
        await act(DeclineRequest, request, who=LUIK, reason="crew", occurred_at=old)
    assert refused.value.extra["current"]["id"] == str(request)
    offer = await act(MakeOffer, request, who=LUIK, lines=lines)
    clock.move(hours=1)
    with pytest.raises(OutOfOrder):
        await act(AcceptOffer, offer.id, occurred_at=old)
    accepted = await act(AcceptOffer, offer.id)
    between = (clock.now() - timedelta(minutes=1)).isoformat()
    assert datetime.fromisoformat(accepted.subject["accepted_at"]) == clock.now()
    with pytest.raises(OutOfOrder):
        await act(CommitOffer, offer.id, who=LUIK, occurred_at=between)
    clock.move(minutes=5)
    late = (clock.now() - timedelta(minutes=4)).isoformat()
    committed = await act(CommitOffer, offer.id, who=LUIK, occurred_at=late)
    assert committed.rows["mission"][0]["status"] == "committed"


async def test_no_unit_was_sent_before_it_was_asked_for(act, ask, incident, sent, walk, world, clock):
    """A week before the request it would have been on its way, and be paid for by the hour."""
    old = (clock.now() - timedelta(days=7)).isoformat()
    _, (line,) = await ask((PUMP, 1))
    called = {
        "requester_id": world.members["maas"],
        "lender_id": world.members["luik"],
        "incident_id": incident,
        "type_code": PUMP,
        "quantity": 1,
        "lon": 5.7,
        "lat": 50.78,
        "request_line_id": line,
    }
    with pytest.raises(OutOfOrder):
        await act(AssistNow, who=LUIK, **called, occurred_at=old)
    ambulance, _ = await ask(("ambulance.als", 1), kind="day_to_day")
    with pytest.raises(OutOfOrder):
        unit = world.resources["luik-ambulance-1"]
        await act(SendDayToDay, ambulance, who=LUIK, resource_id=unit, occurred_at=old)
    (out,) = await sent("luik-pump-1", incident=incident)
    await walk(out, "mobilising")
    with pytest.raises(OutOfOrder):
        await act(PlanRelief, out, who=LUIK, resource_id=world.resources["luik-pump-2"], occurred_at=old)


async def test_no_more_is_offered_than_is_wanted(act, ask, world):
    """Three kept ready for a line of two: the third helps nobody, and counts as promised wherever else it is missing."""
    request, (line,) = await ask((PUMP, 2))
    offered = {"request_line_id": line, "quantity": 3, "ad_hoc": False}
    who = ("luik", "authorised_representative")
    with pytest.raises(OverFilled) as refused:
        await act(MakeOffer, request, who=who, lines=[offered])
    assert refused.value.extra["reasons"][0]["figures"] == {"type_code": PUMP, "n": 2, "offered": 3}
    with pytest.raises(OverFilled):
        await act(MakeOffer, request, who=who, lines=[offered | {"quantity": 1}, offered | {"quantity": 2}])
    first = await act(MakeOffer, request, who=who, lines=[offered | {"quantity": 1}])
    await act(AcceptOffer, first.id, who=("maas", "authorised_representative"))
    with pytest.raises(OverFilled) as refused:
        await act(MakeOffer, request, who=("aken", "dispatcher"), lines=[offered | {"quantity": 2}])
    assert refused.value.extra["reasons"][0]["figures"]["n"] == 1


@pytest.mark.parametrize(("kind", "hours"), [("immediate", 2), ("planned", 72)])
async def test_an_offer_has_its_time(act, ask, due, clock, conn, kind, hours):
    """Without one it would keep its units from everybody, for as long as nobody looks."""
    asker = ("maas", "authorised_representative")
    request, (line,) = await ask((PUMP, 1), kind=kind, who=asker)
    who = ("luik", "authorised_representative")
    offer = await act(MakeOffer, request, who=who, lines=[{"request_line_id": line, "quantity": 1}])
    clock.move(hours=hours, minutes=-1)
    await due()
    assert await conn.fetchval("SELECT status FROM offer WHERE id = $1", offer.id) == "offered"
    clock.move(minutes=1)
    await due()
    assert await conn.fetchval("SELECT status FROM offer WHERE id = $1", offer.id) == "expired"
