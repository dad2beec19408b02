"""Going to anything by its name: one list of places, members, crossings, rendezvous, depots, agreements, incidents, requests,
claims, units and resource types.

Everything but requests and claims is read and compared in Python: there are dozens or hundreds of each, and no database compares names
as ``app.domain.matching`` does. Requests and claims are many, and are found by their codes alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from uuid import UUID

from app.domain.geo import Point
from app.domain.matching import best_fit, plain
from app.domain.resource_types import resource_types
from app.domain.short_codes import LENGTH, as_said
from app.queries.between import PLACE_SEEN, REQUEST_SEEN
from app.queries.lists import decoded
from app.queries.models import ReadModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from app.domain.gazetteer import Place

Kind = Literal[
    "incident",
    "request",
    "member",
    "resource",
    "agreement",
    "claim",
    "rendezvous",
    "crossing",
    "depot",
    "place",
    "resource_type",
]
ORDER: Final[tuple[Kind, ...]] = get_args(Kind)
"""Of two that fit equally well, which stands first: what is going on, then who and what, then where."""
MOST_OF_A_KIND: Final = 8
SHORTEST_CODE: Final = 2

_INCIDENTS: Final = """
    SELECT id, ref, title, status, lead_member_id AS member_id, (west + east) / 2 AS lon, (south + north) / 2 AS lat
      FROM incident WHERE space_id = $1 ORDER BY id DESC LIMIT 2000
"""
_REQUESTS: Final = f"""
    SELECT r.id, r.ref, r.status, r.member_id, l.lon, l.lat
      FROM request r
      LEFT JOIN request_line l ON l.space_id = r.space_id AND l.request_id = r.id AND l.position = 0
     WHERE r.space_id = $1 AND (r.opened_at IS NOT NULL OR r.member_id = $2 OR $2::uuid IS NULL)
       AND ($2::uuid IS NULL OR {REQUEST_SEEN.format("$2")})
       AND replace(r.ref, '-', '') LIKE '%' || $3 || '%'
     ORDER BY r.id DESC LIMIT 20
"""  # noqa: S608 - constants of ours
_RESOURCES: Final = f"""
    SELECT r.id, r.call_sign, r.type_code, r.status, r.member_id,
           coalesce(p.lon, r.lon) AS lon, coalesce(p.lat, r.lat) AS lat
      FROM resource r
      LEFT JOIN position p ON p.space_id = r.space_id AND p.resource_id = r.id AND p.at > r.position_at
       AND {PLACE_SEEN.format(space="r.space_id", units="r.id, r.formation_id", viewer="$2::uuid")}
     WHERE r.space_id = $1 AND NOT r.retired
"""  # noqa: S608 - constants of ours
_MEMBERS: Final = "SELECT id, code, country, names, other_names, lon, lat FROM member WHERE space_id = $1"
_CROSSINGS: Final = "SELECT id, code, names, control AS status, lon, lat FROM crossing WHERE space_id = $1"
_CLAIMS: Final = """
    SELECT c.id, c.ref, c.status, c.lender_id AS member_id
      FROM claim c
     WHERE c.space_id = $1
       AND ($2::uuid IS NULL OR c.lender_id = $2 OR (c.requester_id = $2 AND c.submitted_at IS NOT NULL))
       AND replace(c.ref, '-', '') LIKE '%' || $3 || '%'
     ORDER BY c.id DESC LIMIT 20
"""
_RENDEZVOUS: Final = """
    SELECT r.id, r.code, r.guide_code, r.names, r.status, r.member_id, m.country, r.lon, r.lat
      FROM rendezvous r JOIN member m ON m.space_id = r.space_id AND m.id = r.member_id
     WHERE r.space_id = $1
"""
_DEPOTS: Final = """
    SELECT d.id, d.name, d.member_id, m.country, d.lon, d.lat
      FROM depot d JOIN member m ON m.space_id = d.space_id AND m.id = d.member_id
     WHERE d.space_id = $1
"""
# Drafts are for the eyes of their parties; $2 is the member that looks (null: the service itself).
_AGREEMENTS: Final = """
    SELECT a.id, a.code, a.names, a.status
      FROM agreement a
      JOIN agreement_version v ON v.space_id = a.space_id AND v.agreement_id = a.id AND v.version = a.version
     WHERE a.space_id = $1 AND (a.proposed_at IS NOT NULL OR $2::uuid IS NULL OR $2 = ANY(v.lenders || v.borrowers))
"""


class HitView(ReadModel):
    """Something that is called so, or nearly so."""

    kind: Kind
    id: UUID | None
    """Null for places and resource types, which have none."""
    code: str | None
    """Of a resource type, a member, a crossing, an agreement; the short code of an incident, a request or a claim; of a rendezvous
    what drivers are told; a unit's type."""
    title: str
    """What to show, in the reader's language."""
    matched: str
    """The name that was found, as it is written."""
    country: str | None
    member_id: UUID | None
    """Whose it is; of an incident, who leads."""
    status: str | None
    place: Point | None


class SearchView(ReadModel):
    """What was found, the best first."""

    q: str
    items: tuple[HitView, ...]


@dataclass(frozen=True, slots=True)
class _Hit:
    fit: int
    weight: float
    """Of two of a kind that fit equally well, the heavier stands first."""
    view: HitView


async def search(
    conn: asyncpg.Connection[Any],
    space: str,
    q: str,
    *,
    viewer: UUID | None,
    language: str,
    places: Sequence[Place],
    limit: int = 20,
) -> SearchView:
    """Return at most ``limit`` things that are called ``q``, and of each kind at most eight, best fits first."""
    wanted = plain(q)
    hits: list[_Hit] = []
    if wanted:
        hits += _best(_places(wanted, language, places))
        hits += _best(_types(wanted, language))
        hits += _best(_members(wanted, language, await conn.fetch(_MEMBERS, space)))
        hits += _best(_crossings(wanted, language, await conn.fetch(_CROSSINGS, space)))
        hits += _best(_rendezvous(wanted, language, await conn.fetch(_RENDEZVOUS, space)))
        hits += _best(_depots(wanted, await conn.fetch(_DEPOTS, space)))
        hits += _best(_agreements(wanted, language, await conn.fetch(_AGREEMENTS, space, viewer)))
        hits += _best(_units(wanted, await conn.fetch(_RESOURCES, space, viewer)))
        hits += _best(_incidents(wanted, q, await conn.fetch(_INCIDENTS, space)))
    code = as_said(q)
    if SHORTEST_CODE <= len(code) <= LENGTH + 1:
        hits += _best(_by_code("request", code, await conn.fetch(_REQUESTS, space, viewer, code)))
        hits += _best(_by_code("claim", code, await conn.fetch(_CLAIMS, space, viewer, code)))
    hits.sort(key=lambda hit: (hit.fit, ORDER.index(hit.view.kind), -hit.weight, hit.view.title))
    return SearchView(q=q, items=tuple(hit.view for hit in hits[:limit]))


def _best(hits: Iterable[_Hit]) -> list[_Hit]:
    return sorted(hits, key=lambda hit: (hit.fit, -hit.weight, hit.view.title))[:MOST_OF_A_KIND]


def _hit(
    kind: Kind,
    found: tuple[int, str],
    title: str,
    row: Mapping[str, Any],
    *,
    code: str | None = None,
    weight: float = 0,
) -> _Hit:
    place = None
    if row.get("lon") is not None:
        place = Point(type="Point", coordinates=(row["lon"], row["lat"]))
    view = HitView(
        kind=kind,
        id=row.get("id"),
        code=code,
        title=title,
        matched=found[1],
        country=row.get("country"),
        member_id=row.get("member_id"),
        status=row.get("status"),
        place=place,
    )
    return _Hit(found[0], weight, view)


def _places(wanted: str, language: str, places: Iterable[Place]) -> Iterator[_Hit]:
    for place in places:
        if found := best_fit(wanted, place.every_name()):
            where = {"lon": place.lon, "lat": place.lat, "country": place.country}
            yield _hit("place", found, place.named(language), where, weight=place.population)


def _types(wanted: str, language: str) -> Iterator[_Hit]:
    for each in resource_types()["types"]:
        names: dict[str, str] = each["names"]
        also: dict[str, list[str]] = each.get("also", {})
        mine = [names[language], *also.get(language, ())]
        every = [*mine, *names.values(), *(name for said in also.values() for name in said), each["code"]]
        if found := best_fit(wanted, every):
            yield _hit("resource_type", found, names[language], {}, code=each["code"])


def _members(wanted: str, language: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    for row in rows:
        said = decoded(row, "names", "other_names")
        if found := best_fit(wanted, [*said["names"].values(), *said["other_names"], said["code"]]):
            said["member_id"] = said["id"]
            yield _hit("member", found, _named(said["names"], language), said, code=said["code"])


def _crossings(wanted: str, language: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    for row in rows:
        said = decoded(row, "names")
        if found := best_fit(wanted, [*said["names"].values(), said["code"]]):
            yield _hit("crossing", found, _named(said["names"], language), said, code=said["code"])


def _rendezvous(wanted: str, language: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    for row in rows:
        said = decoded(row, "names")
        if found := best_fit(wanted, [said["guide_code"], *said["names"].values(), said["code"]]):
            yield _hit("rendezvous", found, _named(said["names"], language), said, code=said["guide_code"])


def _depots(wanted: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    for row in rows:
        if found := best_fit(wanted, [row["name"]]):
            yield _hit("depot", found, row["name"], dict(row))


def _agreements(wanted: str, language: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    for row in rows:
        said = decoded(row, "names")
        if found := best_fit(wanted, [*said["names"].values(), said["code"]]):
            yield _hit("agreement", found, _named(said["names"], language), said, code=said["code"])


def _units(wanted: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    for row in rows:
        if found := best_fit(wanted, [row["call_sign"]]):
            yield _hit("resource", found, row["call_sign"], dict(row), code=row["type_code"])


def _incidents(wanted: str, q: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    code = as_said(q)
    for row in rows:
        found = _code_fit(code, row["ref"]) or best_fit(wanted, [row["title"]])
        if found:
            yield _hit("incident", found, row["title"], dict(row), code=row["ref"], weight=row["status"] != "closed")


def _by_code(kind: Kind, code: str, rows: Iterable[asyncpg.Record]) -> Iterator[_Hit]:
    for row in rows:
        if found := _code_fit(code, row["ref"]):
            yield _hit(kind, found, row["ref"], dict(row), code=row["ref"])


def _code_fit(code: str, ref: str) -> tuple[int, str] | None:
    """Return how well a short code fits: with its letter or without, whole or in part."""
    bare = ref.replace("-", "")
    if len(code) < SHORTEST_CODE or code not in bare:
        return None
    found = best_fit(code.lower(), [bare, bare[1:]])
    return None if found is None else (found[0], ref)


def _named(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or names.get("en") or next(iter(names.values()))
