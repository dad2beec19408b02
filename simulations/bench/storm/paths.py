"""The paths of the storm: what a city's people do next, by chance, with what they know of. Every step is one that they may do."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import httpx

from simulations.bench.storm.agreed import CODE as LIMITS
from simulations.bench.storm.agreed import RATES
from simulations.bench.storm.aid import Aid
from simulations.bench.storm.client import READS, Refused
from simulations.bench.storm.knowing import ASKING
from simulations.bench.storm.missions import Missions
from simulations.bench.storm.money import Claims
from simulations.bench.storm.papers import Agreements
from simulations.bench.storm.places import Places

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from simulations.bench.storm.board import Json

FRACTION: Final = 0.5
MOST_INCIDENTS: Final = 12
HAZARDS: Final = ("flood", "storm", "structural_fire", "wildfire", "mass_casualty")
MOST_ASKED: Final = 4


class Walker(Missions, Claims, Agreements, Aid, Places):
    """One client: it does one thing after the other until the time is over."""

    async def walk(self, until: float) -> None:
        """Walk on until ``until`` (``time.perf_counter``)."""
        steps = list(self.steps())
        while time.perf_counter() < until:
            if self.rng.random() < READS:
                await self.read(self.member()["id"])
                continue
            await self.take(self.rng.choices([step for step, _ in steps], [weight for _, weight in steps])[0])

    async def take(self, step: Callable[[], Awaitable[Any]]) -> None:
        """Take one step; a refusal that says that things have changed ends it."""
        try:
            await step()
        except Refused:
            return
        except httpx.TransportError as error:
            self.counts.faults.append(f"{type(error).__name__}: {error}")

    def steps(self) -> tuple[tuple[Callable[[], Awaitable[Any]], int], ...]:
        """Return what can be done, and how often."""
        return (
            (self.report, 3), (self.tell_of_incident, 4), (self.ask, 10), (self.draft_on, 8), (self.answer, 16),
            (self.decide, 16), (self.commit, 16), (self.move, 60), (self.disturb, 12), (self.phone, 6), (self.confirm, 6),
            (self.make_good, 4), (self.end_request, 5), (self.ask_question, 4), (self.answer_question, 4), (self.send_day_to_day, 3),
            (self.pause_agreement, 1), (self.resume_agreement, 3), (self.crossing, 2), (self.unit_out, 3), (self.unit_back, 4),
            (self.shift, 1), (self.answer_pending, 8), (self.claim, 5), (self.go_on_with_claim, 12), (self.renew, 5), (self.alarm, 4),
            (self.answer_alarm, 10), (self.ask_for_formation, 3), (self.split, 3), (self.change_formation, 1),
            (self.bring_file, 3), (self.rendezvous, 1),
        )  # fmt: skip

    # ------------------------------------------------------------ incidents

    async def report(self) -> None:
        """Report an incident, while there are not too many to meet at one."""
        if len(self.board.all("incident", lambda row: row["status"] != "closed")) >= MOST_INCIDENTS:
            await self.close_incident()
            return
        at = self.member()
        lon, lat = at["lon"], at["lat"]
        ring = [[lon - 0.01, lat - 0.01], [lon + 0.01, lat - 0.01], [lon + 0.01, lat + 0.01], [lon - 0.01, lat - 0.01]]
        body = {"title": "A storm", "hazard": self.rng.choice(HAZARDS), "severity": self.rng.randint(1, 5),
                "area": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
        await self.send(at["id"], "incidents", body)

    async def tell_of_incident(self) -> None:
        """Write a line in an incident's log, or change how bad it is."""
        incident = self.incident()
        if incident is None:
            return
        member = self.member()["id"]
        if self.rng.random() < FRACTION:
            await self.send(member, f"incidents/{incident['id']}/log", {"text": "The water rises."})
        else:
            body = {"severity": self.rng.randint(1, 5)}
            await self.send(member, f"incidents/{incident['id']}", body, patch=incident)

    async def close_incident(self) -> None:
        """Close an incident, by its lead."""
        if (incident := self.incident()) is not None:
            await self.send(incident["lead_member_id"], f"incidents/{incident['id']}/close")

    # ------------------------------------------------------------ requests

    async def ask(self) -> None:
        """Draft a request, as far as somebody gets with it."""
        incident = self.incident()
        if incident is None:
            return
        kind = self.rng.choice(("planned", "immediate"))
        member = self.asks(incident["hazard"], kind)
        if member is None:
            return
        lines = [
            {"type_code": type_code, "quantity": self.rng.randint(1, MOST_ASKED), "priority": "life_safety",
             "lon": member["lon"], "lat": member["lat"]}
            for type_code in self.rng.sample(self.types(), self.rng.randint(1, 2))
        ]  # fmt: skip
        body = {"incident_id": incident["id"], "kind": kind, "lines": lines,
                "then": self.rng.choice(("draft", "submit", "open", "open"))}  # fmt: skip
        await self.send(member["id"], "requests", body)

    async def draft_on(self) -> None:
        """Go on with a draft: change it, submit it, open it."""
        request = self.board.one(self.rng, "request", lambda row: row["status"] in {"draft", "submitted"})
        if request is None:
            return
        path = f"requests/{request['id']}"
        if self.rng.random() < FRACTION / 2:
            await self.send(request["member_id"], path, {"note": "The water rises."}, patch=request)
        else:
            step = "submit" if request["status"] == "draft" else "open"
            await self.send(request["member_id"], f"{path}/{step}")

    async def answer(self) -> None:
        """Acknowledge, decline, or offer, for a request that is open."""
        request = self.asking()
        if request is None:
            return
        path = f"requests/{request['id']}"
        lines = self.board.all("request_line", lambda row: row["request_id"] == request["id"])
        if not lines or request["kind"] == "day_to_day":
            return
        line = self.rng.choice(lines)
        lender = self.lender(line["type_code"], request["member_id"])
        chance = self.rng.random()
        if chance < 0.15:  # noqa: PLR2004 - a share
            await self.send(lender, f"{path}/acknowledge", self.dated())
        elif chance < 0.2:  # noqa: PLR2004 - a share
            await self.send(lender, f"{path}/decline", self.dated({"reason": "own_emergency"}))
        else:
            await self.send(lender, f"{path}/offers", self.dated({"lines": [self.offered(line, lender)]}))

    def offered(self, line: Json, lender: str) -> Json:
        """Return a line of an offer: a named unit, or so many of the type; now and then by a named act."""
        sent: Json = {"request_line_id": line["id"]}
        unit = self.unit(lender, line["type_code"])
        if unit is not None and self.rng.random() < FRACTION:
            sent["resource_id"] = unit["id"]
        else:
            sent["quantity"] = self.rng.randint(1, line["quantity"])
        chance = self.rng.random()
        if chance < 0.1:  # noqa: PLR2004 - a share
            sent["override_reserve"] = {"reason": "The neighbours cover us."}
        elif chance < 0.2:  # noqa: PLR2004 - a share
            sent["ad_hoc"] = True
        if self.by_chance(0.2):
            sent["cost"] = self._price()
        limits = self.board.all("agreement", lambda row: row["code"] == LIMITS)
        if limits and self.by_chance(0.3):  # the one whose money is nearly spent
            sent["agreement_id"] = limits[0]["id"]
            sent["expected_hours"] = self.rng.randint(1, 9)
        return sent

    def _price(self) -> Json:
        """Return a price of the lender's own: lower than is agreed, the same, higher, or in another currency."""
        share = self.rng.choice((Decimal("0.5"), Decimal(1), Decimal("1.01"), Decimal(100)))
        rates = [rate | {"rate": str((Decimal(rate["rate"]) * share).quantize(Decimal("0.01")))} for rate in RATES]
        return {"terms": "reimbursed", "currency": self.rng.choice(("EUR", "EUR", "EUR", "CHF")), "rates": rates}

    async def decide(self) -> None:
        """Accept, in full or in part, decline, or withdraw an offer."""
        offer = self.board.one(self.rng, "offer", lambda row: row["status"] == "offered")
        if offer is None:
            return
        path, asker = f"offers/{offer['id']}", self.board.rows["request"][offer["request_id"]]["member_id"]
        chance = self.rng.random()
        if chance < 0.08:  # noqa: PLR2004 - a share
            await self.send(offer["lender_id"], f"{path}/withdraw")
        elif chance < 0.16:  # noqa: PLR2004 - a share
            await self.send(asker, f"{path}/decline")
        elif chance < 0.4:  # noqa: PLR2004 - a share
            lines = self.board.all("offer_line", lambda row: row["offer_id"] == offer["id"])
            some = [{"offer_line_id": row["id"], "quantity": self.rng.randint(1, row["quantity"])} for row in lines]
            await self.send(asker, f"{path}/accept", self.dated({"lines": some}))
        else:
            await self.send(asker, f"{path}/accept", self.dated())

    async def commit(self) -> None:
        """Commit an offer that was accepted, with units that seem to be free."""
        offer = self.board.one(self.rng, "offer", lambda row: row["status"] == "accepted")
        if offer is None:
            return
        waiting = self.board.all(
            "offer_line",
            lambda row: row["offer_id"] == offer["id"] and row["accepted_quantity"] and not row["committed"],
        )
        units: list[Json] = []
        for line in waiting:
            free = self.units(offer["lender_id"], line["type_code"])
            self.rng.shuffle(free)
            wanted = line["accepted_quantity"]
            if line["resource_id"] is not None:
                units.append({"offer_line_id": line["id"]})
            elif len(free) >= wanted:
                units += [{"offer_line_id": line["id"], "resource_id": row["id"]} for row in free[:wanted]]
            else:
                await self.send(offer["lender_id"], f"offers/{offer['id']}/withdraw")
                return
        if units:
            await self.send(offer["lender_id"], f"offers/{offer['id']}/commit", self.dated({"units": units}))

    async def end_request(self) -> None:
        """Cancel or close a request."""
        request = self.board.one(self.rng, "request", lambda row: row["status"] in {*ASKING, "committed"})
        if request is not None:
            step = "cancel" if request["status"] == "open" and self.rng.random() < FRACTION / 2 else "close"
            await self.send(request["member_id"], f"requests/{request['id']}/{step}")

    async def ask_question(self) -> None:
        """Ask something about a request."""
        if (request := self.asking()) is not None and request["kind"] != "day_to_day":
            asker = self.other(request["member_id"])
            await self.send(asker, f"requests/{request['id']}/questions", {"text": "Is the quay strong enough?"})

    async def answer_question(self) -> None:
        """Answer what was asked."""
        question = self.board.one(self.rng, "question", lambda row: row["answered_at"] is None)
        if question is not None:
            await self.send(question["to_member_id"], f"questions/{question['id']}/answer", {"text": "30 tonnes."})

    # ------------------------------------------------------------ the telephone, and help from day to day

    async def phone(self) -> None:
        """Write down a phone call, from either end."""
        incident = self.incident()
        if incident is None:
            return
        asker = self.asks(incident["hazard"], "immediate")
        if asker is None:
            return
        type_code = self.rng.choice(self.types())
        lender = self.lender(type_code, asker["id"])
        owned = sum(row["member_id"] == lender and row["type_code"] == type_code for row in self.board.all("resource"))
        body: Json = {
            "requester_id": asker["id"], "lender_id": lender, "incident_id": incident["id"], "type_code": type_code,
            "quantity": self.rng.randint(1, min(2, max(1, owned))), "lon": asker["lon"], "lat": asker["lat"], "person_rung": "Duty officer",
        }  # fmt: skip
        writes = self.rng.choice((asker["id"], lender))
        unit = self.unit(lender, type_code)
        if writes == lender and unit is not None and self.rng.random() < FRACTION:
            body |= {"resource_ids": [unit["id"]], "quantity": 1}
        await self.send(writes, "assist-now", body)

    async def confirm(self) -> None:
        """Confirm the other side's record of a call."""
        call = self.board.one(self.rng, "call", lambda row: row["status"] != "confirmed")
        if call is not None:
            other = call["lender_id"] if call["recorded_by_member_id"] == call["requester_id"] else call["requester_id"]
            await self.send(other, f"calls/{call['id']}/confirm", {"person": "Duty officer"})

    async def make_good(self) -> None:
        """Make good what a call ran ahead of."""
        debt = self.board.one(self.rng, "debt", lambda row: row["status"] != "made_good")
        if debt is not None:
            await self.send(debt["member_id"], f"debts/{debt['id']}/make-good")

    async def send_day_to_day(self) -> None:
        """Ask for an ambulance over the border, and send it."""
        waiting = self.board.one(
            self.rng, "request", lambda row: row["status"] == "open" and row["kind"] == "day_to_day"
        )
        type_code = "ambulance.als"
        if waiting is not None:
            lender = waiting["to_member_id"] or self.lender(type_code, waiting["member_id"])
            if (unit := self.unit(lender, type_code)) is not None:
                await self.send(lender, f"requests/{waiting['id']}/send", {"resource_id": unit["id"]})
            return
        asker = self.asks(None, "day_to_day")
        if asker is None:
            return
        line = {
            "type_code": type_code,
            "quantity": 1,
            "priority": "life_safety",
            "lon": asker["lon"],
            "lat": asker["lat"],
        }
        body = {
            "kind": "day_to_day",
            "lines": [line],
            "then": "open",
            "to_member_id": self.lender(type_code, asker["id"]),
        }
        await self.send(asker["id"], "requests", body)
