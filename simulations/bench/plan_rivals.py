"""The program of a plan for other solvers, each in a process of its own: ``python -m simulations.bench.plan_rivals NAME FILE ROUNDS``."""

from __future__ import annotations

import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.planning.planner import Planner

TITLES: Final = {"milp": "scipy.optimize.milp", "cp_sat": "OR-Tools CP-SAT", "vroom": "VROOM"}
TIME_LIMIT_S: Final = 30.0
_LARGE: Final = 10**6
_A_DAY_S: Final = 86_400
"""A way that is none: VROOM knows no infinite times, and refuses larger ones."""


def write(file: Path, planner: Planner) -> None:
    """Write the program with its aims in one weighted sum, in whole tenths of a minute, and what VROOM needs of the options."""
    planner.plan(TIME_LIMIT_S)  # it then holds every option that an optimal plan may need
    problem, options, pools = planner.problem, planner.options, planner.situation.pools
    starts, rows, factors = problem.by_column()
    aims = problem.aims
    cost = aims["safety"] * 10_000_000 + aims["open"] * 5_000 + aims["ad_hoc"] * 5_000 + np.rint(aims["minutes"] * 10)
    need = np.array([max(0, line.quantity) for line in planner.situation.lines])
    within = np.array([-1 if line.within_min is None else line.within_min for line in planner.situation.lines])
    np.savez(
        file, starts=starts, rows=rows, factors=factors, upper=problem.upper, cost=cost,
        row_lower=np.array(problem.rows.lower), row_upper=np.array(problem.rows.upper), share=problem.share_column,
        line=options.line, pool=options.pool, minutes=options.minutes, count=np.array([pool.count for pool in pools]),
        need=need, within=within,
    )  # fmt: skip


def _milp(data: Mapping[str, Any]) -> str:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csc_array

    shape = (len(data["row_upper"]), len(data["upper"]))
    matrix = csc_array((data["factors"], data["rows"], data["starts"]), shape=shape)
    whole = np.ones(len(data["upper"]))
    whole[int(data["share"])] = 0
    found = milp(
        data["cost"],
        integrality=whole,
        bounds=Bounds(0, data["upper"]),
        constraints=LinearConstraint(matrix, data["row_lower"], data["row_upper"]),
        options={"time_limit": TIME_LIMIT_S},
    )
    return "optimal" if found.status == 0 else "not optimal in time"


def _cp_sat(data: Mapping[str, Any]) -> str:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    columns = [model.new_int_var(0, int(upper), "") for upper in data["upper"]]
    cost = data["cost"].astype(np.int64).tolist()
    by_row: list[list[tuple[int, int]]] = [[] for _ in data["row_upper"]]
    starts = data["starts"].tolist()
    for column in range(len(columns)):
        if column == int(data["share"]):
            continue  # a share is no whole number: CP-SAT is let off
        for at in range(starts[column], starts[column + 1]):
            by_row[int(data["rows"][at])].append((column, int(data["factors"][at])))
    for entries, lower, upper in zip(by_row, data["row_lower"].tolist(), data["row_upper"].tolist(), strict=True):
        total = cp_model.LinearExpr.weighted_sum([columns[c] for c, _ in entries], [f for _, f in entries])
        model.add_linear_constraint(total, int(max(lower, -_LARGE)), int(min(upper, _LARGE)))
    model.minimize(cp_model.LinearExpr.weighted_sum(columns, cost))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = TIME_LIMIT_S
    solver.parameters.num_workers = 1
    return str(solver.status_name(solver.solve(model))).lower()


def _vroom(data: Mapping[str, Any]) -> str:
    """Each unit a vehicle with one task, each unit asked for a job; what a pool is no option for, its vehicles have no skill for."""
    import vroom

    lines, pools = len(data["need"]), len(data["count"])
    used = np.unique(data["pool"])
    place = {int(pool): number for number, pool in enumerate(used)}
    many = len(used)
    matrix = np.full((many + lines, many + lines), _A_DAY_S, np.uint32)
    np.fill_diagonal(matrix, 0)
    skills: dict[int, set[int]] = {int(pool): set() for pool in used}
    for line, pool, minutes in zip(data["line"].tolist(), data["pool"].tolist(), data["minutes"].tolist(), strict=True):
        at, to = place[pool], many + line
        matrix[at, to] = min(matrix[at, to], round(minutes * 60))
        skills[pool].add(line)
    problem = vroom.Input()
    problem.set_durations_matrix("car", matrix)
    number = 0
    for pool in used.tolist():
        for _ in range(int(data["count"][pool])):
            number += 1
            problem.add_vehicle(
                vroom.Vehicle(number, start=place[pool], skills=skills[pool], max_tasks=1, profile="car")
            )
    job = 0
    for line, need in enumerate(data["need"].tolist()):
        within = float(data["within"][line])
        windows = [vroom.TimeWindow(0, round(within * 60))] if within > 0 else [vroom.TimeWindow(0, _A_DAY_S)]
        for _ in range(need):
            job += 1
            problem.add_job(vroom.Job(job, location=many + line, skills={line}, time_windows=windows))
    found = problem.solve(exploration_level=0, nb_threads=1, timeout=timedelta(seconds=TIME_LIMIT_S))
    return f"a heuristic, {len(found.unassigned)} open, of {job}, with {number} vehicles from {pools} pools"


RIVALS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {"milp": _milp, "cp_sat": _cp_sat, "vroom": _vroom}


def main(name: str, file: str, rounds: str) -> None:
    """Solve the program so many times; print the median in ms and what was said."""
    with np.load(file) as stored:
        data = dict(stored)
    took, said = [], ""
    for _ in range(int(rounds)):
        began = time.perf_counter()
        said = RIVALS[name](data)
        took.append((time.perf_counter() - began) * 1000)
    print(orjson.dumps({"ms": statistics.median(took), "said": said}).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
