"""Drills over HTTP: the same people as ``tests/commands/drilling.py``, with tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.domain.authority import SYSTEM
from tests.commands.drilling import SCRIPT

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import FastAPI

    from tests.commands.drilling import Drilling

LIVE = "/api/v1/spaces/live"


class DrillOverHttp:
    """Makes people of the corridor's members, and speaks for them."""

    def __init__(self, application: FastAPI, drilling: Drilling) -> None:
        self.application, self.drilling = application, drilling
        self.people: dict[tuple[str, ...], httpx.AsyncClient] = {}
        self.tokens: dict[tuple[str, ...], str] = {}
        self.users: dict[tuple[str, ...], UUID] = {}

    async def of(self, member: str, *roles: str) -> httpx.AsyncClient:
        """Return the client of somebody of a member in these roles."""
        if (member, *roles) not in self.people:
            await self._made(member, *roles)
        return self.people[member, *roles]

    async def _made(self, member: str, *roles: str) -> None:
        door, key = self.drilling.door, (member, *roles)
        login = ".".join(key).replace("_", "-")[:80]
        body: dict[str, Any] = {
            "member_id": self.drilling.members[member], "login": login, "display_name": login, "roles": list(roles),
        }  # fmt: skip
        user = await door.execute(AddUser.model_validate(body), actor=SYSTEM, space="live")
        token = await door.execute(
            AddToken(user_id=user.id, label="tests", scopes=["read", "write"], days=30), actor=SYSTEM, space="live", target=user.id
        )  # fmt: skip
        self.users[key] = user.id
        self.tokens[key] = str((token.once or {})["token"])
        self.people[key] = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.application),
            base_url="http://concord.test",
            headers={"Authorization": f"Bearer {self.tokens[key]}"},
        )

    async def close(self) -> None:
        """Close what was opened."""
        for each in self.people.values():
            await each.aclose()


class Cast:
    """The people of the small drill, by what they are in it, and what they do over HTTP."""

    ROLES = (
        ("director", "nl-maastricht", "exercise_director"),
        ("other director", "be-liege", "exercise_director"),
        ("controller", "be-liege", "drill_controller"),
        ("evaluator", "nl-maastricht", "drill_evaluator"),
        ("player", "nl-maastricht", "dispatcher"),
        ("other player", "be-liege", "dispatcher"),
        ("safety", "be-liege", "safety_officer"),
        ("outsider", "de-aachen", "exercise_director"),
    )

    def __init__(self, over: DrillOverHttp) -> None:
        self.over = over
        self.clients: dict[str, httpx.AsyncClient] = {}

    async def come(self) -> Cast:
        """Have everybody signed in."""
        for name, member, role in self.ROLES:
            self.clients[name] = await self.over.of(member, role)
        return self

    @property
    def members(self) -> dict[str, UUID]:
        """Return the ids of members by their codes."""
        return self.over.drilling.members

    async def gets(self, who: str, address: str, *, space: str = LIVE) -> httpx.Response:
        """Ask for something."""
        return await self.clients[who].get(f"{space}/{address}")

    async def reads(self, who: str, address: str, *, space: str = LIVE) -> Any:
        """Return what somebody reads, who may."""
        answer = await self.gets(who, address, space=space)
        assert answer.is_success, answer.text
        return answer.json()

    async def sends(self, who: str, address: str, *, space: str = LIVE, **body: Any) -> Any:
        """Have somebody send a command, who may; return what came back."""
        answer = await self.clients[who].post(f"{space}/{address}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def planned(self, script: str = SCRIPT, **more: Any) -> str:
        """Plan a drill and have it approved; return its id."""
        made = await self.sends("director", "drills", script=script, **more)
        await self.sends("other director", f"drills/{made['id']}/approve")
        return str(made["id"])

    async def begun(self, script: str = SCRIPT, **more: Any) -> tuple[str, str]:
        """Plan a drill and begin it; return its id, and the address of its space."""
        drill = await self.planned(script, **more)
        for who in ("player", "other player"):
            await self.sends(who, f"drills/{drill}/ready")
        said = await self.sends("director", f"drills/{drill}/start")
        await self.over.drilling.due()
        return drill, f"/api/v1/spaces/{said['subject']['plays_in']}"
