"""`concord drill run`, as CI uses it: its figures, and its exit status."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from datetime import date

import pytest
from rich.console import Console

from app.cli import drill_reports
from app.cli.drill_reports import Reported, show
from app.cli.terminal import out
from app.commands.drill_running import Ran
from app.domain.drills.improvement import improvement_plan
from app.domain.ids import new_id
from tests.commands.drilling import SCRIPT
from tests.domain.drills.making import START, shipped
from tests.domain.drills.played import reported
from tests.interop.test_drill_handbooks import PLACES

pytestmark = pytest.mark.slow


def run(*args):
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "drill", "run", *map(str, args)], capture_output=True, text=True, timeout=500
    )


async def test_a_drill_is_played_and_its_figures_are_printed(tmp_path):
    """CI would be green though nothing was played, or nobody could read how it went."""
    script = tmp_path / "small.yaml"
    script.write_text(SCRIPT, encoding="utf-8")
    said = await asyncio.to_thread(run, script, "--json", "--report", tmp_path / "out")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert (told["status"], told["broken"]) == ("ended", [])
    assert [each["objective"] for each in told["ratings"]] == ["asked", "answered", "kept"]
    assert all(each["computed"] for each in told["ratings"])
    assert told["deliveries"] >= 6
    report = json.loads((tmp_path / "out" / "small-report.json").read_text("utf-8"))["report"]
    assert [each["computed"] for each in report["objectives"]] == [each["computed"] for each in told["ratings"]]
    assert {file.suffix for file in (tmp_path / "out").iterdir()} == {".json", ".pdf", ".csv"}
    assert len(list((tmp_path / "out").glob("*.pdf"))) == 4


def test_planned_and_actual_are_printed(capsys, monkeypatch):
    """Whoever plays a script at night would have figures in the morning, and no story."""
    monkeypatch.setattr(out, "width", 200)
    report = reported("meuse-flood")
    ran = Ran(new_id(), "D-1", "drill-1", "ended", 3, (), 5, ({"outcome": "refused"},), ())
    show(ran, Reported(report, improvement_plan([], date(2027, 5, 4)), shipped("meuse-flood"), PLACES, START))
    printed = "".join(capsys.readouterr().out.split())
    for line in report.line:
        assert f"{line.inject}:" in printed
    assert "1witharefusal" in printed


def test_in_eighty_columns_nothing_is_cut(monkeypatch):
    """A control room's terminal has eighty: ids that end in dots are found in no script, and a member that is cut is nobody."""
    console = Console(width=80, record=True, force_terminal=False, soft_wrap=True, highlight=False)
    monkeypatch.setattr(drill_reports, "out", console)
    report = reported("meuse-flood")
    ran = Ran(new_id(), "D-1", "drill-1", "ended", 3, (), 5, (), ())
    show(ran, Reported(report, improvement_plan([], date(2027, 5, 4)), shipped("meuse-flood"), PLACES, START))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    for line in report.line:
        assert f" {line.inject}: " in text, line.inject
        members = set() if line.to == report.members else set(line.to)
        for code in members.union(*(each.members for each in line.expected)):
            assert re.search(rf"\b{code}\b", text), code
    for each in report.objectives:
        assert all(f" {word} " in text for word in each.name.said("en").split())


def test_a_report_of_another_kind_is_refused(tmp_path):
    """An hour of play, and the file has no form."""
    said = run("meuse-flood", "--report", tmp_path / "report.docx")
    assert said.returncode == 2
    assert ".pdf" in said.stderr


async def test_a_script_that_can_not_be_played_ends_with_its_fault(tmp_path):
    """A pipeline would go on with a script that stands still."""
    script = tmp_path / "small.yaml"
    script.write_text(SCRIPT.replace("pump.high_capacity", "pump.high", 1), encoding="utf-8")
    said = await asyncio.to_thread(run, script)
    assert said.returncode == 1
    assert "can't be played" in said.stderr
