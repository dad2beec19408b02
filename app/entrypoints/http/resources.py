"""Resources over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Body, Query, Response

from app.commands.receipt import Receipt
from app.commands.resources import AddResource, ChangeResource, RetireResource, SetResourceStatus
from app.domain import errors
from app.domain.forms import Code
from app.domain.resource_types import require_type
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.external_ids import ExternalQuery
from app.entrypoints.http.geojson import AsFeatures, shown, with_features
from app.entrypoints.http.paging import BoxQuery, Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import resources as queries
from app.queries.resources import ResourceView

router = space_router("resources")

Types = Annotated[
    list[Code], Query(alias="type", max_length=50, description="Only these types.", examples=[["pump.high_capacity"]])
]
Status = Annotated[
    list[Literal["available", "reserved", "committed", "out_of_service"]],
    Query(max_length=4, description="Only with this status."),
]
PUMP = {
    "depot_id": "0197a1b2-0000-7000-8000-00000000d001",
    "type_code": "pump.high_capacity",
    "call_sign": "WTS Maastricht 1",
    "ncos": 1,
    "crew": 3,
    "mobilisation_min": 20,
    "weight_t": 22,
    "readiness": {"papers": True, "couplings": True, "radios": True, "languages": ["nl", "de"]},
}


@router.get(
    "/resources",
    summary="List resources",
    response_model=Page[ResourceView],
    responses=with_features(responses(errors.BadCursor, errors.UnknownCode)),
)
async def list_resources(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    paging: PagingQuery,
    box: BoxQuery,
    external: ExternalQuery,
    as_features: AsFeatures,
    types: Types = [],  # noqa: B006 - FastAPI copies it
    status: Status = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only this member's.")] = None,
    depot: Annotated[UUID | None, Query(description="Only those that are at home there.")] = None,
    retired: Annotated[bool, Query(description="Those that were retired, instead of those in use.")] = False,
) -> Page[ResourceView] | Response:
    """In the order they were entered. `bbox` is compared with where they were last known to be, as they or their owner reported it."""
    for number, type_code in enumerate(types):
        require_type(type_code, pointer=f"query/type/{number}")
    of = fingerprint(
        "resources",
        {
            "space": space,
            "viewer": actor.member_id,
            "type": types,
            "status": status,
            "member": member,
            "depot": depot,
            "retired": retired,
            "bbox": box,
            "external": external and str(external),
        },
    )
    rows = await queries.resources(
        reader, space, viewer=actor.member_id, now=door.clock.now(), types=types, status=status, member=member, depot=depot, retired=retired, box=box,
        external=external,
        after=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    page = page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)
    return shown(page, as_features, geometry="place")


@router.post(
    "/resources",
    status_code=201,
    summary="Add a resource",
    responses=responses(errors.UnknownCode, errors.DuplicateCallSign, body=True),
)
async def add_resource(enter: Enter, command: Annotated[AddResource, Body(examples=[PUMP])]) -> Receipt:
    """By a dispatcher or admin of the member that owns it. It stands at its depot and is available."""
    return await enter.create(command, "resources")


@router.get("/resources/{resource_id}", summary="Read a resource", responses=responses())
async def read_resource(
    space: Space, resource_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor, response: Response
) -> ResourceView:
    """One resource, also a retired one, with the ETag that a change has to name."""
    found = await queries.resource(reader, space, resource_id, viewer=actor.member_id, now=door.clock.now())
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/resources/{resource_id}",
    summary="Change a resource",
    responses=responses(errors.UnknownCode, errors.DuplicateCallSign, body=True, if_match=True),
)
async def change_resource(
    resource_id: UUID,
    enter: Enter,
    command: Annotated[ChangeResource, Body(examples=[{"crew": 4, "mobilisation_min": 15}])],
) -> Receipt:
    """By a dispatcher or admin of its owner. Only the fields sent change; If-Match is required."""
    return await enter.execute(command, target=resource_id, edit=True)


@router.post(
    "/resources/{resource_id}/status",
    summary="Say whether a resource can be asked for",
    responses=responses(errors.TransitionNotAllowed, errors.NotAvailable, body=True),
)
async def set_resource_status(
    resource_id: UUID,
    enter: Enter,
    command: Annotated[SetResourceStatus, Body(examples=[{"status": "out_of_service", "reason": "maintenance"}])],
) -> Receipt:
    """By a dispatcher or admin of its owner. A unit that an offer or a mission has does not become available by this."""
    return await enter.execute(command, target=resource_id)


@router.post(
    "/resources/{resource_id}/retire",
    summary="Retire a resource",
    responses=responses(errors.NotAvailable, body=True),
)
async def retire_resource(
    resource_id: UUID,
    enter: Enter,
    command: Annotated[RetireResource, Body(examples=[{"why": "Sold."}])],
) -> Receipt:
    """By a dispatcher or admin of its owner, for good. Its history stays, its call sign is free again."""
    return await enter.execute(command, target=resource_id)
