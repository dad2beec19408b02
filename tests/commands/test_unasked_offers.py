"""Help that nobody has asked for: offered for an incident, checked then and once more, and taken up as if it had been asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.commands.agreements import SuspendAgreement
from app.commands.lender_words import SayLenderWord
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.commands.resources import SetResourceStatus
from app.commands.unasked_offers import (
    DeclineUnaskedOffer,
    ExpireUnaskedOffer,
    OfferUnasked,
    TakeUpUnaskedOffer,
    WithdrawUnaskedOffer,
)
from app.domain.authority import SYSTEM
from app.domain.errors import (
    AgreementRefused,
    Conflict,
    NotAvailable,
    NotFound,
    OutOfRange,
    RoleMissing,
    StaleRevision,
    TransitionNotAllowed,
)
from app.queries import unasked_offers as queries
from app.store.agreements import stock_of
from app.store.invariants import broken_invariants
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.interleaving import overlapping

BOSS, LEAD = ("luik", "authorised_representative"), ("maas", "authorised_representative")
AKEN = ("aken", "dispatcher")


@pytest.fixture
def propose(act, incident, clock):
    """Luik offers pumps for maas's flood, for two hours."""

    async def proposes(*lines, who=LUIK, hours=2, **more):
        lines = lines or ({"type_code": PUMP, "quantity": 2},)
        until = clock.now() + timedelta(hours=hours)
        return await act(OfferUnasked, incident, who=who, lines=list(lines), valid_until=until, **more)

    return proposes


@pytest.fixture
def free(conn, world):
    """Returns how many pumps of luik's are neither gone nor promised."""

    async def counts():
        return (await stock_of(conn, "live", world.members["luik"], PUMP)).free

    return counts


async def test_nothing_is_offered_for_an_incident_that_has_changed(do, incident, clock):
    """The flood that it was read as has become a chemical release: others are sent for that."""
    until = clock.now() + timedelta(hours=2)
    body = OfferUnasked.model_validate({"lines": [{"type_code": PUMP, "quantity": 1}], "valid_until": until})
    with pytest.raises(StaleRevision):
        await do(body, incident, revision=9)
    assert (await do(body, incident, revision=1)).subject["status"] == "offered"


async def test_it_is_taken_up_and_committed_as_usual(propose, act, free, conn, world, assert_fold):
    """A neighbour sees the river rise on television: its pumps are on the way two words later."""
    made = await propose(note="Deux pompes.")
    assert (made.subject["status"], made.subject["to_member_id"]) == ("offered", str(world.members["maas"]))
    (line,) = made.rows["unasked_offer_line"]
    assert (line["agreement_id"], line["cost"]) == (str(world.agreements["maas-broad"]), {"terms": "free"})
    assert await free() == 3
    taken = await act(TakeUpUnaskedOffer, made.id, priority="property", place="Quai")
    assert taken.id == made.id
    assert taken.subject["status"] == "taken_up"
    (request,), (asked,) = taken.rows["request"], taken.rows["request_line"]
    assert (request["status"], request["id"]) == ("open", taken.subject["request_id"])
    assert (asked["type_code"], asked["quantity"], asked["priority"], asked["place"]) == (PUMP, 2, "property", "Quai")
    (offer,), (offered,) = taken.rows["offer"], taken.rows["offer_line"]
    assert (offer["status"], offer["lender_id"], offer["note"]) == (
        "accepted",
        str(world.members["luik"]),
        "Deux pompes.",
    )
    assert (offered["accepted_quantity"], offered["agreement_version"]) == (2, 1)
    assert await free() == 1
    pumps = world.units("luik", "pump")
    units = [{"offer_line_id": offered["id"], "resource_id": unit} for unit in pumps[:2]]
    committed = await act(CommitOffer, offer["id"], who=LUIK, units=units)
    assert len(committed.rows["mission"]) == 2
    assert await conn.fetchval("SELECT status FROM request") == "committed"
    assert await free() == 1
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_the_two_alone_see_it_until_it_is_a_request(propose, act, conn, world):
    """What one city offers another is between the two; the request is everybody's."""
    made = await propose()
    for viewer, sees in (("maas", 1), ("luik", 1), ("aken", 0)):
        assert len(await queries.unasked_offers(conn, "live", viewer=world.members[viewer])) == sees
    for command in (TakeUpUnaskedOffer, WithdrawUnaskedOffer):
        with pytest.raises(NotFound):
            await act(command, made.id, who=AKEN)
    await act(TakeUpUnaskedOffer, made.id)
    told = await conn.fetch("SELECT type, visibility FROM journal_entry WHERE seq > 0 ORDER BY seq")
    seen = {row["type"]: row["visibility"] for row in told}
    assert {
        name: seen[name] for name in ("unasked_offer.made", "unasked_offer.taken_up", "offer.accepted")
    } == dict.fromkeys(("unasked_offer.made", "unasked_offer.taken_up", "offer.accepted"), "parties")
    assert seen["request.opened"] == "corridor"


async def test_a_named_unit_is_kept_free_only_when_it_is_taken_up(propose, act, ask, conn, world, assert_fold):
    """Who has not been asked is bound to nobody: the pump may go to whoever asks in the meantime."""
    unit = world.units("luik", "pump")[0]
    made = await propose({"type_code": PUMP, "resource_id": unit})
    assert await conn.fetchval("SELECT status FROM resource WHERE id = $1", unit) == "available"
    taken = await act(TakeUpUnaskedOffer, made.id)
    assert taken.rows["resource"][0]["status"] == "reserved"
    again = await propose({"type_code": PUMP, "resource_id": world.units("luik", "pump")[1]})
    request, (line,) = await ask()
    lines = [{"request_line_id": line, "resource_id": world.units("luik", "pump")[1]}]
    await act(MakeOffer, request, who=LUIK, lines=lines)
    with pytest.raises((NotAvailable, AgreementRefused)) as refusal:
        await act(TakeUpUnaskedOffer, again.id)
    assert "ring the lender" in refusal.value.advice
    assert await conn.fetchval("SELECT status FROM unasked_offer WHERE id = $1", again.id) == "offered"
    assert await conn.fetchval("SELECT count(*) FROM request") == 2
    await assert_fold()


async def test_the_reserve_is_asked_twice_and_counted_once(propose, act, ask):
    """Two offers of two pumps each stand side by side; whoever is taken up second finds one at home."""
    first, second = await propose(), await propose()
    await act(TakeUpUnaskedOffer, first.id)
    with pytest.raises(AgreementRefused) as refusal:
        await act(TakeUpUnaskedOffer, second.id)
    figures = refusal.value.extra["reasons"][0]["figures"]
    assert (figures["available"], figures["promised"], figures["quantity"]) == (3, 2, 2)


async def test_below_the_reserve_by_a_named_act(propose, act, conn, assert_fold):
    """The representative's word is given when it is offered, and told to all when it is taken up."""
    three = {"type_code": PUMP, "quantity": 3}
    with pytest.raises(AgreementRefused):
        await propose(three)
    with pytest.raises(RoleMissing):
        await propose(three | {"override_reserve": {"reason": "Calm night."}})
    made = await propose(three | {"override_reserve": {"reason": "Calm night."}}, who=BOSS)
    assert [warning["code"] for warning in made.warnings] == ["reserve_floor"]
    act_of = made.rows["unasked_offer_line"][0]["reserve_override"]
    assert not await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'reserve.overridden'")
    taken = await act(TakeUpUnaskedOffer, made.id)
    assert taken.rows["offer_line"][0]["reserve_override"] == act_of
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE type = 'reserve.overridden'") == 1
    assert not await broken_invariants(conn)
    await assert_fold()


async def test_a_word_that_has_ended_carries_no_offer(propose, act, clock):
    """Offered below the reserve while the word stood that it can; taken up an hour after it ended."""
    until = clock.now() + timedelta(hours=1)
    await act(SayLenderWord, who=BOSS, word="can", note="All quiet.", until_at=until)
    made = await propose({"type_code": PUMP, "quantity": 3})
    clock.move(hours=1)
    with pytest.raises(AgreementRefused):
        await act(TakeUpUnaskedOffer, made.id)


async def test_without_an_agreement(propose, act, world, assert_fold):
    """Under the treaty, by the representative's word; an agreement that is suspended meanwhile stops the other one."""
    under = await propose()
    await act(SuspendAgreement, world.agreements["maas-broad"], who=LEAD, reason="Talks.")
    for code in ("maas-narrow", "broad"):
        if code in world.agreements:
            await act(SuspendAgreement, world.agreements[code], who=LEAD, reason="Talks.")
    with pytest.raises((AgreementRefused, Conflict)):
        await act(TakeUpUnaskedOffer, under.id)
    with pytest.raises(RoleMissing):
        await propose({"type_code": PUMP, "ad_hoc": True})
    made = await propose({"type_code": PUMP, "ad_hoc": True}, who=BOSS)
    assert made.rows["unasked_offer_line"][0]["agreement_id"] is None
    taken = await act(TakeUpUnaskedOffer, made.id)
    assert taken.rows["offer_line"][0]["agreement_id"] is None
    await assert_fold()


async def test_planned_help_is_taken_up_by_who_binds(propose, act):
    """What lasts for days is the representative's to take."""
    made = await propose(kind="planned")
    with pytest.raises(RoleMissing):
        await act(TakeUpUnaskedOffer, made.id)
    taken = await act(TakeUpUnaskedOffer, made.id, who=LEAD)
    assert taken.rows["request"][0]["kind"] == "planned"


async def test_it_is_declined_with_a_reason_or_withdrawn(propose, act, assert_fold):
    """The one who offered reads why; what was answered is over."""
    first, second = await propose(), await propose()
    declined = await act(DeclineUnaskedOffer, first.id, reason="The water falls.")
    assert (declined.subject["status"], declined.subject["answer"]) == ("declined", "The water falls.")
    with pytest.raises(RoleMissing):
        await act(WithdrawUnaskedOffer, second.id, who=MAAS)
    with pytest.raises(RoleMissing):
        await act(TakeUpUnaskedOffer, second.id, who=LUIK)
    await act(WithdrawUnaskedOffer, second.id, who=LUIK)
    for id_ in (first.id, second.id):
        with pytest.raises(TransitionNotAllowed):
            await act(TakeUpUnaskedOffer, id_)
    await assert_fold()


async def test_it_is_over_by_itself(propose, act, due, clock, conn, assert_fold):
    """Nobody takes up at night what was meant for the afternoon."""
    made = await propose()
    with pytest.raises(Conflict):
        await act(ExpireUnaskedOffer, made.id, who=SYSTEM)
    clock.move(hours=2)
    with pytest.raises(Conflict):
        await act(TakeUpUnaskedOffer, made.id)
    await due()
    assert await conn.fetchval("SELECT status FROM unasked_offer") == "expired"
    await assert_fold()


async def test_what_cannot_be_offered(propose, act, incident, clock, world):
    """To oneself, over already, a unit that is not there, twice the same."""
    pump = world.units("luik", "pump")[0]
    body = {"lines": [{"type_code": PUMP}], "valid_until": clock.now() + timedelta(hours=1)}
    with pytest.raises(Conflict):
        await act(OfferUnasked, incident, who=MAAS, **body)
    with pytest.raises(OutOfRange):
        await propose(hours=0)
    with pytest.raises(OutOfRange):
        await propose(*[{"type_code": PUMP, "resource_id": pump}] * 2)
    with pytest.raises(OutOfRange):
        await propose(lon=5.7)
    await act(SetResourceStatus, pump, who=LUIK, status="out_of_service", reason="damage")
    with pytest.raises(NotAvailable):
        await propose({"type_code": PUMP, "resource_id": pump})


@pytest.mark.parametrize("at", range(1, 6))
async def test_two_who_take_it_up_at_once(propose, act, monkeypatch, pg, conn, at, assert_fold):
    """Two officers at two screens: one request, and the pumps are promised once."""
    made = await propose()
    both = (act(TakeUpUnaskedOffer, made.id) for _ in range(2))
    answers = await overlapping(monkeypatch, await pg(), *both, at=at)
    assert sorted(type(answer).__name__ for answer in answers) == ["Receipt", "TransitionNotAllowed"]
    assert await conn.fetchval("SELECT count(*) FROM request") == 1
    assert await conn.fetchval("SELECT sum(accepted_quantity) FROM offer_line") == 2
    await assert_fold()
