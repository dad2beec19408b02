"""What help is expected to take before it is sent: expected hours, the road there and back, the people who go."""

from __future__ import annotations

from decimal import Decimal

from app.domain.cost_terms import EXPECTED_HOURS, Effort
from app.domain.money import quantity
from app.planning.eta import DETOUR


def effort_of(great_circle_km: float | None, crew: int, hours: float | None = None) -> Effort:
    """Return what is expected of a unit so far away: ``EXPECTED_HOURS`` where nobody says how long, the road both ways.

    Without a distance nothing is said of kilometres.
    """
    return Effort(
        hours=Decimal(str(hours or EXPECTED_HOURS)),
        crew=crew,
        kilometres=None if great_circle_km is None else quantity(2 * great_circle_km * DETOUR),
        kilometres_estimated=great_circle_km is not None,
        hours_assumed=hours is None,
    )
