"""The shapes of a scenario file: who plays what, what happens when, and by what it is judged.

Frozen from the start. ``simulations/scenarios/README.md`` tells authors how to write one; the JSON Schema in
``protocols/wire/drill/`` is made from these shapes. What no shape can tell is in ``checks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Protocol, TypeAlias, TypeVar

from pydantic import ConfigDict, Field

from app.domain.drills import US
from app.domain.drills.shapes import (
    Line,
    LonLat,
    Match,
    Minutes,
    Moment,
    Parties,
    Party,
    Quantity,
    Seconds,
    Shape,
    Share,
    Spread,
    Texts,
    Where,
    Word,
    one_of,
)

# ---------------------------------------------------------------- who plays


class Notice(Shape):
    kind: Literal["announced", "no_notice"]
    window_h: Annotated[int, Field(strict=True, ge=1, le=720)] | None = None
    """For ``no_notice``: the hours within which it may begin."""


class Channel(Shape):
    means: Literal["phone", "radio", "data", "in_person"]
    detail: Line | None = None
    """A talkgroup or number; invented."""
    use: Texts


class Site(Shape):
    id: Word
    member: Party
    name: Texts


class Role(Shape):
    role: Literal[
        "exercise_director", "drill_controller", "drill_evaluator", "simcell", "safety_officer", "observer"
    ]  # fmt: skip
    member: Party
    count: Annotated[int, Field(strict=True, ge=1, le=50)] = 1


class Delay(Shape):
    """How long somebody takes: lognormal, by its median and the standard deviation of its logarithm."""

    median: Seconds
    spread: Spread = 0.4


class Policy(Shape):
    """How a player that is no person behaves; ``virtual`` plays it."""

    acknowledge: Delay
    answer: Delay
    """From the acknowledgement to an offer or a no."""
    accept: Delay
    commit: Delay
    mobilise: Delay
    step: Delay
    """From each further step of a mission to the next."""
    decline_share: Share = 0.0
    accept_share: Share = 1.0
    decline_reason: Word = "own_emergency"
    reserve: dict[str, Annotated[int, Field(strict=True, ge=0, le=1000)]] = Field(default_factory=dict)
    """Resource type → how many stay at home."""


class Player(Shape):
    member: Party
    site: Word
    play: Literal["people", "virtual"] = "people"
    policy: Word | None = None


# ---------------------------------------------------------------- what happens

Kind: TypeAlias = Literal[
    "start_of_exercise", "information", "incident", "need", "sensor", "crossing_outage", "communications_loss",
    "own_incident", "offer_prompt", "end_of_exercise",
]  # fmt: skip
Means: TypeAlias = Literal["phone", "radio", "message", "in_person", "sensor", "console"]


class After(Shape):
    """Follows an event of the journal or another inject, ``delay`` later; if nothing came by ``else_at``, then."""

    model_config = ConfigDict(json_schema_extra=one_of("event", "inject"))

    event: str | None = None
    inject: Word | None = None
    where: Where = Where()
    delay: Seconds = 0
    else_at: Seconds | None = None

    @property
    def match(self) -> Match | None:
        """Return the event it follows, if it is one."""
        return None if self.event is None else Match(event=self.event, where=self.where)


class IfNotMet(Shape):
    """A contingency: only if the objective is not met at ``by``."""

    objective: Word
    by: Seconds


class Sync(Shape):
    """When every side has reached a sync point, ``delay`` later; if one has not by ``else_at``, then."""

    point: Word
    delay: Seconds = 0
    else_at: Seconds | None = None


class TypeCount(Shape):
    type: str
    quantity: Quantity


class IncidentContent(Shape):
    title: Texts
    hazard: str
    severity: Annotated[int, Field(strict=True, ge=1, le=5)]
    lead: Party
    point: LonLat
    radius_m: Annotated[int, Field(strict=True, ge=50, le=50_000)] = 1000
    phases: dict[str, str] = Field(default_factory=dict)
    takes: tuple[TypeCount, ...] = ()
    """What of its own the lead sends there, and can't lend any more."""


class NeedLine(Shape):
    type: str
    quantity: Quantity
    priority: str
    needed_in: Seconds
    place: Line
    point: LonLat
    rendezvous: str | None = None


class NeedContent(Shape):
    member: Party
    incident: Word
    """The inject by which the incident came."""
    kind: Literal["immediate", "planned"] = "immediate"
    """Help from day to day has no incident, and is no need of a drill."""
    lines: Annotated[tuple[NeedLine, ...], Field(min_length=1, max_length=10)]


class SensorContent(Shape):
    station: Line
    quantity: Literal[
        "water_level_m", "flow_m3_s", "rain_mm_h", "wind_m_s", "temperature_c", "humidity_pct", "concentration_ppm",
        "load_mw",
    ]  # fmt: skip
    value: float
    threshold: float | None = None


class CrossingContent(Shape):
    code: str
    control: Literal["none", "checks", "closed"]
    delay_min: Minutes = 0
    lasts: Seconds | None = None


class CommunicationsContent(Shape):
    members: Parties
    channel: Literal["phone", "radio", "data", "all"]
    lasts: Seconds


class OfferContent(Shape):
    member: Party
    need: Word
    """The inject by which the need came."""
    lines: Annotated[tuple[TypeCount, ...], Field(min_length=1, max_length=10)]


class Expected(Shape):
    """What players are expected to do; with ``event`` the journal tells whether they did, ``within`` of the inject."""

    by: Parties
    who: Literal["each", "any"] = "each"
    """Each of them, or one for all."""
    action: Texts
    event: str | None = None
    where: Where = Where()
    within: Seconds | None = None

    @property
    def match(self) -> Match | None:
        """Return the event that shows it, if one does."""
        return None if self.event is None else Match(event=self.event, where=self.where)


class Inject(Shape):
    model_config = ConfigDict(json_schema_extra=one_of("at", "after", "if_not_met", "sync", "by_hand"))

    id: Word
    kind: Kind
    sender: Word = Field(alias="from")
    """A voice, a member, or ``control``."""
    to: Parties
    means: Means
    text: Texts
    at: Seconds | None = None
    after: After | None = None
    if_not_met: IfNotMet | None = None
    sync: Sync | None = None
    by_hand: Literal[True] | None = None
    incident: IncidentContent | None = None
    need: NeedContent | None = None
    sensor: SensorContent | None = None
    crossing: CrossingContent | None = None
    communications: CommunicationsContent | None = None
    offer: OfferContent | None = None
    expect: Expected | None = None
    objective: Word | None = None


class SyncPoint(Shape):
    """A point that every side must reach: by an event, by what an inject expects, or by its controllers' word."""

    model_config = ConfigDict(json_schema_extra=one_of("event", "expectation_of", "by_hand"))

    id: Word
    name: Texts
    sides: Annotated[tuple[Party, ...], Field(min_length=2)]
    event: str | None = None
    where: Where = Where()
    expectation_of: Word | None = None
    by_hand: Literal[True] | None = None

    @property
    def match(self) -> Match | None:
        """Return the event that shows it, if one does."""
        return None if self.event is None else Match(event=self.event, where=self.where)


# ---------------------------------------------------------------- by what it is judged


class Measure(Shape):
    """A figure over the journal; ``metrics`` says how each is taken."""

    metric: Literal["time", "share", "count", "least", "most", "reserve_kept"]
    start: Moment | None = Field(default=None, alias="from")
    end: Match | None = Field(default=None, alias="to")
    per: Literal["drill", "member", "request", "offer", "mission", "incident", "call"] = "drill"
    summary: Literal["longest", "median", "shortest"] = "longest"
    within: Seconds | None = None
    over: Match | None = None
    figure: Literal["quantity", "offered_quantity", "accepted_quantity", "severity", "delay_min"] | None = None
    type: str | None = None


class Target(Shape):
    """A bound: ``within`` for times, the others for shares, counts and figures."""

    model_config = ConfigDict(json_schema_extra=one_of("within", "at_least", "at_most"))

    within: Seconds | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def bound(self) -> float:
        """Return the bound, in seconds for a time."""
        return next(float(each) for each in (self.within, self.at_least, self.at_most) if each is not None)

    def holds(self, figure: float) -> bool:
        """Return whether a figure keeps the bound."""
        return figure >= self.bound if self.at_least is not None else figure <= self.bound


class Levels(Shape):
    """P: performed without challenges (the target); S: with some; M: with major ones. Beyond M: U, unable."""

    P: Target
    S: Target | None = None
    """Left out where nothing lies between: of a reserve of one there is one, or none."""
    M: Target | None = None

    @property
    def given(self) -> dict[Literal["P", "S", "M"], Target]:
        """Return those that there are, from the strictest."""
        levels: dict[Literal["P", "S", "M"], Target | None] = {"P": self.P, "S": self.S, "M": self.M}
        return {letter: target for letter, target in levels.items() if target is not None}

    @property
    def bounds(self) -> dict[Literal["P", "S", "M"], float]:
        """Return the bound of each that there is."""
        return {letter: target.bound for letter, target in self.given.items()}


class Objective(Shape):
    id: Word
    name: Texts
    of: Parties = Field(alias="for")
    measure: Measure
    levels: Levels


class Scenario(Shape):
    """A master scenario events list with all that belongs to it."""

    id: Word
    version: Annotated[int, Field(strict=True, ge=1)]
    corridor: Word
    type: Literal["seminar", "workshop", "tabletop", "game", "drill", "functional", "full_scale"]
    hazard: str
    title: Texts
    summary: Texts
    author: Line
    approver: Line
    duration: Seconds
    smoke_speed: Annotated[int, Field(strict=True, ge=1, le=60)]
    seed: Annotated[int, Field(strict=True, ge=0, le=2**53)]
    notice: Notice
    directive: Texts
    extent_of_play: Texts
    situation: Texts
    communications: Annotated[tuple[Channel, ...], Field(min_length=1)]
    stop_words: Texts
    quorum: Annotated[int, Field(strict=True, ge=1)]
    """How many players must be READY, at least one of each country, or the drill holds."""
    sites: Annotated[tuple[Site, ...], Field(min_length=1)]
    players: Annotated[tuple[Player, ...], Field(min_length=1)]
    policies: dict[Word, Policy] = Field(default_factory=dict)
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    voices: dict[Word, Texts] = Field(default_factory=dict)
    sync_points: tuple[SyncPoint, ...] = ()
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)]
    injects: Annotated[tuple[Inject, ...], Field(min_length=1)]

    @property
    def duration_us(self) -> int:
        """Return how long it lasts, in drill time."""
        return self.duration * US

    def inject(self, id_: str) -> Inject:
        """Return the inject of that id; ``KeyError`` if there is none."""
        return _named(self.injects, id_)

    def objective(self, id_: str) -> Objective:
        """Return the objective of that id; ``KeyError`` if there is none."""
        return _named(self.objectives, id_)

    def sync_point(self, id_: str) -> SyncPoint:
        """Return the sync point of that id; ``KeyError`` if there is none."""
        return _named(self.sync_points, id_)

    def members(self, countries: Mapping[str, str], parties: tuple[str, ...]) -> tuple[str, ...]:
        """Return the players that parties mean, in the file's order."""
        codes = [player.member for player in self.players]
        return tuple(each for each in codes if not {"all", each, countries.get(each)}.isdisjoint(parties))


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_NamedT = TypeVar("_NamedT", bound=_Named)


def _named(things: tuple[_NamedT, ...], id_: str) -> _NamedT:
    for each in things:
        if each.id == id_:
            return each
    raise KeyError(id_)
