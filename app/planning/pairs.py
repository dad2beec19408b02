"""Every pair of a line and a pool: over which crossings it could go, when it would be there, under what; or the first reason why it can't.

Worked out type by type in arrays of (lines, pools), and (lines, pools, crossings) where a border lies between: a bad day has tens of thousands of pairs.
``options.py`` makes of it what a plan chooses from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from app.planning.candidates import Why
from app.planning.eta import excesses
from app.planning.plan import LENDERS, Cover
from app.planning.rulings import BIT, bits_of, codes_of

if TYPE_CHECKING:
    from collections.abc import Hashable
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.eta import Size
    from app.planning.plan import Line, Situation

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

WAYS: Final = 2
"""Crossings over which a pool is looked at for one line: the soonest ones."""
AT_ONCE: Final = 50_000
"""Pairs in one array: memory, for where one type has very many pools."""
OF_LENDER: Final = bits_of(LENDERS)

Against: TypeAlias = "dict[tuple[str, UUID | None], list[Any]]"
"""(reason, whose units where it is one of ``LENDERS``) → [units that it holds back, the reason with the figures of the first]."""


class Asked(NamedTuple):
    """A type that a line wants: its own (part -1), or one of its parts."""

    line: int
    part: int


class Ways(NamedTuple):
    """Columns of one length, a way each; numbers are those of the situation's lines and pools, and of the travel's crossings."""

    line: Ints
    part: Ints
    pool: Ints
    gate: Ints
    """At which the pool's country is left; -1 where no border is passed."""
    then: Ints
    """The crossing after that one, where the way goes through a country between; -1 where it does not."""
    minutes: Floats
    passes: Floats
    """Minutes until the first crossing is passed; negative where none is."""
    passes_then: Floats
    """Minutes until the second one is."""
    cover: Ints


@dataclass(slots=True)
class Pairs:
    """All that can be, and what stands against the rest."""

    ways: Ways
    covers: list[Cover]
    cost: Floats
    ad_hoc: Bools
    """Both by cover."""
    against: list[Against]
    """By line."""
    wrong: dict[int, str]
    """Line → why nobody can be planned for it at all."""


def pairs_of(situation: Situation) -> Pairs:
    """Return every way in which a pool could help a line, line by line, the soonest first."""
    wrong = {at: said for at, line in enumerate(situation.lines) if (said := _wrong(situation, line)) is not None}
    builder = _Builder(situation)
    by_type: dict[str, list[Asked]] = {}
    for at, line in enumerate(situation.lines):
        if at not in wrong:
            for part, code in enumerate((line.type_code, *line.parts), start=-1):
                if code in builder.by_type:
                    by_type.setdefault(code, []).append(Asked(at, part))
    numbers = {code: builder.ask(code, asked) for code, asked in by_type.items()}
    terms = _Terms.of(builder.covers, builder.travel)
    for code, asked in by_type.items():
        some = max(1, AT_ONCE // len(builder.by_type[code]))
        for first in range(0, len(asked), some):
            builder.pair(code, asked[first : first + some], numbers[code][first : first + some], terms)
    return Pairs(builder.ways(), builder.covers, terms.cost, terms.ad_hoc, builder.against, wrong)


def _wrong(situation: Situation, line: Line) -> str | None:
    if situation.types is not None and line.type_code not in situation.types:
        return "unknown_type"
    if line.quantity <= 0:
        return "no_quantity"
    return "deadline_past" if line.within_min is not None and line.within_min <= 0 else None


@dataclass(frozen=True, slots=True)
class _Terms:
    """What covers say, by their numbers."""

    bits: Ints
    acknowledge: Floats
    cost: Floats
    ad_hoc: Bools
    allowed: Ints
    """(covers,) the number of the set of crossings that each allows."""
    sets: list[Bools]
    """(crossings,) each."""

    @classmethod
    def of(cls, covers: list[Cover], travel: Any) -> _Terms:
        named = [None if cover.ad_hoc else cover.ruling.crossings for cover in covers]
        number: dict[tuple[str, ...] | None, int] = {}
        for each in named:
            number.setdefault(each, len(number))
        return cls(
            np.array([cover.bits for cover in covers], np.int64),
            np.array([cover.ruling.acknowledge_min for cover in covers], np.float64),
            np.array([cover.cost for cover in covers], np.float64),
            np.array([cover.ad_hoc for cover in covers], np.bool_),
            np.array([number[each] for each in named], np.int64),
            [travel.allowed(each) for each in number],
        )


@dataclass(slots=True)
class _Block:
    """The pairs of some lines with the pools of one type: (lines, pools) unless it says otherwise."""

    asked: list[Asked]
    pools: Ints
    """(pools,) their numbers."""
    cover: Ints
    bits: Ints
    """What stands against each."""
    ready: Floats
    """Minutes until it starts."""
    home: Bools
    within: Floats
    """(lines,) minutes until it is needed."""
    soonest: Floats
    """Minutes of those that come too late."""
    goals: list[Any]


class _Some(NamedTuple):
    """Ways of a block's pairs, as columns: row and column of the pair, crossings, minutes."""

    rows: Ints
    at: Ints
    gate: Ints
    then: Ints
    minutes: Floats
    passes: Floats
    passes_then: Floats


class _Builder:
    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.travel = situation.travel
        self.covers: list[Cover] = []
        self.against: list[Against] = [{} for _ in situation.lines]
        self._columns: list[Ways] = []
        self._number: dict[int, int] = {}
        self._asked: dict[tuple[Hashable, str], Ints] = {}
        pools = situation.pools
        by_type: dict[str, list[int]] = {}
        for number, pool in enumerate(pools):
            if pool.count > 0:
                by_type.setdefault(pool.type_code, []).append(number)
        self.by_type: dict[str, Ints] = {code: np.array(numbers, np.int64) for code, numbers in by_type.items()}
        self.lon = np.array([pool.lon for pool in pools], np.float64)
        self.lat = np.array([pool.lat for pool in pools], np.float64)
        self.mobilise = np.array([pool.mobilise_min for pool in pools], np.float64)
        self.count = np.array([pool.count for pool in pools], np.int64)
        owners: dict[UUID, int] = {}
        self.owner = np.array([owners.setdefault(pool.member_id, len(owners)) for pool in pools], np.int64)
        names = [pool.country for pool in pools]
        self.countries = list(dict.fromkeys((*names, *(line.country for line in situation.lines))))
        index = {name: number for number, name in enumerate(self.countries)}
        self.country = np.array([index[name] for name in names], np.int64)
        self.to_country = np.array([index[line.country] for line in situation.lines], np.int64)
        self.settled = self.travel.settle(self.lon, self.lat, names)
        open_now = self.travel.open_at(situation.at)
        self.open = open_now & ~self.travel.allowed(situation.shut) if situation.shut else open_now
        masks: dict[bytes, Bools] = {}
        fits: dict[Size | None, bytes] = {}
        for size in {pool.size for pool in pools}:
            mask = self.travel.carrying(size) & self.open
            fits[size] = mask.tobytes()
            masks.setdefault(fits[size], mask)
        numbers = {each: number for number, each in enumerate(masks)}
        self.fits: Ints = np.array([numbers[fits[pool.size]] for pool in pools], np.int64)
        """(pools,) the number of the set of crossings that are open and carry each."""
        self.fitting = list(masks.values())
        """(crossings,) each."""
        self._usable: tuple[_Terms, Bools, Bools] | None = None
        self._barred: dict[tuple[Size | None, int, int], int] = {}

    # ---------------------------------------------------------------- under what

    def ask(self, code: str, asked: list[Asked]) -> Ints:
        """Return the numbers of the covers: (asked, pools of the type). Each lender is asked once for each case."""
        pools, lines = self.by_type[code], self.situation.lines
        of_member: dict[UUID, int] = {}
        member = [of_member.setdefault(self.situation.pools[each].member_id, len(of_member)) for each in pools.tolist()]
        found = []
        for each in asked:
            line = lines[each.line]
            key = (line.id if line.case is None else line.case, code)
            numbers = self._asked.get(key)
            if numbers is None:
                told = [self._numbered(self.situation.covers(who, line, code)) for who in of_member]
                numbers = self._asked[key] = np.array(told, np.int64)[member]
            found.append(numbers)
        return np.array(found, np.int64)

    def _numbered(self, cover: Cover) -> int:
        number = self._number.get(id(cover))
        if number is None:
            number = self._number[id(cover)] = len(self.covers)
            self.covers.append(cover)  # which keeps its id its own
        return number

    # ---------------------------------------------------------------- the ways

    def pair(self, code: str, asked: list[Asked], cover: Ints, terms: _Terms) -> None:
        """Add the ways from the pools of a type to lines, and count what stands against the others."""
        pools = self.by_type[code]
        lines = [self.situation.lines[each.line] for each in asked]
        bits = terms.bits[cover]
        self._words(code, lines, pools, bits)
        to = self.to_country[[each.line for each in asked]]
        within = np.array([np.inf if line.within_min is None else line.within_min for line in lines])
        block = _Block(
            asked, pools, cover, bits, terms.acknowledge[cover] + self.mobilise[pools],
            self.country[pools] == to[:, None], within, np.full(bits.shape, np.inf),
            [self.travel.goal(line.lon, line.lat, line.country) for line in lines],
        )  # fmt: skip
        self._at_home(block)
        self._abroad(block, to, terms)
        self._count(block)

    def _words(self, code: str, lines: list[Line], pools: Ints, bits: Ints) -> None:
        """Mark what a member says that it can't."""
        for word in self.situation.words:
            if word.can or word.type_code not in {None, code}:
                continue
            rows = [row for row, line in enumerate(lines) if word.line_id in {None, line.id}]
            mine = [at for at, pool in enumerate(pools) if self.situation.pools[pool].member_id == word.member_id]
            if rows and mine:
                bits[np.ix_(rows, mine)] |= BIT["said_cannot"]

    def _at_home(self, block: _Block) -> None:
        free = block.home & (block.bits == 0)
        for row in np.flatnonzero(free.any(axis=1)).tolist():
            at = np.flatnonzero(free[row])
            mine = block.pools[at]
            road = self.travel.inside(self.settled, mine, self.lon[mine], self.lat[mine], block.goals[row])
            rows, none, never = np.full(len(at), row), np.full(len(at), -1), np.full(len(at), -1.0)
            self._take(block, _Some(rows, at, none, none, block.ready[row, at] + road, never, never), first=True)

    def _abroad(self, block: _Block, to: Ints, terms: _Terms) -> None:
        abroad = ~block.home
        if not abroad.any():
            return
        usable, begins = self._sets(terms)
        chosen = self.fits[block.pools] * len(terms.sets) + terms.allowed[block.cover]
        may = begins[self.country[block.pools], to[:, None], chosen]
        unable = abroad & ~may.any(axis=2)
        for row, at in zip(*(each.tolist() for each in np.nonzero(unable)), strict=True):
            block.bits[row, at] |= self._blocked(int(block.pools[at]), int(to[row]))
        rows, at = np.nonzero(abroad & ~unable & (block.bits == 0))
        if not len(rows):
            return
        from_gate = np.array([goal.from_gate for goal in block.goals])
        to_gate, ready = self.settled.to_gate[block.pools[at]], block.ready[rows, at]
        # How a way goes on after its first crossing is the same for all pools of a country that may take the same ones.
        country, of_set = self.country[block.pools[at]], chosen[rows, at]
        key = (rows * len(self.countries) + country) * len(usable) + of_set
        _, firsts, group = np.unique(key, return_index=True, return_inverse=True)
        onward = self._onward(country[firsts], to[rows[firsts]], from_gate[rows[firsts]], usable[of_set[firsts]])
        over = np.where(may[rows, at], to_gate + onward[group], np.inf)
        index = np.arange(len(rows))
        for rank in range(WAYS):
            gate = over.argmin(axis=1)
            soonest = over[index, gate]
            there = np.flatnonzero(np.isfinite(soonest))
            if not len(there):
                break
            minutes, passes = ready + soonest, ready + to_gate[index, gate]
            then, on_the_way = self._then(
                country[there], to[rows[there]], gate[there], from_gate, rows[there], usable, of_set[there]
            )
            passes_then = passes[there] + self.travel.delay[gate[there]] + on_the_way
            ways = _Some(rows[there], at[there], gate[there], then, minutes[there], passes[there], passes_then)
            self._take(block, ways, first=rank == 0)
            over[index, gate] = np.inf

    def _sets(self, terms: _Terms) -> tuple[Bools, Bools]:
        """Return (sets, crossings) what may be passed by what an agreement allows and a pool fits through, and (from, to, sets, crossings) where ways over those begin."""
        if self._usable is None or self._usable[0] is not terms:
            gates = len(self.travel.gates)
            both = [fits & allowed for fits in self.fitting for allowed in terms.sets]
            usable = np.array(both, np.bool_).reshape(len(both), gates)
            begins = np.array(
                [[self.travel.firsts(a, z, usable) for z in self.countries] for a in self.countries], np.bool_
            ).reshape(len(self.countries), len(self.countries), len(both), gates)
            self._usable = terms, usable, begins
        return self._usable[1:]

    def _onward(self, start: Ints, to: Ints, from_gate: Floats, usable: Bools) -> Floats:
        """Return (n, crossings) the minutes after each first crossing, by countries' numbers."""
        found = np.full(usable.shape, np.inf)
        for a, z in set(zip(start.tolist(), to.tolist(), strict=True)):
            mine = np.flatnonzero((start == a) & (to == z))
            ends = self.countries[a], self.countries[z]
            found[mine] = self.travel.onward_to(*ends, from_gate[mine], usable[mine])
        return found

    def _then(
        self, start: Ints, to: Ints, gate: Ints, from_gate: Floats, row: Ints, usable: Bools, of_set: Ints
    ) -> tuple[Ints, Floats]:
        """Return the second crossing of each way (-1: none), and the minutes to it in the country between.

        ``row`` of ``from_gate`` and ``of_set`` of ``usable`` are a way's own.
        """
        then, minutes = np.full(len(gate), -1), np.full(len(gate), np.nan)
        for a, z in set(zip(start.tolist(), to.tolist(), strict=True)):
            ends = self.countries[a], self.countries[z]
            mine = np.flatnonzero((start == a) & (to == z) & ~self.travel.joining(*ends)[gate])
            if len(mine):
                on_the_way = self.travel.transit(*ends)[gate[mine]]
                last = np.where(usable[of_set[mine]], from_gate[row[mine]] + self.travel.delay, np.inf)
                over = on_the_way + last
                then[mine] = over.argmin(axis=1)
                minutes[mine] = on_the_way[np.arange(len(mine)), then[mine]]
        return then, minutes

    def _take(self, block: _Block, ways: _Some, *, first: bool) -> None:
        """Keep the ways that are in time; where the first one is not, no other is."""
        rows, at, gate, then, minutes, passes, passes_then = ways
        in_time = minutes <= block.within[rows]
        if first:
            late = ~in_time
            block.bits[rows[late], at[late]] |= BIT["too_late"]
            block.soonest[rows[late], at[late]] = minutes[late]
        rows, at = rows[in_time], at[in_time]
        asked = np.array(block.asked, np.int64)[rows]
        self._columns.append(
            Ways(
                asked[:, 0], asked[:, 1], block.pools[at], gate[in_time], then[in_time], minutes[in_time],
                passes[in_time], passes_then[in_time], block.cover[rows, at],
            )
        )  # fmt: skip

    def ways(self) -> Ways:
        """Return all that were found."""
        none = Ways(*(np.zeros(0, kind) for kind in (int, int, int, int, int, float, float, float, int)))
        found = Ways._make(np.concatenate(each) for each in zip(none, *self._columns, strict=True))
        order = np.lexsort(
            (found.minutes, found.part, found.line)
        )  # the solver finds its way sooner among soonest ones first
        return Ways._make(column[order] for column in found)

    # ---------------------------------------------------------------- what stands against it

    def _in_the_way(self, pool: int, to: int, usable: Bools) -> list[Any]:
        """Return the crossings on ways from a pool's country to another that are among these: those that join both, or else all that lead through another."""
        ends = self.countries[self.country[pool]], self.countries[to]
        begins = self.travel.firsts(*ends, usable)
        return [self.travel.gates[each] for each in self.travel.in_the_way(*ends, begins, usable)]

    def _blocked(self, pool: int, to: int) -> int:
        """Return why a pool can pass nowhere."""
        size = self.situation.pools[pool].size
        key = size, int(self.country[pool]), to
        if key not in self._barred:
            gates = self._in_the_way(pool, to, self.open)
            if not gates:
                bits = BIT["no_open_crossing"]
            elif self._in_the_way(pool, to, self.fitting[self.fits[pool]]):
                bits = BIT["crossing_not_allowed"]
            else:
                bits = sum(BIT[code] for code in {each.code for gate in gates for each in excesses(gate, size)})
            self._barred[key] = bits
        return self._barred[key]

    def _count(self, block: _Block) -> None:
        """Count the units of each line that each reason holds back, where it is the first of the pool's; what is a lender's own, lender by lender."""
        rows, at = np.nonzero(block.bits)
        if not len(rows):
            return
        bits = block.bits[rows, at]
        first = bits & -bits
        owner = np.where(first & OF_LENDER, self.owner[block.pools[at]], -1)
        order = np.lexsort((owner, first, rows))
        rows, at, first, owner = rows[order], at[order], first[order], owner[order]
        other = (rows[1:] != rows[:-1]) | (first[1:] != first[:-1]) | (owner[1:] != owner[:-1])
        begins = np.flatnonzero(np.r_[True, other])
        units = np.add.reduceat(self.count[block.pools[at]], begins)
        ends = [*begins[1:].tolist(), len(rows)]
        for begin, end, many in zip(begins.tolist(), ends, units.tolist(), strict=True):
            row, column = int(rows[begin]), int(at[begin])
            line = block.asked[row].line
            (code,) = codes_of(int(first[begin]))
            if code == "too_late":  # told of the one that would be there first
                mine = at[begin:end]
                column = int(mine[np.argmin(block.soonest[row, mine])])
            who = None if owner[begin] < 0 else self.situation.pools[int(block.pools[column])].member_id
            why, said = self._why(code, block, row, column), self.against[line].get((code, who))
            if said is None:
                self.against[line][code, who] = [many, why]
                continue
            said[0] += many
            if code == "too_late" and why.figures["eta_min"] < said[1].figures["eta_min"]:
                said[1] = why

    def _why(self, code: str, block: _Block, row: int, at: int) -> Why:
        """Return a reason with the figures of one pool."""
        line, pool = self.situation.lines[block.asked[row].line], int(block.pools[at])
        ruling, size = self.covers[block.cover[row, at]].ruling, self.situation.pools[pool].size
        to = int(self.to_country[block.asked[row].line])
        if code == "no_open_crossing":
            return Why(code, {"from_country": self.situation.pools[pool].country, "to_country": line.country})
        if code == "too_late":
            figures = {"eta_min": round(float(block.soonest[row, at])), "within_min": round(line.within_min or 0)}
            return Why(code, figures)
        if code == "crossing_not_allowed" and not ruling.figures(code):
            return self.travel.not_allowed(self._in_the_way(pool, to, self.fitting[self.fits[pool]]), ruling.crossings)
        for gate in self._in_the_way(pool, to, self.open):
            beyond = {excess.code: excess.figures for excess in excesses(gate, size)}
            if code in beyond:
                return Why(code, {"crossing": gate.code, **beyond[code]}, crossings=(gate,))
        return Why(code, ruling.figures(code))
