"""What a solution says: who goes where, what stays open, and what holds back the units that could have gone."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.planning.candidates import Why
from app.planning.plan import LENDERS, PRIORITIES, Assignment, Hindrance, Plan, Unmet, units_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.allocation import Problem, RowKey
    from app.planning.pairs import Against
    from app.planning.plan import Limit, Line, Note, Situation, Status

    Ints = npt.NDArray[np.int64]

LIMITING: Final = frozenset({"supply", "limit", "slot"})
_TOLD: Final = ("line", "pool", "gate", "bucket", "then", "then_bucket", "minutes", "waits", "cost", "cover", "part")


class Telling:
    """Turns units by column of a program into a plan."""

    def __init__(self, situation: Situation, problem: Problem) -> None:
        """Work out what every plan of the program is told with."""
        self.situation = situation
        self.problem = problem
        self.options = problem.options
        self.row: dict[RowKey, int] = {key: row for row, key in enumerate(problem.rows.keys)}
        self._limiting = [(key, row) for key, row in self.row.items() if key[0] in LIMITING]
        self._limits: list[list[int]] = [[] for _ in situation.pools]
        """By pool: the limits that count it."""
        self._caps: list[int] = []
        numbers = {pool.id: number for number, pool in enumerate(situation.pools)}
        for number, limit in enumerate(situation.limits):
            if limit.agreement is not None:
                self._caps.append(number)
            for each in limit.pools:
                if each in numbers:
                    self._limits[numbers[each]].append(number)
        self._reserve = [self._folded(each) for each in self._limits]
        """By pool: the reserve that stands in its supply's row."""
        self._names = [str(pool.id) for pool in situation.pools]
        order = np.lexsort((self.options.minutes, self.options.pool, self.options.line))
        self._order: Ints = order
        """Options by line, then pool, the soonest first."""
        self._starts = np.searchsorted(self.options.line[order], np.arange(len(situation.lines) + 1)).tolist()

    def _folded(self, numbers: list[int]) -> Limit | None:
        limits = self.situation.limits
        mine = [limits[each] for each in numbers if ("limit", each) not in self.row and limits[each].lines is None]
        return min(mine, key=lambda each: each.left, default=None)

    def plan(self, value: Ints, status: Status, note: Note | None, seconds: float) -> Plan:
        """Return the plan that a solution is."""
        lines, problem = self.situation.lines, self.problem
        unmet = tuple(self._unmet(value))
        priority = {line.id: line.priority for line in lines}
        safety = sum(each.quantity for each in unmet if priority[each.line_id] not in PRIORITIES[1:])
        still_open: dict[UUID, int] = {}
        for at, columns in problem.open_columns.items():
            who = lines[at].requester
            still_open[who] = still_open.get(who, 0) + sum(int(value[column]) for column in columns)
        worst = min(
            (
                (asked - still_open[problem.rows.keys[row][1]]) / could
                for row, asked, could in problem.share_rows
            ),
            default=1.0,
        )  # fmt: skip
        worst = max(0.0, min(1.0, worst))
        return Plan(tuple(self._assignments(value)), unmet, status, note, safety, worst, seconds)

    def spent(self, value: Ints) -> dict[RowKey, bool]:
        """Return of each row that limits whether nothing is left of it."""
        return {key: left < 1 for key, left in self._left(value).items()}

    def _left(self, value: Ints) -> dict[RowKey, float]:
        """Return how much is left of each row that limits."""
        left = (np.array(self.problem.rows.upper) - self.problem.used(value)).tolist()
        return {key: left[row] for key, row in self._limiting}

    def _assignments(self, value: Ints) -> list[Assignment]:
        situation, options, shown = self.situation, self.options, self.problem.shown
        many: dict[int, int] = {}
        columns = np.flatnonzero(value[: len(shown)] > 0)
        for at, units in zip(shown[columns].tolist(), value[columns].tolist(), strict=True):
            many[at] = many.get(at, 0) + units
        chosen = list(many)
        told = []
        for at, line_at, pool_at, gate, bucket, then, then_bucket, minutes, waits, cost, cover_at, part in zip(
            chosen, *(getattr(options, name)[chosen].tolist() for name in _TOLD), strict=True
        ):
            line, pool, cover = situation.lines[line_at], situation.pools[pool_at], options.covers[cover_at]
            assignment = Assignment(
                line.id,
                pool.id,
                pool.member_id,
                pool.type_code,
                many[at],
                minutes,
                None if gate < 0 else situation.travel.gates[gate].code,
                None if gate < 0 else bucket,
                waits,
                cover.agreement,
                cover.ad_hoc,
                cost * many[at],
                part >= 0,
                via=() if then < 0 else ((situation.travel.gates[then].code, then_bucket),),
            )
            told.append(((line_at, minutes, self._names[pool_at]), assignment))
        fixed = [
            Assignment(each.line_id, each.pool_id, None, "", each.quantity, 0.0, fixed=True)
            for each in situation.dispatched
        ]
        return [*fixed, *(each for _, each in sorted(told, key=itemgetter(0)))]

    # ---------------------------------------------------------------- what is open, and why

    def _unmet(self, value: Ints) -> Iterator[Unmet]:
        left = self._left(value)
        sent = np.bincount(
            self.problem.shown, value[: len(self.problem.shown)], minlength=self.options.size
        ).astype(np.int64)  # fmt: skip
        for at, line in enumerate(self.situation.lines):
            if (code := self.options.wrong.get(at)) is not None:
                figures: dict[str, dict[str, Any]] = {
                    "unknown_type": {"type_code": line.type_code},
                    "no_quantity": {"quantity": line.quantity},
                }
                yield Unmet(line.id, max(0, line.quantity), (Hindrance(Why(code, figures.get(code, {})), 0),))
                continue
            missing = sum(int(value[column]) for column in self.problem.open_columns[at])
            if missing > 0:
                yield Unmet(line.id, missing, self._why(at, line, left, sent))

    def _why(self, at: int, line: Line, left: dict[RowKey, float], sent: Ints) -> tuple[Hindrance, ...]:
        """Return what holds units back from a line: what stands against them, and where they are wanted more or limited."""
        held: Against = {key: list(said) for key, said in self.options.against[at].items()}
        mine = self._order[self._starts[at] : self._starts[at + 1]]
        pools = self.options.pool[mine]
        begins = np.flatnonzero(np.r_[True, pools[1:] != pools[:-1]]) if len(mine) else np.zeros(0, np.int64)
        sums = np.add.reduceat(sent[mine], begins).tolist() if len(mine) else []
        ends = [*begins[1:].tolist(), len(mine)][: len(begins)]
        for begin, end, many in zip(begins.tolist(), ends, sums, strict=True):
            for why, units in self._held(int(pools[begin]), mine[begin:end], left, many):
                who = self.situation.pools[pools[begin]].member_id if why.code in LENDERS else None
                said = held.setdefault((why.code, who), [0, why])
                said[0] += units
        if not held:
            return (Hindrance(self._too_few(line, sum(sums)), 0),)
        together: dict[str, int] = {}
        for (code, _), (units, _) in held.items():
            together[code] = together.get(code, 0) + units
        told = [Hindrance(why, units, who) for (_, who), (units, why) in held.items()]
        return tuple(
            sorted(
                told, key=lambda each: (-together[each.why.code], each.why.code, -each.units, str(each.member_id or ""))
            )
        )

    def _too_few(self, line: Line, sent: int) -> Why:
        """Return why a line is open from which nothing is held back: how many of its type there are, where all of them are sent."""
        situation, code = self.situation, line.type_code
        free = sum(pool.count for pool in situation.pools if pool.type_code == code)
        there = free + situation.busy.get(code, 0)
        if there > 0 and sent == free and code not in situation.bound and not line.parts:
            return Why("all_sent", {"type_code": code, "units": there})
        return Why("not_enough" if free else "nobody_has_any", {"type_code": code})

    def _held(self, pool: int, rows: Ints, left: dict[RowKey, float], sent: int) -> list[tuple[Why, int]]:
        """Return what holds units of a pool back from a line that gets so many of it, with how many; nothing where nothing does."""
        there = self.situation.pools[pool].count
        if left.get(("supply", pool), np.inf) < 1:
            reserve = self._reserve[pool]
            free = there if reserve is None else min(there, max(0, reserve.left))
            found = [] if reserve is None else [(reserve.why, there - free)]
            return [each for each in [*found, (Why("wanted_elsewhere"), free - sent)] if each[1] > 0]
        why = self._limit_of(pool, rows, left)
        return [] if why is None else [(why, there - sent)]

    def _limit_of(self, pool: int, rows: Ints, left: dict[RowKey, float]) -> Why | None:
        situation, options = self.situation, self.options
        line = situation.lines[options.line[rows[0]]]
        own = line.requester == situation.pools[pool].member_id
        for number in self._limits[pool]:
            limit = situation.limits[number]
            if left.get(("limit", number), np.inf) < 1 and limit.binds(line.id) and not (own and limit.lent_only):
                return limit.why
        under = {options.covers[cover].agreement for cover in set(options.cover[rows].tolist())}
        for number in self._caps:
            limit = situation.limits[number]
            takes = units_in(situation.pools[pool].type_code, limit.type_code)
            if takes and limit.agreement in under and left.get(("limit", number), np.inf) < takes:
                return limit.why
        full = [
            [key for key in keys if left.get(("slot", *key), np.inf) < 1]
            for keys in zip(
                *(zip(at[rows].tolist(), when[rows].tolist(), strict=True) for at, when in options.borders), strict=True
            )
        ]
        if full and all(full):
            gate = situation.travel.gates[full[0][0][0]]
            return Why("crossing_full", {"crossing": gate.code}, crossings=(gate,))
        return None
