"""From a situation to the program that ``allocation.py`` solves: what is decided, what there is of everything, what it is measured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.domain.agreement_reasons import RESERVES
from app.planning.allocation import WEIGHT, Aim, Problem, Rows
from app.planning.options import pool_numbers, slots_left, tight
from app.planning.plan import PENALTY_MIN

if TYPE_CHECKING:
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.options import Options
    from app.planning.plan import Limit, Situation

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


class _Columns:
    """Where each kind of column begins."""

    def __init__(self, options: Options, accepted: Ints, lines: list[int], built: list[int], teams: int) -> None:
        self.accepted = options.size
        self.open = self.accepted + len(accepted)
        self.share = self.open + 2 * len(lines)
        self.built = self.share + 1
        self.teams = self.built + len(built)
        self.count = self.teams + teams


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
    at = _Columns(options, accepted, lines, built, len(teams))

    upper = np.zeros(at.count)
    count = np.array([pool.count for pool in pools], np.float64)
    if options.size:
        upper[: at.accepted] = count[options.pool]
        whole_only = (options.part >= 0) & ~np.isin(options.line, built)
        upper[: at.accepted][whole_only] = 0.0
    upper[at.accepted : at.open] = promised
    open_columns: dict[int, tuple[int, int]] = {}
    for number, line in enumerate(lines):
        kept = min(by_line.get(line, 0), int(need[line]))
        open_columns[line] = (at.open + 2 * number, at.open + 2 * number + 1)
        upper[list(open_columns[line])] = (need[line] - kept, kept)
    upper[at.share] = 1.0
    upper[at.built : at.teams] = need[built] if built else 0.0
    upper[at.teams :] = 1.0

    rows = Rows()
    _supply(rows, situation, options, shown)
    _caps(rows, situation, options, shown)
    _slots(rows, situation, options, shown)
    could = _lines(rows, situation, options, shown, lines, need, open_columns, built, at)
    _formations(rows, situation, options, built, teams, member, at)
    share_rows = _shares(rows, situation, lines, need, could, open_columns, at.share)
    aims = _aims(situation, options, shown, open_columns, at)
    return Problem(options, rows, upper, aims, shown, open_columns, share_rows, at.share, whole=bool(built))


def _to_be_built(situation: Situation, options: Options) -> list[int]:
    """Return the lines for formations of which there are not enough whole ones."""
    asked: dict[str, int] = {}
    for at, line in enumerate(situation.lines):
        if at not in options.wrong:
            asked[line.type_code] = asked.get(line.type_code, 0) + line.quantity
    found = []
    for at, line in enumerate(situation.lines):
        if at in options.wrong or not line.parts:
            continue
        mine = options.line == at
        whole = {int(pool) for pool in options.pool[mine & (options.part < 0)]}
        there = sum(situation.pools[pool].count for pool in whole)
        parts = {int(part) for part in options.part[mine & (options.part >= 0)]}
        if there < asked[line.type_code] and len(parts) == len(line.parts):
            found.append(at)
    return found


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
        found = np.flatnonzero((options.line == line) & (options.pool == pool) & (options.part < 0))
        if not len(found):
            continue
        rows.append(int(found[np.argmin(options.minutes[found])]))
        many.append(min(promise.quantity, situation.pools[pool].count))
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


def _supply(rows: Rows, situation: Situation, options: Options, shown: Ints) -> None:
    """A row for each pool, and for each reserve of more than one; one that is for a single pool stands in the pool's row."""
    numbers = pool_numbers(situation.pools)
    left = [float(pool.count) for pool in situation.pools]
    shared: list[tuple[int, list[int]]] = []
    has_words = any(word.can for word in situation.words)
    for number, limit in enumerate(situation.limits):
        if not limit.pools or (has_words and lifted(situation, limit)):
            continue
        mine = [numbers[each] for each in limit.pools if each in numbers]
        if len(mine) == 1:
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
        if len(columns):
            row = rows.add(("limit", number), -np.inf, max(0, situation.limits[number].left))
            rows.put(row, columns, 1.0)


def _caps(rows: Rows, situation: Situation, options: Options, shown: Ints) -> None:
    caps = [(number, limit) for number, limit in enumerate(situation.limits) if limit.agreement is not None]
    if not caps or not len(shown):
        return
    agreements = [cover.agreement for cover in options.covers]
    for number, limit in caps:
        covers = np.array([agreement == limit.agreement for agreement in agreements], np.bool_)
        mine = covers[options.cover[shown]] & ~options.ad_hoc[shown]
        if limit.type_code is not None:
            of_type = np.array([pool.type_code == limit.type_code for pool in situation.pools], np.bool_)
            mine &= of_type[options.pool[shown]]
        columns = np.flatnonzero(mine)
        if len(columns):
            row = rows.add(("limit", number), -np.inf, max(0, limit.left))
            rows.put(row, columns, 1.0)


def _slots(rows: Rows, situation: Situation, options: Options, shown: Ints) -> None:
    if not situation.slots:
        return
    gate, bucket = options.gate[shown], options.bucket[shown]
    vehicles = np.array([pool.vehicles for pool in situation.pools], np.float64)
    scarce = tight(options, situation)
    for key in sorted(scarce):
        free = slots_left(situation, *key)
        assert free is not None
        columns = np.flatnonzero((gate == key[0]) & (bucket == key[1]))
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
) -> dict[int, int]:
    """A row for each line. Return how many of each could be served if it were alone."""
    row_of = np.zeros(len(situation.lines), np.int64)
    could: dict[int, int] = {}
    counts = np.array([pool.count for pool in situation.pools], np.int64)
    whole = np.flatnonzero(options.part[shown] < 0)
    for line in lines:
        row_of[line] = rows.add(("line", line), float(need[line]), float(need[line]))
        rows.put(row_of[line], list(open_columns[line]), 1.0)
        could[line] = 0
    if len(whole):
        rows.put(row_of[options.line[shown[whole]]], whole, 1.0)
    many = max(1, len(counts))
    for pair in np.unique((options.line * many + options.pool)[options.part < 0]).tolist():
        could[pair // many] += int(counts[pair % many])
    for number, line in enumerate(built):
        rows.put(row_of[line], at.built + number, 1.0)
        could[line] = int(need[line])
    return {line: min(many, int(need[line])) for line, many in could.items()}


def _formations(
    rows: Rows,
    situation: Situation,
    options: Options,
    built: list[int],
    teams: list[tuple[int, int]],
    member: Ints,
    at: _Columns,
) -> None:
    for number, line in enumerate(built):
        for part, many in enumerate(situation.lines[line].parts.values()):
            row = rows.add(("part", line, part), 0.0, 0.0)
            rows.put(row, np.flatnonzero((options.line == line) & (options.part == part)), 1.0)
            rows.put(row, at.built + number, -float(many))
    for number, (line, owner) in enumerate(teams):
        row = rows.add(("team", line, owner), -np.inf, 0.0)
        mine = (options.line == line) & (options.part >= 0) & (member[options.pool] == owner)
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
    }
    for line, columns in open_columns.items():
        priority = situation.lines[line].priority
        if priority in WEIGHT:
            aims["open"][list(columns)] = WEIGHT[priority]
        else:
            aims["safety"][list(columns)] = 1.0
        aims["kept"][columns[1]] = 1.0
    aims["share"][at.share] = -1.0
    aims["members"][at.teams :] = 1.0
    if len(shown):
        aims["ad_hoc"][: at.open] = options.ad_hoc[shown]
        aims["minutes"][: at.open] = options.minutes[shown]
        aims["minutes"][at.accepted : at.open] -= PENALTY_MIN
        aims["cost"][: at.open] = options.cost[shown]
    return aims
