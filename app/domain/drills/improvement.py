"""The improvement plan across drills: which corrective actions are open, overdue or retested, and how each objective fares.

Objectives are the same where their ids are: a city that keeps the id of an objective in its next scenario can see whether it got
better. Where what is measured or the thresholds have changed in between, the point says so (``comparable``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from app.domain.drills.rating import RATINGS, Rating
from app.domain.drills.report import CorrectiveAction, ObjectiveResult, Report, Unit
from app.domain.drills.shapes import Texts

Standing: TypeAlias = Literal["open", "overdue", "done", "retested"]
"""``done`` by its owner's word; ``retested``: a drill has shown it, by its ratings or by a director's or the owner's word."""
Way: TypeAlias = Literal["better", "same", "worse"]
STANDINGS: Final[tuple[Standing, ...]] = ("overdue", "open", "done", "retested")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A drill that was held, as far as the plan looks at it."""

    drill: str
    held_on: date
    scenario: str
    objectives: tuple[ObjectiveResult, ...]
    actions: tuple[CorrectiveAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retest:
    """What the drill found that was to retest an action; ``after`` None: it did not rate that objective."""

    drill: str
    held_on: date
    before: Rating | None
    after: Rating | None
    way: Way | None
    """Whether the rating got better; None where one of the two is missing."""
    passed: bool
    """It shows that the action worked: performed without challenges, or better than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An action, how it stands, and its retest if that was held. One that did not pass leaves it open, or done, as it was."""

    action: CorrectiveAction
    standing: Standing
    retest: Retest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An objective in one drill."""

    drill: str
    held_on: date
    scenario: str
    rating: Rating | None
    overruled: bool
    figure: float | None
    n: int
    interval: tuple[float, float] | None
    comparable: bool
    """Measured as in the drill before, against the same thresholds; True for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """An objective over drills, oldest first. ``way``: between the last two that were rated."""

    objective: str
    name: Texts
    unit: Unit
    points: tuple[Point, ...]
    way: Way | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImprovementPlan:
    """The plan as it stands on a day. Actions: overdue first, then open, done, retested; each by when it is due."""

    as_of: date
    actions: tuple[Followed, ...]
    trends: tuple[Trend, ...]

    def standing(self, standing: Standing) -> tuple[Followed, ...]:
        """Return the actions that stand so."""
        return tuple(each for each in self.actions if each.standing == standing)


def past_of(report: Report) -> Past:
    """Return what the plan needs of a report."""
    return Past(
        drill=report.held.ref,
        held_on=report.held.started_at.date(),
        scenario=report.scenario,
        objectives=report.objectives,
        actions=report.actions,
    )


def improvement_plan(drills: Iterable[Past], as_of: date) -> ImprovementPlan:
    """Return the plan over drills, in whatever order they are given."""
    held = sorted(drills, key=lambda each: (each.held_on, each.drill))
    by_ref = {each.drill: each for each in held}
    followed = [_followed(action, each, by_ref, as_of) for each in held for action in each.actions]
    followed.sort(key=lambda each: (STANDINGS.index(each.standing), each.action.due, each.action.id))
    return ImprovementPlan(as_of=as_of, actions=tuple(followed), trends=tuple(_trends(held)))


def way(before: Rating | None, after: Rating | None) -> Way | None:
    """Return which way a rating went."""
    if before is None or after is None:
        return None
    step = RATINGS.index(before) - RATINGS.index(after)
    return "better" if step > 0 else "worse" if step < 0 else "same"


def _followed(action: CorrectiveAction, origin: Past, by_ref: dict[str, Past], as_of: date) -> Followed:
    retest = None
    drill = by_ref.get(action.retest_drill or "")
    if drill is not None and drill.drill != origin.drill and drill.held_on >= origin.held_on:
        before, after = _rating(origin, action.objective), _rating(drill, action.objective)
        gone = way(before, after)
        retest = Retest(
            drill=drill.drill,
            held_on=drill.held_on,
            before=before,
            after=after,
            way=gone,
            passed=after == "P" or gone == "better",
        )
    standing: Standing = "overdue" if action.due < as_of else "open"
    if action.done_on is not None:
        standing = "done"
    if action.retested or (retest is not None and retest.passed):
        standing = "retested"
    return Followed(action=action, standing=standing, retest=retest)


def _rating(drill: Past, objective: str | None) -> Rating | None:
    return next((each.rating for each in drill.objectives if each.objective == objective), None)


def _trends(held: list[Past]) -> Iterable[Trend]:
    found: dict[str, list[tuple[Past, ObjectiveResult]]] = {}
    for drill in held:
        for result in drill.objectives:
            found.setdefault(result.objective, []).append((drill, result))
    for objective, results in found.items():
        points, before = [], None
        for drill, result in results:
            same = before is None or (before.measure, before.thresholds, before.better) == (
                result.measure, result.thresholds, result.better,
            )  # fmt: skip
            points.append(
                Point(
                    drill=drill.drill,
                    held_on=drill.held_on,
                    scenario=drill.scenario,
                    rating=result.rating,
                    overruled=result.overruled is not None,
                    figure=result.figure,
                    n=result.n,
                    interval=result.interval,
                    comparable=same,
                )
            )
            before = result
        rated = [each.rating for each in points if each.rating is not None]
        last = results[-1][1]
        yield Trend(
            objective=objective,
            name=last.name,
            unit=last.unit,
            points=tuple(points),
            way=way(rated[-2], rated[-1]) if len(rated) > 1 else None,
        )
