"""The plan that is always there: what presses most first, and to each line the closest that is left. For when the exact one fails or is late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.planning.plan import PRIORITIES

if TYPE_CHECKING:
    import numpy.typing as npt

    from app.planning.allocation import Problem
    from app.planning.plan import Situation

    Ints = npt.NDArray[np.int64]


def closest_first(situation: Situation, problem: Problem) -> Ints:
    """Return units by column of the program. It breaks no row; what it leaves open may be more than has to be."""
    return _Greedy(situation, problem).run()


class _Greedy:
    def __init__(self, situation: Situation, problem: Problem) -> None:
        self.situation = situation
        self.problem = problem
        starts, rows, factors = problem.by_column()
        self.starts, self.rows, self.factors = starts.tolist(), rows.tolist(), factors.tolist()
        self.left = list(problem.rows.upper)
        self.kinds = [key[0] for key in problem.rows.keys]
        self.value = np.zeros(len(problem.upper), np.int64)
        self.upper = problem.upper.tolist()
        self.used: dict[tuple[int, int], int] = {}
        """By (line, part): how many of those that go to a formation already are built in."""

    def run(self) -> Ints:
        options, situation = self.problem.options, self.situation
        shown = len(self.problem.shown)
        line = options.line[self.problem.shown]
        rank = np.array([_rank(each.priority) for each in situation.lines], np.int64)
        accepted = np.zeros(shown, np.bool_)
        accepted[options.size :] = True
        ad_hoc = options.ad_hoc[self.problem.shown]
        order = np.lexsort((options.minutes[self.problem.shown], ad_hoc, ~accepted, rank[line]))
        part = options.part[self.problem.shown]
        for column in order.tolist():
            if part[column] < 0:
                many = self._room(column)
                if many:
                    self._take(column, many)
        for at in self._by_rank({key[1] for key in self.problem.rows.keys if key[0] == "part"}, rank):
            while self._build(at, order, line, part):
                pass
        for at, columns in self.problem.open_columns.items():
            row = self.problem.rows.keys.index(("line", at))
            unmet = round(self.left[row])
            self.value[columns[0]] = min(unmet, int(self.upper[columns[0]]))
            self.value[columns[1]] = unmet - self.value[columns[0]]
        return self.value

    def _by_rank(self, lines: set[int], rank: Ints) -> list[int]:
        return sorted(lines, key=lambda at: (int(rank[at]), at))

    def _entries(self, column: int) -> list[tuple[int, float]]:
        at = slice(self.starts[column], self.starts[column + 1])
        return list(zip(self.rows[at], self.factors[at], strict=True))

    def _room(self, column: int) -> int:
        """Return how many more units of the column no row forbids."""
        room = self.upper[column] - self.value[column]
        for row, factor in self._entries(column):
            if self.kinds[row] in {"supply", "limit", "slot", "line"}:
                room = min(room, self.left[row] / factor)
        return max(0, int(room + 1e-9))

    def _take(self, column: int, many: int) -> None:
        self.value[column] += many
        for row, factor in self._entries(column):
            if self.kinds[row] in {"supply", "limit", "slot", "line"}:
                self.left[row] -= many * factor

    def _build(self, at: int, order: Ints, line: Ints, part: Ints) -> bool:
        """Put one formation together from the closest parts; return whether it could be."""
        row = self.problem.rows.keys.index(("line", at))
        if self.left[row] < 1:
            return False
        taken: list[tuple[int, int]] = []
        used: dict[tuple[int, int], int] = {}
        for number, (code, many) in enumerate(self.situation.lines[at].parts.items()):
            key = at, number
            used[key] = min(many, self.situation.lines[at].there.get(code, 0) - self.used.get(key, 0))
            missing = many - used[key]
            for column in order[(line[order] == at) & (part[order] == number)].tolist():
                some = min(missing, self._room(column))
                if some:
                    self._take(column, some)
                    taken.append((column, some))
                    missing -= some
                if not missing:
                    break
            if missing:
                for column, some in taken:
                    self._take(column, -some)
                return False
        for key, some in used.items():
            self.used[key] = self.used.get(key, 0) + some
        self.left[row] -= 1
        return True


def _rank(priority: str) -> int:
    return PRIORITIES.index(priority) if priority in PRIORITIES else 0
