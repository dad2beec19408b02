"""What must hold of the tables at every commit, whatever was done at once: asked in SQL, by tests and by ``concord bench storm``.

Each statement returns what is broken, one row each, and nothing where all is well. They are no constraints of the database
because they count over several tables; commands keep them by their locks. What agreements limit: ``invariants_agreed.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from app.store.fill import FILL
from app.store.invariants_agreed import AGREED

if TYPE_CHECKING:
    import asyncpg

_PARTS: Final = {
    "fill": FILL,
    "under_way": "m.status NOT IN ('returned', 'closed')",
    "stands": "o.status IN ('offered', 'provisional', 'accepted')",
    "promised": "CASE WHEN o.status = 'accepted' THEN l.accepted_quantity ELSE l.quantity END",
    "split_off": "EXISTS (SELECT FROM mission k WHERE k.space_id = m.space_id AND k.split_from_id = m.id AND k.resource_id = r.id)",
    "this_year": "(SELECT extract(year FROM max(recorded_at)) FROM journal_entry WHERE space_id = $1)",
    "by_call": "EXISTS (SELECT FROM call c WHERE c.space_id = m.space_id AND c.offer_id = m.offer_id)",
}
"""What the statements share, by the word that stands for it. A phone call was checked by nobody: the unit rolls."""

_STATEMENTS: Final[dict[str, str]] = {
    "no line is filled beyond its quantity": """
        SELECT id, wanted, committed, pending
          FROM (SELECT l.id, :fill FROM request_line l WHERE l.space_id = $1) filled
         WHERE committed + pending > wanted
    """,
    "no unit is on two missions": """
        SELECT m.resource_id AS id, count(*) FROM mission m
         WHERE m.space_id = $1 AND m.resource_id IS NOT NULL AND :under_way
         GROUP BY m.resource_id HAVING count(*) > 1
    """,
    "no part is out alone and with its formation at once": """
        SELECT r.id, own.id AS mission, m.id AS of_formation FROM resource r
          JOIN mission own ON own.space_id = r.space_id AND own.resource_id = r.id AND own.status NOT IN ('returned', 'closed')
          JOIN mission m ON m.space_id = r.space_id AND m.resource_id = r.formation_id AND :under_way
         WHERE r.space_id = $1 AND NOT :split_off
    """,
    "no unit is promised twice": """
        SELECT l.resource_id AS id, count(*) FROM offer_line l JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
         WHERE l.space_id = $1 AND l.resource_id IS NOT NULL AND NOT l.committed AND :stands
           AND (o.status <> 'accepted' OR l.accepted_quantity > 0)
         GROUP BY l.resource_id HAVING count(*) > 1
    """,
    # A unit that is promised or on its way can break down, and is out of service before it is home.
    # A part is on its formation's mission until it is split off from it.
    "a unit is committed exactly while it is on a mission": """
        SELECT r.id, r.status, out.status AS mission FROM resource r
          LEFT JOIN LATERAL (SELECT m.status FROM mission m WHERE m.space_id = r.space_id AND :under_way
                                AND (m.resource_id = r.id OR (m.resource_id = r.formation_id AND NOT :split_off))
                              LIMIT 1) out ON true
         WHERE r.space_id = $1 AND (r.status = 'committed') <> (out.status IS NOT NULL) AND r.status <> 'out_of_service'
    """,
    "a unit that is promised by name is kept free for it": """
        SELECT r.id, r.status FROM offer_line l JOIN offer o ON o.space_id = l.space_id AND o.id = l.offer_id
          JOIN resource r ON r.space_id = l.space_id AND r.id = l.resource_id
         WHERE l.space_id = $1 AND NOT l.committed AND :stands AND (o.status <> 'accepted' OR l.accepted_quantity > 0)
           AND r.status NOT IN ('reserved', 'out_of_service')
    """,
    "what has ended asks and promises no more": """
        SELECT o.id, o.status, q.status AS request FROM offer o JOIN request q ON q.space_id = o.space_id AND q.id = o.request_id
         WHERE o.space_id = $1 AND o.status IN ('offered', 'provisional')
           AND q.status IN ('closed', 'cancelled', 'expired', 'unfilled')
    """,
    "the journal has no gap": """
        SELECT h.seq, count(e.*) AS entries FROM journal_head h LEFT JOIN journal_entry e ON e.space_id = h.space_id
         WHERE h.space_id = $1 GROUP BY h.seq HAVING count(e.*) <> h.seq
    """,
}


def _written_out(statement: str) -> str:
    for name, part in _PARTS.items():
        statement = statement.replace(f":{name}", part)
    return statement


INVARIANTS: Final = {invariant: _written_out(statement) for invariant, statement in (_STATEMENTS | AGREED).items()}
"""In words, and what breaks it in a space ($1)."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold, and the rows that show it."""

    invariant: str
    rows: tuple[dict[str, Any], ...]

    @override
    def __str__(self) -> str:
        """Return it with the first rows."""
        return f"{self.invariant}: broken {len(self.rows)} times, {'; '.join(map(str, self.rows[:3]))}"


async def broken_invariants(conn: asyncpg.Connection[Any], space: str = "live") -> list[Broken]:
    """Return what does not hold in a space, all of one snapshot. Takes no locks; ``conn`` must not be in a transaction."""
    found: list[Broken] = []
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        for invariant, statement in INVARIANTS.items():
            if rows := await conn.fetch(statement, space):
                found.append(Broken(invariant, tuple(dict(row) for row in rows)))
    return found
