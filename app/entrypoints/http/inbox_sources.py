"""Sources of the inbox and how their messages are read: a member's admin keeps them, its dispatchers look and try."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import Body, Path, Query, Response
from fastapi.routing import APIRouter
from pydantic import Field

from app.commands.inbox_mappings import AddInboxMapping, TurnOnInboxMapping
from app.commands.inbox_sources import (
    AddInboxSource,
    ChangeInboxSource,
    PauseInboxSource,
    RemoveInboxSource,
    ResumeInboxSource,
    RotateInboxSecret,
)
from app.commands.inbox_trial import try_mapping
from app.commands.integration import RefillIntegration
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.authority import role_missing
from app.domain.forms import Form
from app.domain.inbox.mapping import Mapping, shipped
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, EnterFree, Reader, TheDoor
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import inbox as queries
from app.queries.inbox import (
    Because,
    Effect,
    InboxHealth,
    InboxMappingDetail,
    InboxMappingView,
    InboxSourceView,
)
from app.queries.models import ReadModel
from app.queries.spaces import require_reader
from app.store.engine import reading

if TYPE_CHECKING:
    from app.domain.authority import Actor

router = APIRouter(prefix="/api/v1", tags=["inbox"], route_class=StrictRoute)

SOURCE = {"label": "CAD of the control room", "source": "cad-liege", "space_kinds": ["live", "integration"]}
MAPPING: dict[str, Any] = {
    "schema": 1,
    "title": "FMS by our gateway",
    "discipline": "fire",
    "at": {"path": "time", "written": "rfc3339"},
    "kind": {"always": ["unit_status"]},
    "unit": {"path": "issi"},
    "unit_status": {
        "path": "status",
        "tables": [
            {
                "discipline": "fire",
                "types": ["*"],
                "statuses": {
                    "3": {"label": "Einsatz übernommen", "mission": "in_transit"},
                    "4": {"label": "Am Einsatzort", "mission": "on_scene"},
                },
            }
        ],
    },
}
MESSAGE = '{"issi": "4711", "status": "3", "time": "2026-07-14T12:00:00Z"}'
Status = Literal["active", "paused", "removed"]
Version = Annotated[int, Path(ge=1, le=1_000_000, description="Which version of the mapping.", examples=[3])]


class ShippedMapping(ReadModel):
    """A mapping that comes with the service, to begin with."""

    name: str
    title: str
    discipline: str
    fictional: bool
    """Whether its codes were made up, as an example."""
    mapping: dict[str, Any]


class ShippedMappings(ReadModel):
    """All of them."""

    items: tuple[ShippedMapping, ...]


class TryMapping(Form):
    """Try a mapping on a message: nothing happens by it."""

    space: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$", examples=["integration"])] = "live"
    """Where the message would act."""
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    """A version that is kept; it counts as tried then. Without one, and without a mapping, the one in use."""
    mapping: Mapping | None = None
    """One that is not kept."""
    message: Annotated[str, Field(max_length=65_536, examples=[MESSAGE])]
    """As it would come."""


class Trial(ReadModel):
    """What would become of a message."""

    outcome: str
    """`applied`, `history`, `noted`, `call`, `quarantined`."""
    because: Because | None
    detail: str
    at: datetime | None
    kinds: tuple[str, ...]
    unit: dict[str, Any] | None
    """Code, id and call sign of the unit that it is about."""
    read: dict[str, Any]
    """What was read in it, by field."""
    effects: tuple[Effect, ...]


def member_of(actor: Actor, reading: str) -> UUID:
    """Return the member for which the actor sees the inbox: its dispatchers and admins do.

    Raises:
        RoleMissing: it is neither.
    """
    if actor.member_id is None or actor.roles.isdisjoint({"dispatcher", "admin"}):
        raise role_missing(reading, ["dispatcher", "admin"], "member")
    return actor.member_id


@router.get("/inbox-mappings", summary="List the mappings to begin with", responses=responses(path_ids=False))
async def list_shipped_mappings(_actor: CurrentActor) -> ShippedMappings:
    """The German FMS table, a generic one in this service's own words, and fictional examples of a Dutch and a Belgian one."""
    items = [
        ShippedMapping(
            name=name,
            title=each.title,
            discipline=each.discipline,
            fictional=each.fictional,
            mapping=each.model_dump(mode="json", by_alias=True, exclude_none=True),
        )
        for name, each in shipped().items()
    ]
    return ShippedMappings(items=tuple(items))


@router.get(
    "/inbox-sources",
    summary="List inbox sources",
    responses=responses(errors.RoleMissing, errors.BadCursor, path_ids=False),
)
async def list_inbox_sources(
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[list[Status], Query(description="Only those in these states.", max_length=3)] = [],  # noqa: B006 - FastAPI copies it
) -> Page[InboxSourceView]:
    """Your member's sources, newest first; for its dispatchers and admins. Those that were removed only where that is asked for."""
    member = member_of(actor, "list_inbox_sources")
    of = fingerprint("inbox_sources", {"member": member, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.sources(reader, member, status=status, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post("/inbox-sources", status_code=201, summary="Add an inbox source", responses=responses(body=True))
async def add_inbox_source(enter: EnterFree, command: Annotated[AddInboxSource, Body(examples=[SOURCE])]) -> Receipt:
    """By an admin of the member. The secret is in `once`; keep it, for it is not shown again. Its messages go to
    `POST /api/v1/spaces/{space}/inbox/{id}`, signed as Standard Webhooks says, and wait in quarantine until a mapping is in use.
    """
    return await enter.create(command, "inbox-sources")


@router.get(
    "/inbox-sources/{source_id}", summary="Read an inbox source", responses=responses(errors.RoleMissing)
)  # fmt: skip
async def read_inbox_source(
    source_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> InboxSourceView:
    """One source, with the ETag that a change has to name; for its member's dispatchers and admins."""
    found = await queries.source(reader, source_id, member=member_of(actor, "read_inbox_source"))
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/inbox-sources/{source_id}", summary="Change an inbox source", responses=responses(body=True, if_match=True)
)
async def change_inbox_source(
    source_id: UUID, enter: EnterFree, command: Annotated[ChangeInboxSource, Body(examples=[{"per_minute": 1200}])]
) -> Receipt:
    """By an admin of the member. Only the fields sent change; If-Match is required."""
    return await enter.execute(command, target=source_id, edit=True)


@router.post(
    "/inbox-sources/{source_id}/rotate-secret", summary="Make a new secret of a source", responses=responses(body=True)
)
async def rotate_inbox_secret(
    source_id: UUID,
    enter: EnterFree,
    command: Annotated[RotateInboxSecret, Body(examples=[{"old_counts_hours": 24}])],
) -> Receipt:
    """By an admin of the member. The new one is in `once`; a signature by either counts until the old one's time is over."""
    return await enter.execute(command, target=source_id)


@router.post("/inbox-sources/{source_id}/pause", summary="Pause an inbox source", responses=responses(body=True))
async def pause_inbox_source(
    source_id: UUID, enter: EnterFree, command: Annotated[PauseInboxSource, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member. What it sends is refused, so that it sends it again later."""
    return await enter.execute(command, target=source_id)


@router.post("/inbox-sources/{source_id}/resume", summary="Resume an inbox source", responses=responses(body=True))
async def resume_inbox_source(
    source_id: UUID, enter: EnterFree, command: Annotated[ResumeInboxSource, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member."""
    return await enter.execute(command, target=source_id)


@router.post("/inbox-sources/{source_id}/remove", summary="Remove an inbox source", responses=responses(body=True))
async def remove_inbox_source(
    source_id: UUID, enter: EnterFree, command: Annotated[RemoveInboxSource, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member, for good. What waits in quarantine stays until somebody has seen to it."""
    return await enter.execute(command, target=source_id)


@router.get(
    "/inbox-sources/{source_id}/health", summary="Read how a source is doing", responses=responses(errors.RoleMissing)
)
async def read_inbox_health(source_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor) -> InboxHealth:
    """What came in the last 24 hours by its outcome, when the last message came, and what waits for a person."""
    found = await queries.source(reader, source_id, member=member_of(actor, "read_inbox_health"))
    return await queries.health(reader, found, door.clock.now())


# ---------------------------------------------------------------- mappings


@router.get(
    "/inbox-sources/{source_id}/mappings",
    summary="List the versions of a mapping",
    responses=responses(errors.RoleMissing, errors.BadCursor),
)
async def list_inbox_mappings(
    source_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[InboxMappingView]:
    """How the messages of a source are read, and were: newest version first."""
    await queries.source(reader, source_id, member=member_of(actor, "list_inbox_mappings"))
    of = fingerprint("inbox_mappings", {"source": source_id})
    before = decode_cursor(of, paging.cursor, [int])
    rows = await queries.mappings(reader, source_id, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.version], item=lambda row: row)


@router.post(
    "/inbox-sources/{source_id}/mappings",
    status_code=201,
    summary="Write a new version of a mapping",
    responses=responses(body=True),
)
async def add_inbox_mapping(
    source_id: UUID, enter: EnterFree, command: Annotated[AddInboxMapping, Body(examples=[{"mapping": MAPPING}])]
) -> Receipt:
    """By an admin of the member. It is in use once it was tried and turned on; it never changes. What is wrong in it is named by its place."""
    receipt = await enter.execute(command, target=source_id)
    version = receipt.subject["version"]
    enter.response.headers["Location"] = f"/api/v1/inbox-sources/{source_id}/mappings/{version}"
    return receipt


@router.get(
    "/inbox-sources/{source_id}/mappings/{version}",
    summary="Read a version of a mapping",
    responses=responses(errors.RoleMissing),
)
async def read_inbox_mapping(
    source_id: UUID, version: Version, actor: CurrentActor, reader: Reader, response: Response
) -> InboxMappingDetail:
    """One version, with all that it says."""
    await queries.source(reader, source_id, member=member_of(actor, "read_inbox_mapping"))
    found = await queries.mapping(reader, source_id, version)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/inbox-sources/{source_id}/mappings/{version}/turn-on",
    summary="Turn a version of a mapping on",
    responses=responses(body=True),
)
async def turn_on_inbox_mapping(
    source_id: UUID,
    version: Version,
    reader: Reader,
    enter: EnterFree,
    command: Annotated[TurnOnInboxMapping, Body(examples=[{}])],
) -> Receipt:
    """By an admin of the member: what comes from now on is read by it, also by an older one again. It has to have been tried."""
    await queries.source(reader, source_id, member=enter.actor.member_id)
    found = await queries.mapping(reader, source_id, version)
    return await enter.execute(command, target=found.id)


@router.post("/inbox-sources/{source_id}/try", summary="Try a mapping on a message", responses=responses(body=True))
async def try_inbox_mapping(
    source_id: UUID,
    actor: CurrentActor,
    door: TheDoor,
    body: Annotated[TryMapping, Body(examples=[{"space": "integration", "version": 1, "message": MESSAGE}])],
) -> Trial:
    """By a dispatcher or admin of the member: what would become of the message, in that space as it is now. Nothing happens by it."""
    member = member_of(actor, "try_inbox_mapping")
    async with reading(door.engine) as conn:  # given back before the trial takes one
        await queries.source(conn, source_id, member=member)
        _ = await require_reader(conn, body.space, actor)
    by = body.mapping if body.mapping is not None else body.version
    became = await try_mapping(door, actor, source_id=source_id, space=body.space, by=by, text=body.message)
    return Trial(
        outcome=became.outcome,
        because=None if became.because is None else Because.model_validate(became.because),
        detail=became.detail,
        at=became.at,
        kinds=became.kinds,
        unit=became.unit,
        read=became.read,
        effects=tuple(Effect.model_validate(each) for each in became.effects),
    )


@router.post(
    "/integration/refill", summary="Fill the integration space", responses=responses(body=True, path_ids=False)
)
async def refill_integration(enter: EnterFree, command: Annotated[RefillIntegration, Body(examples=[{}])]) -> Receipt:
    """By an admin: what live has, and the space `integration` has not, is copied there under the same ids. What is there stays as it is."""
    return await enter.execute(command)
