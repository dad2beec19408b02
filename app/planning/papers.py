"""Rulings for lines: the domain's own check of every agreement, kept for as long as what it rests on is the same.

A verdict rests on the agreements in their versions, on what the lender has of the type (and of its parts), on what runs under the agreements, and on the hour.
Each of these has a number here that changes when it does, and the numbers are part of the key. So nothing has to be forgotten in time: what is out of date is
not found any more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from app.domain.agreement_parts import with_parts
from app.domain.agreement_reasons import RESERVES
from app.domain.agreements import UNUSED, Case, Stock, binding, check, choose
from app.domain.geo import great_circle_km
from app.domain.lender_words import CANNOT, cannot
from app.domain.resource_types import parts_of_type
from app.domain.response_commitments import promised
from app.planning.candidates import Why
from app.planning.efforts import effort_of
from app.planning.rulings import KeyedRulings, Ruling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.domain.agreement_terms import Reserve, Terms
    from app.domain.agreements import AgreementFacts, Use, Verdict
    from app.planning.rulings import Rulings

Pairs: TypeAlias = "Sequence[tuple[AgreementFacts, Terms]]"
USUAL_ANSWER_MIN: Final = 5.0
"""Until a control room that has promised nothing has answered: this project's assumption."""
KEPT: Final = 20_000
"""Rulings that are kept; the one that was asked longest ago goes first."""
_numbers: Final = count(1)


class Home(NamedTuple):
    """Where units of a lender are at home, as far as an agreement can ask: for a reserve in an area, for the way in a yearly cap."""

    lon: float
    lat: float
    crew: int


@dataclass(frozen=True, slots=True)
class Lender:
    """What of a member counts when it lends."""

    country: str
    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a line is to an agreement."""

    borrower: UUID
    country: str
    """The borrower's, whose phase counts."""
    hazard: str | None
    kind: str
    type_code: str
    lon: float
    lat: float
    phases: tuple[tuple[str, str], ...] = ()
    """How far the incident has gone, by country."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What each lender has of a type, and what of it runs under each agreement. Its numbers change when it does."""

    stocks: Mapping[UUID, Stock]
    uses: Mapping[UUID, Use]
    serials: Mapping[UUID, int] = field(default_factory=dict, compare=False)
    """By lender."""
    serial: int = field(default_factory=lambda: next(_numbers), compare=False)
    """Of the uses, and of lenders that have none."""

    def after(self, before: Counted | None) -> Counted:
        """Return the same with the numbers of what was so ``before``, and new ones for the rest."""
        known = before or Counted({}, {})
        serials = {
            lender: known.serials[lender]
            if lender in known.serials and known.stocks[lender] == stock
            else next(_numbers)
            for lender, stock in self.stocks.items()
        }
        return replace(self, serials=serials, serial=known.serial if known.uses == self.uses else next(_numbers))


class Papers:
    """The agreements as they are now, and the rulings that come of them. ``counted`` must hold the type that is asked for, and its parts."""

    def __init__(
        self,
        pairs: Pairs,
        lenders: Mapping[UUID, Lender],
        homes: dict[int, Home] | None = None,
    ) -> None:
        self.pairs = pairs
        self.lenders = lenders
        self.homes = {} if homes is None else homes
        self.serial = next(_numbers)
        self._kept: OrderedDict[Any, Ruling] = OrderedDict()
        self.capped = any(terms.yearly_cost is not None for _, terms in pairs)
        self.by_place = self.capped or any(terms.area is not None for _, terms in pairs)
        """Whether it matters where help goes."""
        self.by_area = any(floor.area is not None for _, terms in pairs for floor in terms.reserve)
        self._by_hours = any(floor.hours is not None for _, terms in pairs for floor in terms.reserve)
        dates = {
            date
            for facts, _ in pairs
            for date in (facts.effective_at, facts.expires_at, facts.terminates_at, facts.review_at)
            if date is not None
        }
        self._dates = sorted(dates)

    def rulings(self, asked: Asked, counted: Mapping[str, Counted], at: datetime) -> Rulings:
        """Return what counts for units of each lender towards one line, as the ranking asks it."""
        mine = counted[asked.type_code]
        parts = {code: counted[code] for code in parts_of_type(asked.type_code)}
        moment = self._moment(at, mine)
        base = (self.serial, mine.serial, tuple(each.serial for each in parts.values()), asked, moment)

        def of_lender(lender: UUID, ground: int, crossing: str | None) -> Ruling:
            serials = (mine.serials.get(lender, 0), *(each.serials.get(lender, 0) for each in parts.values()))
            key = (base, lender, serials, self.homes.get(ground), crossing)
            found = self._kept.get(key)
            if found is None:
                found = self._kept[key] = self.ruling(asked, counted, at, lender, self.homes.get(ground), crossing)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return found

        serials = tuple(mine.serials.values()), *(tuple(each.serials.values()) for each in parts.values())
        return KeyedRulings((base, serials), of_lender)

    def _moment(self, at: datetime, of_type: Counted) -> tuple[Any, ...]:
        """Return what of the hour a verdict can rest on: the same for instants between which nothing begins or ends."""
        words = sorted(each.word.until for each in of_type.stocks.values() if each.word is not None)
        minutes = (
            1 if self._by_hours else 15
        )  # midnight, of which a word is told, is at a quarter of an hour everywhere
        slot = at - timedelta(minutes=at.minute % minutes, seconds=at.second, microseconds=at.microsecond)
        return slot, bisect_right(self._dates, at), bisect_right(words, at)

    # ---------------------------------------------------------------- one of them

    def ruling(
        self,
        asked: Asked,
        counted: Mapping[str, Counted],
        at: datetime,
        lender: UUID,
        home: Home | None = None,
        crossing: str | None = None,
    ) -> Ruling:
        """Return what counts for one unit of a lender, at home there; nothing of it is kept."""
        stock = counted[asked.type_code].stocks.get(lender, Stock(0, 0))
        more: list[Why] = []
        if stock.promised and stock.free <= 0:
            more.append(Why("promised", {"available": stock.available, "promised": stock.promised}))
        if lender == asked.borrower:
            return Ruling(own=True, more=tuple(more))
        zone = self.lenders[lender].zone if lender in self.lenders else "UTC"
        if (told := cannot(stock.word, at, zone)) is not None:
            more.append(Why(CANNOT, told))
        case, verdicts = self._verdicts(asked, counted, at, lender, home, crossing)
        verdict = choose(verdicts)
        keeping = tuple((each.agreement.code, each.terms) for each in binding(verdicts, case) if each.terms.reserve)
        terms = [each for _, each in keeping]
        return Ruling(
            verdict,
            acknowledge_min=answers_in(verdict, asked.type_code),
            keeping=keeping,
            reserve_left=reserve_left(terms, lender, asked.type_code, stock, at, zone),
            more=tuple(more),
        )

    def _verdicts(
        self,
        asked: Asked,
        counted: Mapping[str, Counted],
        at: datetime,
        lender: UUID,
        home: Home | None = None,
        crossing: str | None = None,
    ) -> tuple[Case, list[Verdict]]:
        """Return what the agreements say to one unit."""
        of_type = counted[asked.type_code]
        stock = of_type.stocks.get(lender, Stock(0, 0))
        case = self._case(asked, at, lender, stock, home, crossing)
        codes = parts_of_type(asked.type_code)
        stocks = {code: counted[code].stocks.get(lender, Stock(0, 0)) for code in codes}
        return case, [
            with_parts(
                check(facts, terms, case, stock, of_type.uses.get(facts.id, UNUSED)),
                case,
                stocks,
                {code: counted[code].uses.get(facts.id, UNUSED) for code in codes},
            )
            for facts, terms in self.pairs
        ]

    def _case(
        self, asked: Asked, at: datetime, lender: UUID, stock: Stock, home: Home | None, crossing: str | None
    ) -> Case:
        place = (asked.lon, asked.lat)
        there = None if home is None else (home.lon, home.lat)
        unit = next((id_ for id_, at_home in stock.homes.items() if at_home == there), None)
        effort = None
        if home is not None and self.capped:
            effort = effort_of(great_circle_km(home.lon, home.lat, *place), home.crew)
        return Case(
            asked.hazard,
            asked.type_code,
            asked.kind,
            lender,
            asked.borrower,
            1,
            at,
            effort,
            resource_id=unit,
            place=place,
            country=asked.country,
            phases=dict(asked.phases),
            crossing=crossing,
            zone=self.lenders[lender].zone if lender in self.lenders else "UTC",
        )


def answers_in(verdict: Verdict | None, type_code: str) -> float:
    """Return the minutes until a lender has answered: as it has promised, or as is usual."""
    commitment = None if verdict is None else promised(verdict.terms.response, type_code)
    if commitment is None:
        return USUAL_ANSWER_MIN
    return float(commitment.acknowledge_min or commitment.answer_min or USUAL_ANSWER_MIN)


def floors_of(terms: Terms, lender: UUID, type_code: str, stock: Stock, at: datetime, zone: str) -> tuple[Reserve, ...]:
    """Return what a lender keeps at home at an instant; nothing while its own word says that it can."""
    if not terms.reserve or (stock.word is not None and stock.word.can_at(at)):
        return ()
    return terms.floors(type_code, lender, at.astimezone(ZoneInfo(zone)))


def reserve_left(
    keeping: Iterable[Terms], lender: UUID, type_code: str, stock: Stock, at: datetime, zone: str
) -> int | None:
    """Return how many the lender could still send before it comes to a reserve of any of the terms; None where it keeps none."""
    left = [
        (stock if floor.area is None else stock.within(floor.area)).free - floor.keep
        for terms in keeping
        for floor in floors_of(terms, lender, type_code, stock, at, zone)
    ]
    return max(0, min(left)) if left else None


def outside_agreement(ruling: Ruling) -> bool:
    """Return whether the agreements, and more than the reserve, stand against it: then a representative may send it all the same."""
    if ruling.own:
        return False
    return ruling.verdict is None or any(reason.code not in RESERVES for reason in ruling.verdict.against)
