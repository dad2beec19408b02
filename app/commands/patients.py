"""The gate of help from day to day: whatever is done about such a request or mission, no free text goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.day_to_day import KIND, keep_patients_out
from app.domain.forms import written
from app.store.tables import Mission, Request

if TYPE_CHECKING:
    from uuid import UUID

    from app.commands.registry import Command
    from app.store.tables.base import Journaled
    from app.store.unit_of_work import UnitOfWork


async def refuse_texts(uow: UnitOfWork, command: Command) -> None:
    """Refuse the texts of a command that recorded something of help from day to day.

    The door asks this after every command: what it is about follows from the entries, and no command has to think of it.

    Raises:
        NoFreeText: with where the first one stands in the body.
    """
    texts = list(written(command))
    if texts and any([await is_day_to_day(uow, each.subject) for each in uow.recorded()]):
        keep_patients_out(texts)


async def is_day_to_day(uow: UnitOfWork, row: Journaled) -> bool:
    """Whether a request or mission, or something that belongs to one, is help from day to day."""
    if isinstance(row, Request | Mission):
        return row.kind == KIND
    for table, name in ((Mission, "mission_id"), (Request, "request_id")):
        if (id_ := getattr(row, name, None)) is not None:
            return (await _of(uow, table, id_)).kind == KIND
    return False


async def _of(uow: UnitOfWork, table: type[Request | Mission], id_: UUID) -> Request | Mission:
    """Return the request or mission: what this transaction has just made is in its entries, and not yet in its table."""
    made = (row for event in uow.recorded() for row in event.rows if isinstance(row, table) and row.id == id_)
    return next(made, None) or await uow.get(table, id_)
