"""What ``drill run`` tells of a drill once it is over: planned and actual and the ratings in the terminal, and the report as files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape
from rich.table import Column, Table

from app.cli.terminal import USAGE, Refusal, out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from app.commands.drill_running import Ran
    from app.commands.execute import Door
    from app.domain.drills.improvement import ImprovementPlan
    from app.domain.drills.model import Scenario
    from app.domain.drills.places import Places
    from app.domain.drills.report import Expected, InjectLine, ObjectiveResult, Report

KINDS: Final = (".json", ".pdf")
LONGEST_TEXT: Final = 48


@dataclass(frozen=True, slots=True)
class Reported:
    """The report of a drill that is over, and what its papers need."""

    report: Report
    plan: ImprovementPlan
    scenario: Scenario
    places: Places
    made_at: datetime


def require_target(target: Path | None) -> None:
    """Refuse a file of another kind than those that are written.

    Raises:
        Refusal: it is one; what has no ending is taken for a folder.
    """
    if target is not None and target.suffix and target.suffix not in KINDS and not target.is_dir():
        message = f"--report writes {' or '.join(KINDS)}, or everything into a folder; {target.name} is neither."
        raise Refusal(message, status=USAGE)


async def reported(door: Door, ran: Ran) -> Reported | None:
    """Return the report of a drill that was played; none if it has not ended."""
    from app.domain.authority import SYSTEM
    from app.queries.drill_places import places_of
    from app.queries.drill_report import plan_as_of, report_of
    from app.queries.drills import known
    from app.store.drills import scenario_of
    from app.store.engine import reading
    from app.store.unit_of_work import LIVE

    async with reading(door.engine, snapshot=True) as conn:
        row = (await known(conn, LIVE, ran.drill_id, SYSTEM)).row
        if row["ended_at"] is None:
            return None
        return Reported(
            report=await report_of(conn, row),
            plan=await plan_as_of(conn, LIVE, door.clock.now().date(), actor=SYSTEM),
            scenario=scenario_of(row["script"], row["script_digest"]),
            places=await places_of(conn, LIVE),
            made_at=door.clock.now(),
        )


# ---------------------------------------------------------------- files


def write(said: Reported, target: Path) -> Iterator[Path]:
    """Write the report to a file of the kind that its name says, or all of it into a folder; yield what was written.

    Raises:
        Refusal: it can't be written there.
    """
    try:
        if target.suffix in KINDS:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_json(said) if target.suffix == ".json" else _pdf(said, "en"))
            yield target
            return
        target.mkdir(parents=True, exist_ok=True)
        for name, data in _all(said):
            file = target / f"{said.report.scenario}-{name}"
            file.write_bytes(data)
            yield file
    except OSError as error:
        message = f"{target} can't be written to: {error.strerror}. Choose another place with --report."
        raise Refusal(message) from error


def _all(said: Reported) -> Iterator[tuple[str, bytes]]:
    from app.domain.protocol_data import LANGUAGES
    from app.interop.drill_files import actions_csv, ratings_csv, time_line_csv

    report, marked = said.report, said.places.languages
    yield "report.json", _json(said)
    for language in LANGUAGES:
        yield f"report-{language}.pdf", _pdf(said, language)
        yield f"time-line-{language}.csv", time_line_csv(report, language, marked)
        yield f"ratings-{language}.csv", ratings_csv(report, language, marked)
    yield "actions.csv", actions_csv(report.actions, marked)


def _json(said: Reported) -> bytes:
    from app.interop.drill_files import report_json

    return report_json(said.report, said.plan, said.places.languages)


def _pdf(said: Reported, language: str) -> bytes:
    from app.interop.drill_report_paper import report_paper

    return report_paper(
        said.report, said.scenario, said.places, language, plan=said.plan, printed_at=said.made_at
    )  # fmt: skip


# ---------------------------------------------------------------- the terminal


def show(ran: Ran, said: Reported | None) -> None:
    """Print planned and actual, each objective with its figure, and what it took."""
    if said is not None:
        _show_line(said.report)
        _show_ratings(said.report, f"{ran.code}: {ran.status}")
    refused = sum("refused" in task["outcome"] for task in ran.tasks)
    ratings = Counter(each["computed"] or "not assessed" for each in ran.ratings)
    listed = ", ".join(f"{number} {rating}" for rating, number in sorted(ratings.items())) or "no ratings"
    out.print(
        f"{ran.deliveries} injects, {ran.entries} entries, {len(ran.tasks)} acts of virtual players"
        f" ({refused} with a refusal), {listed}."
    )


def _show_line(report: Report) -> None:
    """Print it in three columns: in eighty characters no id and no member is cut."""
    table = Table(
        Column("Planned", width=14),
        Column("Came, and later by", width=13),
        Column("Inject, to whom, and what it expected", overflow="fold"),
        title="Planned and actual",
        show_lines=True,
    )
    for line in report.line:
        text = line.text.said("en").replace("\n", " ")
        short = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
        table.add_row(
            _planned(line),
            _came(line),
            "\n".join(
                (
                    escape(f"{line.inject}: {short}"),
                    f"to {'all' if line.to == report.members else ', '.join(line.to)}",
                    *map(_expected, line.expected),
                )
            ),
        )
    for each in report.stretches:
        where = each.site or "everybody"
        what = "jumped over" if each.kind == "jump" else f"{where} paused"
        table.add_row(_time(each.from_us), _time(each.to_us), escape(what))
    out.print(table)


def _planned(line: InjectLine) -> str:
    if line.planned_us is not None:
        return _time(line.planned_us) + (" if needed" if line.trigger == "not_met" else "")
    return "by hand" if line.latest_us is None else f"on its event, else {_time(line.latest_us)}"


def _came(line: InjectLine) -> str:
    """Return when it came, and below by how much later than planned, if a time was planned and it was another."""
    if line.outcome != "delivered":
        return line.outcome.replace("_", " ")
    if not line.difference_us:
        return _time(line.delivered_us)
    return f"{_time(line.delivered_us)}\n{'-' if line.difference_us < 0 else '+'}{_time(abs(line.difference_us))}"


def _expected(each: Expected) -> str:
    took = "" if each.done_us is None else f" {_time(each.done_us)}"
    return f"{', '.join(each.members)}: {each.standing.replace('_', ' ')}{took}"


def _time(us: int | None) -> str:
    from app.domain.drills.shapes import clock_text

    return "" if us is None else clock_text(us / 1e6)


def _show_ratings(report: Report, title: str) -> None:
    table = Table("Objective", "Rating", "Figure", "P / S / M", "n", "95 %", title=title)
    for each in report.objectives:
        low_high = each.interval
        levels = " / ".join(_figure(each, bound) for bound in each.thresholds.values())
        table.add_row(
            escape(each.name.said("en")),
            each.rating or "not assessed",
            "never" if each.never else "" if each.figure is None else _measured(each, each.figure),
            f"{'at least' if each.better == 'more' else 'within' if each.unit == 's' else 'at most'} {levels}",
            str(each.n),
            "" if low_high is None else f"{low_high[0]:.0%} to {low_high[1]:.0%}",
        )
    out.print(table)


def _measured(each: ObjectiveResult, figure: float) -> str:
    if each.unit == "share":
        return f"{each.hits} of {each.n} ({figure:.0%})"
    return _figure(each, figure)


def _figure(each: ObjectiveResult, figure: Any) -> str:
    from app.domain.drills.shapes import clock_text

    if each.unit == "s":
        return clock_text(figure)
    return f"{figure:.0%}" if each.unit == "share" else f"{figure:g}"
