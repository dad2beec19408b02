"""For how long a relief and the unit that it relieves were at work together: those hours count once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from app.domain.money import ZERO

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from uuid import UUID

    from app.store.tables import Mission
    from app.store.unit_of_work import UnitOfWork

_HOUR: Final = Decimal(3_600_000_000)
# By the service's clock: the lender's word moves no money.
_ENDED_AT: Final = """
    SELECT subject_id, min(recorded_at) AS at FROM journal_entry
     WHERE space_id = $1 AND subject_kind = 'mission' AND subject_id = ANY($2)
       AND type IN ('mission.stood_down', 'mission.recalled', 'mission.aborted')
     GROUP BY subject_id
"""


async def ended_early(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when those that were stood down, recalled or aborted were."""
    if not ids:
        return {}
    return {row["subject_id"]: row["at"] for row in await uow.raw.fetch(_ENDED_AT, uow.space, list(ids))}


def overlap(
    mission: Mission, relieved: Mission | None, ended: Mapping[UUID, datetime], *, until: datetime | None = None
) -> Decimal:
    """Return for how many hours both were on the scene: until the first of them was let go, ended early, or was home, or ``until``."""
    if relieved is None or mission.on_scene_at is None or relieved.on_scene_at is None:
        return ZERO
    start = max(mission.on_scene_at, relieved.on_scene_at)
    both = (relieved, mission)
    ends = [at for each in both for at in (each.released_at, ended.get(each.id), each.home_at) if at is not None]
    return hours_between(start, min([*ends, until] if until is not None else ends, default=None))


def hours_between(start: datetime | None, end: datetime | None) -> Decimal:
    """Return the hours from one instant to another, exactly; none where one of them is not known."""
    if start is None or end is None or end <= start:
        return ZERO
    return Decimal((end - start) // timedelta(microseconds=1)) / _HOUR
