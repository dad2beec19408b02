"""The paths of what everybody depends on: crossings, rendezvous, units, files of units and depots, the shift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from simulations.bench.storm.knowing import Knowing

if TYPE_CHECKING:
    from simulations.bench.storm.board import Json

MOST_ROWS: Final = 5
GONE: Final = frozenset({"bad-rows", "duplicate-call-sign"})
"""What a file may be told: a unit that it names has been taken out or renamed since it was written."""


class Places(Knowing):
    """What a member's people keep up to date."""

    async def crossing(self) -> None:
        """Close a crossing for a moment, open one, or say how it is there: slow, or not for heavy vehicles."""
        crossing = self.rng.choice(self.board.all("crossing"))
        member = self.rng.choice((crossing["member_a_id"], crossing["member_b_id"]))
        body: Json = {"control": self.rng.choice(("none", "checks"))}
        chance = self.rng.random()
        if crossing["control"] != "closed" and chance < 0.4:  # noqa: PLR2004 - a share
            until = datetime.now(UTC) + timedelta(seconds=self.rng.randint(20, 60))
            body = {"control": "closed", "closed_until": until.isoformat()}
        elif chance < 0.6:  # noqa: PLR2004 - a share
            body = {"delay_min": self.rng.randint(0, 45), "capacity_vph": self.rng.randint(50, 900)}
        elif chance < 0.7:  # noqa: PLR2004 - a share
            body = {"max_weight_t": self.rng.choice((7.5, 12, None)), "max_height_m": self.rng.choice((3.2, 4.0, None))}
        await self.send(member, f"crossings/{crossing['id']}/state", body)

    async def rendezvous(self) -> None:
        """Close a rendezvous, or open it again."""
        place = self.board.one(self.rng, "rendezvous")
        if place is not None:
            body = {"status": "closed"} if place["status"] == "open" else {"status": "open"}
            await self.send(place["member_id"], f"rendezvous/{place['id']}/state", body)

    async def unit_out(self) -> None:
        """A unit breaks."""
        unit = self.board.one(self.rng, "resource", lambda row: row["status"] == "available")
        if unit is not None:
            body = {"status": "out_of_service", "reason": "maintenance"}
            await self.send(unit["member_id"], f"resources/{unit['id']}/status", body)

    async def unit_back(self) -> None:
        """A unit is whole again."""
        unit = self.board.one(self.rng, "resource", lambda row: row["status"] == "out_of_service")
        if unit is not None:
            await self.send(unit["member_id"], f"resources/{unit['id']}/status", {"status": "available"})

    async def bring_file(self) -> None:
        """Import a file of a member's units or depots, or try what it would do."""
        member = self.member()["id"]
        if self.by_chance(0.4):
            depots = self.board.all("depot", lambda row: row["member_id"] == member)
            chosen = self.rng.sample(depots, min(len(depots), MOST_ROWS))
            lines = ["code,name", *(f"{row['code']},{row['code']} {self.rng.randint(1, 99)}" for row in chosen)]
            if chosen and self.by_chance(0.3):
                lines = [
                    "code,name,lon,lat",
                    f"storm-{self.rng.getrandbits(24):06x},A shed,{chosen[0]['lon']},{chosen[0]['lat']}",
                ]
            await self._import(member, "depots", lines)
            return
        units = self.board.all("resource", lambda row: row["member_id"] == member and not self.parts(row["id"]))
        chosen = self.rng.sample(units, min(len(units), MOST_ROWS))
        lines = ["call_sign,crew,mobilisation_min"]
        lines += [f'"{row["call_sign"]}",{self.rng.randint(1, 6)},{self.rng.randint(1, 30)}' for row in chosen]
        await self._import(member, "resources", lines)

    async def _import(self, member: str, kind: str, lines: list[str]) -> None:
        if len(lines) > 1:
            dry = "?dry_run=true" if self.by_chance(0.3) else ""
            await self.send_file(member, f"imports/{kind}{dry}", "\n".join(lines), also=GONE)

    async def shift(self) -> None:
        """Leave word to the next shift, or read it."""
        note = self.board.one(self.rng, "handover", lambda row: row["taken_at"] is None)
        if note is None or self.by_chance(0.5):
            await self.send(self.member()["id"], "handovers", {"text": "Pumps run."}, who=0)
        else:
            await self.send(note["member_id"], f"handovers/{note['id']}/take", who=1)
