"""Units that roll first: on their way by a dispatch system's word before anybody has written down what for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.commands.mission_steps import enter, step_to
from app.commands.parts import lock_units, parts_among
from app.commands.response_commitments import turned_out
from app.domain.inbox.meaning import OUT, OWN

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from app.store.tables import Mission, Resource
    from app.store.unit_of_work import UnitOfWork

MOBILISING: Final = "mobilising"
LEFT: Final = "in_transit"
_WHOSE_WORD: Final = """
    SELECT e.payload::jsonb #>> '{data,via}' FROM journal_entry e
    WHERE e.space_id = $1 AND e.subject_kind = 'resource' AND e.subject_id = $2 AND e.type = 'resource.status_set'
    ORDER BY e.seq DESC LIMIT 1
"""


async def rolling_among(uow: UnitOfWork, ids: Collection[UUID]) -> frozenset[UUID]:
    """Return which of these units are out of service for one reason alone: a dispatch system has said that they drive. Locks them.

    Whoever sends such a unit says what it drives for. What a person took out of service stays so.
    """
    rows = await lock_units(uow, ids)
    driving = [row for row in rows if row.id in ids and _drives(row) and all(map(_drives, parts_among(row, rows)))]
    return frozenset([unit.id for unit in driving if await _said_by_a_machine(uow, unit)])


def _drives(unit: Resource) -> bool:
    return unit.status == OUT and unit.out_of_service_reason == OWN


async def _said_by_a_machine(uow: UnitOfWork, unit: Resource) -> bool:
    via: str | None = await uow.raw.fetchval(_WHOSE_WORD, uow.space, unit.id)
    return via == "dispatch_system"


async def depart(uow: UnitOfWork, mission: Mission) -> None:
    """Record ``mission.in_transit``, inferred, of a mission whose unit drives already. The caller holds it and has recorded it."""
    if mission.status != MOBILISING:
        return
    enter(uow, mission, step_to(mission, LEFT, by=uow.act.command))
    uow.record(f"mission.{LEFT}", mission, state=LEFT, inferred=True)
    await turned_out(uow, mission)
