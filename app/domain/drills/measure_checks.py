"""Checks of objectives: does the measure have what its metric needs, and do the levels go one way?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.drills.checking import Found, party_faults, time_fault, unknown

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
        yield at, f"{name} is missing: the metric {measure.metric} needs it"
    for name in sorted(given - needs - MAY.get(measure.metric, frozenset())):
        yield (*at, name), f"does not go with the metric {measure.metric}"
    if (start := measure.start) is not None and start.inject is not None:
        injects = [each.id for each in scenario.injects]
        if start.inject not in injects:
            yield (*at, "from", "inject"), unknown("inject", start.inject, injects)
        if measure.per not in {"drill", "member"}:
            yield (*at, "per"), "is drill or member where the time begins with an inject"
    if measure.type is not None and measure.type not in ground.types:
        yield (*at, "type"), unknown("resource type", measure.type, ground.types)
    if fault := time_fault(scenario, measure.within):
        yield (*at, "within"), fault


def _bound(target: Target) -> str | None:
    given = [name for name in ("within", "at_least", "at_most") if getattr(target, name) is not None]
    return given[0] if len(given) == 1 else None


def _levels(scenario: Scenario, objective: Objective, at: Path) -> Found:
    levels, metric = objective.levels, objective.measure.metric
    kinds = {}
    for name in ("P", "S", "M"):
        kinds[name] = _bound(getattr(levels, name))
        if kinds[name] is None:
            yield (*at, name), "has one bound: within, at_least or at_most"
        elif (kinds[name] == "within") is not (metric == "time"):
            yield (*at, name), f"is within a time if the metric is a time, and only then; this one is {metric}"
        elif metric == "share" and not 0 <= getattr(levels, name).bound <= 1:
            yield (*at, name), "is a share, from 0 to 1"
        if fault := time_fault(scenario, getattr(levels, name).within):
            yield (*at, name, "within"), fault
    if None in kinds.values():
        return
    if len(set(kinds.values())) != 1:
        yield at, "have one kind of bound, all three"
        return
    ordered = [levels.P.bound, levels.S.bound, levels.M.bound]
    if ordered != sorted(ordered, reverse=kinds["P"] == "at_least"):
        yield at, "go from the strictest, P, to the mildest, M"


def _reserve(scenario: Scenario, ground: Ground, objective: Objective, at: Path) -> Found:
    floor = objective.levels.P.at_least
    if floor is None:
        yield (*at, "levels"), "say what is kept at least"
        return
    for member in scenario.members(ground.members, objective.of):
        held = ground.resources.get(member)
        code = objective.measure.type
        if held is not None and code in ground.types and held.get(str(code), 0) < floor:
            yield (*at, "levels", "P"), f"{member} has only {held.get(str(code), 0)} of {code}"
