"""Reading a message by a mapping: what it tells, or why it has to be held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.domain.because import because
from app.domain.external_ids import LONGEST as LONGEST_CODE
from app.domain.forms import FIRST_YEAR, LAST_YEAR, Instant
from app.domain.inbox.held import HeldBack
from app.domain.inbox.paths import as_number, as_text, find, need, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping as Table

    from app.domain.inbox.mapping import At, IncidentOf, Kind, Mapping

ValueT = TypeVar("ValueT")
LONGEST_TITLE: Final = 200
_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(Instant)
_EPOCH: Final = {"epoch_s": 1.0, "epoch_ms": 1000.0}
_FIRST_S: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()
_LAST_S: Final = datetime(LAST_YEAR, 12, 31, tzinfo=UTC).timestamp()


class Point(NamedTuple):
    """A place, WGS 84, in degrees."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class IncidentTold:
    """An incident as it was told; what was left out is None."""

    number: str
    title: str | None
    hazard: str | None
    severity: int | None
    at: Point | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a message tells."""

    at: datetime
    kinds: tuple[Kind, ...]
    unit: str | None = None
    status: str | None = None
    position: Point | None = None
    incident: IncidentTold | None = None
    mission: tuple[str, str] | None = None
    """Which one, and the state that it has reached."""

    def shown(self) -> dict[str, Any]:
        """Return it as plain values, for whoever tries a mapping."""
        found: dict[str, Any] = {"unit": self.unit, "status": self.status}
        if self.position is not None:
            found["position"] = list(self.position)
        if self.incident is not None:
            told = self.incident
            found |= {
                "number": told.number, "title": told.title, "hazard": told.hazard, "severity": told.severity,
                "incident_position": None if told.at is None else list(told.at), "incident_status": told.status,
            }  # fmt: skip
        if self.mission is not None:
            found |= {"mission": self.mission[0], "mission_state": self.mission[1]}
        return {name: value for name, value in found.items() if value is not None}


def read(mapping: Mapping, body: Any) -> Told:
    """Return what a message tells.

    Raises:
        HeldBack: something is not there, is not readable, or stands in no table.
    """
    at = _instant(mapping.at, body)
    kinds = _kinds(mapping, body)
    unit = None
    if mapping.unit is not None and not {"unit_status", "position"}.isdisjoint(kinds):
        unit = _short(mapping.unit.path, body, LONGEST_CODE)
    status = None
    if "unit_status" in kinds and mapping.unit_status is not None:
        status = as_text(need(mapping.unit_status.path, body))
    return Told(
        at,
        kinds,
        unit,
        status,
        _position(mapping, body) if "position" in kinds else None,
        _incident(mapping.incident, body) if "incident" in kinds and mapping.incident is not None else None,
        _mission(mapping, body) if "mission" in kinds else None,
    )


def _instant(at: At, body: Any) -> datetime:
    value = need(at.path, body)
    if at.written == "rfc3339":
        try:
            return _INSTANT.validate_python(value)
        except ValidationError:
            raise unreadable(at.path, value, "a time with an offset, such as 2026-07-14T03:00:00Z") from None
    per_second = _EPOCH[at.written]
    seconds = as_number(value, at.path, _FIRST_S * per_second, _LAST_S * per_second) / per_second
    return datetime.fromtimestamp(seconds, UTC)


def _kinds(mapping: Mapping, body: Any) -> tuple[Kind, ...]:
    if mapping.kind.path is None:
        return tuple(mapping.kind.always)
    code = as_text(need(mapping.kind.path, body))
    if (found := mapping.kind.codes.get(code)) is None:
        raise HeldBack(
            f"No table says what a message of the kind {code!r} is.", because("inbox_unknown_kind", value=code[:100])
        )
    return tuple(found)


def _short(path: str, body: Any, longest: int) -> str:
    value = need(path, body)
    text = as_text(value)
    if not 0 < len(text) <= longest or not text.isprintable():
        raise unreadable(path, value, f"one line of at most {longest} characters")
    return text


def _position(mapping: Mapping, body: Any) -> Point | None:
    where = mapping.position
    assert where is not None
    return _point(where.lon.path, where.lat.path, body, optional=where.optional)


def _point(lon: str, lat: str, body: Any, *, optional: bool) -> Point | None:
    if optional and find(lon, body) is None and find(lat, body) is None:
        return None
    return Point(as_number(need(lon, body), lon, -180, 180), as_number(need(lat, body), lat, -90, 90))


def _incident(of: IncidentOf, body: Any) -> IncidentTold:
    return IncidentTold(
        _short(of.number.path, body, LONGEST_CODE),
        _short(of.title.path, body, LONGEST_TITLE) if find(of.title.path, body) is not None else None,
        _looked_up("hazard", of.hazard.path, of.hazard.codes, body),
        _looked_up("severity", of.severity.path, of.severity.codes, body),
        _point(of.lon.path, of.lat.path, body, optional=True),
        None if of.status is None else _looked_up("incident_status", of.status.path, of.status.codes, body),
    )


def _mission(mapping: Mapping, body: Any) -> tuple[str, str]:
    of = mapping.mission
    assert of is not None
    which = _short(of.id.path, body, LONGEST_CODE)
    _ = need(of.state.path, body)
    state = _looked_up("mission_state", of.state.path, of.state.codes, body)
    assert state is not None
    return which, state


def _looked_up(table: str, path: str, codes: Table[str, ValueT], body: Any) -> ValueT | None:
    value = find(path, body)
    if value is None:
        return None
    code = as_text(value)
    if code not in codes:
        detail = f"{code!r} stands in no line of the table {table}."
        raise HeldBack(detail, because("inbox_unknown_code", table=table, value=code[:100]))
    return codes[code]
