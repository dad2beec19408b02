"""Erasure: a person is forgotten, the acts stay, and the chain still verifies."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest

from app.commands.calls import AssistNow, ConfirmCall
from app.commands.claim_disputes import AnswerDispute, DisputeClaimLine
from app.commands.claims import DraftClaim, SubmitClaim
from app.commands.contacts import AddContact
from app.commands.crews import NameGuide, NameLiaison
from app.commands.erasure import GONE, ErasePerson, EraseUser
from app.commands.handovers import HandOverShift
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.members import ChangeMember
from app.commands.notices import ConfirmReceipt
from app.commands.representatives import NameRepresentative
from app.commands.retention import begin_retention
from app.commands.tokens import AddToken
from app.commands.users import AddUser, ChangeUser
from app.domain.authority import Actor
from app.domain.errors import Conflict, LastAdmin, Malformed, NotFound, RoleMissing
from app.queries.personal_data import personal_data
from app.store import journal
from tests.commands.conftest import LUIK, MAAS, PUMP
from tests.commands.test_claims import LENDER as FINANCE
from tests.commands.test_claims import REIMBURSED, lines_of
from tests.world import flood

ADMIN = ("maas", "admin")
NAME = "Anna Visser-Ørsted"


@pytest.fixture
def erase(act, due):
    """Erases as the admin of maas, or whoever is named, and goes through the texts."""

    async def erases(model, target, *, who=ADMIN, **body):
        receipt = await act(model, target, who=who, **body)
        await due()
        return receipt

    return erases


@pytest.fixture
async def anna(act, world):
    """A dispatcher and representative of maas, who has a token."""
    made = await act(
        AddUser, who=ADMIN, login="a.visser", display_name=NAME, password="seven boats on the Meuse",
        roles=["dispatcher", "authorised_representative"], language="nl",
    )  # fmt: skip
    await act(AddToken, made.id, who=ADMIN, label="Anna's telephone", scopes=["read"])
    return made.id


@pytest.fixture
def as_anna(door, anna, world):
    """Executes a command as her."""
    actor = Actor(
        anna, "person", world.members["maas"], frozenset({"dispatcher", "authorised_representative"}), "console"
    )

    async def does(model, target=None, **body):
        return await door.execute(model.model_validate(body), actor=actor, space="live", target=target)

    return does


async def everything(conn):
    """Every row of every table, and the journal, as one text."""
    tables = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [await conn.fetch(f"SELECT to_jsonb(t)::text FROM {row['tablename']} t") for row in tables]
    return "".join(row[0] for found in rows for row in found)


async def call(act, world, incident, *, who=LUIK, person=NAME):
    return await act(
        AssistNow, who=who, requester_id=world.members["maas"], lender_id=world.members["luik"], incident_id=incident,
        type_code=PUMP, quantity=1, lon=5.7, lat=50.78, person_rung=person,
    )  # fmt: skip


async def test_nothing_is_left_of_a_person_but_an_id(act, erase, as_anna, anna, world, conn, assert_fold, incident):
    """Somebody who asks to be forgotten would still stand in a call, a token, a log or the journal."""
    await act(NameRepresentative, world.members["maas"], who=ADMIN, user_id=anna)
    await call(act, world, incident)
    await as_anna(AddLogEntry, incident, text=f"{NAME} speaking: the dike holds; ring a.visser, not Anna Visserman.")
    note = await as_anna(
        HandOverShift, text=f"Ask anna visser-ørsted about the {NAME.upper()} list.", why=f"{NAME} goes home"
    )
    reported = await as_anna(ReportIncident, **(flood() | {"title": f"Reported by {NAME}"}))
    await act(AddLogEntry, reported.id, who=LUIK, text="We see it from here.")
    with pytest.raises(RoleMissing):
        await as_anna(AddUser, login="xx", display_name="x", roles=[])
    assert NAME in await everything(conn)

    receipt = await erase(EraseUser, anna)

    left = (await everything(conn)).lower()
    for name in (NAME.lower(), "a.visser", "anna's telephone", "argon2"):
        assert name not in left
    assert "anna visserman" in left
    assert receipt.subject["erased_at"] is not None
    assert await conn.fetchval("SELECT display_name FROM user_account WHERE id = $1", anna) == GONE
    assert await conn.fetchval("SELECT count(*) FROM representative WHERE user_id = $1", anna) == 0
    assert await conn.fetchval("SELECT revoked_at IS NOT NULL FROM api_token WHERE user_id = $1", anna)
    assert "the dike holds" in await conn.fetchval("SELECT text FROM incident_log WHERE author_id = $1", anna)
    assert "█" in await conn.fetchval("SELECT text FROM handover WHERE id = $1", note.id)
    report = await journal.verify(conn, "live")
    assert report.ok, report.sentences()
    assert report.erased >= 3
    await assert_fold()
    with pytest.raises(Conflict):
        await act(EraseUser, anna, who=ADMIN)


async def test_what_is_told_again_is_told_to_those_who_saw_it_last(erase, as_anna, anna, conn):
    """A note to one's own shift would stand in the other city's journal."""
    await as_anna(HandOverShift, text=f"{NAME} has the keys.")
    await erase(EraseUser, anna)
    rows = await conn.fetch("SELECT visibility, payload FROM journal_entry WHERE type = 'texts.erased'")
    assert [row["visibility"] for row in rows if "handover" in orjson.loads(row["payload"])["rows"]] == ["parties"]


async def test_other_members_words_stay_theirs(act, erase, as_anna, anna, world, conn, incident, assert_fold):
    """An admin of one city would edit the log of another."""
    line = await act(AddLogEntry, incident, who=LUIK, text=f"{NAME} rang us.")
    await erase(EraseUser, anna)
    assert NAME in await conn.fetchval("SELECT text FROM incident_log WHERE id = $1", line.id)
    await assert_fold()


async def test_contacts_of_missions_and_calls_of_the_own_member_alone(act, erase, sent, world, conn, assert_fold):
    """A guide's number would ring for years; and a namesake of another city keeps the own."""
    (mission,) = await sent("luik-pump-1")
    await act(NameLiaison, mission, who=LUIK, name="Jan de Boer", phone="+32 00 000 0421")
    await act(NameGuide, mission, name="Piet Jansen", phone="+31 00 000 0417")
    await erase(ErasePerson, world.members["maas"], names=["Jan de Boer", "+31 00 000 0417"])
    row = await conn.fetchrow("SELECT liaison_name, guide_name, guide_phone FROM mission WHERE id = $1", mission)
    assert tuple(row) == ("Jan de Boer", None, None)
    told = await conn.fetchval("SELECT payload FROM journal_entry WHERE type = 'person.erased'")
    assert "Boer" not in told
    await assert_fold()


async def test_who_may_erase_whom(act, anna, world):
    """Any colleague, or another city, could make somebody vanish; or nobody would be left to let people in."""
    for who in (MAAS, ("maas", "viewer"), LUIK):
        with pytest.raises(RoleMissing):
            await act(EraseUser, anna, who=who)
    with pytest.raises(NotFound):
        await act(EraseUser, anna, who=("luik", "admin"))
    with pytest.raises(NotFound):
        await act(ErasePerson, world.members["maas"], who=("luik", "admin"), names=["Jan de Boer"])
    with pytest.raises(LastAdmin):
        await act(EraseUser, world.users[ADMIN], who=ADMIN)
    with pytest.raises(Malformed):
        await act(ErasePerson, world.members["maas"], who=ADMIN, names=["Jo"])
    await act(ChangeUser, anna, who=ADMIN, roles=["admin"])
    await act(EraseUser, world.users[ADMIN], who=ADMIN)


async def test_a_user_with_debts_and_deputies_is_erased(act, as_anna, anna, world, conn, incident, assert_fold):
    """Whoever left something undone could never be forgotten; and the deputy would hang in the air."""
    member = world.members["maas"]
    own = await act(NameRepresentative, member, who=ADMIN, user_id=anna)
    other = world.users["maas", "authorised_representative"]
    deputy = await act(NameRepresentative, member, who=ADMIN, user_id=other, deputy_of_id=own.id)
    made = await as_anna(
        AssistNow, requester_id=member, lender_id=world.members["luik"], incident_id=incident, type_code=PUMP, quantity=1,
        lon=5.7, lat=50.78, person_rung="Luc",
    )  # fmt: skip
    assert made.rows["debt"]
    await act(ConfirmCall, made.id, who=LUIK, person=NAME)
    await act(EraseUser, anna, who=ADMIN)
    assert await conn.fetchval("SELECT deputy_of_id FROM representative WHERE id = $1", deputy.id) is None
    row = await conn.fetchrow("SELECT person_rung, confirmed_person FROM call WHERE id = $1", made.id)
    assert tuple(row) == ("Luc", None)
    await assert_fold()


async def test_without_texts_only_what_is_hidden_goes(erase, as_anna, anna, conn, incident):
    """A role's name that is a word of every report must not be blacked out in all of them."""
    await as_anna(AddLogEntry, incident, text=f"{NAME} was here.")
    await erase(EraseUser, anna, texts=False)
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE payload IS NULL") == 0
    assert NAME in await conn.fetchval("SELECT text FROM incident_log WHERE author_id = $1", anna)


async def test_what_is_held_on_a_person(act, as_anna, anna, world, conn, incident, clock):
    """Whoever asks what is known of them would get half of it, or somebody's secret."""
    await call(act, world, incident)
    await as_anna(AddLogEntry, incident, text="The dike holds.")
    await conn.execute(
        "INSERT INTO session (token_hash, user_id, csrf_token, created_at, last_used_at, expires_at)"
        " VALUES ('x', $1, 'csrf', $2, $2, $2)", anna, clock.now(),
    )  # fmt: skip
    with pytest.raises(RoleMissing):
        await as_anna(AddUser, login="xx", display_name="x", roles=[])
    found = await personal_data(conn, anna, clock.now())
    assert (found.profile.login, found.profile.display_name, found.has_password) == ("a.visser", NAME, True)
    assert [token.label for token in found.tokens] == ["Anna's telephone"]
    assert [row.command for row in found.refusals] == ["add_user"]
    assert [(row.kind, row.field, row.name) for row in found.mentions] == [("call", "person_rung", NAME)]
    assert {row.type for row in found.acts} == {"user.added", "incident.logged"}
    assert len(found.sessions) == 1
    text = found.model_dump_json()
    for secret in ("csrf", "argon2", "token_hash", "password_hash"):
        assert secret not in text


async def test_people_are_forgotten_when_their_matter_has_been_over_for_long(
    act, sent, walk, world, conn, clock, door, due, assert_fold
):
    """Names would pile up for ever; or a guide's number would go while the unit is on its way."""
    incident = (await act(ReportIncident, **flood())).id
    made = await call(act, world, incident)
    (mission,) = await sent("luik-pump-1", incident=incident)
    await act(NameGuide, mission, name="Piet Jansen", phone="+31 00 000 0417")
    await begin_retention(door)
    await begin_retention(door)
    waiting = "SELECT count(*) FROM due_work WHERE command = 'apply_retention' AND done_at IS NULL"
    assert await conn.fetchval(waiting) == 1

    async def kept():
        await due()
        rung = await conn.fetchval("SELECT person_rung FROM call WHERE id = $1", made.id)
        return rung, await conn.fetchval("SELECT guide_name FROM mission WHERE id = $1", mission)

    assert await kept() == (NAME, "Piet Jansen")
    clock.move(days=door.settings.retention_days_calls + 2)
    assert await kept() == (None, "Piet Jansen")
    await conn.execute("UPDATE incident SET status = 'closed', closed_at = $1", clock.now())
    clock.move(days=door.settings.retention_days_contacts - 1)
    assert await kept() == (None, "Piet Jansen")
    clock.move(days=3)
    assert await kept() == (None, None)
    assert await conn.fetchval(waiting) == 1
    assert await conn.fetchval("SELECT outcome FROM due_work WHERE command = 'apply_retention' LIMIT 1") == "done"


async def test_who_answers_a_text_has_not_written_it(act, erase, home, sign, world, conn, assert_fold):
    """The lender, who tells the line again with its answer, would black out why the requester does not pay."""
    await sign(REIMBURSED | {"disputes": {"answer_within_days": 14}})
    drafted = await act(DraftClaim, who=FINANCE, mission_ids=await home("luik-pump-1"))
    line = UUID(lines_of(await act(SubmitClaim, drafted.id, who=FINANCE))[0]["id"])
    reason = "Jan de Boer says that it left after four."
    await act(DisputeClaimLine, line, who=("maas", "finance"), reason=reason, counter_amount="240")
    await act(AnswerDispute, line, who=FINANCE, amount="300", answer="Jan de Boer was not there.")
    disputed = "SELECT payload IS NOT NULL FROM journal_entry WHERE type = 'claim.disputed'"
    texts = "SELECT dispute_reason, answer FROM claim_line WHERE id = $1"

    await erase(ErasePerson, world.members["luik"], who=("luik", "admin"), names=["Jan de Boer"])
    assert tuple(await conn.fetchrow(texts, line)) == (reason, "█████ was not there.")
    assert await conn.fetchval(disputed)
    await assert_fold()
    await erase(ErasePerson, world.members["maas"], names=["Jan de Boer"])
    assert (await conn.fetchval(texts, line)) == "█████ says that it left after four."
    assert not await conn.fetchval(disputed)
    await assert_fold()


async def test_who_confirmed_for_an_authority_is_kept_while_the_incident_is_open(
    act, sent, world, conn, clock, door, due
):
    """Whom the governor's office had on the telephone would be gone in the middle of a long flood."""
    province = {"name": "Province", "kind": "governor", "contact": None}
    await act(
        ChangeMember, world.members["maas"], who=ADMIN, informed_authorities=[province], inform_on=["request_opened"]
    )
    await sent("luik-pump-1")
    notice = await conn.fetchval("SELECT id FROM authority_notice")
    await act(ConfirmReceipt, notice, who=MAAS, person="Piet Jansen")
    kept = "SELECT confirmed_person FROM authority_notice WHERE id = $1"
    await begin_retention(door)
    clock.move(days=door.settings.retention_days_contacts + 30)
    await due()
    assert await conn.fetchval(kept, notice) == "Piet Jansen"
    await conn.execute("UPDATE incident SET status = 'closed', closed_at = $1", clock.now())
    clock.move(days=door.settings.retention_days_contacts + 2)
    await due()
    assert await conn.fetchval(kept, notice) is None


async def test_a_name_within_another_name_is_another_s(act, world, conn, clock):
    """Whoever erases Anna would lose Hannah's and Johanna's numbers, and read them in what is held on Anna."""
    body = {"display_name": "Roy", "roles": ["viewer"], "password": "seven boats on the Meuse"}
    anna = (await act(AddUser, who=ADMIN, login="anna", **body)).id
    others = ["Hannah Smit", "Johanna Leroy", "Élanna Maes", "Anna Smit"]
    for number, name in enumerate(["ANNA", *others, "Roy, on Sundays"]):
        phone = f"+31 00 000 020{number}"
        await act(AddContact, who=ADMIN, code=f"c{number}", function="Duty officer", name=name, phone=phone)
    names = "SELECT array_agg(name ORDER BY code) FROM contact"

    held = await personal_data(conn, anna, clock.now())
    assert {(row.name, row.phone) for row in held.mentions} == {
        ("ANNA", "+31 00 000 0200"),
        ("Roy, on Sundays", "+31 00 000 0205"),
    }
    await act(EraseUser, anna, who=ADMIN)
    assert await conn.fetchval(names) == [None, *others, None]
    maas = world.members["maas"]
    await act(ErasePerson, maas, who=ADMIN, names=["anna", "+31 00 000 020", "+31 00 000 0202"])
    assert await conn.fetchval(names) == [None, "Hannah Smit", None, "Élanna Maes", None, None]
