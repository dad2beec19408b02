"""Contacts over HTTP: each member's phone book."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.contacts import AddContact, ChangeContact, RemoveContact
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import contacts as queries
from app.queries.contacts import ContactView

router = space_router("contacts")

DUTY = {
    "code": "hazmat-duty",
    "function": "Adviseur gevaarlijke stoffen",
    "name": "J. de Vries",
    "phone": "+31 00 000 0111",
    "languages": ["nl", "de"],
    "note": "Bereikbaar via de meldkamer buiten kantoortijd.",
    "shared": True,
}


@router.get("/contacts", summary="List contacts", responses=responses(errors.BadCursor))
async def list_contacts(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
) -> Page[ContactView]:
    """By code: all of your own member's, and what the others share."""
    of = fingerprint("contacts", {"space": space, "member": member, "viewer": actor.member_id})
    after = decode_cursor(of, paging.cursor, [str, UUID])
    rows = await queries.contacts(
        reader, space, viewer=actor.member_id, member=member, after=after, limit=paging.limit
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.code, row.id], item=lambda row: row)


@router.post(
    "/contacts",
    status_code=201,
    summary="Add a contact",
    responses=responses(errors.UnknownCode, errors.Duplicate, body=True),
)
async def add_contact(enter: Enter, command: Annotated[AddContact, Body(examples=[DUTY])]) -> Receipt:
    """By a dispatcher or admin of the member. The journal tells the function alone: name and numbers stay in the phone book."""
    return await enter.create(command, "contacts")


@router.get("/contacts/{contact_id}", summary="Read a contact", responses=responses())
async def read_contact(
    space: Space, contact_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> ContactView:
    """One contact, with the ETag that a change has to name."""
    found = await queries.contact(reader, space, contact_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/contacts/{contact_id}",
    summary="Change a contact",
    responses=responses(errors.UnknownCode, body=True, if_match=True),
)
async def change_contact(
    contact_id: UUID,
    enter: Enter,
    command: Annotated[ChangeContact, Body(examples=[{"phone": "+31 00 000 0112", "shared": False}])],
) -> Receipt:
    """By a dispatcher or admin of the member. Only the fields sent change; If-Match is required."""
    return await enter.execute(command, target=contact_id, edit=True)


@router.post("/contacts/{contact_id}/remove", summary="Erase a contact", responses=responses(body=True))
async def remove_contact(
    contact_id: UUID, enter: Enter, command: Annotated[RemoveContact, Body(examples=[{"why": "Has left the service."}])]
) -> Receipt:
    """By a dispatcher or admin of the member. Nothing of the person is left, here or in the journal."""
    return await enter.execute(command, target=contact_id)
