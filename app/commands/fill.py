"""How much of a request is filled, and the state that follows from it. Whoever counts here holds the request's lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.lifecycle import machine
from app.store.fill import FILL

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.tables import Request
    from app.store.unit_of_work import UnitOfWork

# FILL is a constant of ours; values travel as parameters.
_FILL_OF_LINES = (
    f"SELECT l.id, {FILL} FROM request_line l WHERE l.space_id = $1 AND l.request_id = $2 ORDER BY l.position"  # noqa: S608
)
_MISSIONS = """
    SELECT count(*) > 0 AS ever_committed,
           count(*) FILTER (WHERE status NOT IN ('returned', 'closed')) > 0 AS missions_under_way
      FROM mission WHERE space_id = $1 AND request_id = $2
"""


@dataclass(frozen=True, slots=True)
class Fill:
    """One line: how many are wanted, on missions (``committed``), and accepted but not yet committed (``pending``)."""

    wanted: int
    committed: int
    pending: int

    @property
    def lacking(self) -> int:
        """How many may still be accepted."""
        return max(0, self.wanted - self.committed - self.pending)


async def fill(uow: UnitOfWork, request_id: UUID) -> dict[UUID, Fill]:
    """Return how far each line of the request is filled, by its id, in their order, what this transaction did included."""
    await uow.flush()
    rows = await uow.raw.fetch(_FILL_OF_LINES, uow.space, request_id)
    return {row["id"]: Fill(row["wanted"], row["committed"], row["pending"]) for row in rows}


async def settle_request(uow: UnitOfWork, request: Request) -> bool:
    """Give the request the state that follows from its missions; return whether that is another one.

    The caller holds the request's lock and records the event. A request that has ended stays as it is: a lender calls
    its unit back whatever became of the paper.
    """
    if machine("request").is_final(request.status):
        return False
    lines = (await fill(uow, request.id)).values()
    if all(line.committed >= line.wanted for line in lines):
        state = "committed"
    elif any(line.committed for line in lines):
        state = "partly_committed"
    else:
        state = "open"
    if state == request.status:
        return False
    request.status = machine("request").to(request.status, state, by=uow.act.command).to
    return True


async def mission_facts(uow: UnitOfWork, request_id: UUID) -> dict[str, bool]:
    """Return what the request's machine asks about its missions: ``ever_committed`` and ``missions_under_way``."""
    await uow.flush()
    row = await uow.raw.fetchrow(_MISSIONS, uow.space, request_id)
    return dict(row) if row is not None else {}
