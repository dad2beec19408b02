"""`concord drill run`, as CI uses it: its figures, and its exit status."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from tests.commands.drilling import SCRIPT

pytestmark = pytest.mark.slow


def run(*args):
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "drill", "run", *map(str, args)], capture_output=True, text=True, timeout=500
    )


async def test_a_drill_is_played_and_its_figures_are_printed(tmp_path):
    """CI would be green though nothing was played, or nobody could read how it went."""
    script = tmp_path / "small.yaml"
    script.write_text(SCRIPT, encoding="utf-8")
    said = await asyncio.to_thread(run, script, "--json")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert (told["status"], told["broken"]) == ("ended", [])
    assert [each["objective"] for each in told["ratings"]] == ["asked", "answered", "kept"]
    assert all(each["computed"] for each in told["ratings"])
    assert told["deliveries"] >= 6


async def test_a_script_that_can_not_be_played_ends_with_its_fault(tmp_path):
    """A pipeline would go on with a script that stands still."""
    script = tmp_path / "small.yaml"
    script.write_text(SCRIPT.replace("pump.high_capacity", "pump.high", 1), encoding="utf-8")
    said = await asyncio.to_thread(run, script)
    assert said.returncode == 1
    assert "can't be played" in said.stderr
