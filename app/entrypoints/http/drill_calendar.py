"""Drills as iCalendar over HTTP: a feed of all of them, and the invitation to one."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Response
from fastapi.routing import APIRouter

from app.commands.execute import Door
from app.domain import errors
from app.domain.authority import Actor
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.identity import calendar_reader
from app.entrypoints.http.problems import Responses, responses
from app.interop.drill_calendar import MEDIA_TYPE, calendar, invitation
from app.queries import drill_calendar as queries

router = space_router("drills")
by_key = APIRouter(prefix="/api/v1", route_class=StrictRoute)

_EXAMPLE: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


def _as_calendar(documented: Responses) -> Responses:
    content: dict[str, Any] = {"text/calendar": {"schema": {"type": "string"}, "example": _EXAMPLE}}
    return {200: {"description": "A file in iCalendar (RFC 5545), in UTF-8.", "content": content}} | documented


def _at_home(door: Door) -> tuple[str, str | None]:
    """Return the service's host, and the address of a drill's screen without its id where the service knows its own."""
    url = door.settings.public_url
    if not url:
        return queries.NOWHERE, None
    return urlsplit(url).hostname or queries.NOWHERE, f"{url.rstrip('/')}/console#/drill/"


@router.get(
    "/drills.ics",
    summary="Subscribe to the drills",
    response_class=Response,
    responses=_as_calendar(responses()),
)
async def read_calendar(space: Space, _actor: CurrentActor, reader: Reader, door: TheDoor) -> Response:
    """Every drill that has its hour, in UTC, and as cancelled those that were stood down. Of one without notice the window alone, whoever reads it: a calendar is passed on."""
    host, page = _at_home(door)
    made = calendar(
        await queries.entries(reader, space, host=host, page=page),
        await queries.languages_of(reader),
        made_at=door.clock.now(),
        name="Concord",
    )
    return Response(made, media_type=MEDIA_TYPE)


@by_key.get(
    "/calendar.ics",
    tags=["drills"],
    summary="Subscribe to the drills by a secret address",
    response_class=Response,
    responses=_as_calendar(responses(errors.ScopeMissing, path_ids=False)),
)
async def read_calendar_by_key(
    _actor: Annotated[Actor, Depends(calendar_reader)], reader: Reader, door: TheDoor
) -> Response:
    """The same calendar for programs that can send no headers. The key is one user's, reads nothing else, and is made anew or revoked at any time."""
    return await read_calendar("live", _actor, reader, door)


@router.get(
    "/drills/{drill_id}/invitation.ics",
    summary="Invite to a drill",
    response_class=Response,
    responses=_as_calendar(responses(errors.Conflict)),
)
async def read_invitation(space: Space, drill_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor) -> Response:
    """To be sent to all who take part, at the addresses that their members share; or its cancellation once it was stood down."""
    host, page = _at_home(door)
    entry, to = await queries.invited(reader, space, drill_id, actor=actor, host=host, page=page)
    made = invitation(entry, await queries.languages_of(reader), made_at=door.clock.now(), to=to)
    headers = {"Content-Disposition": f'attachment; filename="{entry.uid.partition("@")[0]}.ics"'}
    return Response(made, media_type=MEDIA_TYPE, headers=headers)
