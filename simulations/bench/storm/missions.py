"""The paths of units: there, over the border and home, and all that can come between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from simulations.bench.storm.knowing import ASKING, Knowing

if TYPE_CHECKING:
    from simulations.bench.storm.board import Json

NEXT: Final[dict[str, str]] = {
    "committed": "mobilising", "mobilising": "in_transit", "cleared": "on_scene", "at_rendezvous": "on_scene",
    "staged": "on_scene", "transporting": "at_destination", "released": "returning", "stood_down": "returning",
    "recalled": "returning", "aborted": "returning", "returning": "returned", "reassigned": "in_transit",
}  # fmt: skip
UNDER_WAY: Final = (
    "committed",
    "mobilising",
    "in_transit",
    "at_border",
    "cleared",
    "at_rendezvous",
    "staged",
    "on_scene",
)
SUPPORTS: Final = ("fuel", "food", "beds", "repair")


class Missions(Knowing):
    """What happens to missions."""

    async def move(self) -> None:
        """Take a mission one step on."""
        mission = self.board.one(self.rng, "mission", lambda row: row["status"] != "closed")
        if mission is None:
            return
        path, lender, status = f"missions/{mission['id']}", mission["lender_id"], mission["status"]
        if mission["resource_id"] is None:
            if (unit := self.unit(lender, mission["type_code"])) is not None:
                await self.send(lender, f"{path}/assign-unit", {"resource_id": unit["id"]})
            else:
                await self.send(mission["requester_id"], f"{path}/stand-down")
        elif status == "in_transit" and mission["has_control"]:
            await self.send(lender, f"{path}/border", {"to": "at_border"})
        elif status == "at_border":
            await self.send(lender, f"{path}/border", {"to": "cleared"})
        elif status == "in_transit":
            await self.send(lender, f"{path}/advance", {"to": self.rng.choice(("on_scene", "at_rendezvous"))})
        elif status == "on_scene" and mission["kind"] == "day_to_day" and self.rng.random() < 0.5:  # noqa: PLR2004
            await self.send(lender, f"{path}/advance", {"to": "transporting"})
        elif status in {"on_scene", "at_destination"}:
            await self.send(mission["requester_id"], f"{path}/release")
        elif status == "returned":
            await self._close(path, lender, mission["requester_id"])
        else:
            await self.send(lender, f"{path}/advance", self.dated({"to": NEXT[status]}))

    async def _close(self, path: str, lender: str, asker: str) -> None:
        """Write down what was measured and close it; now and then the requester closes it first."""
        if self.by_chance(0.3):
            await self.send(asker, f"{path}/close")
        await self.send(lender, f"{path}/measures", {"kilometres": 40.5})
        await self.send(lender, f"{path}/close")

    async def disturb(self) -> None:
        """Something comes between: the lender needs its unit, or the requester does no longer, or for longer, or elsewhere."""
        mission = self.board.one(self.rng, "mission", lambda row: row["status"] in (*UNDER_WAY, "released"))
        if mission is None:
            return
        path, lender, asker = f"missions/{mission['id']}", mission["lender_id"], mission["requester_id"]
        if mission["kind"] == "day_to_day":  # which bears no free text
            await self.send(asker, f"{path}/stand-down")
            return
        what = self.rng.choice(("recall", "stand_down", "abort", "extend", "reassign", "support", "liaison", "guide", "manifest",
                                "relief", "reroute"))  # fmt: skip
        if what == "recall":
            await self.send(lender, f"{path}/recall", {"why": "We need it ourselves."})
        elif what == "stand_down":
            await self.send(asker, f"{path}/stand-down")
        elif what == "abort":
            await self.send(lender, f"{path}/abort", {"why": "Broken.", "out_of_service": "damage"})
        elif what == "extend":
            known = mission["relieve_by"] and datetime.fromisoformat(mission["relieve_by"])
            until = (known or datetime.now(UTC)) + timedelta(hours=self.rng.randint(1, 5))
            await self.send(asker, f"{path}/extensions", {"until": until.isoformat(), "reason": "The water stays."})
        elif what == "reassign":
            await self.send(asker, f"{path}/reassignments", self._elsewhere(mission))
        elif what == "relief":
            if (unit := self.unit(lender, mission["type_code"])) is not None:
                await self.send(lender, f"{path}/relief", {"resource_id": unit["id"]})
        else:
            await self._accompany(what, path, lender, asker)

    def _elsewhere(self, mission: Json) -> Json:
        """Return where else the unit could work: at another place, or for a line of the requester's that asks for its type, or did: also
        the one that it has left.
        """
        body = {"place": "The lock", "lon": mission["lon"], "lat": mission["lat"], "reason": "The quay gives way."}
        own = {
            row["id"]: row["incident_id"]
            for row in self.board.all("request", lambda row: row["member_id"] == mission["requester_id"])
            if row["status"] in (*ASKING, "committed") and row["kind"] != "day_to_day"
        }
        lines = self.board.all(
            "request_line", lambda row: row["request_id"] in own and row["type_code"] == mission["type_code"]
        )
        if lines and self.by_chance(0.7):
            line = self.rng.choice(lines)
            body |= {"request_line_id": line["id"], "incident_id": own[line["request_id"]]}
        return body

    async def _accompany(self, what: str, path: str, lender: str, asker: str) -> None:
        if what == "support":
            await self.send(lender, f"{path}/host-support", {"kind": self.rng.choice(SUPPORTS), "quantity": 20})
        elif what == "liaison":
            await self.send(lender, f"{path}/liaison", {"name": "HBM Schmitz", "phone": "+49 00 000 0177"})
        elif what == "guide":
            await self.send(asker, f"{path}/guide", {"name": "OvD-B", "phone": "+31 00 000 0144"})
        elif what == "manifest":
            await self.send(lender, f"{path}/manifest", {"officers": 1, "ncos": 2, "crew": 6})
        elif what == "reroute":
            await self.send(lender, f"{path}/reroute")

    async def answer_pending(self) -> None:
        """Answer what waits for an answer: an extension, a reassignment, a need over there."""
        chance = self.rng.random()
        if chance < 0.4:  # noqa: PLR2004 - a share
            await self._answer("extension", "proposed asked", "extensions", "granted")
        elif chance < 0.7:  # noqa: PLR2004 - a share
            await self._answer("reassignment", "proposed", "reassignments", "agreed")
        else:
            support = self.board.one(self.rng, "host_support", lambda row: row["status"] == "asked")
            if support is not None:
                asker = self.board.rows["mission"][support["mission_id"]]["requester_id"]
                step = self.rng.choice(("confirm", "decline"))
                body = {"place": "The station"} if step == "confirm" else {"reason": "None left."}
                await self.send(asker, f"host-support/{support['id']}/{step}", body)

    async def _answer(self, kind: str, states: str, path: str, word: str) -> None:
        row = self.board.one(self.rng, kind, lambda row: row["status"] in states.split())
        if row is None:
            return
        lender = self.board.rows["mission"][row["mission_id"]]["lender_id"]
        yes = self.rng.random() < 0.7  # noqa: PLR2004 - a share
        body: Json = {word: yes} if yes else {word: yes, "reason": "No crew."}
        if yes and self.by_chance(0.3):
            body["ad_hoc"] = True
        if kind == "reassignment" and self.by_chance(0.8):
            body["confirm_findings"] = True
        await self.send(lender, f"{path}/{row['id']}/answer", body)
