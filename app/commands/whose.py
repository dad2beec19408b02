"""Whose something is that is added: of the member that is named, else of the one who acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import FieldError, MissingField

if TYPE_CHECKING:
    from uuid import UUID

    from app.store.unit_of_work import UnitOfWork


def whose(uow: UnitOfWork, named: UUID | None) -> UUID:
    """Return the member that is named, else the acting one's own.

    Raises:
        MissingField: none is named, and whoever acts belongs to none (the service itself).
    """
    member = named or uow.actor.member_id
    if member is None:
        detail = "Whoever belongs to no member has to name one."
        raise MissingField(detail, errors=[FieldError("/member_id", MissingField.slug, detail)])
    return member
