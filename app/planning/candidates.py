"""Who can get there first: units of a type in the order of their arrival, and why the nearer ones can't come.

A first form: each unit for itself, by the estimate of ``eta.py`` from where it was last known to be, with what the agreements
say to one unit of its owner. The requester's own units stand in the same list; they need no agreement and no border.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from app.domain.agreement_parts import with_parts
from app.domain.agreement_reasons import FIGURES as AGREED
from app.domain.agreement_reasons import NO_AGREEMENT, RESERVES, reason_texts
from app.domain.agreements import UNUSED, Stock, check, choose, within
from app.domain.agreements import Case as AgreementCase
from app.domain.cost_terms import Effort, estimate
from app.domain.geo import great_circle_km
from app.domain.lender_words import CAN, CANNOT, CANNOT_FIGURES, cannot
from app.domain.protocol_data import parse, read
from app.domain.reasons import ReasonsShape, Texts, texts_of, with_crossings, worded
from app.planning.efforts import effort_of
from app.planning.eta import driving_min, excesses, is_open, km_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from app.domain.agreement_terms import Terms
    from app.domain.agreements import AgreementFacts, Use, Verdict
    from app.domain.cost_terms import Estimate

Obstacle: TypeAlias = Literal[
    "out_of_service",
    "reserved",
    "committed",
    "promised",
    "no_open_crossing",
    "too_heavy",
    "too_high",
    "too_wide",
    "said_cannot",
    "crossing_full",
    "too_late",
    "wanted_elsewhere",
    "lender_cannot",
    "transits",
]

FIGURES: Final[Mapping[str, frozenset[str]]] = {
    "out_of_service": frozenset({"out_of_service_reason"}),
    "reserved": frozenset(),
    "committed": frozenset(),
    "promised": frozenset({"available", "promised"}),
    "no_open_crossing": frozenset({"from_country", "to_country"}),
    "too_heavy": frozenset({"crossing", "weight_t", "max_weight_t"}),
    "too_high": frozenset({"crossing", "height_m", "max_height_m"}),
    "too_wide": frozenset({"crossing", "width_m", "max_width_m"}),
    "said_cannot": frozenset(),
    "crossing_full": frozenset({"crossing"}),
    "too_late": frozenset({"eta_min", "within_min"}),
    "wanted_elsewhere": frozenset(),
    "transits": frozenset({"country", "crossing"}),
    CANNOT: CANNOT_FIGURES,
}
"""What can stand in a unit's way beside the agreements, or is told of its way (``transits``), and the figures it is told with."""


BARRED_TOLD: Final = 3
"""Crossings too weak, low or narrow for a unit that are named, the soonest first."""


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
    crew: int = 0
    currency: str = "EUR"
    """Its owner's, for where the agreement names none."""
    zone: str = "UTC"
    """The time zone of its owner, by whose clocks the hours of a reserve are told."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A crossing, with the countries that it joins."""

    id: UUID
    code: str
    names: Mapping[str, str]
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
    hazard: str | None
    type_code: str
    kind: str
    lon: float
    lat: float
    at: datetime
    borrower_country: str | None = None
    """The country of the member that asks; ``country`` is where the help goes."""
    phases: Mapping[str, str] | None = None
    """How far the incident has gone, by country."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The agreements that are known, what each lender has of the type, and what of it runs under each agreement."""

    pairs: Sequence[tuple[AgreementFacts, Terms]]
    stocks: Mapping[UUID, Stock]
    uses: Mapping[UUID, Use] = field(default_factory=dict)
    parts: Mapping[str, tuple[Mapping[UUID, Stock], Mapping[UUID, Use]]] = field(default_factory=dict)
    """Of a composite type the same two for each part, by its type."""
    cannot: frozenset[UUID] = frozenset()
    """Members that have said of this request that they can't send."""


@dataclass(frozen=True, slots=True)
class Why:
    """One reason why a unit can't be sent; one that does not block is told all the same."""

    code: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = True
    crossings: tuple[Gate, ...] = ()
    """Crossings that the figures ``crossing`` and ``allowed`` name."""

    def said(self, language: str) -> str:
        """Return the reason in one of the corridor's languages."""
        texts = obstacle_texts() if self.code in FIGURES else reason_texts()
        figures = with_crossings(self.figures, {gate.code: gate.names for gate in self.crossings}, language)
        return worded(texts[self.code][language], figures, language)


def transits_of(gates: Sequence[Gate]) -> tuple[Why, ...]:
    """Return what is told of a way over these crossings: each country between, with the crossing at which it is left."""
    return tuple(
        Why("transits", {"country": country, "crossing": b.code}, blocking=False, crossings=(b,))
        for a, b in pairwise(gates)
        for country in a.countries & b.countries
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit with its estimate. Without a way over the border (``gates`` and a reason tell) there is none."""

    unit: Unit
    gates: tuple[Gate, ...]
    """The crossings of its way, in turn."""
    km: float
    """Great circle, by way of the crossings."""
    drive_min: float
    verdict: Verdict | None
    """What the agreements say to one unit; None for the requester's own, and where there is nothing to ask."""
    reasons: tuple[Why, ...]
    reachable: bool
    estimate: Estimate | None = None
    """What one shift of it is expected to cost by the agreement that counts; None for the requester's own."""

    @property
    def delay_min(self) -> int:
        """What the crossings cost."""
        return sum(gate.delay_min for gate in self.gates)

    @property
    def total_min(self) -> float:
        """From the order to the arrival: getting ready, driving, the crossings."""
        return self.unit.mobilisation_min + self.drive_min + self.delay_min

    @property
    def can(self) -> bool:
        """Whether nothing stands against sending it now."""
        return not any(reason.blocking for reason in self.reasons)

    @property
    def only_reserve(self) -> bool:
        """Whether its owner's reserve is all that stands against it, and the units are there: the owner itself can lift that."""
        blocking = [reason for reason in self.reasons if reason.blocking]
        return bool(blocking) and {reason.code for reason in blocking} <= RESERVES and _there(blocking)

    @property
    def only_agreement(self) -> bool:
        """Whether the agreements are all that stands against it, and more than the reserve: its owner can help without one."""
        blocking = [reason for reason in self.reasons if reason.blocking]
        codes = {reason.code for reason in blocking}
        return bool(codes - RESERVES) and codes <= AGREED.keys() and _there(blocking)


def _there(reasons: Iterable[Why]) -> bool:
    """Whether the units are there, though the reserve says that they stay."""
    return all(reason.figures.get("would_leave", 0) >= 0 for reason in reasons)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates in the order of their arrival, and how many of the rest could come too."""

    candidates: tuple[Candidate, ...]
    more: int


def rank(units: Iterable[Unit], gates: Sequence[Gate], wanted: Wanted, agreed: Agreed, *, limit: int) -> Ranking:
    """Return the ``limit`` units that can be there first, and between them those that would be sooner but can't come.

    Of those that can't, at most ``limit`` are told: the nearest ones. Call signs settle a draw.
    """
    ways = Ways(gates, wanted)
    asked = _Asked(agreed, wanted)
    found: list[Candidate] = []
    for unit in units:
        own = unit.member_id == wanted.member_id
        before = None if own else asked.verdict(unit, None, None)
        way, km, hindrance = ways.of(unit, before)
        effort = effort_of(km, unit.crew)
        verdict = None if own else asked.verdict(unit, _asked_about(way, before), effort)
        state = _state(unit, agreed.stocks.get(unit.member_id))
        against = () if own else _agreement(verdict, gates, gone=bool(state))
        word = () if own else asked.word(unit)
        reasons = (*state, *word, *hindrance, *against)
        found.append(
            Candidate(
                unit,
                way,
                km,
                driving_min(km),
                verdict,
                reasons,
                reachable=not any(why.blocking for why in hindrance),
                estimate=_estimate(verdict, unit, wanted.type_code, effort),
            )
        )
    found.sort(key=lambda each: (each.total_min, each.unit.call_sign, each.unit.id))
    can = [each for each in found if each.can]
    shown = can[:limit]
    last = shown[-1].total_min if len(can) >= limit else float("inf")
    cannot = [each for each in found if not each.can and each.total_min <= last][:limit]
    ordered = sorted((*shown, *cannot), key=lambda each: (each.total_min, each.unit.call_sign, each.unit.id))
    return Ranking(tuple(ordered), len(can) - len(shown))


def _asked_about(way: Sequence[Gate], verdict: Verdict | None) -> Gate | None:
    """Return the crossing of a way about which the agreements are asked: the first that one does not allow, or the first one."""
    against = (gate for gate in way if verdict is not None and not verdict.terms.allows_crossing(gate.code))
    return next(against, next(iter(way), None))


class _Asked:
    """What the agreements say to one unit. Units of one owner stand together at depots: what was worked out for one is kept."""

    def __init__(self, agreed: Agreed, wanted: Wanted) -> None:
        self._agreed = agreed
        self._wanted = wanted
        self._capped = any(terms.yearly_cost is not None for _, terms in agreed.pairs)
        self._verdicts: dict[tuple[Any, ...], Verdict | None] = {}

    def verdict(self, unit: Unit, gate: Gate | None, effort: Effort | None) -> Verdict | None:
        """Return the verdict that counts on the way over a crossing, or as far as it is known where none is chosen yet."""
        stock = self._agreed.stocks.get(unit.member_id, Stock(0, 0))
        crossing = None if gate is None else gate.code
        effort = effort if self._capped else None  # how far it is from matters to a cap alone
        key = (unit.member_id, stock.homes.get(unit.id), crossing, effort)
        if key not in self._verdicts:
            case = self._case(unit, crossing, effort)
            parts = self._agreed.parts
            stocks = {code: each.get(unit.member_id, Stock(0, 0)) for code, (each, _) in parts.items()}
            self._verdicts[key] = choose(
                with_parts(
                    check(facts, terms, case, stock, self._agreed.uses.get(facts.id, UNUSED)),
                    case,
                    stocks,
                    {code: uses.get(facts.id, UNUSED) for code, (_, uses) in parts.items()},
                )
                for facts, terms in self._agreed.pairs
            )
        return self._verdicts[key]

    def word(self, unit: Unit) -> tuple[Why, ...]:
        """Return what the owner's own word says against it."""
        if unit.member_id in self._agreed.cannot:
            return (Why("said_cannot"),)
        stock = self._agreed.stocks.get(unit.member_id)
        told = None if stock is None else cannot(stock.word, self._wanted.at, unit.zone)
        return () if told is None else (Why(CANNOT, told),)

    def _case(self, unit: Unit, crossing: str | None, effort: Effort | None) -> AgreementCase:
        wanted = self._wanted
        return AgreementCase(
            wanted.hazard,
            wanted.type_code,
            wanted.kind,
            unit.member_id,
            wanted.member_id,
            1,
            wanted.at,
            effort,
            resource_id=unit.id,
            place=(wanted.lon, wanted.lat),
            country=wanted.borrower_country,
            phases=wanted.phases,
            crossing=crossing,
            zone=unit.zone,
        )


class Goal(Protocol):
    """A place that units are to come to, and when it is asked."""

    @property
    def country(self) -> str: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def at(self) -> datetime: ...


class _Way(NamedTuple):
    """Crossings in turn, and what comes after the first one: minutes with all delays, and km of the great circle."""

    minutes: float
    km: float
    gates: tuple[Gate, ...]


class Ways:
    """The ways to one place: the rule of ``choice.py`` on great circles. Units stand together at depots, so what was computed for one is kept for the next."""

    def __init__(self, gates: Sequence[Gate], wanted: Goal) -> None:
        self._wanted = wanted
        self._gates = gates
        self._onward: dict[str, list[_Way]] = {}
        self._lengths: dict[tuple[float, float, str], list[_Way]] = {}
        self._direct: dict[tuple[float, float], float] = {}

    def of(self, unit: Unit, verdict: Verdict | None = None) -> tuple[tuple[Gate, ...], float, tuple[Why, ...]]:
        """Return the crossings of the unit in turn, the way's length in km, and what stands in the way, or is told of it.

        A way whose crossings the agreement of ``verdict`` allows goes before the others, as it does when the unit is committed.
        """
        wanted = self._wanted
        if unit.country == wanted.country:
            return (), self._straight(unit), ()
        ways = [way for way in self._over(unit) if all(is_open(gate, wanted.at) for gate in way.gates)]
        barred: list[Gate] = []
        if verdict is not None:
            ways.sort(key=lambda way: not all(verdict.terms.allows_crossing(gate.code) for gate in way.gates))
        for way in ways:
            beyond = next((gate for gate in way.gates if excesses(gate, unit)), None)
            if beyond is None:
                return way.gates, way.km, (*transits_of(way.gates), *_limits(unit, barred, blocking=False))
            if beyond not in barred:
                barred.append(beyond)
        if barred:
            joining = [gate for gate in barred if gate.countries == {unit.country, wanted.country}]
            return (), self._straight(unit), _limits(unit, joining or barred, blocking=True)
        countries = {"from_country": unit.country, "to_country": wanted.country}
        return (), self._straight(unit), (Why("no_open_crossing", countries),)

    def _straight(self, unit: Unit) -> float:
        place = (unit.lon, unit.lat)
        if place not in self._direct:
            self._direct[place] = great_circle_km(*place, self._wanted.lon, self._wanted.lat)
        return self._direct[place]

    def _over(self, unit: Unit) -> list[_Way]:
        """Return each way between the two countries, from where the unit is, the soonest first."""
        key = (unit.lon, unit.lat, unit.country)
        if key not in self._lengths:
            onward = self._after_first(unit.country)
            to = {
                gate.code: great_circle_km(unit.lon, unit.lat, gate.lon, gate.lat)
                for gate in {way.gates[0].code: way.gates[0] for way in onward}.values()
            }
            whole = [
                _Way(way.minutes + driving_min(km), way.km + km, way.gates)
                for way in onward
                for km in (to[way.gates[0].code],)
            ]
            self._lengths[key] = sorted(whole, key=lambda way: (way.minutes, [gate.code for gate in way.gates]))
        return self._lengths[key]

    def _after_first(self, country: str) -> list[_Way]:
        """Return the ways from a country, over one crossing, or two with a country between: what comes after the first one."""
        if country not in self._onward:
            there = self._wanted.country
            chains: list[tuple[Gate, ...]] = [(gate,) for gate in self._gates if gate.countries == {country, there}]
            for first in self._gates:
                for last in self._gates if country in first.countries else ():
                    between = first.countries - {country}
                    if between and there not in between and last.countries == between | {there}:
                        chains.append((first, last))
            self._onward[country] = [self._from_first(chain) for chain in chains]
        return self._onward[country]

    def _from_first(self, chain: tuple[Gate, ...]) -> _Way:
        first, *rest = chain
        km = km_by(rest, first.lon, first.lat, self._wanted.lon, self._wanted.lat)
        return _Way(driving_min(km) + sum(gate.delay_min for gate in chain), km, chain)


def _limits(unit: Unit, barred: Sequence[Gate], *, blocking: bool) -> tuple[Why, ...]:
    """Return why the unit does not take the crossings that would be sooner, at most ``BARRED_TOLD`` of them."""
    return tuple(
        Why(excess.code, {"crossing": gate.code, **excess.figures}, blocking, (gate,))
        for gate in barred[:BARRED_TOLD]
        for excess in excesses(gate, unit)
    )


def _state(unit: Unit, stock: Stock | None) -> tuple[Why, ...]:
    """Return why a unit is not free: its own state, or that its owner has promised as many without a name as are at home."""
    if unit.status == "available":
        if stock is None or not stock.promised or stock.free > 0:
            return ()
        return (Why("promised", {"available": stock.available, "promised": stock.promised}),)
    if unit.status == "out_of_service":
        return (Why("out_of_service", {"out_of_service_reason": unit.out_of_service_reason or "other"}),)
    return (Why(unit.status),)


def _estimate(verdict: Verdict | None, unit: Unit, type_code: str, effort: Effort) -> Estimate | None:
    if verdict is None:
        return None
    return estimate(verdict.terms.cost, type_code, within(verdict.terms, effort), unit.currency)


def _agreement(verdict: Verdict | None, gates: Sequence[Gate], *, gone: bool) -> tuple[Why, ...]:
    """Return what the agreements say. Of a unit that is gone already the reserve says nothing: it counts those at home."""
    reasons = (NO_AGREEMENT,) if verdict is None else verdict.reasons
    told = (reason for reason in reasons if not (gone and reason.code in {*RESERVES, CAN}))
    return tuple(
        Why(reason.code, reason.figures, reason.blocking, tuple(gates) if "crossing" in reason.figures else ())
        for reason in told
    )


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
