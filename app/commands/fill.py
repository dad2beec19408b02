"""How much of a request is filled, and the state that follows from it. Whoever counts here holds the request's lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.domain.lifecycle import machine
from app.domain.resource_types import parts_of_type
from app.store.fill import FILL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from app.store.tables import Request
    from app.store.unit_of_work import UnitOfWork

# FILL is a constant of ours; values travel as parameters.
_FILL_OF_LINES = f"SELECT l.id, l.type_code, {FILL} FROM request_line l WHERE l.space_id = $1 AND l.request_id = $2 ORDER BY l.position"  # noqa: S608
_MISSIONS = """
    SELECT count(*) FILTER (WHERE NOT (status = 'closed' AND resource_id IS NULL AND mobilised_at IS NULL)) > 0 AS ever_committed,
           count(*) FILTER (WHERE status NOT IN ('returned', 'closed')) > 0 AS missions_under_way
      FROM mission WHERE space_id = $1 AND request_id = $2
"""


@dataclass(frozen=True, slots=True)
class Fill:
    """One line: how many are wanted, on missions (``committed``), and accepted but not yet committed (``pending``).

    Of a composite type these count wholes, and ``parts`` counts each part by its type.
    """

    wanted: int
    committed: int
    pending: int
    type_code: str = field(default="", compare=False)
    parts: Mapping[str, Fill] = field(default_factory=dict)

    @property
    def lacking(self) -> int:
        """How many may still be accepted; of a composite type, how many wholes."""
        return self.lacking_of(self.type_code)

    def lacking_of(self, type_code: str) -> int:
        """How many of the line's type, or of one of its parts, may still be accepted."""
        if part := self.parts.get(type_code):
            return part.lacking
        if self.parts:
            return min(self.parts[code].lacking // each for code, each in parts_of_type(self.type_code).items())
        return max(0, self.wanted - self.committed - self.pending)

    def beyond(self, more: Mapping[str, int], *, pending: bool) -> bool:
        """Whether so many more, by type, would fill the line beyond what is wanted.

        ``pending`` counts what was accepted before as filled; without it, only what is on missions.
        """
        if not self.parts:
            return self.committed + (self.pending if pending else 0) + more.get(self.type_code, 0) > self.wanted
        wholes = more.get(self.type_code, 0)
        return any(
            part.beyond({code: more.get(code, 0) + wholes * parts_of_type(self.type_code)[code]}, pending=pending)
            for code, part in self.parts.items()
        )


async def fill(uow: UnitOfWork, request_id: UUID) -> dict[UUID, Fill]:
    """Return how far each line of the request is filled, by its id, in their order, what this transaction did included."""
    await uow.flush()
    rows = await uow.raw.fetch(_FILL_OF_LINES, uow.space, request_id)
    return {
        row["id"]: Fill(row["wanted"], row["committed"], row["pending"], row["type_code"], _parts(row["parts"]))
        for row in rows
    }


def _parts(counted: Iterable[Mapping[str, Any]] | None) -> dict[str, Fill]:
    return {
        part["type_code"]: Fill(part["wanted"], part["committed"], part["pending"], part["type_code"])
        for part in counted or ()
    }


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
