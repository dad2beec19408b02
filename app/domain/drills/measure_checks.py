"""Checks of objectives: does the measure have what its metric needs, and do the levels go one way?"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from app.domain.drills.checking import Found, party_faults, time_fault, unknown
from app.domain.drills.fault_words import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.domain.drills.ground import Ground
    from app.domain.drills.model import Measure, Objective, Scenario, Target
    from app.domain.drills.placed import Path

NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "time": frozenset({"from", "to"}),
    "share": frozenset({"from", "to"}),
    "count": frozenset({"over"}),
    "least": frozenset({"over", "figure"}),
    "most": frozenset({"over", "figure"}),
    "reserve_kept": frozenset({"type"}),
}
"""What each metric is told."""
MAY: Final[Mapping[str, frozenset[str]]] = {
    "time": frozenset({"per", "summary"}),
    "share": frozenset({"per", "within"}),
}
"""What it can be told besides."""


def objective_faults(scenario: Scenario, ground: Ground) -> Found:
    """Yield what is wrong with each objective."""
    for number, objective in enumerate(scenario.objectives):
        at: Path = ("objectives", number)
        yield from party_faults(scenario, ground, objective.of, (*at, "for"))
        yield from _measure(scenario, ground, objective.measure, (*at, "measure"))
        yield from _levels(scenario, objective, (*at, "levels"))
        if objective.measure.metric == "reserve_kept":
            yield from _reserve(scenario, ground, objective, at)


def _given(measure: Measure) -> set[str]:
    names = {field.alias or name: name for name, field in type(measure).model_fields.items() if name != "metric"}
    return {alias for alias, name in names.items() if name in measure.model_fields_set}


def _measure(scenario: Scenario, ground: Ground, measure: Measure, at: Path) -> Found:
    given, needs = _given(measure), NEEDS[measure.metric]
    for name in sorted(needs - given):
        yield at, said("metric_needs", name=name, metric=measure.metric)
    for name in sorted(given - needs - MAY.get(measure.metric, frozenset())):
        yield (*at, name), said("metric_without", metric=measure.metric)
    if (start := measure.start) is not None and start.inject is not None:
        injects = [each.id for each in scenario.injects]
        if start.inject not in injects:
            yield (*at, "from", "inject"), unknown("inject", start.inject, injects)
        if measure.per not in {"drill", "member"}:
            yield (*at, "per"), said("per_of_inject")
    if measure.type is not None and measure.type not in ground.types:
        yield (*at, "type"), unknown("resource type", measure.type, ground.types)
    if fault := time_fault(scenario, measure.within):
        yield (*at, "within"), fault


def _bound(target: Target) -> str | None:
    given = [name for name in ("within", "at_least", "at_most") if getattr(target, name) is not None]
    return given[0] if len(given) == 1 else None


def _levels(scenario: Scenario, objective: Objective, at: Path) -> Found:
    given, metric = objective.levels.given, objective.measure.metric
    kinds = {}
    for name, target in given.items():
        kinds[name] = _bound(target)
        if kinds[name] is None:
            yield (*at, name), said("one_bound")
        elif (kinds[name] == "within") is not (metric == "time"):
            yield (*at, name), said("within_for_time", metric=metric)
        elif metric == "share" and not 0 <= target.bound <= 1:
            yield (*at, name), said("is_share")
        elif fault := _always(target, metric):
            yield (*at, name), fault
        if fault := time_fault(scenario, target.within):
            yield (*at, name, "within"), fault
    if None in kinds.values():
        return
    if len(set(kinds.values())) != 1:
        yield at, said("one_kind_of_bound")
        return
    ordered = list(given.items())
    bounds = [target.bound for _, target in ordered]
    if bounds != sorted(bounds, reverse=kinds["P"] == "at_least"):
        yield at, said("strictest_first")
        return
    for (before, one), (name, other) in pairwise(ordered):
        if one.bound == other.bound:
            yield (*at, name), said("same_bound", before=before, name=name)


def _always(target: Target, metric: str) -> str | None:
    """Return the sentence for a bound that every figure keeps, or none does; no figure is below 0."""
    if target.at_least is not None and target.at_least <= 0:
        return said("always_above")
    if target.at_most is not None and target.at_most >= 1 and metric == "share":
        return said("always_below")
    if target.at_most is not None and target.at_most < 0:
        return said("never_below")
    return None


def _reserve(scenario: Scenario, ground: Ground, objective: Objective, at: Path) -> Found:
    floor = objective.levels.P.at_least
    if floor is None:
        yield (*at, "levels"), said("kept_at_least")
        return
    for member in scenario.members(ground.members, objective.of):
        held = ground.resources.get(member)
        code = objective.measure.type
        if held is not None and code in ground.types and held.get(str(code), 0) < floor:
            yield (*at, "levels", "P"), said("has_only_of", member=member, n=held.get(str(code), 0), type=str(code))
