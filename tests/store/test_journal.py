"""The journal in a real PostgreSQL: places without gaps under contention, one chain, and tampering found in the tables."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest

from app.domain.chain import GENESIS, Draft, Entry, Stub, Viewer, canonical, entry_digest, link, payload_digest
from app.domain.errors import NotFound
from app.domain.fold import fold
from app.domain.ids import new_id
from app.domain.verification import verify_lines
from app.store import journal

AT = datetime(2026, 7, 14, 3, 0, 0, 123_456, UTC)
LIEGE, AACHEN, HASSELT = (uuid.UUID(int=number) for number in (1, 2, 3))
ACTOR = f"user:{uuid.UUID(int=77)}"
GUARDS = ("journal_entry_guard", "journal_entry_truncate_guard")


def draft(n=0, visibility="corridor", parties=()):
    id_ = uuid.UUID(int=n)
    return Draft(
        type="request.opened",
        subject_kind="request",
        subject_id=id_,
        visibility=visibility,
        parties=parties,
        payload={
            "data": {"n": n, "text": 'Überflutung "Maas"\n\u0001 🌊'},
            "rows": {"request": [{"id": str(id_), "revision": n + 1, "lon": 5.69}]},
        },
    )


async def add(conn, space, *drafts, actor=ACTOR, at=AT):
    return await journal.append(conn, space=space, actor=actor, recorded_at=at, drafts=drafts)


@pytest.fixture(scope="module")
async def database(server_dsn, empty_template):
    """One migrated database for all tests here: each has a space of its own."""
    name = f"concord_journal_{uuid.uuid4().hex[:8]}"
    server = await asyncpg.connect(server_dsn, timeout=10)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {empty_template}")
    yield f"{server_dsn.rsplit('/', 1)[0]}/{name}"
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def conn(pg):
    return await pg()


@pytest.fixture
async def space(conn):
    """A space of the test's own, with an empty journal."""
    id_ = f"drill-{uuid.uuid4().hex[:12]}"
    await conn.execute("INSERT INTO space (id, kind, created_at) VALUES ($1, 'drill', $2)", id_, AT)
    await journal.ensure_head(conn, id_)
    return id_


async def tamper(conn, *statements):
    """Change the tables as somebody would who owns the database: the guard taken away, and put back."""
    async with conn.transaction():
        await conn.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
        for statement, *values in statements:
            await conn.execute(statement, *values)
        await conn.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")


async def exported(conn, space, viewer=None):
    async with aclosing(journal.export_lines(conn, space, viewer, exported_at=AT)) as lines:
        return [line async for line in lines]


async def test_what_the_database_hashes_is_what_the_domain_hashes(conn, space):
    """SQL and Python must agree to the byte, for one entry and for several, or no export could be checked elsewhere."""
    one = await add(conn, space, draft(1))
    more = await add(conn, space, draft(2), draft(3, "parties", (AACHEN, LIEGE)), draft(4, "public"), actor="system")
    last = await add(conn, space, draft(5, "parties", (LIEGE,)))
    assert [(a.first_seq, a.last_seq) for a in (one, more, last)] == [(1, 1), (2, 4), (5, 5)]
    entries = await journal.read(conn, space, 0, 100)
    before = GENESIS
    for seq, entry in enumerate(entries, start=1):
        assert isinstance(entry, Entry)
        assert entry.seq == seq
        assert canonical(entry.head()) == entry.header.encode()
        assert canonical(entry.body()) == entry.payload.encode()
        assert entry.payload_digest == payload_digest(entry.salt, entry.payload.encode())
        assert entry.digest == entry_digest(entry.header.encode(), entry.payload_digest)
        assert entry.hash == link(before, entry.digest)
        assert entry.differing_columns() == []
        before = entry.hash
    assert (one.hash, more.hash, last.hash) == (entries[0].hash, entries[3].hash, entries[4].hash)
    assert await journal.head_of(conn, space) == (5, last.hash)
    assert entries[2].head() == {
        "actor": "system",
        "at": "2026-07-14T03:00:00.123456Z",
        "parties": [str(LIEGE), str(AACHEN)],
        "seq": 3,
        "space": space,
        "subject": f"request:{uuid.UUID(int=3)}",
        "type": "request.opened",
        "v": 1,
        "visibility": "parties",
    }
    assert entries[2].parties == (LIEGE, AACHEN)
    assert entries[2].actor_id is None
    assert entries[0].actor_id == uuid.UUID(int=77)
    assert len({entry.salt for entry in entries}) == 5


async def test_sixteen_writers_leave_no_gap_and_one_chain(pg, conn, space):
    """All at once on one space, one entry and several at a time: nobody's entry is lost, none stands twice."""

    async def write(writer):
        own = await pg()
        seen = []
        for turn in range(12):
            async with own.transaction():
                drafts = [draft(writer * 1000 + turn * 10 + n) for n in range(1 + (writer + turn) % 3)]
                seen.append(await add(own, space, *drafts))
        return seen

    told = list(itertools.chain.from_iterable(await asyncio.gather(*map(write, range(16)))))
    places = sorted(itertools.chain.from_iterable(range(a.first_seq, a.last_seq + 1) for a in told))
    assert places == list(range(1, len(places) + 1))
    report = await journal.verify(conn, space)
    assert report.ok, report.sentences()
    assert report.entries == len(places) == 16 * 12 * 2
    by_seq = {entry.seq: entry.hash for entry in await journal.read(conn, space, 0, 10_000)}
    assert all(by_seq[a.last_seq] == a.hash for a in told), "each writer was told the place its entries really have"


async def test_an_append_that_is_rolled_back_leaves_no_gap(pg, conn, space):
    """A command that fails after its entry was written must leave nothing, also for one that waits behind it."""
    await add(conn, space, draft(1))
    other = await pg()
    transaction = conn.transaction()
    await transaction.start()
    await add(conn, space, draft(2), draft(3))
    waiting = asyncio.create_task(add(other, space, draft(4)))
    waits = "SELECT $1 = ANY (pg_blocking_pids($2))"
    while not await conn.fetchval(waits, conn.get_server_pid(), other.get_server_pid()):
        pass  # until the other one stands at the lock
    await transaction.rollback()
    assert (await waiting).last_seq == 2
    assert (await journal.verify(conn, space)).ok


async def test_spaces_do_not_wait_for_each_other(pg, conn, space):
    """A drill must not slow down the real thing."""
    second = f"drill-{uuid.uuid4().hex[:12]}"
    await conn.execute("INSERT INTO space (id, kind, created_at) VALUES ($1, 'drill', $2)", second, AT)
    await journal.ensure_head(conn, second)
    other = await pg()
    async with conn.transaction():
        await add(conn, space, draft(1))
        async with asyncio.timeout(5):
            assert (await add(other, second, draft(1))).last_seq == 1


async def test_a_space_without_a_journal_and_an_append_of_nothing(conn, space):
    for drafts in ((draft(1),), (draft(1), draft(2))):
        with pytest.raises(NotFound):
            await add(conn, "nowhere", *drafts)
    with pytest.raises(NotFound):
        await journal.verify(conn, "nowhere")
    with pytest.raises(NotFound):
        await exported(conn, "nowhere")
    with pytest.raises(ValueError, match="nothing"):
        await add(conn, space)
    with pytest.raises(ValueError, match="actor"):
        await add(conn, space, draft(1), actor="Maria")
    await add(conn, space, draft(1))
    await journal.ensure_head(conn, space)
    assert (await journal.head_of(conn, space))[0] == 1, "a journal that is there stays as it is"


async def test_readers_see_what_is_for_them_and_stubs_for_the_rest(conn, space):
    """A lender's offer to one neighbour is nobody else's business, but its place in the chain is everybody's."""
    await add(
        conn, space, draft(1, "public"), draft(2), draft(3, "parties", (LIEGE, AACHEN)), draft(4, "parties", (HASSELT,))
    )

    async def seen(viewer):
        return [line.seq for line in await journal.read(conn, space, 0, 100, viewer) if isinstance(line, Entry)]

    assert await seen(None) == [1, 2, 3, 4]
    assert await seen(Viewer(LIEGE)) == [1, 2, 3]
    assert await seen(Viewer(HASSELT)) == [1, 2, 4]
    assert await seen(Viewer(None)) == [1, 2]
    assert await seen(Viewer(None, corridor=False)) == [1]
    lines = await journal.read(conn, space, 2, 1, Viewer(HASSELT))
    whole = await journal.read(conn, space, 2, 1)
    assert lines == [Stub(3, whole[0].digest, whole[0].hash)]


async def test_an_export_checks_elsewhere_whoever_reads_it(conn, space):
    """The file is enough: no database, hidden entries as stubs that give nothing away."""
    for n in range(6):
        await add(conn, space, draft(n, *(("parties", (LIEGE,)) if n % 2 else ())))
    head = await journal.head_of(conn, space)
    for viewer, hidden in ((None, 0), (Viewer(LIEGE), 0), (Viewer(HASSELT), 3), (Viewer(None, corridor=False), 6)):
        lines = await exported(conn, space, viewer)
        first = orjson.loads(lines[1])
        assert first == {
            "concord_journal": 1,
            "space": space,
            "exported_at": "2026-07-14T03:00:00.123456Z",
            "head": {"seq": 6, "hash": head[1].hex()},
        }
        report = verify_lines(lines, head)
        assert report.ok, report.sentences()
        assert (report.entries, report.hidden, report.head) == (6, hidden, head)
    stub = orjson.loads((await exported(conn, space, Viewer(HASSELT)))[3])
    assert set(stub) == {"seq", "digest", "hash"}
    lines = await exported(conn, space)
    assert [(f.kind, f.first) for f in verify_lines(lines[:4] + lines[5:]).faults] == [("dropped", 3)]


async def test_an_export_is_of_one_moment(pg, conn, space):
    """Entries written while it runs are not in it, and its first line stays true."""
    await add(conn, space, *map(draft, range(3)))
    other = await pg()
    async with aclosing(journal.export_lines(conn, space, exported_at=AT)) as lines:
        taken = [await anext(lines)]
        await add(other, space, draft(9))
        taken += [line async for line in lines]
    assert len(taken) == 6
    assert verify_lines(taken).ok


async def test_the_journal_of_a_drill_is_marked_first_and_last(conn, space):
    """Somebody reads of eight dead in a file that says nowhere that they were playing."""
    await add(conn, space, *map(draft, range(2)))
    first, opening, *_, last = map(orjson.loads, await exported(conn, space))
    assert list(first) == ["exercise"]
    assert list(last) == ["exercise_last"]
    assert first["exercise"] == last["exercise_last"]
    assert first["exercise"][0] == "EXERCISE EXERCISE EXERCISE"
    assert opening["space"] == space
    await conn.execute(
        "INSERT INTO space (id, kind, created_at) VALUES ('live', 'live', $1) ON CONFLICT DO NOTHING", AT
    )
    await journal.ensure_head(conn, "live")
    assert "concord_journal" in orjson.loads((await exported(conn, "live"))[0])


async def test_an_erased_payload_is_gone_and_the_chain_still_holds(conn, space):
    await add(conn, space, *map(draft, range(3)))
    head = await journal.head_of(conn, space)
    assert await journal.erase(conn, space, 2) is True
    assert await journal.erase(conn, space, 2) is False
    with pytest.raises(NotFound):
        await journal.erase(conn, space, 4)
    entry = (await journal.read(conn, space, 1, 1))[0]
    assert (entry.payload, entry.salt, entry.body()) == (None, None, None)
    for report in (await journal.verify(conn, space, head), verify_lines(await exported(conn, space), head)):
        assert report.ok, report.sentences()
        assert report.erased == 1
        assert "erased: entry 2: its payload was erased, and nothing else about it" in report.sentences()


async def test_erased_entries_are_named(conn, space):
    """Whoever has to answer for an erasure would have to find it by hand; a wrong one would go unnoticed."""
    await add(conn, space, *map(draft, range(25)))
    for seq in range(2, 25):
        await journal.erase(conn, space, seq)
    for report in (await journal.verify(conn, space), verify_lines(await exported(conn, space))):
        assert report.ok
        assert report.erased_seqs == tuple(range(2, 22))
        said = next(sentence for sentence in report.sentences() if sentence.startswith("erased: "))
        assert said.startswith("erased: entries 2, 3, 4, ")
        assert "20, 21 and 3 more: " in said


async def test_the_guard_refuses_all_but_an_erasure(conn, space):
    """A slip of the hand in psql, or a careless migration, must not rewrite what happened."""
    await add(conn, space, draft(1), draft(2))
    for statement in (
        "UPDATE journal_entry SET type = 'request.closed' WHERE space_id = $1",
        "UPDATE journal_entry SET payload = '{}' WHERE space_id = $1",
        "UPDATE journal_entry SET payload = NULL, salt = NULL, type = 'x' WHERE space_id = $1",
        "UPDATE journal_entry SET seq = seq + 10 WHERE space_id = $1",
        "DELETE FROM journal_entry WHERE space_id = $1",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
            await conn.execute(statement, space)
    with pytest.raises(asyncpg.PostgresError):
        await conn.execute("TRUNCATE journal_entry")
    assert (await journal.verify(conn, space)).ok


SWAP = [
    "UPDATE journal_entry SET seq = CASE seq WHEN 3 THEN 1005 ELSE 1003 END WHERE space_id = $1 AND seq IN (3, 5)",
    "UPDATE journal_entry SET seq = seq - 1000 WHERE space_id = $1 AND seq > 1000",
]
SHORTEN = """
UPDATE journal_head SET (seq, hash) = (SELECT seq, hash FROM journal_entry WHERE space_id = $1 AND seq = $2)
WHERE space_id = $1
"""
EXTRA = """
INSERT INTO journal_entry (space_id, seq, header, payload, salt, payload_digest, digest, hash,
    recorded_at, type, subject_kind, subject_id, actor_id, visibility, parties)
SELECT space_id, 4, header, payload, salt, payload_digest, digest, hash,
    recorded_at, type, subject_kind, subject_id, actor_id, visibility, parties
FROM journal_entry WHERE space_id = $1 AND seq = 3
"""
TAMPERING = {
    "payload": (["UPDATE journal_entry SET payload = '{}' WHERE space_id = $1 AND seq = 3"], {("changed", 3, 3)}),
    "salt": (
        ["UPDATE journal_entry SET salt = substring(sha256('x') FROM 1 FOR 16) WHERE space_id = $1 AND seq = 3"],
        {("changed", 3, 3)},
    ),
    "header": (
        ["UPDATE journal_entry SET header = replace(header, 'opened', 'closed') WHERE space_id = $1 AND seq = 3"],
        {("changed", 3, 3), ("column", 3, 3)},
    ),
    "no header": (["UPDATE journal_entry SET header = 'x' WHERE space_id = $1 AND seq = 3"], {("changed", 3, 3)}),
    "hash": (["UPDATE journal_entry SET hash = sha256('x') WHERE space_id = $1 AND seq = 3"], {("broken", 2, 3)}),
    "column": (["UPDATE journal_entry SET type = 'x' WHERE space_id = $1 AND seq = 3"], {("column", 3, 3)}),
    "time": (
        ["UPDATE journal_entry SET recorded_at = recorded_at - interval '1 us' WHERE space_id = $1 AND seq = 3"],
        {("column", 3, 3)},
    ),
    "visibility": (
        ["UPDATE journal_entry SET visibility = 'public' WHERE space_id = $1 AND seq = 3"],
        {("column", 3, 3)},
    ),
    "dropped": (["DELETE FROM journal_entry WHERE space_id = $1 AND seq IN (3, 4)"], {("dropped", 3, 4)}),
    "cut tail": (["DELETE FROM journal_entry WHERE space_id = $1 AND seq > 5"], {("dropped", 6, 7)}),
    "reordered": (SWAP, {("reordered", 3, 3), ("reordered", 5, 5), ("broken", 2, 6)}),
    "inserted": (
        [
            "UPDATE journal_entry SET seq = seq + 1000 WHERE space_id = $1 AND seq > 3",
            "UPDATE journal_entry SET seq = seq - 999 WHERE space_id = $1 AND seq > 1000",
            EXTRA,
        ],
        {("reordered", 4, 8), ("broken", 3, 4), ("inserted", 8, 8), ("head", 7, 7)},
    ),
    "beyond the head": (
        [SHORTEN.replace("$2", "6")],
        {("inserted", 7, 7)},
    ),
    "head": (["UPDATE journal_head SET hash = sha256('x') WHERE space_id = $1"], {("head", 7, 7)}),
}


@pytest.mark.parametrize("how", TAMPERING)
async def test_tampering_with_the_tables_is_found_and_named(conn, space, how):
    """By whoever owns the database, past the guard: `journal verify` says which entries it concerns."""
    for n in range(7):
        await add(conn, space, draft(n), at=AT + timedelta(seconds=n))
    assert (await journal.verify(conn, space)).ok
    statements, expected = TAMPERING[how]
    await tamper(conn, *((statement, space) for statement in statements))
    report = await journal.verify(conn, space)
    assert {(f.kind, f.first, f.last) for f in report.faults} == expected, report.sentences()


async def test_a_tail_cut_together_with_the_head_shows_against_a_head_kept_elsewhere(conn, space):
    await add(conn, space, *map(draft, range(5)))
    kept = await journal.head_of(conn, space)
    await tamper(
        conn,
        ("DELETE FROM journal_entry WHERE space_id = $1 AND seq > 3", space),
        (SHORTEN, space, 3),
    )
    blind = await journal.verify(conn, space)
    assert blind.ok
    assert "can't be seen" in blind.sentences()[-1]
    report = await journal.verify(conn, space, kept)
    assert [(f.kind, f.first, f.last) for f in report.faults] == [("dropped", 4, 5)]


async def test_long_work_says_how_far_it_is(conn, space):
    await add(conn, space, *map(draft, range(1500)))
    said = []
    report = await journal.verify(conn, space, progress=lambda done, of: said.append((done, of)))
    assert report.ok
    assert said == [(1000, 1500), (1500, 1500)]


async def test_the_journal_folds_to_the_last_state_of_each_row(conn, space):
    id_ = new_id()

    def turn(revision):
        rows = {"request": [{"id": id_, "revision": revision, "at": AT, "lon": 6.0}]}
        return Draft(
            type="request.opened", subject_kind="request", subject_id=id_, visibility="public", payload={"rows": rows}
        )

    await add(conn, space, turn(1), turn(2))
    state = fold(await journal.read(conn, space, 0, 10))[("request", id_)]
    assert state == {"id": str(id_), "revision": 2, "at": "2026-07-14T03:00:00.123456Z", "lon": 6.0}
