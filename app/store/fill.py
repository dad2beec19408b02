"""How much of a request line is filled: derived here, from missions and offers, and stored in no column.

Commands count with it after they have locked the request; queries show it.
"""

from __future__ import annotations

from typing import Final

FILL: Final = """
    l.quantity AS wanted,
    (SELECT count(*) FROM mission m
      WHERE m.space_id = l.space_id AND m.request_line_id = l.id AND m.ended_by IS NULL)::int AS committed,
    (SELECT coalesce(sum(g.accepted_quantity), 0) FROM offer_line g
       JOIN offer o ON o.space_id = g.space_id AND o.id = g.offer_id
      WHERE g.space_id = l.space_id AND g.request_line_id = l.id AND NOT g.committed
        AND o.status IN ('accepted', 'provisional'))::int AS pending
"""
"""Columns of a SELECT over ``request_line l``: what is asked for; what missions fill, also those that have come home
after their work (one that was stood down, recalled or aborted fills nothing); what was accepted and has still to be
committed."""
