"""A drill on the demonstration corridor, before browsers: its people with passwords, a clock that goes, and what players do meanwhile."""

from __future__ import annotations

from datetime import timedelta

from app.commands.due import next_due
from app.commands.users import AddUser
from app.domain.authority import SYSTEM, Actor
from app.store.engine import reading
from tests.commands.drilling import Drilling
from tests.world import flood

ON_THE_QUAY = flood(area={"type": "Point", "coordinates": [5.7, 50.79]})
PUMPS = {"type_code": "pump.high_capacity", "quantity": 2, "priority": "property", "lon": 5.7, "lat": 50.79}


class Staged(Drilling):
    """Acts in a drill as people do elsewhere, while browsers look at it."""

    async def seat(self, password, *people):
        """Give people (member, role) a login ``role@member`` with a password."""
        for member, role in people:
            login = f"{role}@{member}"
            body = {"login": login, "display_name": login, "roles": [role], "password": password}
            await self.door.execute(
                AddUser.model_validate({"member_id": self.members[member], **body}), actor=SYSTEM, space="live"
            )

    async def until(self, **delta):
        """Let time go on, with all that falls due on the way at its own moment."""
        end = self.clock.now() + timedelta(**delta)
        while (at := await next_due(self.door)) is not None and at <= end:
            self._move_to(at)
            await self.due()
        self._move_to(end)
        await self.due()

    def _move_to(self, at):
        self.clock.move(seconds=max(0.0, (at - self.clock.now()).total_seconds()))

    async def asks_for_pumps(self, who, space):
        """Report the flood and ask for pumps, in the drill's space; returns the receipt of the request."""
        incident = await self.does("report_incident", who=who, space=space, **ON_THE_QUAY)
        return await self.does("draft_request", who=who, space=space, incident_id=incident.id, kind="immediate", lines=[PUMPS], then="open")  # fmt: skip

    async def rated(self, drill, objective):
        """The revision of an objective's rating."""
        async with reading(self.door.engine) as conn:
            return await conn.fetchval("SELECT revision FROM drill_rating WHERE drill_id = $1 AND objective = $2", drill, objective)  # fmt: skip

    async def seated(self, member, role):
        """Somebody who was seated, as who signs in: what is said is known to be theirs."""
        async with reading(self.door.engine) as conn:
            id_ = await conn.fetchval("SELECT id FROM user_account WHERE login = $1", f"{role}@{member}")
        return Actor(id_, "person", self.members[member], frozenset({role}), "console")
