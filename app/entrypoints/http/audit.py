"""What a member's users tried and were refused: for its admins."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.routing import APIRouter
from pydantic import WithJsonSchema

from app.domain import authority, errors
from app.domain.forms import Code, Instant
from app.domain.vocabulary import require
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, Reader, admin_of
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import audit as queries
from app.queries.audit import RefusalView

router = APIRouter(prefix="/api/v1", route_class=StrictRoute)

Tried = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(authority.commands())})]
_SLUG = "^[a-z0-9][a-z0-9-]{0,63}$"
_SPACE = "^[a-z][a-z0-9-]{1,62}$"


@router.get(
    "/audit",
    tags=["audit"],
    summary="List refusals",
    responses=responses(errors.RoleMissing, errors.BadCursor, errors.UnknownCode, path_ids=False),
)
async def list_refusals(
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    user: Annotated[UUID | None, Query(description="Only what this user tried.")] = None,
    command: Annotated[Tried | None, Query(description="Only this command.")] = None,
    slug: Annotated[
        str | None,
        Query(pattern=_SLUG, description="Only what was refused for this reason.", examples=["role-missing"]),
    ] = None,
    space: Annotated[str | None, Query(pattern=_SPACE, description="Only in this space.", examples=["live"])] = None,
    target: Annotated[UUID | None, Query(description="Only what was about this.")] = None,
    since: Annotated[Instant | None, Query(description="Only those at or after this instant.")] = None,
    until: Annotated[Instant | None, Query(description="Only those before this instant.")] = None,
) -> Page[RefusalView]:
    """What your member's users tried and were refused, in every space, newest first; for its admins."""
    member = admin_of(actor, "list_refusals")
    if command is not None:
        require("command", command, authority.commands(), pointer="query/command")
    of = fingerprint(
        "audit",
        {
            "member": member, "user": user, "command": command, "slug": slug, "space": space, "target": target,
            "since": since, "until": until,
        },
    )  # fmt: skip
    rows = await queries.refusals(
        reader, member, user=user, command=command, slug=slug, space=space, target=target, since=since, until=until,
        before=decode_cursor(of, paging.cursor, [int]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)
