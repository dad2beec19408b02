"""The integration space: permanent, neither live nor a drill, where dispatch systems are connected and tried.

It has copies of what live has, under the same ids, as a drill's space begins with them. What is tried there stays there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.drill_shadows import ROWS_TOLD, corridor_rows, shadow_of
from app.commands.registry import Command, handles
from app.domain.authority import SYSTEM
from app.domain.errors import Conflict
from app.store.engine import reading
from app.store.tables import ExternalId, Member, Representative
from app.store.unit_of_work import LIVE

if TYPE_CHECKING:
    from app.commands.execute import Door
    from app.store.tables import Spaced
    from app.store.unit_of_work import UnitOfWork

INTEGRATION: Final = "integration"
EVENT: Final = "integration.refilled"
_MISSING: Final = """
    SELECT count(*) FROM (
        SELECT id FROM member WHERE space_id = 'live' UNION ALL SELECT id FROM resource WHERE space_id = 'live'
        UNION ALL SELECT id FROM crossing WHERE space_id = 'live' UNION ALL SELECT id FROM depot WHERE space_id = 'live'
        EXCEPT ALL (
            SELECT id FROM member WHERE space_id = 'integration' UNION ALL SELECT id FROM resource WHERE space_id = 'integration'
            UNION ALL SELECT id FROM crossing WHERE space_id = 'integration' UNION ALL SELECT id FROM depot WHERE space_id = 'integration'
        )
    ) AS missing
"""


class RefillIntegration(Command):
    """Copy what live has, and the integration space has not, into it. What is there stays as it is."""


@handles(RefillIntegration)
async def refill_integration(uow: UnitOfWork, _cmd: RefillIntegration) -> None:
    """Record ``integration.refilled`` in that space's journal, some hundred rows in each. One at a time.

    Raises:
        Conflict: it was sent to a drill's space, or there is nothing in live.
    """
    uow.authorise()
    uow.require_live()
    await uow.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended('refill_integration', 0))")
    there = uow.beside(INTEGRATION)
    count = 0
    for rows in await corridor_rows(uow):
        if rows and isinstance(rows[0], Representative):
            continue  # nobody is on duty in a trial, nor has to be relieved there
        known = {_key(row) for row in await there.find(type(rows[0]))} if rows else set()
        taken = {_code(row) for row in await there.find(ExternalId, col(ExternalId.valid_to).is_(None))}
        new = [
            row for row in rows if _key(row) not in known and not (isinstance(row, ExternalId) and _code(row) in taken)
        ]
        copies: list[Spaced] = [there.add(shadow_of(row, INTEGRATION)) for row in new]
        count += len(copies)
        for first in range(0, len(copies), ROWS_TOLD):
            told = copies[first : first + ROWS_TOLD]
            there.record(EVENT, told[0], *told[1:], rows=len(copies))
    if not count:
        members = await there.find(Member)
        if not members:
            raise Conflict("There is nothing in live yet.", hint="Load a corridor first.")
        there.record(EVENT, members[0], rows=0)
    uow.main = there.main  # live has no entry of it
    uow.outcome = {"rows": count}


def _key(row: Spaced) -> tuple[Any, ...]:
    """Return by what a row is known among its like: what live has changed since is not copied again."""
    return tuple(getattr(row, column.name) for column in type(row).__table__.primary_key if column.name != "space_id")  # type: ignore[attr-defined]  # every table has it


def _code(row: ExternalId) -> tuple[Any, ...]:
    """Return what names one thing at a time: a code that means something in the trial goes on meaning that."""
    return row.member_id, row.source, row.kind, row.code


async def fill_integration(door: Door) -> None:
    """Fill the integration space where it lacks something that was loaded; otherwise nothing happens."""
    async with reading(door.engine) as conn:
        missing = await conn.fetchval(_MISSING)
    if missing:
        await door.execute(RefillIntegration(), actor=SYSTEM, space=LIVE)
