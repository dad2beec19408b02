"""All units of a space in memory, type by type, as arrays: so that one line is answered by looking at what it asks for and nothing else.

A change costs a microsecond: a position is written down and its row marked; where the row lies in the road graph is worked out when its type is next
asked for. Nothing here is the truth: it is built from the tables, and kept up to date from the journal and the positions.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from app.planning.eta import Size
from app.planning.rulings import BIT
from app.planning.travel import ANCHORS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from uuid import UUID

    import numpy.typing as npt

    from app.planning.candidates import Unit
    from app.planning.travel import Travel

    Bools = npt.NDArray[np.bool_]

STATE: Final = {"available": 0} | {code: BIT[code] for code in ("out_of_service", "reserved", "committed")}
"""Status → the reason that it is."""
_ROOM: Final = 64


class Owner(NamedTuple):
    """Units that are alike to an agreement: their owner, and where they are at home."""

    member_id: UUID
    ground: int


class Kind(NamedTuple):
    """Units that are alike to a crossing: from which country, and how large."""

    country: str
    size: Size


class Block:
    """The units of one type. Rows have no order; ``count`` of them are in use."""

    def __init__(self, type_code: str, gates: int) -> None:
        self.type_code = type_code
        self.count = 0
        self.units: list[Unit] = []
        """As they were put in; where they are and how they are stands in the columns."""
        self.lon = np.zeros(_ROOM)
        self.lat = np.zeros(_ROOM)
        self.mobilise = np.zeros(_ROOM)
        self.state = np.zeros(_ROOM, np.int64)
        self.cell = np.zeros(_ROOM, np.int32)
        self.anchor = np.zeros((_ROOM, ANCHORS), np.int32)
        self.anchor_min = np.zeros((_ROOM, ANCHORS))
        self.to_gate = np.zeros((_ROOM, gates))
        self.owners: list[Owner] = []
        self.kinds: list[Kind] = []
        self.cells = np.zeros((0, 2), np.int32)
        """A cell is an owner's units of one kind: (numbers of) owner and kind."""
        self.alive: list[int] = []
        """How many units each owner has."""
        self.makeup = 0
        """Goes up when there are other owners, kinds or cells, or units of an owner again: who keeps something by them asks anew."""
        self.kept: OrderedDict[Hashable, Any] = OrderedDict()
        """What the ranking has worked out by cell."""
        self.stale: set[int] = set()
        """Rows that moved since they were last placed in the graph."""
        self._owners: dict[Owner, int] = {}
        self._kinds: dict[Kind, int] = {}
        self._cells: dict[tuple[int, int], int] = {}
        self._carrying: tuple[int, int, Bools] | None = None

    def add(self, unit: Unit, ground: int) -> int:
        """Put a unit in; return its row."""
        row = self.count
        if row == len(self.lon):
            self._grow()
        self.count += 1
        self.units.append(unit)
        self._write(row, unit, ground)
        return row

    def change(self, row: int, unit: Unit, ground: int) -> None:
        """Put a unit in the place of what it was before."""
        self.alive[self.cells[self.cell[row], 0]] -= 1
        self.units[row] = unit
        self._write(row, unit, ground)

    def remove(self, row: int) -> Unit | None:
        """Take a unit out. Return the one that stands in its row now; None where it was the last row."""
        last = self.count - 1
        self.alive[self.cells[self.cell[row], 0]] -= 1
        moved = self.units.pop()
        self.stale.discard(row)
        if row != last:
            self.units[row] = moved
            for column in self._columns():
                column[row] = column[last]
            if last in self.stale:
                self.stale.add(row)
        self.stale.discard(last)
        self.count = last
        return moved if row != last else None

    def _write(self, row: int, unit: Unit, ground: int) -> None:
        owner = _number(self._owners, self.owners, Owner(unit.member_id, ground))
        size = Size(unit.weight_t, unit.height_m, unit.width_m)
        kind = _number(self._kinds, self.kinds, Kind(unit.country, size))
        number = self._cells.get((owner, kind))
        if number is None:
            number = self._cells[owner, kind] = len(self.cells)
            self.makeup += 1
            self.cells = np.vstack((self.cells, np.array([[owner, kind]], np.int32)))
        if owner == len(self.alive):
            self.alive.append(0)
        if not self.alive[owner]:
            self.makeup += 1
        self.alive[owner] += 1
        self.lon[row], self.lat[row] = unit.lon, unit.lat
        self.mobilise[row] = unit.mobilisation_min
        self.state[row] = STATE[unit.status]
        self.cell[row] = number
        self.stale.add(row)

    def _columns(self) -> Iterator[npt.NDArray[Any]]:
        yield from (self.lon, self.lat, self.mobilise, self.state, self.cell)
        yield from (self.anchor, self.anchor_min, self.to_gate)

    def _grow(self) -> None:
        for name in ("lon", "lat", "mobilise", "state", "cell", "anchor", "anchor_min", "to_gate"):
            column = getattr(self, name)
            larger = np.zeros((2 * len(column), *column.shape[1:]), column.dtype)
            larger[: len(column)] = column
            setattr(self, name, larger)

    def settle(self, travel: Travel) -> None:
        """Place the rows that have moved in the road graph."""
        if not self.stale:
            return
        rows = np.fromiter(self.stale, np.int64, len(self.stale))
        countries = [self.kinds[kind].country for kind in self.cells[self.cell[rows], 1]]
        found = travel.settle(self.lon[rows], self.lat[rows], countries)
        self.anchor[rows], self.anchor_min[rows], self.to_gate[rows] = found.anchor, found.anchor_min, found.to_gate
        self.stale.clear()

    def carrying(self, travel: Travel) -> Bools:
        """Return (kinds, crossings) whether the crossing carries units of the kind."""
        known = self._carrying
        if known is None or known[:2] != (travel.limits_version, len(self.kinds)):
            table = np.array([travel.carrying(kind.size) for kind in self.kinds], np.bool_)
            known = self._carrying = (travel.limits_version, len(self.kinds), table.reshape(len(self.kinds), -1))
        return known[2]


def _number(numbers: dict[Any, int], listed: list[Any], what: Any) -> int:
    """Return the number of what is listed, at its end where it is new."""
    number = numbers.get(what)
    if number is None:
        number = numbers[what] = len(listed)
        listed.append(what)
    return number


class Supply:
    """The units of a space. One ``Travel`` belongs to it, whose crossings may change, but not come or go."""

    def __init__(self, travel: Travel) -> None:
        self.travel = travel
        self.blocks: dict[str, Block] = {}
        self._rows: dict[UUID, tuple[Block, int]] = {}

    def __len__(self) -> int:
        """How many units there are."""
        return len(self._rows)

    def put(self, type_code: str, unit: Unit, *, ground: int = 0) -> None:
        """Put a unit in, or in the place of what it was before, whatever has changed."""
        known = self._rows.get(unit.id)
        if known is not None and known[0].type_code == type_code:
            known[0].change(known[1], unit, ground)
            return
        if known is not None:
            self.drop(unit.id)
        block = self.blocks.get(type_code)
        if block is None:
            block = self.blocks[type_code] = Block(type_code, len(self.travel.gates))
        self._rows[unit.id] = block, block.add(unit, ground)

    def drop(self, unit_id: UUID) -> None:
        """Take a unit out: it is retired, or gone to another space. One that is not there stays away."""
        known = self._rows.pop(unit_id, None)
        if known is None:
            return
        block, row = known
        moved = block.remove(row)
        if moved is not None:
            self._rows[moved.id] = block, row

    def move(self, unit_id: UUID, lon: float, lat: float) -> None:
        """Write down where a unit is.

        Raises:
            KeyError: there is no such unit.
        """
        block, row = self._rows[unit_id]
        block.lon[row] = lon
        block.lat[row] = lat
        block.stale.add(row)

    def set_status(self, unit_id: UUID, status: str, out_of_service_reason: str | None = None) -> None:
        """Write down how a unit is; why, where it is out of service.

        Raises:
            KeyError: there is no such unit, or no such status.
        """
        block, row = self._rows[unit_id]
        block.state[row] = STATE[status]
        if out_of_service_reason is not None:
            block.units[row] = replace(block.units[row], out_of_service_reason=out_of_service_reason)

    def row_of(self, unit_id: UUID) -> tuple[Block, int] | None:
        """Return where a unit stands; None where it does not."""
        return self._rows.get(unit_id)
