"""Putting away what a story has left behind: units go home, requests and incidents are closed, debts made good.

It goes by what the API tells, step by step, as the people of the story would: so it needs no memory of an earlier start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulations.client import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulations.client import Client, Json

ENDED: Final = ("released", "stood_down", "recalled", "aborted")
FINAL_REQUESTS: Final = frozenset({"closed", "cancelled", "expired", "unfilled"})
KINDS: Final = ("immediate", "planned", "day_to_day")
"""All of them: lists leave help from day to day out unless it is asked for."""
UNDECIDED: Final = frozenset({"offered", "provisional"})


async def put_away(clients: Mapping[str, Client], titles: frozenset[str]) -> None:
    """Bring the incidents of these titles to an end, as far as ``clients`` (by ``<member code>/<role>``) can.

    A refusal is no failure here: somebody else has been at it, or it is not for these clients to end.

    Raises:
        Away: the service does not answer.
    """
    anyone = next(iter(clients.values()))
    codes = {member["id"]: member["code"] for member in await anyone.all("members")}
    going = _Going(clients, codes)
    live = await anyone.all("incidents", status=["reported", "active", "contained"])
    for incident in [each for each in live if each["title"] in titles]:
        for mission in await going.all("missions", incident["id"]):
            await going.home(mission)
        for request in await going.all("requests", incident["id"]):
            await going.end(request)
        await going.post(incident["lead_member_id"], "authorised_representative", f"incidents/{incident['id']}/close")


class _Going:
    def __init__(self, clients: Mapping[str, Client], codes: Mapping[str, str]) -> None:
        self._clients = clients
        self._codes = codes

    def client(self, member_id: str, *roles: str) -> Client | None:
        """Return the first client there is of a member in one of these roles."""
        code = self._codes.get(member_id, "")
        return next((self._clients[f"{code}/{role}"] for role in roles if f"{code}/{role}" in self._clients), None)

    async def all(self, what: str, incident: str) -> list[Json]:
        """Return all of a list about an incident: help from day to day is told to its two members alone, so each member is asked."""
        members = {who.partition("/")[0]: client for who, client in self._clients.items()}
        found: dict[str, Json] = {}
        for client in members.values():
            found |= {row["id"]: row for row in await client.all(what, incident=incident, kind=KINDS)}
        return list(found.values())

    async def post(self, member_id: str, role: str, path: str, **body: Any) -> Json | None:
        """Carry out a command if there is somebody to do so; None if not, or if it was refused."""
        roles = (role, "dispatcher" if role == "authorised_representative" else "authorised_representative")
        client = self.client(member_id, *roles)
        if client is None:
            return None
        try:
            return await client.post(path, body)
        except Refused:
            return None

    async def home(self, mission: Json) -> None:
        """Bring a mission home and close it."""
        path, lender, requester = f"missions/{mission['id']}", mission["lender_id"], mission["requester_id"]
        state = mission["status"]
        if state == "closed":
            return
        if state not in {*ENDED, "returning", "returned"}:
            await self.post(requester, "dispatcher", f"{path}/stand-down")
        if state != "returned":
            await self.post(lender, "dispatcher", f"{path}/advance", to="returning")
            await self.post(lender, "dispatcher", f"{path}/advance", to="returned")
        await self.post(lender, "dispatcher", f"{path}/close")

    async def end(self, request: Json) -> None:
        """Take back or decline what is still offered, make debts good, and end the request."""
        path, requester = f"requests/{request['id']}", request["member_id"]
        reader = self.client(requester, "dispatcher", "authorised_representative")
        if reader is None:
            return
        for debt in await reader.all("debts", request=request["id"]):
            if debt["status"] != "made_good":
                await self.post(debt["member_id"], "authorised_representative", f"debts/{debt['id']}/make-good")
        if request["status"] in FINAL_REQUESTS:
            return
        for offer in await reader.all(f"{path}/offers"):
            if offer["status"] in UNDECIDED:
                await self.post(requester, "dispatcher", f"offers/{offer['id']}/decline")
            elif offer["status"] == "accepted":
                await self.post(offer["lender_id"], "dispatcher", f"offers/{offer['id']}/withdraw")
        if await self.post(requester, "dispatcher", f"{path}/close") is None:
            await self.post(requester, "dispatcher", f"{path}/cancel")
