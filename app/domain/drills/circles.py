"""Injects that wait for each other: what follows what in a scenario, and the circles in it.

A thing is an inject, an objective or a sync point. An inject waits for the inject it follows, for the objective it is a
contingency of, and for the sync point it is held for; an objective for the injects its measure begins with; a sync point for
the inject whose expectation shows it. ``else_at`` does not break a circle: it would hide one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from app.domain.drills.model import Inject, Scenario

Thing: TypeAlias = tuple[str, str]
"""``inject``, ``objective`` or ``sync_point``, and its id."""


def waits_for(scenario: Scenario) -> dict[Thing, tuple[Thing, ...]]:
    """Return what each thing waits for; names that dangle are left out."""
    found: dict[Thing, tuple[Thing, ...]] = {}
    for inject in scenario.injects:
        found["inject", inject.id] = tuple(_before(inject))
    for objective in scenario.objectives:
        start = objective.measure.start
        found["objective", objective.id] = (("inject", start.inject),) if start and start.inject else ()
    for point in scenario.sync_points:
        found["sync_point", point.id] = (("inject", point.expectation_of),) if point.expectation_of else ()
    return {thing: tuple(each for each in before if each in found) for thing, before in found.items()}


def _before(inject: Inject) -> Iterator[Thing]:
    if inject.after and inject.after.inject:
        yield "inject", inject.after.inject
    if inject.if_not_met:
        yield "objective", inject.if_not_met.objective
    if inject.sync:
        yield "sync_point", inject.sync.point
    if inject.need:
        yield "inject", inject.need.incident
    if inject.offer:
        yield "inject", inject.offer.need


def circles(graph: Mapping[Thing, tuple[Thing, ...]]) -> list[tuple[Thing, ...]]:
    """Return each circle once, as the things on it in order, the first again at the end."""
    found: list[tuple[Thing, ...]] = []
    done: set[Thing] = set()
    for start in graph:
        way: list[Thing] = []
        _walk(start, graph, way, done, found)
    return found


def _walk(
    thing: Thing,
    graph: Mapping[Thing, tuple[Thing, ...]],
    way: list[Thing],
    done: set[Thing],
    found: list[tuple[Thing, ...]],
) -> None:
    """Go on from a thing in depth first; a stack of its own, for a chain may be longer than Python's."""
    stack: list[tuple[Thing, Iterator[Thing]]] = []
    if thing in done:
        return
    way.append(thing)
    stack.append((thing, iter(graph.get(thing, ()))))
    while stack:
        current, rest = stack[-1]
        following = next(rest, None)
        if following is None:
            stack.pop()
            way.pop()
            done.add(current)
        elif following in way:
            found.append((*way[way.index(following) :], following))
        elif following not in done:
            way.append(following)
            stack.append((following, iter(graph.get(following, ()))))
