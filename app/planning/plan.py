"""All open lines at once: what a plan is made from, what it says, and what two of them differ in. Solved by ``allocation.py``.

A plan reserves nothing and sends nobody. It proposes whole units of pools to lines; what is on its way stands in it as it is, and what a member has said
about its own stands above it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from app.domain.agreement_reasons import FIGURES as AGREED
from app.domain.agreement_reasons import RESERVES
from app.domain.resource_types import parts_of_type
from app.planning.candidates import Why
from app.planning.rulings import Ruling, bits_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from app.planning.eta import Size
    from app.planning.travel import Travel

PRIORITIES: Final = ("life_safety", "incident_stabilisation", "property", "recovery")
"""The first goes before all the others; among the others each weighs ten times the next."""
PENALTY_MIN: Final = 60
"""A unit of an accepted offer is taken from its line only for one that is so many minutes sooner."""
BY_ROWS: Final = bits_of([*RESERVES, "cap_units"])
"""What a verdict says about one unit and the plan counts over all of them."""
WORDS: Final = bits_of(["said_cannot", "lender_cannot"])
"""What a lender itself says, with or without an agreement."""
LENDERS: Final = frozenset({*AGREED, "promised", "said_cannot", "lender_cannot"})
"""Reasons that are one lender's: its word, its reserve, what it has promised, its agreement. Another lender's has other figures."""

Status: TypeAlias = Literal["optimal", "time_limit", "greedy"]
Note: TypeAlias = Literal["solver_failed", "solver_late"]


@dataclass(frozen=True, slots=True)
class Line:
    """What is asked for, as far as nobody is on the way to it: ``quantity`` units at a place."""

    id: UUID
    requester: UUID
    type_code: str
    quantity: int
    priority: str
    lon: float
    lat: float
    country: str
    within_min: float | None = None
    """Minutes until it is needed; who comes later does not count. None where there is no haste."""
    parts: Mapping[str, int] = field(default_factory=dict)
    """Of a composite type what it is made of."""
    there: Mapping[str, int] = field(default_factory=dict)
    """Of its parts those that go to it already, and make no whole yet."""
    case: Hashable = None
    """Lines of one case are alike to every agreement; None: this one is like no other."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Units of one type and member that stand together and are alike; free, and of any use to nobody else."""

    id: Hashable
    member_id: UUID
    country: str
    type_code: str
    count: int
    lon: float
    lat: float
    mobilise_min: float
    size: Size | None = None
    vehicles: int = 1
    """Vehicles that one of them is on the road: a formation takes as many slots of a crossing."""


@dataclass(frozen=True, slots=True)
class Cover:
    """Under what a lender would help a line with a type."""

    ruling: Ruling
    agreement: str | None = None
    """Its code and version as one word; by it caps are counted. None for the requester's own, and where none allows it."""
    cost: float = 0.0
    """Of one unit, in the corridor's currency."""
    ad_hoc: bool = False
    """No agreement allows it, and a representative may still send it: proposed last, and marked."""
    by_rows: bool = True
    """Reserve and caps are counted over all units. False for a formation: the verdict on one counts, too."""

    @property
    def bits(self) -> int:
        """The reasons that stand against any unit of the lender; what ad hoc help sets aside is the agreement's word alone."""
        if self.ad_hoc:
            return self.ruling.bits & WORDS
        return self.ruling.bits & ~BY_ROWS if self.by_rows else self.ruling.bits


Covers: TypeAlias = Callable[[UUID, Line, str], Cover]
"""(lender, line, type) → under what. Asked once for each lender, case and type."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``left`` more units: what the reserve leaves of some pools, or a cap of an agreement for a type, those within formations counted."""

    code: str
    """The reason that is told where it binds: ``reserve_floor``, ``cap_units`` …"""
    left: int
    pools: tuple[Hashable, ...] = ()
    agreement: str | None = None
    type_code: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    """With which the reason is told."""
    lent_only: bool = False
    """What goes to a line of the pools' own member is not counted: a reserve is for those at home."""
    lines: frozenset[UUID] | None = None
    """The lines that it binds: what goes to others is not counted. None: all. By no agreement is anything kept from a line that it does not apply to."""

    @property
    def why(self) -> Why:
        """The reason."""
        return Why(self.code, self.figures)

    def binds(self, line_id: UUID) -> bool:
        """Return whether it counts what goes to a line."""
        return self.lines is None or line_id in self.lines


def units_in(type_code: str, counted: str | None) -> int:
    """Return how many units of a type that is counted one of another type is: itself once, a formation's parts as many as it has; None counts anything once."""
    return 1 if counted in {None, type_code} else parts_of_type(type_code).get(counted or "", 0)


@dataclass(frozen=True, slots=True)
class Word:
    """What a member has said about its own: it stands above the plan. ``can`` lifts its reserve."""

    member_id: UUID
    can: bool
    type_code: str | None = None
    """None: all its types."""
    line_id: UUID | None = None
    """For one line; of ``can`` no account is taken of it."""


@dataclass(frozen=True, slots=True)
class Promise:
    """So many of a pool for a line: dispatched, and fixed, or accepted, and changed only at a penalty."""

    line_id: UUID
    pool_id: Hashable
    quantity: int


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that a plan is made from. Frozen: asking what if is a plan from a changed copy."""

    at: datetime
    lines: tuple[Line, ...]
    pools: tuple[Pool, ...]
    travel: Travel
    covers: Covers
    limits: tuple[Limit, ...] = ()
    slots: Mapping[str, int] = field(default_factory=dict)
    """Code of a crossing → vehicles that pass it in a bucket of time; one that is not named takes any number."""
    bucket_min: float = 60.0
    taken: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """(crossing, bucket from now) → slots that are taken by what is on its way."""
    words: tuple[Word, ...] = ()
    accepted: tuple[Promise, ...] = ()
    """Their units stand in the pools, free."""
    dispatched: tuple[Promise, ...] = ()
    """Told again as they are. Their units stand in no pool, their quantity in no line."""
    types: Collection[str] | None = None
    """Types that there are; None: any."""
    shut: frozenset[str] = frozenset()
    """Crossings taken to be closed, whatever their state."""
    busy: Mapping[str, int] = field(default_factory=dict)
    """Type → units that are on missions, or promised elsewhere: they stand in no pool."""
    bound: frozenset[str] = frozenset()
    """Types of which free units stand in formations that go as a whole, and in no pool of their own."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """So many of a pool to a line, by one way."""

    line_id: UUID
    pool_id: Hashable
    member_id: UUID | None
    type_code: str
    quantity: int
    eta_min: float
    """Acknowledge, mobilise, road, crossing and what it waits there for a slot."""
    crossing: str | None = None
    bucket: int | None = None
    """In which bucket of time it passes the border."""
    waits_min: float = 0.0
    agreement: str | None = None
    ad_hoc: bool = False
    cost: float = 0.0
    """Of all of them."""
    part: bool = False
    """Of a formation that is put together."""
    fixed: bool = False
    """On its way: the plan only tells it again."""
    via: tuple[tuple[str, int], ...] = ()
    """Crossings that it passes after ``crossing``, where it goes through a country between, and in which buckets."""

    @property
    def crossings(self) -> tuple[str, ...]:
        """All crossings of its way, in turn."""
        return () if self.crossing is None else (self.crossing, *(code for code, _ in self.via))

    @property
    def key(self) -> tuple[UUID, Hashable]:
        """By which two plans are compared."""
        return self.line_id, self.pool_id


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why so many units that exist don't help a line."""

    why: Why
    units: int
    member_id: UUID | None = None
    """Whose units they are, where the reason is one of ``LENDERS``; None: anybody's."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """What the plan leaves open of a line, and why: what holds most units back first, and of its lenders the one that holds back most. Never without a reason."""

    line_id: UUID
    quantity: int
    why: tuple[Hindrance, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A proposal for all lines."""

    assignments: tuple[Assignment, ...]
    unmet: tuple[Unmet, ...]
    status: Status
    note: Note | None = None
    """Why greedy answers."""
    life_safety_unmet: int = 0
    worst_share: float = 1.0
    """Of what a requester asks for and anybody could send, the least that one gets."""
    seconds: float = 0.0

    @property
    def minutes(self) -> float:
        """Of all units that are not on their way already, together."""
        return sum(each.eta_min * each.quantity for each in self.assignments if not each.fixed)

    @property
    def cost(self) -> float:
        """Of the same."""
        return sum(each.cost for each in self.assignments if not each.fixed)

    @property
    def unmet_units(self) -> int:
        """How many units are asked for and not sent."""
        return sum(each.quantity for each in self.unmet)


@dataclass(frozen=True, slots=True)
class Moved:
    """How many of a pool go to a line in one plan and in the other."""

    line_id: UUID
    pool_id: Hashable
    before: int
    after: int


class Way(NamedTuple):
    """Under what units go, and over which crossings, in turn."""

    agreement: str | None
    ad_hoc: bool
    crossings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rerouted:
    """So many of a member's units that go to the same line in both plans, in another way."""

    line_id: UUID
    member_id: UUID
    type_code: str
    quantity: int
    before: Way
    after: Way


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second of two plans changes."""

    moved: tuple[Moved, ...]
    rerouted: tuple[Rerouted, ...]
    unmet_units: int
    """More that are left open; fewer where it is negative."""
    life_safety_unmet: int
    minutes: float
    cost: float
    later: Mapping[UUID, float]
    """Line → minutes that the last unit it gets comes later; lines that get none before or after are not told."""


def difference(before: Plan, after: Plan) -> Difference:
    """Return what ``after`` changes of ``before``, by line and pool."""
    old, new = _sent(before), _sent(after)
    moved = tuple(
        Moved(*key, old.get(key, 0), new.get(key, 0))
        for key in sorted(old.keys() | new.keys(), key=lambda key: (str(key[0]), str(key[1])))
        if old.get(key, 0) != new.get(key, 0)
    )
    last_old, last_new = _last(before), _last(after)
    later = {
        line: last_new[line] - last_old[line]
        for line in last_old.keys() & last_new.keys()
        if abs(last_new[line] - last_old[line]) > 1e-6  # noqa: PLR2004 - less is rounding
    }
    return Difference(
        moved,
        tuple(_rerouted(before, after)),
        after.unmet_units - before.unmet_units,
        after.life_safety_unmet - before.life_safety_unmet,
        after.minutes - before.minutes,
        after.cost - before.cost,
        later,
    )


def _sent(plan: Plan) -> dict[tuple[UUID, Hashable], int]:
    sent: dict[tuple[UUID, Hashable], int] = {}
    for each in plan.assignments:
        sent[each.key] = sent.get(each.key, 0) + each.quantity
    return sent


def _rerouted(before: Plan, after: Plan) -> Iterator[Rerouted]:
    old, new = _ways(before), _ways(after)
    for key in sorted(old.keys() & new.keys(), key=str):
        left, come = dict(old[key]), dict(new[key])
        for way in left.keys() & come.keys():
            same = min(left[way], come[way])
            left[way] -= same
            come[way] -= same
        for way in sorted(left, key=str):
            for other in sorted(come, key=str):
                if many := min(left[way], come[other]):
                    left[way] -= many
                    come[other] -= many
                    yield Rerouted(*key, many, way, other)


def _ways(plan: Plan) -> dict[tuple[UUID, UUID, str], dict[Way, int]]:
    """Return by line, member and type how many go in which way."""
    found: dict[tuple[UUID, UUID, str], dict[Way, int]] = defaultdict(lambda: defaultdict(int))
    for each in plan.assignments:
        if each.member_id is not None:
            way = Way(each.agreement, each.ad_hoc, each.crossings)
            found[each.line_id, each.member_id, each.type_code][way] += each.quantity
    return found


def _last(plan: Plan) -> dict[UUID, float]:
    last: dict[UUID, float] = {}
    for each in plan.assignments:
        last[each.line_id] = max(last.get(each.line_id, 0.0), each.eta_min)
    return last
