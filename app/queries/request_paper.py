"""A request on paper: the form in the corridor's languages side by side, and an ICS 213 RR in one.

Everything is read through the queries of the screens, with the same viewer: paper shows what they show, and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.domain.geo import great_circle_km
from app.domain.on_way import Passage, passed
from app.domain.vocabulary import vocabulary
from app.interop.paper import labels, moment, words
from app.planning.eta import CHECKS, CLOSED, country_of, driving_min
from app.queries import agreements, crossings, incidents, missions, offers, rendezvous, requests
from app.queries.paper import (
    MOST,
    NOTHING,
    in_each,
    members_of,
    minimum_of,
    numbers_of,
    page_of,
    place_of,
    severity_of,
    state_of,
    tongues_of,
    type_of,
    unit_of,
    utc,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

    from app.queries.agreements import AgreementView
    from app.queries.crossings import CrossingView
    from app.queries.incidents import IncidentView
    from app.queries.members import MemberView
    from app.queries.missions import MissionView
    from app.queries.offers import OfferView
    from app.queries.paper import Reader
    from app.queries.requests import RequestLineView, RequestView


async def request_form(conn: asyncpg.Connection[Any], space: str, id_: UUID, reader: Reader) -> dict[str, Any]:
    """Return the data of the form in the corridor's languages, the reader's own first.

    Raises:
        NotFound: there is no such request that the reader may see.
    """
    found = await _Request.read(conn, space, id_, reader)
    tongues = await tongues_of(conn, reader.language)
    asked, zone = found.request, found.members[found.request.member_id].time_zone
    return {
        **await page_of(conn, space, reader, asked.ref, "request_form", found.incident),
        "tongues": tongues,
        "labels": labels(tongues),
        "labels_of": {word: in_each(words()[word], tongues) for word in ("order", "sent")},
        "titles": in_each(words()["request_form"], tongues),
        "at_once": labels(tongues)["at_once"] if asked.kind != "planned" else NOTHING,
        "nothing_yet": in_each(words()["nothing_yet"], tongues),
        "request": {
            "ref": asked.ref,
            "kind": word("request_kinds", asked.kind, tongues),
            "state": state_of("request", asked.status, tongues),
            "opened": moment(asked.opened_at, zone),
            "draft": in_each(words()["draft"], tongues),
            "expires": moment(asked.expires_at, zone),
            "note": asked.note or None,
        },
        "requester": found.requester(tongues),
        "asked_of": in_each(found.members[asked.to_member_id].names, tongues)
        if asked.to_member_id
        else in_each(words()["whoever_can"], tongues),
        "incident": found.incident and found.incident_in(tongues),
        "lines": [
            {
                "position": line.position + 1,
                "quantity": line.quantity,
                "unit": " · ".join(dict.fromkeys(in_each(unit_of(line.type_code), tongues))),
                "type": in_each(type_of(line.type_code)["names"], tongues),
                "priority": word("priorities", line.priority, tongues),
                "needed_by": moment(line.needed_by, zone),
                "place": place_of(line),
                "via": found.via(line, reader.language),
                "committed": line.fill.committed,
            }
            for line in asked.lines
        ],
        "missions": [
            {
                "unit": found.call_sign(each.resource_id) or NOTHING,
                "sender": found.members[each.lender_id].names[reader.language],
                "state": state_of("mission", each.status, tongues),
                "at": moment(each.status_at, zone),
                "liaison": "\n".join(filter(None, (each.liaison_name, each.liaison_phone, each.talkgroup))) or NOTHING,
            }
            for each in found.missions
        ],
        "read_by": " · ".join(
            f"{found.members[each.member_id].names[reader.language]} {utc(each.occurred_at, zone)}"
            for each in asked.acknowledgements
        ),
    }


async def resource_request(conn: asyncpg.Connection[Any], space: str, id_: UUID, reader: Reader) -> dict[str, Any]:
    """Return the data of an ICS 213 RR in the reader's language.

    Raises:
        NotFound: there is no such request that the reader may see.
    """
    found = await _Request.read(conn, space, id_, reader)
    one = [reader.language]
    asked, zone = found.request, found.members[found.request.member_id].time_zone
    ranks = vocabulary()["priorities"]
    first = min((line.priority for line in asked.lines), key=lambda code: ranks[code]["rank"], default=None)
    return {
        **await page_of(conn, space, reader, asked.ref, "ics_213rr", found.incident),
        "labels": labels(one),
        "heading": words()["ics_213rr"][reader.language],
        "at_once": words()["at_once"][reader.language] if asked.kind != "planned" else NOTHING,
        "request": {"ref": asked.ref, "opened": moment(asked.opened_at, zone), "note": asked.note or NOTHING},
        "incident": {
            "title": found.incident.title if found.incident else NOTHING,
            "ref": found.incident.ref if found.incident else "",
        },
        "requester": {
            name: value[0] if isinstance(value, list) else value for name, value in found.requester(one).items()
        },
        "lines": [
            {
                "quantity": line.quantity,
                "kind": unit_of(line.type_code)[reader.language],
                "type": type_of(line.type_code)["names"][reader.language],
                "minimum": minimum_of(line.type_code, reader.language),
                "priority": word("priorities", line.priority, one)[0],
                "needed_by": moment(line.needed_by, zone),
                "arrived": found.arrivals(line, reader.now, zone),
                "cost": found.cost(line, reader.language),
            }
            for line in asked.lines
        ],
        "delivery": "\n".join(dict.fromkeys(place_of(line) for line in asked.lines)),
        "agreements": found.agreements_in(reader),
        "priority": word("priorities", first, one)[0] if first else NOTHING,
        "suppliers": "\n".join(
            dict.fromkeys(
                f"{found.members[each.lender_id].names[reader.language]} · {found.members[each.lender_id].phone}"
                for each in found.missions
            )
        )
        or NOTHING,
    }


# ---------------------------------------------------------------- what is read


@dataclass(slots=True)
class _Request:
    """A request with all that a form says of it, as one member sees it."""

    request: RequestView
    incident: IncidentView | None
    members: dict[UUID, MemberView]
    missions: list[MissionView]
    offers: list[OfferView]
    units: dict[UUID | None, asyncpg.Record]
    agreements: dict[UUID, AgreementView]
    crossings: dict[UUID | None, CrossingView]
    meeting: dict[UUID, Any]

    @classmethod
    async def read(cls, conn: asyncpg.Connection[Any], space: str, id_: UUID, reader: Reader) -> _Request:
        asked = await requests.request(conn, space, id_, viewer=reader.member)
        sent = await missions.missions(conn, space, viewer=reader.member, request=id_, limit=MOST)
        given = await offers.offers(conn, space, viewer=reader.member, request=id_, limit=MOST)
        named = {line.resource_id for offer in given for line in offer.lines} | {each.resource_id for each in sent}
        units = await conn.fetch(_UNITS, space, [each for each in named if each is not None])
        crossed = {id_ for each in sent if each.crossing_id for id_ in (each.crossing_id, *each.via_crossing_ids)}
        cited = {each.agreement_id for each in sent if each.agreement_id}
        met = {line.rendezvous_id for line in asked.lines if line.rendezvous_id}
        return cls(
            asked,
            await incidents.incident(conn, space, asked.incident_id) if asked.incident_id else None,
            await members_of(conn, space),
            sent[::-1],
            given,
            {row["id"]: row for row in units},
            {each: await agreements.agreement(conn, space, each, viewer=reader.member) for each in cited},
            {each: await crossings.crossing(conn, space, each) for each in crossed},
            {each: await rendezvous.rendezvous(conn, space, each) for each in met},
        )

    def requester(self, tongues: Sequence[str]) -> dict[str, Any]:
        who = self.members[self.request.member_id]
        return {"name": in_each(who.names, tongues), "phone": who.phone, "talkgroup": who.talkgroup or NOTHING}

    def incident_in(self, tongues: Sequence[str]) -> dict[str, Any]:
        assert self.incident is not None
        return {
            "ref": self.incident.ref,
            "title": self.incident.title,
            "hazard": word("hazards", self.incident.hazard, tongues),
            "severity": severity_of(self.incident, tongues),
            "lead": self.members[self.incident.lead_member_id].names[tongues[0]],
            "numbers": numbers_of(self.incident.external_ids, self.members, tongues[0]),
        }

    def via(self, line: RequestLineView, language: str) -> str | None:
        if line.rendezvous_id is None:
            return None
        place = self.meeting[line.rendezvous_id]
        return f"{words()['via'][language]} {place.guide_code} {place.names[language]}"

    def missions_of(self, line: RequestLineView) -> list[MissionView]:
        return [each for each in self.missions if each.request_line_id == line.id]

    def call_sign(self, unit: UUID | None) -> str | None:
        return self.units[unit]["call_sign"] if unit in self.units else None

    def arrivals(self, line: RequestLineView, now: datetime, zone: str) -> list[dict[str, Any]]:
        """Return when each unit arrived or, while it is under way, is expected, with which unit it is."""
        found = [
            (each, each.on_scene_at or self.expected(each, line, now), each.on_scene_at is None)
            for each in self.missions_of(line)
        ]
        return [
            {**told, "unit": self.call_sign(each.resource_id) or NOTHING, "expected": expected}
            for each, at, expected in found
            if (told := moment(at, zone)) is not None
        ]

    def expected(self, mission: MissionView, line: RequestLineView, now: datetime) -> datetime | None:
        """Return when a unit that is under way is likely to be there: by the estimate that compares ways everywhere, and no promise."""
        unit = self.units.get(mission.resource_id)
        if unit is None or mission.status not in UNDER_WAY:
            return None
        lon, lat = line.geometry.coordinates
        way = [self.crossings[id_] for id_ in (mission.crossing_id, *mission.via_crossing_ids) if id_ is not None]
        areas = [(each.country, each.area) for each in self.members.values()]
        here = country_of(areas, unit["lon"], unit["lat"], otherwise=self.members[mission.lender_id].country)
        there = country_of(areas, lon, lat, otherwise=self.members[mission.requester_id].country)
        passages = [
            Passage(
                {self.members[each.member_a_id].country, self.members[each.member_b_id].country},
                (each.reopens_as if each.control == CLOSED else each.control) == CHECKS,
            )
            for each in way
        ]
        way = [] if here == there else way[passed(passages, mission.status, here, mission.crossings_behind) :]
        stops = [(unit["lon"], unit["lat"]), *(each.place.coordinates for each in way), (lon, lat)]
        km = sum(great_circle_km(*a, *b) for a, b in pairwise(stops))
        drive = driving_min(km) + sum(each.delay_min for each in way)
        ready = unit["mobilisation_min"] if mission.status in AT_HOME else 0
        return now + timedelta(minutes=round(drive + ready))

    def cost(self, line: RequestLineView, language: str) -> str:
        """Return by which terms help for a line is paid, and whose, of the offers that the reader may see."""
        said: dict[tuple[UUID, str], list[str]] = {}
        for offer in self.offers:
            for each in offer.lines:
                if each.request_line_id == line.id and each.accepted_quantity and each.cost.get("terms"):
                    hours = each.cost.get("hours")
                    terms = word("cost_terms", each.cost["terms"], [language])[0] + (f" ({hours:g} h)" if hours else "")
                    whose = self.call_sign(each.resource_id) or f"{each.accepted_quantity} \N{MULTIPLICATION SIGN}"
                    said.setdefault((offer.lender_id, terms), []).append(whose)
        return (
            "\n".join(
                f"{self.members[lender].names[language]}, {', '.join(units)}: {terms}"
                for (lender, terms), units in said.items()
            )
            or NOTHING
        )

    def agreements_in(self, reader: Reader) -> str:
        """Return under which agreements help is on its way, each in its version."""
        cited = [
            f"{self.agreements[each.agreement_id].names[reader.language]} "
            f"({self.agreements[each.agreement_id].code} v{each.agreement_version})"
            if each.agreement_id
            else f"{words()['no_agreement'][reader.language]} {reader.treaty}"
            for each in self.missions
        ]
        return "\n".join(dict.fromkeys(cited)) or NOTHING


_UNITS: Final = """
    SELECT r.id, r.call_sign, r.mobilisation_min, coalesce(p.lon, r.lon) AS lon, coalesce(p.lat, r.lat) AS lat
      FROM resource r
      LEFT JOIN position p ON p.space_id = r.space_id AND p.resource_id = r.id AND p.at > r.position_at
     WHERE r.space_id = $1 AND r.id = ANY($2)
"""
AT_HOME: Final = frozenset({"committed", "mobilising"})
UNDER_WAY: Final = AT_HOME | {"in_transit", "at_border", "cleared", "at_rendezvous"}
"""States of a mission from which its unit is still to arrive."""
