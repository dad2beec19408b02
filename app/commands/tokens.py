"""Bearer tokens: made by a member's admin or by the user for itself, narrowed by scopes, and limited in time.

The text of a token is in the first receipt and nowhere else; a repeat under the same key does not hold it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from app.commands.registry import Command, handles
from app.commands.sessions import digest_of
from app.domain import authority
from app.domain.authority import CALENDAR_SCOPE, READ_SCOPE, WRITE_SCOPE
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, Malformed, MissingField, NotFound, ScopeMissing
from app.domain.forms import WHOLE, Code, ShortText
from app.domain.ids import new_id
from app.domain.vocabulary import require
from app.store.tables import Token, User
from app.store.unit_of_work import UnitOfWork

PREFIX: Final = "concord_"
"""Lets scanners of repositories and logs recognise a token that was left lying about."""
SECRET_BYTES: Final = 32
_CALENDARS: Final = (
    "SELECT id FROM api_token WHERE user_id = $1 AND scopes = to_jsonb($2::text[]) AND revoked_at IS NULL ORDER BY id"
)
LONGEST_DAYS: Final = 365
CALENDAR_DAYS: Final = 3653
"""How long a calendar's address counts: a calendar that fell silent after a year would tell nobody why."""


class AddToken(Command):
    """Make a token for a user."""

    user_id: UUID | None = None
    """Whose token; the user in the address, or oneself, if nobody is named."""
    label: ShortText
    """What it is for, so that one knows which to revoke."""
    scopes: Annotated[list[Code], Field(min_length=1, max_length=100)]
    """`read`, `write` (every command that the user's roles allow, and reading), or names of commands."""
    days: Annotated[int, Field(strict=True, ge=1, le=LONGEST_DAYS), WHOLE] = 90
    """How long it counts."""


class RevokeToken(Command):
    """Make a token count no more, from the next request on."""


class RenewCalendarAddress(Command):
    """Make the secret address under which a calendar program reads the drills; the one before stops counting."""


@handles(AddToken)
async def add_token(uow: UnitOfWork, cmd: AddToken) -> None:
    """Record ``token.added``; the text goes into the receipt alone. Locks the user."""
    user = await _owner(uow, _whose(uow, cmd))
    if not user.active:
        raise Conflict("This user was deactivated.", extra={**because("user_deactivated"), "current": user.state()})
    known = {READ_SCOPE, WRITE_SCOPE, *authority.commands()}
    for index, scope in enumerate(cmd.scopes):
        require("scope", scope, known, pointer=f"/scopes/{index}")
    _refuse_more_than_own(uow, cmd.scopes)
    text, token = _made(uow, user, cmd.label, list(dict.fromkeys(cmd.scopes)), cmd.days)
    uow.once = {"token": text}
    uow.record("token.added", token, visibility="parties", parties=[user.member_id])


@handles(RenewCalendarAddress)
async def renew_calendar_address(uow: UnitOfWork, _cmd: RenewCalendarAddress) -> None:
    """Record ``token.added`` with the key, and those that stop counting for it; its text goes into the receipt alone. Locks the user, then these.

    For oneself alone: whoever has the address reads what its user may. Revoked as every token is, by an admin, too.
    """
    user = await uow.lock_free(User, uow.target or _oneself(uow))
    if not uow.sees(user.member_id):
        raise NotFound(User.KIND, user.id)
    uow.authorise({"self": {user.id}})
    before = await uow.raw.fetch(_CALENDARS, user.id, [CALENDAR_SCOPE])
    text, token = _made(uow, user, "Calendar", [CALENDAR_SCOPE], CALENDAR_DAYS)
    ended = [await uow.lock_free(Token, each["id"]) for each in before]
    for each in ended:
        each.revoked_at = uow.now
    uow.once = {"key": text}
    uow.record("token.added", token, *ended, visibility="parties", parties=[user.member_id])


@handles(RevokeToken)
async def revoke_token(uow: UnitOfWork, _cmd: RevokeToken) -> None:
    """Record ``token.revoked``. Locks the user, then the token."""
    id_ = uow.require_target()
    user_id = await uow.raw.fetchval("SELECT user_id FROM api_token WHERE id = $1", id_)
    if user_id is None:
        raise NotFound(Token.KIND, id_)
    try:
        user = await _owner(uow, user_id)
    except NotFound as error:
        raise NotFound(Token.KIND, id_) from error
    token = await uow.lock_free(Token, id_)
    uow.expect_revision(token)
    if token.revoked_at is not None:
        raise Conflict("This token was revoked already.", extra={**because("token_revoked"), "current": token.state()})
    token.revoked_at = uow.now
    uow.record("token.revoked", token, visibility="parties", parties=[user.member_id])


def _made(uow: UnitOfWork, user: User, label: str, scopes: list[str], days: int) -> tuple[str, Token]:
    """Add a token; return its text, and its row, which does not hold it."""
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token(
        id=new_id(),
        user_id=user.id,
        token_hash=digest_of(text),
        label=label,
        scopes=scopes,
        created_at=uow.now,
        expires_at=uow.now + timedelta(days=days),
    )
    return text, uow.add(token)


async def _owner(uow: UnitOfWork, user_id: UUID) -> User:
    """Lock the token's user and check authority; other members' users are not there for the actor."""
    user = await uow.lock_free(User, user_id)
    if not uow.sees(user.member_id):
        raise NotFound(User.KIND, user_id)
    uow.authorise({"member": {user.member_id}, "self": {user.id}})
    return user


def _whose(uow: UnitOfWork, cmd: AddToken) -> UUID:
    if cmd.user_id is not None and uow.target not in {None, cmd.user_id}:
        detail = "The address names another user."
        raise Malformed(detail, errors=[FieldError("/user_id", Malformed.slug, detail)])
    return uow.target or cmd.user_id or _oneself(uow)


def _oneself(uow: UnitOfWork) -> UUID:
    if uow.actor.id is None:
        detail = "The service itself has to name a user."
        raise MissingField(detail, errors=[FieldError("/user_id", MissingField.slug, detail)])
    return uow.actor.id


def _refuse_more_than_own(uow: UnitOfWork, scopes: list[str]) -> None:
    """Refuse a token that would open more than the one it is made with."""
    own = uow.actor.scopes
    if own is None or WRITE_SCOPE in own:
        return
    for scope in scopes:
        if scope not in own:
            raise ScopeMissing(scope)
