"""Every way in which a pool could help a line, as arrays: over which crossing, in which bucket of time, when it would be there, under what.

What can't be is no option, and counts for its first reason. A pool has up to ``WAYS`` crossings to a line; where a crossing could be asked for more slots than
it has, also up to ``WAITS`` later buckets, for which the units wait at the border. The soonest way of a pool to a line uses nothing that the others don't use but
slots of its own crossing: as long as some of those are left, the others can't make a plan better, and need not be looked at (``Options.soonest``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.planning.candidates import Why
from app.planning.eta import excesses
from app.planning.plan import Cover
from app.planning.rulings import BIT, codes_of

if TYPE_CHECKING:
    from collections.abc import Hashable
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.plan import Line, Pool, Situation
    from app.planning.travel import Settled

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

_COLUMNS: Final = ("line", "pool", "part", "gate", "bucket", "minutes", "waits", "cost", "cover", "ad_hoc")
WAYS: Final = 2
WAITS: Final = 3


@dataclass(slots=True)
class Options:
    """Columns of one length: an option each. Numbers are those of the situation's lines and pools, and of the travel's crossings."""

    line: Ints
    pool: Ints
    part: Ints
    """Number of the part among the line's parts; -1 where the option is what the line asks for itself."""
    gate: Ints
    bucket: Ints
    """Both -1 where no border is passed."""
    minutes: Floats
    waits: Floats
    cost: Floats
    cover: Ints
    ad_hoc: Bools
    covers: list[Cover]
    against: list[dict[str, list[Any]]]
    """By line: reason → [units that it holds back, the reason with the figures of the first]."""
    wrong: dict[int, str] = field(default_factory=dict)
    """Line → why nobody can be planned for it at all."""

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.line)

    @property
    def pair(self) -> Ints:
        """By option: a number for line, pool and part together."""
        pools, parts = int(self.pool.max(initial=0)) + 1, int(self.part.max(initial=-1)) + 2
        pairs: Ints = (self.line * pools + self.pool) * parts + self.part + 1
        return pairs

    def soonest(self) -> Bools:
        """Return which options are the soonest of their line, pool and part."""
        pair = self.pair
        order = np.lexsort((self.minutes, pair))
        first = np.ones(len(order), np.bool_)
        first[1:] = pair[order][1:] != pair[order][:-1]
        found = np.zeros(len(order), np.bool_)
        found[order[first]] = True
        return found

    def only(self, chosen: Bools) -> Options:
        """Return some of the options."""
        columns = {name: getattr(self, name)[chosen] for name in _COLUMNS}
        return Options(**columns, covers=self.covers, against=self.against, wrong=self.wrong)


class _Builder:
    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.travel = situation.travel
        self.covers: list[Cover] = []
        self.against: list[dict[str, list[Any]]] = [{} for _ in situation.lines]
        self.columns: list[tuple[Any, ...]] = []
        self._known: dict[tuple[Hashable, str], tuple[Any, ...]] = {}
        self._cannot = {(word.member_id, word.type_code, word.line_id) for word in situation.words if not word.can}
        by_type: dict[str, list[int]] = {}
        for number, pool in enumerate(situation.pools):
            if pool.count > 0:
                by_type.setdefault(pool.type_code, []).append(number)
        self.by_type: dict[str, Ints] = {code: np.array(numbers, np.int64) for code, numbers in by_type.items()}
        pools = situation.pools
        self.lon = np.array([pool.lon for pool in pools], np.float64)
        self.lat = np.array([pool.lat for pool in pools], np.float64)
        self.mobilise = np.array([pool.mobilise_min for pool in pools], np.float64)
        self.count = np.array([pool.count for pool in pools], np.int64)
        self.country = np.array([pool.country for pool in pools])
        self.settled: Settled = self.travel.settle(self.lon, self.lat, [pool.country for pool in pools])
        open_now = self.travel.open_at(situation.at)
        self.open = open_now & ~self.travel.allowed(situation.shut) if situation.shut else open_now
        sizes = {size: self.travel.carrying(size) for size in {pool.size for pool in pools}}
        gates = len(self.travel.gates)
        self.carries = np.array([sizes[pool.size] for pool in pools], np.bool_).reshape(len(pools), gates)
        self._joining: dict[tuple[str, str], Bools] = {}

    def joining(self, a: str, b: str) -> Bools:
        if (a, b) not in self._joining:
            self._joining[a, b] = self.travel.joining(a, b) & self.open
        return self._joining[a, b]

    def terms(self, line: Line, code: str, pools: Ints) -> tuple[Any, ...]:
        """Return by pool: the number of its cover, its reasons, minutes to answer, cost, ad hoc, and which crossings it may take."""
        key = (line.id if line.case is None else line.case, code)
        known = self._known.get(key)
        if known is None:
            of_member: dict[UUID, int] = {}
            for pool in (self.situation.pools[number] for number in pools):
                if pool.member_id not in of_member:
                    of_member[pool.member_id] = len(self.covers)
                    self.covers.append(self.situation.covers(pool.member_id, line, code))
            number = np.array([of_member[self.situation.pools[each].member_id] for each in pools], np.int64)
            covers = [self.covers[each] for each in number]
            names = {cover.ruling.crossings for cover in covers if not cover.ad_hoc} | {None}
            masks = {each: self.travel.allowed(each) for each in names}
            allowed = np.array([masks[None if cover.ad_hoc else cover.ruling.crossings] for cover in covers])
            known = self._known[key] = (
                number,
                np.array([cover.bits for cover in covers], np.int64),
                np.array([cover.ruling.acknowledge_min for cover in covers], np.float64),
                np.array([cover.cost for cover in covers], np.float64),
                np.array([cover.ad_hoc for cover in covers], np.bool_),
                allowed.reshape(len(pools), len(self.travel.gates)),
            )
        return known

    def add(self, at: int, line: Line, code: str, part: int) -> None:
        """Add the ways in which pools of a type could help a line."""
        pools = self.by_type.get(code)
        if pools is None:
            return
        number, bits, acknowledge, cost, ad_hoc, allowed = self.terms(line, code, pools)
        bits = bits.copy()
        if self._cannot:
            for row, pool in enumerate(self.situation.pools[each] for each in pools):
                words = {(pool.member_id, of, to) for of in (None, code) for to in (None, line.id)}
                if words & self._cannot:
                    bits[row] |= BIT["said_cannot"]
        goal = self.travel.goal(line.lon, line.lat, line.country)
        ready = acknowledge + self.mobilise[pools]
        home = self.country[pools] == line.country
        rows = np.flatnonzero(home & (bits == 0))
        if len(rows):
            mine = pools[rows]
            minutes = ready[rows] + self.travel.inside(self.settled, mine, self.lon[mine], self.lat[mine], goal)
            self._take(
                at,
                line,
                part,
                pools,
                rows,
                -1,
                minutes,
                np.full(len(rows), -1.0),
                number,
                cost,
                ad_hoc,
                bits,
                first=True,
            )
        abroad = np.flatnonzero(~home)
        if len(abroad):
            mine = pools[abroad]
            ways = np.array([self.joining(country, line.country) for country in self.country[mine]], np.bool_)
            fits = ways & self.carries[mine]
            may = fits & allowed[abroad]
            unable = ~may.any(axis=1)
            bits[abroad[unable]] |= self._blocked(mine[unable], ways[unable], fits[unable])
            rest = np.flatnonzero(~unable & (bits[abroad] == 0))
            if len(rest):
                rows, to_gate = abroad[rest], self.settled.to_gate[mine[rest]]
                over = np.where(may[rest], to_gate + goal.from_gate + self.travel.delay, np.inf)
                for rank in range(WAYS):
                    gate = over.argmin(axis=1)
                    index = np.arange(len(rows))
                    soonest = over[index, gate]
                    there = np.flatnonzero(np.isfinite(soonest))
                    if not len(there):
                        break
                    minutes = ready[rows[there]] + soonest[there]
                    passes = ready[rows[there]] + to_gate[there, gate[there]]
                    self._take(
                        at,
                        line,
                        part,
                        pools,
                        rows[there],
                        gate[there],
                        minutes,
                        passes,
                        number,
                        cost,
                        ad_hoc,
                        bits,
                        first=rank == 0,
                    )
                    over[index, gate] = np.inf
        for row in np.flatnonzero(bits).tolist():
            self._count(at, int(pools[row]), line, int(bits[row]), self.covers[number[row]])

    def _take(
        self,
        at: int,
        line: Line,
        part: int,
        pools: Ints,
        rows: Ints,
        gate: Any,
        minutes: Floats,
        passes: Floats,
        number: Ints,
        cost: Floats,
        ad_hoc: Bools,
        bits: Ints,
        *,
        first: bool,
    ) -> None:
        in_time = np.ones(len(rows), np.bool_) if line.within_min is None else minutes <= line.within_min
        if first:  # no other way is sooner
            bits[rows[~in_time]] |= BIT["too_late"]
        many = int(in_time.sum())
        if not many:
            return
        kept = rows[in_time]
        gates = np.full(many, -1) if isinstance(gate, int) else gate[in_time]
        self.columns.append(
            (np.full(many, at), pools[kept], np.full(many, part), gates, minutes[in_time], passes[in_time],
             cost[kept], number[kept], ad_hoc[kept])
        )  # fmt: skip

    def _blocked(self, pools: Ints, ways: Bools, fits: Bools) -> Ints:
        found = np.full(len(pools), BIT["crossing_not_allowed"], np.int64)
        for row in np.flatnonzero(~fits.any(axis=1)).tolist():
            if not ways[row].any():
                found[row] = BIT["no_open_crossing"]
                continue
            size = self.situation.pools[pools[row]].size
            codes = {
                each.code for gate in np.flatnonzero(ways[row]) for each in excesses(self.travel.gates[gate], size)
            }
            found[row] = sum(BIT[code] for code in codes)
        return found

    def _count(self, at: int, pool: int, line: Line, bits: int, cover: Cover) -> None:
        code = codes_of(bits)[0]
        said = self.against[at].get(code)
        if said is not None:
            said[0] += int(self.count[pool])
            return
        figures = dict(cover.ruling.figures(code))
        if code == "no_open_crossing":
            figures = {"from_country": str(self.country[pool]), "to_country": line.country}
        self.against[at][code] = [int(self.count[pool]), Why(code, figures)]


def options_of(situation: Situation) -> Options:
    """Return every option there is, and what stands against the others."""
    builder = _Builder(situation)
    wrong: dict[int, str] = {}
    for at, line in enumerate(situation.lines):
        if situation.types is not None and line.type_code not in situation.types:
            wrong[at] = "unknown_type"
        elif line.quantity <= 0:
            wrong[at] = "no_quantity"
        elif line.within_min is not None and line.within_min <= 0:
            wrong[at] = "deadline_past"
        else:
            builder.add(at, line, line.type_code, -1)
            for number, code in enumerate(line.parts):
                builder.add(at, line, code, number)
    none: tuple[Any, ...] = tuple(np.zeros(0, kind) for kind in (int, int, int, int, float, float, float, int, bool))
    columns = [np.concatenate(each) for each in zip(*(builder.columns or [none]), strict=True)]
    line_, pool, part, gate, minutes, passes, cost, cover, ad_hoc = columns
    bucket = np.where(gate < 0, -1, np.floor(np.maximum(passes, 0.0) / situation.bucket_min)).astype(np.int64)
    found = Options(
        line_, pool, part, gate, bucket, minutes, np.zeros(len(minutes)), cost, cover, ad_hoc,
        builder.covers, builder.against, wrong,
    )  # fmt: skip
    return _with_waiting(found, passes, situation) if situation.slots else found


def slots_left(situation: Situation, gate: int, bucket: int) -> int | None:
    """Return how many vehicles may still pass; None where any number may."""
    code = situation.travel.gates[gate].code
    many = situation.slots.get(code)
    return None if many is None else max(0, many - situation.taken.get((code, bucket), 0))


def tight(options: Options, situation: Situation) -> set[tuple[int, int]]:
    """Return the (crossing, bucket) that could be asked for more slots than there are left."""
    rows = np.flatnonzero(options.gate >= 0)
    if not situation.slots or not len(rows):
        return set()
    need = np.array([max(0, line.quantity) for line in situation.lines], np.int64)[options.line[rows]]
    for row in np.flatnonzero(options.part[rows] >= 0).tolist():
        at = rows[row]
        need[row] *= list(situation.lines[options.line[at]].parts.values())[options.part[at]]
    count = np.array([pool.count for pool in situation.pools], np.int64)[options.pool[rows]]
    vehicles = np.array([pool.vehicles for pool in situation.pools], np.int64)[options.pool[rows]]
    buckets = int(options.bucket[rows].max()) + 1
    many = np.bincount(options.gate[rows] * buckets + options.bucket[rows], np.minimum(need, count) * vehicles)
    asked = {divmod(key, buckets): float(many[key]) for key in np.flatnonzero(many).tolist()}
    left = {key: slots_left(situation, *key) for key in asked}
    return {key for key, many in asked.items() if (free := left[key]) is not None and many > free}


def passing(options: Options, keys: set[tuple[int, int]]) -> Bools:
    """Return which options pass one of these (crossing, bucket)."""
    buckets = int(options.bucket.max(initial=0)) + 1
    wanted = [gate * buckets + bucket for gate, bucket in keys if bucket < buckets]
    found: Bools = (options.gate >= 0) & np.isin(options.gate * buckets + options.bucket, wanted)
    return found


def _with_waiting(options: Options, passes: Floats, situation: Situation) -> Options:
    """Add for what passes where slots are scarce the same, in later buckets."""
    scarce = tight(options, situation)
    if not scarce:
        return options
    rows = np.flatnonzero(passing(options, scarce))
    columns: dict[str, list[Any]] = {name: [getattr(options, name)] for name in _COLUMNS}
    within = np.array([np.inf if line.within_min is None else line.within_min for line in situation.lines])
    for later in range(1, WAITS + 1):
        bucket = options.bucket[rows] + later
        waits = bucket * situation.bucket_min - passes[rows]
        minutes = options.minutes[rows] + waits
        kept = minutes <= within[options.line[rows]]
        changed = {"bucket": bucket[kept], "minutes": minutes[kept], "waits": waits[kept]}
        for name, column in columns.items():
            column.append(changed.get(name, getattr(options, name)[rows[kept]]))
    joined = {name: np.concatenate(column) for name, column in columns.items()}
    return Options(**joined, covers=options.covers, against=options.against, wrong=options.wrong)


def pool_numbers(pools: tuple[Pool, ...]) -> dict[Hashable, int]:
    """Return the number of each pool by its id."""
    return {pool.id: number for number, pool in enumerate(pools)}
