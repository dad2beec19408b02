"""The feed: what happens in a space, as it happens, over a websocket. ``protocols/wire/asyncapi.yaml`` describes every message.

``GET /api/v1/spaces/{space}/feed`` with the session's cookie, or with ``Authorization: Bearer <token>``; never with anything
in the address. An ``Origin``, where one is sent, must be ours, or by token one that CONCORD_FEED_ORIGINS names: else the
handshake is answered with 403 and a problem.

    server  {"kind": "hello", "epoch", "space", "head", "heartbeat_s", "at", "you": {"user_id", "member_id", "roles"}}
    client  {"kind": "snapshot"}                          within 30 s; or, with what it has from before:
            {"kind": "resume", "epoch", "after"}
    server  snapshot… fill…                               rows by kind, as of seq; the last part says "last": true
            or: entry…                                    what was missed
            or: {"kind": "reset", "reason", "epoch", "head"}     ask for a snapshot; nothing else comes until then
    server  heartbeat                                     you have caught up; from here on it is live:
            entry, fill, positions, heartbeat (every heartbeat_s)
    client  may ask for a snapshot, or resume, again at any time: live messages pause, and go on behind the answer

**Gaps.** A client keeps ``mine``: the ``seq`` of the snapshot, then of every entry and heartbeat. ``entry`` and ``heartbeat``
carry ``prev``, the seq of the entry sent before to the same audience. Is ``prev`` beyond ``mine``, something was lost:
resume after ``mine``. Is ``seq`` not beyond ``mine``, it is known already. Entries that are not for these eyes are skipped;
that is why ``seq`` jumps.

**Folding.** ``rows`` of snapshots and entries have one form: {kind: [full state, with id and revision]}, ``removed: true`` for
what is gone. The last state of every (kind, id) is the present. An entry that makes something visible to somebody new tells
it whole. ``fill`` (how far each line of a request is filled) and ``positions`` stand beside the entries: they have no seq to
count by, and the last one wins.

**The end.** Before we close, we say why: {"kind": "problem", "problem": the body that HTTP would give}, and close with 4000 +
the problem's status: 4401 sign in again, 4403 roles changed (connect again) or not allowed, 4404 no such space, 4408 nothing
was asked for, 4422 not understood. 1013: too slow, or no database; 1012: the process ends, something failed in it, or another database is
behind it.
Connect again after a moment, and resume with the seq you have.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import quote

import asyncpg
import sqlalchemy.exc
import structlog
from fastapi import APIRouter, WebSocket
from pydantic import Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect

from app.delivery import wire
from app.delivery.fanout import STATE_KEY, FanoutProtocol, Outlet, QueueOutlet, TransportOutlet
from app.delivery.frames import burst
from app.domain.errors import ConcordError, CsrfFailed, Malformed
from app.domain.forms import Form
from app.domain.ids import new_id
from app.domain.json_text import read_object
from app.entrypoints.http.causes import from_any, malformed
from app.entrypoints.http.deps import SPACE
from app.entrypoints.http.identity import SignedIn, websocket_signed_in
from app.entrypoints.http.problems import body_of, problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.delivery.hub import Connection, Hub

router = APIRouter()

PATIENCE_S: Final = 30.0
"""How long a client may take to ask for something after our hello."""
LONGEST_MESSAGE: Final = 16 * 1024
"""Bytes of a message that is read; what clients have to say is short."""
OWN_CODES: Final = 4000
"""Where the closing codes that are free for use begin (RFC 6455, 7.4.2); ours are this and the problem's status."""
TRY_AGAIN_LATER: Final = 1013
UNAVAILABLE: Final = 503

_UNFORESEEN = (
    sqlalchemy.exc.DBAPIError,
    sqlalchemy.exc.TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
)

log = structlog.get_logger(__name__)


class Resume(Form):
    """Go on after what the client has."""

    kind: Literal["resume"]
    epoch: Annotated[str, Field(max_length=64)]
    after: Annotated[int, Field(strict=True, ge=0, le=2**53)]


class TakeSnapshot(Form):
    """Begin with everything."""

    kind: Literal["snapshot"]


_ASKED: Final[TypeAdapter[Resume | TakeSnapshot]] = TypeAdapter(
    Annotated[Resume | TakeSnapshot, Field(discriminator="kind")]
)


class NothingAsked(ConcordError):
    """A connection to the feed on which nothing was asked for."""

    status = 408
    slug = "nothing-asked"
    title = "Nothing was asked for"
    hint = "Connect again and send `resume` or `snapshot` after our hello."


@router.websocket(f"{SPACE}/feed")
async def feed(websocket: WebSocket, space: str) -> None:
    """Follow a space. Whoever may not gets a handshake all the same, for a browser shows its page nothing of a refused one."""
    websocket.scope["request_id"] = str(new_id())
    found: SignedIn | ConcordError
    doubts = websocket.app.state.hub.doubts
    try:
        found = await websocket_signed_in(websocket)
    except CsrfFailed as error:
        await websocket.send_denial_response(problem(error, websocket))
        return
    except ConcordError as error:
        found = error
    except _UNFORESEEN as error:
        found = from_any(error)
    with suppress(WebSocketDisconnect):  # gone during the handshake
        await websocket.accept()
        protocol = getattr(websocket.state, STATE_KEY, None)
        if isinstance(protocol, FanoutProtocol):
            talk = Talk(websocket, TransportOutlet(protocol))
            await talk.begin(space, found, doubts)
            protocol.keep(talk)
        else:
            await _under_another_server(websocket, space, found, doubts)


async def _under_another_server(websocket: WebSocket, space: str, found: SignedIn | ConcordError, doubts: int) -> None:
    """Serve where transports are not known: sending is a task of its own, and this one hears."""
    outlet = QueueOutlet(websocket)
    talk = Talk(websocket, outlet)

    async def hear() -> None:
        await talk.begin(space, found, doubts)
        while (message := await websocket.receive())["type"] == "websocket.receive":
            await talk.heard(message)

    tasks = [asyncio.create_task(outlet.run()), asyncio.create_task(hear())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        talk.gone()


class Talk:
    """What is said on one connection: it does what the client asks for, until one of the two ends it."""

    __slots__ = ("_connection", "_hub", "_impatience", "_outlet", "_over", "_path", "_request_id")

    def __init__(self, websocket: WebSocket, outlet: Outlet) -> None:
        """Keep what is needed; the websocket itself is not kept."""
        self._hub: Hub = websocket.app.state.hub
        self._path: str = websocket.scope["path"]
        self._request_id: str = websocket.scope["request_id"]
        self._outlet = outlet
        self._connection: Connection | None = None
        self._impatience: asyncio.TimerHandle | None = None
        self._over = False

    async def begin(self, space: str, found: SignedIn | ConcordError, doubts: int) -> None:
        """Say hello, or why not; ``doubts`` as the hub's ``connect`` has it."""
        if isinstance(found, ConcordError):
            self.refuse(found)
            return
        try:
            made = await self._hub.connect(space, self._outlet, found.actor, found.digest, self.refuse, doubts=doubts)
        except ConcordError as error:
            self.refuse(error)
        except _UNFORESEEN as error:
            self.refuse(from_any(error))
        else:
            self._connection = made
            self._be_impatient()
            if self._over:
                self.gone()

    async def heard(self, message: Mapping[str, Any]) -> None:
        """Do what the client asks for."""
        connection = self._connection
        if connection is None or not self._outlet.open:
            return
        self._be_patient()
        try:
            asked = _asked(message)
            if isinstance(asked, Resume):
                if not await connection.feed.resume(connection.reader, asked.epoch, asked.after) and not self._over:
                    self._be_impatient()
            else:
                await connection.feed.snapshot(connection.reader)
        except ConcordError as error:
            self.refuse(error)
        except _UNFORESEEN as error:
            self.refuse(from_any(error))

    def closing(self) -> None:
        """Hear of nothing more: the closing frame was sent."""
        if self._connection is not None:
            reader = self._connection.reader
            reader.audience.readers.discard(reader)

    def gone(self) -> None:
        """Let go of what the connection held; it has ended."""
        self._over = True
        self._be_patient()
        connection, self._connection = self._connection, None
        if connection is not None:
            self._hub.let_go(connection)

    def refuse(self, error: ConcordError) -> None:
        """Say why, and close."""
        body = body_of(error, instance=quote(self._path), request_id=self._request_id)
        code = TRY_AGAIN_LATER if error.status == UNAVAILABLE else OWN_CODES + error.status
        log.info("feed.refused", slug=error.slug, path=self._path, request_id=self._request_id)
        self._outlet.write(burst(wire.problem(body)))
        self._outlet.close(code, error.title)

    def _nothing_asked(self) -> None:
        self.refuse(NothingAsked(f"Nothing was asked for within {PATIENCE_S:g} seconds."))

    def _be_impatient(self) -> None:
        self._be_patient()
        self._impatience = asyncio.get_running_loop().call_later(PATIENCE_S, self._nothing_asked)

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None


def _asked(message: Mapping[str, Any]) -> Resume | TakeSnapshot:
    """Return what a message asks for.

    Raises:
        Malformed: nothing that we know.
    """
    text: str | None = message.get("text")
    if text is None:
        raise Malformed("The feed speaks JSON in text messages.")
    said: dict[str, Any] = read_object(text.encode(errors="surrogatepass"))
    try:
        return _ASKED.validate_python(said)
    except ValidationError as error:
        # Below the message's kind; as if it were a body.
        wrong = [{**each, "loc": ("body", *each["loc"][1:])} for each in error.errors(include_url=False)]
        raise malformed(wrong, said) from None
