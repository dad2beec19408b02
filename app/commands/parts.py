"""The parts of formations: locked, taken and let go together with the whole.

A formation is a unit of a composite type. Its parts are units of the same member that name it, and each keeps a row and a
status of its own: so what a member has of a part's type is counted in one way, whether its units stand in formations or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col, or_

from app.domain.lifecycle import machine
from app.domain.resource_types import is_composite
from app.store.tables import Mission, Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork


async def lock_units(uow: UnitOfWork, ids: Collection[UUID]) -> list[Resource]:
    """Lock the units of these ids and the parts of those that are formations, all in the order of their ids.

    Who changes what a formation is made of holds the formation: so once it is locked, a part that joined it a moment before is
    seen, and locked too. That is out of order, and meets at worst a command that the door runs again.
    """
    wanted = list(ids)
    rows = await uow.lock_where(Resource, or_(col(Resource.id).in_(wanted), col(Resource.formation_id).in_(wanted)))
    if any(is_composite(row.type_code) for row in rows):
        known = {row.id for row in rows}
        now = await uow.find(Resource, col(Resource.formation_id).in_(wanted))
        if late := [part.id for part in now if part.id not in known]:
            rows += await uow.lock_where(Resource, col(Resource.id).in_(late))
    return rows


def parts_among(unit: Resource, rows: Iterable[Resource]) -> list[Resource]:
    """Return the parts of a unit among rows that are locked; of one that is no formation, none."""
    return [row for row in rows if row.formation_id == unit.id]


async def parts_of(uow: UnitOfWork, unit: Resource) -> list[Resource]:
    """Return the parts of a unit, as they are or as this transaction has them; of one that is no formation, none."""
    if not is_composite(unit.type_code):
        return []
    await uow.flush()
    return await uow.find(Resource, col(Resource.formation_id) == unit.id)


async def parts_with(uow: UnitOfWork, mission: Mission, parts: Sequence[Resource]) -> list[Resource]:
    """Return the parts that are still with the formation's mission: those that never went on alone, and are not home."""
    split = await uow.find(Mission, col(Mission.split_from_id) == mission.id)
    gone = {child.resource_id for child in split}
    return [part for part in parts if part.id not in gone]


def taken(unit: Resource, parts: Iterable[Resource]) -> Resource | None:
    """Return the first part that keeps the whole from going: one that is retired, or has not the formation's own status."""
    return next((part for part in parts if part.retired or part.status != unit.status), None)


def put(rows: Iterable[Resource], status: str, *, by: str, rolls: bool = False) -> None:
    """Give the unit and its parts the same status, each by a step of its machine; ``rolls``: it drives already (``rolling.py``)."""
    for row in rows:
        row.status = machine("resource").to(row.status, status, {"rolls": rolls}, by=by).to


def crew_of(unit: Resource, parts: Iterable[Resource]) -> int:
    """Return how many people go: the unit's own and those of its parts."""
    return sum(each.officers + each.ncos + each.crew for each in (unit, *parts))
