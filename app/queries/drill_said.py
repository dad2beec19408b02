"""What was said about a drill and later said anew: every overrule and every reason of a stop, from live's journal.

The tables hold the last word alone. What was erased from the journal is not told.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from app.domain.drills.rating import Overrule
from app.domain.drills.report import StopReason
from app.store import journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    import asyncpg

    from app.domain.chain import Entry

_MEMBERS: Final = """
    SELECT u.id, m.code FROM user_account u
    JOIN member m ON m.space_id = u.member_space AND m.id = u.member_id WHERE u.id = ANY($1)
"""
_STOPS: Final = frozenset({"drill.stopped", "drill.stop_repeated", "drill.stop_explained"})


async def overrules(
    conn: asyncpg.Connection[Any], space: str, ratings: Iterable[Mapping[str, Any]]
) -> dict[UUID, tuple[Overrule, ...]]:
    """Return every overrule of these rows of ``drill_rating``, by the row's id, in their order."""
    found: defaultdict[UUID, list[Overrule]] = defaultdict(list)
    told = await _told(conn, space, [("drill_rating", each["id"]) for each in ratings], {"drill.rating_overruled"})
    for entry, row, member in told:
        found[entry.subject_id].append(
            Overrule(
                rating=row["overruled"],
                reason=row["reason"],
                by=_person(entry),
                seq=row["seq"],
                member=member,
                at=entry.recorded_at,
            )
        )
    return {id_: tuple(each) for id_, each in found.items()}


async def stop_reasons(conn: asyncpg.Connection[Any], space: str, drill_id: UUID) -> tuple[StopReason, ...]:
    """Return every reason that was given for the stop of a drill, each where it changed."""
    found: list[StopReason] = []
    for entry, row, member in await _told(conn, space, [("drill", drill_id)], _STOPS):
        reason = row["reason"]
        if reason and (not found or found[-1].reason != reason):
            by_itself = " ".join(each["detail"] for each in row["held_because"]) == reason
            codes = tuple(row["held_because"]) if by_itself else ()
            said = StopReason(at=entry.recorded_at, by=_person(entry), member=member, reason=reason, codes=codes)
            found.append(said)
    return tuple(found)


async def _told(
    conn: asyncpg.Connection[Any], space: str, subjects: list[tuple[str, UUID]], types: Iterable[str]
) -> list[tuple[Entry, Mapping[str, Any], str | None]]:
    """Return the entries of these types, with the subject's row as each left it, and whose member's word it was."""
    wanted = frozenset(types)
    entries = [each for each in await journal.about_all(conn, space, subjects) if each.type in wanted]
    people = list({each.actor_id for each in entries if each.actor_id is not None})
    codes = {each["id"]: each["code"] for each in await conn.fetch(_MEMBERS, people)}
    found = []
    for entry in entries:
        rows = (entry.body() or {}).get("rows", {}).get(entry.subject_kind, [])
        row = next((each for each in rows if each["id"] == str(entry.subject_id)), None)
        if row is not None:
            found.append((entry, row, None if entry.actor_id is None else codes.get(entry.actor_id)))
    return found


def _person(entry: Entry) -> str:
    return "system" if entry.actor_id is None else f"user:{entry.actor_id}"
