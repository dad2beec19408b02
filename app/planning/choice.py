"""The way that one unit takes: what ranking and plan tell, and what it is committed to. One rule, asked from wherever a way is chosen.

``recommend.py`` and ``pairs.py`` work the same out for many units at once, in arrays; a test holds them to this.
"""

from __future__ import annotations

from collections import OrderedDict
from math import isfinite
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from app.domain.errors import ProtocolDataError
from app.planning.roads import Border, named_crossings, parse_roads
from app.planning.travel import Travel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from app.planning.candidates import Gate
    from app.planning.eta import Sized
    from app.planning.roads import Roads
    from app.planning.travel import Eta, Goal

    _Known: TypeAlias = tuple[object, ...]

KEPT: Final = 4
"""Corridors whose times of travel are kept; the one that was asked longest ago goes first."""

_kept: OrderedDict[_Known, Travel] = OrderedDict()
_lock = Lock()


def chosen_way(
    travel: Travel,
    lon: float,
    lat: float,
    country: str,
    goal: Goal,
    at: datetime,
    *,
    unit: Sized | None = None,
    allowed: Collection[str] | None = None,
    by: str | None = None,
) -> Eta:
    """Return the way of a unit of a country: of those whose crossings its agreement allows the soonest, and where none of them can be gone the soonest of all.

    ``allowed`` are codes of crossings, None where no agreement limits them. ``by`` is one that it has to pass, whether that is allowed or not: at first,
    or where it can't, at last. Nothing but the way is in the minutes; they are infinite where there is none.
    """
    if allowed is not None:
        among = allowed if by is None else {*allowed, by}
        eta = travel.eta(lon, lat, country, goal, at, unit=unit, allowed=among, by=by)
        if isfinite(eta.total_min):
            return eta
    return travel.eta(lon, lat, country, goal, at, unit=unit, by=by)


def read_roads(file: Path, gates: Iterable[Gate]) -> Roads:
    """Return the graph of a file for a corridor with these crossings.

    Raises:
        OSError, UnicodeDecodeError, ProtocolDataError: it can't be read, or does not fit the corridor.
    """
    text = file.read_text("utf-8")
    named = named_crossings(file, text)
    borders = {gate.code: Border(gate.lon, gate.lat, gate.countries) for gate in gates if gate.code in named}
    return parse_roads(file, text, borders)


def travel_with(gates: Sequence[Gate], roads_file: Path | None) -> Travel:
    """Return times of travel over crossings as they are now. What rests on roads alone is kept by the process.

    What is returned is the caller's own. A file of roads that does not fit is as good as none: who holds the forces says so (``queries.forces``).
    """
    standing = tuple(sorted((gate.code, gate.lon, gate.lat, *sorted(gate.countries)) for gate in gates))
    key = (roads_file, _stamp(roads_file), standing)
    with _lock:
        known = _kept.pop(key, None)
        if known is None:
            known = Travel(gates, _roads(roads_file, gates))
        _kept[key] = known
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
        return known.with_gates(gates)


def _stamp(file: Path | None) -> tuple[int, int]:
    """Return what changes with a file: when it was written, and its size; nothing for one that is not there."""
    try:
        found = None if file is None else file.stat()
    except OSError:
        return 0, 0
    return (0, 0) if found is None else (found.st_mtime_ns, found.st_size)


def _roads(file: Path | None, gates: Sequence[Gate]) -> Roads | None:
    try:
        return None if file is None else read_roads(file, gates)
    except (OSError, UnicodeDecodeError, ProtocolDataError):
        return None
