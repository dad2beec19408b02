"""How well a member's dispatch systems keep to what was agreed, over HTTP: for its admins and for those who work with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, TypeAlias
from uuid import UUID

from fastapi import Query
from fastapi.routing import APIRouter

from app.domain import errors
from app.domain.authority import Actor, role_missing
from app.domain.conformance import LONGEST_WINDOW
from app.domain.errors import FieldError, OutOfRange
from app.domain.forms import Instant
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, Reader, TheDoor
from app.entrypoints.http.problems import responses
from app.queries import inbox, webhooks
from app.queries.conformance import WebhookConformance, webhook_conformance
from app.queries.inbox_conformance import InboxConformance, inbox_conformance

router = APIRouter(prefix="/api/v1", tags=["dispatch systems"], route_class=StrictRoute)

LATELY: Final = timedelta(hours=24)

Since: TypeAlias = Annotated[
    Instant | None, Query(description="From this instant on; without it, the last 24 hours. 31 days at most.")
]
Until: TypeAlias = Annotated[Instant | None, Query(description="Before this instant; without it, until now.")]
OfSpace: TypeAlias = Annotated[
    str | None, Query(max_length=64, description="Only what was of this space.", examples=["integration"])
]


@router.get(
    "/webhooks/{webhook_id}/conformance",
    summary="Read how a webhook's system took what it was sent",
    responses=responses(errors.RoleMissing, errors.OutOfRange),
)
async def read_webhook_conformance(
    webhook_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    since: Since = None,
    until: Until = None,
    space: OfSpace = None,
) -> WebhookConformance:
    """What was sent, taken, missed, late and tried again, its receipts, and each fault with what to do next. For the member's admins and
    dispatchers.
    """
    may_read(actor, "read_webhook_conformance")
    found = await webhooks.webhook(reader, webhook_id, member=actor.member_id)
    now = door.clock.now()
    return await webhook_conformance(reader, found, *window(since, until, now), space, now)


@router.get(
    "/inbox-sources/{source_id}/conformance",
    summary="Read how well a source told what it knew",
    responses=responses(errors.RoleMissing, errors.OutOfRange),
)
async def read_inbox_conformance(
    source_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    since: Since = None,
    until: Until = None,
    space: OfSpace = None,
) -> InboxConformance:
    """What was received, late, twice, out of order, wrongly signed and held back, how far its clock is off, which missions it told nothing
    of, and each fault with what to do next. For the member's admins and dispatchers.
    """
    may_read(actor, "read_inbox_conformance")
    found = await inbox.source(reader, source_id, member=actor.member_id)
    now = door.clock.now()
    kept_since = now - timedelta(days=door.settings.retention_days_inbox)
    return await inbox_conformance(reader, found, *window(since, until, now), space, kept_since=kept_since)


def may_read(actor: Actor, what: str) -> None:
    """Refuse who neither keeps the connection nor works by it.

    Raises:
        RoleMissing
    """
    if actor.roles.isdisjoint({"dispatcher", "admin"}):
        raise role_missing(what, ["dispatcher", "admin"], "member")


def window(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when.

    Raises:
        OutOfRange: it ends before it begins, or is longer than 31 days.
    """
    ends = until or now + timedelta(microseconds=1)  # what is of this very instant belongs to it
    begins = since or ends - LATELY
    if begins >= ends or ends - begins > LONGEST_WINDOW:
        detail = "It ends before it begins." if begins >= ends else "A report is of 31 days at most."
        raise OutOfRange(detail, errors=[FieldError("query/since", OutOfRange.slug, detail)])
    return begins, ends
