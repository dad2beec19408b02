"""An after-action report made of a drill that is over: pure, so that it can be made again at any time, and comes out the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from app.domain.drills import US
from app.domain.drills.events import EVENTS, PARTIES
from app.domain.drills.expectations import expectations
from app.domain.drills.metrics import met
from app.domain.drills.planned import plan_of
from app.domain.drills.report import (
    Assessment,
    Counted,
    Entry,
    Expected,
    Held,
    InjectLine,
    ObjectiveResult,
    Outcome,
    Report,
    SaidAfter,
    Saw,
    Stretch,
    Unit,
    Written,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from app.domain.drills.expectations import Standing
    from app.domain.drills.model import Objective, Target
    from app.domain.drills.play import Play
    from app.domain.drills.rating import Rated

HOT_WASH_WITHIN: Final = timedelta(minutes=30)
"""After the end: what people write later is what they have heard from each other."""


def after_action(play: Play, held: Held, rated: Iterable[Rated], written: Written) -> Report:
    """Return the report of a drill that is over; ``rated`` as ``rating.rate`` gives it, with what evaluators overruled."""
    scenario = play.scenario
    said = {wash.member for wash in written.hot_washes}
    return Report(
        held=held,
        scenario=scenario.id,
        version=scenario.version,
        title=scenario.title,
        type=scenario.type,
        hazard=scenario.hazard,
        planned_us=scenario.duration_us,
        members=tuple(player.member for player in scenario.players),
        line=_line(play, held, written.assessments),
        stretches=stretches(play, held.lasted_us),
        objectives=tuple(_result(play, each) for each in rated),
        saw=tuple(_saw(play, player.member, held.lasted_us) for player in scenario.players),
        observations=tuple(sorted(written.observations, key=lambda each: (each.at_us, each.id))),
        hot_wash=tuple(
            SaidAfter(wash=wash, in_time=wash.at <= held.ended_at + HOT_WASH_WITHIN)
            for wash in sorted(written.hot_washes, key=lambda each: (each.at, each.member))
        ),
        silent=tuple(p.member for p in scenario.players if p.play == "people" and p.member not in said),
        summary=written.summary,
        actions=tuple(sorted(written.actions, key=lambda each: (each.due, each.id))),
    )


# ---------------------------------------------------------------- planned and actual


def _line(play: Play, held: Held, assessments: Collection[Assessment]) -> tuple[InjectLine, ...]:
    plan = plan_of(play.scenario)
    shown = _journal_shows(play, held)
    lines = []
    for number, inject in enumerate(play.scenario.injects):
        planned, delivery = plan[inject.id], play.deliveries.get(inject.id)
        words = [each for each in assessments if each.inject == inject.id]
        outcome: Outcome = "delivered" if delivery else "left_out"
        if delivery is None and inject.if_not_met is not None:
            asked_us = inject.if_not_met.by * US
            if asked_us <= held.lasted_us and met(play, play.scenario.objective(inject.if_not_met.objective), asked_us):
                outcome = "spared"
        line = InjectLine(
            inject=inject.id,
            kind=inject.kind,
            sender=inject.sender,
            sender_name=play.scenario.voices.get(inject.sender),
            to=play.members(inject.to),
            means=inject.means,
            text=inject.text,
            objective=inject.objective,
            trigger=planned.trigger,
            planned_us=planned.at_us,
            latest_us=planned.latest_us,
            outcome=outcome,
            delivered_us=delivery.at_us if delivery else None,
            difference_us=delivery.at_us - planned.at_us if delivery and planned.at_us is not None else None,
            delivered_by=delivery.by if delivery else None,
            seq=delivery.seq if delivery else None,
            expected=_expected(play, inject.id, shown.get(inject.id, []), words) if delivery else (),
        )
        when = next((us for us in (line.delivered_us, line.planned_us, line.latest_us) if us is not None), None)
        lines.append((when is None, when or 0, number, line))
    return tuple(line for *_, line in sorted(lines, key=lambda each: each[:3]))


def _journal_shows(play: Play, held: Held) -> dict[str, list[Expected]]:
    found: dict[str, list[Expected]] = {}
    for each in expectations(play, held.lasted_us):
        expect = play.scenario.inject(each.inject).expect
        assert expect is not None
        # What was still open when a drill ended was not missed: there was no time for it.
        standing: Standing = "not_assessed" if each.standing == "open" else each.standing
        found.setdefault(each.inject, []).append(
            Expected(
                members=each.members,
                action=expect.action,
                standing=standing,
                by="journal" if standing != "not_assessed" else None,
                due_us=each.due_us,
                done_us=each.done_us,
                evidence=() if each.evidence is None else (each.evidence,),
            )
        )
    return found


def _expected(play: Play, inject_id: str, shown: list[Expected], words: Collection[Assessment]) -> tuple[Expected, ...]:
    """Return what the journal shows, and where it can't, what evaluators said; the rest is not assessed."""
    expect = play.scenario.inject(inject_id).expect
    if expect is None:
        return ()
    if expect.event is not None:
        return tuple(_or_ticked(each, words) for each in shown)
    members = play.members(expect.by)
    found = []
    for group in [members] if expect.who == "any" else [(member,) for member in members]:
        word = next((each for each in words if not set(group).isdisjoint(each.members)), None)
        found.append(
            Expected(
                members=group,
                action=expect.action,
                standing="not_assessed" if word is None else word.standing,
                by=None if word is None else "evaluator",
                evidence=() if word is None or word.seq is None else (word.seq,),
                note=None if word is None else word.note,
            )
        )
    return tuple(found)


def _or_ticked(shown: Expected, words: Collection[Assessment]) -> Expected:
    """Return what the journal shows; where it shows nothing and somebody saw it all the same, their word."""
    word = next((each for each in words if not set(shown.members).isdisjoint(each.members)), None)
    if word is None or shown.standing in {"done", "late"}:
        return shown
    return replace(shown, standing=word.standing, by="evaluator", note=word.note)


def stretches(play: Play, until_us: int) -> tuple[Stretch, ...]:
    """Return what of the drill time was not played, and when everybody paused, in its order."""
    found: list[Stretch] = []
    rows = play.timeline.rows
    since: dict[str, tuple[int, str | None]] = {}
    stood: tuple[int, datetime, str | None] | None = None
    for before, row in zip((None, *rows), rows, strict=False):
        at_us, why = row.anchor_us, dict(row.pause_reasons)
        if before is not None and at_us > (reached := before.at_us(row.anchor_utc)):
            found.append(Stretch(kind="jump", site=None, from_us=reached, to_us=at_us))
        if row.state == "paused":
            stood = stood or (at_us, row.anchor_utc, why.get(""))
        elif stood is not None:
            wall_s = (row.anchor_utc - stood[1]).total_seconds()
            found.append(
                Stretch(kind="pause", site=None, from_us=stood[0], to_us=stood[0], wall_s=wall_s, reason=stood[2])
            )
            stood = None
        found += [
            Stretch(kind="pause", site=site, from_us=since[site][0], to_us=at_us, reason=since[site][1])
            for site in sorted(since.keys() - row.paused_sites)
        ]
        since = {site: since.get(site, (at_us, why.get(site))) for site in row.paused_sites}
    found += [
        Stretch(kind="pause", site=site, from_us=at, to_us=until_us, reason=reason)
        for site, (at, reason) in since.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.from_us, each.kind, each.site or "")))


# ---------------------------------------------------------------- ratings


def _result(play: Play, rated: Rated) -> ObjectiveResult:
    objective = play.scenario.objective(rated.objective)
    return result_of(objective, rated, play.members(objective.of))


def result_of(objective: Objective, rated: Rated, members: tuple[str, ...]) -> ObjectiveResult:
    """Return an objective with its figure and rating; ``members`` are those that it is for."""
    measured, levels, unit = rated.measured, objective.levels, unit_of(objective)
    figure = measured.figure
    return ObjectiveResult(
        objective=objective.id,
        name=objective.name,
        members=members,
        measure=objective.measure,
        unit=unit,
        better=better_of(levels.P),
        thresholds=levels.bounds,
        figure=round(figure, 3) if figure is not None and unit == "s" else figure,
        n=measured.n,
        hits=measured.hits,
        interval=measured.interval,
        open=measured.open,
        never=measured.never,
        not_assessed=measured.not_assessed,
        computed=rated.computed,
        rating=rated.rating,
        overruled=rated.overruled,
        overrules=rated.overrules or ((rated.overruled,) if rated.overruled else ()),
        evidence=tuple(dict.fromkeys(measured.evidence)),
    )


def unit_of(objective: Objective) -> Unit:
    """Return in what an objective's figure is counted."""
    units: dict[str, Unit] = {"time": "s", "share": "share", "least": "figure", "most": "figure"}
    return units.get(objective.measure.metric, "count")


def better_of(target: Target) -> Literal["less", "more"]:
    """Return which way is better."""
    return "more" if target.at_least is not None else "less"


# ---------------------------------------------------------------- what each city saw


def _saw(play: Play, member: str, until_us: int) -> Saw:
    told = sorted(
        (delivery.at_us, number, inject.id)
        for number, inject in enumerate(play.scenario.injects)
        if (delivery := play.deliveries.get(inject.id)) and member in play.members(inject.to)
    )
    entries = [
        Entry(seq=event.seq, type=event.type, at_us=event.at_us, own=event.member == member)
        for event in sorted(play.events, key=lambda each: (each.at_us, each.seq))
        if event.type in EVENTS
        and event.at_us <= until_us
        and (event.member == member or any(member in event.facts.get(name, ()) for name in PARTIES))
    ]
    return Saw(
        member=member,
        site=play.site(member),
        joined_us=play.joined.get(member, 0),
        told=tuple(inject for *_, inject in told),
        first_told_us=told[0][0] if told else None,
        entries=tuple(entries),
        counts=_counted(entries),
    )


def _counted(entries: Iterable[Entry]) -> tuple[Counted, ...]:
    groups: dict[tuple[bool, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.own, entry.type), []).append(entry)
    found = [
        Counted(type=type_, own=own, count=len(of), first_us=of[0].at_us, first_seq=of[0].seq)
        for (own, type_), of in groups.items()
    ]
    return tuple(sorted(found, key=lambda each: (not each.own, each.first_us, each.first_seq)))
