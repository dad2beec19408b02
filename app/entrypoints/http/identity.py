"""Who is asking: a bearer token, or the session cookie of the console.

A cookie goes along with every request that a browser sends to us, also with one that another site made it send. So a
change by cookie needs the session's CSRF token in a header, and an ``Origin`` that is ours where one is sent. A bearer
token is put there by whoever asks, and needs neither.

User, member and roles are looked up for each request: what an admin takes away is gone with the next one.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, cast
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from app.commands.sessions import USE_NOTED_EVERY, digest_of, note_token_use, note_use
from app.domain.authority import CALENDAR_SCOPE, READ_SCOPE, WRITE_SCOPE, Actor, ActorKind
from app.domain.errors import CsrfFailed, NotSignedIn, ScopeMissing, TokenExpired, TokenInvalid
from app.queries.identity import Holder, SessionHolder, session_holder, token_holder
from app.store.engine import reading

if TYPE_CHECKING:
    from app.commands.execute import Door
    from app.settings import Settings

COOKIE: Final = "concord_session"
CSRF_HEADER: Final = "X-CSRF-Token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN_AGAIN: Final = "Sign in again."

_bearer = HTTPBearer(auto_error=False, scheme_name="token", description="A token made by POST /users/{id}/tokens.")
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="session",
    description=f"Set by POST /session; changes also need its {CSRF_HEADER}. Over https its name starts with `__Host-`.",
)


_CalendarKey = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Of the address that `POST /users/{id}/calendar-address` made; it opens nothing else.",
        examples=["concord_8fTd2k…"],
    ),
]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks, as the door wants it (``actor``) and as a person reads it (``holder``)."""

    actor: Actor
    holder: Holder
    digest: bytes
    """The SHA-256 of the credential, under which it can be looked up again."""


async def signed_in(
    request: Request,
    _token: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
    _session: Annotated[str | None, Security(_cookie)] = None,
) -> SignedIn:
    """Return who makes this request (the two unused parameters document the ways to sign in).

    Raises:
        NotSignedIn, TokenInvalid, TokenExpired: nobody who counts.
        CsrfFailed: a change by cookie that our own page did not make.
        ScopeMissing: a token that may not read.
    """
    found = await _identify(request)
    if request.method in SAFE_METHODS:
        require_read(found.actor)
    elif isinstance(found.holder, SessionHolder):
        require_own_origin(request)
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), found.holder.csrf_token.encode()):
            raise CsrfFailed(f"The header {CSRF_HEADER} is missing, or is not this session's.")
    return found


Identified = Annotated[SignedIn, Depends(signed_in)]


async def current_actor(found: Identified) -> Actor:
    """Return who makes this request, as the door wants it. Raises as ``signed_in`` does."""
    return found.actor


async def calendar_reader(request: Request, key: _CalendarKey = None) -> Actor:
    """Return who reads the calendar by the key in its address. No other token counts there: addresses are passed on, and written into logs.

    Raises:
        NotSignedIn, TokenInvalid, TokenExpired: no key that counts.
        ScopeMissing: a token for something else.
    """
    if not key:
        message = "There is no key in this address."
        raise NotSignedIn(message, hint="Make the address anew in the console, under Drills, Calendar.")
    actor = (await _by_token(_door(request), key)).actor
    if actor.scopes != frozenset({CALENDAR_SCOPE}):
        raise ScopeMissing(CALENDAR_SCOPE)
    return actor


async def websocket_signed_in(connection: HTTPConnection) -> SignedIn:
    """Return who opens this websocket; a browser can send no header of ours with it, but always sends its ``Origin``.

    No browser puts a token on a websocket by itself, so by token an ``Origin`` is one that a program has chosen, or a page
    in something that is more than a browser: ours, or one that the settings name.

    Raises as ``signed_in`` does.
    """
    found = await _identify(connection)
    by_token = not isinstance(found.holder, SessionHolder)
    require_own_origin(connection, but_for=_door(connection).settings.origins if by_token else frozenset())
    require_read(found.actor)
    return found


async def _identify(connection: HTTPConnection) -> SignedIn:
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await _by_token(_door(connection), token.strip())
    if cookie := connection.cookies.get(cookie_name(_door(connection).settings)):
        return await _by_session(_door(connection), cookie)
    raise NotSignedIn("There is neither a bearer token nor a session with this request.")


async def _by_token(door: Door, token: str) -> SignedIn:
    digest, now = digest_of(token), door.clock.now()
    async with reading(door.engine) as conn:
        holder = await token_holder(conn, digest)
    if holder is None or holder.revoked_at is not None or not holder.active:
        raise TokenInvalid("This token is not one of ours, or was revoked.")
    if holder.expires_at <= now:
        raise TokenExpired(f"This token ended at {holder.expires_at.isoformat()}.")
    if holder.last_used_at is None or now - holder.last_used_at >= USE_NOTED_EVERY:
        await note_token_use(door, holder.id)
    service = holder.kind == "service"
    return SignedIn(
        Actor(
            id=holder.user_id,
            kind="service" if service else "person",
            member_id=holder.member_id,
            roles=frozenset(holder.roles),
            via="dispatch_system" if service else "api",
            scopes=frozenset(holder.scopes),
        ),
        holder,
        digest,
    )


async def _by_session(door: Door, cookie: str) -> SignedIn:
    digest, now = digest_of(cookie), door.clock.now()
    async with reading(door.engine) as conn:
        holder = await session_holder(conn, digest)
    if holder is None or not holder.active:
        raise TokenInvalid("This session is over.", hint=_SIGN_IN_AGAIN)
    idle = now - holder.last_used_at
    if holder.expires_at <= now or idle >= timedelta(minutes=door.settings.idle_minutes):
        raise TokenExpired("This session has ended by itself.", hint=_SIGN_IN_AGAIN)
    if idle >= USE_NOTED_EVERY:
        await note_use(door, digest)
    actor = Actor(
        id=holder.user_id,
        kind=cast("ActorKind", holder.kind),
        member_id=holder.member_id,
        roles=frozenset(holder.roles),
        via="console",
    )
    return SignedIn(actor, holder, digest)


def require_read(actor: Actor) -> None:
    """Refuse a token that may not read: at every GET, and where a body asks and nothing is changed.

    Raises:
        ScopeMissing: it was made for commands alone.
    """
    if actor.scopes is not None and actor.scopes.isdisjoint({READ_SCOPE, WRITE_SCOPE}):
        raise ScopeMissing(READ_SCOPE)


def require_own_origin(connection: HTTPConnection, *, but_for: frozenset[str] = frozenset()) -> None:
    """Refuse what a page of another site made a browser send. No ``Origin`` passes: then it was no such page.

    Raises:
        CsrfFailed: the ``Origin`` is neither the host that was asked nor ``public_url``, nor one of ``but_for``.
    """
    origin = connection.headers.get("Origin")
    if origin is None or origin.lower() in but_for:
        return
    ours = {connection.headers.get("Host"), _authority(_door(connection).settings.public_url or "")} - {""}
    if _authority(origin) in ours:
        return
    raise CsrfFailed(f"It comes from a page of {origin}, and this is not there.")


def _authority(url: str) -> str:
    """Return host and port as a URL writes them; empty for ``null`` and for what is no URL."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


# ---------------------------------------------------------------- the cookie


def cookie_is_secure(settings: Settings) -> bool:
    """Return whether browsers are to send the session's cookie over https alone."""
    if settings.cookie_secure is not None:
        return settings.cookie_secure
    return (settings.public_url or "").startswith("https://")


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name. ``__Host-`` (RFC 6265bis, 4.1.3.2) keeps subdomains from planting one."""
    return f"__Host-{COOKIE}" if cookie_is_secure(settings) else COOKIE


def set_session_cookie(response: Response, settings: Settings, secret: str) -> None:
    """Give the browser its session, for as long as the session can last."""
    response.set_cookie(cookie_name(settings), secret, max_age=settings.session_hours * 3600, **_flags(settings))


def drop_session_cookie(response: Response, settings: Settings) -> None:
    """Take the session's cookie away from the browser."""
    response.delete_cookie(cookie_name(settings), **_flags(settings))


def _flags(settings: Settings) -> dict[str, Any]:
    return {"path": "/", "httponly": True, "samesite": "lax", "secure": cookie_is_secure(settings)}


def _door(connection: HTTPConnection) -> Door:
    door: Door = connection.app.state.door
    return door
