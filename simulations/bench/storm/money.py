"""The paths of money: what a mission cost is claimed, disputed, waived and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulations.bench.storm.knowing import Knowing

if TYPE_CHECKING:
    from simulations.bench.storm.board import Json

HOME: Final = ("returned", "closed")
LATE: Final = frozenset({"not-found", "out-of-range"})
"""What one may be told of a claim that somebody else has discarded, or a line that came to less meanwhile."""


class Claims(Knowing):
    """What becomes of claims. Nobody knows but the two members, and all clients are everybody's."""

    async def claim(self) -> None:
        """Draft a claim for missions that are home, where the terms that they went under name rates."""
        paid = {
            (row["agreement_id"], row["version"])
            for row in self.board.all("agreement_version", lambda row: bool(row["terms"]["cost"].get("rates")))
        }
        taken = {row["mission_id"] for row in self.board.all("claim_mission")}
        mission = self.board.one(
            self.rng,
            "mission",
            lambda row: (
                row["status"] in HOME
                and row["kind"] != "day_to_day"
                and (row["agreement_id"], row["agreement_version"]) in paid
                and row["id"] not in taken
            ),
        )
        if mission is None:
            return
        alike = ("lender_id", "requester_id", "agreement_id")
        fits = self.board.all(
            "mission",
            lambda row: (
                row["status"] in HOME
                and row["id"] not in taken
                and row["kind"] != "day_to_day"
                and all(row[name] == mission[name] for name in alike)
            ),
        )
        ids = {mission["id"], *(row["id"] for row in fits[: self.rng.randint(0, 2)])}
        await self.send(mission["lender_id"], "claims", {"mission_ids": sorted(ids)})

    async def go_on_with_claim(self) -> None:
        """Take a claim one step on, by whoever's turn it is."""
        claim = self.board.one(self.rng, "claim", lambda row: row["status"] != "closed")
        if claim is None:
            return
        path, lender, payer, status = (
            f"claims/{claim['id']}",
            claim["lender_id"],
            claim["requester_id"],
            claim["status"],
        )
        if status == "draft":
            step = "discard" if self.by_chance(0.15) else "submit"
            await self.send(lender, f"{path}/{step}", also=LATE)
        elif status == "submitted" and self.by_chance(0.4):
            await self.send(payer, f"{path}/verify")
        elif status in {"submitted", "disputed"}:
            await self._argue(claim)
        elif status == "verified":
            if self.by_chance(0.15):
                await self.send(lender, f"{path}/waive", {"why": "A gift among neighbours."})
            else:
                await self.send(payer, f"{path}/pay", {"reference": "2026-0117"})
        else:
            await self.send(lender, f"{path}/close")

    async def _argue(self, claim: Json) -> None:
        lines = self.board.all("claim_line", lambda row: row["claim_id"] == claim["id"] and float(row["agreed"]) > 0)
        if not lines:
            await self.send(claim["requester_id"], f"claims/{claim['id']}/verify")
            return
        line = self.rng.choice(lines)
        path, lender, payer = f"claim-lines/{line['id']}", claim["lender_id"], claim["requester_id"]
        if line["dispute"] == "raised" and self.by_chance(0.7):
            amount = line["counter_amount"] if self.by_chance(0.6) else line["agreed"]
            body = {"amount": str(amount), "answer": "The log says so."}
            await self.send(lender, f"{path}/answer", body, also=LATE)
        elif line["dispute"] in {"raised", "answered"} and self.by_chance(0.6):
            await self.send(payer, f"{path}/withdraw", also=LATE)
        elif self.by_chance(0.3):
            waived: Json = {"line_ids": [line["id"]], "why": "Not worth a letter."}
            await self.send(lender, f"claims/{claim['id']}/waive", waived, also=LATE)
        elif line["dispute"] in {None, "answered"}:
            counter = "0" if self.by_chance(0.5) else f"{float(line['agreed']) / 2:.2f}"
            body = {"counter_amount": counter, "reason": "It stood still."}
            await self.send(payer, f"{path}/dispute", body, also=LATE)
