"""The after-action report with its improvement plan as PDF, in one language. What people wrote stands as they wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.drills import US
from app.domain.drills.schedule import shown
from app.domain.drills.shapes import clock_text
from app.interop.drill_handbooks import Occasion, page, ratings, ticks
from app.interop.drill_wording import NOTHING, TIMES, Wording
from app.interop.paper import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from app.domain.drills.improvement import Followed, ImprovementPlan, Trend
    from app.domain.drills.model import Scenario
    from app.domain.drills.places import Places
    from app.domain.drills.rating import Overrule
    from app.domain.drills.report import (
        CorrectiveAction,
        Counted,
        Expected,
        InjectLine,
        ObjectiveResult,
        Report,
        SaidAfter,
        Saw,
        StopReason,
        Stretch,
    )

MOST_EVIDENCE: Final = 40
"""Numbers of entries that are printed for one figure; JSON and CSV have all of them."""
SHORT: Final = 3
"""Members that are named beside a row of the drawing."""
MOST_POINTS: Final = 6
"""Drills of a trend that fit beside each other: the latest."""


def report_paper(
    report: Report,
    scenario: Scenario,
    places: Places,
    language: str,
    *,
    plan: ImprovementPlan | None = None,
    printed_at: datetime,
) -> bytes:
    """Return the PDF. ``scenario`` is the one that was played; ``plan`` goes over all drills of the corridor."""
    say = Wording(language, places)
    title = report.title.said(language)
    data = page(say, "report", title, printed_at, report.scenario, Occasion(ref=report.held.ref))
    total_us = max(report.planned_us, report.held.lasted_us, 1)
    zone = (*places.zones(report.members), "UTC")[0]
    numbers = {line.inject: number for number, line in enumerate(report.line, 1)}
    data |= {
        "facts": _facts(say, report),
        "stopped": say.word("ended_stopped") if report.held.stopped else None,
        "stop_reasons": [
            {"text": _why(say, each), "who": _who(say, each, zone, replaced=number < len(report.held.stop_reasons))}
            for number, each in enumerate(report.held.stop_reasons, 1)
        ],
        "tiles": _tiles(say, report),
        "line": {
            "rows": [_row(say, report, line, numbers[line.inject], total_us) for line in report.line],
            "ticks": ticks(total_us // US),
            "stretches": [_stretch(each, total_us) for each in report.stretches],
        },
        "paused": [_paused(say, scenario, each) for each in report.stretches],
        "objectives": [_objective(say, scenario, each, zone) for each in report.objectives],
        "injects": [_inject(say, report, line, numbers[line.inject]) for line in report.line],
        "saw": [_saw(say, each, report, total_us) for each in report.saw],
        "observations": _observations(say, scenario, report),
        "hot_wash": [_washed(say, each, report) for each in report.hot_wash],
        "summary": report.summary,
        "silent": say.word("silent", who=say.members(report.silent)) if report.silent else None,
        "actions": [_action(say, scenario, each) for each in report.actions],
        "plan": None if plan is None else _plan(say, plan),
        "ratings": ratings(say),
        "standings": {each: say.coded("drill_standings", each) for each in ("done", "late", "missed")},
    }
    return render("drill-report", data, printed_at=printed_at)


def time(us: int | None) -> str:
    """Return a time of the drill's clock as it is printed."""
    return NOTHING if us is None else clock_text(us // US)


def _facts(say: Wording, report: Report) -> list[list[str]]:
    held = report.held
    zone = (*say.places.zones(report.members), "UTC")[0]
    return [
        [say.word("held"), shown(held.started_at, zone).rpartition(" ")[0]],
        [say.word("ended"), say.word("ended_stopped" if held.stopped else "ended_as_planned")],
        [say.word("lasted"), say.word("of_planned", a=time(held.lasted_us), b=time(report.planned_us))],
        [say.word("kind"), say.coded("drill_types", report.type)],
        [say.word("hazard"), say.coded("hazards", report.hazard)],
        [say.word("scenario"), f"{report.scenario} · {report.version}"],
        [say.word("players"), say.members(report.members)],
    ]


def _tiles(say: Wording, report: Report) -> list[list[str]]:
    expected = [each for line in report.line for each in line.expected if each.standing != "not_assessed"]
    unrated = sum(each.rating is None for each in report.objectives)
    came = sum(line.outcome == "delivered" for line in report.line)

    def of(some: int, all_: int) -> str:
        return f"{some} / {all_}"

    return [
        [
            of(sum(each.rating == "P" for each in report.objectives), len(report.objectives)),
            say.word("k_objectives") + (f", {say.word('k_unrated', n=unrated)}" if unrated else ""),
        ],
        [of(came, len(report.line)), say.word("k_injects")],
        [of(sum(each.standing == "done" for each in expected), len(expected)), say.word("k_done")],
        [str(len(report.actions)), say.word("k_actions")],
    ]


# ---------------------------------------------------------------- planned and actual


def _share(us: int | None, total_us: int) -> float | None:
    return None if us is None else min(1.0, max(0.0, us / total_us))


def _row(say: Wording, report: Report, line: InjectLine, number: int, total_us: int) -> dict[str, Any]:
    """Return a row of the drawing: times as shares of the whole, and how each thing expected ended."""
    due = max((each.due_us for each in line.expected if each.due_us is not None), default=None)
    marks = [
        {"at": _share(each.due_us if each.standing == "missed" else each.done_us, total_us), "standing": each.standing}
        for each in line.expected
        if each.standing in {"done", "late", "missed"}
    ]
    return {
        "number": number,
        "label": say.coded("drill_inject_kinds", line.kind),
        "to": _to(say, line, report, most=SHORT),
        "planned": _share(line.planned_us, total_us),
        "latest": _share(line.latest_us, total_us),
        "delivered": _share(line.delivered_us, total_us),
        "until": _share(due, total_us),
        "marks": [each for each in marks if each["at"] is not None],
        "note": None if line.outcome == "delivered" else say.word(line.outcome),
    }


def _to(say: Wording, line: InjectLine, report: Report, *, most: int | None = None) -> str:
    """Return to whom an inject went; of more than ``most`` members the first, and how many more."""
    if len(line.to) == len(report.members):
        return say.word("all_players")
    if most is None or len(line.to) <= most:
        return say.members(line.to)
    return f"{say.members(line.to[: most - 1])} +{len(line.to) - most + 1}"


def _stretch(stretch: Stretch, total_us: int) -> dict[str, Any]:
    return {
        "from": _share(stretch.from_us, total_us),
        "to": _share(stretch.to_us, total_us),
        "everybody": stretch.kind == "pause" and stretch.site is None,
    }


def _paused(say: Wording, scenario: Scenario, stretch: Stretch) -> str:
    why = f" · {stretch.reason}" if stretch.reason else ""
    if stretch.wall_s is not None:
        return say.pair(say.word("l_everybody_paused"), f"{time(stretch.from_us)} ({clock_text(stretch.wall_s)}){why}")
    sites = {site.id: site.name.said(say.language) for site in scenario.sites}
    where = say.word("l_jumped") if stretch.site is None else sites.get(stretch.site, stretch.site)
    return say.pair(where, f"{time(stretch.from_us)} {NOTHING} {time(stretch.to_us)}{why}")


def _inject(say: Wording, report: Report, line: InjectLine, number: int) -> dict[str, Any]:
    sender = line.sender_name.said(say.language) if line.sender_name else None
    if sender is None:
        sender = say.word("control") if line.sender == "control" else say.member(line.sender)
    planned = time(line.planned_us)
    if line.planned_us is None:
        planned = say.word("by_hand_short") if line.trigger == "hand" else time(line.latest_us)
    notes = []
    if line.planned_us is None and line.latest_us is not None:
        notes.append(say.word("latest_short"))
    if line.trigger == "not_met":
        notes.append(say.word("if_short"))
    return {
        "number": number,
        "planned": planned,
        "planned_note": ", ".join(notes),
        "delivered": time(line.delivered_us) if line.outcome == "delivered" else say.word(line.outcome),
        "delivered_note": _difference(say, line),
        "came": line.outcome == "delivered",
        "kind": say.coded("drill_inject_kinds", line.kind),
        "route": f"{sender} {NOTHING} {_to(say, line, report)}",
        "text": line.text.said(say.language),
        "seq": "" if line.seq is None else f"#{line.seq}",
        "expected": [_expected(say, each) for each in line.expected],
    }


def _difference(say: Wording, line: InjectLine) -> str:
    said = []
    if line.difference_us:
        sign = "+" if line.difference_us > 0 else "\u2212"
        said.append(sign + time(abs(line.difference_us)))
    if line.delivered_by == "hand":
        said.append(say.word("as_by_hand"))
    return ", ".join(said)


def _expected(say: Wording, expected: Expected) -> dict[str, Any]:
    times = [] if expected.done_us is None else [time(expected.done_us)]
    if expected.by == "evaluator":
        times.append(say.word("told_by_evaluator"))
    return {
        "who": say.members(expected.members),
        "action": expected.action.said(say.language),
        "standing": expected.standing,
        "word": say.coded("drill_standings", expected.standing),
        "times": ", ".join(times),
        "note": expected.note or "",
        "evidence": _seqs(expected.evidence),
    }


def _seqs(evidence: Sequence[int]) -> str:
    more = f" (+{len(evidence) - MOST_EVIDENCE})" if len(evidence) > MOST_EVIDENCE else ""
    return " ".join(f"#{seq}" for seq in evidence[:MOST_EVIDENCE]) + more


# ---------------------------------------------------------------- ratings


def _why(say: Wording, said: StopReason) -> str:
    """Return why it was stopped: what somebody wrote as it stands, what the service found in the reader's language."""
    if not said.codes:
        return said.reason
    return " ".join(say.word(each["code"], refs=", ".join(each["figures"].get("refs", ()))) for each in said.codes)


def _who(say: Wording, said: Overrule | StopReason, zone: str, *, replaced: bool) -> str:
    """Return whose word it was and when, and whether another one has taken its place."""
    parts = [] if said.member is None else [say.member(said.member)]
    parts += [] if said.at is None else [shown(said.at, zone)]
    return " · ".join([*parts, *([say.word("replaced")] if replaced else [])])


def _said(say: Wording, was: str | None, is_: str) -> str:
    """Return what an evaluator did to a rating: made it another, or confirmed it."""
    return say.word("confirmed", a=is_) if was == is_ else say.word("overruled", a=was or say.word("not_rated"), b=is_)


def _objective(say: Wording, scenario: Scenario, result: ObjectiveResult, zone: str) -> dict[str, Any]:
    figure = say.word("never_ended") if result.never else say.figure(result.figure, result.unit)
    rests = [say.word("n_is", n=result.n)]
    if result.hits is not None and result.n:
        rests.append(say.word("hits_of", a=result.hits, b=result.n))
    if result.interval is not None:
        low, high = (say.share(each) for each in result.interval)
        rests.append(say.word("wilson", low=low, high=high))
    if result.open:
        rests.append(say.word("still_open", n=result.open))
    if result.not_assessed:
        rests.append(say.word("left_not_assessed", n=result.not_assessed))
    before = [result.computed, *(each.rating for each in result.overrules)]
    return {
        "name": result.name.said(say.language),
        "of": say.members(result.members),
        "rating": result.rating,
        "rating_name": say.word("not_rated") if result.rating is None else say.coded("drill_ratings", result.rating),
        "figure": figure,
        "rests": " · ".join(rests),
        "measured": say.measured(scenario, scenario.objective(result.objective)),
        "graph": _graph(say, result),
        "overrules": [
            {
                "said": _said(say, before[number - 1], over.rating),
                "reason": over.reason,
                "seq": "" if over.seq is None else f"#{over.seq}",
                "who": _who(say, over, zone, replaced=number < len(result.overrules)),
            }
            for number, over in enumerate(result.overrules, 1)
        ],
        "evidence": _seqs(result.evidence),
    }


def _graph(say: Wording, result: ObjectiveResult) -> dict[str, Any]:
    """Return a figure among its thresholds, as shares of a scale from 0: bands of the ratings, the figure, its interval."""
    bounds = result.thresholds
    top = 1.0 if result.unit == "share" else max(1.0, *bounds.values(), result.figure or 0.0) * 1.25
    levels = list(bounds.items())
    edges: list[tuple[str, float, float]] = []
    if result.better == "less":
        low = 0.0
        for letter, bound in [*levels, ("U", top)]:
            edges.append((letter, low, bound))
            low = bound
    else:
        high = top
        for letter, bound in [*levels, ("U", 0.0)]:
            edges.append((letter, bound, high))
            high = bound
    return {
        "bands": [{"letter": letter, "from": a / top, "to": b / top} for letter, a, b in edges if b > a],
        "marks": [
            {"at": each / top, "label": say.figure(each, result.unit)} for each in dict.fromkeys(bounds.values())
        ],
        "figure": None if result.figure is None or result.never else result.figure / top,
        "interval": None if result.interval is None else list(result.interval),
    }


# ---------------------------------------------------------------- cities and what people wrote


def _saw(say: Wording, saw: Saw, report: Report, total_us: int) -> dict[str, Any]:
    told = [line.delivered_us for line in report.line if line.inject in saw.told]
    return {
        "name": say.member(saw.member),
        "joined": _share(saw.joined_us, total_us) if saw.joined_us else None,
        "notes": ", ".join(
            ([say.word("joined_late", t=time(saw.joined_us))] if saw.joined_us else [])
            + [say.word("told_first", n=len(saw.told), t=time(saw.first_told_us))]
        ),
        "told": [_share(each, total_us) for each in told if each is not None],
        "own": [_share(each.at_us, total_us) for each in saw.entries if each.own],
        "others": [_share(each.at_us, total_us) for each in saw.entries if not each.own],
        "own_counts": _counts(say, (each for each in saw.counts if each.own)),
        "others_counts": _counts(say, (each for each in saw.counts if not each.own)),
    }


def _counts(say: Wording, counts: Iterable[Counted]) -> list[list[str]]:
    return [
        [f"{each.count} {TIMES}", say.event(each.type), time(each.first_us), f"#{each.first_seq}"] for each in counts
    ]


def _observations(say: Wording, scenario: Scenario, report: Report) -> list[dict[str, Any]]:
    found = []
    for each in report.observations:
        about = [say.word(f"o_{each.kind}")] + ([] if each.member is None else [say.member(each.member)])
        if each.objective is not None:
            about.append(scenario.objective(each.objective).name.said(say.language))
        found.append(
            {
                "at": time(each.at_us),
                "about": " · ".join(about),
                "text": each.text,
                "language": each.language,
                "seq": "" if each.seq is None else f"#{each.seq}",
            }
        )
    return found


def _washed(say: Wording, said: SaidAfter, report: Report) -> dict[str, Any]:
    minutes = max(0, round((said.wash.at - report.held.ended_at).total_seconds() / 60))
    return {
        "member": say.member(said.wash.member),
        "when": say.word("washed_after", n=minutes),
        "late": None if said.in_time else say.word("too_late"),
        "language": said.wash.language,
        "went_well": said.wash.went_well,
        "to_improve": said.wash.to_improve,
        "to_change": said.wash.to_change,
    }


def _action(say: Wording, scenario: Scenario, action: CorrectiveAction) -> dict[str, Any]:
    known = {each.id: each.name.said(say.language) for each in scenario.objectives}
    return {
        "id": action.id,
        "text": action.text,
        "language": action.language,
        "about": known.get(action.objective or "", ""),
        "owner": say.member(action.owner),
        "function": action.function or "",
        "due": action.due.isoformat(),
        "retest": action.retest_drill or NOTHING,
    }


# ---------------------------------------------------------------- over drills


def _plan(say: Wording, plan: ImprovementPlan) -> dict[str, Any]:
    return {
        "as_of": say.word("improvement_as_of", day=plan.as_of.isoformat()),
        "counts": [
            {"standing": each, "word": say.word(f"a_{each}"), "n": len(plan.standing(each))}
            for each in ("overdue", "open", "done", "retested")
        ],
        "actions": [_followed(say, each) for each in plan.actions],
        "trends": [_trend(say, each) for each in plan.trends],
    }


def _followed(say: Wording, followed: Followed) -> dict[str, Any]:
    action, retest = followed.action, followed.retest
    return {
        "standing": followed.standing,
        "word": say.word(f"a_{followed.standing}"),
        "id": action.id,
        "drill": action.drill,
        "text": action.text,
        "language": action.language,
        "owner": say.member(action.owner),
        "function": action.function or "",
        "due": action.due.isoformat(),
        "done": "" if action.done_on is None else action.done_on.isoformat(),
        "retest": action.retest_drill or NOTHING,
        "before": None if retest is None else retest.before,
        "after": None if retest is None else retest.after,
        "held": "" if retest is None else retest.held_on.isoformat(),
    }


def _trend(say: Wording, trend: Trend) -> dict[str, Any]:
    return {
        "name": trend.name.said(say.language),
        "way": say.word(f"way_{trend.way or 'none'}"),
        "points": [
            {
                "drill": each.drill,
                "held": each.held_on.isoformat(),
                "rating": each.rating,
                "figure": say.figure(each.figure, trend.unit),
                "comparable": each.comparable,
            }
            for each in trend.points[-MOST_POINTS:]
        ],
    }
