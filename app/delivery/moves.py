"""Whether units have moved so far since a plan was made that it may be another one by now. Nothing in the journal says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.geo import great_circle_km
from app.planning.eta import driving_min
from app.queries.positions import reported_since

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from app.planning.facts import Picture

NOTICEABLE_MIN: Final = 3.0
"""Minutes of driving that a unit has come nearer or gone farther: less changes no plan that anybody would change for it."""


class Moves:
    """What is reported from now on, held against where the units of a picture stood. Make it before the picture is read."""

    def __init__(self, space: str, since: datetime) -> None:
        """Keep since when reports are looked at."""
        self._space = space
        self._since = since
        self._stood: dict[UUID, tuple[float, float]] | None = None

    @classmethod
    async def from_now(cls, conn: asyncpg.Connection[Any], space: str) -> Moves:
        """Look at what is reported from now on."""
        since, _ = await reported_since(conn, space, None)
        return cls(space, since)

    async def noticeable(self, conn: asyncpg.Connection[Any], picture: Picture) -> bool:
        """Return whether one of the picture's units has moved noticeably."""
        self._since, told = await reported_since(conn, self._space, self._since)
        if self._stood is None:
            self._stood = {unit.id: (unit.lon, unit.lat) for unit in picture.units}
        return any(
            driving_min(great_circle_km(*self._stood[id_], where["lon"], where["lat"])) >= NOTICEABLE_MIN
            for id_, where in told.items()
            if id_ in self._stood
        )
