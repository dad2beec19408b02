"""The report of a drill as JSON and CSV, read back by programs that know nothing of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import jsonschema
import pytest

from app.domain.drills.improvement import improvement_plan, past_of
from app.domain.protocol_data import LANGUAGES
from app.interop.drill_files import (
    ACTIONS,
    RATINGS,
    TIME_LINE,
    actions_csv,
    mark,
    ratings_csv,
    report_json,
    report_schema,
    time_line_csv,
)
from app.settings import protocols_path
from tests.domain.drills.making import SCENARIOS
from tests.domain.drills.played import FORMULA, reported

NAMES = [file.stem for file in SCENARIOS]
SCHEMA = protocols_path() / "wire" / "drill" / "report.schema.json"
MARK = "EXERCISE EXERCISE EXERCISE · ÜBUNG ÜBUNG ÜBUNG · EXERCICE EXERCICE EXERCICE · OEFENING OEFENING OEFENING"


def written():
    return json.dumps(report_schema(), indent=1, ensure_ascii=False) + "\n"


def plan_of(name):
    return improvement_plan([past_of(reported(name, n, 30 * n)) for n in (1, 2)], date(2027, 8, 1))


def rows(file, columns):
    """The rows of a file, after its mark was found first and last."""
    assert file.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))
    assert lines[0] == lines[-1] == [MARK]
    assert tuple(lines[1]) == columns
    assert all(len(line) == len(columns) for line in lines[2:-1])
    return [dict(zip(columns, line, strict=True)) for line in lines[2:-1]]


def test_the_schema_is_that_of_the_shapes():
    """Who reads a report by the schema, and who writes it, have to agree."""
    assert SCHEMA.read_text("utf-8") == written(), "python -m tests.interop.test_drill_files"
    jsonschema.Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("name", NAMES)
def test_each_report_fits_its_schema(name):
    """Also the empty corners: a share without a case, an inject that never came, an action without an objective."""
    text = report_json(reported(name), plan_of(name), LANGUAGES)
    told = json.loads(text)
    judge = jsonschema.Draft202012Validator(report_schema(), format_checker=jsonschema.FormatChecker())
    judge.validate(told)
    assert next(iter(told)) == "exercise"
    assert list(told)[-1] == "exercise_last"
    assert told["exercise"] == told["exercise_last"] == mark(LANGUAGES)
    report = reported(name)
    assert [each["figure"] for each in told["report"]["objectives"]] == [each.figure for each in report.objectives]
    assert [each["delivered_us"] for each in told["report"]["line"]] == [each.delivered_us for each in report.line]
    assert told["report"]["objectives"][0]["overruled"]["reason"] == report.objectives[0].overruled.reason
    judge.validate(json.loads(report_json(report, None, LANGUAGES)))
    del told["report"]["objectives"][0]["n"]
    assert not judge.is_valid(told)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_time_line_and_ratings_as_csv(name, language):
    """Row by row what the report holds, in the reader's language."""
    report = reported(name)
    found = rows(time_line_csv(report, language, LANGUAGES), TIME_LINE)
    assert len(found) == sum(max(1, len(line.expected)) for line in report.line)
    lines = {line.inject: line for line in report.line}
    for row in found:
        line = lines[row["inject"]]
        assert row["text"] == line.text.said(language)
        told = None if not row["delivered_s"] else round(float(row["delivered_s"]) * 1_000_000)
        assert told == line.delivered_us
        assert row["to"] == " | ".join(line.to)
    found = rows(ratings_csv(report, language, LANGUAGES), RATINGS)
    assert [row["objective"] for row in found] == [each.objective for each in report.objectives]
    for row, result in zip(found, report.objectives, strict=True):
        assert row["name"] == result.name.said(language)
        assert row["rating"] == (result.rating or "")
        assert (float(row["figure"]) if row["figure"] else None) == pytest.approx(result.figure, abs=1e-5)
        assert float(row["threshold_p"]) == result.thresholds["P"]
    assert found[0]["overruled_to"] == "S"


def test_no_cell_is_carried_out():
    """A text that a neighbour wrote must not compute when the fire chief opens the file."""
    report, plan = reported("meuse-flood"), plan_of("meuse-flood")
    plain = rows(actions_csv(report.actions, LANGUAGES), ACTIONS)
    assert plain[0]["action"] == f"'-1+{FORMULA}"
    assert plain[0]["standing"] == ""
    followed = rows(actions_csv(plan.actions, LANGUAGES), ACTIONS)
    assert len(followed) == 4
    assert {row["standing"] for row in followed} <= {"open", "overdue", "done", "retested"}
    assert {row["retest_drill"] for row in followed} == {"", "DRL-2027-0002", "DRL-2027-0003"}
    for row in (*plain, *followed):
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


if __name__ == "__main__":
    SCHEMA.write_text(written(), "utf-8")
