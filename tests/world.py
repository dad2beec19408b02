"""A small corridor for tests: three members who have signed, one who has not, and everything they need to help each other.

It is built once, through the door, into the template that every test's database is cloned from. Names are real, particulars
invented. Coordinates are simple boxes around the place where the three countries meet:

    hasselt (BE)       maas (NL)  ║ vaals, checks     ║ aken (DE)
                       ═══ eijsden, no control ═══    ║
                       luik (BE)  ║ lichtenbusch, checks
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID

from app.commands.agreements import ConsentToAgreement, DraftAgreement, ProposeAgreement
from app.commands.corridor import DefineCorridor
from app.commands.crossings import AddCrossing
from app.commands.depots import AddDepot
from app.commands.execute import Door
from app.commands.members import AddMember
from app.commands.receipt import Receipt
from app.commands.registry import Command
from app.commands.resources import AddResource
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.domain.authority import SYSTEM, Actor, Via

LIVE = "live"
ROLES = (
    "viewer",
    "dispatcher",
    "requester",
    "authorised_representative",
    "liaison_officer",
    "finance",
    "admin",
)
PARTIES = ("maas", "luik", "aken")
HAZARDS = [
    "flood", "flash_flood", "wildfire", "structural_fire", "chemical_release", "mass_casualty", "power_failure",
    "storm", "other",
]  # fmt: skip

# code: country, names, west, south, east, north, coordination centre, languages, telephone
MEMBERS: dict[str, tuple[str, str, tuple[float, float, float, float], tuple[float, float], list[str], str]] = {
    "maas": ("NL", "Maastricht", (5.65, 50.75, 6.02, 51.0), (5.69, 50.85), ["nl", "en"], "+31 00 000 0901"),
    "luik": ("BE", "Liège", (5.4, 50.45, 6.02, 50.75), (5.57, 50.63), ["fr", "en"], "+32 00 000 0902"),
    "aken": ("DE", "Aachen", (6.02, 50.6, 6.4, 51.0), (6.08, 50.78), ["de", "en"], "+49 00 000 0903"),
    "hasselt": ("BE", "Hasselt", (5.2, 50.8, 5.6, 51.1), (5.34, 50.93), ["nl", "fr"], "+32 00 000 0904"),
}
CROSSINGS: dict[str, tuple[tuple[float, float], str, str, Literal["none", "checks"], int]] = {
    "eijsden": ((5.7, 50.75), "maas", "luik", "none", 0),
    "vaals": ((6.02, 50.77), "maas", "aken", "checks", 10),
    "lichtenbusch": ((6.02, 50.72), "luik", "aken", "checks", 15),
}
# owner: {short name: (type, how many)}; the units are maas-pump-1, maas-pump-2, …
STOCK: dict[str, dict[str, tuple[str, int]]] = {
    "maas": {"pump": ("pump.high_capacity", 2), "engine": ("engine.pumper", 2)},
    "luik": {"pump": ("pump.high_capacity", 3), "engine": ("engine.pumper", 2), "ambulance": ("ambulance.als", 1)},
    "aken": {"pump": ("pump.high_capacity", 2), "engine": ("engine.pumper", 2)},
    "hasselt": {"pump": ("pump.high_capacity", 1), "engine": ("engine.pumper", 2)},
}


@dataclass
class World:
    """The ids of everything in the world, by the short names that tests use."""

    members: dict[str, UUID] = field(default_factory=dict)
    crossings: dict[str, UUID] = field(default_factory=dict)
    depots: dict[str, UUID] = field(default_factory=dict)
    """By member: each has one."""
    resources: dict[str, UUID] = field(default_factory=dict)
    """``luik-pump-1`` …: member, kind of unit, number."""
    agreements: dict[str, UUID] = field(default_factory=dict)
    users: dict[tuple[str, str], UUID] = field(default_factory=dict)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def actor(self, member: str, role: str, *, via: Via = "console") -> Actor:
        """Return the member's user in that one role, as the door wants it."""
        return Actor(self.users[member, role], "person", self.members[member], frozenset({role}), via)

    def token(self, member: str, role: str) -> str:
        """Return a bearer token of that user that may read and write."""
        return self.tokens[member, role]

    def units(self, member: str, kind: str) -> list[UUID]:
        """Return the ids of a member's units of a kind (``pump``), in the order of their numbers."""
        return [id_ for name, id_ in self.resources.items() if name.startswith(f"{member}-{kind}-")]


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Return a rectangle as a GeoJSON polygon, as bodies hold it."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def everywhere(name: str) -> dict[str, str]:
    """Return one name for all languages of the corridor."""
    return dict.fromkeys(("en", "de", "fr", "nl"), name)


def flood(**other: Any) -> dict[str, Any]:
    """Return the body of an incident report: the Meuse over its banks near Eijsden."""
    return {
        "title": "Meuse over its banks at Eijsden",
        "hazard": "flood",
        "severity": 4,
        "area": box(5.69, 50.76, 5.74, 50.8),
    } | other


async def build_world(door: Door) -> World:
    """Build the world through the door and return its ids."""
    world = World()
    await _does(
        door,
        DefineCorridor,
        code="test-corridor",
        names=everywhere("Test corridor"),
        area=box(5.2, 50.4, 6.5, 51.2),
        languages=["en", "de", "fr", "nl"],
        currency="EUR",
    )
    await _who_and_where(door, world)
    await _what_there_is(door, world)
    await _agreement(door, world)
    await _users(door, world)
    return world


async def _does(door: Door, model: type[Command], target: UUID | None = None, **body: Any) -> Receipt:
    return await door.execute(model.model_validate(body), actor=SYSTEM, space=LIVE, target=target)


async def _who_and_where(door: Door, world: World) -> None:
    for code, (country, name, area, centre, languages, phone) in MEMBERS.items():
        made = await _does(
            door,
            AddMember,
            code=code,
            country=country,
            names=everywhere(name),
            area=box(*area),
            lon=centre[0],
            lat=centre[1],
            time_zone={"NL": "Europe/Amsterdam", "BE": "Europe/Brussels", "DE": "Europe/Berlin"}[country],
            languages=languages,
            currency="EUR",
            phone=phone,
            talkgroup=f"TEST-{code.upper()}",
            jurisdiction={"hazards": HAZARDS, "kinds": ["immediate", "planned", "day_to_day"]},
        )
        world.members[code] = made.id
    for code, ((lon, lat), a, b, control, delay_min) in CROSSINGS.items():
        made = await _does(
            door,
            AddCrossing,
            code=code,
            names=everywhere(code.capitalize()),
            lon=lon,
            lat=lat,
            roads=["N1"],
            member_a_id=world.members[a],
            member_b_id=world.members[b],
            control=control,
            delay_min=delay_min,
            capacity_vph=600,
        )
        world.crossings[code] = made.id


async def _what_there_is(door: Door, world: World) -> None:
    for owner, stock in STOCK.items():
        lon, lat = MEMBERS[owner][3]
        member_id = world.members[owner]
        depot = await _does(
            door, AddDepot, member_id=member_id, code="main", name=f"Depot {owner}", lon=lon, lat=lat
        )  # fmt: skip
        world.depots[owner] = depot.id
        for kind, (type_code, count) in stock.items():
            for number in range(1, count + 1):
                made = await _does(
                    door,
                    AddResource,
                    member_id=member_id,
                    depot_id=depot.id,
                    type_code=type_code,
                    call_sign=f"{owner} {kind} {number}",
                    ncos=1,
                    crew=3,
                    mobilisation_min=10,
                    readiness={"papers": True, "couplings": True, "radios": True, "languages": ["en"]},
                )
                world.resources[f"{owner}-{kind}-{number}"] = made.id


async def _agreement(door: Door, world: World) -> None:
    """Sign ``maas-broad``: everybody but hasselt helps everybody but hasselt; one high-capacity pump stays at home."""
    parties = [world.members[code] for code in PARTIES]
    drafted = await _does(
        door,
        DraftAgreement,
        code="maas-broad",
        names=everywhere("Mutual aid on the Meuse"),
        lenders=parties,
        borrowers=parties,
        terms={
            "hazards": "*",
            "types": "*",
            "kinds": ["immediate", "planned", "day_to_day"],
            "reserve": [{"type": "pump.high_capacity", "keep": 1}],
            "cost": {"terms": "free"},
        },
        effective_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    world.agreements["maas-broad"] = drafted.id
    await _does(door, ProposeAgreement, drafted.id)
    for party in parties:
        await _does(door, ConsentToAgreement, drafted.id, on_behalf_of=party)


async def _users(door: Door, world: World) -> None:
    """Give each member one user for each role, without a password, and a token for it."""
    for member in MEMBERS:
        for role in ROLES:
            user = await _does(
                door,
                AddUser,
                member_id=world.members[member],
                login=f"{role}@{member}",
                display_name=f"{role.replace('_', ' ')} of {member}",
                roles=[role],
                language=MEMBERS[member][4][0],
            )
            token = await _does(
                door, AddToken, user.id, user_id=user.id, label="tests", scopes=["read", "write"], days=365
            )  # fmt: skip
            world.users[member, role] = user.id
            world.tokens[member, role] = cast("dict[str, str]", token.once)["token"]
