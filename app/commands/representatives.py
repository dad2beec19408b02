"""Who may bind a member at this moment: its authorised representatives, their deputies, who is on duty.

The right itself is the user's role. This says whom to ring for it, in what order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlmodel import col

from app.commands.registry import Act, handles
from app.domain.because import because
from app.domain.errors import Conflict, Duplicate, FieldError, Malformed, NotFound
from app.domain.forms import Flag
from app.domain.ids import new_id
from app.store.tables import Member, Representative, User

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

BINDS: Final = "authorised_representative"


class NameRepresentative(Act):
    """Name a user who may bind the member, as a principal or as somebody's deputy. Its id stands in the address."""

    user_id: UUID
    deputy_of_id: UUID | None = None
    """The representative for whom the user stands in; null: a principal."""


class RemoveRepresentative(Act):
    """The user is no longer one of those to ring. Deputies are removed before."""


class SetDuty(Act):
    """Say whether the representative is on duty."""

    on_duty: Flag


@handles(NameRepresentative)
async def name_representative(uow: UnitOfWork, cmd: NameRepresentative) -> None:
    """Record ``representative.named``. Locks the member.

    Raises:
        NotFound: no such user of this member, or no such representative to stand in for.
        Conflict: the user does not hold the role that binds.
        Duplicate: the user is one already.
    """
    member = await uow.lock_target(Member)
    uow.authorise({"member": {member.id}})
    users = await uow.find(User, col(User.id) == cmd.user_id, col(User.member_id) == member.id)
    if not users:
        raise NotFound(f"{User.KIND} of your member", cmd.user_id)
    if BINDS not in users[0].roles or not users[0].active:
        message = "This user may not bind the member."
        raise Conflict(message, hint=f"Give the user the role {BINDS} first.", extra=because("may_not_bind"))
    listed = await uow.find(Representative, col(Representative.member_id) == member.id)
    if taken := [row for row in listed if row.user_id == cmd.user_id]:
        raise Duplicate("The user is a representative already.", extra={"current": taken[0].state()})
    if cmd.deputy_of_id is not None:
        _require_principal(listed, cmd.deputy_of_id)
    row = uow.add(
        Representative(
            space_id=uow.space,
            id=new_id(),
            member_id=member.id,
            user_id=cmd.user_id,
            deputy_of_id=cmd.deputy_of_id,
        )
    )
    uow.record("representative.named", row)


@handles(RemoveRepresentative)
async def remove_representative(uow: UnitOfWork, _cmd: RemoveRepresentative) -> None:
    """Record ``representative.removed``. Locks the member, then the representative.

    Raises:
        Conflict: somebody still stands in for this one.
    """
    found = await uow.get(Representative, uow.require_target())
    await uow.lock(Member, found.member_id)
    row = await uow.lock_target(Representative)
    uow.authorise({"member": {row.member_id}})
    if deputies := await uow.find(Representative, col(Representative.deputy_of_id) == row.id):
        message = f"Deputies of this representative: {len(deputies)}."
        raise Conflict(
            message,
            hint="Remove the deputies first, or name them for somebody else.",
            extra=because("has_deputies", n=len(deputies)),
        )
    await uow.remove(row)
    uow.record("representative.removed", row)


@handles(SetDuty)
async def set_duty(uow: UnitOfWork, cmd: SetDuty) -> None:
    """Record ``representative.on_duty`` or ``representative.off_duty``. Locks the representative."""
    row = await uow.lock_target(Representative)
    uow.authorise({"member": {row.member_id}})
    row.on_duty = cmd.on_duty
    uow.record(f"representative.{'on' if cmd.on_duty else 'off'}_duty", row)


def _require_principal(listed: list[Representative], wanted: UUID) -> None:
    principal = next((row for row in listed if row.id == wanted), None)
    if principal is None:
        raise NotFound(Representative.KIND, wanted)
    if principal.deputy_of_id is not None:
        detail = "A deputy has no deputies; name the principal."
        raise Malformed(detail, errors=[FieldError("/deputy_of_id", Malformed.slug, detail)])
