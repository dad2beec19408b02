"""A plan from a situation: the exact one, or the greedy one that says why it answers; planned again after a change from where it stood.

``plan()`` is all that most callers need. A ``Planner`` keeps the program, for what is asked of the same situation again and again: one unit, slot or cap more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from app.planning.allocation import Solver, SolverFailed, SolverLate
from app.planning.candidates import Why
from app.planning.greedy import closest_first
from app.planning.options import options_of, passing, tight
from app.planning.plan import PRIORITIES, Assignment, Hindrance, Plan, Unmet
from app.planning.program import program_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt

    from app.planning.allocation import Problem, RowKey
    from app.planning.options import Options
    from app.planning.plan import Limit, Line, Note, Situation, Status

    Ints = npt.NDArray[np.int64]

LIMIT_S: Final = 1.0
"""Seconds for the solver; then the best it has found counts, or greedy answers."""


@dataclass(frozen=True, slots=True)
class Help:
    """What one more of something would change."""

    what: Literal["unit", "reserve", "cap", "slot"]
    of: tuple[Any, ...]
    """A unit: (pool id). A reserve: (pool id). A cap: (agreement, type). A slot: (code of the crossing), one more in each bucket of time."""
    gain_units: int
    gain_life_safety: int
    gain_min: float
    """Minutes that units come earlier, together, of those that come in both plans."""


def _of_more_than_one(options: Options, situation: Situation) -> set[tuple[int, int]]:
    """Return the (crossing, bucket) that could be asked for too many slots, by units of more than one vehicle among others."""
    if not situation.slots:
        return set()
    vehicles = np.array([pool.vehicles for pool in situation.pools], np.int64)
    rows = np.flatnonzero((options.gate >= 0) & (vehicles[options.pool] > 1))
    passed = set(zip(options.gate[rows].tolist(), options.bucket[rows].tolist(), strict=True))
    return tight(options, situation) & passed


def plan(situation: Situation, limit_s: float = LIMIT_S) -> Plan:
    """Return the plan for a situation. Always an answer: what is open says why, and greedy says that it answers."""
    return Planner(situation).plan(limit_s)


class Planner:
    """A situation as a program, solved as often as asked. Not for two threads at once."""

    def __init__(self, situation: Situation) -> None:
        self._built = time.perf_counter()
        self.situation = situation
        self._all = options_of(situation)
        self._looked_at = self._all.soonest()
        self._broken = _of_more_than_one(self._all, situation)
        """(Crossing, bucket) where a slot that is left may be too few for one unit: what is left there proves nothing."""
        self._changed: dict[RowKey, float] = {}
        self._build()
        self._limits: dict[Hashable, list[int]] = {}
        self._caps: list[int] = []
        for number, limit in enumerate(situation.limits):
            if limit.agreement is not None:
                self._caps.append(number)
            for pool in limit.pools:
                self._limits.setdefault(pool, []).append(number)
        self._built = time.perf_counter() - self._built

    def _build(self) -> None:
        """Make the program of the options that are looked at."""
        self.options = self._all.only(self._looked_at)
        self.problem: Problem = program_of(self.situation, self.options)
        self._solver: Solver | None = None
        self._row = {key: row for row, key in enumerate(self.problem.rows.keys)}
        for key, left in self._changed.items():
            if key in self._row:
                self.problem.rows.upper[self._row[key]] = left

    def _look_at_more(self, value: Ints) -> bool:
        """Look at every way of those that would pass where no slot is left; return whether there were any that were not looked at."""
        full = {(key[1], key[2]) for key, none in self._spent(value).items() if none and key[0] == "slot"}
        full |= self._broken
        if not full:
            return False
        pairs = np.unique(self._all.pair[self._looked_at & passing(self._all, full)])
        more = ~self._looked_at & np.isin(self._all.pair, pairs)
        if not more.any():
            return False
        most = 2 * np.count_nonzero(more) > np.count_nonzero(~self._looked_at)
        self._looked_at |= True if most else more
        self._build()
        return True

    # ---------------------------------------------------------------- changes

    def set_left(self, key: RowKey, left: float) -> bool:
        """Set how much there is: ``("supply", pool number)``, ``("limit", number)``, ``("slot", crossing number, bucket)``.

        Return False where that limits nothing in this program: it can't change the plan by becoming more.
        """
        row = self._row.get(key)
        if row is None:
            return False
        self._changed[key] = self.problem.rows.upper[row] = max(0.0, left)
        if self._solver is not None:
            self._solver.change_row(row, max(0.0, left))
        return True

    def left(self, key: RowKey) -> float | None:
        """Return how much there is of what a row limits; None where nothing is limited."""
        row = self._row.get(key)
        return None if row is None else self.problem.rows.upper[row]

    # ---------------------------------------------------------------- the plan

    def plan(self, limit_s: float = LIMIT_S) -> Plan:
        """Return the best plan, within about ``limit_s`` seconds of solving."""
        started = time.perf_counter()
        status: Status = "optimal"
        note: Note | None = None
        try:
            while True:
                if self._solver is None:
                    self._solver = Solver(self.problem)
                solution = self._solver.solve(started + limit_s - time.perf_counter())
                value = solution.value
                if not self._look_at_more(value):
                    break
            status = "optimal" if solution.optimal else "time_limit"
        except SolverLate:
            value, status, note = closest_first(self.situation, self.problem), "greedy", "solver_late"
        except (SolverFailed, ImportError, MemoryError):
            value, status, note = closest_first(self.situation, self.problem), "greedy", "solver_failed"
            self._solver = None
        return self._told(value, status, note, time.perf_counter() - started + self._built)

    def greedy(self) -> Plan:
        """Return the greedy plan, for who compares."""
        return self._told(closest_first(self.situation, self.problem), "greedy", None, self._built)

    def _told(self, value: Ints, status: Status, note: Note | None, seconds: float) -> Plan:
        lines = self.situation.lines
        unmet = tuple(self._unmet(value))
        number = {line.id: line for line in lines}
        safety = sum(each.quantity for each in unmet if number[each.line_id].priority not in PRIORITIES[1:])
        shares = [
            (
                asked
                - sum(
                    int(value[c])
                    for at, columns in self.problem.open_columns.items()
                    for c in columns
                    if lines[at].requester == requester
                )
            )
            / could
            for requester, asked, could in (
                (self.problem.rows.keys[row][1], asked, could) for row, asked, could in self.problem.share_rows
            )
        ]
        worst = min([1.0, *shares])
        return Plan(tuple(self._assignments(value)), unmet, status, note, safety, max(0.0, worst), seconds)

    def _assignments(self, value: Ints) -> list[Assignment]:
        situation, options, shown = self.situation, self.options, self.problem.shown
        many: dict[int, int] = {}
        for column in np.flatnonzero(value[: len(shown)] > 0).tolist():
            many[int(shown[column])] = many.get(int(shown[column]), 0) + int(value[column])
        found = []
        for at, quantity in many.items():
            line, pool = situation.lines[options.line[at]], situation.pools[options.pool[at]]
            gate = int(options.gate[at])
            cover = options.covers[options.cover[at]]
            found.append(
                Assignment(
                    line.id,
                    pool.id,
                    pool.member_id,
                    pool.type_code,
                    quantity,
                    float(options.minutes[at]),
                    None if gate < 0 else situation.travel.gates[gate].code,
                    None if gate < 0 else int(options.bucket[at]),
                    float(options.waits[at]),
                    cover.agreement,
                    cover.ad_hoc,
                    float(options.cost[at]) * quantity,
                    bool(options.part[at] >= 0),
                )
            )
        fixed = [
            Assignment(each.line_id, each.pool_id, None, "", each.quantity, 0.0, fixed=True)
            for each in situation.dispatched
        ]
        order = {line.id: at for at, line in enumerate(situation.lines)}
        return [*fixed, *sorted(found, key=lambda each: (order[each.line_id], each.eta_min, str(each.pool_id)))]

    # ---------------------------------------------------------------- what is open, and why

    def _unmet(self, value: Ints) -> list[Unmet]:
        found = []
        spent = self._spent(value)
        for at, line in enumerate(self.situation.lines):
            if (code := self.options.wrong.get(at)) is not None:
                figures: dict[str, dict[str, Any]] = {
                    "unknown_type": {"type_code": line.type_code},
                    "no_quantity": {"quantity": line.quantity},
                }
                found.append(Unmet(line.id, max(0, line.quantity), (Hindrance(Why(code, figures.get(code, {})), 0),)))
                continue
            missing = sum(int(value[column]) for column in self.problem.open_columns[at])
            if missing > 0:
                found.append(Unmet(line.id, missing, self._why(at, line, spent)))
        return found

    def _spent(self, value: Ints) -> dict[RowKey, bool]:
        """Return of each row that limits whether nothing is left of it."""
        rows = self.problem.rows
        starts, index, factor = rows.by_column(len(self.problem.upper))
        used = np.zeros(len(rows.keys))
        np.add.at(used, index, factor * np.repeat(value, np.diff(starts)))
        return {
            key: rows.upper[row] - used[row] < 1
            for row, key in enumerate(rows.keys)
            if key[0] in {"supply", "limit", "slot"}
        }

    def _why(self, at: int, line: Line, spent: dict[RowKey, bool]) -> tuple[Hindrance, ...]:
        """Return what holds units back from a line: what stands against them, and where they are wanted more or limited."""
        situation, options = self.situation, self.options
        held: dict[str, list[Any]] = {code: list(said) for code, said in options.against[at].items()}
        for pool in sorted({int(each) for each in options.pool[options.line == at]}):
            rows = np.flatnonzero((options.line == at) & (options.pool == pool))
            why = self._limit_of(pool, rows, spent)
            if why is not None:
                said = held.setdefault(why.code, [0, why])
                said[0] += situation.pools[pool].count
        told = [Hindrance(why, units) for units, why in held.values()]
        if not told:
            code = "not_enough" if (options.line == at).any() else "nobody_has_any"
            told = [Hindrance(Why(code, {"type_code": line.type_code}), 0)]
        return tuple(sorted(told, key=lambda each: (-each.units, each.why.code)))

    def _limit_of(self, pool: int, rows: Ints, spent: dict[RowKey, bool]) -> Why | None:
        situation, options = self.situation, self.options
        id_ = situation.pools[pool].id
        if spent.get(("supply", pool)):
            mine = [situation.limits[number] for number in self._limits.get(id_, ())]
            reserve = next((each for each in mine if len(each.pools) == 1 and each.left <= 0), None)
            return Why("wanted_elsewhere") if reserve is None else Why(reserve.code, {})
        for number in self._limits.get(id_, ()):
            if spent.get(("limit", number)):
                return Why(situation.limits[number].code, {})
        for number in self._caps:
            limit = situation.limits[number]
            if spent.get(("limit", number)) and self._under(limit, rows):
                return Why(limit.code, {})
        gates = [(int(options.gate[row]), int(options.bucket[row])) for row in rows]
        if gates and all(spent.get(("slot", *gate)) for gate in gates):
            gate = situation.travel.gates[gates[0][0]]
            return Why("crossing_full", {"crossing": gate.code}, crossings=(gate,))
        return None

    def _under(self, cap: Limit, rows: Ints) -> bool:
        options, pools = self.options, self.situation.pools
        return any(
            options.covers[options.cover[row]].agreement == cap.agreement
            and cap.type_code in {None, pools[options.pool[row]].type_code}
            for row in rows
        )

    # ---------------------------------------------------------------- what would help most

    def help(self, base: Plan, *, most: int = 8, limit_s: float = LIMIT_S) -> tuple[Help, ...]:
        """Return what one more unit, slot, cap or unit of a reserve would change, what helps most first; from plans solved anew.

        Those are tried of which nothing is left, at most ``most`` of a kind, and no new one after ``limit_s`` seconds.
        """
        end = time.perf_counter() + limit_s
        found = []
        for what, of, keys in self._scarce(base, most):
            before = {key: self.left(key) for key in keys}
            for key, left in before.items():
                self.set_left(key, (left or 0) + 1)
            with_more = self.plan(limit_s)
            for key, left in before.items():
                self.set_left(key, left or 0)
            units = base.unmet_units - with_more.unmet_units
            safety = base.life_safety_unmet - with_more.life_safety_unmet
            minutes = _earlier(base, with_more)
            if with_more.status == "optimal" and (units > 0 or safety > 0 or minutes > 0.5):  # noqa: PLR2004 - less than a minute helps nobody
                found.append(Help(what, of, units, safety, minutes))
            if time.perf_counter() > end:
                break
        return tuple(
            sorted(found, key=lambda each: (-each.gain_life_safety, -each.gain_units, -each.gain_min, each.what))
        )

    def _scarce(self, base: Plan, most: int) -> list[tuple[Any, tuple[Any, ...], list[RowKey]]]:
        value = self._value_of(base)
        spent = [key for key, none in self._spent(value).items() if none]
        pools, limits = self.situation.pools, self.situation.limits
        slots: dict[int, list[RowKey]] = {}
        for key in spent:
            if key[0] == "slot":
                slots.setdefault(key[1], []).append(key)
        found: list[tuple[Any, tuple[Any, ...], list[RowKey]]] = [
            ("slot", (self.situation.travel.gates[gate].code,), keys) for gate, keys in list(slots.items())[:most]
        ]
        caps = [key for key in spent if key[0] == "limit"]
        for key in caps[:most]:
            limit = limits[key[1]]
            if limit.agreement is not None:
                found.append(("cap", (limit.agreement, limit.type_code), [key]))
            else:
                found.append(("reserve", (limit.pools[0],), [key]))
        kept = {limit.pools[0] for limit in limits if len(limit.pools) == 1}
        supply = [key for key in spent if key[0] == "supply"]
        wanted = {self.options.pool[row] for row in np.flatnonzero(np.isin(self.options.line, self._open_lines(base)))}
        supply.sort(key=lambda key: key[1] not in wanted)
        for key in supply[:most]:
            pool = pools[key[1]]
            kind = "reserve" if pool.id in kept and (self.left(key) or 0) < pool.count else "unit"
            found.append((kind, (pool.id,), [key]))
        return found

    def _open_lines(self, base: Plan) -> list[int]:
        still = {each.line_id for each in base.unmet}
        return [at for at, line in enumerate(self.situation.lines) if line.id in still]

    def _value_of(self, base: Plan) -> Ints:
        """Return a plan's units by column."""
        options, situation = self.options, self.situation
        gates = {gate.code: number for number, gate in enumerate(situation.travel.gates)}
        lines = {line.id: at for at, line in enumerate(situation.lines)}
        pools = {pool.id: at for at, pool in enumerate(situation.pools)}
        index = {
            key: row
            for row, key in enumerate(
                zip(
                    options.line.tolist(),
                    options.pool.tolist(),
                    options.gate.tolist(),
                    options.bucket.tolist(),
                    strict=True,
                )
            )
        }
        value = np.zeros(len(self.problem.upper), np.int64)
        for each in base.assignments:
            if not each.fixed:
                gate = -1 if each.crossing is None else gates[each.crossing]
                bucket = -1 if each.bucket is None else each.bucket
                value[index[lines[each.line_id], pools[each.pool_id], gate, bucket]] += each.quantity
        return value


def _earlier(before: Plan, after: Plan) -> float:
    """Return by how many minutes units come earlier, together: line by line the soonest of both, as many as come in both."""
    old, new = _arrivals(before), _arrivals(after)
    return sum(
        sum(a - b for a, b in zip(sorted(old[line]), sorted(new[line]), strict=False))
        for line in old.keys() & new.keys()
    )


def _arrivals(of: Plan) -> dict[Any, list[float]]:
    found: dict[Any, list[float]] = {}
    for each in of.assignments:
        if not each.fixed:
            found.setdefault(each.line_id, []).extend([each.eta_min] * each.quantity)
    return found
