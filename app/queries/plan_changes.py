"""What a plan changes: of another plan, and of what is promised and on its way now."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from app.domain.money import ZERO, Amount, Currency
from app.planning.plan import PENALTY_MIN, Way, difference
from app.queries.models import ReadModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from app.planning.candidates import Gate
    from app.planning.facts import FreeUnit, Promised
    from app.planning.picture import Posed
    from app.planning.plan import Assignment, Plan
    from app.queries.costs import EstimateView

# ---------------------------------------------------------------- what is told


class PlannedUnitView(ReadModel):
    """A unit that could be the one."""

    resource_id: UUID
    call_sign: str


class MovedView(ReadModel):
    """How many of a member's units go to a line in one plan and in the other."""

    request_line_id: UUID
    member_id: UUID
    type_code: str
    before: int
    after: int


class WayView(ReadModel):
    """Under what units go, and over which crossings."""

    agreement_code: str | None
    agreement_version: int | None
    ad_hoc: bool
    """No agreement allows it."""
    crossing_id: UUID | None
    via_crossing_ids: tuple[UUID, ...]
    """Those that they pass after that one."""


class ReroutedView(ReadModel):
    """So many of a member's units that go to the same line in both plans, in another way."""

    request_line_id: UUID
    member_id: UUID
    type_code: str
    quantity: int
    before: WayView
    after: WayView


class LaterView(ReadModel):
    """How much later the last unit of a line comes; sooner, where it is negative."""

    request_line_id: UUID
    minutes: int
    fewer: int
    """How many fewer units the line gets: that the last one is sooner is no gain then. More, where it is negative."""


class CostChangeView(ReadModel):
    """What something is expected to cost by the one plan and by the other, in one currency."""

    currency: Currency
    before: Amount
    after: Amount


class ChangeView(ReadModel):
    """What the second of two plans changes."""

    moved: tuple[MovedView, ...]
    rerouted: tuple[ReroutedView, ...]
    """Under another agreement or none, or over another crossing: nothing is the same for whoever sends them."""
    unmet_units: int
    """More that are left open; fewer, where it is negative."""
    life_safety_unmet: int
    minutes: int
    """More minutes until they are there, of all units together."""
    cost: tuple[CostChangeView, ...]
    """Of what the reader's own member would lend or get: what others pay each other is not told. One a currency; none where it stays the same."""
    later: tuple[LaterView, ...]


class SinceView(ChangeView):
    """What a plan changes of an earlier one that said something else."""

    since: datetime
    """When that one was made."""


class NewlyView(ReadModel):
    """Units that the plan would send, and that nobody has promised."""

    request_line_id: UUID
    member_id: UUID
    type_code: str
    quantity: int
    ad_hoc: bool


class NotKeptView(ReadModel):
    """Units that are promised to a line, and that the plan does not send there."""

    request_line_id: UUID
    member_id: UUID
    type_code: str
    quantity: int
    units: tuple[PlannedUnitView, ...]
    """Those that were promised by name."""
    offer_status: str
    """`accepted`, or `offered` and `provisional`, which nobody has accepted for good."""
    to_line_id: UUID | None
    """Where it would send them instead; null: nowhere."""


class NowView(ReadModel):
    """What the plan changes of what is promised and on its way now."""

    under_way: int
    """Units on missions to the plan's lines: it does not touch those."""
    kept: int
    """Promised units, not on their way yet, that it sends where they are promised."""
    newly: tuple[NewlyView, ...]
    not_kept: tuple[NotKeptView, ...]
    penalty_min: int
    """So many minutes every promised unit weighs that goes elsewhere."""


# ---------------------------------------------------------------- of another plan


def change_view(
    before: Plan,
    after: Plan,
    gates: Mapping[str, Gate],
    costs: tuple[Iterable[EstimateView | None], Iterable[EstimateView | None]] = ((), ()),
) -> ChangeView:
    """Return what a plan changes of another, by line, member and type: which of a member's units it is does not matter here.

    ``costs`` are the estimates that the reader may see of the one and of the other.
    """
    found = difference(before, after)
    counts = [_by_member(before.assignments), _by_member(after.assignments)]
    keys = sorted(counts[0].keys() | counts[1].keys(), key=str)
    lines = [_by_line(each) for each in counts]
    return ChangeView(
        moved=tuple(
            MovedView(
                request_line_id=key[0],
                member_id=key[1],
                type_code=key[2],
                before=counts[0].get(key, 0),
                after=counts[1].get(key, 0),
            )
            for key in keys
            if counts[0].get(key, 0) != counts[1].get(key, 0)
        ),
        rerouted=tuple(
            ReroutedView(
                request_line_id=each.line_id,
                member_id=each.member_id,
                type_code=each.type_code,
                quantity=each.quantity,
                before=_way(each.before, gates),
                after=_way(each.after, gates),
            )
            for each in found.rerouted
        ),
        unmet_units=found.unmet_units,
        life_safety_unmet=found.life_safety_unmet,
        minutes=round(found.minutes),
        cost=_costs(*costs),
        later=tuple(
            LaterView(request_line_id=line, minutes=round(minutes), fewer=lines[0].get(line, 0) - lines[1].get(line, 0))
            for line, minutes in found.later.items()
            if round(minutes)
        ),
    )


def says_other(before: Plan, after: Plan, noticeable_min: float) -> bool:
    """Return whether a plan says something else than another to those who read the difference: another member, another way, more open, or noticeably later."""
    found = difference(before, after)
    told = found.rerouted or found.unmet_units or found.life_safety_unmet
    later = any(abs(each) >= noticeable_min for each in found.later.values())
    return bool(told) or later or _by_member(before.assignments) != _by_member(after.assignments)


def _by_member(assignments: Iterable[Assignment]) -> dict[tuple[UUID, UUID, str], int]:
    found: dict[tuple[UUID, UUID, str], int] = defaultdict(int)
    for each in assignments:
        if each.member_id is not None:
            found[each.line_id, each.member_id, each.type_code] += each.quantity
    return dict(found)


def _by_line(counts: Mapping[tuple[UUID, UUID, str], int]) -> dict[UUID, int]:
    found: dict[UUID, int] = defaultdict(int)
    for (line, _, _), many in counts.items():
        found[line] += many
    return dict(found)


def _way(way: Way, gates: Mapping[str, Gate]) -> WayView:
    code, _, version = (way.agreement or "").rpartition("/")
    return WayView(
        agreement_code=code or None,
        agreement_version=int(version) if version else None,
        ad_hoc=way.ad_hoc,
        crossing_id=gates[way.crossings[0]].id if way.crossings else None,
        via_crossing_ids=tuple(gates[code].id for code in way.crossings[1:]),
    )


def _costs(before: Iterable[EstimateView | None], after: Iterable[EstimateView | None]) -> tuple[CostChangeView, ...]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for at, estimates in enumerate((before, after)):
        for each in estimates:
            if each is not None:
                sums[each.currency][at] += each.amount
    return tuple(
        CostChangeView(currency=currency, before=one, after=other)
        for currency, (one, other) in sorted(sums.items())
        if one != other
    )


# ---------------------------------------------------------------- of what is so now


class _NotKept(NamedTuple):
    line: UUID
    member: UUID
    type_code: str
    status: str
    to_line: UUID | None


def now_view(posed: Posed, dealt: Iterable[tuple[Assignment, tuple[FreeUnit, ...]]]) -> NowView:
    """Return what a plan changes of what is promised and on its way; ``dealt`` is what it sends, with the units that it is."""
    goes: dict[UUID, UUID] = {}
    sent: dict[tuple[UUID, UUID, str], list[list[Any]]] = defaultdict(list)
    for each, units in dealt:
        assert each.member_id is not None
        goes |= {unit.id: each.line_id for unit in units}
        sent[each.line_id, each.member_id, each.type_code].append([each.quantity, each.ad_hoc])
    kept, not_kept = 0, defaultdict[_NotKept, int](int)
    names: dict[_NotKept, list[UUID]] = defaultdict(list)
    for promise in sorted(posed.picture.promised, key=lambda each: each.unit is None):
        there = sent[promise.line_id, promise.lender, promise.type_code]
        named = promise.unit is not None
        stays = promise.quantity if not named or goes.get(promise.unit) == promise.line_id else 0  # type: ignore[arg-type]
        stays = _taken(there, stays)
        kept += stays
        if missing := promise.quantity - stays:
            key = _missed(promise, goes)
            not_kept[key] += missing
            names[key] += [promise.unit] if promise.unit is not None else []
    call_signs = {unit.id: unit.call_sign for unit in posed.picture.units}
    return NowView(
        under_way=sum(line.under_way + sum(line.there.values()) for line in posed.picture.lines),
        kept=kept,
        newly=tuple(
            NewlyView(request_line_id=key[0], member_id=key[1], type_code=key[2], quantity=many, ad_hoc=ad_hoc)
            for key, each in sorted(sent.items(), key=str)
            for ad_hoc in (False, True)
            if (many := sum(quantity for quantity, marked in each if marked == ad_hoc))
        ),
        not_kept=tuple(
            NotKeptView(
                request_line_id=key.line,
                member_id=key.member,
                type_code=key.type_code,
                quantity=many,
                units=tuple(
                    PlannedUnitView(resource_id=unit, call_sign=call_signs[unit])
                    for unit in names[key]
                    if unit in call_signs
                ),
                offer_status=key.status,
                to_line_id=key.to_line,
            )
            for key, many in sorted(not_kept.items(), key=str)
        ),
        penalty_min=PENALTY_MIN,
    )


def _missed(promise: Promised, goes: Mapping[UUID, UUID]) -> _NotKept:
    to_line = None if promise.unit is None else goes.get(promise.unit)
    return _NotKept(promise.line_id, promise.lender, promise.type_code, promise.status, to_line)


def _taken(there: list[list[Any]], wanted: int) -> int:
    """Take up to so many of what is sent: under an agreement first. Return how many there were."""
    left = wanted
    for each in sorted(there, key=lambda one: one[1]):
        many = min(left, each[0])
        each[0] -= many
        left -= many
    return wanted - left
