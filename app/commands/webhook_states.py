"""What becomes of a webhook by itself: given up, turned off by the other end, silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from app.commands.registry import Command, handles
from app.domain.errors import Conflict
from app.domain.forms import Instant
from app.domain.lifecycle import machine
from app.store.tables import WebhookEndpoint

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


_FAILING: Final = "SELECT EXISTS (SELECT FROM webhook_lane WHERE endpoint_id = $1 AND failing_since = $2)"


class GiveUpWebhook(Command):
    """Nothing could be delivered for three days: by the service itself."""

    failing_since: Instant
    """As the lane says that nothing was delivered on; one that was changed, resumed or reached meanwhile says otherwise."""


class DisableWebhook(Command):
    """The other end is gone (410): by the service itself."""

    url: str
    """Who said so; the endpoint may be at another address by now."""


class WatchWebhook(Command):
    """See whether the dispatch system has said that it is there: by the service itself, again and again."""

    since: Instant
    """When this watch began; another one has taken its place if the endpoint says otherwise."""


@handles(GiveUpWebhook)
async def give_up_webhook(uow: UnitOfWork, cmd: GiveUpWebhook) -> None:
    """Record ``webhook_endpoint.given_up``: its owner is told by it. Locks the endpoint.

    Raises:
        Conflict: no lane of it has failed since then any more.
    """
    endpoint = await _locked(uow)
    paused = machine("webhook_endpoint").next(endpoint.status, "pause")
    if not await uow.raw.fetchval(_FAILING, endpoint.id, cmd.failing_since):
        raise Conflict(
            "It has been changed, resumed or reached since then.",
            extra={"current": endpoint.state()},
            hint="Try again what waits: it is given up when that has failed for three days.",
        )
    endpoint.status, endpoint.paused_why = paused, "failing"
    _record(uow, "given_up", endpoint, failing_since=cmd.failing_since)


@handles(DisableWebhook)
async def disable_webhook(uow: UnitOfWork, cmd: DisableWebhook) -> None:
    """Record ``webhook_endpoint.disabled``. Locks the endpoint.

    Raises:
        Conflict: it is at another address by now.
    """
    endpoint = await _locked(uow)
    disabled = machine("webhook_endpoint").next(endpoint.status, "disable")
    if endpoint.url != cmd.url:
        raise Conflict(
            "It is at another address by now.",
            extra={"current": endpoint.state()},
            hint="Send what waits to the address that it has now.",
        )
    endpoint.status = disabled
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
