"""The exact plan: a linear program by HiGHS, aim after aim, each without giving up anything of the one before.

The aims, in order: as little life-safety help as can be is left open · lines keep as much as was accepted for them · the requester that is covered worst gets as large a
share of what it asks for as can be · little else is left open, by priority · little goes ad hoc · formations are put together by few members · units
are there soon, with ``PENALTY_MIN`` for each that is taken from an accepted offer · it costs little · of lines that are alike the first one goes first, so that two plans differ in nothing that nobody asked for.

After each aim the optimal face is kept by complementary slackness: a column whose reduced cost is not zero stays at its bound, a row whose dual value is not zero stays
tight (any optimal dual solution describes the whole face). No row is added, so what is nearly a network stays one, and its corners are nearly always whole numbers.
Where they are not, branch and bound looks for whole numbers in the last face, where little is left to decide, then in the one before; a whole-number point of a face is as
good as anything for the aims that led to it. Where formations are put together from parts it begins without a face, with one row for each aim.
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
    Bounds = tuple[Floats, Floats, Floats, Floats]
    """Lower and upper of columns, lower and upper of rows."""

TOLERANCE: Final = 1e-6
_DUAL: Final = 1
_PRIMAL: Final = 4
"""Of HiGHS's simplex strategies. From nothing (all is left open) the primal one took a quarter of the dual one's time."""
WEIGHT: Final = {"incident_stabilisation": 100.0, "property": 10.0, "recovery": 1.0}
AIMS: Final[tuple[Aim, ...]] = ("safety", "kept", "share", "open", "ad_hoc", "members", "minutes", "cost", "order")
AFTER_OPEN: Final = AIMS[AIMS.index("open") + 1 :]
RowKey: TypeAlias = tuple[Any, ...]
Aim: TypeAlias = Literal["safety", "kept", "share", "open", "ad_hoc", "members", "minutes", "cost", "order"]


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
    _matrix: tuple[Ints, Ints, Floats] | None = None

    def by_column(self) -> tuple[Ints, Ints, Floats]:
        """Return the matrix column by column: starts, rows, factors. Worked out once: rows change in how much there is, and in nothing else."""
        if self._matrix is None:
            self._matrix = self.rows.by_column(len(self.upper))
        return self._matrix

    def used(self, value: Any) -> Floats:
        """Return how much of each row a point uses."""
        starts, rows, factors = self.by_column()
        weights = factors * np.repeat(value, np.diff(starts))
        return np.bincount(rows, weights, minlength=len(self.rows.keys)).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True)
class Solution:
    """What was found: units by column, and whether it is known to be the best."""

    value: Ints
    optimal: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """Where the last solving ended: its point, the face of each aim, and how much there was of everything."""

    value: Floats
    faces: list[tuple[Aim, Bounds]]
    row_upper: Floats


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
        self._known: set[str] = set()
        """Aims that were reached once."""
        self._reached: Reached | None = None
        self._faces: list[tuple[Aim, Bounds]] = []
        self._asked_of = np.array([asked for _, asked, _ in problem.share_rows], np.float64)
        self._could = np.array([could for _, _, could in problem.share_rows], np.float64)
        self._left_open = problem.aims["safety"] * 1000 + problem.aims["open"]
        self._end = 0.0
        self._highs = self._load()
        self._passed = _copied((self.lower, self.upper, self.row_lower, self.row_upper))

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
        starts, rows, factors = problem.by_column()
        lp.a_matrix_.format_ = self._highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, rows, factors
        if highs.passModel(lp) == self._highspy.HighsStatus.kError:
            raise SolverFailed("the program was refused")
        return highs

    def change_row(self, row: int, upper: float) -> None:
        """Set how much there is of what a row limits."""
        self.row_upper[row] = upper

    def begin_at(self, other: Solver, columns: Ints, rows: Ints) -> None:
        """Begin where ``other`` was, whose columns and rows are these ones here: it knew fewer ways."""
        status, before = self._highspy.HighsBasisStatus, other.corner
        if before is None:
            return
        column_status = [status.kLower] * len(self._index)
        row_status = [status.kBasic] * len(self.row_upper)
        for at, each in zip(columns.tolist(), before.col_status, strict=True):
            column_status[at] = each
        for at, each in zip(rows.tolist(), before.row_status, strict=True):
            row_status[at] = each
        basis = self._highspy.HighsBasis()
        basis.col_status, basis.row_status, basis.valid = column_status, row_status, True
        self._bases["open"] = basis

    @property
    def corner(self) -> Any:
        """The basis at which least was left open; None where it came to none. From that of a later aim the way was ten times as long."""
        return self._bases.get("open")

    def solve(self, limit_s: float) -> Solution:
        """Return the best plan, or the best that was found in the time.

        Raises:
            SolverFailed: there is none.
            SolverLate: there is none yet.
        """
        self._end = time.perf_counter() + limit_s
        if not self.problem.whole:
            value = self._by_aims()
            self._reached = Reached(value, self._faces, self.row_upper.copy())
            if np.abs(value - np.rint(value)).max(initial=0.0) <= TOLERANCE:
                return Solution(np.rint(value).astype(np.int64), optimal=True)
        for aim, bounds in reversed(self._faces):
            left = self._end - time.perf_counter()
            found = self._in_whole_numbers(bounds, AIMS[AIMS.index(aim) + 1 :], until=self._end - left / 2)
            if found is not None:
                return found
        bounds = (self.lower, self.upper, self.row_lower, self.row_upper)
        found = self._in_whole_numbers(bounds, AIMS, until=self._end)
        if found is None:
            raise SolverLate("the time is over")
        return found

    # ---------------------------------------------------------------- corners

    def _pass_bounds(self) -> None:
        """Hand over the bounds that are not what they were: HiGHS takes its time with each."""
        lower, upper, row_lower, row_upper = self.now
        before = self._passed
        columns = np.flatnonzero((lower != before[0]) | (upper != before[1])).astype(np.int32)
        if len(columns):
            self._highs.changeColsBounds(len(columns), columns, lower[columns], upper[columns])
        for row in np.flatnonzero((row_lower != before[2]) | (row_upper != before[3])).tolist():
            self._highs.changeRowBounds(row, row_lower[row], row_upper[row])
        self._passed = _copied(self.now)

    def _by_aims(self) -> Floats:
        reached, self._reached = self._reached, None
        if reached is not None and (found := self._from(reached)) is not None:
            return found
        self._faces = []
        self._set((self.lower, self.upper, self.row_lower, self.row_upper))
        problem = self.problem
        value = self._run("open", self._left_open)
        assert value is not None
        met = float((problem.aims["safety"] + problem.aims["open"]) @ value) <= TOLERANCE
        if met:  # everything can be met: the four aims that weigh what stays open are reached
            for columns in problem.open_columns.values():
                self.now[1][list(columns)] = 0.0
            self._pass_bounds()
            self._keep("open")
        found = self._onwards(value, AFTER_OPEN if met else AIMS)
        assert found is not None
        return found

    def _set(self, bounds: Bounds) -> None:
        self.now = _copied(bounds)
        self._pass_bounds()

    def _keep(self, aim: Aim) -> None:
        self._faces.append((aim, _copied(self.now)))

    def _from(self, reached: Reached) -> Floats | None:
        """Go on from the last face that is what it was, now that rows have changed. None where there is no such face, or nothing is left of it.

        Where the dual value of a changed row is zero, the dual solution is what it was, and so is the optimal value; as long as the face holds a point, it holds
        all that are as good. The share was not proved by one dual solution: it stands as long as rows have only become tighter.
        """
        changed = np.flatnonzero(self.row_upper != reached.row_upper)
        tighter = bool((self.row_upper[changed] <= reached.row_upper[changed]).all())
        kept = 0
        for aim, (_, _, row_lower, _) in reached.faces:
            if (row_lower[changed] != self.row_lower[changed]).any() or (aim == "share" and not tighter):
                break
            kept += 1
        fits = bool((self.problem.used(reached.value)[changed] <= self.row_upper[changed] + TOLERANCE).all())
        if fits and (tighter or kept == len(reached.faces)):
            self._faces = reached.faces
            for _, bounds in self._faces:
                bounds[3][changed] = self.row_upper[changed]
            return reached.value
        self._faces = reached.faces[: min(kept, len(reached.faces) - 1)]
        if not self._faces:
            return None
        for _, bounds in self._faces:
            bounds[3][changed] = self.row_upper[changed]
        aim, bounds = self._faces[-1]
        self._set(bounds)
        return self._onwards(None, AIMS[AIMS.index(aim) + 1 :])

    def _onwards(self, value: Floats | None, aims: tuple[Aim, ...]) -> Floats | None:
        """Reach aim after aim from a point of the face. Without one the first says whether there is any; None where there is not."""
        for aim in aims:
            if aim == "members":  # formations are put together in whole numbers
                continue
            if aim == "share":
                value = self._fair(value)
            else:
                # On the face of the first aim its own costs change nothing; with them the corner that all began with is a start.
                value = self._aim(aim, value, self._left_open if aim == "open" else self.problem.aims[aim])
            if value is None:
                return None
        return value

    def _aim(self, aim: Aim, value: Floats | None, cost: Floats) -> Floats | None:
        """Reach one aim, and stay on its optimal face. Where nothing depends on it, or nothing can be better than ``value``, nothing is solved."""
        lower, upper, row_lower, row_upper = self.now
        free = (cost != 0) & (lower < upper)
        if value is not None and self._best_of_all(value, free, cost):
            upper[free & (cost > 0)] = lower[free & (cost > 0)]
            lower[free & (cost < 0)] = upper[free & (cost < 0)]
            self._pass_bounds()
            self._keep(aim)
            return value
        found = self._run(aim, cost, or_none=value is None)
        if found is None:
            return None
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
        self._keep(aim)
        return found

    def _best_of_all(self, value: Floats, free: Any, cost: Floats) -> bool:
        """Whether each column that costs stands where it costs least."""
        lower, upper = self.now[:2]
        best = np.where(cost > 0, lower, upper)
        return bool((np.abs(value - best)[free] <= TOLERANCE).all())

    def _fair(self, value: Floats | None) -> Floats | None:
        """Raise the share of whom it goes worst; then nobody gets less than that, in whole units."""
        problem = self.problem
        column = problem.share_column
        found = self._run("share", problem.aims["share"], or_none=value is None)
        if found is None:
            return None
        best = float(found[column])
        found[column] = 0.0
        self.now[0][column] = self.now[1][column] = 0.0
        rows = [row for row, _, _ in problem.share_rows]
        points = [each for each in (found, value) if each is not None]
        still_open = [self.problem.used(each)[rows] - self._could * each[column] for each in points]
        shares = {k / could for _, _, could in problem.share_rows for k in range(could + 1)}
        for share in sorted((each for each in shares if each <= best + TOLERANCE), reverse=True):
            most = np.asarray(self._asked_of - np.ceil(share * self._could - TOLERANCE), np.float64)
            self.now[3][rows] = most
            self._pass_bounds()
            fair = next(
                (point for point, left in zip(points, still_open, strict=True) if (left <= most + TOLERANCE).all()),
                None,
            )
            if fair is None:
                fair = self._run("fair", np.zeros(len(self._index)), or_none=True)
            if fair is not None:
                self._keep("share")
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
        again = name in self._known
        self._known.add(name)
        highs.setOptionValue("simplex_strategy", _PRIMAL if not again and name in {"open", "share"} else _DUAL)
        if name in self._bases:
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

    def _in_whole_numbers(self, bounds: Bounds, aims: tuple[Aim, ...], *, until: float) -> Solution | None:
        """Reach aims within bounds by branch and bound, each with what was reached before as a row; when the time is over, what was found counts.

        None: there are no whole numbers within the bounds, or none were found in the time.
        """
        problem, solver = self.problem, self._load()
        solver.changeColsBounds(len(self._index), self._index, bounds[0], bounds[1])
        for row in np.flatnonzero((bounds[2] != self.row_lower) | (bounds[3] != self.row_upper)).tolist():
            solver.changeRowBounds(row, bounds[2][row], bounds[3][row])
        kinds = np.full(len(self._index), self._highspy.HighsVarType.kInteger)
        kinds[problem.share_column] = self._highspy.HighsVarType.kContinuous
        solver.changeColsIntegrality(len(self._index), self._index, kinds)
        solver.setOptionValue("presolve", "choose")
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("mip_abs_gap", 1e-4)
        status = self._highspy.HighsModelStatus
        value: Floats | None = None
        free = bounds[0] < bounds[1]
        costs = [problem.aims[aim] for aim in aims if ((problem.aims[aim] != 0) & free).any()]
        for cost in costs or [np.zeros(len(self._index))]:
            left = until - time.perf_counter()
            if left <= 0:
                break
            solver.setOptionValue("time_limit", solver.getRunTime() + left)
            solver.changeColsCost(len(self._index), self._index, cost)
            if value is not None:
                start = self._highspy.HighsSolution()
                start.col_value = value
                solver.setSolution(start)
            solver.run()
            said, info = solver.getModelStatus(), solver.getInfo()
            if said == status.kInfeasible and value is None:
                return None
            if info.primal_solution_status == self._highspy.SolutionStatus.kSolutionStatusFeasible:
                value = np.array(solver.getSolution().col_value)
            if said == status.kInfeasible:
                break  # what was reached, as a row, is missed by a rounding: what is in hand counts
            if said not in {status.kOptimal, status.kTimeLimit}:
                raise SolverFailed(solver.modelStatusToString(said))
            if said == status.kTimeLimit or value is None:
                break
            reached = float(cost @ value)
            used = np.flatnonzero(cost).astype(np.int32)
            if len(used):
                solver.addRow(-np.inf, reached + TOLERANCE * max(1.0, abs(reached)), len(used), used, cost[used])
        else:
            assert value is not None
            return Solution(np.rint(value).astype(np.int64), optimal=True)
        return None if value is None else Solution(np.rint(value).astype(np.int64), optimal=False)


def _copied(bounds: Iterable[Floats]) -> Bounds:
    lower, upper, row_lower, row_upper = bounds
    return lower.copy(), upper.copy(), row_lower.copy(), row_upper.copy()
