"""The paths of automatic aid and of formations: alarmed without a signature, asked for in one line, sent as one, split on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulations.bench.storm.knowing import Knowing

if TYPE_CHECKING:
    from simulations.bench.storm.board import Json

AT_HOME: Final = ("returned", "closed")


class Aid(Knowing):
    """What happens to alarms, and to several units under one leader."""

    async def alarm(self) -> None:
        """Alarm the lenders of a clause, where one covers the place."""
        incident, clauses = self.incident(), self.board.ground.clauses
        if incident is None or not clauses:
            return
        clause = self.rng.choice(clauses)
        askers = self.board.all(
            "member",
            lambda row: row["id"] in clause.borrowers and incident["hazard"] in row["jurisdiction"]["hazards"],
        )
        if not askers:
            return
        body = {"type_code": self.rng.choice(clause.types), "quantity": self.rng.randint(1, 3), "lon": clause.lon,
                "lat": clause.lat}  # fmt: skip
        await self.send(self.rng.choice(askers)["id"], f"incidents/{incident['id']}/automatic-aid", body)

    async def answer_alarm(self) -> None:
        """Say *rolling*, with as many units as there are, or *cannot*; now and then the requester calls it off."""
        alarm = self.board.one(self.rng, "automatic_alarm", lambda row: row["status"] == "alarmed")
        if alarm is None:
            return
        if self.by_chance(0.08):
            await self.send(alarm["requester_id"], f"automatic-aid/{alarm['aid_id']}/call-off")
            return
        free = self.units(alarm["lender_id"], alarm["type_code"])
        body = {"rolling": False, "reason": "crew"}
        if free and self.by_chance(0.7):
            going = self.rng.sample(free, min(len(free), self.rng.randint(1, alarm["quantity"])))
            body = {"rolling": True, "resource_ids": [unit["id"] for unit in going]}
        await self.send(alarm["lender_id"], f"automatic-alarms/{alarm['id']}/answer", body)

    async def ask_for_formation(self) -> None:
        """Ask for a formation in one line."""
        incident = self.incident()
        formations = self.board.all("resource", lambda row: bool(self.parts(row["id"])))
        asker = None if incident is None else self.asks(incident["hazard"], "immediate")
        if incident is None or asker is None or not formations:
            return
        line = {"type_code": self.rng.choice(formations)["type_code"], "quantity": 1, "priority": "life_safety",
                "lon": asker["lon"], "lat": asker["lat"]}  # fmt: skip
        body = {"incident_id": incident["id"], "kind": "immediate", "lines": [line], "then": "open"}
        await self.send(asker["id"], "requests", body)

    async def split(self) -> None:
        """Let some parts of a formation that is out go on alone."""
        whole = {row["id"] for row in self.board.all("resource", lambda row: bool(self.parts(row["id"])))}
        mission = self.board.one(
            self.rng, "mission", lambda row: row["resource_id"] in whole and row["status"] not in AT_HOME
        )
        if mission is None:
            return
        gone = {
            row["resource_id"] for row in self.board.all("mission", lambda row: row["split_from_id"] == mission["id"])
        }
        here = [part["id"] for part in self.parts(mission["resource_id"]) if part["id"] not in gone]
        if len(here) > 1:
            ids = self.rng.sample(here, self.rng.randint(1, len(here) - 1))
            body = {"part_ids": ids}
            await self.send(
                mission["lender_id"], f"missions/{mission['id']}/split", body, also=frozenset({"out-of-range"})
            )

    async def change_formation(self) -> None:
        """Give a formation another talkgroup, or put it together once more."""
        formation = self.board.one(self.rng, "resource", lambda row: bool(self.parts(row["id"])))
        if formation is None:
            return
        body: Json = {"talkgroup": f"STORM-{self.rng.randint(1, 9)}"}
        if self.by_chance(0.5):
            body = {"part_ids": [part["id"] for part in self.parts(formation["id"])]}
        await self.send(
            formation["member_id"],
            f"formations/{formation['id']}",
            body,
            patch=formation,
            also=frozenset({"out-of-range"}),
        )
