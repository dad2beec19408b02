"""What a plan is made of, as it stood at one moment: plain facts, which whoever knows the tables puts together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from app.planning.eta import Size
from app.planning.papers import Home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.agreements import AgreementFacts
    from app.planning.papers import Asked, Counted, Papers
    from app.planning.plan import Word


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of an open request, as far as nobody is on the way to it."""

    id: UUID
    request_id: UUID
    ref: str
    asked: Asked
    quantity: int
    """Without what is on its way; with what was offered and not committed yet."""
    under_way: int
    priority: str
    needed_by: datetime | None
    country: str
    """Of the place."""
    there: Mapping[str, int] = field(default_factory=dict)
    """Of a composite type's parts those that are on their way to it, and make no whole yet."""


@dataclass(frozen=True, slots=True)
class FreeUnit:
    """A unit that could go, or that is promised by name to a line of the plan."""

    id: UUID
    call_sign: str
    member_id: UUID
    country: str
    type_code: str
    lon: float
    lat: float
    mobilise_min: float
    size: Size
    crew: int = 0
    home: Home | None = None
    """Where an agreement asks after it."""
    formation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """An offer's line that stands and is not committed."""

    line_id: UUID
    lender: UUID
    type_code: str
    quantity: int
    agreement: str | None
    unit: UUID | None = None
    status: str = "accepted"
    """Of the offer; one that was not accepted yet stands all the same."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that a plan is made of, as it stood at one moment."""

    at: datetime
    seq: int
    lines: tuple[OpenLine, ...]
    units: tuple[FreeUnit, ...]
    promised: tuple[Promised, ...]
    papers: Papers
    """Not for two threads at once."""
    counted: Mapping[str, Counted]
    capacity: Mapping[str, int] = field(default_factory=dict)
    """Vehicles an hour by crossing."""
    taken: Mapping[tuple[str, int], int] = field(default_factory=dict)
    words: tuple[Word, ...] = ()
    """What members have said that they can't, by line."""
    busy: Mapping[str, int] = field(default_factory=dict)
    """Type → units beside ``units`` that are on missions or promised."""


class PoolId(NamedTuple):
    """By what units are one pool."""

    member_id: UUID
    type_code: str
    cell: tuple[int, int]
    mobilise_min: float
    size: Size
    home: Home | None


def cited_as(facts: AgreementFacts) -> str:
    """Return an agreement in its version as one word."""
    return f"{facts.code}/{facts.version}"
