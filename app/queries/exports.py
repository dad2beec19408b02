"""What is exported: the rows of a member's depots, resources or contacts, in the words of the sheets that import them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.queries.lists import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

    from app.interop.sheet_columns import SheetKind

_CODES: Final = """
    array(SELECT x.source || ':' || x.code FROM external_id x
           WHERE x.space_id = t.space_id AND x.{} = t.id AND x.valid_to IS NULL ORDER BY x.id) AS external_ids
"""
_SELECT: Final[Mapping[SheetKind, str]] = {
    "depots": f"""
        SELECT t.code, t.name, t.address, t.lon, t.lat, {_CODES.format("depot_id")}
          FROM depot t WHERE t.space_id = $1 AND t.member_id = $2 AND $3::uuid IS NOT DISTINCT FROM $3
         ORDER BY t.code
    """,  # noqa: S608 - names of ours
    "resources": f"""
        SELECT t.call_sign, t.type_code AS type, d.code AS depot, d.lon, d.lat, t.officers, t.ncos, t.crew, t.mobilisation_min,
               t.weight_t, t.length_m, t.width_m, t.height_m, t.readiness, {_CODES.format("resource_id")}
          FROM resource t JOIN depot d ON d.space_id = t.space_id AND d.id = t.depot_id
         WHERE t.space_id = $1 AND t.member_id = $2 AND NOT t.retired
           AND NOT EXISTS (SELECT FROM resource_type y WHERE y.code = t.type_code AND y.parts <> '[]') AND $3::uuid IS NOT DISTINCT FROM $3
         ORDER BY lower(t.call_sign)
    """,  # noqa: S608 - names of ours
    "contacts": """
        SELECT code, function, name, phone, phone_2, email, languages, note, shared FROM contact
         WHERE space_id = $1 AND member_id = $2 AND (shared OR $3::uuid IS NULL OR member_id = $3)
         ORDER BY code
    """,
}


async def export_rows(
    conn: asyncpg.Connection[Any], space: str, kind: SheetKind, member: UUID, *, viewer: UUID | None
) -> list[dict[str, Any]]:
    """Return a member's rows by their key, as a user of the member ``viewer`` may see them (none: the service itself).

    Of units in use, formations left out (no row could say what they are made of: they are formed anew), without status and place, which no file says; ``lon`` and ``lat`` of a unit are its home's.
    """
    rows = await conn.fetch(_SELECT[kind], space, member, viewer)
    found = [decoded(row, "readiness", "languages") for row in rows]
    return [row | row.pop("readiness") if "readiness" in row else row for row in found]
