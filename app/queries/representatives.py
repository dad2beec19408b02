"""Who may bind a member at this moment, and who stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg

_SELECT: Final = """
    SELECT r.*, u.display_name, u.active AND u.roles ? 'authorised_representative' AS may_bind
      FROM representative r JOIN user_account u ON u.id = r.user_id
     WHERE r.space_id = $1 AND r.member_id = $2 AND ($3::uuid IS NULL OR r.id > $3)
     ORDER BY r.id LIMIT $4
"""


class RepresentativeView(Row):
    """Somebody who may bind the member, or stands in for one who may."""

    member_id: UUID
    user_id: UUID
    deputy_of_id: UUID | None
    """The representative for whom this one stands in; null: a principal."""
    on_duty: bool
    may_bind: bool
    """Whether the user still holds the role."""
    display_name: str | None
    """For the eyes of the own member."""


async def representatives(
    conn: asyncpg.Connection[Any],
    space: str,
    member: UUID,
    *,
    viewer: UUID | None,
    after: tuple[UUID] | None = None,
    limit: int = 50,
) -> list[RepresentativeView]:
    """Return a member's representatives in the order in which they were named, one more than ``limit`` where there is more."""
    rows = await conn.fetch(_SELECT, space, member, after[0] if after else None, limit + 1)
    shown = viewer in {None, member}
    return [RepresentativeView.model_validate(dict(row) | ({} if shown else {"display_name": None})) for row in rows]
