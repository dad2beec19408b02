"""What a plan counts over all lines: what is promised to others, what each lender keeps at home, and the caps of agreements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from app.domain import geo
from app.domain.agreements import Stock
from app.domain.resource_types import parts_of_type
from app.planning.papers import floors_of
from app.planning.plan import Limit, units_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from app.domain.agreement_terms import Reserve, Terms
    from app.domain.agreements import Verdict
    from app.planning.facts import FreeUnit, Picture, PoolId

    Keeping: TypeAlias = tuple[tuple[str, Terms], ...]
    Units: TypeAlias = Mapping[PoolId, tuple[FreeUnit, ...]]


@dataclass(slots=True)
class Found:
    """Under what anybody would help anybody, as it came out of asking for every pair."""

    by_agreement: dict[str, Verdict] = field(default_factory=dict)
    """The agreements that count, each with a verdict."""
    keeping: dict[tuple[UUID, str], dict[UUID, Keeping]] = field(default_factory=lambda: defaultdict(dict))
    """(lender, type) → line of somebody else → the agreements whose reserves bind its help for that line."""
    dearest: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Agreement → what a unit costs at most under it."""


def limits_of(picture: Picture, units: Units, found: Found) -> Iterator[Limit]:
    """Yield every limit of a picture."""
    yield from _promised_elsewhere(picture, units)
    yield from _reserves(picture, units, found)
    yield from _caps(picture, found)


def _by_lender(units: Units) -> dict[tuple[UUID, str], list[PoolId]]:
    found: dict[tuple[UUID, str], list[PoolId]] = defaultdict(list)
    for id_ in units:
        found[id_.member_id, id_.type_code].append(id_)
    return found


def _in_plan(picture: Picture, lender: UUID, type_code: str) -> tuple[int, int]:
    """Return how many a lender has promised to lines of the plan: all of them, and those without a name."""
    mine = [each for each in picture.promised if (each.lender, each.type_code) == (lender, type_code)]
    return sum(each.quantity for each in mine), sum(each.quantity for each in mine if each.unit is None)


def _elsewhere(picture: Picture, lender: UUID, type_code: str) -> int:
    """Return how many a lender has promised without a name to others than the lines of the plan.

    A formation that is promised without a name counts its parts, too: those of a line of the plan are no part's promise to others.
    """
    stock = picture.counted[type_code].stocks.get(lender, Stock(0, 0))
    here = _in_plan(picture, lender, type_code)[1]
    for code, many in _wholes_with(picture, lender, type_code):
        there = sum((unit.member_id, unit.type_code) == (lender, code) for unit in picture.units)
        here += many * min(there, _in_plan(picture, lender, code)[1])
    return max(0, stock.promised - here)


def _wholes_with(picture: Picture, lender: UUID, part: str) -> list[tuple[str, int]]:
    """Return the composite types of which a lender has promised any to lines of the plan, with how many of a part are in each."""
    codes = {each.type_code for each in picture.promised if each.lender == lender}
    return [(code, many) for code in sorted(codes) if (many := parts_of_type(code).get(part, 0))]


def _promised_elsewhere(picture: Picture, units: Units) -> Iterator[Limit]:
    for (lender, code), pools in _by_lender(units).items():
        gone = _elsewhere(picture, lender, code)
        if gone:
            there = sum(len(units[pool]) for pool in pools)
            figures = {"available": there, "promised": gone}
            yield Limit("promised", there - gone, tuple(pools), figures=figures)


def _reserves(picture: Picture, units: Units, found: Found) -> Iterator[Limit]:
    """Yield what each lender keeps at home of what it lends: from each line what the agreements keep that bind it, whichever it goes under.

    A formation takes its parts with it: so many of them may go that what is kept of each part stays, those at home in formations counted.
    The parts that go alone are limited by what of them is in no formation, so that both together keep it, too.
    """
    papers, at = picture.papers, picture.at
    asks = {(line.asked.borrower, line.asked.type_code) for line in picture.lines}
    asks |= {(who, part) for who, code in asks for part in parts_of_type(code)}
    for (lender, code), pools in _by_lender(units).items():
        lines = found.keeping.get((lender, code), {})
        zone, lent_only = papers.lenders[lender].zone, (lender, code) in asks
        gone, there = _elsewhere(picture, lender, code), {pool: len(units[pool]) for pool in pools}
        stock = picture.counted[code].stocks.get(lender, Stock(0, 0))
        for kept in _kept(lines, lender, code, stock, at, zone):
            floor = kept.floor
            mine = [pool for pool in pools if floor.area is None or _within(floor, pool)]
            here = sum(there[pool] for pool in mine)
            ids = {unit.id for pool in mine for unit in units[pool]}
            promised, others = _promised_to(picture, lender, code, kept.lines, ids)
            left = max(
                here - gone - others - floor.keep, min(here, promised)
            )  # what was promised below it, by a named act, stays promised
            figures = _floor_figures(kept, code, here, gone + others)
            yield Limit(_floor_code(floor), left, tuple(mine), figures=figures, lent_only=lent_only, lines=kept.lines)
        for part, many in parts_of_type(code).items():
            stock = picture.counted[part].stocks.get(lender, Stock(0, 0))
            for kept in _kept(lines, lender, part, stock, at, zone):
                floor = kept.floor
                counted = stock if floor.area is None else stock.within(floor.area)
                more = max(0, counted.free - floor.keep) // many
                promised, _ = _promised_to(picture, lender, code, kept.lines, None)
                figures = _floor_figures(kept, part, counted.available, counted.promised)
                figures |= {"quantity": many, "would_leave": max(0, counted.free - (more + 1) * many)}
                yield Limit(
                    _floor_code(floor), promised + more, tuple(pools), figures=figures, lent_only=lent_only,
                    lines=kept.lines,
                )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Kept:
    """A floor, the agreement that it is told by, and the lines that it binds (None: all that the lender could help)."""

    floor: Reserve
    agreement: str
    lines: frozenset[UUID] | None


def _kept(
    lines: Mapping[UUID, Keeping], lender: UUID, type_code: str, stock: Stock, at: datetime, zone: str
) -> list[_Kept]:
    """Return what a lender keeps of a type from which lines.

    Help is checked one after the other; what has gone to a line from which less is kept counts against the next one. So lines from which more is
    kept go first, and what is kept from one binds it with all before it: whoever commits in that order is refused nowhere.
    """
    classes: dict[tuple[str, ...], list[UUID]] = defaultdict(list)
    known: dict[tuple[int, ...], dict[str, tuple[Reserve, str]]] = {}
    floors_by: dict[tuple[str, ...], dict[str, tuple[Reserve, str]]] = {}
    for line, keeping in lines.items():
        key = tuple(id(terms) for _, terms in keeping)
        if key not in known:
            known[key] = _floors(keeping, lender, type_code, stock, at, zone)
        word = tuple(known[key])
        floors_by[word] = known[key]
        classes[word].append(line)
    told: dict[str, _Kept] = {}
    before: set[UUID] = set()
    for word in sorted(classes, key=lambda each: (*_most_first(floor for floor, _ in floors_by[each].values()), each)):
        before |= set(classes[word])
        bound = None if len(before) == len(lines) else frozenset(before)
        for name, (floor, agreement) in floors_by[word].items():
            told[name] = _Kept(floor, agreement, bound)
    return list(told.values())


def _most_first(floors: Iterable[Reserve]) -> tuple[int, int]:
    known = list(floors)
    anywhere = max((floor.keep for floor in known if floor.area is None), default=0)
    return -anywhere, -sum(floor.keep for floor in known if floor.area is not None)


def _promised_to(
    picture: Picture, lender: UUID, type_code: str, lines: frozenset[UUID] | None, units: set[UUID] | None
) -> tuple[int, int]:
    """Return how many a lender has promised to these lines of the plan, and how many of these units, or without a name, to its others."""
    mine = [each for each in picture.promised if (each.lender, each.type_code) == (lender, type_code)]
    here = sum(each.quantity for each in mine if lines is None or each.line_id in lines)
    others = [each for each in mine if lines is not None and each.line_id not in lines]
    return here, sum(each.quantity for each in others if units is None or each.unit is None or each.unit in units)


def _floors(
    keeping: Keeping, lender: UUID, type_code: str, stock: Stock, at: datetime, zone: str
) -> dict[str, tuple[Reserve, str]]:
    """Return what a lender keeps of a type by any of the agreements, each floor once, by the one that goes first."""
    floors: dict[str, tuple[Reserve, str]] = {}
    for agreement, terms in keeping:
        for floor in floors_of(terms, lender, type_code, stock, at, zone):
            floors.setdefault(floor.model_dump_json(), (floor, agreement))
    return floors


def _within(floor: Reserve, pool: PoolId) -> bool:
    return floor.area is not None and pool.home is not None and geo.covers(floor.area, pool.home.lon, pool.home.lat)


def _floor_code(floor: Reserve) -> str:
    if floor.area is not None:
        return "reserve_floor_area"
    return "reserve_floor" if floor.hours is None else "reserve_floor_hours"


def _floor_figures(kept: _Kept, code: str, there: int, promised: int) -> dict[str, Any]:
    floor = kept.floor
    figures: dict[str, Any] = {
        "type_code": code,
        "keep": floor.keep,
        "available": there,
        "promised": promised,
        "quantity": 1,
        "would_leave": max(0, min(floor.keep, there - promised) - 1),
        "agreement": kept.agreement,
    }
    if floor.hours is not None and floor.area is None:
        figures |= {"start": floor.hours.start, "end": floor.hours.end}
    return figures


def _caps(picture: Picture, found: Found) -> Iterator[Limit]:
    """Yield the caps of the agreements that anybody would help under: on units of a type, and on what a year costs."""
    codes = {unit.type_code for unit in picture.units}
    codes |= {part for code in codes for part in parts_of_type(code)}
    for word, verdict in found.by_agreement.items():
        facts, terms = verdict.agreement, verdict.terms
        for cap in terms.caps.units:
            if cap.type not in codes:
                continue
            use = picture.counted[cap.type].uses.get(facts.id)
            under_way, promised = (0, 0) if use is None else (use.under_way, use.promised)
            mine = sum(
                each.quantity * units_in(each.type_code, cap.type)
                for each in picture.promised
                if each.agreement == word
            )
            left = max(cap.most - under_way - promised + mine, mine)
            figures = {
                "type_code": cap.type,
                "most": cap.most,
                "under_way": under_way,
                "promised": promised,
                "quantity": 1,
                "would_be": under_way + promised + 1,
            }
            yield Limit("cap_units", left, (), word, cap.type, figures)
        yearly, dearest = terms.yearly_cost, found.dearest[word]
        if yearly is not None and facts.spent is not None and dearest > 0:
            mine = sum(each.quantity for each in picture.promised if each.agreement == word)
            left = int(max(0.0, float(yearly.amount - facts.spent)) / dearest) + mine
            figures = {
                "limit": str(yearly.amount),
                "currency": yearly.currency,
                "spent": str(facts.spent),
                "adds": f"{dearest:.2f}",
            }
            yield Limit("yearly_cost_cap", left, (), word, None, figures)
