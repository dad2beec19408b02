"""A drill as its controllers lead it: clock, injects in the order of their time, what is expected, sync points, objectives so far.

All of it is the script, and for the staff alone: ``Known.require_staff`` comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from uuid import UUID

from app.domain.drills import US
from app.domain.drills.after_action import better_of, unit_of
from app.domain.drills.expectations import Expectation, awaited, expectations
from app.domain.drills.injects import Look, look, reached
from app.domain.drills.metrics import met
from app.domain.drills.planned import by_time, plan_of
from app.domain.drills.rating import rate
from app.domain.drills.sides import UNDER_WAY
from app.domain.protocol_data import LANGUAGES
from app.interop.drill_wording import Wording
from app.queries.drill_clock import ClockView, clock_view
from app.queries.drill_places import places_of
from app.queries.drills import known
from app.queries.models import ReadModel
from app.store.drills import playing, scenario_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import asyncpg

    from app.domain.authority import Actor
    from app.domain.drills.model import Inject, Scenario
    from app.domain.drills.places import Places
    from app.domain.drills.planned import Planned
    from app.domain.drills.play import Play
    from app.domain.drills.rating import Rated
    from app.store.drills import Playing

InjectState: TypeAlias = Literal["planned", "held", "delivered", "spared", "by_hand"]
_DELIVERIES: Final = """
    SELECT d.inject, d.at_us, d.delivered_at, d.by, d.reason, d.evidence, e.seq FROM drill_delivery d
    LEFT JOIN journal_entry e
      ON e.space_id = d.space_id AND e.subject_kind = 'drill_delivery' AND e.subject_id = d.id
    WHERE d.space_id = $1
"""
_MARKS: Final = """
    SELECT about, party, at_us, note FROM drill_mark WHERE space_id = $1 AND drill_id = $2 AND kind = 'action'
"""
_COUNTRIES: Final = "SELECT code, country FROM member WHERE space_id = $1"


class SiteView(ReadModel):
    """A place where players play."""

    id: str
    member: str
    name: dict[str, str]


class InjectDeliveryView(ReadModel):
    """That an inject was delivered, and why then."""

    at_us: int
    """The drill time that counts."""
    at: datetime
    by: str
    """`clock` or `hand`."""
    reason: str
    """`offset`, `event`, `inject`, `not_met`, `sync`, `else` or `hand`."""
    evidence: tuple[int, ...]
    """Entries of the drill's journal that led to it."""
    seq: int | None
    """The entry that tells it."""


class ExpectedView(ReadModel):
    """What an inject expects of players."""

    action: dict[str, str]
    by: tuple[str, ...]
    """Codes of members."""
    within_s: int | None
    event: str | None
    """The event of the journal that shows it; null: an evaluator or controller sees it, and ticks it."""


class ExpectationView(ReadModel):
    """How it stands with one member, or with several where one does it for all."""

    members: tuple[str, ...]
    standing: str
    """`done`, `late`, `open`, `missed` or `not_assessed`."""
    asked_us: int
    due_us: int
    done_us: int | None
    seq: int | None
    """The entry that shows it."""
    marked: bool
    """It was ticked by hand."""
    note: str | None
    """What was written with the tick."""


class InjectView(ReadModel):
    """One inject of the script."""

    id: str
    kind: str
    sender: str
    """A voice, a member's code, or `control`."""
    sender_name: dict[str, str] | None
    """Of a voice."""
    to: tuple[str, ...]
    """Codes of members."""
    means: str
    text: dict[str, str]
    objective: str | None
    number: int
    """Its place in the script, by the time of the plan: what texts call it by."""
    trigger: str
    """`offset`, `event`, `inject`, `not_met`, `sync` or `hand`."""
    when: dict[str, str]
    """What brings it, in words of each language."""
    planned_us: int | None
    latest_us: int | None
    """When it comes if what it waits for does not."""
    state: InjectState
    """`held`: due, but all it goes to play at paused sites; `spared`: not needed; `by_hand`: waits for a controller."""
    delivered: InjectDeliveryView | None
    expected: ExpectedView | None
    expectations: tuple[ExpectationView, ...]


class SyncSideView(ReadModel):
    """A side of a sync point."""

    side: str
    """A member's code, or a country."""
    at_us: int | None
    """When it reached it."""


class SyncPointView(ReadModel):
    """A point that all sides must reach."""

    id: str
    name: dict[str, str]
    by_hand: bool
    """Controllers say that it is reached."""
    sides: tuple[SyncSideView, ...]


class ObjectiveView(ReadModel):
    """An objective as it stands."""

    id: str
    name: dict[str, str]
    members: tuple[str, ...]
    unit: str
    """Of the figure: `s`, `share`, `count` or `figure`."""
    better: str
    """`less` or `more`."""
    thresholds: dict[str, float]
    """P, S and M, in that unit; beyond M it is U."""
    figure: float | None
    n: int
    """How many were measured."""
    hits: int | None
    interval: tuple[float, float] | None
    """Of a share: Wilson's, 95 %."""
    open: int
    """Begun and not ended."""
    rating: str | None
    """As measured; the evaluators' own word stands with the ratings, after the end. Null once the drill was stopped."""


class ControlView(ReadModel):
    """The whole of it, for its staff."""

    at: datetime
    """The server's time."""
    clock: ClockView | None
    """Null before it has begun."""
    sites: tuple[SiteView, ...]
    next_us: int | None
    """Drill time of the next thing that is known to come."""
    awaited: tuple[str, ...]
    """Injects at which people are still at work: the clock does not jump over them."""
    injects: tuple[InjectView, ...]
    """By time: when they came, else when they are planned; those without a time last."""
    sync_points: tuple[SyncPointView, ...]
    objectives: tuple[ObjectiveView, ...]


async def control(
    conn: asyncpg.Connection[Any], space: str, id_: UUID, *, actor: Actor, now: datetime
) -> ControlView:  # fmt: skip
    """Return the drill for who leads it. ``conn`` sees one instant.

    Raises:
        NotFound: there is no such drill.
        RoleMissing: the reader is not of its staff.
    """
    found = await known(conn, space, id_, actor)
    found.require_staff("reading the script")
    row = found.row
    scenario = scenario_of(row["script"], row["script_digest"])
    script = _script(scenario, await places_of(conn, space))
    if row["plays_in"] is None:
        countries = {each["code"]: each["country"] for each in await conn.fetch(_COUNTRIES, space)}
        return _planned(script, countries, now)
    at = await playing(conn, row)
    deliveries = {each["inject"]: each for each in await conn.fetch(_DELIVERIES, at.space)}
    marks = {(each["about"], each["party"]): each for each in await conn.fetch(_MARKS, space, id_)}
    at_us = at.clock.at_us(now)
    seen = look(at.play, at.clock, now)
    stands = _standing(at.play, at_us, marks)
    lines = [
        _inject(
            script,
            inject,
            at.play.members(inject.to),
            state=_state(at.play, inject, seen, at_us),
            delivered=deliveries.get(inject.id),
            expected_of=() if inject.expect is None else at.play.members(inject.expect.by),
            stands=stands.get(inject.id, ()),
        )
        for inject in scenario.injects
    ]
    return ControlView(
        at=now,
        clock=clock_view(at.clock, now),
        sites=_sites(scenario),
        next_us=seen.next_us,
        awaited=awaited(at.play, at_us, marks) if row["status"] in UNDER_WAY else (),
        injects=_by_time(lines),
        sync_points=tuple(
            SyncPointView(
                id=point.id,
                name=point.name.root,
                by_hand=bool(point.by_hand),
                sides=tuple(_side(at.play, point, side, at_us) for side in point.sides),
            )
            for point in scenario.sync_points
        ),
        objectives=tuple(_objective(at.play.members, scenario, each) for each in _rated(at, at_us)),
    )


def _planned(script: _Script, countries: Mapping[str, str], now: datetime) -> ControlView:
    """Return the plan of a drill that has not begun: nothing is delivered, and nothing measured."""
    scenario = script.scenario

    def members(parties: tuple[str, ...]) -> tuple[str, ...]:
        return scenario.members(countries, parties)

    return ControlView(
        at=now,
        clock=None,
        sites=_sites(scenario),
        next_us=None,
        awaited=(),
        injects=_by_time(
            [
                _inject(
                    script,
                    inject,
                    members(inject.to),
                    state="by_hand" if inject.by_hand else "planned",
                    delivered=None,
                    expected_of=() if inject.expect is None else members(inject.expect.by),
                    stands=(),
                )
                for inject in scenario.injects
            ]
        ),
        sync_points=tuple(
            SyncPointView(
                id=point.id,
                name=point.name.root,
                by_hand=bool(point.by_hand),
                sides=tuple(SyncSideView(side=side, at_us=None) for side in point.sides),
            )
            for point in scenario.sync_points
        ),
        objectives=tuple(_objective(members, scenario, each.id) for each in scenario.objectives),
    )


# ---------------------------------------------------------------- injects


@dataclass(frozen=True, slots=True)
class _Script:
    """A scenario with its plan, by which number texts call each inject, and the words of each language."""

    scenario: Scenario
    plan: Mapping[str, Planned]
    numbers: Mapping[str, int]
    wordings: Sequence[Wording]


def _script(scenario: Scenario, places: Places) -> _Script:
    return _Script(
        scenario=scenario,
        plan=plan_of(scenario),
        numbers={each.id: number for number, each in enumerate(by_time(scenario), 1)},
        wordings=[Wording(language, places) for language in LANGUAGES],
    )


def _state(play: Play, inject: Inject, seen: Look, at_us: int) -> InjectState:
    if inject.id in play.deliveries:
        return "delivered"
    contingency = inject.if_not_met
    if contingency is not None and contingency.by * US <= at_us:
        objective = play.scenario.objective(contingency.objective)
        if met(play, objective, contingency.by * US):
            return "spared"
    if any(each.inject == inject.id for each in seen.held):
        return "held"
    return "by_hand" if inject.by_hand else "planned"


def _inject(
    script: _Script,
    inject: Inject,
    to: tuple[str, ...],
    *,
    state: InjectState,
    delivered: Mapping[str, Any] | None,
    expected_of: tuple[str, ...],
    stands: Collection[ExpectationView],
) -> InjectView:
    expect, voice = inject.expect, script.scenario.voices.get(inject.sender)
    plan = script.plan[inject.id]
    return InjectView(
        id=inject.id,
        kind=inject.kind,
        sender=inject.sender,
        sender_name=None if voice is None else voice.root,
        to=to,
        means=inject.means,
        text=inject.text.root,
        objective=inject.objective,
        number=script.numbers[inject.id],
        trigger=plan.trigger,
        when={each.language: each.trigger(script.scenario, inject) for each in script.wordings},
        planned_us=plan.at_us,
        latest_us=plan.latest_us,
        state=state,
        delivered=None
        if delivered is None
        else InjectDeliveryView.model_validate({**delivered, "at": delivered["delivered_at"]}),
        expected=None
        if expect is None
        else ExpectedView(action=expect.action.root, by=expected_of, within_s=expect.within, event=expect.event),
        expectations=tuple(stands),
    )


def _by_time(lines: Sequence[InjectView]) -> tuple[InjectView, ...]:
    def when(line: InjectView) -> tuple[bool, int]:
        times = (line.delivered.at_us if line.delivered else None, line.planned_us, line.latest_us)
        found = next((each for each in times if each is not None), None)
        return found is None, found or 0

    return tuple(sorted(lines, key=when))


def _standing(
    play: Play, at_us: int, marks: Mapping[tuple[str, str], Mapping[str, Any]]
) -> dict[str, list[ExpectationView]]:
    """Return how everything expected stands: by the journal, and where it shows nothing, by the ticks."""
    found: dict[str, list[ExpectationView]] = {}
    for each in (*expectations(play, at_us), *_by_eye(play, at_us)):
        ticks = [marks[each.inject, member] for member in each.members if (each.inject, member) in marks]
        standing, done_us = each.standing, each.done_us
        if ticks and standing not in {"done", "late"}:
            done_us = min(tick["at_us"] for tick in ticks)
            standing = "late" if done_us > each.due_us > each.asked_us else "done"
        found.setdefault(each.inject, []).append(
            ExpectationView(
                members=each.members,
                standing=standing,
                asked_us=each.asked_us,
                due_us=each.due_us,
                done_us=done_us,
                seq=each.evidence,
                marked=bool(ticks),
                note=next((tick["note"] for tick in ticks if tick["note"]), None),
            )
        )
    return found


def _by_eye(play: Play, at_us: int) -> list[Expectation]:
    """Return the expectations that no entry can show: open until somebody ticks them."""
    found = []
    for inject in play.scenario.injects:
        delivery, expect = play.deliveries.get(inject.id), inject.expect
        if delivery is None or delivery.at_us > at_us or expect is None or expect.match is not None:
            continue
        members, due_us = play.members(expect.by), delivery.at_us + (expect.within or 0) * US
        groups = [members] if expect.who == "any" else [(member,) for member in members]
        found += [Expectation(inject.id, group, "open", delivery.at_us, due_us) for group in groups]
    return found


# ---------------------------------------------------------------- sites, sync points, objectives


def _sites(scenario: Scenario) -> tuple[SiteView, ...]:
    return tuple(SiteView(id=site.id, member=site.member, name=site.name.root) for site in scenario.sites)


def _side(play: Play, point: Any, side: str, at_us: int) -> SyncSideView:
    came = reached(play, point, side, at_us)
    return SyncSideView(side=side, at_us=None if came is None else came[0])


def _rated(at: Playing, at_us: int) -> tuple[Rated | str, ...]:
    """Return how far each objective has come; of a drill that was stopped only its id, for nothing of that is measured."""
    if at.clock.state == "stopped":
        return tuple(each.id for each in at.play.scenario.objectives)
    return rate(at.play, at_us, ended=at.clock.state == "ended")


def _objective(members: Any, scenario: Scenario, rated: Rated | str) -> ObjectiveView:
    id_ = rated if isinstance(rated, str) else rated.objective
    objective = scenario.objective(id_)
    measured = None if isinstance(rated, str) else rated.measured
    levels = objective.levels
    return ObjectiveView(
        id=id_,
        name=objective.name.root,
        members=members(objective.of),
        unit=unit_of(objective),
        better=better_of(levels.P),
        thresholds={str(level): bound for level, bound in levels.bounds.items()},
        figure=None if measured is None else measured.figure,
        n=0 if measured is None else measured.n,
        hits=None if measured is None else measured.hits,
        interval=None if measured is None else measured.interval,
        open=0 if measured is None else measured.open,
        rating=None if isinstance(rated, str) else rated.rating,
    )
