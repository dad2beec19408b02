"""Which units can be at a place within a time, whatever they are: the estimate of ``eta.py`` for each, and nothing reserved.

It asks no agreement: that depends on who asks for what. Whoever wants to know opens a request and reads its candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.planning.candidates import Ways
from app.planning.eta import driving_min

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.planning.candidates import Gate, Unit


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, in which country it lies, and the instant for which it is asked."""

    country: str
    lon: float
    lat: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """A unit that can be there in time."""

    unit: Unit
    gates: tuple[Gate, ...]
    """Where it would pass borders, in turn."""
    km: float
    """Great circle, by way of the crossings."""

    @property
    def delay_min(self) -> int:
        """What the crossings cost."""
        return sum(gate.delay_min for gate in self.gates)

    @property
    def eta_min(self) -> int:
        """Whole minutes from the order to the arrival: getting ready, driving, the crossings."""
        return round(self.unit.mobilisation_min + driving_min(self.km) + self.delay_min)


def within(units: Iterable[Unit], gates: Sequence[Gate], spot: Spot, minutes: int) -> list[Reach]:
    """Return the units that can be at ``spot`` within ``minutes``, the first to arrive first; ids settle a draw.

    A unit to which no crossing is open, or which is too heavy, high or wide for all that are, can't be there.
    """
    ways = Ways(gates, spot)
    found: list[Reach] = []
    for unit in units:
        way, km, hindrance = ways.of(unit)
        if any(why.blocking for why in hindrance):
            continue
        reach = Reach(unit, way, km)
        if reach.eta_min <= minutes:
            found.append(reach)
    return sorted(found, key=lambda each: (each.eta_min, each.unit.id))
