"""From a situation to the program that ``allocation.py`` solves: what is decided, what there is of everything, what it is measured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.domain.agreement_reasons import RESERVES
from app.planning.allocation import WEIGHT, Aim, Problem, Rows
from app.planning.options import passing, pool_numbers, slots_left, tight
from app.planning.plan import PENALTY_MIN, units_in

if TYPE_CHECKING:
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.options import Options
    from app.planning.plan import Limit, Situation

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


class _Columns:
    """Where each kind of column begins."""

    def __init__(
        self, options: Options, accepted: Ints, lines: list[int], built: list[int], teams: int, there: int
    ) -> None:
        self.accepted = options.size
        self.open = self.accepted + len(accepted)
        self.share = self.open + 2 * len(lines)
        self.built = self.share + 1
        self.teams = self.built + len(built)
        self.there = self.teams + teams
        self.count = self.there + there


def program_of(situation: Situation, options: Options) -> Problem:
    """Return the program for all lines that can be planned."""
    lines = [at for at in range(len(situation.lines)) if at not in options.wrong]
    need = np.array([max(0, line.quantity) for line in situation.lines], np.int64)
    built = _to_be_built(situation, options)
    accepted, promised, by_line = _accepted(situation, options, need)
    shown = np.concatenate((np.arange(options.size, dtype=np.int64), accepted))
    pools = situation.pools
    numbers: dict[UUID, int] = {}
    member = np.array([numbers.setdefault(pool.member_id, len(numbers)) for pool in pools], np.int64)
    part_rows = np.flatnonzero(np.isin(options.line, built) & (options.part >= 0))
    teams = sorted({(int(options.line[row]), int(member[options.pool[row]])) for row in part_rows})
    there = _there(situation, built)
    at = _Columns(options, accepted, lines, built, len(teams), len(there))

    upper = np.zeros(at.count)
    count = np.array([pool.count for pool in pools], np.float64)
    if options.size:
        upper[: at.accepted] = count[options.pool]
        whole_only = (options.part >= 0) & ~np.isin(options.line, built)
        upper[: at.accepted][whole_only] = 0.0
    upper[at.accepted : at.open] = np.where(upper[accepted] > 0, promised, 0.0)
    open_columns: dict[int, tuple[int, int]] = {}
    for number, line in enumerate(lines):
        kept = min(by_line.get(line, 0), int(need[line]))
        open_columns[line] = (at.open + 2 * number, at.open + 2 * number + 1)
        upper[list(open_columns[line])] = (need[line] - kept, kept)
    upper[at.share] = 1.0
    upper[at.built : at.teams] = need[built] if built else 0.0
    upper[at.teams : at.there] = 1.0
    upper[at.there :] = list(there.values())

    rows = Rows()
    left = _supply(rows, situation, options, shown)
    _caps(rows, situation, options, shown)
    _slots(rows, situation, options, shown)
    could = _lines(rows, situation, options, shown, lines, need, open_columns, built, at, left)
    _formations(rows, situation, options, shown, built, teams, member, list(there), at)
    share_rows = _shares(rows, situation, lines, need, could, open_columns, at.share)
    aims = _aims(situation, options, shown, open_columns, at)
    return Problem(options, rows, upper, aims, shown, open_columns, share_rows, at.share, whole=bool(built))


def _to_be_built(situation: Situation, options: Options) -> list[int]:
    """Return the lines for formations of which there are not enough whole ones, or that some parts go to already."""
    asked: dict[str, int] = {}
    for at, line in enumerate(situation.lines):
        if at not in options.wrong:
            asked[line.type_code] = asked.get(line.type_code, 0) + line.quantity
    found = []
    scarce = tight(options, situation) if any(line.parts for line in situation.lines) else set()
    for at, line in enumerate(situation.lines):
        if at in options.wrong or not line.parts:
            continue
        mine = options.line == at
        parts = {int(part) for part in options.part[mine & (options.part >= 0)]}
        parts |= {number for number, code in enumerate(line.parts) if line.there.get(code, 0) > 0}
        few = line.there or _wholes(situation, options, at, scarce) < asked[line.type_code]
        if few and len(parts) == len(line.parts):
            found.append(at)
    return found


def _wholes(situation: Situation, options: Options, line: int, scarce: set[tuple[int, int]]) -> int:
    """Return how many whole formations are there for a line for certain: what may be kept, capped or held up at a crossing is not counted on."""
    mine = (options.line == line) & (options.part < 0)
    held = set(options.pool[mine & passing(options, scarce)].tolist())
    pools = {int(pool) for pool in options.pool[mine]} - held
    there = sum(situation.pools[pool].count for pool in pools)
    for limit in situation.limits:
        if not limit.binds(situation.lines[line].id):
            continue
        each = 1 if limit.agreement is None else units_in(situation.lines[line].type_code, limit.type_code)
        counted = [pool for pool in pools if limit.agreement is not None or situation.pools[pool].id in limit.pools]
        if counted and each:
            there -= max(0, sum(situation.pools[pool].count for pool in counted) - max(0, limit.left) // each)
    return there


def _there(situation: Situation, built: list[int]) -> dict[tuple[int, int], float]:
    """Return by (line, part) how many go to a line already that make no whole yet."""
    return {
        (line, part): float(situation.lines[line].there[code])
        for line in built
        for part, code in enumerate(situation.lines[line].parts)
        if situation.lines[line].there.get(code, 0) > 0
    }


def _accepted(situation: Situation, options: Options, need: Ints) -> tuple[Ints, Floats, dict[int, int]]:
    """Return for what was accepted and can still come: its soonest option, how many, and how many by line."""
    numbers = pool_numbers(situation.pools)
    line_of = {line.id: at for at, line in enumerate(situation.lines)}
    rows: list[int] = []
    many: list[float] = []
    by_line: dict[int, int] = {}
    for promise in situation.accepted:
        line, pool = line_of.get(promise.line_id), numbers.get(promise.pool_id)
        if line is None or pool is None or promise.quantity <= 0:
            continue
        found = np.flatnonzero((options.line == line) & (options.pool == pool))
        if not len(found):
            continue
        rows.append(int(found[np.argmin(options.minutes[found])]))
        many.append(min(promise.quantity, situation.pools[pool].count))
        if options.part[rows[-1]] < 0:
            by_line[line] = min(int(need[line]), by_line.get(line, 0) + int(many[-1]))
    return np.array(rows, np.int64), np.array(many, np.float64), by_line


def lifted(situation: Situation, limit: Limit) -> bool:
    """Return whether the lender itself has said that its units can go, reserve or not."""
    if limit.code not in RESERVES or not limit.pools:
        return False
    pools = [pool for pool in situation.pools if pool.id in set(limit.pools)]
    said = [(word.member_id, word.type_code) for word in situation.words if word.can and word.line_id is None]
    return bool(pools) and all(
        (pool.member_id, None) in said or (pool.member_id, pool.type_code) in said for pool in pools
    )


def _supply(rows: Rows, situation: Situation, options: Options, shown: Ints) -> list[float]:
    """A row for each pool, and for each reserve of what is lent; one of a single pool that binds all its lines, and from which nothing goes to its own member, stands in the pool's row.

    Return what that leaves of each pool.
    """
    numbers = pool_numbers(situation.pools)
    who = {id_: at for at, id_ in enumerate({pool.member_id for pool in situation.pools})}
    member = np.array([who[pool.member_id] for pool in situation.pools], np.int64)
    asker = np.array([who.get(line.requester, -1) for line in situation.lines], np.int64)
    own = asker[options.line[shown]] == member[options.pool[shown]]
    at_home = set(np.unique(options.pool[shown[own]]).tolist())
    left = [float(pool.count) for pool in situation.pools]
    shared: list[tuple[int, list[int]]] = []
    has_words = any(word.can for word in situation.words)
    for number, limit in enumerate(situation.limits):
        if not limit.pools or (has_words and lifted(situation, limit)):
            continue
        mine = [numbers[each] for each in limit.pools if each in numbers]
        if len(mine) == 1 and limit.lines is None and not (limit.lent_only and mine[0] in at_home):
            left[mine[0]] = min(left[mine[0]], max(0, limit.left))
        elif mine:
            shared.append((number, mine))
    pool = options.pool[shown]
    order = np.argsort(pool, kind="stable")
    starts = np.searchsorted(pool[order], np.arange(len(situation.pools) + 1))
    used, first = np.unique(pool, return_inverse=True)
    base = len(rows.keys)
    for each in used.tolist():
        rows.add(("supply", each), -np.inf, left[each])
    if len(shown):
        rows.put(base + first, np.arange(len(shown)), 1.0)
    for number, mine in shared:
        columns = np.concatenate([order[starts[each] : starts[each + 1]] for each in mine])
        limit = situation.limits[number]
        if limit.lent_only:
            columns = columns[~own[columns]]
        if limit.lines is not None:
            bound = np.array([line.id in limit.lines for line in situation.lines], np.bool_)
            columns = columns[bound[options.line[shown[columns]]]]
        if len(columns):
            row = rows.add(("limit", number), -np.inf, max(0, limit.left))
            rows.put(row, columns, 1.0)
    return left


def _caps(rows: Rows, situation: Situation, options: Options, shown: Ints) -> None:
    caps = [(number, limit) for number, limit in enumerate(situation.limits) if limit.agreement is not None]
    if not caps or not len(shown):
        return
    agreements = [cover.agreement for cover in options.covers]
    for number, limit in caps:
        covers = np.array([agreement == limit.agreement for agreement in agreements], np.bool_)
        mine = covers[options.cover[shown]] & ~options.ad_hoc[shown]
        each = np.array([units_in(pool.type_code, limit.type_code) for pool in situation.pools], np.float64)
        factor = each[options.pool[shown]]
        columns = np.flatnonzero(mine & (factor > 0))
        if len(columns):
            row = rows.add(("limit", number), -np.inf, max(0, limit.left))
            rows.put(row, columns, factor[columns])


def _slots(rows: Rows, situation: Situation, options: Options, shown: Ints) -> None:
    if not situation.slots:
        return
    vehicles = np.array([pool.vehicles for pool in situation.pools], np.float64)
    scarce = tight(options, situation)
    borders = [(gate[shown], bucket[shown]) for gate, bucket in options.borders if (gate >= 0).any()]
    for key in sorted(scarce):
        free = slots_left(situation, *key)
        assert free is not None
        columns = np.flatnonzero(np.any([(gate == key[0]) & (bucket == key[1]) for gate, bucket in borders], axis=0))
        row = rows.add(("slot", *key), -np.inf, free)
        rows.put(row, columns, vehicles[options.pool[shown[columns]]])


def _lines(
    rows: Rows,
    situation: Situation,
    options: Options,
    shown: Ints,
    lines: list[int],
    need: Ints,
    open_columns: dict[int, tuple[int, int]],
    built: list[int],
    at: _Columns,
    left: list[float],
) -> dict[int, int]:
    """A row for each line. Return how many of each could be served if it were alone: from what is ``left`` of each pool, formations put together included."""
    row_of = np.zeros(len(situation.lines), np.int64)
    could: dict[int, int] = {}
    whole = np.flatnonzero(options.part[shown] < 0)
    for line in lines:
        row_of[line] = rows.add(("line", line), float(need[line]), float(need[line]))
        rows.put(row_of[line], list(open_columns[line]), 1.0)
        could[line] = 0
    if len(whole):
        rows.put(row_of[options.line[shown[whole]]], whole, 1.0)
    many = max(1, len(left))
    for pair in np.unique((options.line * many + options.pool)[options.part < 0]).tolist():
        could[pair // many] += int(left[pair % many])
    for number, line in enumerate(built):
        rows.put(row_of[line], at.built + number, 1.0)
        could[line] += _put_together(situation, options, line, left)
    return {line: min(many, int(need[line])) for line, many in could.items()}


def _put_together(situation: Situation, options: Options, line: int, left: list[float]) -> int:
    """Return how many formations of a line the parts that are left, and those that go to it already, would make."""
    asked, mine = situation.lines[line], options.line == line
    has = [
        sum(int(left[pool]) for pool in set(options.pool[mine & (options.part == part)].tolist()))
        for part in range(len(asked.parts))
    ]
    return min(
        (there + asked.there.get(code, 0)) // many for there, (code, many) in zip(has, asked.parts.items(), strict=True)
    )


def _formations(
    rows: Rows,
    situation: Situation,
    options: Options,
    shown: Ints,
    built: list[int],
    teams: list[tuple[int, int]],
    member: Ints,
    there: list[tuple[int, int]],
    at: _Columns,
) -> None:
    line_of, part_of, pool_of = options.line[shown], options.part[shown], options.pool[shown]
    for number, line in enumerate(built):
        for part, many in enumerate(situation.lines[line].parts.values()):
            row = rows.add(("part", line, part), 0.0, 0.0)
            rows.put(row, np.flatnonzero((line_of == line) & (part_of == part)), 1.0)
            rows.put(row, at.built + number, -float(many))
            if (line, part) in there:
                rows.put(row, at.there + there.index((line, part)), 1.0)
    for number, (line, owner) in enumerate(teams):
        row = rows.add(("team", line, owner), -np.inf, 0.0)
        mine = (line_of == line) & (part_of >= 0) & (member[pool_of] == owner)
        most = sum(situation.lines[line].parts.values()) * situation.lines[line].quantity
        rows.put(row, np.flatnonzero(mine), 1.0)
        rows.put(row, at.teams + number, -float(most))


def _shares(
    rows: Rows,
    situation: Situation,
    lines: list[int],
    need: Ints,
    could: dict[int, int],
    open_columns: dict[int, tuple[int, int]],
    share: int,
) -> list[tuple[int, int, int]]:
    by_requester: dict[UUID, list[int]] = {}
    for line in lines:
        by_requester.setdefault(situation.lines[line].requester, []).append(line)
    found = []
    for requester, mine in by_requester.items():
        asked, servable = int(need[mine].sum()), sum(could[line] for line in mine)
        if not servable:
            continue
        row = rows.add(("share", requester), -np.inf, float(asked))
        rows.put(row, [column for line in mine for column in open_columns[line]], 1.0)
        rows.put(row, share, float(servable))
        found.append((row, asked, servable))
    return found


def _aims(
    situation: Situation,
    options: Options,
    shown: Ints,
    open_columns: dict[int, tuple[int, int]],
    at: _Columns,
) -> dict[Aim, Floats]:
    aims: dict[Aim, Floats] = {
        "safety": np.zeros(at.count),
        "kept": np.zeros(at.count),
        "share": np.zeros(at.count),
        "open": np.zeros(at.count),
        "ad_hoc": np.zeros(at.count),
        "members": np.zeros(at.count),
        "minutes": np.zeros(at.count),
        "cost": np.zeros(at.count),
        "order": np.zeros(at.count),
    }
    for line, columns in open_columns.items():
        priority = situation.lines[line].priority
        if priority in WEIGHT:
            aims["open"][list(columns)] = WEIGHT[priority]
        else:
            aims["safety"][list(columns)] = 1.0
        aims["kept"][columns[1]] = 1.0
        aims["order"][list(columns)] = 1.0 - line / len(situation.lines)
    aims["share"][at.share] = -1.0
    aims["members"][at.teams : at.there] = 1.0
    # What goes already is worth a member: a formation is completed before another one is sent.
    aims["members"][at.there :] = -1.0
    if len(shown):
        aims["ad_hoc"][: at.open] = options.ad_hoc[shown]
        aims["minutes"][: at.open] = options.minutes[shown]
        aims["minutes"][at.accepted : at.open] -= PENALTY_MIN
        aims["cost"][: at.open] = options.cost[shown]
    return aims
