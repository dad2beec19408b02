"""Forms as PDF over HTTP: a request in the corridor's languages or as ICS 213 RR, and the log of an incident.

Typesetting is computing, of some tens of milliseconds: it is done in a thread, and the feed goes on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Query, Response

from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.problems import Responses, responses
from app.interop.paper import render
from app.queries import paper as shared
from app.queries.incident_paper import incident_log
from app.queries.request_paper import request_form, resource_request

if TYPE_CHECKING:
    from app.commands.execute import Door
    from app.domain.authority import Actor

router = space_router("paper")

Language = Annotated[
    Literal["en", "de", "fr", "nl"], Query(alias="lang", description="The language, or the first of them.")
]
FORMS: Final = {"trilingual": request_form, "ics-213rr": resource_request}
MEDIA_TYPE: Final = "application/pdf"
# A browser shows a PDF with a plug-in of its own, which `default-src 'none'` alone keeps from loading.
SECURITY_POLICY: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
)

_PDF: Final[dict[str, Any]] = {
    MEDIA_TYPE: {"schema": {"type": "string", "contentMediaType": MEDIA_TYPE}, "example": "%PDF-1.7 …"}
}


def as_pdf(documented: Responses) -> Responses:
    """Document that an operation answers with a PDF."""
    return {200: {"description": "The form.", "content": _PDF}} | documented


@router.get(
    "/requests/{request_id}/form.pdf",
    summary="Print a request",
    response_class=Response,
    responses=as_pdf(responses()),
)
async def print_request(
    space: Space,
    request_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    lang: Language = "en",
    form: Annotated[
        Literal["trilingual", "ics-213rr"],
        Query(description="In the corridor's languages side by side, or as ICS 213 RR in one."),
    ] = "trilingual",
) -> Response:
    """What you see of the request on a screen, and nothing more. Times are UTC first, then as the clocks of the requester show them."""
    data = await FORMS[form](reader, space, request_id, _for(actor, door, lang))
    return await _printed(form, data, door, f"{data['request']['ref']}-{form}-{lang}")


@router.get(
    "/incidents/{incident_id}/log.pdf",
    summary="Print an incident's log",
    response_class=Response,
    responses=as_pdf(responses()),
)
async def print_log(
    space: Space, incident_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor, lang: Language = "en"
) -> Response:
    """From the journal, oldest first: a line for each significant event that you may see, by whom, in your language; texts stand as they were written. Times are UTC first, then as the clocks of your member show them."""
    data = await incident_log(reader, space, incident_id, _for(actor, door, lang))
    return await _printed("incident-log", data, door, f"{data['incident']['ref']}-log-{lang}")


def _for(actor: Actor, door: Door, language: str) -> shared.Reader:
    return shared.Reader(actor.member_id, language, door.clock.now(), door.settings.treaty_in(language))


async def _printed(template: str, data: dict[str, Any], door: Door, name: str) -> Response:
    return printed(await asyncio.to_thread(render, template, data, printed_at=door.clock.now()), name)


def printed(made: bytes, name: str) -> Response:
    """Return a PDF as the answer, under the name of a file."""
    headers = {
        "Content-Disposition": f'inline; filename="{name}.pdf"',
        "Content-Security-Policy": SECURITY_POLICY,
    }
    return Response(made, media_type=MEDIA_TYPE, headers=headers)
