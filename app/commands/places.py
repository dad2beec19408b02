"""Whether a place is one that this corridor is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.domain import geo
from app.domain.errors import Conflict, FieldError, OutsideCorridor
from app.store.tables import Corridor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.store.unit_of_work import UnitOfWork


async def corridor(uow: UnitOfWork) -> Corridor:
    """Return the corridor.

    Raises:
        Conflict: nobody has defined it yet.
    """
    found = await uow.find(Corridor)
    if not found:
        message = "This deployment has no corridor yet."
        raise Conflict(message, hint="Load one: concord corridor load FOLDER.")
    return found[0]


async def require_inside(uow: UnitOfWork, geometry: Mapping[str, Any], *, pointer: str) -> None:
    """Refuse a geometry that does not lie wholly within the corridor.

    Raises:
        OutsideCorridor: with the place at ``pointer`` in the body.
    """
    area = (await corridor(uow)).area
    if not geo.within(area, geometry):
        lon, lat = geo.centroid(geometry)
        detail = f"{lon:.4f}, {lat:.4f} (longitude, latitude) is not wholly inside the corridor."
        raise OutsideCorridor(detail, errors=[FieldError(pointer, OutsideCorridor.slug, detail)])


async def require_point_inside(uow: UnitOfWork, lon: float, lat: float, *, pointer: str) -> None:
    """Refuse a point outside the corridor, as ``require_inside`` does."""
    await require_inside(uow, {"type": "Point", "coordinates": [lon, lat]}, pointer=pointer)
