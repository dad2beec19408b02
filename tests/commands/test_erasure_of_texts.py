"""Names in texts: gone in every space, piece by piece, and nobody else's words with them."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import pytest

from app.commands import blacking_out
from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.calls import AssistNow
from app.commands.claim_disputes import AnswerDispute, DisputeClaimLine
from app.commands.claim_steps import WaiveClaim
from app.commands.claims import DraftClaim, SubmitClaim
from app.commands.contacts import AddContact
from app.commands.crews import NameLiaison
from app.commands.debts import MakeDebtGood
from app.commands.due import one_due
from app.commands.erasure import ErasePerson, EraseUser
from app.commands.inbox_matters import RunInboxMessage
from app.commands.incidents import AddLogEntry, ReportIncident
from app.commands.missions import ReleaseMission
from app.commands.users import AddUser
from app.domain.authority import SYSTEM, Actor
from app.domain.errors import Conflict
from app.queries.personal_data import held_by_name, personal_data
from app.store import journal
from app.store.personal import surely_there
from app.store.tables import Member
from app.store.unit_of_work import Act, commit, unit_of_work
from tests.commands.conftest import LUIK, MAAS, PUMP, RATES
from tests.commands.telling import Cad
from tests.commands.test_claims import LENDER as FINANCE
from tests.commands.test_claims import REIMBURSED, lines_of
from tests.until import until
from tests.world import everywhere, flood

ADMIN = ("maas", "admin")
TURKISH = "İbrahim Yılmaz"  # noqa: RUF001 - as he writes it


@pytest.fixture
async def shadow(door, world, clock):
    """A second space with the members of the first, under the same ids, as a drill has them."""
    act = Act("begin", SYSTEM.via, clock.now())
    made = {"space": "integration", "actor": SYSTEM, "now": clock.now(), "act": act, "settings": door.settings}
    async with unit_of_work(door.engine, **(made | {"space": "live"})) as uow:
        known = [(await uow.get(Member, id_)).model_dump() for id_ in world.members.values()]
    async with unit_of_work(door.engine, **made) as uow:
        for values in known:
            uow.record("member.added", uow.add(Member(**(values | {"space_id": "integration", "revision": 1}))))
        await uow.finish()
        await commit(uow)
    return "integration"


@pytest.fixture
async def eva(act):
    """A dispatcher of maas who signs in as *storm*; her id."""
    body = {
        "login": "storm",
        "display_name": "Eva Storm",
        "password": "seven boats on the Meuse",
        "roles": ["dispatcher"],
    }
    return (await act(AddUser, who=ADMIN, **body)).id


@pytest.fixture
def as_eva(door, eva, world):
    """Executes a command as her, in a space."""
    actor = Actor(eva, "person", world.members["maas"], frozenset({"dispatcher"}), "console")

    async def does(model, target=None, *, space="live", **body):
        return await door.execute(model.model_validate(body), actor=actor, space=space, target=target)

    return does


async def test_in_every_space(act, as_eva, eva, shadow, conn, due, assert_fold):
    """Whoever is forgotten where it was serious would still be named in every drill."""
    for space in ("live", shadow):
        reported = await as_eva(ReportIncident, space=space, **(flood() | {"title": "Eva Storm sees water"}))
        await as_eva(AddLogEntry, reported.id, space=space, text="eva storm: the dike holds.")
    await act(EraseUser, eva, who=ADMIN)
    await due()
    for table, column in (
        ("incident", "title"),
        ("incident_log", "text"),
        ("journal_entry", "payload"),
        ("due_work", "body"),
    ):
        assert await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {column}::text ILIKE '%eva storm%'") == 0, table
    for space in ("live", shadow):
        report = await journal.verify(conn, space)
        assert report.ok, report.sentences()
        assert report.erased == 2
        await assert_fold(space)


async def test_piece_by_piece(act, as_eva, eva, conn, due, door, incident, monkeypatch, assert_fold):
    """A journal of ten years would be read, and a thousand rows locked, in one transaction that nobody gets past."""
    monkeypatch.setattr(blacking_out, "READ_AT_ONCE", 40)
    monkeypatch.setattr(blacking_out, "ERASED_AT_ONCE", 2)
    for number in range(5):
        await as_eva(AddLogEntry, incident, text=f"{number}: Eva Storm at the pump.")
    await act(AddLogEntry, incident, who=LUIK, text="Eva Storm rang.")
    await act(EraseUser, eva, who=ADMIN)
    head = await conn.fetchval("SELECT seq FROM journal_head WHERE space_id = 'live'")
    runs = 0
    while await one_due(door):
        runs += 1
    assert runs >= head // 40 + 3
    texts = [row["text"] for row in await conn.fetch("SELECT text FROM incident_log ORDER BY id")]
    assert [text for text in texts if "Storm" in text] == ["Eva Storm rang."]
    assert (
        await conn.fetchval("SELECT count(*) FROM due_work WHERE body::text LIKE '%Storm%' OR outcome <> 'done'") == 0
    )
    assert await conn.fetchval("SELECT count(*) FROM journal_entry WHERE payload IS NULL") == 5
    assert (await journal.verify(conn, "live")).ok
    await assert_fold()


async def test_a_login_is_no_word_and_a_month_no_name(act, as_eva, eva, conn, due, incident):
    """Whoever signs in as *storm* would be blacked out of every weather report, and Jan of every January."""
    text = "A storm from 3 Jan on, says Eva Storm; STORM WARNING, ask jan.storm1."
    await as_eva(AddLogEntry, incident, text=text)
    receipt = await act(EraseUser, eva, who=ADMIN, also=["Jan", "jan.storm1"])
    assert [warning["code"] for warning in receipt.warnings] == ["too_short_for_texts"]
    await due()
    told = await conn.fetchval("SELECT text FROM incident_log ORDER BY id DESC LIMIT 1")
    assert told == "A storm from 3 Jan on, says █████; STORM WARNING, ask █████."


async def test_one_word_is_a_name_where_it_is_written_as_one(act, as_eva, conn, due, incident, world):
    """*Storm* may be somebody; *storm* is the weather."""
    await as_eva(AddLogEntry, incident, text="Storm says: no storm. Brainstorm with STORM and Storms.")
    await act(ErasePerson, world.members["maas"], who=ADMIN, names=["storm"])
    await due()
    told = await conn.fetchval("SELECT text FROM incident_log ORDER BY id DESC LIMIT 1")
    assert told == "█████ says: no storm. Brainstorm with █████ and Storms."


async def test_in_what_is_nested_too_deeply(door, act, world, conn, due, clock):
    """One message of a thousand levels must not keep the names in all others of its space."""
    cad = await Cad.of(door, world, "maas", codes={})
    deep = await cad.tells('{"note": "Eva Storm", "x": ' + "[" * 1000 + "]" * 1000 + "}")
    flat = await cad.tells(cad.fms("X", note="Eva Storm"))
    held = await held_by_name(conn, world.members["maas"], ["Eva Storm"], clock.now())
    assert {row.id for row in held.texts} == {deep.message_id, flat.message_id}
    await act(ErasePerson, world.members["maas"], who=ADMIN, names=["Eva Storm"])
    await due()
    bodies = await conn.fetch("SELECT body FROM inbox_message")
    assert [b"Storm" in row["body"] for row in bodies] == [False, False]


async def test_in_what_a_person_made_of_a_message(door, act, world, conn, due, clock):
    """The dispatcher writes the name in where the system told a number: the export would not show it, and the erasure take it."""
    cad = await Cad.of(door, world, "maas", codes={})
    held = await cad.tells(cad.fms(4, unit="0", note="-"))
    await cad.does(RunInboxMessage, held.message_id, changes=[{"at": "/note", "value": "Eva Storm"}])
    of_eva = await held_by_name(conn, world.members["maas"], ["Eva Storm"], clock.now())
    assert [(row.kind, row.field, row.id) for row in of_eva.texts] == [("inbox_message", "edited", held.message_id)]
    await act(ErasePerson, world.members["maas"], who=ADMIN, names=["Eva Storm"])
    await due()
    assert (await held_by_name(conn, world.members["maas"], ["Eva Storm"], clock.now())).texts == ()


async def test_in_what_dispatch_systems_told(door, act, world, conn, due, clock, assert_fold):
    """A message that waits for a person tells of a patient by name, and would do so until its time is over."""
    cad = await Cad.of(door, world, "maas", codes={})
    told = cad.fms(4, unit="Eva Storm", note="Eva Störm, é")
    first = await cad.tells(told, id_="msg_eva")
    assert first.outcome == "quarantined"
    held = await held_by_name(conn, world.members["maas"], ["Eva Storm"], clock.now())
    assert {(row.kind, row.field, row.id) for row in held.texts} == {
        ("inbox_message", "body", first.message_id),
        ("inbox_matter", "because", first.message_id),
    }
    assert (await held_by_name(conn, world.members["luik"], ["Eva Storm"], clock.now())).texts == ()
    await act(ErasePerson, world.members["maas"], who=ADMIN, names=["Eva Storm", "Eva Störm"])
    await due()
    row = await conn.fetchrow("SELECT body, because FROM inbox_message WHERE id = $1", first.message_id)
    assert [json.loads(row["body"])[name] for name in ("issi", "note")] == ["█████", "█████, é"]
    assert "Storm" not in str(row["because"])
    assert "Storm" not in await conn.fetchval("SELECT because::text FROM inbox_matter WHERE id = $1", first.message_id)
    assert (await held_by_name(conn, world.members["maas"], ["Eva Storm"], clock.now())).texts == ()
    assert (await cad.tells(told, id_="msg_eva")).outcome == "duplicate", "known by its digest"
    await assert_fold()


async def test_a_second_erasure_knows_who_wrote_what(act, home, sign, world, conn, due, assert_fold):
    """The first erasure tells the whole line again: by the second, the lender's answer would be the requester's."""
    await sign(REIMBURSED | {"disputes": {"answer_within_days": 14}})
    drafted = await act(DraftClaim, who=FINANCE, mission_ids=await home("luik-pump-1"))
    line = UUID(lines_of(await act(SubmitClaim, drafted.id, who=FINANCE))[0]["id"])
    await act(DisputeClaimLine, line, who=("maas", "finance"), reason="Ask Jan de Boer.", counter_amount="240")
    await act(AnswerDispute, line, who=FINANCE, amount="300", answer="Piet Jansen was there.")

    async def erased(member, name):
        await act(ErasePerson, world.members[member], who=(member, "admin"), names=[name])
        await due()
        await assert_fold()
        return tuple(await conn.fetchrow("SELECT dispute_reason, answer FROM claim_line WHERE id = $1", line))

    assert await erased("maas", "Jan de Boer") == ("Ask █████.", "Piet Jansen was there.")
    assert await erased("maas", "Piet Jansen") == ("Ask █████.", "Piet Jansen was there.")
    assert await erased("luik", "Piet Jansen") == ("Ask █████.", "█████ was there.")
    assert (await journal.verify(conn, "live")).ok


async def test_who_waits_for_a_unit_holds_nobody_up(act, sent, eva, pg, conn, assert_fold):
    """Locks in another order than everybody's: an erasure and a mission's step would wait for each other."""
    (mission,) = await sent("luik-pump-1")
    await act(NameLiaison, mission, who=LUIK, name="Luc Maes", phone="+32 00 000 0421")
    members = await conn.fetchrow("SELECT requester_id, lender_id, incident_id FROM mission")
    made = await act(
        AssistNow, who=MAAS, type_code=PUMP, quantity=1, lon=5.7, lat=50.78, person_rung="Luc Maes", **dict(members)
    )
    someone = (await act(AddUser, who=("luik", "admin"), login="l.maes", display_name="Luc Maes", roles=["viewer"])).id
    holding = await pg()
    async with holding.transaction():
        await holding.execute("SELECT FROM mission WHERE id = $1 FOR UPDATE", mission)
        erasing = asyncio.create_task(act(EraseUser, someone, who=("luik", "admin")))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        await until(lambda: conn.fetchval(waits))
        await conn.execute("SELECT FROM user_account WHERE id = $1 FOR UPDATE NOWAIT", someone)
        await conn.execute("SELECT FROM call WHERE id = $1 FOR UPDATE NOWAIT", made.id)
    await erasing
    assert await conn.fetchval("SELECT liaison_name FROM mission WHERE id = $1", mission) is None
    assert await conn.fetchval("SELECT person_rung FROM call WHERE id = $1", made.id) is None
    await assert_fold()


async def test_who_alone_can_pay_hands_over_first(act, home, sign, world, incident, due):
    """The bill of a flood would lie with nobody: no one else of the city could answer, pay or close it."""
    await sign(REIMBURSED)
    drafted = await act(DraftClaim, who=FINANCE, mission_ids=await home("luik-pump-1"))
    treasurer, admin = world.users[FINANCE], ("luik", "admin")
    with pytest.raises(Conflict) as refused:
        await act(EraseUser, treasurer, who=admin)
    assert refused.value.extra["role"] == "finance"
    assert [reason["figures"]["n"] for reason in refused.value.extra["reasons"]] == [1]
    await act(SubmitClaim, drafted.id, who=FINANCE)
    await act(WaiveClaim, drafted.id, who=FINANCE, why="Never mind.")
    await act(AddUser, who=admin, login="new", display_name="Somebody New", roles=["finance"])
    await act(EraseUser, treasurer, who=admin)
    members = {"requester_id": world.members["maas"], "lender_id": world.members["luik"], "incident_id": incident}
    made = await act(AssistNow, who=MAAS, type_code=PUMP, quantity=1, lon=5.7, lat=50.78, **members)
    signs, owed = ("luik", "authorised_representative"), UUID(made.rows["debt"][0]["id"])
    assert made.rows["debt"][0]["member_id"] == str(world.members["luik"])
    with pytest.raises(Conflict) as refused:
        await act(EraseUser, world.users[signs], who=admin)
    assert refused.value.extra["role"] == "authorised_representative"
    await act(MakeDebtGood, owed, who=signs)
    await act(EraseUser, world.users[signs], who=admin)


@pytest.mark.parametrize(
    "name",
    [TURKISH, "Zoë Lemaître", "Éloïse Kiss", "Kiss", "Ян Крамер", 'Piet "de Boer"'],
)
async def test_in_every_alphabet(act, incident, conn, due, assert_fold, name):
    """What a database takes for the small letter of İ, or of É, is its own matter: who is called so would never be found."""
    await act(AddLogEntry, incident, who=MAAS, text=f"{name} rang from the quay.")
    await act(AddLogEntry, incident, who=MAAS, text=f"From {name.upper()}.")
    await act(ErasePerson, UUID(str(await _maas(conn))), who=ADMIN, names=[name])
    while await due():
        pass
    texts = [row["text"] for row in await conn.fetch("SELECT text FROM incident_log WHERE text LIKE '%█%' ORDER BY id")]
    assert texts == [f"{blacking_out.BLACK} rang from the quay.", f"From {blacking_out.BLACK}."]
    payloads = "".join(
        row["payload"] for row in await conn.fetch("SELECT payload FROM journal_entry WHERE payload <> ''")
    )
    assert name not in payloads
    assert (await journal.verify(conn, "live")).ok
    await assert_fold()


async def _maas(conn):
    return await conn.fetchval("SELECT id FROM member WHERE code = 'maas'")


@pytest.mark.parametrize("name", [TURKISH, "Zoë Lemaître", "Kiss", "Ünal", "Straße", "O'Brien", 'Piet "de" Boer'])
def test_what_is_looked_for_first_stands_in_every_spelling(name):
    """A database of another locale would pass over the entry, and nobody would know."""
    piece = surely_there(name)
    for spelt in (name, name.upper(), name.lower(), name.title(), name.swapcase()):
        raw = json.dumps(spelt, ensure_ascii=False)
        assert piece in "".join(letter.lower() if letter.isascii() else letter for letter in raw)


NAMED = "Hendrik van Dongen"


async def test_in_terms_that_all_have_signed(act, world, sent, walk, clock, conn, due, assert_fold):
    """Whoever may bind a city is named in its agreements, and these are copied into every offer and claim under them."""
    parties = [world.members[code] for code in ("maas", "luik")]
    cost = {
        "terms": "reimbursed",
        "currency": "EUR",
        "rates": RATES,
        "disputes": {"settled_by": {"en": f"By {NAMED}."}},
    }
    clauses = {"command": {"status": "open", "texts": {"en": f"Ask {NAMED}.", "nl": f"Vraag {NAMED}."}}}
    terms = {"kinds": ["immediate"], "cost": cost, "clauses": clauses, "legal_basis": {"en": f"Letter of {NAMED}, 2019"},
             "who_may_bind": {"nl": f"Voor Maastricht: burgemeester {NAMED}."}}  # fmt: skip
    signs = [(code, "authorised_representative") for code in ("maas", "luik")]
    body = {"code": "named", "names": everywhere("Named"), "lenders": parties, "borrowers": parties, "precedence": 10}
    drafted = await act(DraftAgreement, who=signs[0], **body, terms=terms, effective_at="2026-01-01T00:00:00Z")
    await act(ProposeAgreement, drafted.id, who=signs[0])
    for who in signs:
        await act(ConsentToAgreement, drafted.id, who=who)
    (mission,) = await sent("luik-pump-1")
    await walk(mission, "mobilising", "in_transit", "on_scene")
    clock.move(hours=3)
    await act(ReleaseMission, mission)
    await walk(mission, "returning", "returned")
    claim = await act(DraftClaim, who=("luik", "finance"), mission_ids=[mission])
    await act(SubmitClaim, claim.id, who=("luik", "finance"))
    await act(ErasePerson, world.members["maas"], who=ADMIN, names=[NAMED])
    while await due():
        pass
    told = [
        json.loads(row["terms"])
        for row in await conn.fetch("SELECT terms::text FROM agreement_version WHERE agreement_id = $1", drafted.id)
    ]
    assert [each["who_may_bind"] for each in told] == [{"nl": f"Voor Maastricht: burgemeester {blacking_out.BLACK}."}]
    for table, column in (
        ("agreement_version", "terms"),
        ("offer_line", "cost"),
        ("claim_mission", "cost"),
        ("journal_entry", "payload"),
    ):
        assert await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {column}::text LIKE '%van Dongen%'") == 0, table
        assert (
            await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {column}::text LIKE '%{blacking_out.BLACK}%'") > 0
        ), table
    assert (await journal.verify(conn, "live")).ok
    await assert_fold()
    await sent("luik-pump-2")  # the terms are read as before


async def test_what_is_held_is_what_would_be_erased(act, as_eva, eva, world, incident, shadow, conn, clock):
    """Half of an answer: the second number, the note about illness, the log in which a colleague names her."""
    body = {"function": "Duty", "phone": "+31 00 000 0441"}
    own = {"phone_2": "+31 00 000 0442", "email": "eva@example.org", "note": "Diabetic; at home after ten."}
    await act(AddContact, who=MAAS, code="x1", name="Eva Storm", **body, **own)
    await act(AddContact, who=MAAS, code="x2", **body, note="Ask for Eva Storm.")
    await act(AddContact, who=MAAS, code="x3", **body, note="A storm is near.")
    await act(AddLogEntry, incident, who=MAAS, text="Eva Storm is at the dike.", why="Eva Storm said so.")
    await act(AddLogEntry, incident, who=LUIK, text="Eva Storm rang us.")
    reported = await as_eva(ReportIncident, space=shadow, **(flood() | {"title": "Eva Storm's flood"}))
    held = await personal_data(conn, eva, clock.now())
    assert [(row.kind, row.name, row.more.get("note")) for row in held.mentions] == [
        ("contact", "Eva Storm", own["note"]),
        ("contact", None, "Ask for Eva Storm."),
    ]
    assert held.mentions[0].more == own
    assert {(row.space, row.kind, row.field, row.text) for row in held.texts} == {
        ("live", "incident_log", "text", "Eva Storm is at the dike."),
        ("live", "act", "why", "Eva Storm said so."),
        (shadow, "incident", "title", "Eva Storm's flood"),
    }
    assert {row.id for row in held.texts if row.kind == "incident"} == {reported.id}
    by_name = await held_by_name(conn, world.members["maas"], ["Eva Storm"], clock.now())
    assert (by_name.mentions, by_name.texts) == (held.mentions, held.texts)
    by_number = await held_by_name(conn, world.members["maas"], ["+31 00 000 0442"], clock.now())
    assert [row.name for row in by_number.mentions] == ["Eva Storm"]
    assert (await held_by_name(conn, world.members["luik"], ["Eva Storm"], clock.now())).mentions == ()


async def test_what_an_erasure_left_is_held_and_told(act, world, incident, conn, due, clock, assert_fold):
    """The log names him twice, the second time by his surname: after the first erasure nothing would be held on him, in view of everybody."""
    await act(AddLogEntry, incident, who=MAAS, text="Piet Vandersmissen belde. Dhr. Vandersmissen wacht.")
    await act(AddLogEntry, incident, who=LUIK, text="M. Vandersmissen et Piet Vandersmissen.")
    await act(ErasePerson, world.members["maas"], who=ADMIN, names=["Piet Vandersmissen"])
    await due()
    for member, texts in (
        ("maas", ["█████ belde. Dhr. Vandersmissen wacht."]),
        ("luik", ["M. Vandersmissen et Piet Vandersmissen."]),
    ):
        held = await held_by_name(conn, world.members[member], ["Vandersmissen"], clock.now())
        assert [row.text for row in held.texts] == texts, member
    await act(ErasePerson, world.members["maas"], who=ADMIN, names=["Vandersmissen"])
    await due()
    assert (await held_by_name(conn, world.members["maas"], ["Vandersmissen"], clock.now())).texts == ()
    await assert_fold()
