"""What the storm begins on: the demonstration corridor, and for each member people who may do everything that its side may."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

import orjson

import app.commands.catalogue  # noqa: F401 - enters every handler at the door
from app.commands.execute import Door
from app.commands.load_corridor import load_corridor
from app.commands.tokens import AddToken
from app.commands.users import AddUser
from app.domain import geo
from app.domain.authority import SYSTEM
from app.settings import Settings
from app.store.engine import create_engine, reading
from app.store.migrate import migrate
from app.store.tables import JOURNALED
from simulations.bench.storm.agreed import agree_on_limits

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

CORRIDOR: Final = "meuse-rhine"
ROLES: Final = ["requester", "dispatcher", "authorised_representative", "liaison_officer", "finance", "admin"]
PEOPLE: Final = 2
"""Of each member: one who writes a note to the next shift, and one who reads it."""
KINDS: Final = (
    "member", "crossing", "resource", "agreement", "agreement_version", "rendezvous", "depot",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of automatic aid: for which types, who may ask, and a place in its strip."""

    types: tuple[str, ...]
    borrowers: frozenset[str]
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Ground:
    """The corridor's rows by kind, tokens by member, and what can be alarmed without a signature."""

    rows: dict[str, list[dict[str, Any]]]
    tokens: dict[str, list[str]]
    clauses: list[Clause]


async def prepare(dsn: str) -> Ground:
    """Migrate, load the corridor, let people in, and return what there is."""
    await migrate(dsn)
    engine = create_engine(dsn, pool_size=4)
    try:
        door = Door(engine, Settings())
        with as_file(files("simulations") / "corridors" / CORRIDOR) as folder:
            await load_corridor(door, folder, lambda _line: None)
        await agree_on_limits(door, (await rows_of(engine))["member"])
        rows = await rows_of(engine)
        tokens = {row["id"]: [await _token(door, row, number) for number in range(PEOPLE)] for row in rows["member"]}
        return Ground(rows, tokens, clauses_of(rows["agreement_version"]))
    finally:
        await engine.dispose()


def clauses_of(versions: list[dict[str, Any]]) -> list[Clause]:
    """Return the clauses of automatic aid in some versions, each with the middle of its strip for a place, where that lies in it."""
    found: list[Clause] = []
    for version in versions:
        for clause in version["terms"].get("automatic_aid", ()):
            corners = clause["strip"]["coordinates"][0][:-1]
            lon, lat = (sum(corner[axis] for corner in corners) / len(corners) for axis in (0, 1))
            if geo.covers(clause["strip"], lon, lat):
                found.append(Clause(tuple(clause["types"]), frozenset(version["borrowers"]), lon, lat))
    return found


async def rows_of(engine: AsyncEngine) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the kinds that a storm begins with, as the journal tells them."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with reading(engine) as conn:
        for kind in KINDS:
            table = JOURNALED[kind].__tablename__
            read = await conn.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} t ORDER BY id")  # noqa: S608 - a constant
            found[kind] = [orjson.loads(row["row"]) for row in read]
    return found


async def _token(door: Door, member: dict[str, Any], number: int) -> str:
    code = member["code"]
    user = await door.execute(
        AddUser(
            member_id=member["id"], login=f"storm{number}@{code}", display_name=f"Storm {number} of {code}", roles=ROLES
        ),
        actor=SYSTEM,
        space="live",
    )
    user_id: UUID = user.id
    made = await door.execute(
        AddToken(user_id=user_id, label="storm", scopes=["write"], days=1), actor=SYSTEM, space="live"
    )
    return str((made.once or {})["token"])
