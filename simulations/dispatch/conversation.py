"""A conversation that a dispatch system is tried with: help is asked for, a unit of its member is promised, goes, and comes home.

With a neighbour's token both sides act: incident, request, offer, commitment, release. Without one its own member writes down a phone call,
and calls the unit back. Everything is of one space, by default ``integration``: nothing of it touches what is real.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from simulations.client import Away, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulations.client import Client

POLL_S: Final = 0.5
OUT: Final = ("mobilising", "in_transit", "on_scene")
HOME: Final = ("returning", "returned")
PLACE: Final = {"lon": 5.706, "lat": 50.779, "place": "Eijsden"}
TITLE: Final = "Trial of a dispatch system"
WHY: Final = "Trial of a dispatch system"
PUMP: Final = "pump.high_capacity"
NOT_GIVEN: Final = frozenset({"agreement-refused", "not-available", "over-filled"})
"""Refusals of one type of unit, where another may go."""
MOST_TYPES: Final = 8


class CannotPlay(Exception):
    """The space, or whose token it is, does not let the conversation begin; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was to come about."""

    name: str
    well: bool
    detail: str


@dataclass(slots=True)
class Conversation:
    """One conversation. ``own`` is the token of the dispatch system's member, with the role of a dispatcher."""

    own: Client
    neighbour: Client | None
    space: str
    tell: Callable[[str], None]
    type_code: str | None = None
    moves: bool = False
    """Whether it moves the mission itself; else it waits for the dispatch system to tell."""
    patience_s: float = 120.0
    checks: list[Check] = field(default_factory=list)
    mission_id: str | None = None
    _incident: str | None = None
    _request: str | None = None

    async def play(self) -> list[Check]:
        """Play it to its end; return what was to come about, and whether it did.

        Raises:
            CannotPlay: there is no unit or no neighbour.
            Refused, Away: the service said no, or nothing.
        """
        units = await self._units()
        refused: Refused | None = None
        for unit in units:
            self.tell(f"The unit: {unit['call_sign']} ({unit['type_code']})")
            try:
                incident = await self._begin(unit)
                break
            except Refused as refusal:
                await self._take_back()
                if refusal.slug not in NOT_GIVEN:
                    raise
                refused = refusal
                self.tell(f"  {unit['type_code']} can't be given now: {refusal.detail}")
            except BaseException:  # also Ctrl-C: an open request is an alarm to somebody
                await self._take_back()
                raise
        else:
            types = ", ".join(unit["type_code"] for unit in units)
            message = f"No unit can be given now, of {types}; the last refusal: {refused}."
            raise CannotPlay(f"{message} Free a unit of another type, and name it with --type TYPE.")
        try:
            await self._goes(incident)
        except BaseException:
            await self._put_away(incident)
            raise
        return self.checks

    async def _begin(self, unit: dict[str, Any]) -> str:
        self._incident = self._request = None
        return await (self._call(unit) if self.neighbour is None else self._asked_for(self.neighbour, unit))

    async def _goes(self, incident: str) -> None:
        await self._moves(OUT, "on_scene", "the unit is told to be on scene")
        if self.neighbour is None:
            await self._does(self.own, f"missions/{self.mission_id}/recall", "recall", why=WHY)
        elif await self._status() == "on_scene":
            await self._does(self.neighbour, f"missions/{self.mission_id}/release", "release")
        else:
            await self._does(self.neighbour, f"missions/{self.mission_id}/stand-down", "stand down", why=WHY)
        await self._moves(HOME, "returned", "the unit is told to be home")
        await self._put_away(incident)

    # ------------------------------------------------------------ how it begins

    async def _units(self) -> list[dict[str, Any]]:
        """Return a free unit of each type, a pump first: an agreement may let none of one type go, and one of another."""
        member = (await self.own.get("/api/v1/session"))["user"]["member"]["id"]
        of = {"member": member, "status": "available"} | ({"type": self.type_code} if self.type_code else {})
        units = [each for each in await self.own.all(self._at("resources"), **of) if not each.get("formation_id")]
        if not units:
            message = (
                f"Your member has no available unit{f' of {self.type_code}' if self.type_code else ''} in {self.space}."
            )
            raise CannotPlay(f"{message} An admin fills the space with POST /api/v1/integration/refill.")
        by_type = {each["type_code"]: dict(each) for each in reversed(units)}
        return sorted(by_type.values(), key=lambda each: each["type_code"] != PUMP)[:MOST_TYPES]

    async def _call(self, unit: dict[str, Any]) -> str:
        """Write down a phone call: a unit of ours rolls."""
        members = await self.own.all(self._at("members"))
        own = (await self.own.get("/api/v1/session"))["user"]["member"]
        others = [each for each in members if each["id"] != own["id"]]
        if not others:
            raise CannotPlay(
                f"There is no neighbour in {self.space}. An admin fills it with POST /api/v1/integration/refill."
            )
        asks = next((each for each in others if each.get("country") != own["country"]), others[0])
        incident = await self._does(
            self.own, "incidents", "report an incident", title=TITLE, hazard="flood", severity=2, area=_area()
        )
        self._incident = str(incident["id"])
        body = {
            "requester_id": asks["id"], "lender_id": own["id"], "incident_id": incident["id"], "type_code": unit["type_code"],
            "quantity": 1, "resource_ids": [unit["id"]], **PLACE,
        }  # fmt: skip
        written = await self._does(self.own, "assist-now", f"write down a call from {asks['code']}", **body)
        self.mission_id = written["rows"]["mission"][0]["id"]
        return str(incident["id"])

    async def _asked_for(self, neighbour: Client, unit: dict[str, Any]) -> str:
        """Have the neighbour ask, ourselves offer and commit."""
        incident = await self._does(
            neighbour, "incidents", "report an incident", title=TITLE, hazard="flood", severity=2, area=_area()
        )
        self._incident = str(incident["id"])
        line = {"type_code": unit["type_code"], "quantity": 1, "priority": "life_safety", **PLACE}
        drafted = await self._does(
            neighbour, "requests", "ask", incident_id=incident["id"], kind="immediate", lines=[line]
        )
        self._request = str(drafted["id"])
        for step in ("submit", "open"):
            await self._does(neighbour, f"requests/{drafted['id']}/{step}", step)
        wanted = {"request_line_id": drafted["rows"]["request_line"][0]["id"], "quantity": 1}
        offer = await self._does(self.own, f"requests/{drafted['id']}/offers", "offer", lines=[wanted])
        await self._does(neighbour, f"offers/{offer['id']}/accept", "accept")
        given = {"offer_line_id": offer["rows"]["offer_line"][0]["id"], "resource_id": unit["id"]}
        committed = await self._does(self.own, f"offers/{offer['id']}/commit", "commit", units=[given])
        self.mission_id = committed["rows"]["mission"][0]["id"]
        return str(incident["id"])

    # ------------------------------------------------------------ how it goes on

    async def _moves(self, way: tuple[str, ...], to: str, name: str) -> None:
        """Move the mission, or wait until the dispatch system has told that it moved."""
        if self.moves:
            for state in way:
                if await self._status() != state:
                    await self._does(self.own, f"missions/{self.mission_id}/advance", state, to=state)
            return
        self.tell(f"… waiting up to {self.patience_s:.0f} s until {name}")
        began, seen = time.monotonic(), ""
        while time.monotonic() - began < self.patience_s:
            status = await self._status()
            if status != seen:
                self.tell(f"  the mission is {status}")
                seen = status
            if status == to:
                self.checks.append(Check(name, well=True, detail=f"after {time.monotonic() - began:.0f} s"))
                return
            await asyncio.sleep(POLL_S)
        detail = f"it is {seen} after {self.patience_s:.0f} s; send its status to the inbox"
        self.checks.append(Check(name, well=False, detail=detail))

    async def _status(self) -> str:
        return str((await self.own.get(self._at(f"missions/{self.mission_id}")))["status"])

    async def _put_away(self, incident: str) -> None:
        """Leave nothing that stands in the next one's way; what can't be ended stays."""
        side = self.neighbour or self.own
        mission = await self.own.get(self._at(f"missions/{self.mission_id}"))
        if mission["status"] != "returned":
            for state in HOME:
                await self._tries(self.own, f"missions/{self.mission_id}/advance", to=state)
        await self._tries(side, f"missions/{self.mission_id}/close")
        await self._tries(side, f"requests/{mission['request_id']}/close")
        if not await self._tries(side, f"incidents/{incident}/close"):
            self.tell(self._left(incident))

    async def _take_back(self) -> None:
        """Leave nothing of what has not come to a mission: an open request stays in everybody's picture."""
        side = self.neighbour or self.own
        if self._request is not None:
            await self._tries(side, f"requests/{self._request}/cancel")
        if self._incident is not None and not await self._tries(side, f"incidents/{self._incident}/close"):
            self.tell(self._left(self._incident))

    def _left(self, incident: str) -> str:
        where = "/console" if self.space == "live" else f"/console/{self.space}"
        return f"Something of this conversation is still there: bring its unit home and close the incident {incident} in {where}."

    async def _does(self, who: Client, path: str, name: str, **body: Any) -> dict[str, Any]:
        receipt = await who.post(self._at(path), body)
        self.tell(f"{'own' if who is self.own else 'neighbour'}: {name}  {self.space}:{receipt['seq']}")
        return receipt

    async def _tries(self, who: Client, path: str, **body: Any) -> bool:
        """Return whether it was done."""
        try:
            await who.post(self._at(path), body)
        except (Refused, Away) as refusal:
            why = refusal if isinstance(refusal, Away) else refusal.slug
            self.tell(f"  left as it is: {path.rpartition('/')[2]} ({why})")
            return False
        return True

    def _at(self, path: str) -> str:
        return f"/api/v1/spaces/{self.space}/{path}"


def _area() -> dict[str, Any]:
    return {"type": "Point", "coordinates": [PLACE["lon"], PLACE["lat"]]}
