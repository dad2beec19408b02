"""Plans as they are kept in a process, and how a member sees one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from app.domain.agreement_reasons import YEARLY_COST_CAP
from app.domain.agreements import within
from app.domain.cost_terms import estimate
from app.planning.candidates import Why, transits_of
from app.planning.efforts import effort_of
from app.planning.eta import km_by
from app.planning.plan import PRIORITIES, Plan
from app.planning.plan_reasons import said
from app.queries.candidates import WhyView
from app.queries.costs import EstimateView
from app.queries.models import ReadModel
from app.queries.plan_changes import ChangeView, NowView, PlannedUnitView, SinceView, change_view, now_view
from app.queries.recommendations import EtaView, WaysView, ways_view

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from app.planning.candidates import Gate
    from app.planning.facts import FreeUnit, OpenLine
    from app.planning.picture import Posed
    from app.planning.plan import Assignment, Hindrance, Line, Pool
    from app.planning.planner import Help

MOST_HELP: Final = 8
MOST_LENDERS: Final = 3
"""Lenders that are told one by one for a reason."""

# ---------------------------------------------------------------- what is kept


@dataclass(frozen=True, slots=True)
class Ways:
    """What times of travel rest on."""

    by_road: bool
    """On the corridor's road graph."""
    roads_wrong: bool
    """There is a file of roads, and it does not fit."""
    routed: bool | None
    """Whether the router that is set has answered; None where none is set."""
    own: int = 0
    """Units of the plan of whose ways it does not know all."""
    of: int = 0
    """Units of the plan."""


@dataclass(frozen=True, slots=True)
class Question:
    """What if: one or several things otherwise."""

    crossing: UUID | None = None
    """It is closed."""
    agreement: UUID | None = None
    """It is suspended."""
    reserve: tuple[UUID, str, int] | None = None
    """A member keeps so many more of a type at home; fewer, where it is negative."""
    resource: UUID | None = None
    """It is out."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A plan, with what it was made of."""

    name: str
    """Of this making of it: another one has another."""
    posed: Posed
    plan: Plan
    help: tuple[Help, ...]
    gates: Mapping[str, Gate]
    members: Mapping[UUID, Mapping[str, str]]
    """Names by language."""
    ways: Ways
    before: Kept | None = None
    """The last one that said something else; without its own."""
    same_since: datetime | None = None
    """When the first one was made that said the same; None: this one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What would be if."""

    kept: Kept
    posed: Posed
    plan: Plan
    unknown: bool
    """The plan does not count on what was asked about."""
    suspended: bool = False
    """The agreement that was asked about is suspended already."""


def units_by_line(kept: Kept) -> dict[UUID, list[UUID]]:
    """Return for each line the units that a plan sends to it."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for each, units in _dealt(kept.posed, kept.plan):
        found[each.line_id] += [unit.id for unit in units]
    return dict(found)


def _dealt(posed: Posed, plan: Plan) -> Iterator[tuple[Assignment, tuple[FreeUnit, ...]]]:
    """Yield what a plan sends with the units that it is: of a pool first those that are promised to the line by name, then the first of the others."""
    line_of = {each.unit: each.line_id for each in posed.picture.promised if each.unit is not None}
    sent: dict[tuple[object, UUID | None], int] = defaultdict(int)
    for each in plan.assignments:
        if each.member_id is not None:
            sent[each.pool_id, each.line_id] += each.quantity
    named: dict[tuple[object, UUID | None], list[FreeUnit]] = defaultdict(list)
    others: dict[object, list[FreeUnit]] = defaultdict(list)
    for pool in {pool for pool, _ in sent}:
        for unit in posed.units[pool]:
            key = pool, line_of.get(unit.id)
            if len(named[key]) < sent.get(key, 0):
                named[key].append(unit)
            else:
                others[pool].append(unit)
    theirs = {key: iter(units) for key, units in named.items()}
    rest = {pool: iter(units) for pool, units in others.items()}
    for each in plan.assignments:
        if each.member_id is not None:
            first = tuple(islice(theirs.get((each.pool_id, each.line_id), iter(())), each.quantity))
            more = islice(rest.get(each.pool_id, iter(())), each.quantity - len(first))
            yield each, (*first, *more)


# ---------------------------------------------------------------- what is told


class HindranceView(ReadModel):
    """Why so many units that exist don't help a line. What is a lender's own is told lender by lender."""

    why: WhyView
    units: int
    member_id: UUID | None
    """The lender, where the reason is its own: whom to ring. Null: the reason is nobody's, or that of the lenders who are not told one by one."""
    text: str
    """The reason in the reader's language, with the lender's name where it is a lender's."""


class PlanLineView(ReadModel):
    """A line of an open request, and what the plan has for it."""

    request_id: UUID
    ref: str
    """Of the request, for the telephone."""
    request_line_id: UUID
    member_id: UUID
    """Who asks."""
    type_code: str
    priority: str
    needed_by: datetime | None
    under_way: int
    """On missions already; the plan does not change that."""
    parts_under_way: dict[str, int]
    """Of a formation's parts, by type, those that are on missions and make no whole yet: the plan completes them."""
    wanted: int
    """Beside those."""
    unmet: int
    """What the plan leaves open of it."""
    last_min: int | None
    """Minutes until the last unit of the plan is there; null where it has none."""
    why: tuple[HindranceView, ...]
    """Why something is left open: what holds most units back first. Empty where nothing is. Of a reason that is its lenders' own the three that hold back most, and
    then how many more there are (`one_more_lender`, `more_lenders`; the figure `reason` says of which)."""


class AssignmentView(ReadModel):
    """So many of a member's units to a line, by one way."""

    request_line_id: UUID
    member_id: UUID
    """Who sends them."""
    type_code: str
    quantity: int
    units: tuple[PlannedUnitView, ...]
    """As many units that stand there and are alike."""
    eta_min: int
    eta: EtaView
    """Of what that is made; a wait at the border is part of the crossing's."""
    arrives_at: datetime
    crossing_id: UUID | None
    """Where they leave their own country."""
    via_crossing_ids: tuple[UUID, ...]
    """Those that they pass after that one, where the way goes through a third country: tell its control room."""
    warnings: tuple[WhyView, ...]
    """What somebody should know of the way: that it goes through a third country (`transits`)."""
    waits_min: int
    """At the border, where it is full before."""
    agreement_code: str | None
    agreement_version: int | None
    ad_hoc: bool
    """No agreement allows it: an authorised representative may send it all the same."""
    part: bool
    """Of a formation that is put together."""
    estimate: EstimateView | None
    """What they are expected to cost, for the two members it would be between; null for others, and where nothing is agreed."""


class HelpView(ReadModel):
    """What one more of something would change."""

    what: Literal["unit", "reserve", "cap", "slot"]
    text: str
    """In the reader's language."""
    gain_units: int
    gain_life_safety: int
    gain_min: int
    crossing_id: UUID | None
    member_id: UUID | None
    type_code: str | None


class PlanView(ReadModel):
    """A proposal for all open lines together. It reserves nothing and sends nobody."""

    name: str
    """Of this making of it; it is the ETag."""
    at: datetime
    as_of_seq: int
    """The journal's seq up to which it was taken in."""
    status: Literal["optimal", "time_limit", "greedy"]
    """`optimal`: there is no better one. `time_limit`: the best that was found in time. `greedy`: closest first, for the exact one failed or was late."""
    note: str | None
    """In the reader's language, where it is not optimal: why."""
    ways: WaysView
    took_ms: int
    lines: tuple[PlanLineView, ...]
    assignments: tuple[AssignmentView, ...]
    unmet_units: int
    life_safety_unmet: int
    worst_share: float
    """Of what a requester asks for and anybody could send, the least that one gets: 1 is everything."""
    help: tuple[HelpView, ...]
    """What would help most, the most first."""
    now: NowView
    """What it changes of what is promised and on its way now."""
    same_since: datetime
    """Since when the plan says the same: what it says was otherwise before, or nobody had asked for a plan."""
    change: SinceView | None
    """What it changes of the last one that said something else; null where there is none."""


class WhatIfView(ReadModel):
    """The plan as it would be, and what that changes of the present one. Nothing was touched."""

    of: str
    """The name of the plan that it is compared with."""
    of_at: datetime
    """When that one was made. One whose `same_since` is later says something else."""
    note: str | None
    """In the reader's language: the plan does not count on what was asked about, or it is so already."""
    status: Literal["optimal", "time_limit", "greedy"]
    change: ChangeView
    lines: tuple[PlanLineView, ...]
    assignments: tuple[AssignmentView, ...]
    unmet_units: int
    life_safety_unmet: int
    worst_share: float


# ---------------------------------------------------------------- the views


def plan_view(kept: Kept, viewer: UUID | None, language: str) -> PlanView:
    """Return a plan as a user of the member ``viewer`` sees it (the service itself, without one, sees all)."""
    reader = _Reader(kept, kept.posed, kept.plan, viewer, language)
    assignments = reader.assignments()
    plan, picture = kept.plan, kept.posed.picture
    code = plan.note or ("time_limit" if plan.status == "time_limit" else None)
    before = kept.before
    return PlanView(
        name=kept.name,
        at=picture.at,
        as_of_seq=picture.seq,
        status=plan.status,
        note=None if code is None else said(Why(code), language),
        ways=ways_view(language, **asdict(kept.ways)),
        took_ms=round(plan.seconds * 1000),
        lines=reader.lines(),
        assignments=assignments,
        unmet_units=plan.unmet_units,
        life_safety_unmet=plan.life_safety_unmet,
        worst_share=round(plan.worst_share, 3),
        help=_helps(kept, language),
        now=now_view(kept.posed, _dealt(kept.posed, plan)),
        same_since=kept.same_since or picture.at,
        change=None if before is None else _since(before, kept, assignments, viewer, language),
    )


def _since(
    before: Kept, kept: Kept, assignments: tuple[AssignmentView, ...], viewer: UUID | None, language: str
) -> SinceView:
    was = _Reader(before, before.posed, before.plan, viewer, language).assignments()
    costs = [[each.estimate for each in views] for views in (was, assignments)]
    change = change_view(before.plan, kept.plan, {**before.gates, **kept.gates}, (costs[0], costs[1]))
    return SinceView(since=before.posed.picture.at, **dict(change))


def what_if_view(answer: Answer, viewer: UUID | None, language: str) -> WhatIfView:
    """Return what would be if, as a user of the member ``viewer`` sees it."""
    kept = answer.kept
    reader = _Reader(kept, answer.posed, answer.plan, viewer, language)
    now, then = _Reader(kept, kept.posed, kept.plan, viewer, language).assignments(), reader.assignments()
    costs = [[each.estimate for each in views] for views in (now, then)]
    note = "suspended_already" if answer.suspended else "not_in_plan" if answer.unknown else None
    return WhatIfView(
        of=kept.name,
        of_at=kept.posed.picture.at,
        note=None if note is None else said(Why(note), language),
        status=answer.plan.status,
        change=change_view(kept.plan, answer.plan, kept.gates, (costs[0], costs[1])),
        lines=reader.lines(),
        assignments=then,
        unmet_units=answer.plan.unmet_units,
        life_safety_unmet=answer.plan.life_safety_unmet,
        worst_share=round(answer.plan.worst_share, 3),
    )


@dataclass(frozen=True)
class _Reader:
    """Who reads which plan, in which language."""

    kept: Kept
    posed: Posed
    plan: Plan
    viewer: UUID | None
    language: str

    @cached_property
    def _lines(self) -> dict[UUID, Line]:
        return {line.id: line for line in self.posed.situation.lines}

    @cached_property
    def _pools(self) -> dict[Hashable, Pool]:
        return {pool.id: pool for pool in self.posed.situation.pools}

    def lines(self) -> tuple[PlanLineView, ...]:
        """Return the lines, those that save life first."""
        open_ = {each.line_id: each for each in self.plan.unmet}
        last: dict[UUID, float] = {}
        for each in self.plan.assignments:
            last[each.line_id] = max(last.get(each.line_id, 0.0), each.eta_min)
        found = []
        for line in sorted(self.posed.picture.lines, key=lambda each: PRIORITIES.index(each.priority)):
            unmet = open_.get(line.id)
            found.append(
                PlanLineView(
                    request_id=line.request_id,
                    ref=line.ref,
                    request_line_id=line.id,
                    member_id=line.asked.borrower,
                    type_code=line.asked.type_code,
                    priority=line.priority,
                    needed_by=line.needed_by,
                    under_way=line.under_way,
                    parts_under_way=dict(line.there),
                    wanted=line.quantity,
                    unmet=0 if unmet is None else unmet.quantity,
                    last_min=round(last[line.id]) if line.id in last else None,
                    why=() if unmet is None else self._hindrances(line, unmet.why),
                )
            )
        return tuple(found)

    def _hindrances(self, line: OpenLine, hindrances: tuple[Hindrance, ...]) -> tuple[HindranceView, ...]:
        """Return why something is open; what a year has cost under an agreement is its parties' own."""
        mine = self.viewer is None or self.viewer == line.asked.borrower
        shown = [each for each in hindrances if mine or each.why.code != YEARLY_COST_CAP]
        if not shown:
            return (self._hindrance(Why("not_enough", {"type_code": line.asked.type_code}), 0),)
        return tuple(
            view for code, each in groupby(shown, lambda one: one.why.code) for view in self._of(code, [*each])
        )

    def _of(self, code: str, hindrances: list[Hindrance]) -> Iterator[HindranceView]:
        """Yield what is said of one reason: the lenders that hold back most, and how many more do."""
        for each in hindrances[:MOST_LENDERS]:
            yield self._hindrance(each.why, each.units, each.member_id)
        if rest := hindrances[MOST_LENDERS:]:
            many = {} if len(rest) == 1 else {"lenders": len(rest)}
            why = Why("more_lenders" if many else "one_more_lender", {**many, "reason": code})
            yield self._hindrance(why, sum(each.units for each in rest))

    def _hindrance(self, why: Why, units: int, lender: UUID | None = None) -> HindranceView:
        if {"crossing", "allowed"} & why.figures.keys():
            why = Why(why.code, why.figures, why.blocking, tuple(self.kept.gates.values()))
        text = said(why, self.language)
        view = WhyView(code=why.code, blocking=why.blocking, text=text, figures=dict(why.figures))
        if lender is not None and (names := self.kept.members.get(lender)):
            name = names.get(self.language) or names.get("en", "")
            text = said(Why("of_lender", {"member": name, "reason": text}), self.language)
        return HindranceView(why=view, units=units, member_id=lender, text=text)

    def assignments(self) -> tuple[AssignmentView, ...]:
        """Return who goes where."""
        lines = {line.id: line for line in self.posed.picture.lines}
        dealt = _dealt(self.posed, self.plan)
        return tuple(self._assignment(each, units, lines[each.line_id]) for each, units in dealt)

    def _assignment(self, each: Assignment, units: tuple[FreeUnit, ...], line: OpenLine) -> AssignmentView:
        assert each.member_id is not None
        gates = [self.kept.gates[code] for code in each.crossings]
        code, _, version = (each.agreement or "").rpartition("/")
        party = self.viewer is None or self.viewer in {each.member_id, line.asked.borrower}
        eta_min = round(each.eta_min)
        return AssignmentView(
            request_line_id=each.line_id,
            member_id=each.member_id,
            type_code=each.type_code,
            quantity=each.quantity,
            units=tuple(PlannedUnitView(resource_id=unit.id, call_sign=unit.call_sign) for unit in units),
            eta_min=eta_min,
            eta=self._eta(each, eta_min, gates),
            arrives_at=self.posed.picture.at + timedelta(minutes=eta_min),
            crossing_id=gates[0].id if gates else None,
            via_crossing_ids=tuple(gate.id for gate in gates[1:]),
            warnings=tuple(
                WhyView(code=why.code, blocking=False, text=why.said(self.language), figures=dict(why.figures))
                for why in transits_of(gates)
            ),
            waits_min=round(each.waits_min),
            agreement_code=code or None,
            agreement_version=int(version) if version else None,
            ad_hoc=each.ad_hoc,
            part=each.part,
            estimate=self._cost(each, units[0], line, gates) if party and code else None,
        )

    def _eta(self, each: Assignment, total_min: int, gates: list[Gate]) -> EtaView:
        assert each.member_id is not None
        cover = self.posed.situation.covers(each.member_id, self._lines[each.line_id], each.type_code)
        acknowledge, mobilise = round(cover.ruling.acknowledge_min), round(self._pools[each.pool_id].mobilise_min)
        crossing = round(sum(gate.delay_min for gate in gates) + each.waits_min)
        return EtaView(
            acknowledge_min=acknowledge,
            mobilise_min=mobilise,
            road_min=max(0, total_min - acknowledge - mobilise - crossing),
            crossing_min=crossing,
            total_min=total_min,
        )

    def _cost(self, each: Assignment, unit: FreeUnit, line: OpenLine, gates: list[Gate]) -> EstimateView | None:
        """Return what they are expected to cost by the agreement: as an offer of them would be estimated."""
        papers = self.posed.picture.papers
        terms = next(
            (terms for facts, terms in papers.pairs if f"{facts.code}/{facts.version}" == each.agreement), None
        )
        if terms is None:
            return None
        km = km_by(gates, unit.lon, unit.lat, line.asked.lon, line.asked.lat)
        effort = within(terms, effort_of(km, unit.crew))
        found = estimate(terms.cost, each.type_code, effort, papers.lenders[unit.member_id].currency)
        told = found.told()
        return EstimateView.model_validate(told | {"amount": str(found.amount * each.quantity)})


def _helps(kept: Kept, language: str) -> tuple[HelpView, ...]:
    """Return what would help most: of a member's pools of a type, at several depots, the one that helps more."""
    told: dict[tuple[object, ...], HelpView] = {}
    for each in kept.help:
        view = _help(each, kept, language)
        told.setdefault((view.what, view.member_id, view.type_code, view.crossing_id), view)
    return tuple(told.values())[:MOST_HELP]


def _help(each: Help, kept: Kept, language: str) -> HelpView:
    """Return in words what one more of something would bring."""
    crossing = kept.gates.get(each.of[0]) if each.what == "slot" else None
    pool = each.of[0] if each.what in {"unit", "reserve"} else None
    type_code = pool.type_code if pool is not None else each.of[1] if each.what == "cap" else None
    code = {"slot": "one_more_slot", "unit": "one_more_unit", "reserve": "one_of_reserve", "cap": "one_on_cap"}[
        each.what
    ]
    figures: dict[str, Any] = {}
    if crossing is not None:
        figures["crossing"] = crossing.names.get(language, crossing.code)
    if each.what != "slot":
        figures["type_code"] = type_code
    if pool is not None:
        figures["member"] = kept.members[pool.member_id].get(language, "")
    if each.what == "cap":
        figures["agreement"] = str(each.of[0]).rpartition("/")[0]
    gains = [
        said(Why("gain_life_safety", {"units": each.gain_life_safety}), language) if each.gain_life_safety > 0 else "",
        said(Why("gain_units", {"units": each.gain_units}), language)
        if each.gain_units > max(0, each.gain_life_safety)
        else "",
        said(Why("gain_minutes", {"minutes": round(each.gain_min)}), language) if round(each.gain_min) > 0 else "",
    ]
    colon = "\u00a0: " if language == "fr" else ": "
    text = said(Why(code, figures), language) + colon + ", ".join(filter(None, gains)) + "."
    return HelpView(
        what=each.what,
        text=text,
        gain_units=each.gain_units,
        gain_life_safety=each.gain_life_safety,
        gain_min=round(each.gain_min),
        crossing_id=None if crossing is None else crossing.id,
        member_id=None if pool is None else pool.member_id,
        type_code=type_code,
    )
