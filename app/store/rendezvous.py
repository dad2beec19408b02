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


# A formation takes the room of its parts that travel with it: those that were split off have missions, and rooms, of their own.
VEHICLES: Final = """
    CASE WHEN EXISTS (SELECT FROM resource p WHERE p.space_id = m.space_id AND p.formation_id = m.resource_id)
         THEN (SELECT count(*) FROM resource p WHERE p.space_id = m.space_id AND p.formation_id = m.resource_id
                  AND NOT EXISTS (SELECT FROM mission c WHERE c.space_id = m.space_id AND c.split_from_id = m.id
                                     AND c.resource_id = p.id))
         ELSE 1 END
"""
"""How many units of their own a ``mission m`` brings."""
_SUM: Final = (
    f"SELECT coalesce(sum({VEHICLES}), 0) FROM mission m WHERE m.space_id = v.space_id AND m.rendezvous_id = v.id"  # noqa: S608 - constants of ours
)
USED: Final = f"""
    ({_SUM} AND m.status IN ({_listed(COMING)}))::int AS coming,
    ({_SUM} AND m.status IN ({_listed(THERE)}))::int AS there
"""
"""Columns of a SELECT over ``rendezvous v``: units on their way to it, and units that stand there. Both take room."""
_OF_MISSION: Final = f"SELECT {VEHICLES} FROM mission m WHERE m.space_id = $1 AND m.id = $2"  # noqa: S608 - the same
_USED_ONE: Final = f"SELECT {USED} FROM rendezvous v WHERE v.space_id = $1 AND v.id = $2"  # noqa: S608 - the same


async def used(conn: asyncpg.Connection[Any], space: str, rendezvous_id: UUID) -> int:
    """Return how many units are at the rendezvous or on their way to it."""
    row = await conn.fetchrow(_USED_ONE, space, rendezvous_id)
    return 0 if row is None else row["coming"] + row["there"]


async def vehicles(conn: asyncpg.Connection[Any], space: str, mission_id: UUID) -> int:
    """Return how many units a mission brings: one, or of a formation the parts that travel with it."""
    return int(await conn.fetchval(_OF_MISSION, space, mission_id) or 1)
