"""The rows of one transaction: each is one object, however often it is read, and what changed in it is written back.

In every command, so by hand on the driver's connection: reading a row by its key takes a tenth of what the ORM's session
takes for it. Tables stay declared as they are; only conditions other than the key go through SQLAlchemy.

As in the ORM, a change is seen when a column is assigned: what lies in a JSON column is replaced, never changed in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import is_
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import orjson
from sqlalchemy import JSON, select
from sqlalchemy.orm import attributes, configure_mappers
from sqlmodel import SQLModel, col

from app.store.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import asyncpg
    from sqlalchemy import ColumnElement, Select, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

RowT = TypeVar("RowT", bound=SQLModel)

AT_ONCE: Final = 200
"""Rows sent in one go: their values are made ready before anybody else has a turn."""

LOCK: Final = " FOR NO KEY UPDATE"
"""Excludes its like, but not the key-share locks that foreign keys take."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """A table as statements see it; its columns are named as its attributes."""

    names: tuple[str, ...]
    key: tuple[str, ...]
    json: frozenset[str]
    order: int
    """After the tables that it refers to."""
    by_key: str
    insert: str
    delete: str
    update: str


@cache
def _shape(table: type[SQLModel]) -> _Shape:
    # Rows are made without __init__, which would have done this: a short command may read before it makes any.
    configure_mappers()
    configure_mappers()  # once for all tables: a row made before that would have no attributes
    declared: Table = table.__table__  # type: ignore[attr-defined]  # SQLModel gives it to every table
    names = tuple(column.name for column in declared.columns)
    key = tuple(column.name for column in declared.primary_key)
    listed, name = ", ".join(map(_quoted, names)), _quoted(declared.name)
    fits = " AND ".join(f"{_quoted(column)} = ${number}" for number, column in enumerate(key, 1))
    values = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    return _Shape(
        names,
        key,
        json=frozenset(column.name for column in declared.columns if isinstance(column.type, JSON)),
        order=SQLModel.metadata.sorted_tables.index(declared),
        by_key=f"SELECT {listed} FROM {name} WHERE {fits}",  # noqa: S608 - names of our own tables
        insert=f"INSERT INTO {name} ({listed}) VALUES ({values})",  # noqa: S608 - the same
        delete=f"DELETE FROM {name} WHERE {fits}",  # noqa: S608 - the same
        update=f"UPDATE {name} SET {{changes}} WHERE {fits}",  # noqa: S608 - the same
    )


def _quoted(name: str) -> str:
    return f'"{name}"'


@cache
def _update(table: type[SQLModel], changed: tuple[str, ...]) -> str:
    shape = _shape(table)
    columns = (f"{_quoted(name)} = ${number}" for number, name in enumerate(changed, len(shape.key) + 1))
    return shape.update.format(changes=", ".join(columns))


@cache
def _select(table: type[SQLModel], lock: bool) -> Select[Any]:
    declared: Table = table.__table__  # type: ignore[attr-defined]  # SQLModel gives it to every table
    statement: Select[Any] = select(declared).order_by(col(declared.c.id))
    return statement.with_for_update(key_share=True) if lock else statement


class Rows:
    """What one transaction has read and means to write."""

    def __init__(self, connection: AsyncConnection, raw: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self._raw = raw
        self._known: dict[tuple[type[SQLModel], tuple[Any, ...]], SQLModel] = {}
        self._read: dict[int, dict[str, Any]] = {}
        """By the identity of a row: its columns as the database has them."""
        self._new: list[SQLModel] = []
        self._gone: list[SQLModel] = []

    # ------------------------------------------------------------ reading

    async def get(self, table: type[RowT], *key: Any) -> RowT | None:
        """Return the row of this primary key, as it was when it was first read."""
        known = self._known.get((table, key))
        if known is not None:
            return cast("RowT", known)
        return self._from_driver(table, await self._raw.fetchrow(_shape(table).by_key, *key))

    async def lock(self, table: type[RowT], *key: Any) -> RowT | None:
        """Return the row of this primary key, locked, as it is then. What was changed in it has to be written before."""
        return self._from_driver(table, await self._raw.fetchrow(_shape(table).by_key + LOCK, *key))

    async def find(self, table: type[RowT], *where: ColumnElement[bool], lock: bool = False) -> list[RowT]:
        """Return the rows that fit, in the order of their ids. Unlocked, those known already stay as they are."""
        found = await self._connection.execute(_select(table, lock).where(*where))
        names, turns, rows = _shape(table).names, Turns(), []
        for row in found:
            await turns.due()
            rows.append(self._met(table, dict(zip(names, row, strict=True)), anew=lock))
        return rows

    def __iter__(self) -> Iterator[SQLModel]:
        """Go through the rows that were read or written."""
        return iter(self._known.values())

    def _from_driver(self, table: type[RowT], record: asyncpg.Record | None) -> RowT | None:
        if record is None:
            return None
        return self._met(table, dict(record), anew=True)

    def _met(self, table: type[RowT], values: dict[str, Any], *, anew: bool) -> RowT:
        key = (table, tuple(values[name] for name in _shape(table).key))
        row = self._known.get(key)
        if row is None:
            # Without __init__, which would set defaults: as the ORM makes a row that it has read.
            row = self._known[key] = attributes.manager_of_class(table).new_instance()
        elif not anew:
            return cast("RowT", row)
        row.__dict__.update(values)
        self._read[id(row)] = values
        return cast("RowT", row)

    # ------------------------------------------------------------ writing

    def add(self, row: SQLModel) -> None:
        """Have the row inserted."""
        self._new.append(row)

    def remove(self, row: SQLModel) -> None:
        """Have the row deleted."""
        self._gone.append(row)

    def new(self) -> Iterable[SQLModel]:
        """Return the rows that are still to be inserted."""
        return self._new

    async def changed(self) -> list[SQLModel]:
        """Return the rows that differ from what the database has."""
        turns, found = Turns(), []
        for row in list(self._known.values()):
            await turns.due()
            here, there = row.__dict__, self._read[id(row)]
            if all(
                map(is_, map(here.get, there), there.values())
            ):  # most are as they were read: seen without Python's loop
                continue
            if any(here.get(name) != value for name, value in there.items()):
                found.append(row)
        return found

    async def write(self, changed: Iterable[SQLModel] | None = None) -> None:
        """Insert, update and delete, parents before children, and in each table in the order of the keys, as locks are taken.

        ``changed`` are the rows that differ from what the database has, where the caller has looked already.

        Raises:
            RuntimeError: a row that was changed is not there any more.
        """
        new, self._new = sorted(self._new, key=_order), []
        for table, rows in groupby(new, key=type):
            listed = list(rows)
            for at in range(0, len(listed), AT_ONCE):
                await self._insert(table, listed[at : at + AT_ONCE])
        gone, self._gone = self._gone, []
        leaving = set(map(id, gone))
        for row in sorted(
            await self.changed() if changed is None else changed, key=lambda row: (_order(row), _key(row))
        ):
            if id(row) not in leaving:
                await self._write_changes(row)
        for row in sorted(gone, key=_order, reverse=True):
            await self._raw.execute(_shape(type(row)).delete, *_key(row))
            self._known.pop((type(row), _key(row)), None)

    async def _insert(self, table: type[SQLModel], rows: list[SQLModel]) -> None:
        shape, turns, values, sent = _shape(table), Turns(), [], []
        for row in rows:
            await turns.due()
            values.append({name: getattr(row, name) for name in shape.names})
            sent.append([_sent(shape, name, value) for name, value in values[-1].items()])
        if len(sent) == 1:
            await self._raw.execute(shape.insert, *sent[0])
        else:
            await self._raw.executemany(shape.insert, sent)
        for row, each in zip(rows, values, strict=True):
            self._known[table, _key(row)] = row
            self._read[id(row)] = each

    async def _write_changes(self, row: SQLModel) -> None:
        shape, there = _shape(type(row)), self._read[id(row)]
        changes = {name: here for name, value in there.items() if (here := row.__dict__.get(name)) != value}
        sent = (_sent(shape, name, value) for name, value in changes.items())
        told = await self._raw.execute(_update(type(row), tuple(changes)), *_key(row), *sent)
        if told != "UPDATE 1":
            message = f"{type(row).__name__} {_key(row)} was to be changed, and is not there any more"
            raise RuntimeError(message)
        self._read[id(row)] = there | changes


def _order(row: SQLModel) -> int:
    return _shape(type(row)).order


def _key(row: SQLModel) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _shape(type(row)).key)


def _sent(shape: _Shape, name: str, value: Any) -> Any:
    # The engine's connections read JSON by themselves, but take it as text.
    return orjson.dumps(value).decode() if name in shape.json and value is not None else value
