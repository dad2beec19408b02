"""The paths of agreements, each with a life of its own: drafted, proposed, signed, suspended, reviewed, renewed, ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from simulations.bench.storm.knowing import Knowing

if TYPE_CHECKING:
    from simulations.bench.storm.board import Json

COUNTING: Final = ("in_force", "suspended")
ON_THE_WAY: Final = ("draft", "proposed")
MOST_SUSPENDED: Final = 2
OWN: Final = "in-the-storm"
"""How the codes of agreements begin that the storm itself makes, and ends again."""
MOST_OWN: Final = 6


class Agreements(Knowing):
    """What parties do with their agreements while units are out under them."""

    async def pause_agreement(self) -> None:
        """Suspend an agreement, by one of its parties."""
        if len(self.board.all("agreement", lambda row: row["status"] == "suspended")) >= MOST_SUSPENDED:
            await self.resume_agreement()
            return
        if (agreement := self.board.one(self.rng, "agreement", lambda row: row["status"] == "in_force")) is not None:
            await self.send(self._party(agreement), f"agreements/{agreement['id']}/suspend", {"reason": "Insurance"})

    async def resume_agreement(self) -> None:
        """Resume it, by who suspended it."""
        if (agreement := self.board.one(self.rng, "agreement", lambda row: row["status"] == "suspended")) is not None:
            by = self.rng.choice(agreement["suspended_by"] or [self._party(agreement)])
            await self.send(by, f"agreements/{agreement['id']}/resume")

    async def renew(self) -> None:
        """Go on with what is on its way; where nothing is, write a new version, look an agreement over again, or make or end one."""
        if self.by_chance(0.7) and await self._go_on():
            return
        agreement = self.board.one(self.rng, "agreement", lambda row: row["status"] in COUNTING)
        chance = self.rng.random()
        if agreement is None or chance < 0.15:  # noqa: PLR2004 - a share
            await self._draft_or_end()
        elif chance < 0.3:  # noqa: PLR2004 - a share
            body = {"note": "Nothing to change.", "next_review_at": _in(days=5)}
            await self.send(self._party(agreement), f"agreements/{agreement['id']}/review", body)
        elif not self._coming(agreement["id"]):
            await self.send(
                self._party(agreement), f"agreements/{agreement['id']}/versions", self._said_anew(agreement)
            )

    async def _go_on(self) -> bool:
        version = self.board.one(self.rng, "agreement_version", lambda row: row["status"] in ON_THE_WAY)
        if version is None:
            return False
        path, parties = f"agreements/{version['agreement_id']}", self._signing(version)
        if self.by_chance(0.05) and version["version"] > 1:
            await self.send(self.rng.choice(parties), f"{path}/withdraw", {"reason": "Another wording is wanted."})
        elif version["status"] == "draft":
            await self.send(self.rng.choice(parties), f"{path}/propose")
        else:
            signed = {
                row["member_id"]
                for row in self.board.all("agreement_consent")
                if (row["agreement_id"], row["version"]) == (version["agreement_id"], version["version"])
            }
            missing = [party for party in parties if party not in signed] or parties
            await self.send(self.rng.choice(missing), f"{path}/consent", {"version": version["version"]})
        return True

    async def _draft_or_end(self) -> None:
        own = self.board.all("agreement", lambda row: row["code"].startswith(OWN) and row["status"] in COUNTING)
        if len(own) >= MOST_OWN:
            agreement = self.rng.choice(own)
            await self.send(self._party(agreement), f"agreements/{agreement['id']}/terminate")
            return
        pair = sorted(row["id"] for row in self.rng.sample(self.board.all("member"), 2))
        types = self.rng.sample(self.types(), 3)
        body = {
            "code": f"{OWN}-{self.rng.getrandbits(32):08x}",
            "names": dict.fromkeys(("en", "de", "fr", "nl"), "In the storm"),
            "lenders": pair,
            "borrowers": pair,
            "precedence": self.rng.randint(1, 100),
            "effective_at": _in(days=-1),
            "expires_at": _in(days=30),
            "terms": {
                "kinds": ["immediate", "planned", "day_to_day"],
                "types": types,
                "caps": {"units": [{"type": types[0], "most": 2}], "longest_deployment_h": 12},
                "reserve": [{"type": types[1], "keep": 1}],
            },
        }
        await self.send(self.rng.choice(pair), "agreements", body)

    def _said_anew(self, agreement: Json) -> Json:
        """Return what counts in nearly the same words: one more or one less at home of something."""
        counts = self._version(agreement["id"], agreement["version"])
        terms = dict(counts["terms"])
        if floors := [dict(floor) for floor in terms.get("reserve", ())]:
            floor = self.rng.choice(floors)
            floor["keep"] = max(0, floor["keep"] + self.rng.choice((-1, 1)))
            terms["reserve"] = floors
        return {
            "lenders": counts["lenders"],
            "borrowers": counts["borrowers"],
            "terms": terms,
            "precedence": counts["precedence"],
            "notice_days": counts["notice_days"],
            "effective_at": _in(days=-1),
            "expires_at": counts["expires_at"],
        }

    def _coming(self, agreement_id: str) -> list[Json]:
        return self.board.all(
            "agreement_version",
            lambda row: row["agreement_id"] == agreement_id and row["status"] in {*ON_THE_WAY, "agreed"},
        )

    def _version(self, agreement_id: str, number: int) -> Json:
        found = self.board.all(
            "agreement_version", lambda row: (row["agreement_id"], row["version"]) == (agreement_id, number)
        )
        return found[0]

    def _signing(self, version: Json) -> list[str]:
        agreement = self.board.rows["agreement"][version["agreement_id"]]
        counts = self._version(agreement["id"], agreement["version"])
        return sorted({*version["lenders"], *version["borrowers"], *counts["lenders"], *counts["borrowers"]})

    def _party(self, agreement: Json) -> str:
        counts = self._version(agreement["id"], agreement["version"])
        party: str = self.rng.choice(sorted({*counts["lenders"], *counts["borrowers"]}))
        return party


def _in(*, days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()
