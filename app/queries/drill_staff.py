"""Who holds the functions of a drill, by name: for the handbook of its staff, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.drills.places import StaffPerson
from app.domain.drills.texts import normalised

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    import asyncpg

    from app.queries.drills import Known

_PEOPLE: Final = """
    SELECT u.member_id, u.display_name, held.role FROM user_account u
    CROSS JOIN LATERAL jsonb_array_elements_text(u.roles) AS held (role)
    WHERE u.member_space = $1 AND u.member_id = ANY($2) AND u.kind = 'person' AND u.active AND u.erased_at IS NULL
    ORDER BY u.display_name, u.id
"""
_BOOK: Final = """
    SELECT member_id, name, phone, phone_2, email FROM contact
    WHERE space_id = $1 AND member_id = ANY($2) AND name IS NOT NULL AND ($3::uuid IS NULL OR shared OR member_id = $3)
    ORDER BY code, id
"""


async def staff_of(conn: asyncpg.Connection[Any], found: Known) -> tuple[StaffPerson, ...]:
    """Return the people of each member that hold a function which the plan has it provide, by their accounts.

    Numbers are those under the same name in the phone book of their member, as far as the reader sees it.
    """
    space, viewer = found.row["space_id"], found.actor.member_id
    provided = {(each["member_id"], each["role"]) for each in found.people if each["role"] != "player"}
    members = list({member for member, _ in provided})
    book: dict[tuple[UUID, str], Mapping[str, Any]] = {}
    for row in await conn.fetch(_BOOK, space, members, viewer):
        book.setdefault((row["member_id"], normalised(row["name"])), row)
    people = []
    for row in await conn.fetch(_PEOPLE, space, members):
        if (row["member_id"], row["role"]) not in provided:
            continue
        reached = book.get((row["member_id"], normalised(row["display_name"])), {})
        people.append(
            StaffPerson(
                role=row["role"],
                member=found.codes[row["member_id"]],
                name=row["display_name"],
                phones=tuple(each for each in (reached.get("phone"), reached.get("phone_2")) if each),
                email=reached.get("email") or "",
            )
        )
    return tuple(people)
