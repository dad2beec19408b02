"""What all printed forms share: for whom, whose names in which languages, and how a place, a number or a state is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.drills.texts import mark
from app.domain.lifecycle import machine
from app.domain.protocol_data import LANGUAGES
from app.domain.resource_types import resource_types
from app.domain.vocabulary import vocabulary
from app.interop.paper import moment, words
from app.queries import corridor, members

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    import asyncpg

    from app.queries.external_ids import ExternalIdBrief
    from app.queries.incidents import IncidentView
    from app.queries.members import MemberView
    from app.queries.requests import RequestLineView

NOTHING: Final = "\u2013"
"""Stands where there is nothing to say: an empty field may have been forgotten."""
UNITS: Final = {
    "m3/h": "m³/h",
    "m3": "m³",
    "m2": "m²",
    "piece": "",
    "person": "",
    "boat": "",
    "patient": "",
    "vehicle": "",
    "language": "",
}
"""Units as people write them; what is counted is named by its measure."""
MOST: Final = 1_000
"""Members of a corridor; missions or offers of one request."""


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom it is printed: whose eyes, in which language first, and when."""

    member: UUID | None
    language: str
    now: datetime
    treaty: str
    """Under which help is given without an agreement."""


async def members_of(conn: asyncpg.Connection[Any], space: str) -> dict[UUID, MemberView]:
    return {each.id: each for each in await members.members(conn, space, limit=MOST)}


async def tongues_of(conn: asyncpg.Connection[Any], first: str) -> list[str]:
    """Return the corridor's languages that the forms have, the reader's first; English only for who reads it."""
    spoken = [each for each in (await corridor.corridor(conn)).languages if each in LANGUAGES and each != "en"]
    return list(dict.fromkeys([first, *spoken]))


async def page_of(
    conn: asyncpg.Connection[Any], space: str, reader: Reader, ref: str, what: str, incident: IncidentView | None
) -> dict[str, Any]:
    """Return what every form has: its title, its foot, and the mark of an exercise in every language of the corridor."""
    drill = await conn.fetchval("SELECT kind = 'drill' FROM space WHERE id = $1", space)
    title = words()[what][reader.language]
    named = [ref, incident.ref] if incident is not None and incident.ref != ref else [ref]
    return {
        "lang": reader.language,
        "title": f"{title} {ref}",
        "exercise": mark((await corridor.corridor(conn)).languages) if drill else [],
        "footer": f"{title} · {' · '.join(named)} · {words()['printed'][reader.language]} {utc(reader.now, 'UTC')} · Concord",
        "page_words": [words()["page"][reader.language], words()["of"][reader.language]],
    }


# ---------------------------------------------------------------- how it is said


def in_each(names: Mapping[str, str], tongues: Iterable[str]) -> list[str]:
    return [names.get(each) or names["en"] for each in tongues]


def word(group: str, code: str, tongues: Sequence[str]) -> list[str]:
    entry = vocabulary()[group].get(code)
    return in_each(entry["names"], tongues) if entry else [code] * len(tongues)


def state_of(of: str, code: str, tongues: Sequence[str]) -> list[str]:
    return in_each(machine(of).states[code].names, tongues)


def severity_of(incident: IncidentView, tongues: Sequence[str]) -> list[str]:
    names = vocabulary()["severities"][incident.severity]["names"]
    return [f"{incident.severity} {NOTHING} {name}" for name in in_each(names, tongues)]


def type_of(code: str) -> dict[str, Any]:
    known: dict[str, Any] = {str(entry["code"]): entry for entry in resource_types()["types"]}
    return known.get(code) or {"names": {"en": code}, "unit": "piece", "minimum": []}


def unit_of(code: str) -> dict[str, str]:
    names: dict[str, str] = resource_types()["units"][type_of(code)["unit"]]["names"]
    return names


def minimum_of(code: str, language: str) -> str:
    """Return what one unit of a type can do at least, in one line."""
    measures = resource_types()["measures"]
    said = (
        (measures[each["measure"]]["names"][language], each["value"], measures[each["measure"]]["unit"])
        for each in type_of(code).get("minimum") or ()
        if each["measure"] in measures
    )
    least = words()["at_least"][language]
    return " · ".join(f"{name} {least} {value:g} {UNITS.get(unit, unit)}".rstrip() for name, value, unit in said)


def place_of(line: RequestLineView) -> str:
    lon, lat = line.geometry.coordinates
    where = f"{lat:.4f} {'N' if lat >= 0 else 'S'}  {lon:.4f} {'E' if lon >= 0 else 'W'}"
    return f"{line.place}\n{where}" if line.place else where


def numbers_of(ids: Sequence[ExternalIdBrief], of: Mapping[UUID, MemberView], language: str) -> str:
    return (
        "\n".join(f"{of[each.member_id].names[language]}: {each.code}" for each in ids if each.member_id in of)
        or NOTHING
    )


def utc(at: datetime, zone: str) -> str:
    shown = moment(at, zone)
    assert shown is not None
    return shown["utc"]
