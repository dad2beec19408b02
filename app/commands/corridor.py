"""The corridor itself: one a deployment, free of spaces, told in the journal of the live one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import orjson
from pydantic import Field

from app.commands.registry import Act, handles
from app.domain import geo
from app.domain.errors import Conflict, FieldError, OutsideCorridor
from app.domain.forms import Code, Language, Names
from app.domain.ids import new_id
from app.domain.vocabulary import codes, require
from app.store.tables import Corridor

if TYPE_CHECKING:
    from typing import Any

    from app.store.unit_of_work import UnitOfWork

LIVE: Final = "live"
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
"""ISO 4217."""
Languages = Annotated[tuple[Language, ...], Field(min_length=1, max_length=24)]
"""ISO 639-1, the first one first."""

PLACES: Final = """
    SELECT 'member ' || code AS what, area::text AS place FROM member
    UNION ALL
    SELECT what, jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(lon, lat))::text FROM (
        SELECT 'member ' || code AS what, lon, lat FROM member
        UNION ALL SELECT 'crossing ' || code, lon, lat FROM crossing
        UNION ALL SELECT 'depot ' || code, lon, lat FROM depot
        UNION ALL SELECT 'rendezvous ' || code, lon, lat FROM rendezvous
    ) AS points
"""
"""Everything that the corridor has to hold, in every space."""


class DefineCorridor(Act):
    """Say what the corridor is: its area, languages and currency. A second time replaces what was said before."""

    code: Code
    names: Names
    area: geo.Area
    languages: Languages
    currency: Currency


@handles(DefineCorridor)
async def define_corridor(uow: UnitOfWork, cmd: DefineCorridor) -> None:
    """Record ``corridor.defined`` the first time, ``corridor.changed`` after that. Locks the corridor.

    Raises:
        OutsideCorridor: a member, crossing, depot or rendezvous would no longer lie within it.
        Conflict: asked of another space than the live one.
    """
    uow.authorise()
    if uow.space != LIVE:
        message = f"The corridor is defined in the space {LIVE!r}; all others share it."
        raise Conflict(message, hint=f"Send it to the space {LIVE!r}.")
    require_words(cmd)
    area = cmd.area.geojson()
    await _require_places_inside(uow, area)
    corridor = next(iter(await uow.lock_where(Corridor)), None)
    event = "corridor.changed"
    if corridor is None:
        event = "corridor.defined"
        corridor = uow.add(Corridor(id=new_id(), code=cmd.code, names={}, area={}, languages=[], currency=cmd.currency))
    corridor.code, corridor.currency = cmd.code, cmd.currency
    corridor.names, corridor.area, corridor.languages = dict(cmd.names), area, list(cmd.languages)
    uow.record(event, corridor, visibility="public")


def require_words(cmd: DefineCorridor) -> None:
    """Refuse a language that the product has no names in.

    Raises:
        UnknownCode: the first of them.
    """
    for number, language in enumerate(cmd.languages):
        require("language", language, codes("languages"), pointer=f"/languages/{number}")


async def _require_places_inside(uow: UnitOfWork, area: dict[str, Any]) -> None:
    for row in await uow.raw.fetch(PLACES):
        if not geo.within(area, orjson.loads(row["place"])):
            detail = f"The {row['what']} would lie outside this area."
            raise OutsideCorridor(detail, errors=[FieldError("/area", OutsideCorridor.slug, detail)])
