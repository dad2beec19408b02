"""Trying a mapping on a message: all of it is done as it would be, and then taken back. Nothing is kept but that it was tried, and something came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.frozen import require_open
from app.commands.inbox_kept import Became, Kept
from app.commands.inbox_mappings import read_in
from app.commands.inbox_work import taken
from app.domain import authority
from app.domain.authority import SYSTEM
from app.domain.errors import NotFound
from app.domain.ids import new_id
from app.store.tables import InboxMapping, InboxSource
from app.store.unit_of_work import Act, operation, unit_of_work

if TYPE_CHECKING:
    from uuid import UUID

    from app.commands.execute import Door
    from app.domain.authority import Actor
    from app.domain.inbox.mapping import Mapping
    from app.store.unit_of_work import UnitOfWork

NAME: Final = "try_inbox_mapping"
_TRIED: Final = """
    UPDATE inbox_mapping SET tried_at = coalesce(tried_at, $3) WHERE source_id = $1 AND version = $2
"""


async def try_mapping(
    door: Door, actor: Actor, *, source_id: UUID, space: str, by: int | Mapping | None, text: str
) -> Became:
    """Return what would become of a message by a version of a source's mapping, by one that is not kept, or by the one in use.

    Raises:
        NotFound: there is no such source or version for the actor.
        RoleMissing: it may not.
        SpaceFrozen: the drill of that space is over.
    """
    now = door.clock.now()
    act = Act(NAME, SYSTEM.via, now)
    # Never committed: what the message would do is taken back when this ends.
    async with (
        door.place(),
        unit_of_work(door.engine, space=space, actor=SYSTEM, now=now, act=act, settings=door.settings) as uow,
    ):
        found = await uow.find(InboxSource, col(InboxSource.id) == source_id)
        if not found or actor.member_id not in {None, found[0].member_id}:
            raise NotFound(InboxSource.KIND, source_id)
        source = found[0]
        authority.check(NAME, actor, {"member": frozenset({source.member_id})})
        _ = await require_open(uow)
        version, mapping = await _which(uow, source, by)
        kept = Kept(new_id(), source.id, text.encode("utf-8", "replace"), None, "received", now, 0)
        became = await taken(uow, source, kept, None, None if mapping is None else (version or 0, mapping))
        became.mapping_version = version
    if isinstance(by, int) and became.outcome != "quarantined":  # what could not be read, or done, has tried nothing
        async with operation(door.engine) as tx:
            await tx.raw.execute(_TRIED, source_id, by, now)
    return became


async def _which(uow: UnitOfWork, source: InboxSource, by: int | Mapping | None) -> tuple[int | None, Mapping | None]:
    if by is not None and not isinstance(by, int):
        return None, by
    wanted = source.mapping_version if by is None else by
    if wanted is None:
        return None, None
    found = await uow.find(
        InboxMapping, col(InboxMapping.source_id) == source.id, col(InboxMapping.version) == wanted
    )  # fmt: skip
    if not found:
        raise NotFound(InboxMapping.KIND, wanted)
    return wanted, read_in(found[0].id, found[0].content)
