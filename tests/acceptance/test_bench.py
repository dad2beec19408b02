"""Benches say what they measured in a form that others can check. How fast it was is never asserted."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from app.store import engine as engines
from simulations import bench
from simulations.bench.measure import Effort, Figure, Goal

KEYS = ["bench", "case", "value", "unit", "against", "against_value", "ratio", "goal", "met", "why"]
A_LITTLE = Effort(rounds=1, seconds=0.2)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_engines(monkeypatch):
    """A bench listens to how its engines connect, and measures them: they share nothing with those of other tests."""
    monkeypatch.setattr(engines, "create_async_engine", create_async_engine)


@pytest.mark.parametrize(
    ("name", "cases", "with_goal"),
    [
        ("journal", ["8 clients, 1 space", "8 clients, 16 spaces"], "8 clients, 16 spaces"),
        ("commands", ["1 at once", "8 at once", "32 at once"], "8 at once"),
    ],
)
def test_a_bench_prints_one_object_a_line(name, cases, with_goal, capfd):
    """Whoever compares releases reads these lines by program: exactly these keys, one line for each case."""
    assert bench.run([name], as_json=True, effort=A_LITTLE) == 0
    lines = [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["case"] for line in lines] == cases
    for line in lines:
        assert list(line) == KEYS
        assert line["bench"] == name
        assert line["value"] > 0
        assert line["against_value"] > 0
        assert line["ratio"] == pytest.approx(line["value"] / line["against_value"], rel=0.01)
        if line["case"] == with_goal:
            assert line["goal"] == ">= 0.5"
            assert line["met"] is (line["ratio"] >= 0.5)
        else:
            assert line["goal"] is None
            assert line["met"] is None


def test_the_bench_of_webhooks_compares_with_the_quicker_loop(capfd):
    """A figure beside the slower of two libraries would look like a goal that is met."""
    assert bench.run(["webhooks"], as_json=True, effort=A_LITTLE) == 0
    lines = [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [line["case"] for line in lines] == ["1 endpoint", "1 endpoint", "8 endpoints", "8 endpoints"]
    (aimed,) = [line for line in lines if line["goal"]]
    assert aimed["against_value"] == max(line["against_value"] for line in lines if line["case"] == "8 endpoints")
    assert aimed["met"] is (aimed["ratio"] >= 2 / 3)


def test_a_goal_that_is_missed_is_printed_as_missed(capsys):
    """The table must not leave out what did not work."""
    from simulations.bench.measure import Report

    report = Report(as_json=False)
    report.add(Figure("journal", "8 clients, 16 spaces", 400.0, "entries/s", "raw insert", 1000.0, Goal(">=", 0.5)))
    report.add(Figure("fanout", "n=5000", 71.2, "ms", "websockets.broadcast", 78.0, Goal("<=", 1.2)))
    report.finish()
    rows = capsys.readouterr().out.splitlines()
    assert [row for row in rows if "entries/s" in row and ">= 0.5: MISSED" in row]
    assert [row for row in rows if "ms" in row and "<= 1.2: met" in row]
    assert "Python" in rows[-1], "the machine stands below"


def test_a_bench_that_does_not_exist_is_wrong_usage():
    asked = subprocess.run(
        [sys.executable, "-m", "app.cli", "bench", "nonsense"], capture_output=True, text=True, timeout=60
    )
    assert asked.returncode == 2
    told = " ".join(asked.stderr.split())
    assert "There is no bench nonsense." in told
    assert "commands, journal, start" in told
    assert not asked.stdout


def test_the_benches_of_planning_say_what_they_measured(capfd, monkeypatch):
    """The figures under the goals must be of plans that are exact, and of all sides that are there."""
    from simulations.bench import plan, plan_ground, recommend

    monkeypatch.setattr(recommend, "RESOURCES", 2_000)
    monkeypatch.setattr(plan, "PATIENCE_S", 120.0)
    small = plan_ground.situation
    monkeypatch.setattr(plan, "situation", lambda of, scarce: small(of, scarce=scarce, lines=25))
    assert bench.run(["recommend", "plan", "fairness"], as_json=True, effort=A_LITTLE) == 0
    lines = [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert all(list(line) == KEYS and line["value"] >= 0 for line in lines)
    against = {(line["bench"], line["against"]) for line in lines}
    assert ("recommend", "earthdistance, GiST (type, place)") in against
    assert ("recommend", "full scan in NumPy, great circle") in against
    assert ("plan", "scipy.optimize.milp (optimal)") in against
    assert ("fairness", "greedy closest-first") in against
    share = next(line for line in lines if line["case"] == "worst-covered requester's share")
    assert share["value"] >= share["against_value"]
