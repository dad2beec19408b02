"""Who and what a client of the storm chooses from, as far as anybody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from simulations.bench.storm.client import Client

if TYPE_CHECKING:
    from simulations.bench.storm.board import Json

ASKING: Final = ("open", "partly_committed")
"""States of a request that still asks."""


class Knowing(Client):
    """A client that looks around before it does something."""

    def member(self) -> Json:
        """Return a member."""
        return self.rng.choice(self.board.all("member"))

    def other(self, than: str) -> str:
        """Return another member."""
        found: str = self.rng.choice([row["id"] for row in self.board.all("member") if row["id"] != than])
        return found

    def asks(self, hazard: str | None, kind: str) -> Json | None:
        """Return a member that may ask for this."""
        return self.board.one(
            self.rng,
            "member",
            lambda row: kind in row["jurisdiction"]["kinds"] and hazard in {None, *row["jurisdiction"]["hazards"]},
        )

    def incident(self) -> Json | None:
        """Return an incident that is live."""
        return self.board.one(self.rng, "incident", lambda row: row["status"] != "closed")

    def asking(self) -> Json | None:
        """Return a request that is open."""
        return self.board.one(self.rng, "request", lambda row: row["status"] in ASKING)

    def types(self) -> list[str]:
        """Return the types that there are units of."""
        return sorted({row["type_code"] for row in self.board.all("resource")})

    def lender(self, type_code: str, asker: str) -> str:
        """Return another member, if there is one that has the type."""
        has = sorted(
            {row["member_id"] for row in self.board.all("resource") if row["type_code"] == type_code} - {asker}
        )
        return self.rng.choice(has) if has else self.other(asker)

    def units(self, member: str, type_code: str) -> list[Json]:
        """Return the member's units of the type that seem to be available."""
        return self.board.all(
            "resource",
            lambda row: row["member_id"] == member and row["type_code"] == type_code and row["status"] == "available",
        )

    def unit(self, member: str, type_code: str) -> Json | None:
        """Return one of them."""
        found = self.units(member, type_code)
        return self.rng.choice(found) if found else None

    def parts(self, formation: str) -> list[Json]:
        """Return the units that a formation is made of."""
        return self.board.all("resource", lambda row: row["formation_id"] == formation)

    def dated(self, body: Json | None = None) -> Json:
        """Return a body that now and then says that it happened before: minutes ago, or in another year."""
        said = dict(body or {})
        if self.by_chance(0.1):
            before = timedelta(seconds=self.rng.choice((1, 20, 600, 90_000, 400 * 86_400)))
            said["occurred_at"] = (datetime.now(UTC) - before).isoformat()
        return said

    def by_chance(self, share: float) -> bool:
        """Return whether what happens so often happens now."""
        return self.rng.random() < share
