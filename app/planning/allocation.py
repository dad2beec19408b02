"""The exact plan: a linear program by HiGHS, aim after aim, each without giving up anything of the one before.

The aims, in order: as little life-safety help as can be is left open · lines keep as much as was accepted for them · the requester that is covered worst gets as large a
share of what it asks for as can be · little else is left open, by priority · little goes ad hoc · formations are put together by few members · units
are there soon, with ``PENALTY_MIN`` for each that is taken from an accepted offer · it costs little.

After each aim the optimal face is kept by complementary slackness: a column whose reduced cost is not zero stays at its bound, a row whose dual value is not zero stays
tight (any optimal dual solution describes the whole face). No row is added, so what is nearly a network stays one, and its corners are nearly always whole numbers.
Where they are not, or formations are put together from parts, branch and bound takes over with one row for each aim.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import highspy
    import numpy.typing as npt

    from app.planning.options import Options

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

TOLERANCE: Final = 1e-6
_DUAL: Final = 1
_PRIMAL: Final = 4
"""Of HiGHS's simplex strategies. From nothing (all is left open) the primal one took a quarter of the dual one's time."""
WEIGHT: Final = {"incident_stabilisation": 100.0, "property": 10.0, "recovery": 1.0}
RowKey: TypeAlias = tuple[Any, ...]
Aim: TypeAlias = Literal["safety", "kept", "share", "open", "ad_hoc", "members", "minutes", "cost"]


class SolverFailed(Exception):
    """HiGHS came to no plan: somebody else has to answer."""


class SolverLate(SolverFailed):
    """The same, for want of time."""


@dataclass(slots=True)
class Rows:
    """Rows as they are collected: which columns, with which factor, between what."""

    keys: list[RowKey] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    _row: list[Ints] = field(default_factory=list)
    _column: list[Ints] = field(default_factory=list)
    _factor: list[Floats] = field(default_factory=list)

    def add(self, key: RowKey, lower: float, upper: float) -> int:
        """Begin a row; return its number."""
        self.keys.append(key)
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.keys) - 1

    def put(self, row: Any, column: Any, factor: Any) -> None:
        """Put factors into rows; arrays of one length, or single ones."""
        column = np.atleast_1d(np.asarray(column, np.int64))
        self._row.append(np.broadcast_to(np.asarray(row, np.int64), column.shape))
        self._column.append(column)
        self._factor.append(np.broadcast_to(np.asarray(factor, np.float64), column.shape))

    def by_column(self, columns: int) -> tuple[Ints, Ints, Floats]:
        """Return the matrix column by column: starts, rows, factors."""
        row, column = (np.concatenate([np.zeros(0, np.int64), *each]) for each in (self._row, self._column))
        factor = np.concatenate([np.zeros(0), *self._factor])
        order = np.lexsort((row, column))
        starts = np.zeros(columns + 1, np.int64)
        np.cumsum(np.bincount(column, minlength=columns), out=starts[1:])
        return starts, row[order], factor[order]


@dataclass(slots=True)
class Problem:
    """The program: columns are the options, then the accepted among them once more, then what else is decided."""

    options: Options
    rows: Rows
    upper: Floats
    aims: dict[Aim, Floats]
    shown: Ints
    """By column up to the end of the accepted: which option it is."""
    open_columns: dict[int, tuple[int, int]]
    """Line → the columns of what is left open of it, and of what was accepted and is left open."""
    share_rows: list[tuple[int, int, int]]
    """(row, asked for, could be served) of each requester."""
    share_column: int
    whole: bool
    """Formations are put together: whole numbers are to be asked for from the beginning."""


@dataclass(frozen=True, slots=True)
class Solution:
    """What was found: units by column, and whether it is known to be the best."""

    value: Ints
    optimal: bool


class Solver:
    """Holds the program in HiGHS. Solved again after a change it begins at its last corners. Not for two threads at once."""

    def __init__(self, problem: Problem) -> None:
        import highspy  # the first plan pays for it, not the start of the service

        self._highspy = highspy
        self.problem = problem
        self.lower = np.zeros(len(problem.upper))
        self.upper = problem.upper.copy()
        self.row_lower = np.array(problem.rows.lower)
        self.row_upper = np.array(problem.rows.upper)
        self._index = np.arange(len(problem.upper), dtype=np.int32)
        self._bases: dict[str, Any] = {}
        self._left_open = problem.aims["safety"] * 1000 + problem.aims["open"]
        self._end = 0.0
        self._highs = self._load()
        self._passed = self.row_lower.copy(), self.row_upper.copy()

    def _load(self) -> highspy.Highs:
        problem, highs = self.problem, self._highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (
            ("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex"), ("random_seed", 1),
        ):  # fmt: skip
            highs.setOptionValue(name, value)
        lp = self._highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(problem.upper), len(problem.rows.keys)
        lp.col_cost_ = np.zeros(len(problem.upper))
        lp.col_lower_, lp.col_upper_ = self.lower, self.upper
        lp.row_lower_, lp.row_upper_ = self.row_lower, self.row_upper
        starts, rows, factors = problem.rows.by_column(len(problem.upper))
        lp.a_matrix_.format_ = self._highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, rows, factors
        if highs.passModel(lp) == self._highspy.HighsStatus.kError:
            raise SolverFailed("the program was refused")
        return highs

    def change_row(self, row: int, upper: float) -> None:
        """Set how much there is of what a row limits."""
        self.row_upper[row] = upper

    def solve(self, limit_s: float) -> Solution:
        """Return the best plan, or the best that was found in the time.

        Raises:
            SolverFailed: there is none.
            SolverLate: there is none yet.
        """
        self._end = time.perf_counter() + limit_s
        whole = self.problem.whole
        if not whole:
            self._reset()
            value = self._by_aims()
            if np.abs(value - np.rint(value)).max(initial=0.0) <= TOLERANCE:
                return Solution(np.rint(value).astype(np.int64), optimal=True)
        return self._in_whole_numbers()

    # ---------------------------------------------------------------- corners

    def _reset(self) -> None:
        self.now = [self.lower.copy(), self.upper.copy(), self.row_lower.copy(), self.row_upper.copy()]
        self._pass_bounds()

    def _pass_bounds(self) -> None:
        lower, upper, row_lower, row_upper = self.now
        self._highs.changeColsBounds(len(self._index), self._index, lower, upper)
        # HiGHS takes rows one by one: those that are as they were are left alone
        for row in np.flatnonzero((row_lower != self._passed[0]) | (row_upper != self._passed[1])).tolist():
            self._highs.changeRowBounds(row, row_lower[row], row_upper[row])
        self._passed = row_lower.copy(), row_upper.copy()

    def _by_aims(self) -> Floats:
        problem = self.problem
        nothing_open = self._run("open", self._left_open)
        assert nothing_open is not None
        left = float((problem.aims["safety"] + problem.aims["open"]) @ nothing_open)
        value = nothing_open
        if left <= TOLERANCE:  # everything can be met: the four aims that weigh what stays open are reached
            for columns in problem.open_columns.values():
                self.now[1][list(columns)] = 0.0
            self._pass_bounds()
        else:
            value = self._what_stays_open(value)
        for aim in ("ad_hoc", "minutes", "cost"):
            value = self._aim(aim, value)
        return value

    def _what_stays_open(self, value: Floats) -> Floats:
        value = self._aim("safety", value)
        value = self._aim("kept", value)
        value = self._fair(value)
        # On the face of the first aim its own costs change nothing; with them the corner that all began with is a start.
        return self._aim("open", value, self._left_open)

    def _aim(self, aim: Aim, value: Floats, cost: Floats | None = None) -> Floats:
        """Reach one aim, and stay on its optimal face. Where nothing depends on it, nothing is solved."""
        cost = self.problem.aims[aim] if cost is None else cost
        lower, upper, row_lower, row_upper = self.now
        free = (cost != 0) & (lower < upper)
        if not free.any():
            return value
        found = self._run(aim, cost)
        assert found is not None
        solution = self._highs.getSolution()
        reduced, dual = np.array(solution.col_dual), np.array(solution.row_dual)
        at_bound = np.abs(reduced) > TOLERANCE
        fixed = np.clip(np.rint(found[at_bound]), lower[at_bound], upper[at_bound])
        whole = np.abs(fixed - found[at_bound]) < TOLERANCE
        lower[at_bound] = upper[at_bound] = np.where(whole, fixed, found[at_bound])
        kept = np.abs(dual) > TOLERANCE
        activity = np.array(solution.row_value)[kept]
        row_lower[kept] = row_upper[kept] = np.where(
            np.abs(activity - np.rint(activity)) < TOLERANCE, np.rint(activity), activity
        )
        self._pass_bounds()
        return found

    def _fair(self, value: Floats) -> Floats:
        """Raise the share of whom it goes worst; then nobody gets less than that, in whole units."""
        problem = self.problem
        column = problem.share_column
        found = self._run("share", problem.aims["share"])
        assert found is not None
        best = float(found[column])
        self.now[0][column] = self.now[1][column] = 0.0
        shares = {k / could for _, _, could in problem.share_rows for k in range(could + 1)}
        for share in sorted((each for each in shares if each <= best + TOLERANCE), reverse=True):
            for row, asked, could in problem.share_rows:
                self.now[3][row] = asked - np.ceil(share * could - TOLERANCE)
            self._pass_bounds()
            fair = self._run("fair", np.zeros(len(self._index)), or_none=True)
            if fair is not None:
                return fair
        return value

    def _run(self, name: str, cost: Floats, *, or_none: bool = False) -> Floats | None:
        left = self._end - time.perf_counter()
        if left <= 0:
            raise SolverLate("the time is over")
        highs, status = self._highs, self._highspy.HighsModelStatus
        highs.setOptionValue("time_limit", highs.getRunTime() + left)
        highs.changeColsCost(len(self._index), self._index, cost)
        # A corner of the same aim is still dual feasible when bounds have changed.
        known = name in self._bases
        highs.setOptionValue("simplex_strategy", _PRIMAL if not known and name in {"open", "share"} else _DUAL)
        if known:
            highs.setBasis(self._bases[name])
        highs.run()
        said = highs.getModelStatus()
        if said == status.kOptimal:
            self._bases[name] = highs.getBasis()
            return np.array(highs.getSolution().col_value)
        if said == status.kTimeLimit:
            raise SolverLate("the time is over")
        if or_none and said == status.kInfeasible:
            return None
        raise SolverFailed(highs.modelStatusToString(said))

    # ---------------------------------------------------------------- whole numbers

    def _in_whole_numbers(self) -> Solution:
        """Reach the aims by branch and bound, each with what was reached before as a row; when the time is over, what was found counts."""
        problem, solver = self.problem, self._load()
        kinds = np.full(len(self._index), self._highspy.HighsVarType.kInteger)
        kinds[problem.share_column] = self._highspy.HighsVarType.kContinuous
        solver.changeColsIntegrality(len(self._index), self._index, kinds)
        solver.setOptionValue("presolve", "choose")
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("mip_abs_gap", 1e-4)
        status = self._highspy.HighsModelStatus
        value: Floats | None = None
        aims: Iterable[Aim] = ("safety", "kept", "share", "open", "ad_hoc", "members", "minutes", "cost")
        for aim in aims:
            cost = problem.aims[aim]
            if not ((cost != 0) & (self.lower < self.upper)).any():
                continue
            left = self._end - time.perf_counter()
            if left <= 0:
                break
            solver.setOptionValue("time_limit", left)
            solver.changeColsCost(len(self._index), self._index, cost)
            if value is not None:
                start = self._highspy.HighsSolution()
                start.col_value = value
                solver.setSolution(start)
            solver.run()
            said, info = solver.getModelStatus(), solver.getInfo()
            if info.primal_solution_status == self._highspy.SolutionStatus.kSolutionStatusFeasible:
                value = np.array(solver.getSolution().col_value)
            if said not in {status.kOptimal, status.kTimeLimit}:
                raise SolverFailed(solver.modelStatusToString(said))
            if said == status.kTimeLimit or value is None:
                break
            reached = float(cost @ value)
            used = np.flatnonzero(cost).astype(np.int32)
            solver.addRow(-np.inf, reached + TOLERANCE * max(1.0, abs(reached)), len(used), used, cost[used])
        else:
            assert value is not None
            return Solution(np.rint(value).astype(np.int64), optimal=True)
        if value is None:
            raise SolverLate("the time is over")
        return Solution(np.rint(value).astype(np.int64), optimal=False)
