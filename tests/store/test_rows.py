"""Rows by hand: one object a row, what is assigned is written, what somebody else wrote is seen once the lock is won."""

from __future__ import annotations

import uuid

import pytest
from sqlmodel import SQLModel, col

from app.domain.ids import new_id
from app.store.engine import driver
from app.store.rows import Rows
from app.store.tables import JOURNALED, Depot, DueWork, Member

LIVE = "live"


@pytest.fixture
async def connection(engine):
    async with engine.connect() as opened:
        await opened.begin()
        yield opened


@pytest.fixture
async def rows(connection):
    return Rows(connection, await driver(connection))


async def test_a_row_is_one_object_however_it_is_read(rows, world):
    """Two handlers' parts that hold the same unit must not overwrite each other's change."""
    maas = world.members["maas"]
    read = await rows.get(Member, LIVE, maas)
    assert await rows.get(Member, LIVE, maas) is read
    assert await rows.lock(Member, LIVE, maas) is read
    assert [row for row in await rows.find(Member) if row.id == maas] == [read]
    assert next(row for row in await rows.find(Member) if row.id == maas) is read
    assert await rows.changed() == []
    assert await rows.get(Member, LIVE, uuid.uuid4()) is None
    assert await rows.lock(Member, LIVE, uuid.uuid4()) is None


async def test_a_lock_shows_what_somebody_else_has_committed(rows, world, pg):
    maas = world.members["maas"]
    read = await rows.get(Member, LIVE, maas)
    other = await pg()
    await other.execute("UPDATE member SET talkgroup = 'ELSEWHERE' WHERE id = $1", maas)
    (found,) = await rows.find(Member, col(Member.id) == maas)
    assert found.talkgroup != "ELSEWHERE", "without a lock a row stays as this transaction knows it"
    assert (await rows.lock(Member, LIVE, maas)).talkgroup == "ELSEWHERE"
    assert read.talkgroup == "ELSEWHERE"
    await other.execute("UPDATE member SET code = code WHERE id = $1", world.members["aken"])
    (locked,) = await rows.find(Member, col(Member.id) == maas, lock=True)
    assert locked is read
    assert await other.fetchval("SELECT id FROM member WHERE id = $1 FOR UPDATE SKIP LOCKED", maas) is None


async def test_only_columns_that_were_assigned_are_written(rows, world, connection, pg):
    """A column that nobody touched must not be set back to what it was when the row was read."""
    maas = world.members["maas"]
    member = await rows.get(Member, LIVE, maas)
    assert await (await pg()).execute("UPDATE member SET time_zone = 'Europe/Paris' WHERE id = $1", maas) == "UPDATE 1"
    member.names = member.names | {"nl": "Mestreech"}
    member.phone = "+31 00 000 0999"
    assert await rows.changed() == [member]
    await rows.write()
    assert await rows.changed() == []
    await connection.commit()
    row = await (await pg()).fetchrow("SELECT names->>'nl' AS nl, phone, time_zone FROM member WHERE id = $1", maas)
    assert tuple(row) == ("Mestreech", "+31 00 000 0999", "Europe/Paris")


async def test_new_rows_are_written_parents_first_and_are_known_then(rows, world, connection, clock):
    """Whatever the order a handler adds them in, no foreign key is left without its parent."""
    depot_id = new_id()
    work = [
        DueWork(id=new_id(), space_id=LIVE, command="ring_back", body={"n": n}, due_at=clock.now()) for n in range(3)
    ]
    depot = Depot(
        space_id=LIVE, id=depot_id, member_id=world.members["maas"], code="second", name="Second", lon=5.7, lat=50.8
    )  # fmt: skip
    for row in (depot, *work):
        rows.add(row)
    await rows.write()
    assert await rows.get(Depot, LIVE, depot_id) is depot
    assert [row.body for row in await rows.find(DueWork, col(DueWork.id).in_([row.id for row in work]))] == [
        {"n": 0},
        {"n": 1},
        {"n": 2},
    ]
    depot.name = "The second"
    await rows.write()
    rows.remove(depot)
    await rows.write()
    assert await rows.get(Depot, LIVE, depot_id) is None


async def test_a_row_that_is_gone_is_not_changed_in_silence(rows, world, connection):
    member = await rows.get(Member, LIVE, world.members["hasselt"])
    member.id = uuid.uuid4()
    with pytest.raises(RuntimeError, match="not there any more"):
        await rows.write()


def test_every_journaled_table_is_read_by_its_columns_names():
    """Rows are filled by the columns' names, so attribute and column must not differ."""
    for table in (*JOURNALED.values(), DueWork):
        assert issubclass(table, SQLModel)
        assert set(table.model_fields) == {column.name for column in table.__table__.columns}
