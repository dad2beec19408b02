"""Webhooks over HTTP: a member's admin keeps them, sees what was sent, and has it sent once more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import Body, Path, Query, Response
from fastapi.routing import APIRouter

from app.commands.receipt import Receipt
from app.commands.webhooks import (
    AddWebhook,
    ChangeWebhook,
    PauseWebhook,
    RemoveWebhook,
    ReplayWebhook,
    ResumeWebhook,
    RotateWebhookSecret,
    SendTestWebhook,
)
from app.delivery.webhook_messages import Messages
from app.domain import errors
from app.domain.forms import LARGEST_INTEGER, Instant
from app.domain.webhooks import SPACE_KINDS
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, EnterFree, Reader, Space, TheDoor, admin_of
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import webhooks as queries
from app.queries.webhooks import AttemptView, DeliveryView, WebhookHealth, WebhookView

router = APIRouter(prefix="/api/v1", tags=["webhooks"], route_class=StrictRoute)

WEBHOOK = {
    "label": "CAD of the control room",
    "url": "https://cad.example.org/concord",
    "events": ["mission.*", "automatic_alarm.raised"],
    "space_kinds": ["live", "integration"],
    "source": "cad-liege",
    "receipts": True,
    "heartbeat_min": 5,
}
Status = Literal["active", "paused", "disabled", "removed"]
Seq = Annotated[int, Path(ge=1, le=LARGEST_INTEGER, description="The entry's place in the journal.", examples=[4711])]


class DeliveryDetail(DeliveryView):
    """One delivery with what is sent, and every try."""

    payload: dict[str, Any] | None
    """The message as it would be sent now: codes that came since its last try stand in it."""
    attempts: tuple[AttemptView, ...]


@router.get(
    "/webhooks",
    summary="List webhooks",
    responses=responses(errors.RoleMissing, errors.BadCursor, path_ids=False),
)
async def list_webhooks(
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[list[Status], Query(description="Only those in these states.", max_length=4)] = [],  # noqa: B006 - FastAPI copies it
) -> Page[WebhookView]:
    """Your member's webhooks, newest first; for its admins. Those that were removed only where that is asked for."""
    member = admin_of(actor, "list_webhooks")
    of = fingerprint("webhooks", {"member": member, "status": status})
    before = decode_cursor(of, paging.cursor, [UUID])
    rows = await queries.webhooks(reader, member, status=status, before=before, limit=paging.limit)
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.post(
    "/webhooks",
    status_code=201,
    summary="Add a webhook",
    responses=responses(errors.UnknownCode, body=True),
)
async def add_webhook(enter: EnterFree, command: Annotated[AddWebhook, Body(examples=[WEBHOOK])]) -> Receipt:
    """By an admin of the member. Begins with what happens from now on. The secret is in `once`; keep it, for it is not shown again.

    Messages are CloudEvents 1.0 (`protocols/wire/webhooks/1/message.schema.json`), signed as Standard Webhooks says; answer with 2xx
    once you have kept one. They come in order and at least once: take each `webhook-id` once.
    """
    return await enter.create(command, "webhooks")


@router.get("/webhooks/{webhook_id}", summary="Read a webhook", responses=responses(errors.RoleMissing))
async def read_webhook(webhook_id: UUID, actor: CurrentActor, reader: Reader, response: Response) -> WebhookView:
    """One webhook, with the ETag that a change has to name; for its member's admins."""
    found = await queries.webhook(reader, webhook_id, member=admin_of(actor, "read_webhook"))
    response.headers["ETag"] = etag(found.revision)
    return found


@router.patch(
    "/webhooks/{webhook_id}",
    summary="Change a webhook",
    responses=responses(errors.UnknownCode, body=True, if_match=True),
)
async def change_webhook(
    webhook_id: UUID, enter: EnterFree, command: Annotated[ChangeWebhook, Body(examples=[{"events": ["mission.*"]}])]
) -> Receipt:
    """By an admin of the member. Only the fields sent change; If-Match is required. Another address is tried at once."""
    return await enter.execute(command, target=webhook_id, edit=True)


@router.post("/webhooks/{webhook_id}/rotate-secret", summary="Make a new secret", responses=responses(body=True))
async def rotate_webhook_secret(
    webhook_id: UUID,
    enter: EnterFree,
    command: Annotated[RotateWebhookSecret, Body(examples=[{"old_counts_hours": 24}])],
) -> Receipt:
    """By an admin of the member. The new one is in `once`; messages carry a signature by each until the old one's time is over."""
    return await enter.execute(command, target=webhook_id)


@router.post("/webhooks/{webhook_id}/pause", summary="Pause a webhook", responses=responses(body=True))
async def pause_webhook(
    webhook_id: UUID, enter: EnterFree, command: Annotated[PauseWebhook, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member. What happens waits."""
    return await enter.execute(command, target=webhook_id)


@router.post("/webhooks/{webhook_id}/resume", summary="Resume a webhook", responses=responses(body=True))
async def resume_webhook(
    webhook_id: UUID, enter: EnterFree, command: Annotated[ResumeWebhook, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member. It goes on where it stopped, at once."""
    return await enter.execute(command, target=webhook_id)


@router.post("/webhooks/{webhook_id}/remove", summary="Remove a webhook", responses=responses(body=True))
async def remove_webhook(
    webhook_id: UUID, enter: EnterFree, command: Annotated[RemoveWebhook, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member, for good. Its log stays for a while."""
    return await enter.execute(command, target=webhook_id)


@router.post("/webhooks/{webhook_id}/test", summary="Send a test", responses=responses(body=True))
async def send_test_webhook(
    webhook_id: UUID, enter: EnterFree, command: Annotated[SendTestWebhook, Body(examples=[{}])]
) -> Receipt:
    """By an admin of the member. `webhook_endpoint.tested` goes to this webhook alone, whatever it asks for, and takes the way of everything;
    its `seq` in the live space is the receipt's.
    """
    return await enter.execute(command, target=webhook_id)


@router.post("/webhooks/{webhook_id}/replay", summary="Send once more", responses=responses(body=True))
async def replay_webhook(
    webhook_id: UUID,
    enter: EnterFree,
    command: Annotated[ReplayWebhook, Body(examples=[{"space": "live", "from_seq": 4711}])],
) -> Receipt:
    """By an admin of the member: one entry (`from_seq` = `to_seq`), a range, or all since a seq, also from before the webhook was there.

    They come in their order and say `replayed`, behind what is new.
    """
    return await enter.execute(command, target=webhook_id)


@router.get(
    "/webhooks/{webhook_id}/health", summary="Read how a webhook is doing", responses=responses(errors.RoleMissing)
)
async def read_webhook_health(webhook_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor) -> WebhookHealth:
    """What waits and since when, what failed, how quick its system answers, and when both sides were last heard of."""
    found = await queries.webhook(reader, webhook_id, member=admin_of(actor, "read_webhook_health"))
    return await queries.health(reader, found, door.clock.now())


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    summary="List deliveries",
    responses=responses(errors.RoleMissing, errors.BadCursor),
)
async def list_deliveries(
    webhook_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    space: Annotated[str | None, Query(max_length=64, description="Only of this space.")] = None,
    status: Annotated[
        list[Literal["waiting", "delivered", "dropped"]], Query(description="Only those that stand so.", max_length=3)
    ] = [],  # noqa: B006 - FastAPI copies it
    event: Annotated[
        str | None, Query(max_length=81, description="Only of this event.", examples=["mission.committed"])
    ] = None,
    failed: Annotated[bool | None, Query(description="Only those whose last try failed, or only the others.")] = None,
    since: Annotated[Instant | None, Query(description="Only those made at this instant or later.")] = None,
    until: Annotated[Instant | None, Query(description="Only those made before this instant.")] = None,
) -> Page[DeliveryView]:
    """What was, or is to be, delivered, newest first, each with how its last try went; for the member's admins."""
    await queries.webhook(reader, webhook_id, member=admin_of(actor, "list_deliveries"))
    filters = {
        "webhook": webhook_id,
        "space": space,
        "status": status,
        "event": event,
        "failed": failed,
        "since": since,
        "until": until,
    }
    of = fingerprint("deliveries", filters)
    rows = await queries.deliveries(
        reader, webhook_id, space=space, status=status, event=event, failed=failed, since=since, until=until,
        before=decode_cursor(of, paging.cursor, [datetime, str, int]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.made_at, row.space, row.seq], item=lambda row: row)


@router.get(
    "/webhooks/{webhook_id}/deliveries/{space}/{seq}",
    summary="Read a delivery",
    responses=responses(errors.RoleMissing),
)
async def read_delivery(
    webhook_id: UUID, space: Space, seq: Seq, actor: CurrentActor, reader: Reader, door: TheDoor
) -> DeliveryDetail:
    """One delivery: its message, and every try with status, latency and the digest of what was sent. For the member's admins."""
    found = await queries.webhook(reader, webhook_id, member=admin_of(actor, "read_delivery"))
    row = await queries.delivery(reader, webhook_id, space, seq)
    kind = SPACE_KINDS[await queries.space_kind(reader, space)]
    base = (door.settings.public_url or "").rstrip("/")
    made = await Messages(base).made(reader, space, kind, found.member_id, [(seq, row.replayed, row.receipt_by)])
    tries = await queries.attempts(reader, webhook_id, space, seq)
    payload = orjson.loads(made[0].body.raw) if made else None
    return DeliveryDetail(**row.model_dump(), payload=payload, attempts=tuple(tries))
