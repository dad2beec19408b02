"""The spaces of drills at the door: frozen once the drill is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.errors import SpaceFrozen
from app.store.migrate import PERMANENT_SPACES

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork

_SPACE: Final = """
    SELECT s.frozen_at, s.frozen_why, d.id, d.code
    FROM space s LEFT JOIN drill d ON d.plays_in = s.id WHERE s.id = $1
"""
_SHARED: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended('freeze/' || $1::text, 0))"
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('freeze/' || $1::text, 0))"
"""Who waits for this one goes before all that come later. The row's own locks would let them pass, and the freeze wait for a lull."""
_FREEZE: Final = "UPDATE space SET frozen_at = $2, frozen_why = $3 WHERE id = $1 AND frozen_at IS NULL"
_CANCEL: Final = """
    UPDATE due_work SET done_at = $2, outcome = 'frozen'
    WHERE space_id = $1 AND done_at IS NULL AND command <> 'erase_in_space'
"""


async def require_not_frozen(uow: UnitOfWork) -> UUID | None:
    """Return the drill that is played in the command's space, if it is a drill's. Whoever freezes it waits for this command.

    Raises:
        SpaceFrozen: the drill is over.
    """
    if uow.space in PERMANENT_SPACES:
        return None
    await uow.raw.execute(_SHARED, uow.space)
    row = await uow.raw.fetchrow(_SPACE, uow.space)
    if row is None:
        return None
    if row["frozen_at"] is not None:
        how = "was stopped by a real emergency" if row["frozen_why"] == "stopped" else "has ended"
        message = f"The drill {row['code'] or uow.space} {how} at {row['frozen_at']:%Y-%m-%d %H:%M:%S}Z."
        current = {"space": uow.space, "frozen_at": row["frozen_at"].isoformat(), "frozen_why": row["frozen_why"]}
        raise SpaceFrozen(message, extra={"current": current})
    drill_id: UUID | None = row["id"]
    return drill_id


async def freeze(uow: UnitOfWork, space: str, why: str) -> None:
    """Freeze a drill's space: no command passes there from the commit of this transaction on, and nothing falls due any more.

    Waits for the commands that are at work in it, and those that come meanwhile wait for it.
    """
    await uow.raw.execute(_ALONE, space)
    await uow.raw.execute(_FREEZE, space, uow.now, why)
    await uow.raw.execute(_CANCEL, space, uow.now)
