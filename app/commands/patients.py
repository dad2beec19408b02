"""The gate of help from day to day: whatever is done about such a request or mission, no free text goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.day_to_day import KIND, keep_patients_out
from app.domain.forms import written
from app.store.tables import Mission, Request, Resource

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
    found = await help_of(uow, row)
    return found is not None and found.kind == KIND


async def help_of(uow: UnitOfWork, row: Journaled) -> Request | Mission | None:
    """Return the request or mission that a row is, or belongs to; None for what is about no help."""
    if isinstance(row, Request | Mission):
        return row
    for table, name in ((Mission, "mission_id"), (Request, "request_id")):
        if (id_ := getattr(row, name, None)) is not None:
            return await _of(uow, table, id_)
    return None


async def keep_between(uow: UnitOfWork) -> None:
    """Have what was recorded of help from day to day told to its two members alone; of units the corridor hears whether they are free.

    The door does this with every command, as with texts. What is told to the corridor of such an act says nothing of why.
    """
    told = [each for each in uow.recorded() if each.visibility == "corridor"]
    of_two = False
    for event in told:
        parties: set[UUID] = set()
        for row in event.rows:
            found = await help_of(uow, row)
            if found is not None and found.kind == KIND:
                parties |= {member for member in between(found) if member is not None}
        if parties:
            of_two = True
            uow.tell_apart(event, sorted(parties), [row for row in event.rows if isinstance(row, Resource)])
    if of_two:
        uow.say_no_why()


def between(found: Request | Mission) -> tuple[UUID, UUID | None]:
    """Return who asks, and who is asked or sends."""
    if isinstance(found, Request):
        return found.member_id, found.to_member_id
    return found.requester_id, found.lender_id


def is_seen(uow: UnitOfWork, found: Request | Mission) -> bool:
    """Return whether the actor may know that there is this help: of help from day to day its two members alone."""
    return found.kind != KIND or uow.sees(*between(found))


async def _of(uow: UnitOfWork, table: type[Request | Mission], id_: UUID) -> Request | Mission:
    """Return the request or mission: what this transaction has just made is in its entries, and not yet in its table."""
    made = (row for event in uow.recorded() for row in event.rows if isinstance(row, table) and row.id == id_)
    return next(made, None) or await uow.get(table, id_)
