"""Resource types, found under whatever name somebody says on the telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from app.domain.matching import folded
from app.queries.lists import decoded
from app.queries.models import ReadModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import asyncpg


class MinimumView(ReadModel):
    """What one unit of a type can do at least."""

    measure: str
    """Its name and unit are in the vocabulary."""
    value: float
    source: str | None = None
    """Where the figure comes from; none: this project's working figure."""


class PartView(ReadModel):
    """A part of a composite type."""

    type: str
    quantity: int


class NimsView(ReadModel):
    """How a type stands to FEMA's typing; said of every type."""

    match: Literal["figures", "name", "none"]
    """`figures`: compared with FEMA's figures; `name`: a kind of that name, not compared; `none`: looked up, and no equivalent found."""
    kind: str | None = None
    """The kind as FEMA names it; none where there is no match."""
    type: Annotated[int, Field(ge=1, le=4)] | None = None
    """1 (best) to 4, where the figures were compared."""


class CrosswalkView(ReadModel):
    """The same thing in other systems."""

    nims: NimsView
    emsi: str
    """Code of the EMSI resource classes (ISO/TR 22351)."""
    eu_module: str | None = None
    """Module of the Union Civil Protection Mechanism that it can be part of; null: of none."""


class ResourceTypeView(ReadModel):
    """A typed capability: the code that two sides of a border agree on."""

    code: str
    kind: str
    """`team`, `vehicle`, `equipment`, `facility`, `supply` or `person`."""
    unit: str
    """What a quantity of 1 means; its name is in the vocabulary."""
    names: dict[str, str]
    also: dict[str, tuple[str, ...]]
    """Language → what people really say."""
    minimum: tuple[MinimumView, ...]
    parts: tuple[PartView, ...]
    """What a composite type is made of: asked for in one line, sent as a formation. Empty for any other."""
    crosswalk: CrosswalkView
    """The same thing in other systems: NIMS, EMSI, modules of the Union Civil Protection Mechanism."""


async def resource_types(
    conn: asyncpg.Connection[Any],
    *,
    q: str | None = None,
    kind: Sequence[str] = (),
    after: tuple[str] | None = None,
    limit: int = 50,
) -> list[ResourceTypeView]:
    """Return the types by code, one more than ``limit``; ``q`` keeps those that have a name which contains it.

    The search reads every type: there are dozens of them, and they change with a release.
    """
    rows = await conn.fetch('SELECT * FROM resource_type ORDER BY code COLLATE "C"')
    types = (
        ResourceTypeView.model_validate(decoded(row, "names", "also", "minimum", "parts", "crosswalk")) for row in rows
    )
    wanted = "" if q is None else folded(q)
    found = [
        each
        for each in types
        if (not kind or each.kind in kind)
        and (after is None or each.code > after[0])
        and any(wanted in folded(name) for name in _names(each))
    ]
    return found[: limit + 1]


def _names(type_: ResourceTypeView) -> Iterator[str]:
    yield type_.code
    yield from type_.names.values()
    for said in type_.also.values():
        yield from said
