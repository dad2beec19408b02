"""Contacts: a member's phone book, all of it for its own people, what is shared for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.errors import NotFound
from app.queries.lists import Where, decoded, fetch
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg


class ContactView(Row):
    """Whom to ring for what."""

    member_id: UUID
    code: str
    """Unique in the member's phone book."""
    function: str
    name: str | None
    phone: str | None
    phone_2: str | None
    email: str | None
    languages: tuple[str, ...]
    note: str | None
    shared: bool
    """Whether the other members see it."""


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("space_id = {}", space)
    return where if viewer is None else where.add("(shared OR member_id = {})", viewer)


async def contact(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> ContactView:
    """Return one contact, as a user of the member ``viewer`` sees it (the service itself, without one, sees all).

    Raises:
        NotFound: there is none of that id in the space, or it is in another member's book and not shared.
    """
    rows = await fetch(
        conn, "SELECT * FROM contact", _seen_by(viewer, space).add("id = {}", id_), order="id", limit=1
    )  # fmt: skip
    if not rows:
        raise NotFound("contact", id_)
    return _contact(rows[0])


async def contacts(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    member: UUID | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[ContactView]:
    """Return contacts by code."""
    where = _seen_by(viewer, space).add_if(member, "member_id = {}")
    if after is not None:
        where.add("(code, id) > ({}, {})", *after)
    return [_contact(row) for row in await fetch(conn, "SELECT * FROM contact", where, order="code, id", limit=limit)]


def _contact(row: asyncpg.Record) -> ContactView:
    return ContactView.model_validate(decoded(row, "languages"))
