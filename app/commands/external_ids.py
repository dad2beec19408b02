"""External ids: a dispatch system's code is given to what it means, and ends when it means that no longer. Each member has lists of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import or_
from sqlmodel import col

from app.commands.registry import Act, handles
from app.commands.whose import whose
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import Conflict, Duplicate, OutOfOrder
from app.domain.external_ids import ExternalCode, Source
from app.domain.forms import Code
from app.domain.ids import new_id
from app.domain.resource_types import require_type
from app.store.tables import Depot, ExternalId, Incident, Member, Resource
from app.store.tables.external_ids import NAMES

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

Kind = Literal["resource", "depot", "incident", "member", "resource_type"]
OWNED: Final[dict[str, type[Resource | Depot]]] = {"resource": Resource, "depot": Depot}
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


class AddExternalId(Act):
    """Say by which code a dispatch system knows something. It counts from `occurred_at` until it is ended."""

    member_id: UUID | None = None
    """Whose code it is; the actor's own member if nobody is named. Of an incident each member has its own number."""
    source: Source
    """Which of that member's systems has it, such as `cad-liege`. Another member's system may have the same name: its codes are others."""
    kind: Kind
    """What it names."""
    code: ExternalCode
    """The code as that system writes it."""
    subject_id: UUID | None = None
    """Which resource, depot, incident or member; left out for a type, and for the member itself."""
    type_code: Code | None = None
    """Which type, where the kind is `resource_type`."""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        wanted = "type_code" if self.kind == "resource_type" else "subject_id"
        if self.kind != "member" and getattr(self, wanted) is None:
            message = f"{wanted} says which {self.kind.replace('_', ' ')}"
            raise ValueError(message)
        if self.kind == "resource_type" and self.subject_id is not None:
            message = "a type is named by type_code alone"
            raise ValueError(message)
        if self.kind != "resource_type" and self.type_code is not None:
            message = f"type_code goes with the kind resource_type, not with {self.kind}"
            raise ValueError(message)
        return self


class EndExternalId(Act):
    """The code no longer means this, from `occurred_at` on; it is free for something else."""


@handles(AddExternalId)
async def add_external_id(uow: UnitOfWork, cmd: AddExternalId) -> None:
    """Record ``external_id.added``. Locks its member's list of codes of its source and kind.

    Raises:
        Duplicate: the code names something of its member's at that time already.
        NotFound: there is no such thing in the space.
        RoleMissing: it is another member's.
    """
    owner = await _owner(uow, cmd)
    uow.authorise({"owner": {owner}}, facts={"external_kind": cmd.kind})
    await uow.get(Member, owner)
    subject: Any = cmd.type_code if cmd.kind == "resource_type" else cmd.subject_id or owner
    if cmd.kind == "incident":
        await uow.get(Incident, subject)
    elif cmd.type_code is not None:
        require_type(cmd.type_code)
    await lock_codes(uow, owner, cmd.source, cmd.kind)
    await _require_free(uow, owner, cmd)
    row = uow.add(new_external_id(uow, owner, cmd.source, cmd.kind, cmd.code, subject))
    uow.record("external_id.added", row)


@handles(EndExternalId)
async def end_external_id(uow: UnitOfWork, _cmd: EndExternalId) -> None:
    """Record ``external_id.ended``. Locks it.

    Raises:
        Conflict: it has ended.
        OutOfOrder: it would have ended before it began.
    """
    row = await uow.lock_target(ExternalId)
    uow.authorise({"owner": {row.member_id}}, facts={"external_kind": row.kind})
    if row.valid_to is not None:
        message = f"{row.source}:{row.code} has ended."
        raise Conflict(
            message,
            extra={
                **because("code_ended"),
                "current": row.state(),
            },
        )
    if uow.act.occurred_at < row.valid_from:
        message = f"{row.source}:{row.code} counts from {row.valid_from.isoformat()} on."
        told = because("code_counts_from", from_at=stamp(row.valid_from))
        raise OutOfOrder(message, extra={"current": row.state(), **told})
    row.valid_to = uow.act.occurred_at
    uow.record("external_id.ended", row)


def new_external_id(uow: UnitOfWork, owner: UUID, source: str, kind: str, code: str, subject: UUID | str) -> ExternalId:
    """Return the row that says so, from the act's own time on."""
    which: dict[str, Any] = {NAMES[kind]: subject}
    return ExternalId(
        space_id=uow.space,
        id=new_id(),
        member_id=owner,
        source=source,
        kind=kind,
        code=code,
        valid_from=uow.act.occurred_at,
        **which,
    )


async def lock_codes(uow: UnitOfWork, member_id: UUID, source: str, kind: str) -> None:
    """Lock a member's list of codes, named by its source and kind: whoever gives out one of its codes holds this."""
    await uow.raw.execute(_LOCK, f"{uow.space}/external/{member_id}/{kind}/{source}")


async def ended_with(uow: UnitOfWork, resource: Resource) -> list[ExternalId]:
    """End the codes of a unit that is gone for good, and return them. Locks them."""
    rows = await uow.lock_where(
        ExternalId, col(ExternalId.resource_id) == resource.id, col(ExternalId.valid_to).is_(None)
    )
    for row in rows:
        row.valid_to = max(uow.act.occurred_at, row.valid_from)
    return rows


async def _owner(uow: UnitOfWork, cmd: AddExternalId) -> UUID:
    """Return whose code it is: a unit's and a depot's are their owner's, a member's its own."""
    if cmd.kind in OWNED and cmd.subject_id is not None:
        return (await uow.get(OWNED[cmd.kind], cmd.subject_id)).member_id
    return whose(uow, (cmd.subject_id if cmd.kind == "member" else None) or cmd.member_id)


async def _require_free(uow: UnitOfWork, owner: UUID, cmd: AddExternalId) -> None:
    """Refuse a code that names something of the member's now, or did at the time from which it is to count."""
    taken = await uow.find(
        ExternalId,
        col(ExternalId.member_id) == owner,
        col(ExternalId.source) == cmd.source,
        col(ExternalId.kind) == cmd.kind,
        col(ExternalId.code) == cmd.code,
        or_(col(ExternalId.valid_to).is_(None), col(ExternalId.valid_to) > uow.act.occurred_at),
    )
    if taken:
        detail = f"{cmd.source}:{cmd.code} names another {cmd.kind.replace('_', ' ')} already, or did so at that time."
        raise Duplicate(detail, extra={"current": taken[0].state()}, hint="End the one that is there first.")
