"""The lines of a request: a type and how many of it, by when and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.places import require_point_inside
from app.commands.times import require_ahead
from app.domain import geo
from app.domain.because import because
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import Conflict, FieldError, NotFound, OutOfRange
from app.domain.forms import Address, Code, Form, Instant, Quantity
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.requests import STILL_ASKING
from app.domain.resource_types import require_type
from app.store.tables import Incident, Member, Rendezvous, Request, RequestLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.unit_of_work import UnitOfWork

Priority = Literal["life_safety", "incident_stabilisation", "property", "recovery"]


class WantedLine(Form):
    """One type and how many of it, by when and where to."""

    type_code: Code
    quantity: Quantity
    priority: Priority
    needed_by: Instant | None = None
    place: Address | None = None
    """Where to, in words: a street, a dike, a gate. Not with help from day to day: the point says it, to the two members alone."""
    lon: geo.Longitude
    lat: geo.Latitude
    rendezvous_id: UUID | None = None
    """Where the units are met on their way; each mission may be sent elsewhere."""


Lines = Annotated[tuple[WantedLine, ...], Field(min_length=1, max_length=50)]


async def hazard_of(uow: UnitOfWork, incident_id: UUID | None) -> str | None:
    """Return the hazard that help is for; None where help from day to day is for no incident."""
    return None if incident_id is None else (await uow.get(Incident, incident_id)).hazard


def require_seen(uow: UnitOfWork, request: Request) -> None:
    """Refuse what a member does about a request that is not for its eyes: a draft of another, help from day to day between two others.

    Raises:
        NotFound: as if there were none.
    """
    eyes = (request.member_id,) if request.opened_at is None else (request.member_id, request.to_member_id)
    if (request.opened_at is None or request.kind == DAY_TO_DAY) and not uow.sees(*eyes):
        raise NotFound(Request.KIND, request.id)


def require_asking(request: Request) -> None:
    """Refuse to send for a request that asks for nothing more.

    Raises:
        Conflict: it has ended, or all of it is committed.
    """
    if request.status not in STILL_ASKING:
        detail = f"The request is “{machine('request').states[request.status].names['en']}”: nothing more is asked for."
        raise Conflict(
            detail, extra={**because("request_not_asking", request_status=request.status), "current": request.state()}
        )


async def require_asked_of(uow: UnitOfWork, request: Request, member_id: UUID) -> None:
    """Refuse another member's word on help that is asked of one: two ambulances would leave, or none.

    Raises:
        Conflict: with whom it is asked of.
    """
    if request.to_member_id in {None, member_id}:
        return
    asked = await uow.get(Member, request.to_member_id)
    detail = f"It is asked of {asked.names['en']}, and of nobody else."
    hint = "Ring the member that asks: its dispatcher can ask yours, too."
    raise Conflict(
        detail,
        extra={
            **because("asked_of_another", asked_id=str(asked.id)),
            "current": request.state(),
            "to_member_id": asked.id,
        },
        hint=hint,
    )


def require_one(kind: str, lines: Sequence[WantedLine]) -> None:
    """Refuse help from day to day that is more than one unit.

    Raises:
        OutOfRange: with its place in the body.
    """
    if kind == DAY_TO_DAY and (len(lines) != 1 or lines[0].quantity != 1):
        detail = "Help from day to day is one unit: one line, of one."
        raise OutOfRange(detail, errors=[FieldError("/lines", OutOfRange.slug, detail)])


async def locked_lines(uow: UnitOfWork, request: Request) -> list[RequestLine]:
    """Lock the request's lines, by id, and return them in their order."""
    lines = await uow.lock_where(RequestLine, col(RequestLine.request_id) == request.id)
    return sorted(lines, key=lambda line: line.position)


async def write_lines(
    uow: UnitOfWork, request: Request, wanted: Sequence[WantedLine], present: Sequence[RequestLine]
) -> list[RequestLine]:
    """Make the request's lines those that are wanted, in their order; return every row that this touched.

    A line that stands in the same place keeps its id.

    Raises:
        UnknownCode, OutsideCorridor, OutOfRange: with the line's place in the body.
    """
    touched: list[RequestLine] = []
    for position, line in enumerate(wanted):
        pointer = f"/lines/{position}"
        require_type(line.type_code, pointer=f"{pointer}/type_code")
        await require_point_inside(uow, line.lon, line.lat, pointer=f"{pointer}/lon")
        before = present[position].needed_by if position < len(present) else None
        if line.needed_by != before:
            require_ahead(uow, line.needed_by, f"{pointer}/needed_by")
        if line.rendezvous_id is not None:
            await uow.get(Rendezvous, line.rendezvous_id)
        said = line.model_dump()
        if position < len(present):
            row = present[position]
            for name, value in said.items():
                setattr(row, name, value)
        else:
            row = uow.add(
                RequestLine(space_id=uow.space, id=new_id(), request_id=request.id, position=position, **said)
            )
        touched.append(row)
    for row in present[len(wanted) :]:
        await uow.remove(row)
        touched.append(row)
    return touched
