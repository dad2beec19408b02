"""Authorities that are kept informed: told when it happens, and never a gate."""

from __future__ import annotations

import orjson
import pytest

from app.commands.calls import AssistNow
from app.commands.incidents import ChangePhase
from app.commands.members import ChangeMember
from app.commands.missions import AdvanceMission, Recall
from app.commands.notices import TOLD_ON, ConfirmReceipt
from app.commands.offer_answers import AcceptOffer
from app.commands.offer_commitment import CommitOffer
from app.commands.offers import MakeOffer
from app.domain.errors import Conflict, RoleMissing, UnknownCode
from app.domain.vocabulary import codes
from app.queries.notices import notices
from app.store.engine import reading
from tests.commands.conftest import LUIK, MAAS

REGION = {"name": "Region", "kind": "region", "contact": "+31 00 000 0999"}
GOVERNOR = {"name": "Governor", "kind": "governor", "contact": None}


@pytest.fixture
def informs(do, world):
    """Says whom a member keeps informed, and of what."""

    async def says(member, *authorities, on=()):
        change = ChangeMember.model_validate({"informed_authorities": authorities, "inform_on": on})
        await do(change, world.members[member], who=(member, "admin"))

    return says


@pytest.fixture
def told(door, world):
    """Returns (member, name, event) of every notice, oldest first."""

    async def reads():
        names = {id_: code for code, id_ in world.members.items()}
        async with reading(door.engine) as conn:
            rows = await notices(conn, "live", viewer=None)
        return [(names[row.member_id], row.name, row.event) for row in reversed(rows)]

    return reads


@pytest.fixture
def agreement_informs(pg):
    """Has the agreement in force name events of which authorities are told."""

    async def says(*events):
        await (await pg()).execute(
            "UPDATE agreement_version SET terms = jsonb_set(terms, '{inform_on}', $1::jsonb)",
            orjson.dumps(events).decode(),
        )

    return says


@pytest.fixture
def sent(do, ask, world):
    """Has Liège commit one pump; returns the commitment."""

    async def sends():
        request, [line] = await ask(("pump.high_capacity", 1))
        lines = [{"request_line_id": line, "resource_id": world.resources["luik-pump-1"]}]
        offer = await do(MakeOffer.model_validate({"lines": lines}), request)
        await do(AcceptOffer(), offer.id, who=MAAS)
        return await do(CommitOffer(), offer.id)

    return sends


def test_every_event_has_its_word():
    """A code that no screen can name would stand there in English at night."""
    assert set(TOLD_ON.values()) == codes("inform_events")


async def test_a_request_is_told_as_it_is_opened(ask, informs, told, assert_fold):
    """The province that reads of it in the newspaper stops the next exercise."""
    await informs("maas", REGION, GOVERNOR, on=["request_opened"])
    await informs("luik", GOVERNOR, on=["request_opened"])
    await ask(then="submit")
    assert await told() == []
    await ask()
    assert await told() == [("maas", "Region", "request_opened"), ("maas", "Governor", "request_opened")]
    await assert_fold()


async def test_nobody_is_told_of_what_nobody_wants_told(sent, informs, told):
    """Forty notices a night that nobody asked for are read by nobody."""
    await informs("maas", REGION, on=["phase_changed"])
    await informs("luik", on=["request_opened", "help_committed"])
    await sent()
    assert await told() == []


async def test_what_the_agreement_wants_told(do, sent, informs, told, agreement_informs, assert_fold):
    """Who signed that the governor is told must not depend on a setting of one city."""
    await agreement_informs("help_committed", "help_ended_early")
    await informs("maas", REGION)
    await informs("luik", GOVERNOR, on=["unit_departed"])
    committed = await sent()
    both = [("maas", "Region", "help_committed"), ("luik", "Governor", "help_committed")]
    assert sorted(await told()) == sorted(both)
    notice = committed.rows["authority_notice"][0]
    assert (notice["agreement_version"], notice["confirmed_at"]) == (1, None)
    mission = committed.rows["mission"][0]["id"]
    for state in ("mobilising", "in_transit"):
        await do(AdvanceMission(to=state), mission)
    await do(Recall(why="Needed at home."), mission)
    assert sorted((await told())[2:]) == sorted(
        [
            ("luik", "Governor", "unit_departed"),
            ("maas", "Region", "help_ended_early"),
            ("luik", "Governor", "help_ended_early"),
        ]
    )


async def test_a_phone_call_is_told_like_a_form(do, incident, world, informs, told, agreement_informs):
    """Help that was agreed by voice is help all the same."""
    await agreement_informs("help_committed")
    await informs("maas", REGION, on=["request_opened"])
    call = {
        "requester_id": world.members["maas"],
        "lender_id": world.members["luik"],
        "incident_id": incident,
        "type_code": "pump.high_capacity",
        "quantity": 1,
        "lon": 5.7,
        "lat": 50.78,
    }
    receipt = await do(AssistNow.model_validate(call))
    assert await told() == [("maas", "Region", "help_committed"), ("maas", "Region", "request_opened")]
    assert receipt.kind == "call"


async def test_a_phase_is_told_by_the_country_that_rose(do, incident, informs, told):
    """The governor hears of the provincial phase from his own control room."""
    await informs("luik", GOVERNOR, on=["phase_changed"])
    await informs("maas", REGION, on=["phase_changed"])
    await do(ChangePhase(country="BE", phase="provincial"), incident)
    assert sorted(await told()) == [("luik", "Governor", "phase_changed"), ("maas", "Region", "phase_changed")]


async def test_the_receipt(do, door, world, ask, informs, assert_fold):
    """That it was told is one thing; that it knows is another, and who said so stays at home."""
    await informs("maas", REGION, on=["request_opened"])
    await ask()
    async with reading(door.engine) as conn:
        (notice,) = await notices(conn, "live", viewer=None)
    for who in (LUIK, ("maas", "viewer")):
        with pytest.raises(RoleMissing):
            await do(ConfirmReceipt(), notice.id, who=who)
    receipt = await do(ConfirmReceipt(person="Mme Dubois"), notice.id, who=MAAS)
    assert receipt.subject["confirmed_at"] is not None
    assert "Dubois" not in receipt.model_dump_json()
    with pytest.raises(Conflict):
        await do(ConfirmReceipt(), notice.id, who=MAAS)
    async with reading(door.engine) as conn:
        (own,) = await notices(conn, "live", viewer=world.members["maas"], confirmed=True)
        (theirs,) = await notices(conn, "live", viewer=world.members["luik"])
    assert (own.confirmed_person, theirs.confirmed_person) == ("Mme Dubois", None)
    await assert_fold()


async def test_an_event_that_is_none(do, world):
    """A misspelt event would never be told, and nobody would notice."""
    with pytest.raises(UnknownCode) as refused:
        await do(ChangeMember(inform_on=("request_open",)), world.members["maas"], who=("maas", "admin"))
    assert refused.value.errors[0].pointer == "/inform_on/0"
