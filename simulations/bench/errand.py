"""One unit there and back again, call by call: asked for, offered, accepted, committed, on its way, released, home, closed.

Without any input or output: whoever drives it sends each call and hands back the receipt. So the very same calls are made
by the load over HTTP and by the recording of what they come to in the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator

SPACE = "/api/v1/spaces/live"


class Errand(NamedTuple):
    """What one client has for itself: nobody else asks for this unit."""

    incident: str
    resource: str
    type_code: str
    requester: str
    """The bearer token of whoever asks."""
    lender: str
    """The bearer token of whoever sends."""
    lon: float
    lat: float


class Call(NamedTuple):
    """One command as HTTP carries it."""

    token: str
    path: str
    body: dict[str, Any]


def calls(errand: Errand) -> Generator[Call, dict[str, Any]]:
    """Yield the calls of one errand, each after the receipt of the one before has been sent in."""
    requester, lender = errand.requester, errand.lender
    line = {
        "type_code": errand.type_code,
        "quantity": 1,
        "priority": "life_safety",
        "place": "Sluis Borgharen, oostzijde",
        "lon": errand.lon,
        "lat": errand.lat,
    }
    ask = {"incident_id": errand.incident, "kind": "planned", "note": "Water te hoog.", "lines": [line], "then": "open"}
    asked = yield Call(requester, f"{SPACE}/requests", ask)
    request = f"{SPACE}/requests/{asked['id']}"
    send = {"request_line_id": asked["rows"]["request_line"][0]["id"], "resource_id": errand.resource}
    offered = yield Call(lender, f"{request}/offers", {"lines": [send]})
    offer = f"{SPACE}/offers/{offered['id']}"
    yield Call(requester, f"{offer}/accept", {})
    committed = yield Call(lender, f"{offer}/commit", {})
    going = committed["rows"]["mission"][0]
    mission = f"{SPACE}/missions/{going['id']}"
    yield Call(lender, f"{mission}/advance", {"to": "mobilising"})
    yield Call(lender, f"{mission}/advance", {"to": "in_transit"})
    if going["has_control"]:
        yield Call(lender, f"{mission}/border", {"to": "at_border"})
        yield Call(lender, f"{mission}/border", {"to": "cleared"})
    yield Call(lender, f"{mission}/advance", {"to": "on_scene"})
    yield Call(requester, f"{mission}/release", {})
    yield Call(lender, f"{mission}/advance", {"to": "returning"})
    yield Call(lender, f"{mission}/advance", {"to": "returned"})
    yield Call(lender, f"{mission}/close", {})
    yield Call(requester, f"{request}/close", {})
