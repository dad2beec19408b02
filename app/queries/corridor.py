"""The corridor: where it is, what is spoken there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain.errors import NotFound
from app.queries.lists import decoded
from app.queries.models import Row

if TYPE_CHECKING:
    import asyncpg


class CorridorView(Row):
    """The corridor that this deployment serves."""

    code: str
    names: dict[str, str]
    """Language → name."""
    area: dict[str, Any]
    """GeoJSON, longitude before latitude: places outside it are refused."""
    languages: tuple[str, ...]
    currency: str
    """ISO 4217, of the ledger."""


async def corridor(conn: asyncpg.Connection[Any]) -> CorridorView:
    """Return the corridor.

    Raises:
        NotFound: nobody has defined it yet.
    """
    row = await conn.fetchrow("SELECT * FROM corridor")
    if row is None:
        raise NotFound("corridor", "of this deployment")
    return CorridorView.model_validate(decoded(row, "names", "area", "languages"))
