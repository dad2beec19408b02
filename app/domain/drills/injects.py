"""Which injects are due now, and when to look again. A pure function of the drill as it stands.

``look`` is asked after every wake, every delivery and every entry of the journal, until nothing is due: an inject may follow
another without delay. It never delivers one twice, for it leaves out what ``play.deliveries`` holds. What is recorded as the
time of a delivery is ``Due.at_us``, the drill time at which it was due and not when a server got round to it: so two runs of
the same events are the same drill, whatever the machine's load. Only a paused site moves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.domain.drills import US
from app.domain.drills.metrics import met
from app.domain.drills.play import Play

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.drills.clock import Clock
    from app.domain.drills.model import IfNotMet, Inject, SyncPoint

Reason: TypeAlias = Literal["offset", "event", "inject", "not_met", "sync", "else"]


@dataclass(frozen=True, slots=True)
class Due:
    """An inject that is to be delivered now, and why. ``evidence``: seqs of the entries that led to it."""

    inject: str
    at_us: int
    reason: Reason
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What one look finds."""

    due: tuple[Due, ...]
    """In the order of delivery: by time, then as the file has them."""
    held: tuple[Due, ...]
    """Due, but everybody they go to plays at a paused site."""
    spared: tuple[str, ...]
    """Contingencies that are not needed: their objective was met in time."""
    by_hand: tuple[str, ...]
    """Not delivered, and never due by themselves."""
    next_us: int | None
    """The drill time of the next thing that is known to come."""
    wake_at: datetime | None
    """When that is; None while the clock stands or nothing is known: then only an event or a person changes something."""


@dataclass(frozen=True, slots=True)
class _When:
    """When an inject comes, as far as is known; ``ask_us``: when it will be known whether it does."""

    due_us: int | None = None
    reason: Reason = "offset"
    evidence: tuple[int, ...] = ()
    ask_us: int | None = None
    spared: bool = False


def look(play: Play, clock: Clock, now: datetime) -> Look:
    """Return what is due at ``now``, what waits, and when to look again.

    While the clock stands nothing is due; after the end of the exercise was delivered nothing comes any more.
    """
    at_us = clock.at_us(now)
    ends = {each.id for each in play.scenario.injects if each.kind == "end_of_exercise"}
    if clock.state in {"ended", "stopped"} or not ends.isdisjoint(play.deliveries):
        return Look((), (), (), (), None, None)
    due: list[Due] = []
    held: list[Due] = []
    spared: list[str] = []
    coming: list[int] = []
    for inject in play.scenario.injects:
        if inject.id in play.deliveries:
            continue
        when = _when(play, inject, at_us)
        if when.spared:
            spared.append(inject.id)
        elif when.due_us is None or when.due_us > at_us:
            coming += [each for each in (when.due_us, when.ask_us) if each is not None and each > at_us]
        else:
            sites = {site for member in play.members(inject.to) if (site := play.site(member))}
            plays_us = play.timeline.plays_from(sites, when.due_us)
            waits = plays_us is None or (bool(sites) and sites <= clock.paused_sites)
            found = Due(inject.id, when.due_us if plays_us is None else plays_us, when.reason, when.evidence)
            (held if waits else due).append(found)
    next_us = min(coming, default=None)
    running = clock.state == "running"
    return Look(
        due=tuple(sorted(due, key=lambda each: each.at_us)) if running else (),
        held=tuple(held),
        spared=tuple(spared),
        by_hand=tuple(i.id for i in play.scenario.injects if i.by_hand and i.id not in play.deliveries),
        next_us=next_us,
        wake_at=clock.due_at(next_us) if running and next_us is not None else None,
    )


def _when(play: Play, inject: Inject, at_us: int) -> _When:
    if inject.at is not None:
        return _When(inject.at * US)
    if inject.after is not None:
        return _after(play, inject, at_us)
    if inject.if_not_met is not None:
        return _not_met(play, inject.if_not_met, at_us)
    if inject.sync is not None:
        return _synced(play, inject, at_us)
    return _When()


def _not_met(play: Play, contingency: IfNotMet, at_us: int) -> _When:
    by_us = contingency.by * US
    if at_us < by_us:
        return _When(ask_us=by_us)
    if met(play, play.scenario.objective(contingency.objective), by_us):
        return _When(spared=True)
    return _When(by_us, "not_met")


def _after(play: Play, inject: Inject, at_us: int) -> _When:
    after = inject.after
    assert after is not None
    else_us = None if after.else_at is None else after.else_at * US
    if after.inject is not None:
        delivery = play.deliveries.get(after.inject)
        came = None if delivery is None else (delivery.at_us, () if delivery.seq is None else (delivery.seq,))
        reason: Reason = "inject"
    else:
        match = after.match
        assert match is not None
        event = play.first(match, until_us=at_us)
        came = None if event is None else (event.at_us, (event.seq,))
        reason = "event"
    return _or_else(came, after.delay * US, else_us, reason)


def _synced(play: Play, inject: Inject, at_us: int) -> _When:
    sync = inject.sync
    assert sync is not None
    else_us = None if sync.else_at is None else sync.else_at * US
    point = play.scenario.sync_point(sync.point)
    sides = [reached(play, point, side, at_us) for side in point.sides]
    if any(each is None for each in sides):
        return _or_else(None, 0, else_us, "sync")
    came = max(each[0] for each in sides if each), tuple(seq for each in sides if each for seq in each[1])
    return _or_else(came, sync.delay * US, else_us, "sync")


def _or_else(came: tuple[int, tuple[int, ...]] | None, delay_us: int, else_us: int | None, reason: Reason) -> _When:
    """What came in time counts, with its delay, even if that ends later; else the other time does."""
    if came is not None and (else_us is None or came[0] <= else_us):
        return _When(came[0] + delay_us, reason, came[1])
    return _When(else_us, "else")


def reached(play: Play, point: SyncPoint, side: str, at_us: int) -> tuple[int, tuple[int, ...]] | None:
    """Return when a side reached a sync point, and the entries that show it; None if it has not by ``at_us``."""
    if point.by_hand:
        said = play.reached.get((point.id, side))
        return None if said is None or said > at_us else (said, ())
    match, since_us = point.match, 0
    if point.expectation_of is not None:
        delivery = play.deliveries.get(point.expectation_of)
        expected = play.scenario.inject(point.expectation_of).expect
        if delivery is None or expected is None:
            return None
        match, since_us = expected.match, delivery.at_us
    if match is None:
        return None
    event = play.first(match, since_us=since_us, until_us=at_us, by={side})
    return None if event is None else (event.at_us, (event.seq,))
