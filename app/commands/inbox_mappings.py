"""Mappings of the inbox: written as new versions, tried, and turned on by an admin; an older one can be turned back to."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import rfc8785
from sqlmodel import col
from typing_extensions import override

from app.commands.inbox_sources import locked_source, require_there
from app.commands.registry import Command, handles
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, NotFound, OutOfRange
from app.domain.forms import ShortText
from app.domain.ids import new_id
from app.domain.inbox.mapping import Mapping
from app.domain.inbox.paths import KEPT
from app.domain.lifecycle import machine
from app.store.tables import InboxMapping, InboxSource

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork

IN_USE: Final = "in_use"


class AddInboxMapping(Command):
    """Write a new version of how the messages of a source are read. It is in use once it was tried and turned on."""

    mapping: Mapping
    note: ShortText | None = None
    """What is new about it."""


class TurnOnInboxMapping(Command):
    """Have the messages of the source read by this version from now on, in place of the one before."""


@handles(AddInboxMapping)
async def add_inbox_mapping(uow: UnitOfWork, cmd: AddInboxMapping) -> None:
    """Record ``inbox_mapping.added``. Locks the source, whose versions are numbered.

    Raises:
        OutOfRange: types in a table of statuses that a table before it is for: nothing would ever be looked up there.
    """
    source = await locked_source(uow)
    require_there(source, "get a new mapping")
    _require_reached(cmd.mapping)
    versions = [each.version for each in await uow.find(InboxMapping, col(InboxMapping.source_id) == source.id)]
    content = cmd.mapping.model_dump(mode="json", by_alias=True, exclude_none=True)
    made = uow.add(
        InboxMapping(
            id=new_id(),
            source_id=source.id,
            member_id=source.member_id,
            version=max(versions, default=0) + 1,
            status=machine("inbox_mapping").initial,
            title=cmd.mapping.title,
            note=cmd.note,
            digest=hashlib.sha256(rfc8785.dumps(content)).hexdigest(),
            content=content,
            created_at=uow.now,
            created_by_id=uow.actor.id,
        )
    )
    uow.record("inbox_mapping.added", made, visibility="parties", parties=[source.member_id])


def _require_reached(mapping: Mapping) -> None:
    errors = [
        FieldError(
            f"/mapping/unit_status/tables/{number}/types/{place}", OutOfRange.slug,
            f"A table before it is for {pattern} already, and the first that fits counts: put the narrower table first, or take this one away.",
        )
        for number, place, pattern in (mapping.unit_status.never_reached() if mapping.unit_status else ())
    ]  # fmt: skip
    if errors:
        raise OutOfRange("A table of statuses is never reached.", errors=errors)


@handles(TurnOnInboxMapping)
async def turn_on_inbox_mapping(uow: UnitOfWork, _cmd: TurnOnInboxMapping) -> None:
    """Record ``inbox_mapping.turned_on``, with the version that it replaces. Locks the source, then both.

    Raises:
        Conflict: nobody has tried it on a message of which something came.
        TransitionNotAllowed: it is in use.
    """
    id_ = uow.require_target()
    known = await uow.find(InboxMapping, col(InboxMapping.id) == id_)
    if not known or not uow.sees(known[0].member_id):
        raise NotFound(InboxMapping.KIND, id_)
    source = await locked_source(uow, known[0].source_id)
    require_there(source, "be read in another way")
    rows = await uow.lock_where(InboxMapping, col(InboxMapping.source_id) == source.id)
    mapping = next(row for row in rows if row.id == id_)
    uow.expect_revision(mapping)
    turned_on = machine("inbox_mapping").next(mapping.status, "turn_on")
    if mapping.tried_at is None:
        raise Conflict(
            f"Version {mapping.version} was never tried, or nothing but a quarantine came of it.",
            extra={**because("inbox_not_tried", version=mapping.version), "current": mapping.state()},
            hint="Try it on a message of the dispatch system that it reads, of a unit that has a code; nothing happens by that.",
        )
    mapping.status = turned_on
    before = [row for row in rows if row.status == IN_USE and row.id != id_]
    for row in before:
        row.status = machine("inbox_mapping").next(row.status, "replace")
    mapping.turned_on_at, mapping.turned_on_by_id = uow.now, uow.actor.id
    source.mapping_version = mapping.version
    uow.record(
        "inbox_mapping.turned_on", mapping, source, *before, visibility="parties", parties=[source.member_id]
    )  # fmt: skip


async def mapping_in_use(uow: UnitOfWork, source: InboxSource) -> tuple[int, Mapping] | None:
    """Return the version by which the messages of a source are read; None where there is none."""
    found = await uow.find(
        InboxMapping, col(InboxMapping.source_id) == source.id, col(InboxMapping.status) == IN_USE
    )  # fmt: skip
    return (found[0].version, read_in(found[0].id, found[0].content)) if found else None


_CACHE: Final = 64


class _Content:
    """A mapping's content under its id, by which it is kept: a version never changes."""

    def __init__(self, id_: UUID, content: dict[str, Any]) -> None:
        self.id, self.content = id_, content

    @override
    def __hash__(self) -> int:
        return hash(self.id)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and other.id == self.id


@lru_cache(maxsize=_CACHE)
def _read(kept: _Content) -> Mapping:
    return Mapping.model_validate(kept.content, context={KEPT: True})


def read_in(id_: UUID, content: dict[str, Any]) -> Mapping:
    """Return a version's mapping, read once a process."""
    return _read(_Content(id_, content))
