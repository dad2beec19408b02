"""What happens to every HTTP request before and after its route. Plain ASGI, so that streams and websockets pass as they are.

From outside to inside:

    SecurityHeaders    on every answer, also on those of the two below
    Requests           the request's id, its log lines and figures; the last net under unforeseen errors
    BodyLimit          no body beyond the limit is kept, whatever Content-Length said; no NUL in an address
    Heads              HEAD is answered as GET is, without the body
    GZip               Starlette's: an answer that is worth it is compressed for who takes it (files come compressed)

Websockets pass all five untouched.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import ConcordError, FieldError, ForbiddenCharacter, TooLarge
from app.domain.ids import new_id
from app.entrypoints.http.causes import from_any
from app.entrypoints.http.problems import problem
from app.telemetry import HTTP_REQUESTS

DRAIN_TIMES = 32
"""A body too large is read on and thrown away up to this many limits: a client that is still sending would not see the
answer if the connection were cut (RFC 9112, 9.6). What is larger still is cut off."""
DRAIN_SECONDS = 15.0

_MAY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{what} {whence}" for what, whence in _MAY.items())
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with that a browser sends `Origin: null` with our own forms, and the check of origins refuses them.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_YEAR_S = 365 * 24 * 3600

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger(__name__)


class SecurityHeaders:
    """Tell browsers what a page of ours may do, which is little; and to keep nothing of the API."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to its answer. A header that the route has set stays."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


class Requests:
    """Give each request an id of our own making, count it by its route, and let no exception reach the server.

    An id that comes in is not taken: it could be made to look like another request's in the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(new_id())
        scope["request_id"] = request_id
        status = 0

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, with_id)
            except ClientDisconnect:
                log.info("client.gone", path=scope["path"])
            except Exception as error:  # the last net: whatever it is, the client gets a problem and the log the cause
                if status:
                    log.exception("response.broken_off", path=scope["path"])
                    raise
                await problem(from_any(error), Request(scope))(scope, receive, with_id)
            finally:
                HTTP_REQUESTS.labels(known_method(scope), route_template(scope), str(status)).inc()


def known_method(scope: Scope) -> str:
    """Return the method, or `other` for one that HTTP does not define: what is sent must not become a label of figures."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def route_template(scope: Scope) -> str:
    """Return the path of the route with its parameters' names, so that ids do not become labels of figures."""
    included: Any = scope.get("fastapi", {}).get("effective_route_context")
    route: Any = scope.get("route")
    path = getattr(included, "path_format", None) or getattr(route, "path_format", None)
    return path or ("mounted" if scope.get("endpoint") else "none")


class BodyLimit:
    """Refuse a body larger than `limit` bytes: by its announced length, or by counting where it is wrong or missing."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while its body stays within the limit."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if b"%00" in scope["query_string"] or "\x00" in scope["path"]:
            detail = "The address holds the character U+0000."
            await _answer(
                ForbiddenCharacter(detail, errors=[FieldError("path", ForbiddenCharacter.slug, detail)]), scope, send
            )
            return
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self.limit:
            # A client that waits for "100 Continue" has sent nothing yet; to read from it would ask for the body.
            waits = headers.get("expect", "").lower() == "100-continue"
            ended = not waits and await _drain(receive, self.limit * DRAIN_TIMES)
            await _refuse(self.limit, scope, send, keep=ended)
            return
        await _Counted(self.limit, scope, receive, send).run(self.app)


class Heads:
    """Answer HEAD on every address that has GET (RFC 9110, 9.3.2): FastAPI's routes know only what they are told."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET, and its answer back without the body."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, without_body)


async def _drain(receive: Receive, most: int) -> bool:
    """Read the rest of a body, up to `most` bytes, and say whether its end was reached."""
    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while size <= most:
                message = await receive()
                if message["type"] != "http.request":
                    return False
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return True
    except TimeoutError:
        pass
    return False


async def _refuse(limit: int, scope: Scope, send: Send, *, keep: bool) -> None:
    """Answer that the body is too large; the connection is kept only if the body has been read to its end."""
    error = TooLarge(f"The body is larger than {limit // 1024} KiB.", extra={"limit_bytes": limit})
    await _answer(error, scope, send, None if keep else {"Connection": "close"})


class _Counted:
    """One request whose body is counted while the application reads it.

    Past the limit the application is told that the client has gone, and whatever it answers is replaced.
    """

    def __init__(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        self.limit, self.scope, self.receive, self.send = limit, scope, receive, send
        self.size = 0
        self.over = self.started = self.ended = False

    async def run(self, app: ASGIApp) -> None:
        try:
            await app(self.scope, self._receive, self._send)
        except Exception:
            if not self.over or self.started:  # past the limit it is the consequence of what `_receive` said
                raise
        if self.over and not self.started:
            await _refuse(self.limit, self.scope, self.send, keep=self.ended)

    async def _receive(self) -> Message:
        if self.over:
            return {"type": "http.disconnect"}
        message = await self.receive()
        if message["type"] == "http.request":
            self.size += len(message.get("body", b""))
            if self.size > self.limit:
                self.over = True
                last = not message.get("more_body", False)
                self.ended = last or await _drain(self.receive, self.limit * DRAIN_TIMES)
                return {"type": "http.disconnect"}
        return message

    async def _send(self, message: Message) -> None:
        if self.over and not self.started:
            return
        self.started = True
        await self.send(message)


async def _answer(error: ConcordError, scope: Scope, send: Send, headers: dict[str, str] | None = None) -> None:
    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    await problem(error, Request(scope), headers=headers)(scope, nothing, send)


def install(app: FastAPI, *, body_limit: int) -> None:
    """Put all five around an application. What is added last stands outermost."""
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(Heads)
    app.add_middleware(BodyLimit, limit=body_limit)
    app.add_middleware(Requests)
    app.add_middleware(SecurityHeaders)
