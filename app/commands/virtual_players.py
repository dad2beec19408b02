"""Virtual players act: each task becomes the command that a person would send, in the drill's space, under an actor of its own kind.

What there is to send is found out now (what is free, what is lacking, which state comes next), in an order that is the same in every
run. Who is refused has tried: a player that offers what no agreement allows declines instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID, uuid5

from pydantic import ValidationError
from sqlmodel import col

from app.commands.afterwards import afterwards
from app.commands.fill import fill
from app.commands.mission_steps import facts_of
from app.commands.registry import BY_NAME
from app.domain.authority import Actor
from app.domain.drills.virtual import Asked
from app.domain.errors import ConcordError
from app.domain.lifecycle import machine
from app.domain.vocabulary import phases
from app.store.tables import Mission, Offer, OfferLine, RequestLine
from app.store.unit_of_work import Act, UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.drills.tasks import Task
    from app.domain.drills.virtual import VirtualPlayer
    from app.store.drills import Playing

Sent: TypeAlias = "tuple[str, UUID | None, dict[str, Any]]"
"""A command's name, what it is about, its body."""

_PLAYERS: Final = UUID("b2f4b3a2-7e5e-4f4e-9a0c-5d6f0d1c2e77")
ROLES: Final = frozenset({"dispatcher", "authorised_representative", "requester", "liaison_officer"})
VIA: Final = "virtual_player"
WAY: Final = (
    "mobilising", "in_transit", "at_border", "cleared", "at_rendezvous", "staged", "on_scene", "returning", "returned",
)  # fmt: skip
BY_RENDEZVOUS: Final = frozenset({"at_rendezvous", "staged"})
STEPS: Final = ("report_at_border", "advance_mission")
_FREE: Final = """
    SELECT id FROM resource WHERE space_id = $1 AND member_id = $2 AND type_code = $3 AND status = 'available' AND NOT retired
    ORDER BY formation_id IS NOT NULL, call_sign, id
"""
_FREE_COUNT: Final = f"SELECT count(*) FROM ({_FREE}) AS free"  # noqa: S608 - a constant of ours


def actor_of(drill_id: UUID, member: str, member_id: UUID) -> Actor:
    """Return the virtual player of a member: the same in every process, and nobody's user."""
    return Actor(uuid5(_PLAYERS, f"{drill_id}/{member}"), "virtual", member_id, ROLES, VIA)


async def carry_out(
    uow: UnitOfWork, drill_id: UUID, at: Playing, task: Task, player: VirtualPlayer, occurred_at: datetime
) -> str:
    """Carry a task out, at the moment at which it was due; return what came of it. A refusal leaves nothing behind."""
    scene = _Scene(uow, at, task, player, occurred_at)
    actor = actor_of(drill_id, task.member, at.members[task.member])
    tried: list[str] = []
    for sent in await getattr(scene, f"on_{task.what}")():
        said = await _send(uow, at.space, actor, sent, occurred_at, at.clock.speed)
        if said == "done":
            return f"{sent[0]}"
        tried.append(f"{sent[0]} refused: {said}")
    return "; ".join(tried)[:500] or "nothing to do"


async def _send(uow: UnitOfWork, space: str, actor: Actor, sent: Sent, occurred_at: datetime, pace: int) -> str:
    name, target, body = sent
    entry = BY_NAME[name]
    try:
        command = entry.model.model_validate(body)
    except ValidationError as error:
        return f"malformed: {error.errors()[0]['loc']} {error.errors()[0]['msg']}"
    there = uow.beside(space, actor=actor, act=Act(name, VIA, occurred_at))
    there.target = target
    there.pace = pace
    try:
        async with uow.connection.begin_nested():  # what is refused is taken back, and the task is marked all the same
            await entry.handler(there, command)
            await afterwards(there)
            await there.write()
    except ConcordError as refusal:
        uow.forget(there)
        return f"{refusal.slug}: {refusal.detail}"
    return "done"


class _Scene:
    """What one task finds. Each ``on_…`` returns what to send: the first that is not refused counts."""

    def __init__(
        self, uow: UnitOfWork, at: Playing, task: Task, player: VirtualPlayer, occurred_at: datetime
    ) -> None:  # fmt: skip
        self.uow, self.at, self.task, self.player, self.occurred_at = uow, at, task, player, occurred_at
        self.about: Mapping[str, Any] = task.about
        self.member_id = at.members[task.member]
        self.here = uow.beside(at.space)
        """To read rows by; nothing is written through it."""
        uow.forget(self.here)

    @property
    def inject(self) -> Any:
        return self.at.play.scenario.inject(self.about["inject"])

    def later(self, seconds: int) -> str:
        """Return the instant of so much drill time from now."""
        return (self.occurred_at + timedelta(seconds=seconds / self.at.clock.speed)).isoformat()

    async def free(self, type_code: str) -> list[UUID]:
        rows = await self.uow.raw.fetch(_FREE, self.at.space, self.member_id, type_code)
        return [row["id"] for row in rows]

    def last(self, type_: str, *, by_others: bool = False) -> Any:
        """Return the last event of a type, of other members if so wanted."""
        for event in reversed(self.at.play.events):
            if (
                event.type == type_
                and event.at_us <= self.task.at_us
                and not (by_others and event.member == self.task.member)
            ):
                return event
        return None

    # ------------------------------------------------------------ what the script brings

    async def on_report(self) -> list[Sent]:
        content = self.inject.incident
        country = self.at.play.countries[self.task.member]
        body = {
            "title": content.title.said("en"),
            "hazard": content.hazard,
            "severity": content.severity,
            "area": {"type": "Point", "coordinates": list(content.point)},
            "lead_member_id": self.at.members[content.lead],
            "phases": {land: phase for land, phase in content.phases.items() if land == country},
        }
        return [("report_incident", None, body), ("report_incident", None, body | {"phases": {}})]

    async def on_take(self) -> list[Sent]:
        units = await self.free(self.about["type"])
        return [
            ("set_resource_status", unit, {"status": "out_of_service", "reason": "own_incident"}) for unit in units[:1]
        ]

    async def on_ask(self) -> list[Sent]:
        need = self.inject.need
        places = await self.uow.raw.fetch("SELECT code, id FROM rendezvous WHERE space_id = $1", self.at.space)
        rendezvous = {row["code"]: row["id"] for row in places}
        lines = [
            {
                "type_code": line.type,
                "quantity": line.quantity,
                "priority": line.priority,
                "needed_by": self.later(line.needed_in),
                "place": line.place,
                "lon": line.point[0],
                "lat": line.point[1],
                "rendezvous_id": rendezvous.get(line.rendezvous),
            }
            for line in need.lines
        ]
        body = {"incident_id": self.about["incident"], "kind": need.kind, "lines": lines, "then": "open"}
        return [("draft_request", None, body)]

    async def on_prompted(self) -> list[Sent]:
        offer = self.inject.offer
        delivery = self.at.play.deliveries.get(offer.need)
        need = self.at.play.scenario.inject(offer.need).need
        if delivery is None or need is None:
            return []
        asked = [
            event
            for event in self.at.play.events
            if event.type == "request.opened" and event.member == need.member and event.at_us >= delivery.at_us
        ]
        wanted = {each.type: each.quantity for each in offer.lines}
        for event in asked:
            request = UUID(event.ids["request"])
            lacking = {id_: filled.lacking for id_, filled in (await fill(self.here, request)).items()}
            lines = [
                {"request_line_id": row.id, "quantity": quantity}
                for row in await self.here.find(RequestLine, col(RequestLine.request_id) == request)
                if (quantity := min(wanted.get(row.type_code, 0), lacking[row.id]))
            ]
            if lines and not await self._offers(request):
                return [("make_offer", request, {"lines": lines})]
        return []

    async def on_expected(self) -> list[Sent]:
        event = self.about["event"].replace(".", "_")
        found: list[Sent] = await getattr(self, f"expected_{event}")(self.inject.expect.where)
        return found

    async def expected_crossing_state_set(self, where: Any) -> list[Sent]:
        content = self.inject.crossing
        code = content.code if content else next(iter(where.crossing), None)
        control = content.control if content else next(iter(where.control), "checks")
        row = await self.uow.raw.fetchval(
            "SELECT id FROM crossing WHERE space_id = $1 AND code = $2", self.at.space, code
        )
        if row is None:
            return []
        body: dict[str, Any] = {"control": control, "delay_min": content.delay_min if content else 0}
        if control == "closed" and content and content.lasts:
            body["closed_until"] = self.later(content.lasts)
        return [("set_crossing_state", row, body), ("set_crossing_state", row, {"control": control})]

    async def expected_incident_phase_changed(self, where: Any) -> list[Sent]:
        country = self.at.play.countries[self.task.member]
        known = list(phases(country))
        wanted = [each for each in where.phase if each in known] or known[1:2]
        incident = self._incident()
        return [("change_phase", incident, {"country": country, "phase": each}) for each in wanted[:1] if incident]

    async def expected_incident_logged(self, _where: Any) -> list[Sent]:
        incident = self._incident()
        said = {"text": self.inject.text.said("en"), "language": "en"}
        return [("add_log_entry", incident, said)] if incident else []

    async def expected_incident_changed(self, _where: Any) -> list[Sent]:
        incident = self._incident()
        row = await self.uow.raw.fetchval(
            "SELECT severity FROM incident WHERE space_id = $1 AND id = $2", self.at.space, incident
        )
        return [("change_incident", incident, {"severity": min(5, row + 1)})] if row else []

    async def expected_shift_handed_over(self, _where: Any) -> list[Sent]:
        return [("hand_over_shift", None, {"text": "What is open stands in the lists."})]

    async def expected_question_asked(self, _where: Any) -> list[Sent]:
        event = self.last("request.opened", by_others=True)
        if event is None:
            return []
        return [("ask_question", UUID(event.ids["request"]), {"text": "Where are our units met, and by whom?"})]

    def _incident(self) -> UUID | None:
        event = self.last("incident.reported")
        return None if event is None else UUID(event.ids["incident"])

    # ------------------------------------------------------------ what others did

    async def on_acknowledge(self) -> list[Sent]:
        return [("acknowledge_request", UUID(self.about["request"]), {})]

    async def on_answer(self) -> list[Sent]:
        request = UUID(self.about["request"])
        if await self._offers(request):
            return []
        lines = await self.here.find(RequestLine, col(RequestLine.request_id) == request)
        lines = sorted(lines, key=lambda line: line.position)
        lacking = {id_: filled.lacking for id_, filled in (await fill(self.here, request)).items()}
        asked = [Asked(line.type_code, lacking[line.id], await self._free_count(line.type_code)) for line in lines]
        answer = self.player.answer(self.about["name"], asked)
        offered = [
            {"request_line_id": line.id, "quantity": quantity}
            for line, quantity in zip(lines, answer.offered, strict=True)
            if quantity
        ]
        found: list[Sent] = [("make_offer", request, {"lines": offered})] if offered else []
        # What its agreements do not allow is not offered: line by line, and if none goes, it declines.
        found += [("make_offer", request, {"lines": [line]}) for line in offered] if len(offered) > 1 else []
        reason = answer.declined or "no_agreement"
        return [*found, ("decline_request", request, {"reason": reason})]

    async def _free_count(self, type_code: str) -> int:
        count: int = await self.uow.raw.fetchval(_FREE_COUNT, self.at.space, self.member_id, type_code)
        return count

    async def _offers(self, request: UUID) -> bool:
        standing = ("draft", "offered", "accepted", "provisional")
        of_member = (col(Offer.request_id) == request, col(Offer.lender_id) == self.member_id)
        return bool(await self.here.find(Offer, *of_member, col(Offer.status).in_(standing)))

    async def on_accept(self) -> list[Sent]:
        offer, request = UUID(self.about["offer"]), UUID(self.about["request"])
        lacking = {id_: filled.lacking for id_, filled in (await fill(self.here, request)).items()}
        taken = []
        for line in await self.here.find(OfferLine, col(OfferLine.offer_id) == offer):
            decided = self.player.accept(
                self.about["name"], offered=line.quantity, lacking=lacking.get(line.request_line_id, 0)
            )
            if decided.quantity:
                taken.append({"offer_line_id": line.id, "quantity": decided.quantity})
                lacking[line.request_line_id] -= decided.quantity
        found: list[Sent] = [("accept_offer", offer, {"lines": taken})] if taken else []
        return [*found, ("decline_offer", offer, {})]

    async def on_commit(self) -> list[Sent]:
        offer = UUID(self.about["offer"])
        units, gone = [], set[UUID]()
        for line in await self.here.find(OfferLine, col(OfferLine.offer_id) == offer):
            if not line.accepted_quantity or line.committed:
                continue
            free = [each for each in await self.free(line.type_code) if each not in gone]
            chosen = [line.resource_id] if line.resource_id else free[: line.accepted_quantity]
            gone.update(chosen)
            units += [{"offer_line_id": line.id, "resource_id": each} for each in chosen]
        found: list[Sent] = [("commit_offer", offer, {"units": units})] if units else []
        return [*found, ("withdraw_offer", offer, {})]

    async def on_reply(self) -> list[Sent]:
        return [("answer_question", UUID(self.about["question"]), {"text": "At the rendezvous, by our guide."})]

    async def on_guide(self) -> list[Sent]:
        number = self.about["name"].rpartition("-")[2]
        return [("name_guide", UUID(self.about["mission"]), {"name": f"Guide {number} (exercise)"})]

    async def on_step(self) -> list[Sent]:
        mission = await self.here.get(Mission, UUID(self.about["mission"]))
        known = machine("mission")
        ahead = [
            (WAY.index(step.to), step.to, by)
            for by in STEPS
            for step in known.allowed(mission.status, facts_of(mission), by=by)
            if step.to in WAY
            and (mission.rendezvous_id is not None or step.to not in BY_RENDEZVOUS)
            and (mission.status not in WAY or WAY.index(step.to) > WAY.index(mission.status))
        ]
        return [(by, mission.id, {"to": state}) for _, state, by in sorted(ahead)[:1]]
