"""What an offer is expected to cost before it is sent: expected hours, the way there and back, the people who go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sqlmodel import col

from app.commands.parts import crew_of, parts_of
from app.domain.cost_terms import estimate
from app.domain.geo import great_circle_km
from app.planning.efforts import effort_of
from app.store.tables import Member, Resource

if TYPE_CHECKING:
    from uuid import UUID

    from app.domain.cost_terms import Cost, Effort
    from app.store.unit_of_work import UnitOfWork


class Wanted(Protocol):
    """A line of a request, or a phone call: of which type, and where to."""

    @property
    def type_code(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...


async def expected(uow: UnitOfWork, lender: UUID, to: Wanted, resource_id: UUID | None, hours: int | None) -> Effort:
    """Return what one unit is expected to take: from where it stands, or from its owner's centre where none is named.

    An unnamed unit counts with the largest crew that its owner has for the type.
    """
    own = await uow.find(Resource, col(Resource.member_id) == lender, col(Resource.type_code) == to.type_code)
    unit = next((each for each in own if each.id == resource_id), None)
    crews = [crew_of(each, await parts_of(uow, each)) for each in ([unit] if unit else own)]
    place: Resource | Member = unit or await uow.get(Member, lender)
    return effort_of(great_circle_km(place.lon, place.lat, to.lon, to.lat), max(crews, default=0), hours)


async def estimated(
    uow: UnitOfWork, lender: UUID, type_code: str, cost: Cost | None, effort: Effort, count: int
) -> dict[str, Any] | None:
    """Return what ``count`` units are expected to cost, as an offer line holds it; None where no terms are agreed."""
    if cost is None:
        return None
    member = await uow.get(Member, lender)
    return estimate(cost, type_code, effort, member.currency).told(count)
