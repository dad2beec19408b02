"""The shapes of an after-action report: planned and actual, ratings, what each city saw, what people wrote, what follows.

``after_action`` makes one of a ``Play`` and of what people wrote (``Written``); whoever has the rows makes these shapes of them.
Times in the drill are microseconds from its start, as in all of the core; a ``seq`` is the number of an entry of the journal, so
that each figure can be looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import PlainSerializer, WithJsonSchema

from app.domain.drills.expectations import Standing
from app.domain.drills.model import Measure
from app.domain.drills.planned import Trigger
from app.domain.drills.rating import Overrule, Rating
from app.domain.drills.shapes import Texts

# ---------------------------------------------------------------- what people wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReason:
    """Why a drill was stopped, as somebody said; ``by`` is opaque, as people are in the journal, ``member`` a code."""

    at: datetime
    by: str
    member: str | None
    reason: str
    codes: tuple[Mapping[str, Any], ...] = ()
    """Of a stop by the service itself: the same as codes with figures, to be worded in the reader's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The drill that was held. ``lasted_us``: its drill time at the end."""

    ref: str
    started_at: datetime
    ended_at: datetime
    lasted_us: int
    stopped: bool = False
    """By a real emergency: what had not come by then is nobody's failure."""
    stop_reasons: tuple[StopReason, ...] = ()
    """Every reason that was given for the stop, in its order; the last one counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An evaluator's word on what no entry can show: whether players did what an inject expects of them."""

    inject: str
    members: tuple[str, ...]
    standing: Literal["done", "late", "missed"]
    seq: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What an evaluator saw. ``seq``: the entry it is bound to; ``text`` as written, in ``language`` where that is known."""

    id: str
    by: str
    """An opaque id of the writer, as people are in the journal."""
    at_us: int
    text: str
    kind: Literal["strength", "improvement", "note"] = "note"
    language: str | None = None
    member: str | None = None
    objective: str | None = None
    inject: str | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HotWash:
    """What one city said straight after the end."""

    member: str
    at: datetime
    went_well: str
    to_improve: str
    to_change: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectiveAction:
    """Something to be put right: by whom, by when, and which drill is to show that it was."""

    id: str
    drill: str
    text: str
    language: str | None = None
    owner: str
    """A member's code."""
    function: str | None = None
    """Who there, by function."""
    due: date
    objective: str | None = None
    done_on: date | None = None
    retest_drill: str | None = None
    """The reference of the drill that is to retest it."""
    retested: bool = False
    """Somebody has said that that drill showed it, whatever its ratings say."""


# ---------------------------------------------------------------- what the report says

ShortMeasure: TypeAlias = Annotated[
    Measure,
    PlainSerializer(lambda measure: measure.model_dump(mode="json", by_alias=True, exclude_defaults=True)),
    WithJsonSchema({"type": "object", "description": "As the scenario states it."}),
]
Outcome: TypeAlias = Literal["delivered", "spared", "left_out"]
"""``spared``: a contingency that was not needed; ``left_out``: it never came."""
Unit: TypeAlias = Literal["s", "share", "count", "figure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an inject expected of members, and how it ended; ``by`` says who tells so, the journal or an evaluator."""

    members: tuple[str, ...]
    action: Texts
    standing: Standing
    by: Literal["journal", "evaluator"] | None
    due_us: int | None = None
    done_us: int | None = None
    evidence: tuple[int, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectLine:
    """One inject on the time line: when it was planned, when it came, and what became of what it expected."""

    inject: str
    kind: str
    sender: str
    sender_name: Texts | None
    to: tuple[str, ...]
    """Members."""
    means: str
    text: Texts
    objective: str | None
    trigger: Trigger
    planned_us: int | None
    """None where the plan leaves it open: it waits for an event, a sync point or a hand."""
    latest_us: int | None
    """When it comes if what it waits for does not."""
    outcome: Outcome
    delivered_us: int | None
    difference_us: int | None
    """How much later it came than planned; negative if earlier, None where one of the two is open."""
    delivered_by: Literal["clock", "hand"] | None
    seq: int | None
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Drill time that was not played: a site's pause, or what the clock jumped over.

    A pause of everybody (``site`` None) takes no drill time: its ``wall_s`` are seconds on the wall.
    """

    kind: Literal["pause", "jump"]
    site: str | None
    from_us: int
    to_us: int
    wall_s: float | None = None
    reason: str | None = None
    """Of a pause: why, in the words of who paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveResult:
    """An objective with its figure, what that rests on, its thresholds and its rating."""

    objective: str
    name: Texts
    members: tuple[str, ...]
    measure: ShortMeasure
    unit: Unit
    better: Literal["less", "more"]
    thresholds: dict[Literal["P", "S", "M"], float]
    """In ``unit``."""
    figure: float | None
    """In ``unit``; a time to the millisecond."""
    n: int
    hits: int | None
    interval: tuple[float, float] | None
    """For a share: Wilson's, 95 %."""
    open: int
    never: bool
    not_assessed: int
    computed: Rating | None
    rating: Rating | None
    """The one that counts: an evaluator's, else the computed one."""
    overruled: Overrule | None
    overrules: tuple[Overrule, ...]
    """Every word of evaluators against the figure, in its order."""
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the journal as one city met it; ``own``: it made it itself."""

    seq: int
    type: str
    at_us: int
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Entries of one type: how many, and the first of them."""

    type: str
    own: bool
    count: int
    first_us: int
    first_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saw:
    """What one city saw: what it was told, the entries that it made, and those of others that concern it."""

    member: str
    site: str | None
    joined_us: int
    """0 for who was there from the start."""
    told: tuple[str, ...]
    """Injects that were delivered to it, in their order."""
    first_told_us: int | None
    entries: tuple[Entry, ...]
    counts: tuple[Counted, ...]
    """The entries by type, its own first, each in the order of their first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidAfter:
    """A hot wash, and whether it was in time (within half an hour of the end)."""

    wash: HotWash
    in_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of it."""

    held: Held
    scenario: str
    version: int
    title: Texts
    type: str
    hazard: str
    planned_us: int
    """How long it was to last."""
    members: tuple[str, ...]
    line: tuple[InjectLine, ...]
    """In the order in which they came; those that did not, where they were planned."""
    stretches: tuple[Stretch, ...]
    objectives: tuple[ObjectiveResult, ...]
    saw: tuple[Saw, ...]
    observations: tuple[Observation, ...]
    hot_wash: tuple[SaidAfter, ...]
    silent: tuple[str, ...]
    """Members played by people that said nothing in the hot wash."""
    summary: str | None
    """What a director wrote of the hot wash."""
    actions: tuple[CorrectiveAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Everything that people wrote about a drill."""

    assessments: tuple[Assessment, ...] = ()
    observations: tuple[Observation, ...] = ()
    hot_washes: tuple[HotWash, ...] = ()
    actions: tuple[CorrectiveAction, ...] = ()
    summary: str | None = None
