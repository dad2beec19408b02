"""The situations of the authority test: for each command a case in which whoever may, can. One small function each.

A new command needs one: ``@case`` on a function of the command's name (or ``@case("command")`` for another variant), which
returns the command, what it is about, and who stands on which side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.commands.registry import BY_NAME
from app.domain.authority import SYSTEM
from app.domain.ids import new_id
from app.entrypoints.http.inbox_sources import MAPPING
from tests.commands.conftest import LUIK, MAAS, PUMP, RATES
from tests.commands.drilling import SCRIPT
from tests.world import box, everywhere, flood

if TYPE_CHECKING:
    from collections.abc import Callable

OWN = "own"
"""Stands for the member of whoever acts: it is what puts that member on the side."""
ENGINE, AMBULANCE = "engine.pumper", "ambulance.als"
MODULE, COMMAND, TRUCK = "formation.hcp_module", "command.vehicle", "vehicle.truck"
PLANNED = ("maas", "authorised_representative")
FEWER_BAGS = {"op": "remove_line", "type_code": "filler.sandbags", "why": "We have our own."}
FEWER_ENGINES = {"op": "change_quantity", "type_code": "engine.off_road", "quantity": 2, "why": "Two tracks."}
POINT = {"lon": 5.7, "lat": 50.78}
CASES: dict[str, list[Callable[..., Any]]] = {}


@dataclass
class Case:
    """One command in one situation."""

    body: dict[str, Any] | Callable[[str], dict[str, Any]]
    target: UUID | None = None
    sides: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Side → members on it, by short name, or OWN."""
    facts: dict[str, str] = field(default_factory=dict)
    user: UUID | None = None
    """Whose matter it is, where a side is held by a user."""
    stopped: tuple[str, ...] = ()
    """Members that are on the side, and whom something else stops: it is their own request, or they have no such unit."""


def case(given: Any) -> Any:
    """Enter a function as a case of the command of its name, or of the one that is named."""
    if callable(given):
        CASES.setdefault(given.__name__, []).append(given)
        return given

    def enter(function: Any) -> Any:
        CASES.setdefault(given, []).append(function)
        return function

    return enter


def wanted(type_code: str = ENGINE, quantity: int = 2) -> dict[str, Any]:
    """Return a line of a request."""
    return {"type_code": type_code, "quantity": quantity, "priority": "life_safety"} | POINT


class Scene:
    """Everything that the cases are about, made once through the door. States of missions, offers and claims are then set by hand."""

    def __init__(self, world: Any, tools: dict[str, Any]) -> None:
        self.world = world
        self.act, self.sent, self.walk, self.sign, self.home, self.due = (
            tools[name] for name in ("act", "sent", "walk", "sign", "home", "due")
        )
        self.conn, self.clock = tools["conn"], tools["clock"]
        self.ids: dict[str, UUID] = {}
        self.users: dict[str, UUID] = {}
        self.owes = ""

    async def does(self, name: str, target: UUID | None = None, /, *, who: Any = MAAS, **body: Any) -> Any:
        """Carry out a command by its name."""
        return await self.act(BY_NAME[name].model, target, who=who, **body)

    async def prepare(self) -> None:
        """Make it all: first what takes a month, last what is under way."""
        await self._priced()
        await self._units()
        await self._statement()
        await self._claims()
        await self._requests()
        await self._missions()
        await self._around_missions()
        await self._places()
        await self._people()
        await self._agreements()
        await self._turns()
        await self._protocols()
        said = await self.does(
            "say_lender_word", who=("luik", "dispatcher"), word="cannot", type_code=ENGINE,
            reason="crew", until_at=self.clock.now() + timedelta(hours=5),
        )  # fmt: skip
        self.ids["word"] = said.id
        for kind in ("immediate", "planned"):
            unasked = await self.does(
                "offer_unasked", self.ids["incident"], who=LUIK, kind=kind, lines=[{"type_code": TRUCK}],
                valid_until=self.clock.now() + timedelta(hours=5),
            )  # fmt: skip
            self.ids[f"unasked_{kind}"] = unasked.id
        await self._drills()

    async def _drills(self) -> None:
        """Drills of maas and luik: planned, approved, running, paused, ended, reviewed. Scripts name members as they are named there."""
        for name, code in (("maas", "nl-maastricht"), ("luik", "be-liege"), ("hasselt", "nl-heerlen")):
            await self.conn.execute("UPDATE member SET code = $2 WHERE code = $1 AND space_id = 'live'", name, code)
        await self._quiet()
        script = SCRIPT.replace("corridor: meuse-rhine", "corridor: test-corridor")
        script = script.replace("sides: [NL, BE], event: request.acknowledged}", "sides: [NL, BE], by_hand: true}")
        # Nobody plays two at one time: those that are over come first, and one of the others has nobody who plays.
        for name in ("planned", "approved", "ended", "reviewed", "stopped", "paused", "running"):
            made = await self.does("plan_drill", who=SYSTEM, script=script, virtual="all")
            self.ids[f"drill_{name}"] = made.id
            if name != "planned":
                await self.does("approve_drill", made.id, who=SYSTEM)
                await self.conn.execute('UPDATE drill SET go_ahead = \'["BE", "NL"]\' WHERE id = $1', made.id)
            if name == "paused":
                await self.without_players(made.id)
            if name not in {"planned", "approved"}:
                await self.does("start_drill", made.id, who=SYSTEM)
            if name == "paused":
                await self.does("pause_drill", made.id, who=SYSTEM)
            if name == "stopped":
                await self.does("stop_drill", made.id, who=SYSTEM)
            if name in {"ended", "reviewed"}:
                await self.does("end_drill", made.id, who=SYSTEM)
        await self.does("hold_hot_wash", self.ids["drill_reviewed"], who=SYSTEM, summary="Ring earlier.")
        action = await self.does(
            "add_corrective_action", self.ids["drill_ended"], who=SYSTEM, text="Ring", due_on="2027-01-01",
            owner_member_id=self.world.members["maas"],
        )  # fmt: skip
        self.ids["action"] = action.id

    async def without_players(self, drill: UUID) -> None:
        """Have nobody play a drill that has its staff."""
        await self.conn.execute("DELETE FROM drill_participant WHERE drill_id = $1 AND role = 'player'", drill)

    async def _quiet(self) -> None:
        """Have no incident that would stand every drill down."""
        await self.conn.execute("UPDATE incident SET severity = 3")

    async def _priced(self) -> None:
        clause = {"types": [PUMP], "strip": box(5.6, 50.7, 5.9, 50.9), "quantity": 2,
                  "lenders": [str(self.world.members["luik"]), str(self.world.members["aken"])]}  # fmt: skip
        cost = {"terms": "reimbursed", "currency": "EUR", "rates": RATES}
        self.ids["priced"] = await self.sign(cost, automatic_aid=[clause])

    async def _units(self) -> None:
        for owner, type_code, number in (
            ("luik", ENGINE, 8),
            ("aken", ENGINE, 3),
            ("luik", AMBULANCE, 2),
            ("aken", AMBULANCE, 1),
            ("luik", PUMP, 4),
            ("luik", COMMAND, 2),
            ("luik", TRUCK, 2),
        ):
            for each in range(number):
                made = await self.does(
                    "add_resource", who=SYSTEM, member_id=self.world.members[owner], depot_id=self.world.depots[owner],
                    type_code=type_code, call_sign=f"{owner} {type_code} more {each}", crew=4, mobilisation_min=5,
                    readiness={"papers": True, "couplings": True, "radios": True, "languages": ["en"]},
                )  # fmt: skip
                self.world.resources[f"{owner}-{type_code}-more-{each}"] = made.id

    def unit(self, owner: str, type_code: str, number: int) -> UUID:
        """Return one of the units that are there for the cases."""
        found: UUID = self.world.resources[f"{owner}-{type_code}-more-{number}"]
        return found

    async def _statement(self) -> None:
        to = str(self.world.members["luik"])
        asked = await self.does(
            "draft_request", kind="day_to_day", to_member_id=to, lines=[wanted(AMBULANCE, 1)], then="open"
        )
        gone = await self.does("send_day_to_day", asked.id, who=LUIK, resource_id=self.unit("luik", AMBULANCE, 0))
        mission = UUID(str(gone.id))
        await self.walk(mission, "in_transit", "on_scene")
        self.clock.move(hours=2)
        await self.does("release_mission", mission)
        await self.walk(mission, "returning", "returned")
        self.clock.move(days=30)
        await self.due()
        self.ids["statement"] = await self.conn.fetchval("SELECT id FROM statement")

    async def _claims(self) -> None:
        finance = ("luik", "finance")
        for name in ("claim_draft", "claim_submitted", "claim_disputed", "to_claim"):
            number = len([key for key in self.ids if key.startswith("claim")])
            made = await self.sent_engine(f"luik-{ENGINE}-more-{number}")
            await self.walk(made, "mobilising", "in_transit", "on_scene")
            self.clock.move(hours=3)
            await self.does("release_mission", made)
            await self.walk(made, "returning", "returned")
            await self.does("record_measures", made, who=finance, kilometres=50.0)
            if name == "to_claim":
                self.ids[name] = made
                continue
            claim = await self.does("draft_claim", who=finance, mission_ids=[made])
            self.ids[name] = claim.id
            if name != "claim_draft":
                await self.does("submit_claim", claim.id, who=finance)
            line = "SELECT id FROM claim_line WHERE claim_id = $1 ORDER BY position LIMIT 1"
            self.ids[f"{name}_line"] = await self.conn.fetchval(line, claim.id)
        for name, day in (("rate", "2026-07-01"), ("rate_contested", "2026-07-02")):
            entered = await self.does(
                "enter_exchange_rate", who=("maas", "finance"), base="EUR", quote="CHF", rate="0.95", day=day, source="ECB",
            )  # fmt: skip
            self.ids[name] = entered.id
        await self.does(
            "contest_exchange_rate", self.ids["rate_contested"], who=("luik", "finance"), reason="Yesterday's.", rate="0.97", source="SNB",
        )  # fmt: skip
        await self.does(
            "dispute_claim_line", self.ids["claim_disputed_line"], who=("maas", "finance"), reason="wrong_rate", counter_amount="1.00",
        )  # fmt: skip

    async def sent_engine(self, name: str, *, kind: str = "immediate", of: str = ENGINE) -> UUID:
        """Have the unit of that name committed to maas."""
        (mission,) = await self.sent(name, kind=kind, kind_of_unit=of, incident=await self.incident())
        found: UUID = mission
        return found

    async def incident(self) -> UUID:
        """Return maas's incident."""
        if "incident" not in self.ids:
            self.ids["incident"] = (await self.does("report_incident", **flood())).id
        return self.ids["incident"]

    async def asked(self, name: str, kind: str, then: str, *, type_code: str = ENGINE) -> UUID:
        """Have maas ask."""
        made = await self.does(
            "draft_request",
            who=PLANNED,
            incident_id=await self.incident(),
            kind=kind,
            lines=[wanted(type_code)],
            then=then,
        )
        self.ids[name] = made.id
        self.ids[f"{name}_line"] = UUID(made.rows["request_line"][0]["id"])
        return made.id

    async def _requests(self) -> None:
        for kind in ("immediate", "planned"):
            await self.asked(f"draft_{kind}", kind, "draft")
            await self.asked(f"submitted_{kind}", kind, "submit")
            await self.asked(f"open_{kind}", kind, "open")
            for state in ("offered", "accepted"):
                request = await self.asked(f"{state}_request_{kind}", kind, "open")
                lines = [{"request_line_id": self.ids[f"{state}_request_{kind}_line"], "quantity": 1}]
                offer = await self.does("make_offer", request, who=LUIK, lines=lines)
                self.ids[f"{state}_{kind}"] = offer.id
                self.ids[f"{state}_{kind}_line"] = UUID(offer.rows["offer_line"][0]["id"])
                if state == "accepted":
                    await self.does("accept_offer", offer.id, who=PLANNED)
        asked = await self.does("ask_question", self.ids["open_immediate"], who=LUIK, text="Is the quay strong enough?")
        self.ids["question"] = asked.id
        one = {"kind": "day_to_day", "lines": [wanted(AMBULANCE, 1)], "then": "open"}
        of_luik = await self.does("draft_request", to_member_id=str(self.world.members["luik"]), **one)
        self.ids["of_luik"], self.ids["of_luik_line"] = of_luik.id, UUID(of_luik.rows["request_line"][0]["id"])

    async def _missions(self) -> None:
        self.ids["immediate"] = await self.sent_engine(f"luik-{ENGINE}-more-4")
        self.ids["planned"] = await self.sent_engine(f"luik-{ENGINE}-more-5", kind="planned")
        formed = await self.does("form_formation", who=LUIK, **self.module(0))
        self.ids["formation"] = self.world.resources["luik-module"] = formed.id
        self.ids["module"] = await self.sent_engine("luik-module", of=MODULE)
        self.ids["border"] = await self.sent_engine("aken-engine-1")
        call = await self.does(
            "assist_now", requester_id=self.world.members["maas"], lender_id=self.world.members["luik"],
            incident_id=await self.incident(), type_code=AMBULANCE, quantity=1, **POINT,
        )  # fmt: skip
        self.ids["call"], self.ids["unnamed"] = call.id, UUID(call.rows["mission"][0]["id"])
        debt = call.rows["debt"][0]
        self.ids["debt"] = UUID(debt["id"])
        self.owes = next(code for code, id_ in self.world.members.items() if str(id_) == debt["member_id"])
        alarm = await self.does("alarm_automatic_aid", await self.incident(), type_code=PUMP, **POINT)
        self.ids["aid"] = alarm.id
        self.ids["alarm"] = UUID(alarm.rows["automatic_alarm"][0]["id"])

    def module(self, number: int) -> dict[str, Any]:
        """Return the body that puts a pumping module of luik's together."""
        pumps = [self.unit("luik", PUMP, each) for each in (2 * number, 2 * number + 1)]
        parts = [*pumps, self.unit("luik", COMMAND, number), self.unit("luik", TRUCK, number)]
        body = {"member_id": self.world.members["luik"], "depot_id": self.world.depots["luik"], "type_code": MODULE}
        return body | {"call_sign": f"Module {number}", "part_ids": parts, "mobilisation_min": 30}

    async def mission(self, name: str, status: str) -> UUID:
        """Put the mission into a state, by hand, and return its id."""
        await self.conn.execute("UPDATE mission SET status = $2 WHERE id = $1", self.ids[name], status)
        return self.ids[name]

    async def _around_missions(self) -> None:
        until = (self.clock.now() + timedelta(hours=9)).isoformat()
        for kind in ("immediate", "planned"):
            mission = await self.mission(kind, "on_scene")
            made = await self.does("ask_extension", mission, who=PLANNED, until=until, reason="The water stays.")
            self.ids[f"extension_{kind}"] = made.id
        await self.mission("immediate", "on_scene")
        made = await self.does(
            "reassign_mission", self.ids["immediate"], place="The lock", reason="It gives way.", **POINT
        )
        self.ids["reassignment"] = made.id
        made = await self.does("ask_host_support", self.ids["immediate"], who=LUIK, kind="fuel", quantity=100)
        self.ids["support"] = made.id

    async def _places(self) -> None:
        made = await self.does(
            "add_rendezvous", member_id=self.world.members["maas"], code="quay", guide_code="M3", names=everywhere("Quay"),
            kind="staging_area", capacity=20, **POINT,
        )  # fmt: skip
        self.ids["rendezvous"] = made.id
        given = await self.does(
            "add_contact", member_id=self.world.members["maas"], code="duty", function="Duty", phone="+31 00 000 0111"
        )
        self.ids["contact"] = given.id
        self.ids["empty_depot"] = (await self.does("add_depot", code="empty", name="Empty", **POINT)).id
        for kind, subject in (("resource", self.world.resources["maas-pump-1"]), ("incident", await self.incident())):
            made = await self.does("add_external_id", source="gms", kind=kind, code="12-1", subject_id=subject)
            self.ids[f"external_{kind}"] = made.id
        informed = [{"name": "Province", "kind": "province", "contact": "+31 00 000 0112"}]
        maas = self.world.members["maas"]
        await self.does(
            "change_member", maas, who=("maas", "admin"), informed_authorities=informed, inform_on=["request_opened"]
        )
        await self.asked("told", "immediate", "open")
        self.ids["notice"] = await self.conn.fetchval(
            "SELECT id FROM authority_notice WHERE member_id = $1 LIMIT 1", maas
        )

    async def _turns(self) -> None:
        """A rota, and two swaps: maas offers its turn to luik, and aken offers its own to maas."""
        ordered = [self.world.members[code] for code in ("luik", "maas", "aken", "hasselt")]
        await self.does("set_rota", who=SYSTEM, member_ids=ordered)
        for owner in ("maas", "luik", "aken"):
            statement = "SELECT id FROM coordination_turn WHERE status = 'planned' AND member_id = $1 ORDER BY from_at"
            found = await self.conn.fetch(statement, self.world.members[owner])
            self.ids[f"turn_{owner}"], self.ids[f"later_{owner}"] = found[0]["id"], found[1]["id"]
        for who, to in (("maas", "luik"), ("aken", "maas")):
            made = await self.does(
                "propose_turn_swap", self.ids[f"turn_{who}"], who=(who, "authorised_representative"),
                other_turn_id=self.ids[f"turn_{to}"], reason="We move house.",
            )  # fmt: skip
            self.ids[f"swap_{who}"] = made.id

    async def _protocols(self) -> None:
        """Two items of the checklist of a fire that nobody helps with, one of them ticked, and an overlay of maas."""
        fire = (await self.does("report_incident", **flood(hazard="wildfire"))).id
        items = await self.conn.fetch("SELECT id FROM checklist_item WHERE incident_id = $1 ORDER BY due_at, id", fire)
        self.ids["item"], self.ids["ticked"] = items[0]["id"], items[1]["id"]
        await self.does("tick_checklist_item", self.ids["ticked"])
        made = await self.does(
            "add_protocol_overlay", self.world.members["maas"], who=("maas", "admin"), code="river_flood", operations=[FEWER_BAGS]
        )  # fmt: skip
        self.ids["overlay"] = made.id

    async def _people(self) -> None:
        admin, maas = ("maas", "admin"), self.world.members["maas"]
        for name in ("somebody", "writer"):
            made = await self.does(
                "add_user", who=admin, login=name, display_name=name.title(), roles=["authorised_representative"]
            )
            self.users[name] = made.id
        token = await self.does("add_token", self.users["somebody"], who=admin, label="x", scopes=["read"])
        self.ids["token"] = token.id
        webhook = await self.does("add_webhook", who=admin, label="CAD", url="https://cad.example.org/in", events=["*"])
        self.ids["webhook"] = webhook.id
        await self._inbox(admin)
        named = await self.does("name_representative", maas, who=admin, user_id=self.users["writer"])
        self.ids["representative"] = named.id
        note = await self.does("hand_over_shift", text="Pumps run.")
        self.ids["note"] = note.id
        await self.conn.execute("UPDATE handover SET written_by_id = $1", self.users["writer"])

    async def _inbox(self, admin: tuple[str, str]) -> None:
        """A source of maas's with two versions of a mapping, a message that waits, and a unit that calls."""
        source = await self.does("add_inbox_source", who=admin, label="CAD", source="cad-maas")
        self.ids["inbox_source"] = source.id
        for name in ("draft", "in_use"):
            made = await self.does("add_inbox_mapping", source.id, who=admin, mapping=MAPPING)
            self.ids[f"mapping_{name}"] = made.id
        await self.conn.execute("UPDATE inbox_mapping SET tried_at = now()")
        await self.does("turn_on_inbox_mapping", made.id, who=admin)
        for what in ("held", "called"):
            self.ids[what] = new_id()

    async def waiting(self, what: str) -> UUID:
        """Put a message of maas's in front of somebody, anew; return its id."""
        id_: UUID = self.ids[what]
        source, member = self.ids["inbox_source"], self.world.members["maas"]
        await self.conn.execute(
            "INSERT INTO inbox_message (space_id, id, source_id, webhook_id, received_at, sent_at, body, digest, outcome, kinds, effects,"
            " tries, settled_at) VALUES ('live', $1, $2, $3, now(), now(), '{}', '', 'quarantined', '[]', '[]', 1, now())"
            " ON CONFLICT (space_id, id) DO UPDATE SET outcome = 'quarantined'",
            id_, source, what,
        )  # fmt: skip
        call, because = ("urgent", None) if what == "called" else (None, '{"code": "inbox_not_json", "figures": {}}')
        await self.conn.execute(
            "INSERT INTO inbox_matter (space_id, id, source_id, member_id, what, status, because, call, held_at, revision, tries)"
            " VALUES ('live', $1, $2, $3, $4, 'held', $5::jsonb, $6, now(), 1, 1)"
            " ON CONFLICT (space_id, id) DO UPDATE SET status = 'held', settled_at = NULL",
            id_, source, member, "call" if call else "quarantine", because, call,
        )  # fmt: skip
        return id_

    async def _agreements(self) -> None:
        parties = [self.world.members[code] for code in ("maas", "luik")]
        for status in ("draft", "proposed", "signed"):
            made = await self.does(
                "draft_agreement", who=SYSTEM, code=f"two-{status}", names=everywhere("Two"), lenders=parties, borrowers=parties,
                terms={"kinds": ["planned"], "cost": {"terms": "free"}}, effective_at="2026-01-01T00:00:00Z",
            )  # fmt: skip
            self.ids[f"agreement_{status}"] = made.id
            if status != "draft":
                await self.does("propose_agreement", made.id, who=SYSTEM)
            for party in parties if status == "signed" else ():
                await self.does("consent_to_agreement", made.id, who=SYSTEM, on_behalf_of=party)

    async def agreement(self, status: str) -> UUID:
        """Put the world's agreement into a state, by hand, and return its id."""
        id_: UUID = self.world.agreements["maas-broad"]
        await self.conn.execute("UPDATE agreement SET status = $2, suspended_reason = NULL WHERE id = $1", id_, status)
        return id_


MISSION = {"lender": ("luik",), "requester": ("maas",)}
BOTH = {"lender": ("luik",), "requester": ("maas",)}
PARTIES = {"party": ("maas", "luik", "aken")}
IMMEDIATE, PLAN, DAY = ({"request_kind": kind} for kind in ("immediate", "planned", "day_to_day"))


def of_maas(s: Scene) -> dict[str, Any]:
    """Return the field that says whose it is to be."""
    return {"member_id": s.world.members["maas"]}


# ---------------------------------------------------------------- members, places, resources


@case
async def change_member(s: Scene) -> Case:
    return Case({"talkgroup": "T-1"}, s.world.members["maas"], {"member": ("maas",)})


@case
async def name_representative(s: Scene) -> Case:
    return Case({"user_id": s.users["somebody"]}, s.world.members["maas"], {"member": ("maas",)})


@case
async def remove_representative(s: Scene) -> Case:
    return Case({}, s.ids["representative"], {"member": ("maas",)})


@case
async def set_duty(s: Scene) -> Case:
    return Case({"on_duty": True}, s.ids["representative"], {"member": ("maas",)})


@case
async def set_crossing_state(s: Scene) -> Case:
    return Case({"delay_min": 7}, s.world.crossings["eijsden"], {"joins": ("maas", "luik")})


@case
async def tick_checklist_item(s: Scene) -> Case:
    return Case({}, s.ids["item"], {"lead": ("maas",)})


@case
async def untick_checklist_item(s: Scene) -> Case:
    return Case({}, s.ids["ticked"], {"lead": ("maas",)})


@case
async def add_protocol_overlay(s: Scene) -> Case:
    return Case({"code": "wildfire", "operations": [FEWER_ENGINES]}, s.world.members["maas"], {"member": ("maas",)})


@case
async def change_protocol_overlay(s: Scene) -> Case:
    return Case({"operations": [FEWER_BAGS]}, s.ids["overlay"], {"member": ("maas",)})


@case
async def remove_protocol_overlay(s: Scene) -> Case:
    return Case({}, s.ids["overlay"], {"member": ("maas",)})


@case
async def propose_turn_swap(s: Scene) -> Case:
    body = {"other_turn_id": s.ids["later_aken"], "reason": "A fair."}
    return Case(body, s.ids["later_maas"], {"member": ("maas",)})


@case
async def answer_turn_swap(s: Scene) -> Case:
    return Case({"agreed": True}, s.ids["swap_aken"], {"member": ("maas",)})


@case
async def withdraw_turn_swap(s: Scene) -> Case:
    return Case({}, s.ids["swap_maas"], {"member": ("maas",)})


@case
async def add_rendezvous(s: Scene) -> Case:
    body = {
        "code": "ramp",
        "guide_code": "M4",
        "names": everywhere("Ramp"),
        "kind": "guide_post",
        "capacity": 2,
    } | POINT
    return Case(body | of_maas(s), None, {"owner": ("maas",)})


@case
async def change_rendezvous(s: Scene) -> Case:
    return Case({"fuel": True}, s.ids["rendezvous"], {"owner": ("maas",)})


@case
async def set_rendezvous_state(s: Scene) -> Case:
    return Case({"status": "closed"}, s.ids["rendezvous"], {"owner": ("maas",)})


@case
async def add_depot(s: Scene) -> Case:
    return Case({"code": "north", "name": "North"} | POINT | of_maas(s), None, {"owner": ("maas",)})


@case
async def change_depot(s: Scene) -> Case:
    return Case({"name": "South"}, s.world.depots["maas"], {"owner": ("maas",)})


@case
async def remove_depot(s: Scene) -> Case:
    return Case({}, s.ids["empty_depot"], {"owner": ("maas",)})


@case
async def add_contact(s: Scene) -> Case:
    return Case(
        {"code": "hazmat", "function": "Adviser", "phone": "+31 00 000 0113"} | of_maas(s), None, {"owner": ("maas",)}
    )


@case
async def change_contact(s: Scene) -> Case:
    return Case({"phone": "+31 00 000 0114"}, s.ids["contact"], {"owner": ("maas",)})


@case
async def remove_contact(s: Scene) -> Case:
    return Case({}, s.ids["contact"], {"owner": ("maas",)})


@case
async def add_resource(s: Scene) -> Case:
    body = {"depot_id": s.world.depots["maas"], "type_code": PUMP, "call_sign": "New 1", "mobilisation_min": 5}
    body["readiness"] = {"papers": True, "couplings": True, "radios": True, "languages": ["en"]}
    return Case(body | of_maas(s), None, {"owner": ("maas",)})


@case
async def change_resource(s: Scene) -> Case:
    return Case({"crew": 5}, s.world.resources["maas-pump-2"], {"owner": ("maas",)})


@case
async def set_resource_status(s: Scene) -> Case:
    return Case({"status": "out_of_service", "reason": "crew"}, s.world.resources["maas-pump-2"], {"owner": ("maas",)})


@case
async def retire_resource(s: Scene) -> Case:
    return Case({}, s.world.resources["maas-pump-2"], {"owner": ("maas",)})


@case
async def form_formation(s: Scene) -> Case:
    return Case(s.module(1), None, {"owner": ("luik",)})


@case
async def change_formation(s: Scene) -> Case:
    return Case({"talkgroup": "LUIK-1"}, s.ids["formation"], {"owner": ("luik",)})


@case
async def split_mission(s: Scene) -> Case:
    return Case({"part_ids": [s.unit("luik", TRUCK, 0)]}, await s.mission("module", "on_scene"), MISSION, IMMEDIATE)


@case
async def add_external_id(s: Scene) -> Case:
    body = {"source": "gms", "kind": "resource", "code": "12-9", "subject_id": s.world.resources["maas-pump-2"]}
    return Case(body | of_maas(s), None, {"owner": ("maas",)}, {"external_kind": "resource"})


@case("add_external_id")
async def number_of_an_incident(s: Scene) -> Case:
    body = {"source": "cad", "kind": "incident", "code": "26-7", "subject_id": s.ids["incident"]}
    return Case(body, None, {"owner": (OWN,)}, {"external_kind": "incident"})


@case
async def end_external_id(s: Scene) -> Case:
    return Case({}, s.ids["external_resource"], {"owner": ("maas",)}, {"external_kind": "resource"})


@case("end_external_id")
async def number_of_an_incident_ends(s: Scene) -> Case:
    return Case({}, s.ids["external_incident"], {"owner": ("maas",)}, {"external_kind": "incident"})


# ---------------------------------------------------------------- incidents


@case
async def report_incident(_s: Scene) -> Case:
    return Case(flood(), None, {})


@case
async def change_incident(s: Scene) -> Case:
    return Case({"severity": 5}, s.ids["incident"], {})


@case
async def add_log_entry(s: Scene) -> Case:
    return Case({"text": "The dike holds."}, s.ids["incident"], {})


@case
async def change_phase(s: Scene) -> Case:
    return Case({"country": "NL", "phase": "grip_2"}, s.ids["incident"], {"country": ("maas",)})


@case
async def close_incident(s: Scene) -> Case:
    made = await s.does("report_incident", **flood())
    return Case({}, made.id, {"lead": ("maas",)})


# ---------------------------------------------------------------- requests


@case
async def draft_request(s: Scene) -> Case:
    body = {"incident_id": s.ids["incident"], "kind": "planned", "lines": [wanted()]}
    return Case(body, None, {"requester": (OWN,)})


@case
async def change_request(s: Scene) -> Case:
    return Case({"note": "Water."}, s.ids["draft_planned"], {"requester": ("maas",)})


@case
async def submit_request(s: Scene) -> Case:
    return Case({}, s.ids["draft_planned"], {"requester": ("maas",)})


@case("open_request")
async def open_a_planned_one(s: Scene) -> Case:
    return Case({}, s.ids["submitted_planned"], {"requester": ("maas",)}, PLAN)


@case("open_request")
async def open_an_immediate_one(s: Scene) -> Case:
    return Case({}, s.ids["submitted_immediate"], {"requester": ("maas",)}, IMMEDIATE)


@case
async def cancel_request(s: Scene) -> Case:
    return Case({}, s.ids["open_immediate"], {"requester": ("maas",)})


@case
async def call_off_request(s: Scene) -> Case:
    asked = await s.does(
        "draft_request", who=LUIK, incident_id=await s.incident(), kind="immediate", lines=[wanted()], then="open"
    )
    return Case({"why": "The incident is over."}, asked.id, {"lead": ("maas",)})


@case
async def close_request(s: Scene) -> Case:
    return Case({}, s.ids["open_immediate"], {"requester": ("maas",)})


@case
async def acknowledge_request(s: Scene) -> Case:
    return Case({}, s.ids["open_immediate"], {"addressed": ("luik", "aken")})


@case
async def decline_request(s: Scene) -> Case:
    return Case({"reason": "crew"}, s.ids["open_immediate"], {"lender": (OWN,)}, stopped=("maas",))


@case("acknowledge_request")
async def acknowledge_what_luik_alone_is_asked(s: Scene) -> Case:
    return Case({}, s.ids["of_luik"], {"addressed": ("luik", "aken")}, stopped=("aken",))


@case("decline_request")
async def decline_what_luik_alone_is_asked(s: Scene) -> Case:
    return Case({"reason": "crew"}, s.ids["of_luik"], {"lender": (OWN,)}, stopped=("maas", "aken"))


@case("send_day_to_day")
async def send_what_luik_alone_is_asked(s: Scene) -> Case:
    def own(member: str) -> dict[str, Any]:
        return {"resource_id": s.unit("aken", AMBULANCE, 0) if member == "aken" else s.unit("luik", AMBULANCE, 1)}

    return Case(own, s.ids["of_luik"], {"lender": (OWN,)}, stopped=("maas", "aken"))


@case("make_offer")
async def offer_what_luik_alone_is_asked(s: Scene) -> Case:
    line = {"request_line_id": s.ids["of_luik_line"], "quantity": 1}
    return Case({"lines": [line]}, s.ids["of_luik"], {"lender": (OWN,)}, stopped=("maas", "aken"))


@case
async def ask_question(s: Scene) -> Case:
    return Case({"text": "How deep?"}, s.ids["open_immediate"], {}, stopped=("maas",))


@case
async def answer_question(s: Scene) -> Case:
    return Case({"text": "Deep."}, s.ids["question"], {"addressed": ("maas",)})


# ---------------------------------------------------------------- offers


@case
async def make_offer(s: Scene) -> Case:
    line = {"request_line_id": s.ids["open_immediate_line"], "quantity": 1}
    return Case({"lines": [line]}, s.ids["open_immediate"], {"lender": (OWN,)}, stopped=("maas",))


UNASKED: dict[str, Any] = {"lines": [{"type_code": ENGINE}]}


@case
async def offer_unasked(s: Scene) -> Case:
    until = s.clock.now() + timedelta(hours=5)
    return Case(UNASKED | {"valid_until": until}, s.ids["incident"], {"lender": (OWN,)}, stopped=("maas",))


@case("take_up_unasked_offer")
async def take_up_an_immediate_one(s: Scene) -> Case:
    return Case({}, s.ids["unasked_immediate"], BOTH, IMMEDIATE)


@case("take_up_unasked_offer")
async def take_up_a_planned_one(s: Scene) -> Case:
    return Case({}, s.ids["unasked_planned"], BOTH, PLAN)


@case
async def decline_unasked_offer(s: Scene) -> Case:
    return Case({"reason": "The water falls."}, s.ids["unasked_immediate"], {"requester": ("maas",)})


@case
async def withdraw_unasked_offer(s: Scene) -> Case:
    return Case({}, s.ids["unasked_immediate"], {"lender": ("luik",)})


@case
async def say_lender_word(s: Scene) -> Case:
    body = {"word": "cannot", "reason": "crew", "until_at": s.clock.now() + timedelta(hours=5)}
    return Case(body, None, {"member": (OWN,)}, {"lender_word": "cannot"})


@case("say_lender_word")
async def say_that_it_can(s: Scene) -> Case:
    body = {"word": "can", "note": "The river falls.", "until_at": s.clock.now() + timedelta(hours=5)}
    return Case(body, None, {"member": (OWN,)}, {"lender_word": "can"})


@case
async def withdraw_lender_word(s: Scene) -> Case:
    return Case({}, s.ids["word"], {"member": ("luik",)})


@case
async def withdraw_offer(s: Scene) -> Case:
    return Case({}, s.ids["offered_immediate"], {"lender": ("luik",)})


@case
async def decline_offer(s: Scene) -> Case:
    return Case({}, s.ids["offered_immediate"], {"requester": ("maas",)})


@case("accept_offer")
async def accept_an_immediate_one(s: Scene) -> Case:
    return Case({}, s.ids["offered_immediate"], BOTH, IMMEDIATE)


@case("accept_offer")
async def accept_a_planned_one(s: Scene) -> Case:
    return Case({}, s.ids["offered_planned"], BOTH, PLAN)


async def _commit(s: Scene, kind: str, facts: dict[str, str]) -> Case:
    units = [{"offer_line_id": s.ids[f"accepted_{kind}_line"], "resource_id": s.unit("luik", ENGINE, 7)}]
    return Case({"units": units}, s.ids[f"accepted_{kind}"], BOTH, facts)


@case("commit_offer")
async def commit_an_immediate_one(s: Scene) -> Case:
    return await _commit(s, "immediate", IMMEDIATE)


@case("commit_offer")
async def commit_a_planned_one(s: Scene) -> Case:
    return await _commit(s, "planned", PLAN)


# ---------------------------------------------------------------- authorities, shifts


@case
async def confirm_receipt(s: Scene) -> Case:
    return Case({}, s.ids["notice"], {"member": ("maas",)})


@case
async def hand_over_shift(_s: Scene) -> Case:
    return Case({"text": "Pumps run."}, None, {"member": (OWN,)})


@case
async def take_over_shift(s: Scene) -> Case:
    return Case({}, s.ids["note"], {"member": ("maas",)})


# ---------------------------------------------------------------- missions


def of_mission(name: str, state: str, body: dict[str, Any] | None = None, mission: str = "immediate") -> None:
    """Enter a case for a command on a mission in a state, where nothing else is needed."""

    async def made(s: Scene) -> Case:
        return Case(body or {}, await s.mission(mission, state), MISSION, IMMEDIATE)

    made.__name__ = name
    case(made)


of_mission("advance_mission", "committed", {"to": "mobilising"})
of_mission("report_at_border", "in_transit", {"to": "at_border"}, "border")
of_mission("reroute_mission", "committed")
of_mission("release_mission", "on_scene")
of_mission("stand_down", "on_scene")
of_mission("recall", "on_scene", {"why": "A fire of our own."})
of_mission("abort_mission", "on_scene", {"why": "Broken."})
of_mission("close_mission", "returned")
of_mission("record_measures", "returned", {"kilometres": 40.5})
of_mission("reassign_mission", "on_scene", {"place": "The lock", "reason": "It gives way."} | POINT)
of_mission("name_liaison", "on_scene", {"name": "HBM Schmitz", "phone": "+49 00 000 0177"})
of_mission("name_guide", "on_scene", {"name": "OvD-B"})
of_mission("write_manifest", "on_scene", {"officers": 1, "ncos": 1, "crew": 4})
of_mission("ask_host_support", "on_scene", {"kind": "food", "quantity": 6})


@case
async def report_at_border(s: Scene) -> Case:
    sides = {"lender": ("aken",), "requester": ("maas",)}
    return Case({"to": "at_border"}, await s.mission("border", "in_transit"), sides, IMMEDIATE)


CASES["report_at_border"] = CASES["report_at_border"][1:]


@case
async def assign_unit(s: Scene) -> Case:
    return Case({"resource_id": s.unit("luik", AMBULANCE, 1)}, s.ids["unnamed"], MISSION, IMMEDIATE)


@case
async def send_to_rendezvous(s: Scene) -> Case:
    return Case({"rendezvous_id": s.ids["rendezvous"]}, await s.mission("immediate", "committed"), MISSION, IMMEDIATE)


@case
async def ask_extension(s: Scene) -> Case:
    until = (s.clock.now() + timedelta(hours=20)).isoformat()
    return Case(
        {"until": until, "reason": "The water stays."}, await s.mission("immediate", "on_scene"), MISSION, IMMEDIATE
    )


async def _relief(s: Scene, kind: str, facts: dict[str, str]) -> Case:
    body = {"resource_id": s.unit("luik", ENGINE, 7)}
    return Case(body, await s.mission(kind, "on_scene"), MISSION, facts)


@case("plan_relief")
async def relieve_in_immediate_help(s: Scene) -> Case:
    return await _relief(s, "immediate", IMMEDIATE)


@case("plan_relief")
async def relieve_in_planned_help(s: Scene) -> Case:
    return await _relief(s, "planned", PLAN)


@case("answer_extension")
async def extend_immediate_help(s: Scene) -> Case:
    await s.mission("immediate", "on_scene")
    return Case({"granted": True}, s.ids["extension_immediate"], MISSION, IMMEDIATE)


@case("answer_extension")
async def extend_planned_help(s: Scene) -> Case:
    await s.mission("planned", "on_scene")
    return Case({"granted": True}, s.ids["extension_planned"], MISSION, PLAN)


@case
async def answer_reassignment(s: Scene) -> Case:
    await s.mission("immediate", "on_scene")
    return Case({"agreed": True}, s.ids["reassignment"], MISSION, IMMEDIATE)


@case
async def confirm_host_support(s: Scene) -> Case:
    return Case({"place": "The station"}, s.ids["support"], MISSION, IMMEDIATE)


@case
async def decline_host_support(s: Scene) -> Case:
    return Case({"reason": "None left."}, s.ids["support"], MISSION, IMMEDIATE)


# ---------------------------------------------------------------- automatic aid, the telephone


@case
async def alarm_automatic_aid(s: Scene) -> Case:
    body = {"type_code": PUMP} | POINT
    return Case(body, s.ids["incident"], {"requester": (OWN,)}, IMMEDIATE)


@case
async def answer_automatic_alarm(s: Scene) -> Case:
    return Case({"rolling": False, "reason": "crew"}, s.ids["alarm"], {"lender": ("luik",)}, IMMEDIATE)


@case
async def call_off_automatic_aid(s: Scene) -> Case:
    return Case({}, s.ids["aid"], {"requester": ("maas",)}, IMMEDIATE)


@case
async def assist_now(s: Scene) -> Case:
    body = {
        "requester_id": s.world.members["maas"], "lender_id": s.world.members["luik"], "incident_id": s.ids["incident"],
        "type_code": ENGINE, "quantity": 1,
    }  # fmt: skip
    return Case(body | POINT, None, BOTH)


@case
async def confirm_call(s: Scene) -> Case:
    return Case({}, s.ids["call"], BOTH, stopped=("maas",))


@case
async def take_back_call(s: Scene) -> Case:
    return Case({"why": "Meant for others."}, s.ids["call"], {"writer": ("maas",)})


@case
async def make_debt_good(s: Scene) -> Case:
    return Case({}, s.ids["debt"], {"owes": (s.owes,)})


# ---------------------------------------------------------------- agreements, money


@case
async def draft_agreement(s: Scene) -> Case:
    parties = [s.world.members["maas"], s.world.members["luik"]]
    body = {
        "code": "new",
        "names": everywhere("New"),
        "lenders": parties,
        "borrowers": parties,
        "terms": {"kinds": ["planned"], "cost": {"terms": "free"}},
    }
    return Case(body | {"effective_at": "2026-01-01T00:00:00Z"}, None, {"party": ("maas", "luik")})


@case
async def propose_agreement(s: Scene) -> Case:
    return Case({}, s.ids["agreement_draft"], {"party": ("maas", "luik")})


@case
async def consent_to_agreement(s: Scene) -> Case:
    return Case({}, s.ids["agreement_proposed"], {"party": ("maas", "luik")})


@case("consent_to_agreement")
async def consent_for_luik(s: Scene) -> Case:
    return Case({"on_behalf_of": str(s.world.members["luik"])}, s.ids["agreement_proposed"], {"party": ("luik",)})


@case
async def suspend_agreement(s: Scene) -> Case:
    return Case({"reason": "Insurance"}, await s.agreement("in_force"), PARTIES)


@case
async def terminate_agreement(s: Scene) -> Case:
    return Case({}, await s.agreement("in_force"), PARTIES)


@case
async def resume_agreement(s: Scene) -> Case:
    return Case({}, await s.agreement("suspended"), PARTIES)


def terms_of(s: Scene) -> dict[str, Any]:
    """Return the terms of an agreement between two members."""
    parties = [s.world.members["maas"], s.world.members["luik"]]
    body = {"lenders": parties, "borrowers": parties, "terms": {"kinds": ["planned"], "cost": {"terms": "free"}}}
    return body | {"effective_at": (s.clock.now() + timedelta(days=1)).isoformat()}


@case
async def draft_agreement_version(s: Scene) -> Case:
    return Case(terms_of(s), s.ids["agreement_signed"], {"party": ("maas", "luik")})


@case
async def change_agreement_draft(s: Scene) -> Case:
    return Case(terms_of(s), s.ids["agreement_draft"], {"party": ("maas", "luik")})


@case
async def withdraw_agreement(s: Scene) -> Case:
    return Case({"reason": "Not now."}, s.ids["agreement_proposed"], {"party": ("maas", "luik")})


@case
async def review_agreement(s: Scene) -> Case:
    body = {"note": "It works.", "next_review_at": (s.clock.now() + timedelta(days=300)).isoformat()}
    return Case(body, s.ids["agreement_signed"], {"party": ("maas", "luik")})


@case
async def import_contacts(s: Scene) -> Case:
    rows = [{"at": 2, "code": "imported", "function": "Duty", "phone": "+31 00 000 0116"}]
    return Case({"rows": rows} | of_maas(s), None, {"owner": ("maas",)})


@case
async def import_depots(s: Scene) -> Case:
    return Case(
        {"rows": [{"at": 2, "code": "imported", "name": "West"} | POINT]} | of_maas(s), None, {"owner": ("maas",)}
    )


@case
async def import_resources(s: Scene) -> Case:
    rows = [{"at": 2, "call_sign": "Imported 1", "type": PUMP, "depot": "main", "mobilisation_min": 5}]
    return Case({"rows": rows} | of_maas(s), None, {"owner": ("maas",)})


@case
async def enter_exchange_rate(s: Scene) -> Case:
    day = s.clock.now().date().isoformat()
    return Case({"base": "EUR", "quote": "CHF", "rate": "0.95", "day": day, "source": "ECB"}, None, {})


@case
async def contest_exchange_rate(s: Scene) -> Case:
    body = {"reason": "Yesterday's.", "rate": "0.97", "source": "SNB"}
    return Case(body, s.ids["rate"], {"other_member": ("luik", "aken")})


@case
async def agree_to_exchange_rate(s: Scene) -> Case:
    return Case({}, s.ids["rate_contested"], {"disputant": ("maas", "luik")})


@case
async def acknowledge_statement(s: Scene) -> Case:
    return Case({}, s.ids["statement"], BOTH)


@case
async def dispute_statement(s: Scene) -> Case:
    return Case({"reason": "not_ours"}, s.ids["statement"], BOTH)


async def statement(s: Scene, status: str) -> UUID:
    """Put the statement into a state, by hand: maas disputes it, and pays the rest. Return its id."""
    id_: UUID = s.ids["statement"]
    await s.conn.execute(
        "UPDATE statement SET status = $2, disputed_by_member_id = $3, dispute_reason = 'wrong_kilometres', net = 5, a_owes = 5, b_owes = 0,"
        " payer_id = $3 WHERE id = $1", id_, status, s.world.members["maas"],
    )  # fmt: skip
    return id_


@case
async def answer_statement(s: Scene) -> Case:
    return Case({"answer": "as_measured"}, await statement(s, "disputed"), {"disputed_with": ("luik",)})


@case
async def reissue_statement(s: Scene) -> Case:
    id_ = await statement(s, "disputed")
    await s.conn.execute(
        "UPDATE mission SET kilometres = 99 WHERE id = (SELECT mission_id FROM statement_line LIMIT 1)"
    )
    return Case({}, id_, {"lender": ("luik",)})


@case
async def pay_statement(s: Scene) -> Case:
    return Case({"reference": "2026-07/1"}, await statement(s, "acknowledged"), {"requester": ("maas",)})


@case
async def draft_claim(s: Scene) -> Case:
    return Case({"mission_ids": [s.ids["to_claim"]]}, None, MISSION)


def of_claim(name: str, claim: str, status: str, body: dict[str, Any] | None = None, *, line: bool = False) -> None:
    """Enter a case for a command on a claim in a state, or on its first line."""

    async def made(s: Scene) -> Case:
        await s.conn.execute("UPDATE claim SET status = $2 WHERE id = $1", s.ids[claim], status)
        return Case(body or {}, s.ids[f"{claim}_line" if line else claim], BOTH)

    made.__name__ = name
    case(made)


of_claim("discard_claim", "claim_draft", "draft")
of_claim("submit_claim", "claim_draft", "draft")
of_claim("verify_claim", "claim_submitted", "submitted")
of_claim("pay_claim", "claim_submitted", "verified", {"reference": "2026/1"})
of_claim("close_claim", "claim_submitted", "paid")
of_claim("waive_claim", "claim_submitted", "submitted", {"why": "Neighbours."})
of_claim(
    "dispute_claim_line", "claim_submitted", "submitted", {"reason": "wrong_rate", "counter_amount": "1.00"}, line=True
)
of_claim("answer_dispute", "claim_disputed", "disputed", {"amount": "2.00", "answer": "So be it."}, line=True)
of_claim("withdraw_dispute", "claim_disputed", "disputed", line=True)


# ---------------------------------------------------------------- users, tokens, people


@case
async def add_user(s: Scene) -> Case:
    return Case({"login": "new", "display_name": "New", "roles": ["viewer"]} | of_maas(s), None, {"member": ("maas",)})


def of_user(name: str, body: dict[str, Any]) -> None:
    """Enter a case for a command on somebody of maas's."""

    async def made(s: Scene) -> Case:
        return Case(body, s.users["somebody"], {"member": ("maas",)}, user=s.users["somebody"])

    made.__name__ = name
    case(made)


of_user("change_user", {"language": "fr"})
of_user("deactivate_user", {})
of_user("erase_user", {})
of_user("add_token", {"label": "y", "scopes": ["read"]})


@case
async def revoke_token(s: Scene) -> Case:
    return Case({}, s.ids["token"], {"member": ("maas",)}, user=s.users["somebody"])


@case
async def renew_calendar_address(s: Scene) -> Case:
    viewer = s.world.users["maas", "viewer"]
    return Case({}, viewer, {}, user=viewer)


@case
async def add_webhook(s: Scene) -> Case:
    body = {"label": "CAD", "url": "https://cad.example.org/in", "events": ["mission.*"]} | of_maas(s)
    return Case(body, None, {"member": ("maas",)})


def of_webhook(name: str, body: dict[str, Any]) -> None:
    """Enter a case for a command on maas's webhook."""

    async def made(s: Scene) -> Case:
        status, why = ("paused", "by_hand") if name == "resume_webhook" else ("active", None)
        await s.conn.execute("UPDATE webhook_endpoint SET status = $1, paused_why = $2", status, why)
        return Case(body, s.ids["webhook"], {"member": ("maas",)})

    made.__name__ = name
    case(made)


for command, body in {
    "change_webhook": {"events": ["*"]}, "rotate_webhook_secret": {}, "pause_webhook": {}, "resume_webhook": {},
    "remove_webhook": {}, "send_test_webhook": {}, "replay_webhook": {"from_seq": 1},
}.items():  # fmt: skip
    of_webhook(command, body)


@case
async def add_inbox_source(s: Scene) -> Case:
    return Case({"label": "CAD", "source": "cad-maas"} | of_maas(s), None, {"member": ("maas",)})


def of_source(name: str, body: dict[str, Any]) -> None:
    """Enter a case for a command on maas's source."""

    async def made(s: Scene) -> Case:
        await s.conn.execute(
            "UPDATE inbox_source SET status = $1", "paused" if name == "resume_inbox_source" else "active"
        )
        return Case(body, s.ids["inbox_source"], {"member": ("maas",)})

    made.__name__ = name
    case(made)


for command, body in {
    "change_inbox_source": {"per_minute": 60}, "rotate_inbox_secret": {}, "pause_inbox_source": {}, "resume_inbox_source": {},
    "remove_inbox_source": {}, "add_inbox_mapping": {"mapping": MAPPING},
}.items():  # fmt: skip
    of_source(command, body)


@case
async def turn_on_inbox_mapping(s: Scene) -> Case:
    await s.conn.execute("UPDATE inbox_source SET status = 'active'")
    await s.conn.execute(
        "UPDATE inbox_mapping SET status = 'draft', tried_at = now() WHERE id = $1", s.ids["mapping_draft"]
    )
    return Case({}, s.ids["mapping_draft"], {"member": ("maas",)})


@case
async def refill_integration(_s: Scene) -> Case:
    return Case({}, None, {})


@case
async def run_inbox_message(s: Scene) -> Case:
    return Case({}, await s.waiting("held"), {"member": ("maas",)})


@case
async def discard_inbox_message(s: Scene) -> Case:
    return Case({"why": "Entered by mistake."}, await s.waiting("held"), {"member": ("maas",)})


@case
async def answer_unit_call(s: Scene) -> Case:
    return Case({}, await s.waiting("called"), {"member": ("maas",)})


@case
async def take_into_dispatch(s: Scene) -> Case:
    seq = await s.conn.fetchval(
        "SELECT max(seq) FROM journal_entry WHERE space_id = 'live' AND type = 'mission.committed'"
    )
    await s.conn.execute(
        "INSERT INTO webhook_delivery (space_id, endpoint_id, seq, event, made_at, status, replayed, tries, receipt_by)"
        " VALUES ('live', $1, $2, 'mission.committed', now(), 'waiting', false, 0, now()) ON CONFLICT DO NOTHING",
        s.ids["webhook"], seq,
    )  # fmt: skip
    return Case({"seq": seq}, s.ids["webhook"], {"member": ("maas",)})


@case
async def erase_person(s: Scene) -> Case:
    return Case({"names": ["Piet de Boer"]}, s.world.members["maas"], {"member": ("maas",)})


# ---------------------------------------------------------------- drills

STAFF = {
    "plays": ("maas", "luik"),
    "directs": ("maas", "luik"),
    "controls": ("luik",),
    "evaluates": ("maas", "luik"),
    "safeguards": ("luik",),
}


@case
async def plan_drill(s: Scene) -> Case:
    return Case({"script": SCRIPT.replace("corridor: meuse-rhine", "corridor: test-corridor")})


def of_drill(command: str, state: str, **body: Any) -> None:
    """Enter a case of a command on the drill in that state."""

    @case(command)
    async def of(s: Scene) -> Case:
        return Case(body, s.ids[f"drill_{state}"], STAFF)


for _command, _state, _body in (
    ("change_drill", "planned", {"speed": 2}),
    ("approve_drill", "planned", {}),
    ("schedule_drill", "approved", {"start": "2027-05-04T09:00", "time_zone": "Europe/Brussels"}),
    ("answer_ready", "planned", {}),
    ("go_ahead_with_drill", "planned", {}),
    ("stand_down_drill", "planned", {"reason": "Too many are ill."}),
    ("pause_drill", "running", {}),
    ("resume_drill", "paused", {}),
    ("set_drill_speed", "running", {"speed": 2}),
    ("jump_drill", "running", {}),
    ("deliver_inject", "running", {"inject": "spare"}),
    ("tick_expectation", "running", {"inject": "flood", "member": "nl-maastricht"}),
    ("reach_sync_point", "running", {"point": "ready", "side": "NL"}),
    ("observe_drill", "running", {"text": "They rang."}),
    ("overrule_rating", "ended", {"objective": "asked", "rating": "M", "reason": "They rang."}),
    ("end_drill", "running", {}),
    ("stop_drill", "running", {}),
    ("explain_stop", "stopped", {"reason": "Fire in our building"}),
    ("write_hot_wash", "ended", {"went_well": "The radio", "to_improve": "The rest"}),
    ("hold_hot_wash", "ended", {"summary": "Ring earlier."}),
    ("close_drill", "reviewed", {}),
):
    of_drill(_command, _state, **_body)


@case
async def start_drill(s: Scene) -> Case:
    await s._quiet()
    await s.without_players(s.ids["drill_approved"])
    return Case({}, s.ids["drill_approved"], STAFF)


@case
async def add_corrective_action(s: Scene) -> Case:
    owner = s.world.members["luik"]
    return Case({"text": "Ring", "due_on": "2027-01-01", "owner_member_id": owner}, s.ids["drill_ended"], STAFF)


@case
async def change_corrective_action(s: Scene) -> Case:
    return Case({"status": "done"}, s.ids["action"], STAFF | {"owner": ("maas",)})
