"""Objectives measured over the events of a drill.

    time           from one moment to another, in seconds of drill time; of several the longest, the median or the shortest
    share          how many of what began also ended (``within`` a time)
    count          how many events; of those that should be few, only where there was anything of the kind (a mission, a debt)
    least, most    the smallest or largest figure of events
    reserve_kept   the fewest of a type that one of the members had available at home at any moment

``per`` says what is brought together: ``request`` compares events about the same request, ``member`` asks each member of the
objective for itself, ``drill`` takes the first of everything. Pauses of a site and what the clock jumped over do not count.
What began before everybody whom the objective is for had joined is not assessed, and said to be so.

An objective is its own members': what ends, and what is counted, are their acts, steps of their own units, whoever enters those, and
what the service recorded about them. Only a filter on ``member`` says otherwise. What began with a unit or an offer of others is theirs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from app.domain.drills import US

if TYPE_CHECKING:
    from app.domain.drills.events import Event
    from app.domain.drills.model import Objective
    from app.domain.drills.play import Play
    from app.domain.drills.shapes import Match

Z95: Final = statistics.NormalDist().inv_cdf(0.975)
"""The normal quantile of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure and what it rests on."""

    figure: float | None
    """In seconds for a time, 0 to 1 for a share; None where nothing was measured, or where it never came to its end."""
    n: int
    """How many were measured."""
    hits: int | None = None
    """For a share: how many of ``n``."""
    interval: tuple[float, float] | None = None
    """For a share: Wilson's, 95 %."""
    open: int = 0
    """Begun and not ended; a figure with these is what it is so far."""
    never: bool = False
    """The drill is over and what was measured never ended: unable."""
    not_assessed: int = 0
    """Left out, because they began before those concerned had joined."""
    evidence: tuple[int, ...] = ()
    """Seqs of the entries behind it."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """One thing that began, and its end if it has come."""

    key: str
    start_us: int
    start_seq: int | None
    end: Event | None

    @property
    def evidence(self) -> tuple[int, ...]:
        seqs = (self.start_seq, self.end.seq if self.end else None)
        return tuple(seq for seq in seqs if seq is not None)


def wilson(hits: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's score interval for a share of ``hits`` among ``n``.

    E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, Journal of the American Statistical
    Association 22 (158), 1927, pages 209-212. Unlike the textbook interval it holds for few cases and for shares of 0 and 1,
    which is what a drill has. Raises ``ValueError`` unless 0 <= hits <= n and n > 0.
    """
    if not 0 <= hits <= n or n == 0:
        raise ValueError(f"{hits} of {n} is no share")
    share, z2 = hits / n, z * z
    centre = share + z2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return (0.0 if hits == 0 else max(0.0, low)), (1.0 if hits == n else min(1.0, high))


def measure(play: Play, objective: Objective, as_of_us: int, *, ended: bool) -> Measured:
    """Measure an objective over what happened by ``as_of_us``; ``ended``: nothing more will come."""
    measure_ = objective.measure
    match measure_.metric:
        case "time":
            return _time(play, objective, as_of_us, ended=ended)
        case "share":
            return _share(play, objective, as_of_us, ended=ended)
        case "count":
            found = _over(play, objective, as_of_us)
            if not found and objective.levels.P.at_most is not None and not _could(play, objective, as_of_us):
                return Measured(figure=None, n=0)
            return Measured(figure=float(len(found)), n=len(found), evidence=tuple(each.seq for each in found))
        case "least" | "most":
            return _extreme(play, objective, as_of_us)
        case "reserve_kept":
            return _reserve(play, objective, as_of_us)


def met(play: Play, objective: Objective, as_of_us: int) -> bool:
    """Return whether an objective had reached its target (level P) by a time, with nothing left open."""
    found = measure(play, objective, as_of_us, ended=False)
    return found.figure is not None and not found.open and objective.levels.P.holds(found.figure)


# ---------------------------------------------------------------- whose an event is


def _concerns(play: Play, objective: Objective, event: Event) -> bool:
    """Return whether an event is about the objective's members: they act, ask, lend or own; also where nobody lends or owns yet."""
    members = set(play.members(objective.of))
    whose = event.facts.get("lender", frozenset()) | event.facts.get("owner", frozenset())
    return not whose or not members.isdisjoint({event.member, *whose, *event.facts.get("requester", frozenset())})


def _counts(play: Play, objective: Objective, event: Event, match: Match) -> bool:
    """Return whether an event that fits is one for the objective: an act of its members, or a step of their units."""
    if match.where.member or event.member is None:
        return bool(match.where.member) or _concerns(play, objective, event)
    members = set(play.members(objective.of))
    units = {"mission": "lender", "resource": "owner"}.get(event.type.partition(".")[0], "")
    return event.member in members or not members.isdisjoint(event.facts.get(units, ()))


# ---------------------------------------------------------------- from … to …


def _samples(play: Play, objective: Objective, as_of_us: int) -> Iterator[_Sample]:
    """Yield what began, each with its end if that has come."""
    for key, start_us, seq in _starts(play, objective, as_of_us):
        yield _Sample(key, start_us, seq, _end(play, objective, key, start_us, as_of_us))


def _starts(play: Play, objective: Objective, as_of_us: int) -> Iterator[tuple[str, int, int | None]]:
    start, per = objective.measure.start, objective.measure.per
    assert start is not None
    begun: list[tuple[str, int, int | None]] = []
    if start.inject is not None:
        delivery = play.deliveries.get(start.inject)
        if delivery is not None and delivery.at_us <= as_of_us:
            begun.append(("", delivery.at_us, delivery.seq))
    elif (match := start.match) is not None:
        begun = [
            (event.ids.get(per, ""), event.at_us, event.seq)
            for event in play.matching(match, until_us=as_of_us)
            if match.where.member or _concerns(play, objective, event)
        ]
    if per in {"drill", "member"}:
        for _, at_us, seq in begun[:1]:
            keys = play.members(objective.of) if per == "member" else ("",)
            yield from ((key, at_us, seq) for key in keys)
        return
    seen: set[str] = set()
    for key, at_us, seq in begun:
        if key and key not in seen:
            seen.add(key)
            yield key, at_us, seq


def _end(play: Play, objective: Objective, key: str, start_us: int, as_of_us: int) -> Event | None:
    measure_ = objective.measure
    assert measure_.end is not None
    for event in play.matching(measure_.end, since_us=start_us, until_us=as_of_us):
        if not _counts(play, objective, event, measure_.end):
            continue
        if measure_.per == "drill" or key == (
            event.member if measure_.per == "member" else event.ids.get(measure_.per)
        ):  # fmt: skip
            return event
    return None


def _assessed(play: Play, objective: Objective, samples: list[_Sample]) -> list[_Sample]:
    """Leave out what began before those concerned had joined."""
    concerned = play.members(objective.of)
    if objective.measure.per == "member":
        return [each for each in samples if play.there(each.key, each.start_us)]
    return [each for each in samples if any(play.there(member, each.start_us) for member in concerned)]


def _took_s(play: Play, objective: Objective, sample: _Sample, as_of_us: int) -> float:
    """Return how long it took, or has taken so far, at the site of whoever ended it."""
    member = sample.key if objective.measure.per == "member" else sample.end.member if sample.end else None
    end_us = sample.end.at_us if sample.end else as_of_us
    return play.timeline.played_us(play.site(member), sample.start_us, end_us) / US


def _time(play: Play, objective: Objective, as_of_us: int, *, ended: bool) -> Measured:
    everything = list(_samples(play, objective, as_of_us))
    samples = _assessed(play, objective, everything)
    left_out = len(everything) - len(samples)
    if not samples:
        return Measured(figure=None, n=0, not_assessed=left_out)
    took = [
        math.inf if ended and each.end is None else _took_s(play, objective, each, as_of_us) for each in samples
    ]  # fmt: skip
    of: dict[str, Callable[[list[float]], float]] = {"longest": max, "median": statistics.median, "shortest": min}
    figure = of[objective.measure.summary](took)
    return Measured(
        figure=None if math.isinf(figure) else float(figure),
        n=len(samples),
        open=sum(each.end is None for each in samples),
        never=math.isinf(figure),
        not_assessed=left_out,
        evidence=tuple(seq for each in samples for seq in each.evidence),
    )


def _share(play: Play, objective: Objective, as_of_us: int, *, ended: bool) -> Measured:
    everything = list(_samples(play, objective, as_of_us))
    samples = _assessed(play, objective, everything)
    within = math.inf if objective.measure.within is None else float(objective.measure.within)
    hits: list[_Sample] = []
    misses: list[_Sample] = []
    waiting: list[_Sample] = []
    for each in samples:
        in_time = _took_s(play, objective, each, as_of_us) <= within
        (hits if each.end and in_time else misses if each.end or ended or not in_time else waiting).append(each)
    n = len(hits) + len(misses)
    return Measured(
        figure=len(hits) / n if n else None,
        n=n,
        hits=len(hits),
        interval=wilson(len(hits), n) if n else None,
        open=len(waiting),
        not_assessed=len(everything) - len(samples),
        evidence=tuple(seq for each in (*hits, *misses) for seq in each.evidence),
    )


# ---------------------------------------------------------------- over a filter


def _over(play: Play, objective: Objective, as_of_us: int) -> list[Event]:
    over = objective.measure.over
    assert over is not None
    return [each for each in play.matching(over, until_us=as_of_us) if _counts(play, objective, each, over)]


def _could(play: Play, objective: Objective, as_of_us: int) -> bool:
    """Return whether there was anything of the kind at all: that no unit was turned back says nothing where none was sent."""
    assert objective.measure.over is not None
    kind = objective.measure.over.event.partition(".")[0] + "."
    found = (each for each in play.events if each.type.startswith(kind) and 0 < each.at_us <= as_of_us)
    return any(_concerns(play, objective, each) for each in found)


def _extreme(play: Play, objective: Objective, as_of_us: int) -> Measured:
    measure_ = objective.measure
    assert measure_.figure is not None
    found = [each for each in _over(play, objective, as_of_us) if measure_.figure in each.figures]
    figures = [each.figures[measure_.figure] for each in found]
    if not figures:
        return Measured(figure=None, n=0)
    figure = min(figures) if measure_.metric == "least" else max(figures)
    seqs = tuple(each.seq for each in found if each.figures[measure_.figure] == figure)
    return Measured(figure=figure, n=len(found), evidence=seqs)


def _reserve(play: Play, objective: Objective, as_of_us: int) -> Measured:
    """Follow what is available with each member, entry by entry; the lowest mark counts.

    What was entered before the clock began (the shadow copies) is what the members begin with, as are ``holdings``.
    """
    members, type_ = play.members(objective.of), objective.measure.type
    now = {id_: (member, status) for id_, (member, code, status) in play.holdings.items() if code == type_}
    changes = [
        (event, [each for each in event.resources if each[2] == type_])
        for event in play.events
        if event.at_us <= as_of_us and any(each[2] == type_ for each in event.resources)
    ]
    for _, changed in (each for each in changes if each[0].at_us <= 0):
        now |= {id_: (member, status) for id_, member, _, status in changed}

    def left() -> int:
        return min((sum(held == (member, "available") for held in now.values()) for member in members), default=0)

    lowest, n = left(), 1
    seqs: tuple[int, ...] = ()
    for event, changed in (each for each in changes if each[0].at_us > 0):
        now |= {id_: (member, status) for id_, member, _, status in changed}
        n += 1
        if (mark := left()) < lowest:
            lowest, seqs = mark, (event.seq,)
    return Measured(figure=float(lowest), n=n, evidence=seqs)
