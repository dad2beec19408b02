"""Help from day to day is between two members: what nobody else is shown of it, in SQL. The journal's entries have it in their parties."""

from __future__ import annotations

from typing import Final

from app.domain.day_to_day import KIND

MISSION_SEEN: Final = f"(kind <> '{KIND}' OR {{}} IN (lender_id, requester_id))"
"""Of a mission; the gap is the member that looks."""

REQUEST_SEEN: Final = f"(r.kind <> '{KIND}' OR {{0}} = r.member_id OR {{0}} = r.to_member_id)"
"""Of a request ``r``, once it is open."""

OF_SEEN_REQUEST: Final = f"""NOT EXISTS (SELECT FROM request b WHERE b.space_id = {{table}}.space_id AND b.id = {{table}}.request_id
    AND b.kind = '{KIND}' AND {{{{0}}}} <> b.member_id AND {{{{0}}}} IS DISTINCT FROM b.to_member_id)"""  # noqa: S608 - a constant of ours
"""Of what belongs to a request: write the table's name in, then the gap is the member that looks."""

PLACE_SEEN: Final = f"""NOT EXISTS (SELECT FROM mission b
    WHERE b.space_id = {{space}} AND b.resource_id = ANY (ARRAY[{{units}}]) AND b.status NOT IN ('returned', 'closed') AND b.kind = '{KIND}'
      AND coalesce({{viewer}} NOT IN (b.lender_id, b.requester_id), false))"""
"""Of where a unit was last reported: as long as it, or the formation that it is in, is on such a mission, that is where somebody lies.
Nobody (null) sees all."""
