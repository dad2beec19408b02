"""Every way in which a pool could help a line, as arrays: over which crossing, in which bucket of time, when it would be there, under what.

What can't be is no option, and counts for its first reason. A pool has up to ``WAYS`` crossings to a line; where a crossing could be asked for more slots than
it has, also up to ``WAITS`` later buckets, for which the units wait at the border. The soonest way of a pool to a line uses nothing that the others don't use but
slots of its own crossing: as long as some of those are left, the others can't make a plan better, and need not be looked at (``Options.soonest``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.planning.pairs import pairs_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt

    from app.planning.pairs import Against
    from app.planning.plan import Cover, Pool, Situation

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

_COLUMNS: Final = (
    "line",
    "pool",
    "part",
    "gate",
    "bucket",
    "then",
    "then_bucket",
    "minutes",
    "waits",
    "cost",
    "cover",
    "ad_hoc",
)
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
    then: Ints
    then_bucket: Ints
    """The crossing after that one, where the way goes through a country between; both -1 where it does not."""
    minutes: Floats
    waits: Floats
    cost: Floats
    cover: Ints
    ad_hoc: Bools
    covers: list[Cover]
    against: list[Against]
    """By line."""
    wrong: dict[int, str] = field(default_factory=dict)
    """Line → why nobody can be planned for it at all."""

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.line)

    @property
    def borders(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """Crossings and buckets, of the first and the second that are passed."""
        return (self.gate, self.bucket), (self.then, self.then_bucket)

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


def options_of(situation: Situation) -> Options:
    """Return every option there is, and what stands against the others."""
    pairs = pairs_of(situation)
    ways = pairs.ways
    bucket = _bucket(ways.gate, ways.passes, situation)
    then_bucket = _bucket(ways.then, ways.passes_then, situation)
    found = Options(
        ways.line, ways.pool, ways.part, ways.gate, bucket, ways.then, then_bucket, ways.minutes, np.zeros(len(ways.line)),
        pairs.cost[ways.cover], ways.cover, pairs.ad_hoc[ways.cover], pairs.covers, pairs.against, pairs.wrong,
    )  # fmt: skip
    return _with_waiting(found, ways.passes, ways.passes_then, situation) if situation.slots else found


def _bucket(gate: Ints, passes: Floats, situation: Situation) -> Ints:
    """Return in which bucket of time a crossing is passed; -1 where there is none."""
    minutes = np.where(gate < 0, 0.0, np.maximum(passes, 0.0))
    found: Ints = np.where(gate < 0, -1, np.floor(minutes / situation.bucket_min)).astype(np.int64)
    return found


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
    need = np.array([max(0, line.quantity) for line in situation.lines], np.int64)[options.line]
    for row in np.flatnonzero(options.part >= 0).tolist():
        need[row] *= list(situation.lines[options.line[row]].parts.values())[options.part[row]]
    count = np.array([pool.count for pool in situation.pools], np.int64)[options.pool]
    vehicles = np.array([pool.vehicles for pool in situation.pools], np.int64)[options.pool]
    need = np.minimum(need, count) * vehicles
    buckets = int(max(bucket.max() for _, bucket in options.borders)) + 1
    asked: dict[tuple[int, int], float] = {}
    for gate, bucket in options.borders:
        rows = np.flatnonzero(gate >= 0)
        many = np.bincount(gate[rows] * buckets + bucket[rows], need[rows])
        for key in np.flatnonzero(many).tolist():
            at = divmod(key, buckets)
            asked[at] = asked.get(at, 0.0) + float(many[key])
    left = {key: slots_left(situation, *key) for key in asked}
    return {key for key, many in asked.items() if (free := left[key]) is not None and many > free}


def passing(options: Options, keys: set[tuple[int, int]]) -> Bools:
    """Return which options pass one of these (crossing, bucket)."""
    found: Bools = np.zeros(options.size, np.bool_)
    for gate, bucket in options.borders:
        buckets = int(bucket.max(initial=0)) + 1
        wanted = [at * buckets + when for at, when in keys if when < buckets]
        found |= (gate >= 0) & np.isin(gate * buckets + bucket, wanted)
    return found


def _with_waiting(options: Options, passes: Floats, passes_then: Floats, situation: Situation) -> Options:
    """Add for what passes where slots are scarce the same, in later buckets: it waits before its first crossing, and comes to the second one as much later."""
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
        then_bucket = _bucket(options.then[rows], passes_then[rows] + waits, situation)
        changed = {
            "bucket": bucket[kept], "then_bucket": then_bucket[kept], "minutes": minutes[kept], "waits": waits[kept]
        }  # fmt: skip
        for name, column in columns.items():
            column.append(changed.get(name, getattr(options, name)[rows[kept]]))
    joined = {name: np.concatenate(column) for name, column in columns.items()}
    return Options(**joined, covers=options.covers, against=options.against, wrong=options.wrong)


def pool_numbers(pools: tuple[Pool, ...]) -> dict[Hashable, int]:
    """Return the number of each pool by its id."""
    return {pool.id: number for number, pool in enumerate(pools)}
