"""Webhooks: where a member's dispatch systems hear of what happens, kept by its admin.

Endpoints belong to no space, as users do: their entries stand in the journal of the live one, for their own member's eyes, and hold
neither the address nor a secret. A secret is shown in the first receipt and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from app.commands.registry import Command, handles
from app.commands.whose import whose
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, MissingField, NotFound, OutOfRange, WrongFormat
from app.domain.external_ids import Source
from app.domain.forms import LARGEST_INTEGER, WHOLE, Code, Flag, ShortText
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import require_type
from app.domain.vocabulary import require
from app.domain.webhook_addresses import Url, is_allowed, literal, may_reach, networks, origin
from app.domain.webhooks import SPACE_KINDS, TESTED, Event, SpaceKind, events, new_secret
from app.store.tables import Incident, Member, WebhookEndpoint
from app.store.unit_of_work import UnitOfWork
from app.store.webhook_lanes import beat_anew, close_lanes, open_lanes, replay, try_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.settings import Settings

MOST: Final = 50
_KIND: Final = "SELECT kind FROM space WHERE id = $1"
_INCIDENTS: Final = "SELECT id FROM incident WHERE id = ANY($1)"
Events = Annotated[list[Event], Field(min_length=1, max_length=MOST)]
Ids = Annotated[list[UUID], Field(max_length=MOST)]
Types = Annotated[list[Code], Field(max_length=MOST)]
Kinds = Annotated[list[SpaceKind], Field(min_length=1, max_length=3)]
Heartbeat = Annotated[int, Field(strict=True, ge=1, le=60), WHOLE]
Seq = Annotated[int, Field(strict=True, ge=0, le=LARGEST_INTEGER), WHOLE]
SpaceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$", examples=["live"])]


def _live() -> list[SpaceKind]:
    return ["live"]


class AddWebhook(Command):
    """Have a dispatch system told of what happens from now on. The secret is in the receipt, once."""

    member_id: UUID | None = None
    """Whose it is; the acting admin's member if none is named."""
    label: ShortText
    """What it is for, so that one knows which is which."""
    url: Url | None = None
    """Where to; without one nothing is sent, and the dispatch system reads its outbox."""
    events: Events
    """What to hear of: `mission.in_transit`, all of an area (`mission.*`), or `*`."""
    incident_ids: Ids = Field(default_factory=list)
    """Only what is about one of these incidents."""
    type_codes: Types = Field(default_factory=list)
    """Only what is about one of these resource types."""
    member_ids: Ids = Field(default_factory=list)
    """Only what names one of these members."""
    space_kinds: Kinds = Field(default_factory=_live)
    """`live`, `exercise` (drills), `integration`. Nothing of a drill goes to an endpoint that does not say `exercise`."""
    source: Source | None = None
    """Whose codes that system uses, as `cad-liege`: under it stands the number that it gives an incident."""
    receipts: Flag = False
    """Whether it says `taken_into_dispatch`: then the console rings where it does not, in time. Needs a `source`."""
    heartbeat_min: Heartbeat | None = None
    """Every how many minutes both sides say that they are there; twice as long without a word is an alarm."""


class ChangeWebhook(Command):
    """Change an endpoint. Only the fields sent change; kinds of spaces that are added begin now, those taken away end at once."""

    label: ShortText | None = None
    url: Url | None = None
    """An address can be replaced, and not be taken away."""
    events: Events | None = None
    incident_ids: Ids | None = None
    type_codes: Types | None = None
    member_ids: Ids | None = None
    space_kinds: Kinds | None = None
    source: Source | None = None
    """Null: none any more; not while the webhook has `receipts`."""
    receipts: Flag | None = None
    heartbeat_min: Heartbeat | None = None
    """Null: no heartbeat any more."""


class RotateWebhookSecret(Command):
    """Make a new secret; what is sent is signed by both until the old one's time is over."""

    old_counts_hours: Annotated[int, Field(strict=True, ge=0, le=7 * 24), WHOLE] = 24
    """For how long the old one still counts. An older one than that counts no more at once."""


class PauseWebhook(Command):
    """Send nothing for a while; what happens waits. Whoever reads the outbox reads on: revoke its token to end that."""


class ResumeWebhook(Command):
    """Send again, from where it stopped."""


class RemoveWebhook(Command):
    """Send nothing any more, for good."""


class SendTestWebhook(Command):
    """Send something that means nothing, whatever the endpoint asked for."""


class ReplayWebhook(Command):
    """Send once more what the endpoint asks for, also from before it was there: one entry, a range, or all since a seq."""

    space: SpaceName = "live"
    """In which space; one of a kind that the endpoint asks for."""
    from_seq: Seq
    """The first one."""
    to_seq: Seq | None = None
    """The last one; up to now if none is named."""


@handles(AddWebhook)
async def add_webhook(uow: UnitOfWork, cmd: AddWebhook) -> None:
    """Record ``webhook_endpoint.added``; the secret goes into the receipt alone."""
    member_id = whose(uow, cmd.member_id)
    uow.authorise({"member": {member_id}})
    await uow.get(Member, member_id)
    await _require_known(uow, cmd)
    secret = new_secret()
    endpoint = uow.add(
        WebhookEndpoint(
            id=new_id(),
            member_id=member_id,
            label=cmd.label,
            url=cmd.url,
            origin=None if cmd.url is None else origin(cmd.url),
            events=_each_once(cmd.events),
            incident_ids=_each_once(cmd.incident_ids),
            type_codes=_each_once(cmd.type_codes),
            member_ids=_each_once(cmd.member_ids),
            space_kinds=_each_once(cmd.space_kinds),
            source=cmd.source,
            receipts=cmd.receipts,
            secret=secret,
            created_at=uow.now,
        )
    )
    _require_source(endpoint)
    _watch(uow, endpoint, cmd.heartbeat_min)
    await uow.flush()
    await open_lanes(uow.raw, endpoint.id, endpoint.space_kinds, uow.now)
    uow.once = {"secret": secret}
    _record(uow, "added", endpoint)


@handles(ChangeWebhook)
async def change_webhook(uow: UnitOfWork, cmd: ChangeWebhook) -> None:
    """Record ``webhook_endpoint.changed`` with the names of the fields that changed. Locks the endpoint, then its lanes, then its
    pulse.

    Raises:
        MissingField: null for something that a webhook always has, or no source where it has receipts.
    """
    endpoint = await _locked(uow)
    _require_there(endpoint, "be changed")
    _require_no_null(endpoint, cmd)
    await _require_known(uow, cmd)
    sent = set(cmd.model_fields_set)
    for name in sent - {"heartbeat_min"}:
        value = getattr(cmd, name)
        setattr(endpoint, name, _each_once(value) if isinstance(value, list) else value)
    if sent & {"receipts", "source"}:
        _require_source(endpoint)
    if cmd.url is not None:
        endpoint.origin = origin(cmd.url)
        await try_now(uow.raw, endpoint.id, uow.now)
    if cmd.space_kinds is not None:
        await close_lanes(uow.raw, endpoint.id, endpoint.space_kinds)
        await open_lanes(uow.raw, endpoint.id, endpoint.space_kinds, uow.now)
    if "heartbeat_min" in sent and cmd.heartbeat_min != endpoint.heartbeat_min:
        _watch(uow, endpoint, cmd.heartbeat_min)
        await beat_anew(uow.raw, endpoint.id)
    _record(uow, "changed", endpoint, fields=sorted(sent))


@handles(RotateWebhookSecret)
async def rotate_webhook_secret(uow: UnitOfWork, cmd: RotateWebhookSecret) -> None:
    """Record ``webhook_endpoint.secret_rotated``; the new one goes into the receipt alone. Locks the endpoint."""
    endpoint = await _locked(uow)
    _require_there(endpoint, "get a new secret")
    endpoint.old_secret = endpoint.secret if cmd.old_counts_hours else None
    endpoint.old_secret_until = (
        uow.now + timedelta(hours=cmd.old_counts_hours) if endpoint.old_secret is not None else None
    )
    endpoint.secret = new_secret()
    uow.once = {"secret": endpoint.secret}
    _record(uow, "secret_rotated", endpoint)


@handles(PauseWebhook)
async def pause_webhook(uow: UnitOfWork, _cmd: PauseWebhook) -> None:
    """Record ``webhook_endpoint.paused``. Locks the endpoint."""
    endpoint = await _locked(uow)
    _step(endpoint, "pause", why="by_hand")
    _record(uow, "paused", endpoint)


@handles(ResumeWebhook)
async def resume_webhook(uow: UnitOfWork, _cmd: ResumeWebhook) -> None:
    """Record ``webhook_endpoint.resumed``: it is tried at once. Locks the endpoint, then its lanes."""
    endpoint = await _locked(uow)
    _step(endpoint, "resume")
    await try_now(uow.raw, endpoint.id, uow.now)
    _record(uow, "resumed", endpoint)


@handles(RemoveWebhook)
async def remove_webhook(uow: UnitOfWork, _cmd: RemoveWebhook) -> None:
    """Record ``webhook_endpoint.removed``: its secrets are gone. Locks the endpoint, then its lanes."""
    endpoint = await _locked(uow)
    _step(endpoint, "remove")
    endpoint.secret, endpoint.old_secret, endpoint.old_secret_until = "", None, None
    _watch(uow, endpoint, None)
    await close_lanes(uow.raw, endpoint.id, [], live=False)
    _record(uow, "removed", endpoint)


@handles(SendTestWebhook)
async def send_test_webhook(uow: UnitOfWork, _cmd: SendTestWebhook) -> None:
    """Record ``webhook_endpoint.tested``, which goes to this endpoint and takes the way that everything takes. Locks it."""
    endpoint = await _locked(uow)
    _require_there(endpoint, "be tested")
    uow.record(TESTED, endpoint, visibility="parties", parties=[endpoint.member_id])


@handles(ReplayWebhook)
async def replay_webhook(uow: UnitOfWork, cmd: ReplayWebhook) -> None:
    """Record ``webhook_endpoint.replayed`` with the range. Locks the endpoint, then its lane.

    Raises:
        NotFound: there is no such space, or it began after the endpoint had ended.
        Conflict: the endpoint does not ask for spaces of that kind: nothing would be sent.
        OutOfRange: the range ends before it begins, or begins after the journal's end.
    """
    endpoint = await _locked(uow)
    _require_there(endpoint, "be sent anything")
    if cmd.to_seq is not None and cmd.to_seq < cmd.from_seq:
        detail = f"The range ends at {cmd.to_seq}, before it begins at {cmd.from_seq}."
        raise OutOfRange(detail, errors=[FieldError("/to_seq", OutOfRange.slug, detail)])
    kind = await uow.raw.fetchval(_KIND, cmd.space)
    if kind is None:
        raise NotFound("space", cmd.space)
    require_asked(cmd.space, kind, endpoint.space_kinds)
    until = await replay(uow.raw, endpoint.id, cmd.space, max(cmd.from_seq, 1) - 1, cmd.to_seq)
    if until is None:
        raise NotFound("space", cmd.space)
    if until < cmd.from_seq:
        detail = f"This endpoint has come to {until} there; what follows is sent as it is."
        raise OutOfRange(detail, errors=[FieldError("/from_seq", OutOfRange.slug, detail)])
    if endpoint.status != "active" and endpoint.url is not None:
        uow.warn(
            "webhook_not_active",
            "This webhook is not active: it goes out once an admin resumes it.",
            figures={"status": endpoint.status},
        )
    _record(uow, "replayed", endpoint, space=cmd.space, from_seq=cmd.from_seq, to_seq=until)


# ---------------------------------------------------------------- checks and pieces


async def _locked(uow: UnitOfWork) -> WebhookEndpoint:
    """Lock the endpoint the command is about; other members' are not there for the actor."""
    id_ = uow.require_target()
    endpoint = await uow.lock_free(WebhookEndpoint, id_)
    if not uow.sees(endpoint.member_id):
        raise NotFound(WebhookEndpoint.KIND, id_)
    uow.authorise({"member": {endpoint.member_id}})
    uow.expect_revision(endpoint)
    return endpoint


def _record(uow: UnitOfWork, what: str, endpoint: WebhookEndpoint, **data: object) -> None:
    uow.record(f"webhook_endpoint.{what}", endpoint, visibility="parties", parties=[endpoint.member_id], **data)


def _require_there(endpoint: WebhookEndpoint, words: str) -> None:
    machine("webhook_endpoint").refuse_final(endpoint.status, words, endpoint.state())


def _step(endpoint: WebhookEndpoint, step: str, *, why: str | None = None) -> None:
    endpoint.status = machine("webhook_endpoint").next(endpoint.status, step)
    endpoint.paused_why = why


def _watch(uow: UnitOfWork, endpoint: WebhookEndpoint, minutes: int | None) -> None:
    """Begin to watch for the dispatch system's heartbeat, or stop; who was silent until now is not any more."""
    endpoint.heartbeat_min = minutes
    endpoint.silent_since = None
    endpoint.watched_since = None if minutes is None else uow.now
    if minutes is not None:
        body = {"since": uow.now.isoformat()}
        uow.later("watch_webhook", uow.now + timedelta(minutes=2 * minutes), endpoint.id, body)


def _require_no_null(endpoint: WebhookEndpoint, cmd: ChangeWebhook) -> None:
    """Refuse to take away what a webhook always has, and an address: what waits for it would be sent nowhere.

    Raises:
        MissingField: of each that is null.
    """
    null = {name for name in cmd.model_fields_set - {"source", "heartbeat_min"} if getattr(cmd, name) is None}
    if endpoint.url is None:
        null -= {"url"}
    if null == {"url"}:
        hint = (
            "To have it read, read its outbox as it is: all that is sent there stands in it, too. "
            "To have nothing sent, pause it; or add a webhook without an address and remove this one."
        )
    else:
        hint = "Leave out what is to stay as it is. A filter is taken away by an empty list."
    if null:
        found = [FieldError(f"/{name}", MissingField.slug, f"`{name}` can't be taken away.") for name in sorted(null)]
        raise MissingField(" ".join(each.detail for each in found), errors=found, hint=hint)


def _require_source(endpoint: WebhookEndpoint) -> None:
    """Refuse receipts without a list of codes: the numbers that they bring would stand nowhere.

    Raises:
        MissingField: of the source.
    """
    if endpoint.receipts and endpoint.source is None:
        detail = "Receipts bring that system's number of the incident, and it is kept in the list that `source` names."
        raise MissingField(
            detail,
            errors=[FieldError("/source", MissingField.slug, detail)],
            extra=because("receipts_without_source"),
            hint="Name the list of that system's codes in `source`, such as cad-liege, or leave `receipts` off.",
        )


async def _require_known(uow: UnitOfWork, cmd: AddWebhook | ChangeWebhook) -> None:
    """Refuse an event, an incident, a type or a member that there is not, and an address that nothing would be sent to."""
    for index, event in enumerate(cmd.events or ()):
        area, _, what = event.partition(".")
        if event == "*":
            continue
        require("area of events", area, events().areas, pointer=f"/events/{index}")
        if what != "*":
            require("event", event, [f"{area}.{each}" for each in events().events[area]], pointer=f"/events/{index}")
    await _require_incidents(uow, cmd.incident_ids or ())
    for code in cmd.type_codes or ():
        require_type(code)
    for member_id in cmd.member_ids or ():
        await uow.get(Member, member_id)
    if cmd.url is not None:
        require_sendable(cmd.url, uow.settings)


def require_asked(space: str, kind: str, asked: Sequence[str]) -> None:
    """Refuse to have a webhook deal with a space of a kind that it does not ask for: it would meet with silence.

    Raises:
        Conflict: with the kinds that it asks for.
    """
    wanted = SPACE_KINDS[kind]
    if wanted not in asked:
        kinds = ", ".join(asked)
        raise Conflict(
            f"This webhook does not ask for what happens in {space} ({wanted}); it asks for: {kinds}.",
            extra=because("webhook_space_kind", space_kind=wanted, asked=kinds),
            hint="Name a space of a kind that it asks for in `space` (it is live if none is named), or have an admin add this kind to it.",
        )


async def _require_incidents(uow: UnitOfWork, ids: Sequence[UUID]) -> None:
    """Refuse an incident that there is in no space: nothing about it would ever be sent.

    Raises:
        NotFound: the first that there is not.
    """
    known = {row["id"] for row in await uow.raw.fetch(_INCIDENTS, list(ids))} if ids else set()
    for id_ in ids:
        if id_ not in known:
            raise NotFound(Incident.KIND, id_)


def require_sendable(url: str, settings: Settings) -> None:
    """Refuse an address that is not encrypted, or written as one of a private network, unless a setting allows such.

    What a name resolves to is looked at when something is sent.

    Raises:
        WrongFormat: it is http, and not into a network that was named.
        OutOfRange: it leads into a private network.
    """
    allowed = networks(settings.webhook_networks)
    parts = urlsplit(url)
    address = literal(parts.hostname or "")
    if parts.scheme != "https" and not (allowed if address is None else is_allowed(address, allowed)):
        detail = "Nothing is sent there unencrypted; use https."
        raise WrongFormat(detail, errors=[FieldError("/url", WrongFormat.slug, detail)])
    if address is not None and not may_reach(address, allowed):
        detail = (
            f"{address} is not a public address; whoever runs this service can allow it (CONCORD_WEBHOOK_NETWORKS)."
        )
        raise OutOfRange(detail, errors=[FieldError("/url", OutOfRange.slug, detail)])


def _each_once(values: Sequence[object]) -> list[str]:
    return list(dict.fromkeys(map(str, values)))
