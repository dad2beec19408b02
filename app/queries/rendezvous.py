"""Rendezvous, and how full each is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.geo import Point
from app.queries.lists import Where, decoded, fetch, placed
from app.queries.models import ReadModel, Row
from app.store.rendezvous import USED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.geo import Box

_SELECT: Final = f"SELECT v.*, {USED} FROM rendezvous v"  # noqa: S608 - constants of ours


class RoomView(ReadModel):
    """How full it is, counted from missions at this moment."""

    capacity: int
    """Units that have room at once."""
    coming: int
    """On their way to it."""
    there: int
    """Arrived, and not sent on yet."""
    left: int
    """Room for so many more; 0 where it is full, or fuller."""


class RendezvousView(Row):
    """A place where units from the other side are met."""

    member_id: UUID
    """On whose ground."""
    code: str
    guide_code: str
    """What is said on the radio: a letter or two and a number."""
    names: dict[str, str]
    kind: str
    status: str
    """`open` or `closed`."""
    place: Point
    room: RoomView
    guide: bool
    """Somebody waits there who knows the way."""
    fuel: bool
    launch_ramp: bool
    food: bool
    beds: int
    talkgroup: str | None
    note: str | None


async def rendezvous(conn: asyncpg.Connection[Any], space: str, id_: UUID) -> RendezvousView:
    """Return one rendezvous.

    Raises:
        NotFound: there is none of that id in the space.
    """
    row = await conn.fetchrow(f"{_SELECT} WHERE v.space_id = $1 AND v.id = $2", space, id_)
    if row is None:
        raise NotFound("rendezvous", id_)
    return _rendezvous(row)


async def all_rendezvous(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    kind: Sequence[str] = (),
    status: str | None = None,
    member: UUID | None = None,
    box: Box | None = None,
    after: tuple[str] | None = None,
    limit: int = 50,
) -> list[RendezvousView]:
    """Return rendezvous by code; ``member`` keeps those on its ground."""
    where = Where().add("space_id = {}", space).add_if(list(kind), "kind = ANY({})").add_if(status, "status = {}")
    where.add_if(member, "member_id = {}").add_box(box)
    if after is not None:
        where.add("code > {}", after[0])
    return [_rendezvous(row) for row in await fetch(conn, _SELECT, where, order="code", limit=limit)]


def _rendezvous(row: asyncpg.Record) -> RendezvousView:
    found = placed(decoded(row, "names"), "place")
    left = max(0, found["capacity"] - found["coming"] - found["there"])
    room = {name: found[name] for name in ("capacity", "coming", "there")} | {"left": left}
    return RendezvousView.model_validate(found | {"room": room})
