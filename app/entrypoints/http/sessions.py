"""Signing in to the console with name and password, and out again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Body, Request, Response
from fastapi.routing import APIRouter
from pydantic import Field, SecretStr

from app.commands.passwords import LONGEST
from app.commands.sessions import digest_of, sign_in, sign_out
from app.domain import errors
from app.domain.errors import Conflict, NotSignedIn
from app.domain.forms import Form, ShortText
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import TheDoor
from app.entrypoints.http.identity import (
    Identified,
    cookie_name,
    drop_session_cookie,
    require_own_origin,
    set_session_cookie,
)
from app.entrypoints.http.problems import responses
from app.queries.identity import Holder, SessionHolder, TokenHolder, session_holder
from app.queries.models import ReadModel
from app.store.engine import reading


class SignIn(Form):
    """Name and password."""

    login: ShortText
    password: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST)]


class MemberBrief(ReadModel):
    """The member somebody acts for."""

    id: UUID
    code: str
    country: str
    names: dict[str, str]


class Me(ReadModel):
    """The user who asks."""

    id: UUID
    login: str
    display_name: str
    kind: str
    """`person` or `service`."""
    language: str
    roles: list[str]
    member: MemberBrief


class SessionView(ReadModel):
    """Who you are here, and until when."""

    user: Me
    expires_at: datetime
    csrf_token: str | None
    """Send it as `X-CSRF-Token` with every change; null with a token, which needs none."""
    scopes: list[str] | None
    """What a token was made for; null in a session, which may do all that your roles allow."""


router = APIRouter(prefix="/api/v1", tags=["session"], route_class=StrictRoute)


@router.post(
    "/session",
    status_code=201,
    summary="Sign in",
    responses=responses(errors.BadCredentials, body=True, path_ids=False),
)
async def begin_session(
    request: Request,
    response: Response,
    door: TheDoor,
    command: Annotated[SignIn, Body(examples=[{"login": "e.dupont", "password": "a sentence nobody would guess"}])],
) -> SessionView:
    """Set the session's cookie. After five failures each further try has to wait: `Retry-After` says how long."""
    require_own_origin(request)
    address = request.client.host if request.client else ""
    secret = await sign_in(door, command.login, command.password, address=address)
    async with reading(door.engine) as conn:
        holder = await session_holder(conn, digest_of(secret))
    if holder is None:
        raise NotSignedIn("The session ended as soon as it had begun.")
    set_session_cookie(response, door.settings, secret)
    response.headers["Location"] = "/api/v1/session"
    return _view(holder)


@router.get("/session", summary="Read who you are", responses=responses(path_ids=False))
async def read_session(found: Identified) -> SessionView:
    """Who is behind the session or the token that this request carries."""
    return _view(found.holder)


@router.delete(
    "/session",
    status_code=204,
    summary="Sign out",
    responses=responses(errors.Conflict, errors.CsrfFailed, path_ids=False),
)
async def end_session(request: Request, response: Response, door: TheDoor, found: Identified) -> None:
    """End the session of this cookie. A token is no session; it is revoked."""
    if not isinstance(found.holder, SessionHolder):
        raise Conflict("This request carries a token, which is no session.", hint="Revoke the token instead.")
    await sign_out(door, request.cookies[cookie_name(door.settings)])
    drop_session_cookie(response, door.settings)


def _view(holder: Holder) -> SessionView:
    return SessionView(
        user=Me(
            id=holder.user_id,
            login=holder.login,
            display_name=holder.display_name,
            kind=holder.kind,
            language=holder.language,
            roles=holder.roles,
            member=MemberBrief(
                id=holder.member_id, code=holder.member_code, country=holder.member_country, names=holder.member_names
            ),
        ),
        expires_at=holder.expires_at,
        csrf_token=holder.csrf_token if isinstance(holder, SessionHolder) else None,
        scopes=holder.scopes if isinstance(holder, TokenHolder) else None,
    )
