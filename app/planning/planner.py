"""A plan from a situation: the exact one, or the greedy one that says why it answers; planned again after a change from where it stood.

``plan()`` is all that most callers need. A ``Planner`` keeps the program, for what is asked of the same situation again and again: one unit, slot or cap more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from app.domain.agreement_reasons import RESERVES
from app.planning.allocation import Solver, SolverLate
from app.planning.greedy import closest_first
from app.planning.options import options_of, passing, tight
from app.planning.program import program_of
from app.planning.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from app.planning.allocation import Problem, RowKey
    from app.planning.options import Options
    from app.planning.plan import Line, Note, Plan, Situation, Status

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
    passed: set[tuple[int, int]] = set()
    for gate, bucket in options.borders:
        rows = np.flatnonzero((gate >= 0) & (vehicles[options.pool] > 1))
        passed |= set(zip(gate[rows].tolist(), bucket[rows].tolist(), strict=True))
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
        self._built = time.perf_counter() - self._built
        self.failure: str | None = None
        """What became of the solver, where it failed and greedy answered."""
        self.solving_s = 0.0
        """What the last plan took in the solver, all its aims together."""

    def _build(self) -> None:
        """Make the program of the options that are looked at."""
        self.options = self._all.only(self._looked_at)
        self.problem: Problem = program_of(self.situation, self.options)
        self._solver: Solver | None = None
        self._telling = Telling(self.situation, self.problem)
        self._row = self._telling.row
        for key, left in self._changed.items():
            if key in self._row:
                self.problem.rows.upper[self._row[key]] = left

    def _look_at_more(self, value: Ints) -> bool:
        """Look at every way of those that would pass where no slot is left; return whether there were any that were not looked at."""
        full = {(key[1], key[2]) for key, none in self._telling.spent(value).items() if none and key[0] == "slot"}
        full |= self._broken
        if not full:
            return False
        pairs = np.unique(self._all.pair[self._looked_at & passing(self._all, full)])
        more = ~self._looked_at & np.isin(self._all.pair, pairs)
        if not more.any():
            return False
        most = 2 * np.count_nonzero(more) > np.count_nonzero(~self._looked_at)
        before, known, solver = self._looked_at.copy(), self.problem, self._solver
        self._looked_at |= True if most else more
        self._build()
        if solver is not None and len(self.problem.upper) - self.options.size == len(known.upper) - known.options.size:
            self._solver = Solver(self.problem)
            options = np.searchsorted(np.flatnonzero(self._looked_at), np.flatnonzero(before))
            others = np.arange(self.options.size, len(self.problem.upper))
            rows = np.array([self._row[key] for key in known.rows.keys], np.int64)
            self._solver.begin_at(solver, np.concatenate((options, others)), rows)
        return True

    # ---------------------------------------------------------------- changes

    def set_left(self, key: RowKey, left: float) -> bool:
        """Set how much there is: ``("supply", pool number)``, ``("limit", number)``, ``("slot", crossing number, bucket)``.

        Return False where that limits nothing in this program: it can't change the plan by becoming more.
        """
        row = self._row.get(key)
        self._changed[key] = max(0.0, left)  # a row may come yet, when more ways are looked at
        if row is None:
            return False
        self.problem.rows.upper[row] = max(0.0, left)
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
        self.solving_s = 0.0
        found: tuple[Telling, Ints] | None = None
        try:
            while True:
                if self._solver is None:
                    self._solver = Solver(self.problem)
                began = time.perf_counter()
                solution = self._solver.solve(started + limit_s - began)
                self.solving_s += time.perf_counter() - began
                value = solution.value
                found = self._telling, value
                if not self._look_at_more(value):
                    break
            status = "optimal" if solution.optimal else "time_limit"
        except SolverLate:
            value, status, note = closest_first(self.situation, self.problem), "greedy", "solver_late"
            if found is not None and _measures(*found) <= _measures(self._telling, value):
                # The best by the ways that were looked at first: to look at the others there was no time.
                telling, value = found
                return telling.plan(value, "time_limit", None, time.perf_counter() - started + self._built)
        except Exception as error:  # whatever becomes of the solver, people get a plan
            self.failure = repr(error)
            value, status, note = closest_first(self.situation, self.problem), "greedy", "solver_failed"
            self._solver = None
        return self._telling.plan(value, status, note, time.perf_counter() - started + self._built)

    def greedy(self) -> Plan:
        """Return the greedy plan, for who compares."""
        return self._telling.plan(closest_first(self.situation, self.problem), "greedy", None, self._built)

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
            minutes = _earlier(base, with_more, self.situation.lines)
            if with_more.status == "optimal" and (units > 0 or safety > 0 or minutes > 0.5):  # noqa: PLR2004 - less than a minute helps nobody
                found.append(Help(what, of, units, safety, minutes))
            if time.perf_counter() > end:
                break
        return tuple(
            sorted(found, key=lambda each: (-each.gain_life_safety, -each.gain_units, -each.gain_min, each.what))
        )

    def _scarce(self, base: Plan, most: int) -> list[tuple[Any, tuple[Any, ...], list[RowKey]]]:
        value = self._value_of(base)
        spent = [key for key, none in self._telling.spent(value).items() if none]
        pools, limits = self.situation.pools, self.situation.limits
        slots: dict[int, list[RowKey]] = {}
        for key in spent:
            if key[0] == "slot":
                slots.setdefault(key[1], []).append(key)
        found: list[tuple[Any, tuple[Any, ...], list[RowKey]]] = [
            ("slot", (self.situation.travel.gates[gate].code,), keys) for gate, keys in list(slots.items())[:most]
        ]
        caps: list[tuple[Any, tuple[Any, ...], list[RowKey]]] = []
        for key in spent:
            limit = limits[key[1]] if key[0] == "limit" else None
            if limit is None:
                continue
            if (
                limit.agreement is not None and limit.type_code is not None
            ):  # what a year costs is its parties' own, and no number of units
                caps.append(("cap", (limit.agreement, limit.type_code), [key]))
            elif limit.code in RESERVES:
                caps.append(("reserve", (limit.pools[0],), [key]))
        found += caps[:most]
        kept = {limit.pools[0] for limit in limits if len(limit.pools) == 1 and limit.code in RESERVES}
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


def _measures(telling: Telling, value: Ints) -> tuple[float, ...]:
    """Return what a solution comes to by the aims that go first, for who compares two of one situation; less is better."""
    aims, worst = telling.problem.aims, telling.plan(value, "greedy", None, 0.0).worst_share
    safety, kept, still_open = (float(aims[aim] @ value) for aim in ("safety", "kept", "open"))
    return safety, kept, -round(worst, 6), still_open


def _earlier(before: Plan, after: Plan, lines: Iterable[Line]) -> float:
    """Return by how many minutes units come earlier, together: line by line the soonest of both, as many as come in both."""
    asked = {line.id: line for line in lines}
    old, new = _arrivals(before, asked), _arrivals(after, asked)
    return sum(
        sum(a - b for a, b in zip(sorted(old[line]), sorted(new[line]), strict=False))
        for line in old.keys() & new.keys()
    )


def _arrivals(of: Plan, asked: Mapping[Any, Line]) -> dict[Any, list[float]]:
    """Return by line when what it asks for is there: a formation that is put together when the last of its parts is."""
    found: dict[Any, list[float]] = {}
    parts: dict[Any, dict[str, list[float]]] = {}
    for each in of.assignments:
        if not each.fixed:
            times = [each.eta_min] * each.quantity
            if each.part:
                parts.setdefault(each.line_id, {}).setdefault(each.type_code, []).extend(times)
            else:
                found.setdefault(each.line_id, []).extend(times)
    for id_, mine in parts.items():
        found.setdefault(id_, []).extend(_put_together(asked[id_], mine))
    return found


def _put_together(line: Line, parts: Mapping[str, list[float]]) -> list[float]:
    """Return when each formation is complete; parts that go to the line already are not waited for."""
    there = {code: sorted([0.0] * line.there.get(code, 0) + parts.get(code, [])) for code in line.parts}
    made = min(len(there[code]) // many for code, many in line.parts.items())
    return [max(there[code][(number + 1) * many - 1] for code, many in line.parts.items()) for number in range(made)]
