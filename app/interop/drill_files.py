"""The after-action report as files for other programs: JSON (``protocols/wire/drill/report.schema.json``) and CSV.

EXERCISE stands first and last in each, in every language of the corridor: in JSON as the first and the last key, in CSV as the
first and the last line. The second line of a CSV file holds the names of its columns. Times in the drill are seconds from its
start in CSV, and microseconds, as the core has them, in JSON.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from app.domain.drills import US
from app.domain.drills.improvement import Followed, ImprovementPlan
from app.domain.drills.report import Report
from app.domain.drills.texts import mark
from app.interop.sheet_reading import FORMULA

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.domain.drills.rating import Overrule
    from app.domain.drills.report import CorrectiveAction, Expected, InjectLine

Mark: TypeAlias = Annotated[
    list[str],
    Field(min_length=1, description="EXERCISE EXERCISE EXERCISE, in each language of the corridor."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The file. ``improvement_plan`` goes over all drills of the corridor; null where only the report was asked for."""

    exercise: Mark
    format: Literal["concord-drill-report/1"]
    report: Report
    improvement_plan: ImprovementPlan | None
    exercise_last: Mark


_DOCUMENT: Final = TypeAdapter(Document)

TIME_LINE: Final = (
    "inject", "kind", "from", "to", "means", "trigger", "planned_s", "latest_s", "outcome", "delivered_s", "difference_s",
    "delivered_by", "seq", "objective", "text", "expected_of", "expected", "standing", "due_s", "done_s", "told_by",
    "evidence", "note",
)  # fmt: skip
RATINGS: Final = (
    "objective", "name", "for", "rating", "computed", "figure", "unit", "n", "hits", "wilson_low", "wilson_high",
    "better", "threshold_p", "threshold_s", "threshold_m", "open", "never", "not_assessed", "overruled_to", "overruled_why",
    "overruled_by", "overrules", "evidence",
)  # fmt: skip
ACTIONS: Final = (
    "id", "drill", "action", "language", "objective", "owner", "function", "due", "done_on", "standing", "retest_drill",
    "retest_held_on", "retest_before", "retest_after", "retest_passed",
)  # fmt: skip


def report_json(report: Report, plan: ImprovementPlan | None, languages: Sequence[str]) -> bytes:
    """Return the report as JSON; ``languages`` are the corridor's."""
    marked = mark(languages)
    document = Document(
        exercise=marked, format="concord-drill-report/1", report=report, improvement_plan=plan, exercise_last=marked
    )
    return _DOCUMENT.dump_json(document, indent=1)


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``report_json``."""
    made = _DOCUMENT.json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "After-action report of a drill",
        "description": "Times ending in _us are microseconds of drill time; a seq is an entry of the drill's journal.",
    }
    return head | {key: value for key, value in made.items() if key not in head}


def time_line_csv(report: Report, language: str, languages: Sequence[str]) -> bytes:
    """Return planned and actual: one row for each thing expected, or for an inject that expected nothing."""

    def rows() -> Iterable[dict[str, Any]]:
        for line in report.line:
            for expected in line.expected or (None,):
                yield _line_row(line, expected, language)

    return _csv(TIME_LINE, rows(), languages)


def ratings_csv(report: Report, language: str, languages: Sequence[str]) -> bytes:
    """Return the objectives with figures and ratings; times in seconds, shares from 0 to 1."""

    def rows() -> Iterable[dict[str, Any]]:
        for each in report.objectives:
            low, high = each.interval or (None, None)
            yield {
                "objective": each.objective, "name": each.name.said(language), "for": each.members, "rating": each.rating,
                "computed": each.computed, "figure": each.figure, "unit": each.unit, "n": each.n, "hits": each.hits,
                "wilson_low": low, "wilson_high": high, "better": each.better, "open": each.open, "never": each.never,
                "threshold_p": each.thresholds["P"], "threshold_s": each.thresholds.get("S"),
                "threshold_m": each.thresholds.get("M"), "not_assessed": each.not_assessed, "evidence": each.evidence,
                "overruled_to": each.overruled and each.overruled.rating,
                "overruled_why": each.overruled and each.overruled.reason,
                "overruled_by": each.overruled and each.overruled.by, "overrules": tuple(map(_overrule, each.overrules)),
            }  # fmt: skip

    return _csv(RATINGS, rows(), languages)


def actions_csv(followed: Iterable[CorrectiveAction | Followed], languages: Sequence[str]) -> bytes:
    """Return corrective actions: of one report, or as the improvement plan follows them, with standing and retest."""

    def rows() -> Iterable[dict[str, Any]]:
        for each in followed:
            action = each.action if isinstance(each, Followed) else each
            retest = each.retest if isinstance(each, Followed) else None
            yield {
                "id": action.id, "drill": action.drill, "action": action.text, "language": action.language,
                "objective": action.objective, "owner": action.owner, "function": action.function, "due": action.due,
                "done_on": action.done_on, "standing": each.standing if isinstance(each, Followed) else None,
                "retest_drill": action.retest_drill, "retest_held_on": retest and retest.held_on,
                "retest_before": retest and retest.before, "retest_after": retest and retest.after,
                "retest_passed": retest and retest.passed,
            }  # fmt: skip

    return _csv(ACTIONS, rows(), languages)


def _overrule(said: Overrule) -> str:
    """Return one word against a figure, with whose and when."""
    who = " ".join(filter(None, (said.member, said.by)))
    when = "" if said.at is None else f" {said.at:%Y-%m-%dT%H:%M:%SZ}"
    return f"{said.rating} ({who}{when}): {said.reason}"


def _line_row(line: InjectLine, expected: Expected | None, language: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "inject": line.inject, "kind": line.kind, "to": line.to, "means": line.means, "trigger": line.trigger,
        "from": line.sender_name.said(language) if line.sender_name else line.sender,
        "planned_s": _seconds(line.planned_us), "latest_s": _seconds(line.latest_us), "outcome": line.outcome,
        "delivered_s": _seconds(line.delivered_us), "difference_s": _seconds(line.difference_us),
        "delivered_by": line.delivered_by, "seq": line.seq, "objective": line.objective, "text": line.text.said(language),
    }  # fmt: skip
    if expected is not None:
        row |= {
            "expected_of": expected.members, "expected": expected.action.said(language), "standing": expected.standing,
            "due_s": _seconds(expected.due_us), "done_s": _seconds(expected.done_us), "told_by": expected.by,
            "evidence": expected.evidence, "note": expected.note,
        }  # fmt: skip
    return row


def _seconds(us: int | None) -> float | None:
    return None if us is None else us / US


def _csv(columns: Sequence[str], rows: Iterable[dict[str, Any]], languages: Sequence[str]) -> bytes:
    """Return a file for spreadsheets, with a byte order mark by which they know that it is UTF-8."""
    text, exercise = io.StringIO(newline=""), " · ".join(mark(languages))
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([exercise])
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    writer.writerow([exercise])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case float():
            return f"{value:.6f}".rstrip("0").rstrip(".")
        case tuple():
            said = " | ".join(map(str, value))
        case _:
            said = str(value)
    return f"'{said}" if FORMULA.match(said) else said
