"""The spaces of drills at the door: for who plays in them and their staff, while the clock runs; frozen once the drill is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.drills.sides import is_staff
from app.domain.errors import DrillPaused, NotInDrill, NotJoined, SpaceFrozen
from app.store.migrate import PERMANENT_SPACES

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork

_SPACE: Final = """
    SELECT s.frozen_at, s.frozen_why, d.id, d.code, c.speed
    FROM space s LEFT JOIN drill d ON d.plays_in = s.id LEFT JOIN drill_clock c ON c.space_id = s.id WHERE s.id = $1
"""
_PARTS: Final = """
    SELECT d.id, d.code, p.role, p.site, p.joined_us, c.status AS clock, c.paused_sites @> to_jsonb(p.site) AS site_paused
    FROM drill d
    JOIN drill_clock c ON c.space_id = d.plays_in AND c.id = d.id
    LEFT JOIN drill_participant p ON p.space_id = d.space_id AND p.drill_id = d.id AND p.member_id = $2
    WHERE d.plays_in = $1
"""
_SHARED: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended('freeze/' || $1::text, 0))"
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended('freeze/' || $1::text, 0))"
"""Who waits for this one goes before all that come later. The row's own locks would let them pass, and the freeze wait for a lull."""
_FREEZE: Final = "UPDATE space SET frozen_at = $2, frozen_why = $3 WHERE id = $1 AND frozen_at IS NULL"
_CANCEL: Final = """
    UPDATE due_work SET done_at = $2, outcome = 'frozen'
    WHERE space_id = $1 AND done_at IS NULL AND command <> 'erase_in_space'
"""


PASSES_PAUSE: Final = frozenset({"take_into_dispatch"})
"""What of players passes while a drill stands: a dispatch system's receipt is no act of theirs, and is awaited by the wall's clock."""


async def require_open(uow: UnitOfWork) -> UUID | None:
    """Return the drill that is played in the command's space, if it is a drill's. Whoever freezes it waits for this command.

    Raises:
        SpaceFrozen: the drill is over.
        NotInDrill: the actor's member has no part in it, or one in which nobody acts.
        NotJoined: it is to play, and has not joined.
        DrillPaused: it plays, and the drill or its site is paused.
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
    uow.pace = row["speed"] or 1
    drill_id: UUID | None = row["id"]
    if drill_id is not None:
        await require_part(uow)
    return drill_id


async def require_part(uow: UnitOfWork) -> None:
    """Refuse an actor that has nothing to do in the drill's space now; in other spaces, and for the service itself, do nothing.

    Virtual players come by another way: the script lets them wait.

    Raises:
        NotInDrill: the actor's member has no part in the drill, or one in which nobody acts.
        NotJoined: it is to play, and has not joined.
        DrillPaused: it plays, and the drill or its site is paused.
    """
    if uow.space in PERMANENT_SPACES or uow.actor.kind == "system":
        return
    parts = await uow.raw.fetch(_PARTS, uow.space, uow.actor.member_id)
    if not parts or is_staff([each["role"] for each in parts], uow.actor.roles):
        return
    code = parts[0]["code"]
    about = {"drill_id": parts[0]["id"], "drill": code}
    player = next((each for each in parts if each["role"] == "player"), None)
    if player is None:
        message = f"In {code} its players and its staff act: your member plays no part in it, or you have no role in its staff."
        raise NotInDrill(message, extra=about)
    if player["joined_us"] is None:
        message = f"{code} began without your member."
        raise NotJoined(message, extra=about)
    if uow.act.command in PASSES_PAUSE:
        return
    if player["clock"] == "paused":
        message = f"{code} is paused for everybody; its players wait."
        raise DrillPaused(message, extra=about | {"site": None})
    if player["site_paused"]:
        message = f"The site {player['site']} of {code} is paused; its players wait."
        raise DrillPaused(message, extra=about | {"site": player["site"]})


async def hold_still(uow: UnitOfWork, space: str) -> None:
    """Wait for the commands that are at work in a drill's space; those that come meanwhile wait until this transaction ends."""
    await uow.raw.execute(_ALONE, space)


async def freeze(uow: UnitOfWork, space: str, why: str) -> None:
    """Freeze a drill's space: no command passes there from the commit of this transaction on, and nothing falls due any more.

    Waits for the commands that are at work in it, and those that come meanwhile wait for it.
    """
    await hold_still(uow, space)
    await uow.raw.execute(_FREEZE, space, uow.now, why)
    await uow.raw.execute(_CANCEL, space, uow.now)
