"""The gate of help from day to day: whatever is done about such a request or mission, no free text goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.day_to_day import KIND, keep_patients_out
from app.domain.forms import written
from app.store.tables import Mission, Request

if TYPE_CHECKING:
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
    if (mission_id := getattr(row, "mission_id", None)) is not None:
        return (await uow.get(Mission, mission_id)).kind == KIND
    if (request_id := getattr(row, "request_id", None)) is not None:
        return (await uow.get(Request, request_id)).kind == KIND
    return False
