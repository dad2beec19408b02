"""Asking an external router for times on the road: OSRM's or Valhalla's table, over HTTP.

``CONCORD_ROUTER`` names it, ``osrm+http://router:5000`` or ``valhalla+https://…``. Whoever asks has the own graph as well: a router that
is late, away, or answers what can't be read is none for the next ``PAUSE_S`` seconds, so that nobody waits for it again and again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import httpx
import structlog

from app.domain.geo import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.planning.routed import Legs, Place

PATIENCE_S: Final = 2.0
"""For all that is asked at once. A dispatcher waits no longer; the own graph is there."""
PAUSE_S: Final = 30.0
AT_ONCE: Final = 45
"""Sources, and targets, in one message: OSRM takes 100 places together unless it is told otherwise, Valhalla 50 by 50."""
MOST: Final = 40
"""Messages for one question; what would need more is left to the own graph."""
LONGEST_MIN: Final = 7 * 24 * 60.0
"""No way of a corridor takes longer: what does is no time on the road."""
FASTEST_KMH: Final = 250.0
"""By the great circle. A router with the map of another country puts all places on its one nearest road, and tells zero for every way."""
NEAR_KM: Final = 5.0
"""Nearer than that the speed says nothing: two places may be put on the same stretch of road."""
_UNREADABLE: Final = (KeyError, TypeError, ValueError, IndexError)

log = structlog.get_logger(__name__)


class RouterFailed(Exception):
    """The router gave no table."""


class HttpRouter:
    """A router at an address. Close it at the end."""

    def __init__(self, address: str, *, patience_s: float = PATIENCE_S, pause_s: float = PAUSE_S) -> None:
        """Keep the address; nothing is sent yet."""
        self.kind, _, url = address.partition("+")
        self._url = url.rstrip("/")
        self._patience_s = patience_s
        self._pause_s = pause_s
        self._again_at = 0.0
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Let go of its connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def legs(self, sources: Sequence[Place], targets: Sequence[Place]) -> Legs | None:
        """Return the minutes from each source to each target that it knows a way between; None where it does not answer, or knows no way at all."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._again_at:
            return None
        pieces = [(some, others) for some in _pieces(sources) for others in _pieces(targets)]
        if len(pieces) > MOST:
            log.warning("router_not_asked", sources=len(sources), targets=len(targets))
            return None
        legs: dict[tuple[Place, Place], float] = {}
        try:
            async with asyncio.timeout(self._patience_s):
                for some, others in pieces:
                    legs |= _told(some, others, await self._table(some, others))
        except (RouterFailed, httpx.HTTPError, TimeoutError, OSError) as error:
            log.warning("router_failed", kind=self.kind, error=repr(error), again_in_s=self._pause_s)
            self._again_at = loop.time() + self._pause_s
            return None
        if sources and targets and not legs:
            log.warning("router_knows_no_way", kind=self.kind, sources=len(sources), targets=len(targets))
            return None
        return legs

    async def _table(self, sources: Sequence[Place], targets: Sequence[Place]) -> list[list[Any]]:
        """Return seconds by source and target; null where there is no way."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._patience_s, trust_env=False)
        ask = self._osrm if self.kind == "osrm" else self._valhalla
        answer = await ask(self._client, sources, targets)
        if answer.status_code != httpx.codes.OK:
            message = f"it answered {answer.status_code}"
            raise RouterFailed(message)
        try:
            said = answer.json()
            if self.kind == "osrm":
                table = [list(row) for row in said["durations"]]
            else:
                table = [[each["time"] for each in row] for row in said["sources_to_targets"]]
        except _UNREADABLE as error:
            raise RouterFailed("its answer is no table") from error
        if len(table) != len(sources) or any(len(row) != len(targets) for row in table):
            raise RouterFailed("its table has another size")
        return table

    async def _osrm(
        self, client: httpx.AsyncClient, sources: Sequence[Place], targets: Sequence[Place]
    ) -> httpx.Response:
        places = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in (*sources, *targets))
        numbers = [";".join(map(str, range(len(sources)))), _numbers(len(sources), len(targets))]
        asked = {"sources": numbers[0], "destinations": numbers[1], "annotations": "duration"}
        return await client.get(f"{self._url}/table/v1/driving/{places}", params=asked)

    async def _valhalla(
        self, client: httpx.AsyncClient, sources: Sequence[Place], targets: Sequence[Place]
    ) -> httpx.Response:
        asked = {
            "sources": [{"lon": lon, "lat": lat} for lon, lat in sources],
            "targets": [{"lon": lon, "lat": lat} for lon, lat in targets],
            "costing": "truck",
        }
        return await client.post(f"{self._url}/sources_to_targets", json=asked)


def _numbers(start: int, many: int) -> str:
    return ";".join(str(start + each) for each in range(many))


def _pieces(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    for start in range(0, len(places), AT_ONCE):
        yield places[start : start + AT_ONCE]


def _told(
    sources: Sequence[Place], targets: Sequence[Place], table: list[list[Any]]
) -> dict[tuple[Place, Place], float]:
    """Return the legs of a table that are times."""
    legs: dict[tuple[Place, Place], float] = {}
    for source, row in zip(sources, table, strict=True):
        for target, seconds in zip(targets, row, strict=True):
            if seconds is None:
                continue
            if not _is_time(seconds, great_circle_km(*source, *target)):
                message = f"it told {seconds!r} as a time"
                raise RouterFailed(message)
            legs[source, target] = seconds / 60
    return legs


def _is_time(seconds: Any, km: float) -> bool:
    """Return whether a vehicle could take so long for a way between places so far apart."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST_MIN * 60:
        return False
    return km < NEAR_KM or km / FASTEST_KMH * 3600 <= seconds
