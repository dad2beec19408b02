"""Who can get there first: units of a type in the order of their arrival, and why the nearer ones can't come.

A first form: each unit for itself, by the estimate of ``eta.py`` from where it was last known to be, with what the agreements
say to one unit of its owner. The requester's own units stand in the same list; they need no agreement and no border.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from app.domain.agreements import NO_AGREEMENT, RESERVE_FLOOR, Stock, check, choose, reason_texts
from app.domain.agreements import Case as AgreementCase
from app.domain.geo import great_circle_km
from app.domain.protocol_data import parse, read
from app.domain.reasons import ReasonsShape, Texts, texts_of, worded
from app.planning.eta import carries, driving_min, is_open, km_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from app.domain.agreements import AgreementFacts, Terms, Verdict
    from app.planning.eta import Passage

Obstacle: TypeAlias = Literal["out_of_service", "reserved", "committed", "no_open_crossing", "too_large"]

FIGURES: Final[Mapping[str, frozenset[str]]] = {
    "out_of_service": frozenset({"out_of_service_reason"}),
    "reserved": frozenset(),
    "committed": frozenset(),
    "no_open_crossing": frozenset({"from_country", "to_country"}),
    "too_large": frozenset({"from_country", "to_country"}),
}
"""What can stand in a unit's way beside the agreements, and the figures it is told with."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the type that is wanted, where it was last known to be."""

    id: UUID
    member_id: UUID
    country: str
    call_sign: str
    status: str
    out_of_service_reason: str | None
    lon: float
    lat: float
    position_at: datetime
    mobilisation_min: int
    weight_t: float | None
    height_m: float | None
    width_m: float | None


@dataclass(frozen=True, slots=True)
class Gate:
    """A crossing, with the countries that it joins."""

    id: UUID
    code: str
    countries: frozenset[str]
    lon: float
    lat: float
    control: str
    closed_until: datetime | None
    delay_min: int
    max_weight_t: float | None
    max_height_m: float | None
    max_width_m: float | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: one unit of a type, at a place, by a member, as things are at ``at``."""

    member_id: UUID
    country: str
    hazard: str
    type_code: str
    kind: str
    lon: float
    lat: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Why:
    """One reason why a unit can't be sent; one that does not block is told all the same."""

    code: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = True

    def said(self, language: str) -> str:
        """Return the reason in one of the corridor's languages."""
        texts = obstacle_texts() if self.code in FIGURES else reason_texts()
        return worded(texts[self.code][language], self.figures, language)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit with its estimate. Without a way over the border (``gate`` and a reason tell) there is none."""

    unit: Unit
    gate: Gate | None
    km: float
    """Great circle, by way of the crossing."""
    drive_min: float
    verdict: Verdict | None
    """What the agreements say to one unit; None for the requester's own, and where there is nothing to ask."""
    reasons: tuple[Why, ...]
    reachable: bool

    @property
    def delay_min(self) -> int:
        """What the crossing costs."""
        return 0 if self.gate is None else self.gate.delay_min

    @property
    def total_min(self) -> float:
        """From the order to the arrival: getting ready, driving, the crossing."""
        return self.unit.mobilisation_min + self.drive_min + self.delay_min

    @property
    def can(self) -> bool:
        """Whether nothing stands against sending it now."""
        return not any(reason.blocking for reason in self.reasons)

    @property
    def only_reserve(self) -> bool:
        """Whether its owner's reserve is all that stands against it, which the owner itself can override."""
        blocking = [reason.code for reason in self.reasons if reason.blocking]
        return blocking == [RESERVE_FLOOR]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates in the order of their arrival, and how many of the rest could come too."""

    candidates: tuple[Candidate, ...]
    more: int


def rank(
    units: Iterable[Unit],
    gates: Sequence[Gate],
    wanted: Wanted,
    known: Sequence[tuple[AgreementFacts, Terms]],
    stocks: Mapping[UUID, Stock],
    *,
    limit: int,
) -> Ranking:
    """Return the ``limit`` units that can be there first, and between them those that would be sooner but can't come.

    Of those that can't, at most ``limit`` are told: the nearest ones. Call signs settle a draw.
    """
    ways = _Ways(gates, wanted)
    verdicts: dict[UUID, Verdict | None] = {}
    found: list[Candidate] = []
    for unit in units:
        own = unit.member_id == wanted.member_id
        if not own and unit.member_id not in verdicts:
            verdicts[unit.member_id] = _verdict(unit.member_id, wanted, known, stocks)
        verdict = None if own else verdicts[unit.member_id]
        gate, km, hindrance = ways.of(unit)
        state = _state(unit)
        agreed = () if own else _agreement(verdict, gone=bool(state))
        reasons = (*state, *hindrance, *agreed)
        found.append(Candidate(unit, gate, km, driving_min(km), verdict, reasons, reachable=not hindrance))
    found.sort(key=lambda each: (each.total_min, each.unit.call_sign, each.unit.id))
    can = [each for each in found if each.can]
    shown = can[:limit]
    last = shown[-1].total_min if len(can) >= limit else float("inf")
    cannot = [each for each in found if not each.can and each.total_min <= last][:limit]
    ordered = sorted((*shown, *cannot), key=lambda each: (each.total_min, each.unit.call_sign, each.unit.id))
    return Ranking(tuple(ordered), len(can) - len(shown))


class _Ways:
    """The ways to one place. Units stand together at depots, so what was computed for one is kept for the next."""

    def __init__(self, gates: Sequence[Gate], wanted: Wanted) -> None:
        self._wanted = wanted
        self._gates = gates
        self._lengths: dict[tuple[float, float, str], list[tuple[float, float, Gate]]] = {}
        self._direct: dict[tuple[float, float], float] = {}

    def of(self, unit: Unit) -> tuple[Gate | None, float, tuple[Why, ...]]:
        """Return the crossing of the unit, the way's length in km, and what stands in the way."""
        wanted = self._wanted
        if unit.country == wanted.country:
            return None, self._straight(unit), ()
        ways = self._over(unit)
        passable = [way for way in ways if is_open(way[2], wanted.at)]
        fitting = [way for way in passable if carries(way[2], unit)]
        if fitting:
            _, km, gate = fitting[0]
            return gate, km, ()
        countries = {"from_country": unit.country, "to_country": wanted.country}
        code: Obstacle = "too_large" if passable else "no_open_crossing"
        return None, self._straight(unit), (Why(code, countries),)

    def _straight(self, unit: Unit) -> float:
        place = (unit.lon, unit.lat)
        if place not in self._direct:
            self._direct[place] = great_circle_km(*place, self._wanted.lon, self._wanted.lat)
        return self._direct[place]

    def _over(self, unit: Unit) -> list[tuple[float, float, Gate]]:
        """Return (minutes, km, crossing) for each crossing between the two countries, the soonest first."""
        key = (unit.lon, unit.lat, unit.country)
        if key not in self._lengths:
            between = frozenset({unit.country, self._wanted.country})
            gates = [gate for gate in self._gates if gate.countries == between]
            ways = [(self._km(gate, unit), gate) for gate in gates]
            timed = [(driving_min(km) + gate.delay_min, km, gate) for km, gate in ways]
            self._lengths[key] = sorted(timed, key=lambda way: (way[0], way[2].code))
        return self._lengths[key]

    def _km(self, gate: Passage, unit: Unit) -> float:
        return km_over(gate, unit.lon, unit.lat, self._wanted.lon, self._wanted.lat)


def _state(unit: Unit) -> tuple[Why, ...]:
    if unit.status == "available":
        return ()
    if unit.status == "out_of_service":
        return (Why("out_of_service", {"out_of_service_reason": unit.out_of_service_reason or "other"}),)
    return (Why(unit.status),)


def _verdict(
    lender: UUID, wanted: Wanted, known: Sequence[tuple[AgreementFacts, Terms]], stocks: Mapping[UUID, Stock]
) -> Verdict | None:
    case = AgreementCase(wanted.hazard, wanted.type_code, wanted.kind, lender, wanted.member_id, 1, at=wanted.at)
    stock = stocks.get(lender, Stock(0, 0))
    return choose(check(facts, terms, case, stock) for facts, terms in known)


def _agreement(verdict: Verdict | None, *, gone: bool) -> tuple[Why, ...]:
    """Return what the agreements say. Of a unit that is gone already the reserve says nothing: it counts those at home."""
    reasons = (NO_AGREEMENT,) if verdict is None else verdict.reasons
    told = (reason for reason in reasons if not (gone and reason.code == RESERVE_FLOOR))
    return tuple(Why(reason.code, reason.figures, reason.blocking) for reason in told)


# ---------------------------------------------------------------- the words


@cache
def obstacle_texts() -> Texts:
    """Return the text of each obstacle by language; read once per process.

    Raises:
        ProtocolDataError: the file is wrong.
    """
    file, shape = read("typing/candidate_reasons.yaml", ReasonsShape)
    return texts_of(file, shape, FIGURES)


def obstacle_texts_from(file: Path, text: str) -> Texts:
    """Return the texts in ``text`` as if read from ``file``: for checking a file before it is put in place."""
    return texts_of(file, parse(file, text, ReasonsShape), FIGURES)
