"""The space of a drill: made when it begins, with shadow copies of what there is in live, under the same ids.

What is away in live stands at home in the drill, crossings are open as they are on a quiet day, and units that were taken out of
service for an exercise take part. Authorities have no numbers there, so that nobody rings them. Help under way, incidents, claims, positions and phone books are not copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.store import journal
from app.store.tables import (
    Agreement,
    AgreementConsent,
    AgreementVersion,
    Crossing,
    Depot,
    DrillClock,
    ExternalId,
    Member,
    ProtocolOverlay,
    Rendezvous,
    Representative,
    Resource,
    Spaced,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.commands.drill_parts import Held
    from app.store.unit_of_work import UnitOfWork

ROWS_TOLD: Final = 200
"""Copies told in one entry."""


async def make_space(uow: UnitOfWork, found: Held) -> tuple[UnitOfWork, str]:
    """Make the drill's space, empty, and return the unit of work that fills it in this same transaction."""
    space = f"drill-{found.drill.code.partition('-')[2].lower()}"
    await uow.raw.execute("INSERT INTO space (id, kind, created_at) VALUES ($1, 'drill', $2)", space, uow.now)
    await journal.ensure_head(uow.raw, space)
    return uow.beside(space), space


async def copy_corridor(uow: UnitOfWork, there: UnitOfWork, clock: DrillClock) -> None:
    """Copy what the drill begins with, and record ``drill.copied``, some hundred rows in each."""
    for rows in await corridor_rows(uow):
        copies = [there.add(shadow_of(row, there.space)) for row in rows]
        for first in range(0, len(copies), ROWS_TOLD):
            there.record("drill.copied", clock, *copies[first : first + ROWS_TOLD], rows=len(copies))


async def corridor_rows(uow: UnitOfWork) -> tuple[Sequence[Spaced], ...]:
    """Return what a space of its own begins with, as it is in the unit's space: by kind, and what others point at before them."""
    versions = await uow.find(AgreementVersion, col(AgreementVersion.in_force_at).is_not(None))
    # One that never was in force, or is not yet, allows nothing in a drill either.
    agreed = await uow.find(Agreement, col(Agreement.id).in_({each.agreement_id for each in versions}))
    signed = {(each.agreement_id, each.version) for each in versions}
    of_these = await uow.find(AgreementConsent, col(AgreementConsent.agreement_id).in_({each.id for each in agreed}))
    consents = [each for each in of_these if (each.agreement_id, each.version) in signed]
    representatives = await uow.find(Representative)
    resources = await uow.find(Resource)
    return (
        await uow.find(Member),
        await uow.find(Crossing),
        await uow.find(Rendezvous),
        await uow.find(Depot),
        # A whole before its parts, and a representative before the deputies: their keys point there.
        sorted(resources, key=lambda each: each.formation_id is not None),
        agreed,
        versions,
        consents,
        sorted(representatives, key=lambda each: each.deputy_of_id is not None),
        await uow.find(ProtocolOverlay),
        # By which dispatch systems know the units there, too. Numbers of incidents are of incidents that are not copied.
        await uow.find(ExternalId, col(ExternalId.valid_to).is_(None), col(ExternalId.kind) != "incident"),
    )


def shadow_of(row: Spaced, space: str) -> Spaced:
    """Return a copy for another space, under the same id, standing at home."""
    values: dict[str, Any] = {name: getattr(row, name) for name in type(row).model_fields}
    values |= {"space_id": space, "revision": 1}
    if isinstance(row, Resource):
        away = row.status in {"reserved", "committed"} or row.out_of_service_reason in {"exercise", "own_incident"}
        if away:
            values |= {"status": "available", "out_of_service_reason": None}
    if isinstance(row, Member):  # nobody real is rung: the simulation cell answers for them
        values["informed_authorities"] = [each | {"contact": None} for each in row.informed_authorities]
    if isinstance(row, Crossing) and row.control == "closed":
        values |= {"control": row.reopens_as, "closed_until": None}
    return type(row)(**values)
