"""What becomes of a webhook by itself: given up, turned off by the other end, silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.commands.registry import Command, handles
from app.domain.errors import Conflict
from app.domain.forms import Instant
from app.domain.lifecycle import machine
from app.store.tables import WebhookEndpoint

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class GiveUpWebhook(Command):
    """Nothing could be delivered for three days: by the service itself."""

    failing_since: Instant


class DisableWebhook(Command):
    """The other end is gone (410): by the service itself."""


class WatchWebhook(Command):
    """See whether the dispatch system has said that it is there: by the service itself, again and again."""

    since: Instant
    """When this watch began; another one has taken its place if the endpoint says otherwise."""


@handles(GiveUpWebhook)
async def give_up_webhook(uow: UnitOfWork, cmd: GiveUpWebhook) -> None:
    """Record ``webhook_endpoint.given_up``: its owner is told by it. Locks the endpoint."""
    endpoint = await _locked(uow)
    endpoint.status = machine("webhook_endpoint").next(endpoint.status, "pause")
    endpoint.paused_why = "failing"
    _record(uow, "given_up", endpoint, failing_since=cmd.failing_since)


@handles(DisableWebhook)
async def disable_webhook(uow: UnitOfWork, _cmd: DisableWebhook) -> None:
    """Record ``webhook_endpoint.disabled``. Locks the endpoint."""
    endpoint = await _locked(uow)
    endpoint.status = machine("webhook_endpoint").next(endpoint.status, "disable")
    _record(uow, "disabled", endpoint)


@handles(WatchWebhook)
async def watch_webhook(uow: UnitOfWork, cmd: WatchWebhook) -> None:
    """Record ``webhook_endpoint.silent`` or ``webhook_endpoint.heard_again``, or nothing; falls due again. Locks the endpoint.

    Raises:
        Conflict: nobody waits for its heartbeat any more, or another watch does.
    """
    endpoint = await _locked(uow)
    if endpoint.heartbeat_min is None or endpoint.watched_since != cmd.since:
        raise Conflict("Another watch has taken the place of this one.", extra={"current": endpoint.state()})
    heard: datetime | None = await uow.raw.fetchval(
        "SELECT heard_at FROM webhook_pulse WHERE endpoint_id = $1", endpoint.id
    )
    last = max(cmd.since, heard or cmd.since)
    patience = timedelta(minutes=2 * endpoint.heartbeat_min)
    silent = uow.now >= last + patience
    if silent and endpoint.silent_since is None:
        endpoint.silent_since = last
        _record(uow, "silent", endpoint)
    elif not silent and endpoint.silent_since is not None:
        endpoint.silent_since = None
        _record(uow, "heard_again", endpoint)
    again = uow.now + timedelta(minutes=endpoint.heartbeat_min) if silent else last + patience
    uow.later("watch_webhook", again, endpoint.id, {"since": cmd.since.isoformat()})


async def _locked(uow: UnitOfWork) -> WebhookEndpoint:
    uow.authorise()
    return await uow.lock_free(WebhookEndpoint, uow.require_target())


def _record(uow: UnitOfWork, what: str, endpoint: WebhookEndpoint, **data: object) -> None:
    uow.record(f"webhook_endpoint.{what}", endpoint, visibility="parties", parties=[endpoint.member_id], **data)
