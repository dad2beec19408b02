"""How much of a request line is filled: derived here, from missions and offers, and stored in no column.

Commands count with it after they have locked the request; queries show it.

A line of a composite type counts in parts. A formation on its way brings all of its parts, less those that went on alone; those
count for themselves, as do units that were lent as parts. What is filled is the number of wholes that can be made of
that.
"""

from __future__ import annotations

from typing import Final

_COMPOSITE: Final = "l.type_code LIKE 'formation.%'"
"""By the code alone, as a test holds it: most lines are of other types, and are counted without a look at the types."""

# Of each part of the line's type: how many are on missions and how many were accepted, those of whole formations included.
_PARTS: Final = """
    SELECT p.type AS type_code, p.quantity,
           p.quantity * (SELECT count(DISTINCT coalesce(m.stands_for_id, m.id)) FROM mission m
             WHERE m.space_id = l.space_id AND m.request_line_id = l.id AND m.ended_by IS NULL AND m.type_code = l.type_code)::int
           - (SELECT count(*) FROM mission c JOIN mission m ON m.space_id = c.space_id AND m.id = c.split_from_id
             WHERE m.space_id = l.space_id AND m.request_line_id = l.id AND m.ended_by IS NULL AND m.type_code = l.type_code
               AND c.type_code = p.type AND c.relief_of_id IS NULL)::int
           + (SELECT coalesce(sum(CASE WHEN w.type_code = p.type THEN 1 ELSE p.quantity - (
                       SELECT count(*) FROM mission c WHERE c.space_id = w.space_id AND c.split_from_id = w.id AND c.type_code = p.type
                          AND c.request_line_id = l.id AND c.relief_of_id IS NULL) END), 0)
                FROM reassignment a JOIN mission w ON w.space_id = a.space_id AND w.id = a.mission_id
               WHERE a.space_id = l.space_id AND a.worked_off_line_id = l.id AND w.type_code IN (l.type_code, p.type))::int
           + (SELECT count(DISTINCT coalesce(m.stands_for_id, m.id)) FROM mission m
             WHERE m.space_id = l.space_id AND m.request_line_id = l.id AND m.ended_by IS NULL AND m.type_code = p.type)::int
             AS committed,
           (SELECT coalesce(sum(g.accepted_quantity * CASE WHEN g.type_code = l.type_code THEN p.quantity ELSE 1 END), 0)
              FROM offer_line g JOIN offer o ON o.space_id = g.space_id AND o.id = g.offer_id
             WHERE g.space_id = l.space_id AND g.request_line_id = l.id AND NOT g.committed
               AND g.type_code IN (l.type_code, p.type) AND o.status IN ('accepted', 'provisional'))::int AS pending
      FROM resource_type t, jsonb_to_recordset(t.parts) AS p (type text, quantity int)
     WHERE t.code = l.type_code
"""
_WHOLES: Final = f"SELECT min(c.committed / c.quantity) FROM ({_PARTS}) c"  # noqa: S608 - constants of ours, here and below
_PROMISED: Final = (
    f"SELECT min((c.committed + c.pending) / c.quantity) - min(c.committed / c.quantity) FROM ({_PARTS}) c"  # noqa: S608
)

FILL: Final = f"""
    l.quantity AS wanted,
    CASE WHEN {_COMPOSITE} THEN ({_WHOLES}) ELSE
    (SELECT count(DISTINCT coalesce(m.stands_for_id, m.id)) FROM mission m
      WHERE m.space_id = l.space_id AND m.request_line_id = l.id AND m.ended_by IS NULL)::int
    + (SELECT count(*) FROM reassignment a WHERE a.space_id = l.space_id AND a.worked_off_line_id = l.id)::int END AS committed,
    CASE WHEN {_COMPOSITE} THEN ({_PROMISED}) ELSE
    (SELECT coalesce(sum(g.accepted_quantity), 0) FROM offer_line g
       JOIN offer o ON o.space_id = g.space_id AND o.id = g.offer_id
      WHERE g.space_id = l.space_id AND g.request_line_id = l.id AND NOT g.committed
        AND o.status IN ('accepted', 'provisional'))::int END AS pending,
    CASE WHEN {_COMPOSITE} THEN (
        SELECT jsonb_agg(jsonb_build_object('type_code', c.type_code, 'wanted', c.quantity * l.quantity,
               'committed', c.committed, 'pending', c.pending,
               'open', greatest(0, c.quantity * l.quantity - c.committed - c.pending)) ORDER BY c.type_code)
          FROM ({_PARTS}) c) END AS parts
"""  # noqa: S608
"""Columns of a SELECT over ``request_line l``: what is asked for; what missions fill, also those that have come home
after their work, and what those worked off that were sent on when they had done it (one that was stood down, recalled, aborted or given other work fills nothing, and a mission and its
relief fill one place); what was accepted and has still to be committed; of a composite type the same for each part."""
