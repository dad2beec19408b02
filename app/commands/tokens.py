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
from app.domain.authority import READ_SCOPE, WRITE_SCOPE
from app.domain.errors import Conflict, FieldError, Malformed, MissingField, NotFound, ScopeMissing
from app.domain.forms import WHOLE, Code, ShortText
from app.domain.ids import new_id
from app.domain.vocabulary import require
from app.store.tables import Token, User
from app.store.unit_of_work import UnitOfWork

PREFIX: Final = "concord_"
"""Lets scanners of repositories and logs recognise a token that was left lying about."""
SECRET_BYTES: Final = 32
LONGEST_DAYS: Final = 365


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


@handles(AddToken)
async def add_token(uow: UnitOfWork, cmd: AddToken) -> None:
    """Record ``token.added``; the text goes into the receipt alone. Locks the user."""
    user = await _owner(uow, _whose(uow, cmd))
    if not user.active:
        raise Conflict("This user was deactivated.", extra={"current": user.state()})
    known = {READ_SCOPE, WRITE_SCOPE, *authority.commands()}
    for index, scope in enumerate(cmd.scopes):
        require("scope", scope, known, pointer=f"/scopes/{index}")
    _refuse_more_than_own(uow, cmd.scopes)
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token(
        id=new_id(),
        user_id=user.id,
        token_hash=digest_of(text),
        label=cmd.label,
        scopes=list(dict.fromkeys(cmd.scopes)),
        created_at=uow.now,
        expires_at=uow.now + timedelta(days=cmd.days),
    )
    uow.once = {"token": text}
    uow.record("token.added", uow.add(token), visibility="parties", parties=[user.member_id])


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
        raise Conflict("This token was revoked already.", extra={"current": token.state()})
    token.revoked_at = uow.now
    uow.record("token.revoked", token, visibility="parties", parties=[user.member_id])


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
    whose = uow.target or cmd.user_id or uow.actor.id
    if whose is None:
        detail = "The service itself has to name a user."
        raise MissingField(detail, errors=[FieldError("/user_id", MissingField.slug, detail)])
    return whose


def _refuse_more_than_own(uow: UnitOfWork, scopes: list[str]) -> None:
    """Refuse a token that would open more than the one it is made with."""
    own = uow.actor.scopes
    if own is None or WRITE_SCOPE in own:
        return
    for scope in scopes:
        if scope not in own:
            raise ScopeMissing(scope)
