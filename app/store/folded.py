"""The journal folded from its beginning, held against the tables, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col, select

from app.domain import fold as folding
from app.store.tables import JOURNALED, Spaced

if TYPE_CHECKING:
    from collections.abc import Mapping

States: TypeAlias = "dict[str, dict[str, Mapping[str, Any]]]"

LIVE: Final = "live"
"""The space whose journal tells of what belongs to none: users and tokens."""
_PAYLOADS: Final = text(
    "SELECT payload FROM journal_entry WHERE space_id = :space AND payload IS NOT NULL ORDER BY seq"
)


async def folded_and_tables(engine: AsyncEngine, space: str = LIVE) -> tuple[States, States]:
    """Return {kind: {id: state}} as the journal tells it and as the tables hold it. Entries that were erased are passed over:
    what they told is told again.
    """
    told: States = {}
    held: States = {}
    async with AsyncSession(engine) as session:
        rows = await session.stream(_PAYLOADS, {"space": space})
        payloads = [orjson.loads(payload) async for (payload,) in rows]
        for (kind, id_), state in folding.fold(payloads).items():
            told.setdefault(kind, {})[str(id_)] = state
        for kind, table in JOURNALED.items():
            statement = select(table)
            if issubclass(table, Spaced):
                statement = statement.where(col(table.space_id) == space)
            elif space != LIVE:
                continue
            for row in (await session.execute(statement)).scalars():
                state = row.state()
                held.setdefault(kind, {})[str(state["id"])] = state
    return told, held


def differences(told: States, held: States) -> list[str]:
    """Return, in words, each row that the journal tells otherwise than its table holds it."""
    return [
        f"{kind} {id_}: the journal tells {told.get(kind, {}).get(id_)}, the table holds {held.get(kind, {}).get(id_)}"
        for kind in JOURNALED
        for id_ in sorted(told.get(kind, {}).keys() | held.get(kind, {}).keys())
        if told.get(kind, {}).get(id_) != held.get(kind, {}).get(id_)
    ]
