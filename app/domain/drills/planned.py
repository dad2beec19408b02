"""When each inject is planned to come, as far as that can be said before the drill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.domain.drills import US

if TYPE_CHECKING:
    from app.domain.drills.model import Inject, Scenario

Trigger: TypeAlias = Literal["offset", "event", "inject", "not_met", "sync", "hand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan for one inject, in microseconds of drill time."""

    trigger: Trigger
    at_us: int | None = None
    """When it comes: known for an offset, what follows one, and for a contingency (which comes then or never)."""
    latest_us: int | None = None
    """When it comes if what it waits for does not; None if it then never comes."""

    @property
    def order_us(self) -> int | None:
        """Return the time by which it stands on a list."""
        return self.at_us if self.at_us is not None else self.latest_us


def plan_of(scenario: Scenario) -> dict[str, Planned]:
    """Return the plan of every inject, by its id. The scenario was checked: injects follow each other without circles."""
    plan: dict[str, Planned] = {}

    def planned(inject: Inject) -> Planned:
        if inject.id not in plan:
            plan[inject.id] = one(inject)
        return plan[inject.id]

    def one(inject: Inject) -> Planned:
        if inject.at is not None:
            return Planned(trigger="offset", at_us=inject.at * US)
        if inject.if_not_met is not None:
            return Planned(trigger="not_met", at_us=inject.if_not_met.by * US)
        if inject.sync is not None:
            return Planned(trigger="sync", latest_us=_us(inject.sync.else_at))
        if inject.after is None:
            return Planned(trigger="hand")
        else_us, delay_us = _us(inject.after.else_at), inject.after.delay * US
        if inject.after.inject is None:
            return Planned(trigger="event", latest_us=else_us)
        before = planned(scenario.inject(inject.after.inject))
        certain = before.at_us is not None and before.trigger != "not_met"
        at_us = before.at_us + delay_us if certain and before.at_us is not None else None
        if at_us is None and else_us is None and before.order_us is not None:
            else_us = before.order_us + delay_us
        return Planned(trigger="inject", at_us=at_us, latest_us=else_us)

    for each in scenario.injects:
        planned(each)
    return plan


def by_time(scenario: Scenario) -> tuple[Inject, ...]:
    """Return the injects as the master events list has them: by the time of the plan; those without one come last."""
    plan = plan_of(scenario)
    numbered = list(enumerate(scenario.injects))
    key = {each.id: plan[each.id].order_us for each in scenario.injects}
    ordered = sorted(numbered, key=lambda pair: (key[pair[1].id] is None, key[pair[1].id] or 0, pair[0]))
    return tuple(inject for _, inject in ordered)


def _us(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * US
