"""Resources: entered, changed, put out of service and retired by their owner, and by nobody else."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.incidents import ReportIncident
from app.commands.offer_answers import AcceptOffer, WithdrawOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.requests import DraftRequest
from app.commands.resources import AddResource, ChangeResource, RetireResource, SetResourceStatus
from app.domain.errors import (
    Conflict,
    DuplicateCallSign,
    Malformed,
    MissingField,
    NotAvailable,
    RoleMissing,
    TransitionNotAllowed,
    UnknownCode,
)
from tests.world import flood


@pytest.fixture
def pump(world):
    def body(**other):
        said = {
            "depot_id": world.depots["maas"],
            "type_code": "pump.high_capacity",
            "call_sign": "WTS 9",
            "crew": 4,
            "mobilisation_min": 15,
            "weight_t": 24.5,
            "readiness": {"papers": True, "languages": ["nl", "de"]},
        }
        return AddResource.model_validate(said | other)

    return body


@pytest.fixture
def act(door, world):
    """Carries out a command on one of maas' units, by its dispatcher unless another is named."""

    async def execute(command, unit="maas-pump-1", *, member="maas", role="dispatcher", **other):
        actor = world.actor(member, role)
        return await door.execute(command, actor=actor, space="live", target=world.resources[unit], **other)

    return execute


@pytest.fixture
async def promised(door, world):
    """An offer to luik that names maas' first pump."""
    maas, luik = world.actor("maas", "dispatcher"), world.actor("luik", "dispatcher")
    incident = await door.execute(ReportIncident.model_validate(flood()), actor=luik, space="live")
    line = {"type_code": "pump.high_capacity", "quantity": 1, "priority": "property", "lon": 5.6, "lat": 50.64}
    body = {"incident_id": incident.id, "kind": "immediate", "lines": [line], "then": "open"}
    request = await door.execute(DraftRequest.model_validate(body), actor=luik, space="live")
    named = {"request_line_id": request.rows["request_line"][0]["id"], "resource_id": world.resources["maas-pump-1"]}
    offer = MakeOffer.model_validate({"lines": [named]})
    return (await door.execute(offer, actor=maas, space="live", target=request.id)).id


async def test_a_unit_is_entered_at_its_depot(door, world, pump, assert_fold):
    """A unit without a place can't be ranked by its way to the scene."""
    receipt = await door.execute(pump(), actor=world.actor("maas", "dispatcher"), space="live")
    assert receipt.subject["status"] == "available"
    assert (receipt.subject["lon"], receipt.subject["lat"]) == (5.69, 50.85)
    assert receipt.subject["readiness"] == {
        "papers": True,
        "couplings": False,
        "radios": False,
        "languages": ["nl", "de"],
    }
    await assert_fold()


@pytest.mark.parametrize(
    ("changed", "error", "pointer"),
    [
        ({"type_code": "pump.of_wishes"}, UnknownCode, "/type_code"),
        ({"call_sign": "maas pump 1"}, DuplicateCallSign, None),
        ({"readiness": {"languages": ["nl", "xx"]}}, UnknownCode, "/readiness/languages/1"),
    ],
)
async def test_what_does_not_fit_is_refused_in_its_place(door, world, pump, assert_fold, changed, error, pointer):
    """Two units under one call sign would answer the same call."""
    with pytest.raises(error) as refused:
        await door.execute(pump(**changed), actor=world.actor("maas", "dispatcher"), space="live")
    assert [wrong.pointer for wrong in refused.value.errors] == ([pointer] if pointer else [])
    await assert_fold()


async def test_not_at_anothers_depot(door, world, pump):
    """A unit is at home with its owner."""
    with pytest.raises(Malformed, match="another member's"):
        await door.execute(pump(depot_id=world.depots["luik"]), actor=world.actor("maas", "dispatcher"), space="live")


async def test_two_under_one_call_sign_at_once(door, world, pump, assert_fold):
    """Two colleagues who enter the same unit: the second is told, and one unit is there."""
    results = await asyncio.gather(
        *(door.execute(pump(), actor=world.actor("maas", "dispatcher"), space="live") for _ in range(3)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["DuplicateCallSign", "DuplicateCallSign", "Receipt"]
    await assert_fold()


async def test_two_members_may_use_one_call_sign(door, world, pump):
    """Call signs are given on each side without asking the other."""
    command = pump(call_sign="luik pump 1")
    receipt = await door.execute(command, actor=world.actor("maas", "admin"), space="live")
    assert receipt.subject["call_sign"] == "luik pump 1"


@pytest.mark.parametrize(
    "command",
    [
        ChangeResource(crew=1),
        SetResourceStatus(status="out_of_service", reason="crew"),
        RetireResource(),
    ],
    ids=lambda command: type(command).__name__,
)
@pytest.mark.parametrize(("member", "role"), [("luik", "dispatcher"), ("maas", "requester")])
async def test_only_the_owner_changes_it(act, command, member, role):
    """Whoever lends decides about what is theirs."""
    with pytest.raises(RoleMissing):
        await act(command, member=member, role=role)


async def test_only_what_is_sent_changes(act, assert_fold):
    """A corrected crew leaves the weight alone; null says that it is not known."""
    first = await act(ChangeResource(weight_t=26.0, crew=2, call_sign="WTS 1"))
    second = await act(ChangeResource.model_validate({"weight_t": None, "crew": None}), revision=first.revision)
    assert second.subject == first.subject | {"weight_t": None, "revision": first.revision + 1}
    with pytest.raises(DuplicateCallSign):
        await act(ChangeResource(call_sign="maas pump 2"))
    await assert_fold()


async def test_a_unit_out_of_service_says_why(act, assert_fold):
    """Without a reason nobody knows whether to wait for it."""
    with pytest.raises(MissingField) as refused:
        await act(SetResourceStatus(status="out_of_service"))
    assert refused.value.errors[0].pointer == "/reason"
    await act(SetResourceStatus(status="out_of_service", reason="maintenance"))
    other = await act(SetResourceStatus(status="out_of_service", reason="crew"))
    assert other.subject["out_of_service_reason"] == "crew"
    with pytest.raises(TransitionNotAllowed):
        await act(SetResourceStatus(status="out_of_service", reason="crew"))
    with pytest.raises(Malformed):
        await act(SetResourceStatus(status="available", reason="crew"))
    back = await act(SetResourceStatus(status="available"))
    assert (back.subject["status"], back.subject["out_of_service_reason"]) == ("available", None)
    await assert_fold()


async def test_kept_for_oneself_and_let_go(act):
    """A lender can keep a unit free without an offer."""
    await act(SetResourceStatus(status="reserved"))
    with pytest.raises(NotAvailable):
        await act(RetireResource())
    assert (await act(SetResourceStatus(status="available"))).subject["status"] == "available"


async def test_a_promised_unit_is_let_go_by_its_offer(door, world, act, promised, assert_fold):
    """A unit that is promised to one and shown as available is promised to a second one."""
    with pytest.raises(NotAvailable, match="promised in an offer") as refused:
        await act(SetResourceStatus(status="available"))
    assert refused.value.extra["offer_id"] == promised
    with pytest.raises(NotAvailable, match="reserved"):
        await act(RetireResource())
    maas = world.actor("maas", "dispatcher")
    await door.execute(WithdrawOffer(), actor=maas, space="live", target=promised)
    assert (await act(RetireResource())).subject["retired"] is True
    await assert_fold()


async def test_a_unit_that_breaks_down_after_it_was_promised(act, promised):
    """The lender says so at once; mended, it goes back to nobody while the offer stands."""
    broken = await act(SetResourceStatus(status="out_of_service", reason="damage"))
    assert broken.subject["status"] == "out_of_service"
    with pytest.raises(NotAvailable, match="promised"):
        await act(SetResourceStatus(status="available"))
    with pytest.raises(NotAvailable, match="promised"):
        await act(RetireResource())


async def test_a_unit_on_its_way_is_not_freed_by_hand(door, world, act, promised, assert_fold):
    """A unit on a mission that is shown as available would be sent a second time; a broken one is not hidden."""
    maas, luik = world.actor("maas", "dispatcher"), world.actor("luik", "dispatcher")
    await door.execute(AcceptOffer(), actor=luik, space="live", target=promised)
    await door.execute(CommitOffer(), actor=maas, space="live", target=promised)
    with pytest.raises(TransitionNotAllowed):
        await act(SetResourceStatus(status="available"))
    with pytest.raises(NotAvailable, match="committed"):
        await act(RetireResource())
    await act(SetResourceStatus(status="out_of_service", reason="damage"))
    for command in (SetResourceStatus(status="available"), RetireResource()):
        with pytest.raises(NotAvailable, match="still on a mission"):
            await act(command)
    await assert_fold()


async def test_a_retired_unit_leaves_its_call_sign(door, world, pump, act, assert_fold):
    """The successor of a sold lorry answers to its name, and the old one never again."""
    await act(RetireResource(why="Sold."))
    for command in (RetireResource(), ChangeResource(crew=1), SetResourceStatus(status="reserved")):
        with pytest.raises(Conflict, match="retired"):
            await act(command)
    command = pump(call_sign="maas pump 1")
    receipt = await door.execute(command, actor=world.actor("maas", "dispatcher"), space="live")
    assert receipt.subject["call_sign"] == "maas pump 1"
    await assert_fold()
