"""The versions of an agreement, who has signed each, and what one says differently from another."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from app.domain.agreement_difference import SAID, difference
from app.domain.agreement_terms import Terms, read_terms
from app.domain.errors import NotFound
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row

if TYPE_CHECKING:
    import asyncpg

PARTIES: Final = """
    (SELECT jsonb_agg(jsonb_build_object(
                'member_id', m.id, 'code', m.code, 'country', m.country, 'names', m.names, 'lends', m.id = ANY(v.lenders),
                'borrows', m.id = ANY(v.borrowers), 'consented_at', c.occurred_at) ORDER BY m.code)
       FROM member m
       LEFT JOIN agreement_consent c
         ON c.space_id = m.space_id AND c.member_id = m.id AND c.agreement_id = v.agreement_id AND c.version = v.version
      WHERE m.space_id = v.space_id AND (m.id = ANY(v.lenders || v.borrowers)
         OR (v.version <> a.version AND v.status IN ('draft', 'proposed', 'agreed')
             AND m.id = ANY(n.lenders || n.borrowers)))) AS parties
"""
"""Column of a SELECT over versions ``v`` of agreements ``a`` whose present version is ``n``: whose consent the version needs."""

JOINED: Final = """
      FROM agreement_version v
      JOIN agreement a ON a.space_id = v.space_id AND a.id = v.agreement_id
      JOIN agreement_version n ON n.space_id = a.space_id AND n.agreement_id = a.id AND n.version = a.version
"""
_SELECT: Final = f"SELECT v.*, {PARTIES} {JOINED}"
_PARTY: Final = "{} = ANY(v.lenders || v.borrowers || n.lenders || n.borrowers)"
SEEN: Final = f"(a.proposed_at IS NOT NULL AND v.proposed_at IS NOT NULL OR {_PARTY})"
"""Condition for one that belongs to a member: the corridor sees what was proposed, the parties their drafts too."""


class PartyView(ReadModel):
    """A member that lends or borrows under a version, or did under the one whose place it is to take, and its consent."""

    member_id: UUID
    code: str
    country: str
    names: dict[str, str]
    lends: bool
    borrows: bool
    consented_at: datetime | None
    """Null: it has not consented to this version."""


class VersionView(Row):
    """The words of one version. Once proposed they never change."""

    agreement_id: UUID
    version: int
    status: str
    drafted_by_member_id: UUID
    lenders: tuple[UUID, ...]
    borrowers: tuple[UUID, ...]
    precedence: int
    """Where two agreements allow the same help, the lower number counts."""
    terms: Terms
    effective_at: datetime
    expires_at: datetime | None
    review_at: datetime | None
    """By when the parties meant to look at it again."""
    notice_days: int
    """How long before its end a party gives notice."""
    proposed_at: datetime | None
    in_force_at: datetime | None
    """Since when it has counted."""
    replaced_at: datetime | None
    """Since when another one has counted in its place."""
    parties: tuple[PartyView, ...]
    awaiting: tuple[UUID, ...]
    """Members whose consent it still needs."""
    clauses_open: tuple[str, ...]
    clauses_unsaid: tuple[str, ...]
    """Clauses that nobody has spoken of."""


class ChangeView(ReadModel):
    """One thing that two versions say differently."""

    path: str
    """Names with slashes between, such as `/terms/caps/units/pump.high_capacity/most`."""
    kind: Literal["added", "removed", "changed"]
    was: Any
    now: Any


class DifferenceView(ReadModel):
    """What one version says differently from another, in the order of the paths."""

    agreement_id: UUID
    from_version: int
    to_version: int
    changes: tuple[ChangeView, ...]


async def versions(
    conn: asyncpg.Connection[Any],
    space: str,
    agreement_id: UUID,
    *,
    viewer: UUID | None,
    before: tuple[int] | None = None,
    limit: int = 50,
) -> list[VersionView]:
    """Return the versions that the member ``viewer`` sees, newest first.

    Raises:
        NotFound: there is no such agreement, or none that it sees.
    """
    where = _seen(space, viewer).add("v.agreement_id = {}", agreement_id)
    if before is not None:
        where.add("v.version < {}", before[0])
    rows = await fetch(conn, _SELECT, where, order="v.version DESC", limit=limit)
    if not rows and before is None:
        raise NotFound("agreement", agreement_id)
    return [_version(row) for row in rows]


async def version(
    conn: asyncpg.Connection[Any], space: str, agreement_id: UUID, number: int, *, viewer: UUID | None
) -> VersionView:
    """Return one version.

    Raises:
        NotFound: there is none of that number, or not for these eyes.
    """
    where = _seen(space, viewer).add("v.agreement_id = {}", agreement_id).add("v.version = {}", number)
    rows = await fetch(conn, _SELECT, where, order="v.version", limit=1)
    if not rows:
        raise NotFound("version of an agreement", f"{agreement_id}/{number}")
    return _version(rows[0])


async def difference_of(
    conn: asyncpg.Connection[Any], space: str, agreement_id: UUID, first: int, second: int, *, viewer: UUID | None
) -> DifferenceView:
    """Return what the second version says differently from the first.

    Raises:
        NotFound: there is no version of one of the numbers, or not for these eyes.
    """
    one = await version(conn, space, agreement_id, first, viewer=viewer)
    other = await version(conn, space, agreement_id, second, viewer=viewer)
    return DifferenceView(
        agreement_id=agreement_id,
        from_version=first,
        to_version=second,
        changes=tuple(
            ChangeView(path=each.path, kind=each.kind, was=each.was, now=each.now)
            for each in difference(_words(one), _words(other))
        ),
    )


def _words(of: VersionView) -> dict[str, Any]:
    return of.model_dump(mode="json", include=set(SAID))


def _seen(space: str, viewer: UUID | None) -> Where:
    where = Where().add("v.space_id = {}", space)
    return where if viewer is None else where.add(SEEN, viewer)


def _version(row: asyncpg.Record) -> VersionView:
    found = decoded(row, "terms", "parties")
    terms = read_terms(found["terms"])
    waits = [UUID(party["member_id"]) for party in found["parties"] if party["consented_at"] is None]
    return VersionView.model_validate(
        found
        | {
            "terms": terms,
            "awaiting": waits if found["status"] in {"draft", "proposed"} else (),
            "clauses_open": terms.clauses.open,
            "clauses_unsaid": terms.clauses.unsaid,
        }
    )
