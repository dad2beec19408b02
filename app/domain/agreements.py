"""Agreements that can be executed: whether one allows what a lender is about to offer, and which of several counts.

Pure: what is agreed, the case and the state of things come in, every reason goes out, each with a code and the figures it
rests on. One that blocks stands against the help; one that does not is told all the same: the help is allowed and warned of.
The order in which reasons are found says nothing about their weight.

The reserve floor is what the lender keeps at home of a type. It counts what is available now, less what the lender has
promised to others without naming a unit (a named unit is reserved, and so is not among the available). It is the one
reason that the lender can lift, by a named act (``override_reserve``); all the others mean that the help would stand
outside the agreement. And it is no matter of the agreement that is cited: what the lender keeps by one that applies to
the case stands against help under any other (``with_reserves``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain import geo
from app.domain.agreement_reasons import KEPT, OUTSIDE, PASSED_OVER, PRICED, RESERVES, STANDING, YEARLY_COST_CAP, Reason
from app.domain.agreement_terms import NO_PHASE
from app.domain.clock import stamp
from app.domain.cost_terms import Effort, estimate, more_than_agreed
from app.domain.lender_words import CAN, Word
from app.domain.money import ZERO
from app.domain.resource_types import parts_of_type

if TYPE_CHECKING:
    from app.domain.agreement_terms import Reserve, Terms
    from app.domain.cost_terms import Cost

IN_FORCE: Final = "in_force"
# ---------------------------------------------------------------- what is agreed


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """An agreement in one of its versions, as far as the check asks. Of two that allow a case, the lower ``precedence`` counts."""

    id: UUID
    code: str
    version: int
    status: str
    precedence: int
    lenders: frozenset[UUID]
    borrowers: frozenset[UUID]
    effective_at: datetime
    expires_at: datetime | None
    terminates_at: datetime | None = None
    """When it ends because a party gave notice."""
    review_at: datetime | None = None
    """By when the parties meant to look at it again."""
    spent: Decimal | None = None
    """What the year has cost until now, promises included; None: nobody has counted, and no yearly cap is asked."""


# ---------------------------------------------------------------- what it is about


@dataclass(frozen=True, slots=True)
class Case:
    """What a lender would send to a borrower: so many of a type, for a hazard, on a request of a kind; the rest as far as it is known.

    Without a hazard it is help from day to day for no incident: no scope of hazards or phases stands against that. Nothing is
    said against what is not known yet: the way over the border before a unit is named, or how long it will stay.
    """

    hazard: str | None
    type_code: str
    kind: str
    lender: UUID
    borrower: UUID
    quantity: int
    at: datetime
    effort: Effort | None = None
    """What one of them is expected to take, where its cost is asked."""
    cost: Cost | None = None
    """What the lender asks by its own word; as the agreement says, where it says nothing."""
    currency: str | None = None
    """The lender's own, where terms name none."""
    resource_id: UUID | None = None
    """The unit, where it is named."""
    place: tuple[float, float] | None = None
    """Where the help goes: longitude, latitude."""
    country: str | None = None
    """The borrower's, whose phase counts."""
    phases: Mapping[str, str] | None = None
    """How far the incident has gone, by country."""
    crossing: str | None = None
    """Code of the crossing that it takes."""
    crossings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Names of crossings by code and language: by them people read which ones are meant."""
    duration_h: float | None = None
    """How long a unit would stay away."""
    zone: str = "UTC"
    """The lender's time zone (IANA): by its clocks the hours of a reserve are told."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What the lender has of the case's type: units available now, and how many of them are promised without a name."""

    available: int
    promised: int
    homes: Mapping[UUID, tuple[float, float]] = field(default_factory=dict)
    """Where the depot of each available unit stands (longitude, latitude)."""
    word: Word | None = None
    """What the lender itself says about the type, where something stands."""

    @property
    def free(self) -> int:
        """How many are neither gone nor promised."""
        return self.available - self.promised

    def less(self, quantity: int, resource_id: UUID | None = None) -> Stock:
        """Return what is left to offer after so many, or after the unit that is named."""
        if resource_id not in self.homes:
            return replace(self, promised=self.promised + quantity)
        homes = {id_: home for id_, home in self.homes.items() if id_ != resource_id}
        return replace(self, available=self.available - 1, homes=homes)

    def within(self, area: geo.GeoJson) -> Stock:
        """Return what stands in an area. What was promised without a name may be any of it."""
        homes = {id_: home for id_, home in self.homes.items() if geo.covers(area, *home)}
        return replace(self, available=len(homes), homes=homes)


@dataclass(frozen=True, slots=True)
class Use:
    """How many units of the case's type are out under an agreement, and how many more are offered or accepted under it.

    A unit and its relief are one.
    """

    under_way: int = 0
    promised: int = 0

    def more(self, quantity: int) -> Use:
        """Return the use after so many more are promised."""
        return replace(self, promised=self.promised + quantity)


UNUSED: Final = Use()


# ---------------------------------------------------------------- what comes of it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one agreement says to one case, with every reason."""

    agreement: AgreementFacts
    terms: Terms
    reasons: tuple[Reason, ...]

    @property
    def against(self) -> tuple[Reason, ...]:
        """The reasons that block."""
        return tuple(reason for reason in self.reasons if reason.blocking)

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.against

    @property
    def applies(self) -> bool:
        """Whether it is in force between the two and the case lies within its scope, whatever its counts and its price say."""
        return all(reason.code not in OUTSIDE for reason in self.against)

    @property
    def warned(self) -> bool:
        """Whether there is something that somebody should know, although it is allowed."""
        return self.allowed and bool(self.reasons)

    @property
    def only_reserve(self) -> bool:
        """Whether the reserve is all that stands against it, and the units are there: the lender itself can lift that."""
        against = {reason.code for reason in self.against}
        there = all(reason.figures.get("would_leave", 0) >= 0 for reason in self.against)
        return bool(against) and against <= RESERVES and there


def check(
    agreement: AgreementFacts,
    terms: Terms,
    case: Case,
    stock: Stock,
    use: Use = UNUSED,
    *,
    reserve_overridden: bool = False,
) -> Verdict:
    """Return what the agreement says to the case, with every reason and not only the first.

    ``stock`` is what the lender has of the type, ``use`` what runs under the agreement of it already. ``reserve_overridden``
    is the lender's named act: the floor is still told, but does not block. No more does it while the lender says that it can.
    """
    reasons = (
        *_standing(agreement, case.at),
        *_parties(agreement, case),
        *_scope(terms, case),
        *_way(terms, case),
        *_caps(terms, case, use),
        *_own_cost(terms, case),
        *_yearly_cost(agreement, terms, case),
        *_reserve(agreement, terms, case, stock, blocking=not reserve_overridden),
        *_clauses(terms),
    )
    return Verdict(agreement, terms, reasons)


def with_reserves(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts of one case on all agreements, each that applies with what the others that apply keep at home.

    What two keep alike is told once, by the one that is asked, else by the one that goes first. Done again it changes nothing.
    """
    known = list(verdicts)
    kept = [
        reason
        for verdict in sorted((each for each in known if each.applies), key=_place)
        for reason in verdict.reasons
        if reason.code in KEPT
    ]
    return [_keeping(verdict, kept) if verdict.applies else verdict for verdict in known] if kept else known


def _keeping(verdict: Verdict, kept: Iterable[Reason]) -> Verdict:
    told = [_alike(reason) for reason in verdict.reasons if reason.code in KEPT]
    more: list[Reason] = []
    for reason in kept:
        if (alike := _alike(reason)) not in told:
            told.append(alike)
            more.append(reason)
    return replace(verdict, reasons=(*verdict.reasons, *more)) if more else verdict


def _alike(reason: Reason) -> tuple[Any, ...]:
    """Return what a reserve says, whoever has agreed it."""
    return (
        reason.code,
        reason.blocking,
        {name: figure for name, figure in reason.figures.items() if name != "agreement"},
    )


def choose(verdicts: Iterable[Verdict], *, only: UUID | None = None) -> Verdict | None:
    """Return the verdict that counts: of the agreements that allow the case the one with the lowest precedence number.

    Every one that applies has its reserve heard (``with_reserves``); so ``verdicts`` are those of all agreements, also where
    ``only`` cites one of them. Where another that applies would go before it, that is told (``passed_over``).

    Where none allows it, the refusal with the fewest reasons: the one that is nearest to being mended; of those with as many
    the one that the lender itself can lift. None where there is no agreement at all. Codes settle a draw, so that two runs
    never differ.
    """
    known = with_reserves(verdicts)
    mine = [verdict for verdict in known if only in {None, verdict.agreement.id}]
    ordered = sorted(mine, key=lambda each: (len(each.against), not each.only_reserve, *_place(each)))
    return _after(ordered[0], known) if ordered else None


def _place(verdict: Verdict) -> tuple[int, str]:
    return verdict.agreement.precedence, verdict.agreement.code


def _after(chosen: Verdict, known: Iterable[Verdict]) -> Verdict:
    """Return the verdict that counts with those that were passed over for it, each with why; a refusal stays as it is."""
    if not chosen.allowed:
        return chosen
    passed = sorted((each for each in known if each.applies and _place(each) < _place(chosen)), key=_place)
    told = tuple(
        Reason(
            PASSED_OVER,
            {
                "agreement": each.agreement.code,
                "passed_for": list(dict.fromkeys(_passed_for(reason) for reason in each.against)) or ["cited"],
            },
            blocking=False,
        )
        for each in passed
    )
    more = tuple(reason for reason in told if reason not in chosen.reasons)
    return replace(chosen, reasons=(*chosen.reasons, *more)) if more else chosen


def _passed_for(reason: Reason) -> str:
    """Return why an agreement is passed over: what a year has cost, or somebody asks, is for its parties to know."""
    return "cost" if reason.code in PRICED else reason.code


def binding(verdicts: Iterable[Verdict], case: Case) -> list[Verdict]:
    """Return the verdicts of the agreements whose reserves bind a case, whichever is cited, those that go first first.

    They are those that apply to it; where none does, all in force that the lender has signed to lend under.
    """
    known = sorted(verdicts, key=_place)
    return [each for each in known if each.applies] or [
        each
        for each in known
        if case.lender in each.agreement.lenders and all(reason.code not in STANDING for reason in each.against)
    ]


def kept_from(verdicts: Iterable[Verdict], case: Case) -> Verdict | None:
    """Return the reserves that stand against help without an agreement, as a refusal by the agreement that keeps them; None where none does.

    They are those of the agreements that are ``binding``.
    """
    against = [each for each in binding(verdicts, case) if any(reason.code in RESERVES for reason in each.against)]
    if not against:
        return None
    own = [replace(each, reasons=tuple(why for why in each.reasons if why.code in KEPT)) for each in against]
    return _keeping(own[0], [reason for each in own for reason in each.reasons])


def _standing(agreement: AgreementFacts, at: datetime) -> Iterable[Reason]:
    if agreement.status != IN_FORCE:
        yield Reason("not_in_force", {"status": agreement.status})
    if at < agreement.effective_at:
        yield Reason("not_yet_effective", {"effective_at": stamp(agreement.effective_at)})
    if agreement.expires_at is not None and at >= agreement.expires_at:
        yield Reason("expired", {"expires_at": stamp(agreement.expires_at)})
    if agreement.terminates_at is not None:
        ended = at >= agreement.terminates_at
        figures = {"terminates_at": stamp(agreement.terminates_at)}
        yield Reason("terminated", figures) if ended else Reason("notice_given", figures, blocking=False)
    if agreement.review_at is not None and at >= agreement.review_at:
        yield Reason("review_due", {"review_at": stamp(agreement.review_at)}, blocking=False)


def _parties(agreement: AgreementFacts, case: Case) -> Iterable[Reason]:
    if case.lender == case.borrower:
        yield Reason("same_member", {"member_id": str(case.lender)})
    if case.lender not in agreement.lenders:
        yield Reason("lender_not_party", {"member_id": str(case.lender)})
    if case.borrower not in agreement.borrowers:
        yield Reason("borrower_not_party", {"member_id": str(case.borrower)})


def _scope(terms: Terms, case: Case) -> Iterable[Reason]:
    if case.hazard is not None and not terms.covers_hazard(case.hazard):
        yield Reason("hazard_not_covered", {"hazard": case.hazard})
    if not terms.covers_type(case.type_code):
        yield Reason("type_not_covered", {"type_code": case.type_code})
    if case.kind not in terms.kinds:
        yield Reason("kind_not_covered", {"kind": case.kind})
    if case.country is not None and case.phases is not None and not terms.reached(case.country, case.phases):
        phase, wanted = case.phases.get(case.country, NO_PHASE), terms.phases[case.country]
        yield Reason("phase_not_reached", {"country": case.country, "phase": phase, "from_phase": wanted})


def outside(terms: Terms, case: Case) -> tuple[Reason, ...]:
    """Return in what a case lies outside the scope and the way of the terms, whoever asks, whatever is left at home."""
    return (*_scope(terms, case), *_way(terms, case))


def _way(terms: Terms, case: Case) -> Iterable[Reason]:
    if case.place is not None and not terms.covers_place(*case.place):
        yield Reason("place_not_covered", {"lon": case.place[0], "lat": case.place[1]})
    if (elsewhere := passes_elsewhere(terms, case.crossing, case.crossings)) is not None:
        yield elsewhere


def passes_elsewhere(terms: Terms, crossing: str | None, names: Mapping[str, Mapping[str, str]]) -> Reason | None:
    """Return what speaks against a crossing; None where nothing does, or no border is passed. ``names``: of crossings, by code."""
    if crossing is None or terms.allows_crossing(crossing):
        return None
    return Reason("crossing_not_allowed", {"crossing": crossing, "allowed": list(terms.crossings)}, crossings=names)


def _caps(terms: Terms, case: Case, use: Use) -> Iterable[Reason]:
    most = terms.caps.most(case.type_code)
    would_be = use.under_way + use.promised + case.quantity
    if most is not None and would_be > most:
        figures = {"type_code": case.type_code, "most": most, "under_way": use.under_way, "promised": use.promised}
        yield Reason("cap_units", figures | {"quantity": case.quantity, "would_be": would_be})
    if (too_long := stays_too_long(terms, case.duration_h)) is not None:
        yield too_long


def _own_cost(terms: Terms, case: Case) -> Iterable[Reason]:
    if case.cost is None:
        return
    types = (case.type_code, *parts_of_type(case.type_code))
    for more in more_than_agreed(case.cost, terms.cost, types, case.currency):
        yield Reason(more.code, more.figures)


def _yearly_cost(agreement: AgreementFacts, terms: Terms, case: Case) -> Iterable[Reason]:
    if case.lender not in agreement.lenders or case.borrower not in agreement.borrowers:
        return  # nothing goes under it, and what a year has cost is its parties' matter
    cap, adds = terms.yearly_cost, added_cost(terms, case)
    if cap is None or agreement.spent is None or adds == ZERO or agreement.spent + adds <= cap.amount:
        return
    figures = {"limit": str(cap.amount), "currency": cap.currency, "spent": str(agreement.spent), "adds": str(adds)}
    yield Reason(YEARLY_COST_CAP, figures)


def added_cost(terms: Terms, case: Case) -> Decimal:
    """Return what the case is expected to add to what the year costs; nothing where there is no yearly cap."""
    cap = terms.yearly_cost
    if cap is None or case.effort is None:
        return ZERO
    effort = within(terms, case.effort)
    cost = terms.cost if case.cost is None else case.cost.under(terms.cost)
    return estimate(cost, case.type_code, effort, cap.currency).amount * case.quantity


def within(terms: Terms, effort: Effort) -> Effort:
    """Return what is expected where nobody says how long: no more than the terms let a deployment last."""
    longest_h = terms.caps.longest_deployment_h
    if longest_h is None or not effort.hours_assumed or effort.hours <= longest_h:
        return effort
    return replace(effort, hours=Decimal(longest_h))


def stays_too_long(terms: Terms, hours: float | None) -> Reason | None:
    """Return what speaks against a deployment of so many hours; None where nothing does, or nobody knows how long it lasts."""
    longest_h = terms.caps.longest_deployment_h
    if longest_h is None or hours is None or hours <= longest_h:
        return None
    return Reason("longest_deployment", {"longest_h": longest_h, "hours": round(hours, 1)})


def _reserve(agreement: AgreementFacts, terms: Terms, case: Case, stock: Stock, *, blocking: bool) -> Iterable[Reason]:
    if not terms.reserve:
        return
    local = case.at.astimezone(ZoneInfo(case.zone))
    can = stock.word is not None and stock.word.can_at(case.at)
    by, below = {"agreement": agreement.code}, False
    for floor in terms.floors(case.type_code, case.lender, local):
        if (figures := _below(floor, case, stock)) is not None:
            yield _floor_reason(floor, figures | by, blocking and not can)
            below = True
    if below and can and stock.word is not None:
        yield Reason(CAN, stock.word.figures(case.at, case.zone), blocking=False)
    if case.duration_h is None:
        return
    for floor in terms.floors_ahead(case.type_code, case.lender, local, case.duration_h):
        if floor.hours is not None and (figures := _below(floor, case, stock)) is not None:
            hours = {"start": floor.hours.start, "end": floor.hours.end}
            yield Reason("reserve_floor_later", figures | hours | by, blocking=False)


def _below(floor: Reserve, case: Case, stock: Stock) -> dict[str, Any] | None:
    """Return the figures of what would be left, where that is below the floor."""
    counted = stock if floor.area is None else stock.within(floor.area)
    elsewhere = case.resource_id in stock.homes and case.resource_id not in counted.homes
    would_leave = counted.free - case.quantity
    if floor.area is not None:
        would_leave = max(0, would_leave)  # what is not there goes from elsewhere
    if elsewhere or would_leave >= floor.keep:
        return None
    return {
        "type_code": case.type_code,
        "keep": floor.keep,
        "available": counted.available,
        "promised": counted.promised,
        "quantity": case.quantity,
        "would_leave": would_leave,
    }


def _floor_reason(floor: Reserve, figures: dict[str, Any], blocking: bool) -> Reason:
    if floor.area is not None:
        return Reason("reserve_floor_area", figures, blocking)
    if floor.hours is not None:
        hours = {"start": floor.hours.start, "end": floor.hours.end}
        return Reason("reserve_floor_hours", figures | hours, blocking)
    return Reason("reserve_floor", figures, blocking)


def _clauses(terms: Terms) -> Iterable[Reason]:
    if open_ones := terms.clauses.open:
        yield Reason("clauses_open", {"clauses": list(open_ones)}, blocking=False)
