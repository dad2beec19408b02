"""How full a rendezvous is: counted from missions, and stored in no column. Commands warn with it; queries show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.lifecycle import machine

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

THERE: Final = ("at_rendezvous", "staged")
"""States in which a unit stands at its rendezvous."""
COMING: Final = tuple(
    state
    for state in ("committed", "mobilising", "in_transit", "at_border", "cleared", "reassigned")
    if state in machine("mission").names
)
"""States in which a unit still has its rendezvous ahead of it."""


def _listed(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


USED: Final = f"""
    (SELECT count(*) FROM mission m WHERE m.space_id = v.space_id AND m.rendezvous_id = v.id
        AND m.status IN ({_listed(COMING)}))::int AS coming,
    (SELECT count(*) FROM mission m WHERE m.space_id = v.space_id AND m.rendezvous_id = v.id
        AND m.status IN ({_listed(THERE)}))::int AS there
"""  # noqa: S608 - constants of ours
"""Columns of a SELECT over ``rendezvous v``: units on their way to it, and units that stand there. Both take room."""
_USED_ONE: Final = f"SELECT {USED} FROM rendezvous v WHERE v.space_id = $1 AND v.id = $2"  # noqa: S608 - the same


async def used(conn: asyncpg.Connection[Any], space: str, rendezvous_id: UUID) -> int:
    """Return how many units are at the rendezvous or on their way to it."""
    row = await conn.fetchrow(_USED_ONE, space, rendezvous_id)
    return 0 if row is None else row["coming"] + row["there"]
