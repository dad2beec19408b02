"""What every list shares: conditions written as SQL with numbered parameters, one row more than the page, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.geo import Box


@dataclass(slots=True)
class Where:
    """The conditions of one statement. ``add("status = ANY({})", statuses)`` numbers the parameter in place of {}."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: object) -> Where:
        """Add a condition; nothing typed by a client is ever part of the text."""
        numbers = [f"${len(self.values) + 1 + n}" for n in range(len(values))]
        self.parts.append(condition.format(*numbers))
        self.values.extend(values)
        return self

    def add_if(self, value: object, condition: str) -> Where:
        """Add the condition if there is a value to compare with."""
        return self if value is None or value == [] else self.add(condition, value)

    def add_box(self, box: Box | None) -> Where:
        """Add that a point (``lon``, ``lat``) lies in the box."""
        if box is None:
            return self
        return self.add("lon BETWEEN {} AND {} AND lat BETWEEN {} AND {}", box.west, box.east, box.south, box.north)

    @property
    def sql(self) -> str:
        """The conditions, joined."""
        return " AND ".join(self.parts) or "true"


async def fetch(
    conn: asyncpg.Connection[Any], select: str, where: Where, *, order: str, limit: int
) -> Sequence[asyncpg.Record]:
    """Return the rows of ``select`` that fit, in ``order``, one more than ``limit``: it tells that there is a next page."""
    statement = f"{select} WHERE {where.sql} ORDER BY {order} LIMIT {limit + 1:d}"
    rows: Sequence[asyncpg.Record] = await conn.fetch(statement, *where.values)
    return rows


def decoded(row: asyncpg.Record, *json_columns: str) -> dict[str, Any]:
    """Return the row as a dict, with its ``jsonb`` columns read."""
    found = dict(row)
    for name in json_columns:
        value = found.get(name)
        if isinstance(value, str | bytes):
            found[name] = orjson.loads(value)
    return found


def placed(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Add the row's ``lon`` and ``lat`` to it as a GeoJSON point of that name."""
    return found | {name: {"type": "Point", "coordinates": (found["lon"], found["lat"])}}
