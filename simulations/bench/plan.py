"""``plan`` and ``fairness``: all open lines of a bad day, 60 members, 30 types, 200 lines, caps, reserves, crossing slots, deadlines.

Ours is timed from the situation to the plan, building included, for all its aims in turn. The others are handed the finished program with all aims in one
weighted sum, and are timed for solving it: ``scipy.optimize.milp`` in this process, CP-SAT and VROOM each in a child process, for OR-Tools can't be loaded
beside highspy. VROOM knows vehicles, types and deadlines; caps, slots and shares it can't express. Who is not installed is left out (``concord[bench]``).
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from app.planning.planner import Planner
from simulations.bench import plan_rivals
from simulations.bench.measure import Effort, Figure, Goal, Report
from simulations.bench.plan_ground import LINES, MEMBERS, TYPES, ground, situation

if TYPE_CHECKING:
    from app.planning.plan import Situation

PLAN_MS: Final = 250.0
AGAIN_MS: Final = 20.0
PATIENCE_S: Final = 20.0
"""What the solver may take here: a goal that is missed is to be seen, and not hidden by greedy."""
IN_TIME: Final = Goal("<=", 1.0)
FASTER: Final = Goal("<=", 1.0)


def measure(effort: Effort, report: Report) -> None:
    """Measure planning, planning again after one change, and the others."""
    of = ground()
    for name, scarce in (("enough", False), ("scarce", True)):
        bad_day = situation(of, scarce=scarce)
        case = f"{MEMBERS} x {TYPES} x {LINES}, {name}"
        report.tell(f"plan: {case}")
        anew, again = _ours(bad_day, effort.rounds)
        for took, more, goal in ((anew, "", PLAN_MS), (again, ", one unit fewer", AGAIN_MS)):
            against, why = f"the goal, {goal:g} ms", took.why(goal)
            report.add(Figure("plan", case + more, took.ms, "ms", against, goal, IN_TIME, why))
        _others(bad_day, case, anew, effort, report)


def fairness(effort: Effort, report: Report) -> None:
    """Print what the exact plan and closest-first leave open where there is less than is asked for."""
    del effort  # nothing is timed
    planner = Planner(situation(ground(), scarce=True))
    exact, greedy = planner.plan(PATIENCE_S), planner.greedy()
    if exact.status != "optimal":
        report.tell(f"fairness: the exact plan is {exact.status} ({exact.note}): the figures compare nothing")
    mean = [plan.minutes / max(1, sum(each.quantity for each in plan.assignments)) for plan in (exact, greedy)]
    cases: list[tuple[str, float, float, str]] = [
        ("life-safety units open", exact.life_safety_unmet, greedy.life_safety_unmet, "units"),
        ("units open", exact.unmet_units, greedy.unmet_units, "units"),
        ("worst-covered requester's share", exact.worst_share * 100, greedy.worst_share * 100, "%"),
        ("minutes of a unit that comes", mean[0], mean[1], "min"),
    ]
    for case, ours, theirs, unit in cases:
        report.add(Figure("fairness", case, ours, unit, "greedy closest-first", theirs))


@dataclass(frozen=True, slots=True)
class Took:
    """What a plan took, in ms: all of it, in the solver, and on the processor."""

    ms: float
    solving_ms: float
    cpu_ms: float

    @classmethod
    def median(cls, several: list[Took]) -> Took:
        """Return the medians."""
        columns = (
            [each.ms for each in several],
            [each.solving_ms for each in several],
            [each.cpu_ms for each in several],
        )
        return cls(*(statistics.median(column) for column in columns))

    def parts(self) -> str:
        """Say what it is made of."""
        share, cpu = self.solving_ms / self.ms * 100, self.cpu_ms / self.ms * 100
        return (
            f"Of {self.ms:.0f} ms the solver took {share:.0f} %, building the program and telling the plan with its reasons the "
            f"rest; this process had a processor for {cpu:.0f} % of the time"
        )

    def why(self, goal_ms: float) -> str:
        """Say why it is more than the goal."""
        if self.cpu_ms <= goal_ms:
            return f"{self.parts()}: on one of its own it takes {self.cpu_ms:.0f} ms, within the goal."
        return f"{self.parts()}, {self.cpu_ms:.0f} ms."


def _ours(bad_day: Situation, rounds: int) -> tuple[Took, Took]:
    """Return the medians of a plan made from nothing, and of one made again after a unit that it sends has gone."""
    anew, again = [], []
    for _ in range(rounds + 1):
        began, cpu = time.perf_counter(), time.process_time()
        planner = Planner(bad_day)
        plan = planner.plan(PATIENCE_S)
        anew.append(_took(began, cpu, planner))
        if plan.status != "optimal":
            raise RuntimeError(f"the bench's plan is {plan.status}: {plan.note}")
        planner.plan(PATIENCE_S)
        pools = [pool.id for pool in bad_day.pools]
        key = ("supply", pools.index(plan.assignments[len(plan.assignments) // 2].pool_id))
        planner.set_left(key, (planner.left(key) or 1) - 1)
        began, cpu = time.perf_counter(), time.process_time()
        planner.plan(PATIENCE_S)
        again.append(_took(began, cpu, planner))
    return Took.median(anew[1:]), Took.median(again[1:])


def _took(began: float, cpu: float, planner: Planner) -> Took:
    ms = (time.perf_counter() - began) * 1000
    return Took(ms, planner.solving_s * 1000, (time.process_time() - cpu) * 1000)


def _others(bad_day: Situation, case: str, ours: Took, effort: Effort, report: Report) -> None:
    planner = Planner(bad_day)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "program.npz"
        plan_rivals.write(file, planner)
        for name, package in (("milp", "scipy"), ("cp_sat", "ortools"), ("vroom", "vroom")):
            if importlib.util.find_spec(package) is None:
                report.tell(f"plan: {package} is not installed and left out: pip install '.[bench]'")
                continue
            told = _child(name, file, max(1, min(3, effort.rounds)))
            if "error" in told:
                report.tell(f"plan: {plan_rivals.TITLES[name]}: {told['error']}")
                continue
            title = f"{plan_rivals.TITLES[name]} ({told['said']})"
            goal = FASTER if name != "vroom" else None
            why = f"{ours.parts()}. The other is handed the finished program, and solves one weighted sum once."
            report.add(Figure("plan", case, ours.ms, "ms", title, told["ms"], goal, why))


def _child(name: str, file: Path, rounds: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "simulations.bench.plan_rivals", name, str(file), str(rounds)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=180, check=False)  # noqa: S603 - this very interpreter
    except subprocess.TimeoutExpired:
        return {"error": "not done after 180 s"}
    if ended.returncode:
        return {"error": ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]}
    told: dict[str, Any] = orjson.loads(ended.stdout.splitlines()[-1])
    return told
