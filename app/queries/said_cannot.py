"""Who has said of a request that it can't send, and has not offered anything since: whoever ranks or plans hears that."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    import asyncpg

# Nobody takes such a word back; an offer is what follows it. One that was made before stands beside it.
_CANNOT: Final = """
    SELECT p.request_id, p.member_id FROM response p
     WHERE p.space_id = $1 AND p.request_id = ANY($2)
       AND NOT EXISTS (SELECT FROM offer o WHERE o.space_id = p.space_id AND o.request_id = p.request_id
                          AND o.lender_id = p.member_id AND o.offered_at > p.occurred_at)
"""


async def said_cannot(
    conn: asyncpg.Connection[Any], space: str, requests: Collection[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """Return by request the members whose last word about it is that they can't; requests of which nobody has said so are not in it."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in await conn.fetch(_CANNOT, space, list(requests)):
        found[row["request_id"]].add(row["member_id"])
    return {request: frozenset(members) for request, members in found.items()}
