"""The door: what holds for every command, whatever it is about."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from app.commands import execute as door_module
from app.commands.at_work import AtWork
from app.commands.execute import ATTEMPTS, AUDITED_PER_MINUTE
from app.commands.incidents import AddLogEntry, ChangeIncident, CloseIncident, ReportIncident
from app.commands.registry import BY_MODEL, BY_NAME, Entry
from app.commands.tokens import AddToken
from app.domain import authority
from app.domain.errors import (
    ConcordError,
    Conflict,
    KeyReused,
    NotFound,
    OutOfRange,
    RoleMissing,
    ScopeMissing,
    StaleRevision,
    Unavailable,
)
from app.store.engine import create_engine, reading
from app.store.tables import Incident
from app.store.unit_of_work import Act, unit_of_work
from app.telemetry import REGISTRY
from tests.interleaving import overlapping
from tests.world import flood

REPORT = ReportIncident.model_validate(flood(hazard="storm"))
"""One entry: no protocol is made for a storm."""


@pytest.fixture
def dispatcher(world):
    return world.actor("maas", "dispatcher")


@pytest.fixture
async def incident(door, dispatcher):
    """An incident that was reported."""
    return await door.execute(REPORT, actor=dispatcher, space="live")


@pytest.fixture
def count(pg):
    """Counts rows of a table."""

    async def counted(table):
        return await (await pg()).fetchval(f"SELECT count(*) FROM {table}")

    return counted


def retries():
    return REGISTRY.get_sample_value("concord_command_retries_total")


def handled_by(monkeypatch, handler):
    """Have the door carry out ReportIncident by another handler."""
    entry = Entry("report_incident", ReportIncident, handler)
    monkeypatch.setitem(BY_MODEL, ReportIncident, entry)
    monkeypatch.setitem(BY_NAME, "report_incident", entry)


# ---------------------------------------------------------------- receipts and the journal


async def test_receipt_says_where_the_act_stands(door, dispatcher, incident, pg, assert_fold):
    """A client that goes on from its receipt's seq would miss entries, or see them twice."""
    conn = await pg()
    assert incident.command == "report_incident"
    assert (incident.kind, incident.revision) == ("incident", 1)
    assert incident.recorded_at == door.clock.now()
    entry = await conn.fetchrow("SELECT * FROM journal_entry WHERE space_id = 'live' AND seq = $1", incident.seq)
    assert (entry["type"], entry["subject_id"]) == ("incident.reported", incident.id)
    assert entry["actor_id"] == dispatcher.id
    changed = await door.execute(
        ChangeIncident(status="active"), actor=dispatcher, space="live", target=incident.id, revision=1
    )
    assert (changed.seq, changed.revision) == (incident.seq + 1, 2)
    await assert_fold()


async def test_the_hint_comes_after_the_commit(door, dispatcher, engine):
    """Whoever is woken would look too early, find nothing, and sleep on."""
    heard = []
    door.on_commit = lambda space, seq: heard.append((space, seq))
    receipt = await door.execute(REPORT, actor=dispatcher, space="live")
    assert heard == [("live", receipt.seq)]
    with pytest.raises(NotFound):
        await door.execute(ChangeIncident(severity=5), actor=dispatcher, space="live", target=dispatcher.id)
    assert len(heard) == 1


async def test_a_space_that_is_not_there_is_not_found(door, dispatcher):
    """A misspelt space would otherwise be an error of ours in the client's eyes."""
    with pytest.raises(NotFound):
        await door.execute(REPORT, actor=dispatcher, space="nowhere")


async def test_what_happened_can_not_lie_in_the_future(door, dispatcher, clock):
    """A time line would show what nobody has done yet; clocks may differ by a little."""
    ahead = clock.now() + door_module.FUTURE
    await door.execute(
        ReportIncident.model_validate(flood(occurred_at=ahead.isoformat())), actor=dispatcher, space="live"
    )
    clock.move(seconds=-1)
    with pytest.raises(OutOfRange):
        await door.execute(
            ReportIncident.model_validate(flood(occurred_at=ahead.isoformat())), actor=dispatcher, space="live"
        )


# ---------------------------------------------------------------- idempotency


async def test_a_repeat_gets_the_first_receipt_and_changes_nothing(door, dispatcher, count, clock):
    """A dispatch system that sends again after a broken line would report every incident twice."""
    first = await door.execute(REPORT, actor=dispatcher, space="live", key="k-1")
    clock.move(minutes=5)
    entries = await count("journal_entry")
    again = await door.execute(REPORT, actor=dispatcher, space="live", key="k-1")
    assert again == first
    assert await count("journal_entry") == entries
    other = await door.execute(REPORT, actor=dispatcher, space="live", key="k-2")
    assert other.id != first.id


async def test_a_key_with_another_message_is_a_conflict(door, dispatcher, incident, count):
    """The client would take the receipt of one message for that of another: its second act would never happen."""
    await door.execute(REPORT, actor=dispatcher, space="live", key="k")
    entries = await count("journal_entry")
    with pytest.raises(KeyReused):
        await door.execute(ReportIncident.model_validate(flood(severity=5)), actor=dispatcher, space="live", key="k")
    line = AddLogEntry(text="The water still rises.")
    await door.execute(line, actor=dispatcher, space="live", key="log", target=incident.id)
    elsewhere = await door.execute(REPORT, actor=dispatcher, space="live")
    with pytest.raises(KeyReused):
        await door.execute(line, actor=dispatcher, space="live", key="log", target=elsewhere.id)
    with pytest.raises(KeyReused):
        await door.execute(line, actor=dispatcher, space="live", key="log", target=incident.id, revision=1)
    assert await count("journal_entry") == entries + 2


async def test_a_key_is_its_actors_own(door, world, dispatcher):
    """Two cities that happen to number their messages alike would get each other's receipts."""
    ours = await door.execute(REPORT, actor=dispatcher, space="live", key="1")
    theirs = await door.execute(REPORT, actor=world.actor("luik", "dispatcher"), space="live", key="1")
    assert ours.id != theirs.id


async def test_two_simultaneous_repeats_have_one_effect(door, dispatcher, count):
    """An impatient client that sends twice at once would have two incidents."""
    before = await count("incident")
    receipts = await asyncio.gather(
        *(door.execute(REPORT, actor=dispatcher, space="live", key="same") for _ in range(6))
    )
    assert all(each == receipts[0] for each in receipts)
    assert await count("incident") == before + 1
    assert await count("idempotency") == 1


@pytest.mark.parametrize("at", [1, 2])
async def test_a_repeat_that_meets_the_first_is_not_refused_by_it(door, world, incident, monkeypatch, pg, count, at):
    """The client that sends again before it heard would be told that it can't be done, though it just was."""

    def closes():
        return door.execute(
            CloseIncident(),
            actor=world.actor("maas", "authorised_representative"),
            space="live", target=incident.id, key="close", revision=1,
        )  # fmt: skip

    entries = await count("journal_entry")
    first, second = await overlapping(monkeypatch, await pg(), closes(), closes(), at=at)
    assert first == second
    assert first.subject["status"] == "closed"
    assert await count("journal_entry") == entries + 1
    with pytest.raises(ConcordError):  # without the key it is refused all the same
        await door.execute(
            CloseIncident(), actor=world.actor("maas", "authorised_representative"), space="live", target=incident.id
        )


async def test_a_refusal_is_not_stored(door, dispatcher, incident, count):
    """Somebody who mends the cause and sends again would be refused for ever."""
    change = ChangeIncident(severity=5)
    with pytest.raises(StaleRevision):
        await door.execute(change, actor=dispatcher, space="live", target=incident.id, revision=7, key="k")
    assert await count("idempotency") == 0
    done = await door.execute(change, actor=dispatcher, space="live", target=incident.id, revision=1, key="k")
    assert done.subject["severity"] == 5


async def test_what_is_shown_once_is_not_kept(door, world, count, pg):
    """A token's text would lie in the database under its key, for whoever reads a backup."""
    admin = world.actor("maas", "admin")
    make = AddToken(label="gateway", scopes=["read"])
    first = await door.execute(make, actor=admin, space="live", key="t")
    again = await door.execute(make, actor=admin, space="live", key="t")
    assert first.once["token"]
    assert again.once is None
    kept = await (await pg()).fetchval("SELECT receipt::text FROM idempotency WHERE key = 't'")
    assert first.once["token"] not in kept


# ---------------------------------------------------------------- refusals


async def test_a_refusal_is_written_down_though_nothing_else_is(door, world, pg, count):
    """An admin could not see who tried what."""
    viewer = world.actor("maas", "viewer")
    entries = await count("journal_entry")
    with pytest.raises(RoleMissing):
        await door.execute(REPORT, actor=viewer, space="live")
    (row,) = await (await pg()).fetch("SELECT * FROM audit")
    assert (row["actor"], row["member_id"]) == (viewer.ref, viewer.member_id)
    assert (row["command"], row["slug"], row["space_id"]) == ("report_incident", "role-missing", "live")
    assert row["at"] == door.clock.now()
    assert await count("journal_entry") == entries


async def test_refusals_of_one_actor_are_written_down_at_a_bounded_rate(door, world, count):
    """A client that runs wild would fill the disk with its refusals."""
    viewer, other = world.actor("maas", "viewer"), world.actor("luik", "viewer")
    for _ in range(AUDITED_PER_MINUTE + 5):
        with pytest.raises(RoleMissing):
            await door.execute(REPORT, actor=viewer, space="live")
    assert await count("audit") == AUDITED_PER_MINUTE
    with pytest.raises(RoleMissing):
        await door.execute(REPORT, actor=other, space="live")
    assert await count("audit") == AUDITED_PER_MINUTE + 1


async def test_a_refusal_reaches_its_actor_though_it_can_not_be_written_down(door, world, pg):
    """The refusal would turn into an error of ours."""
    await (await pg()).execute("ALTER TABLE audit RENAME TO audit_away")
    with pytest.raises(RoleMissing):
        await door.execute(REPORT, actor=world.actor("maas", "viewer"), space="live")


async def test_a_token_can_do_what_it_was_made_for(door, world, dispatcher):
    """A wallboard's token in the wrong hands would send units."""
    narrow = authority.Actor(
        dispatcher.id, "service", dispatcher.member_id, dispatcher.roles, "api", frozenset({"read"})
    )
    with pytest.raises(ScopeMissing):
        await door.execute(REPORT, actor=narrow, space="live")


# ---------------------------------------------------------------- handlers that are wrong


async def test_a_handler_that_never_asks_for_authority_has_no_effect(door, dispatcher, monkeypatch, count):
    """A forgotten line would open a command to everybody who has the role anywhere."""

    async def report_incident(uow, cmd):
        row = await uow.find(Incident)
        assert row == []
        uow.record("incident.reported", uow.add(_incident(uow)))

    handled_by(monkeypatch, report_incident)
    with pytest.raises(RuntimeError, match="never asked"):
        await door.execute(REPORT, actor=dispatcher, space="live")
    assert await count("incident") == 0


async def test_a_change_that_the_journal_does_not_tell_fails(door, dispatcher, incident, monkeypatch, pg):
    """Feeds, partners and the fold would never hear of it."""

    async def report_incident(uow, cmd):
        uow.authorise()
        row = await uow.lock(Incident, incident.id)
        row.severity = 1
        uow.record("incident.reported", uow.add(_incident(uow)))

    handled_by(monkeypatch, report_incident)
    with pytest.raises(RuntimeError, match="recorded nothing of it"):
        await door.execute(REPORT, actor=dispatcher, space="live")
    assert await (await pg()).fetchval("SELECT severity FROM incident WHERE id = $1", incident.id) == 4


async def test_a_handler_that_records_nothing_fails(door, dispatcher, monkeypatch):
    """There would be no receipt to give."""

    async def report_incident(uow, cmd):
        uow.authorise()

    handled_by(monkeypatch, report_incident)
    with pytest.raises(RuntimeError, match="recorded nothing"):
        await door.execute(REPORT, actor=dispatcher, space="live")


def _incident(uow):
    from app.domain.ids import new_id

    return Incident(
        space_id=uow.space, id=new_id(), ref="I-TEST", title="Test", hazard="flood", severity=2, phases={},
        area={"type": "Point", "coordinates": [5.7, 50.8]}, west=5.7, south=50.8, east=5.7, north=50.8,
        lead_member_id=uow.actor.member_id, occurred_at=uow.now,
    )  # fmt: skip


# ---------------------------------------------------------------- locks, races, lost connections


async def test_a_lock_taken_by_hand_is_kept_until_the_end(engine, dispatcher, clock, settings, pg):
    """SQLAlchemy sends BEGIN late: counts read after such a lock would be read without it."""
    conn = await pg()
    act = Act("report_incident", "console", clock.now())
    async with unit_of_work(engine, space="live", actor=dispatcher, now=clock.now(), act=act, settings=settings) as uow:
        await uow.raw.execute("SELECT pg_advisory_xact_lock(4711)")
        assert not await conn.fetchval("SELECT pg_try_advisory_xact_lock(4711)")
        await uow.find(Incident)
        assert not await conn.fetchval("SELECT pg_try_advisory_xact_lock(4711)")
    assert await conn.fetchval("SELECT pg_try_advisory_xact_lock(4711)")


async def test_a_reader_with_a_snapshot_sees_one_instant(engine, door, dispatcher):
    """A console's picture would hold a mission without its request."""
    async with reading(engine, snapshot=True) as conn:
        before = await conn.fetchval("SELECT count(*) FROM incident")
        await door.execute(REPORT, actor=dispatcher, space="live")
        assert await conn.fetchval("SELECT count(*) FROM incident") == before
    async with reading(engine) as conn:
        assert await conn.fetchval("SELECT count(*) FROM incident") == before + 1


async def test_a_deadlock_is_tried_again(door, dispatcher, incident, pg):
    """Two honest commands that cross would cost one of them its answer."""
    conn = await pg()
    await conn.execute("SET deadlock_timeout = '60s'")  # it is the command that notices
    before = retries()
    async with conn.transaction():
        await conn.execute("SELECT 1 FROM journal_head WHERE space_id = 'live' FOR UPDATE")
        change = asyncio.create_task(
            door.execute(ChangeIncident(severity=5), actor=dispatcher, space="live", target=incident.id)
        )
        watching = await pg()
        while not await watching.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ):
            assert not change.done()
        await conn.execute("SELECT 1 FROM incident WHERE id = $1 FOR UPDATE", incident.id)
    receipt = await change
    assert receipt.subject["severity"] == 5
    assert retries() > before


async def test_a_lock_that_is_not_to_be_had_is_said_in_time(database, door, dispatcher, incident, settings, pg):
    """Somebody would look at a wheel that turns, and the connection would be gone for the others."""
    impatient = create_engine(database, pool_size=2, lock_timeout_ms=100)
    quick = door_module.Door(impatient, settings, door.clock)
    conn = await pg()
    async with conn.transaction():
        await conn.execute("SELECT 1 FROM incident WHERE id = $1 FOR UPDATE", incident.id)
        with pytest.raises(Unavailable):
            await quick.execute(ChangeIncident(severity=5), actor=dispatcher, space="live", target=incident.id)
    await impatient.dispose()


async def test_a_lock_that_is_let_go_a_little_later_costs_nobody_an_error(
    database, door, dispatcher, incident, settings, pg
):
    """On a busy day somebody who pressed a button would be told to press it again."""
    impatient = create_engine(database, pool_size=2, lock_timeout_ms=100)
    quick = door_module.Door(impatient, settings, door.clock)
    conn, before = await pg(), retries()
    async with conn.transaction():
        await conn.execute("SELECT 1 FROM incident WHERE id = $1 FOR UPDATE", incident.id)
        change = asyncio.create_task(
            quick.execute(ChangeIncident(severity=5), actor=dispatcher, space="live", target=incident.id)
        )
        while retries() == before:
            assert not change.done()
            await asyncio.sleep(0)
    assert (await change).subject["severity"] == 5
    await impatient.dispose()


async def test_who_works_alone_waits_for_the_others_and_keeps_the_next_waiting():
    """Two at work at once would wait for each other's locks again."""
    turns, log, go_on = AtWork(2), [], asyncio.Event()

    async def beside(name):
        async with turns.one():
            log.append(f"{name} begins")
            await go_on.wait()
            log.append(f"{name} ends")

    async def alone(name):
        async with turns.alone():
            log.append(f"{name} begins")
            await asyncio.sleep(0)
            log.append(f"{name} ends")

    async with asyncio.TaskGroup() as group:
        group.create_task(beside("first"))
        await asyncio.sleep(0)
        only = [group.create_task(alone(name)) for name in ("second", "third")]
        given_up = group.create_task(alone("nobody"))
        await asyncio.sleep(0)
        group.create_task(beside("fourth"))
        await asyncio.sleep(0)
        assert log == ["first begins"]
        given_up.cancel()
        go_on.set()
    assert all(task.done() for task in only)
    assert log[:2] == ["first begins", "first ends"]
    pairs = list(zip(log[::2], log[1::2], strict=True))
    assert all(one.split()[0] == other.split()[0] for one, other in pairs)
    async with turns.one(), turns.one():
        pass


async def test_a_lock_that_is_never_let_go_is_said_after_a_while(
    database, door, dispatcher, incident, settings, pg, monkeypatch
):
    """However many attempts there are, nobody waits for longer than the patience and one attempt more."""
    monkeypatch.setattr(door_module, "LOCK_PATIENCE_S", 0)
    impatient = create_engine(database, pool_size=2, lock_timeout_ms=100)
    quick = door_module.Door(impatient, settings, door.clock)
    conn = await pg()
    async with conn.transaction():
        await conn.execute("SELECT 1 FROM incident WHERE id = $1 FOR UPDATE", incident.id)
        with pytest.raises(Unavailable, match="too long"):
            await quick.execute(ChangeIncident(severity=5), actor=dispatcher, space="live", target=incident.id)
    await impatient.dispose()


async def test_a_race_for_a_code_is_run_again_but_not_for_ever(door, dispatcher, monkeypatch, incident):
    """A short code drawn twice would be an error of ours; a defect that always draws the same would spin."""
    drawn = []

    async def report_incident(uow, cmd):
        uow.authorise()
        row = _incident(uow)
        row.ref = incident.subject["ref"] if len(drawn) < stubborn else "I-OTHER"
        drawn.append(row.ref)
        uow.record("incident.reported", uow.add(row))

    handled_by(monkeypatch, report_incident)
    stubborn = 2
    receipt = await door.execute(REPORT, actor=dispatcher, space="live")
    assert (receipt.subject["ref"], len(drawn)) == ("I-OTHER", 3)
    drawn.clear()
    stubborn = ATTEMPTS + 1
    with pytest.raises(Unavailable):
        await door.execute(REPORT, actor=dispatcher, space="live")
    assert len(drawn) == ATTEMPTS


async def test_a_database_that_was_restarted_costs_nobody_an_error(door, dispatcher, incident, pg):
    """After every restart each idle connection of the pool would fail one person's command."""
    await asyncio.gather(*(door.execute(REPORT, actor=dispatcher, space="live") for _ in range(4)))
    conn = await pg()
    ended = await conn.fetch(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'concord'"
    )
    assert ended
    # One turn of the loop, in which the closed sockets are read.
    await conn.fetchval("SELECT 1")
    for _ in range(len(ended)):
        await door.execute(ChangeIncident(severity=5), actor=dispatcher, space="live", target=incident.id)


async def test_a_password_is_not_in_the_digest_of_its_message(door, world, pg):
    """A fast hash of it would lie beside the slow one."""
    from app.commands.users import AddUser

    digests = []
    for number, password in enumerate(("nine herons by the weir", "ten herons by the weir")):
        command = AddUser(login=f"user.{number}", display_name="x", password=SecretStr(password), roles=["viewer"])
        digests.append(door_module._digest("add_user", None, None, command.model_copy(update={"login": "same"})))
    assert digests[0] == digests[1]


async def test_conflict_is_what_a_busy_unit_is():
    """The unit that two requests reached for would be an error of ours for one of them."""
    import asyncpg

    error = asyncpg.UniqueViolationError("busy")
    error.constraint_name = "uq_mission_resource_busy"
    assert isinstance(door_module._refusal_of(error), Conflict)
    error.constraint_name = "pk_mission"
    assert door_module._refusal_of(error) is None
