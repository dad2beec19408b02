"""The best help for one line of a request: ranked over the forces that the process holds, by ``app.planning.recommend``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol
from uuid import UUID

import numpy as np
import orjson

from app.domain.agreement_reasons import FIGURES as AGREED
from app.domain.agreement_reasons import RESERVES, YEARLY_COST_CAP
from app.domain.agreements import within
from app.domain.cost_terms import EXPECTED_HOURS, estimate
from app.domain.errors import NotFound
from app.domain.geo import Point
from app.planning.candidates import Why
from app.planning.efforts import effort_of
from app.planning.eta import country_of
from app.planning.papers import USUAL_ANSWER_MIN, Asked
from app.planning.plan_reasons import said
from app.planning.recommend import Ask, recommend
from app.planning.routed import SHORTLIST, RoutedTravel, ends_of, place_of, places_of, ranked_anew, told_by
from app.planning.rulings import heard
from app.queries.candidates import ABOUT, WhyView, line_of
from app.queries.costs import EstimateView
from app.queries.forces_rows import readiness_of
from app.queries.lists import decoded
from app.queries.models import ReadModel
from app.queries.requests import request
from app.queries.resources import ReadinessView
from app.queries.said_cannot import said_cannot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg

    from app.domain.agreements import Verdict
    from app.planning.candidates import Unit
    from app.planning.recommend import LeftOut, Pick, Recommendation
    from app.planning.routed import Legs, Place
    from app.planning.rulings import Ruling
    from app.planning.travel import Eta
    from app.queries.forces import Forces
    from app.queries.requests import RequestLineView, RequestView

MOST_ROUTED: Final = 150
"""Units that a router is asked about in any case; beyond that no more than are told."""
_GONE: Final = frozenset({"out_of_service", "reserved", "committed"})


class Router(Protocol):
    """Who knows ways better than the own graph, where one is set."""

    async def legs(self, sources: Sequence[Place], targets: Sequence[Place]) -> Legs | None:
        """Return minutes by leg; None where the router does not answer."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the plan for all open lines says about units."""

    as_of_seq: int
    """The journal's seq up to which it was taken in."""
    units: Mapping[UUID, Sequence[UUID]]
    """By line: which ones it sends there."""


# ---------------------------------------------------------------- what is told


class EtaView(ReadModel):
    """Minutes from the order to the arrival, in parts."""

    acknowledge_min: int
    """Until the lender's control room has answered: as promised, or as is usual."""
    mobilise_min: int
    """To get ready."""
    road_min: int
    crossing_min: int
    """At the border."""
    total_min: int


class WaysView(ReadModel):
    """What the times of travel rest on."""

    by: Literal["router", "roads", "great_circle"]
    """An external router, the corridor's own road graph, or 1.3 times the great circle at 60 km/h."""
    note: str | None
    """In the reader's language: why it is not what it is meant to be. Null where it is."""


class _UnitView(ReadModel):
    resource_id: UUID
    call_sign: str
    member_id: UUID
    of_requester: bool
    """The requester's own: no agreement and no border between."""
    place: Point
    """Where it was last known to be; the way begins there."""
    position_at: datetime
    position_age_s: int
    """How long ago that was."""
    mobilisation_min: int
    crossing_id: UUID | None
    """Where it would leave its own country."""
    via_crossing_ids: tuple[UUID, ...]
    """Those that it would pass after that one, where the way goes through a third country."""
    agreement_id: UUID | None
    """The agreement that counts, or that is nearest to allowing it."""
    agreement_code: str | None
    agreement_version: int | None
    reserve_left: int | None
    """How many of the type its owner can still send before it comes to what it keeps at home; null where it keeps nothing."""


class RecommendedView(_UnitView):
    """A unit that can come."""

    eta: EtaView
    arrives_at: datetime
    in_time: bool | None
    """Whether that is soon enough; null where the line names no time."""
    distance_km: float
    """Great circle, by way of the crossing."""
    readiness: ReadinessView
    """What it has for working on the other side of the border."""
    estimate: EstimateView | None
    """What it is expected to cost by that agreement, for the two members it would be between; null for others."""
    warnings: tuple[WhyView, ...]
    """What somebody should know although it can come."""


class LeftOutView(_UnitView):
    """A unit that is nearer than the last that is proposed, and is not proposed."""

    status: str
    eta: EtaView | None
    """When it could be there; null where there is no way over the border."""
    why: WhyView | None
    """The first reason. Null where it is between its owner and the requester alone."""
    others: tuple[WhyView, ...]
    """What stands against it beside that."""
    only_reserve: bool
    """The reserve is all that stands against it: an authorised representative of its owner can override that."""
    only_agreement: bool
    """The agreements are all that stands against it: an authorised representative of its owner can send it without one (`ad_hoc`)."""


class RecommendationsView(ReadModel):
    """Who can get there first, and for each nearer unit that is not proposed the first reason."""

    request_id: UUID
    request_line_id: UUID
    type_code: str
    at: datetime
    """As things were at this moment. Nothing was reserved."""
    as_of_seq: int
    """The journal's seq up to which it was taken in."""
    plan_as_of_seq: int | None = None
    """The journal's seq up to which the plan had taken things in that says what is wanted elsewhere. Null where none was ready in time: nothing is
    left out for that reason then, and who asks again a little later is told."""
    ways: WaysView
    hours: int
    """How long a deployment is taken to last, for its cost."""
    usual_answer_min: int
    """What a control room that has promised nothing is taken to need for its answer."""
    items: tuple[RecommendedView, ...]
    """In the order of arrival."""
    left_out: tuple[LeftOutView, ...]
    more: int
    """How many others could come too, later."""
    more_left_out: int
    of_type: int
    """How many units of the type there are at all."""


# ---------------------------------------------------------------- the question


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who reads, in which language, and of which question."""

    viewer: UUID | None
    language: str
    asked: Asked
    ask: Ask
    needed_by: datetime | None


async def recommendations(
    conn: asyncpg.Connection[Any],
    forces: Forces,
    request_id: UUID,
    *,
    viewer: UUID | None,
    language: str,
    at: datetime,
    line_id: UUID | None = None,
    limit: int = 10,
    only: UUID | None = None,
    elsewhere: Elsewhere | None = None,
    router: Router | None = None,
) -> RecommendationsView:
    """Return the best help for a line; for the first that is not filled if none is named.

    ``elsewhere`` tells what the present plan sends to which line; ``only`` names a member, of whose units alone is spoken.

    Raises:
        NotFound: no such request or line, or not for these eyes.
    """
    wanted = await request(conn, forces.space, request_id, viewer=viewer)
    line = line_of(wanted, line_id)
    about = await conn.fetchrow(ABOUT, forces.space, request_id)
    if about is None:
        raise NotFound("request", request_id)
    cannot = (await said_cannot(conn, forces.space, [request_id])).get(request_id, frozenset())
    sent = {} if elsewhere is None else elsewhere.units
    others = {unit for to, units in sent.items() if to != line.id for unit in units}
    phases = decoded(about, "phases")

    async def found_now(many: int) -> tuple[Asked, Ask, Recommendation]:
        asked, ask = _question(wanted, line, phases, forces, at)
        rulings = heard(forces.papers.rulings(asked, await forces.counted(conn, line.type_code), at), cannot)
        return asked, ask, recommend(forces.supply, ask, rulings, limit=many, elsewhere=others, only=only)

    legs: Legs | None = None
    many = limit if router is None else max(limit, min(SHORTLIST * limit, MOST_ROUTED))
    if router is not None:  # nobody else waits for it: what has changed meanwhile is taken in afterwards
        async with forces.current(conn, at):
            _, ask, found = await found_now(many)
            ends = ends_of(forces.travel, places_of(found, forces.supply), [(ask.lon, ask.lat)])
        legs = await router.legs(*ends)
    async with forces.current(conn, at):
        asked, ask, found = await found_now(many)
        if router is not None:
            routed = forces.travel if legs is None else RoutedTravel(forces.travel, legs)
            found = ranked_anew(found, forces.supply, routed, ask, limit=limit)
        ready = await readiness_of(conn, forces.space, [pick.unit.id for pick in found.picks])
        ways = ways_view(
            language,
            by_road=forces.travel.roads is not None,
            roads_wrong=forces.roads_wrong,
            routed=None if router is None else legs is not None,
            own=0 if not legs else sum(not _told_by_router(each, forces, legs, ask) for each in found.picks),
            of=len(found.picks),
        )
        reader = _Reader(viewer, language, asked, ask, line.needed_by)
        seen = _view(wanted.id, line, found, forces, reader, ready, ways)
        return seen if elsewhere is None else seen.model_copy(update={"plan_as_of_seq": elsewhere.as_of_seq})


def _question(
    wanted: RequestView, line: RequestLineView, about: dict[str, Any], forces: Forces, at: datetime
) -> tuple[Asked, Ask]:
    lon, lat = line.geometry.lon, line.geometry.lat
    asked = Asked(
        wanted.member_id,
        about["country"],
        about["hazard"],
        wanted.kind,
        line.type_code,
        lon,
        lat,
        tuple(sorted((about["phases"] or {}).items())),
    )
    country = country_of(forces.members.areas, lon, lat, otherwise=about["country"])
    within_min = None if line.needed_by is None else (line.needed_by - at).total_seconds() / 60
    return asked, Ask(line.type_code, lon, lat, country, at, within_min)


def _told_by_router(pick: Pick, forces: Forces, legs: Legs, ask: Ask) -> bool:
    place = place_of(pick, forces.supply)
    return told_by(legs, [place, *((gate.lon, gate.lat) for gate in pick.eta.gates), (ask.lon, ask.lat)])


def ways_view(
    language: str, *, by_road: bool, roads_wrong: bool, routed: bool | None, own: int = 0, of: int = 0
) -> WaysView:
    """Return what times of travel rest on; ``routed`` says whether a router has answered, None where none is set; ``own`` how many ``of`` them it does not know, or not whole."""
    if routed and not 0 < own == of:
        note = said(Why("router_partly", {"own": own, "units": of}), language) if own else None
        return WaysView(by="router", note=note)
    note = "router_failed" if routed is not None else "roads_wrong" if roads_wrong else None
    by: Literal["roads", "great_circle"] = "roads" if by_road else "great_circle"
    return WaysView(by=by, note=None if note is None else said(Why(note), language))


# ---------------------------------------------------------------- the answer


def _view(
    request_id: UUID,
    line: RequestLineView,
    found: Recommendation,
    forces: Forces,
    reader: _Reader,
    ready: Mapping[UUID, Any],
    ways: WaysView,
) -> RecommendationsView:
    return RecommendationsView(
        request_id=request_id,
        request_line_id=line.id,
        type_code=line.type_code,
        at=reader.ask.at,
        as_of_seq=forces.cursor,
        ways=ways,
        hours=EXPECTED_HOURS,
        usual_answer_min=round(USUAL_ANSWER_MIN),
        items=tuple(_pick(pick, forces, reader, ready.get(pick.unit.id)) for pick in found.picks),
        left_out=tuple(_left_out(out, forces, reader) for out in found.left_out),
        more=found.more,
        more_left_out=found.more_left_out,
        of_type=found.of_type,
    )


def _unit(unit: Unit, eta: Eta, ruling: Ruling, forces: Forces, reader: _Reader) -> dict[str, Any]:
    row = forces.supply.row_of(unit.id)
    lon, lat = (unit.lon, unit.lat) if row is None else (float(row[0].lon[row[1]]), float(row[0].lat[row[1]]))
    seen_at, verdict = forces.seen_at(unit.id), ruling.verdict
    return {
        "resource_id": unit.id,
        "call_sign": unit.call_sign,
        "member_id": unit.member_id,
        "of_requester": unit.member_id == reader.asked.borrower,
        "place": Point(type="Point", coordinates=(lon, lat)),
        "position_at": seen_at,
        "position_age_s": max(0, int((reader.ask.at - seen_at).total_seconds())),
        "mobilisation_min": unit.mobilisation_min,
        "crossing_id": None if eta.gate is None else eta.gate.id,
        "via_crossing_ids": tuple(gate.id for gate in eta.via),
        "agreement_id": None if verdict is None else verdict.agreement.id,
        "agreement_code": None if verdict is None else verdict.agreement.code,
        "agreement_version": None if verdict is None else verdict.agreement.version,
        "reserve_left": ruling.reserve_left,
    }


def _eta(eta: Eta) -> EtaView:
    parts = {
        "acknowledge_min": round(eta.acknowledge_min),
        "mobilise_min": round(eta.mobilise_min),
        "road_min": round(eta.road_min),
        "crossing_min": round(eta.crossing_min),
    }
    return EtaView(**parts, total_min=sum(parts.values()))


def _pick(pick: Pick, forces: Forces, reader: _Reader, readiness: Any) -> RecommendedView:
    eta, unit = _eta(pick.eta), pick.unit
    arrives_at = reader.ask.at + timedelta(minutes=eta.total_min)
    verdict = pick.ruling.verdict
    party = reader.viewer is None or reader.viewer in {unit.member_id, reader.asked.borrower}
    reasons = () if verdict is None else tuple(reason for reason in verdict.reasons if not reason.blocking)
    told = [*pick.eta.transits, *pick.passed_by, *(Why(each.code, each.figures, blocking=False) for each in reasons)]
    return RecommendedView(
        **_unit(unit, pick.eta, pick.ruling, forces, reader),
        eta=eta,
        arrives_at=arrives_at,
        in_time=None if reader.needed_by is None else arrives_at <= reader.needed_by,
        distance_km=round(pick.km, 1),
        readiness=ReadinessView.model_validate(orjson.loads(readiness) if isinstance(readiness, str) else readiness),
        estimate=_cost(verdict, unit, pick.km, reader) if party else None,
        warnings=tuple(_why(replace(each, crossings=tuple(forces.travel.gates)), reader) for each in told),
    )


def _cost(verdict: Verdict | None, unit: Unit, km: float, reader: _Reader) -> EstimateView | None:
    if verdict is None:
        return None
    effort = within(verdict.terms, effort_of(km, unit.crew))
    found = estimate(verdict.terms.cost, reader.asked.type_code, effort, unit.currency)
    return EstimateView.model_validate(found.told())


def _left_out(out: LeftOut, forces: Forces, reader: _Reader) -> LeftOutView:
    party = reader.viewer is None or reader.viewer in {out.unit.member_id, reader.asked.borrower}
    told = [why for why in out.whys if party or why.code != YEARLY_COST_CAP]
    if _GONE & {
        why.code for why in told
    }:  # of a unit that is gone already the reserve says nothing: it counts those at home
        told = [why for why in told if why.code not in RESERVES]
    blocking = set(out.codes)
    there = all(why.figures.get("would_leave", 0) >= 0 for why in out.whys)
    shown = [_why(replace(why, crossings=tuple(forces.travel.gates)), reader) for why in told]
    return LeftOutView(
        **_unit(out.unit, out.eta, out.ruling, forces, reader),
        status=out.unit.status,
        eta=_eta(out.eta) if np.isfinite(out.eta.total_min) else None,
        why=shown[0] if shown else None,
        others=tuple(shown[1:]),
        only_reserve=blocking <= RESERVES and there,
        only_agreement=bool(blocking - RESERVES) and blocking <= AGREED.keys() and there,
    )


def _why(why: Why, reader: _Reader) -> WhyView:
    return WhyView(code=why.code, blocking=why.blocking, text=why.said(reader.language), figures=dict(why.figures))
