"""The journal over HTTP: what happened after a seq, by page or as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field

from app.commands.execute import Door
from app.delivery.tail import tail
from app.domain.authority import Actor
from app.domain.chain import Entry, Stub, Viewer
from app.domain.forms import Code
from app.entrypoints.http.deps import CurrentActor, Reader, Space, TheDoor, space_router
from app.entrypoints.http.identity import signed_in
from app.entrypoints.http.problems import responses
from app.queries.models import ReadModel
from app.queries.spaces import require_reader
from app.store import journal
from app.store.engine import reading

router = space_router("journal")

LONGEST_WAIT_S = 25


class EntryView(ReadModel):
    """One entry; of one that is not for you, only ``seq``, ``digest`` and ``hash``, which keep the chain whole."""

    seq: int
    hidden: bool
    """True for an entry that you may not see."""
    type: str | None = None
    """What happened, in the past tense: request.opened."""
    version: int | None = None
    recorded_at: datetime | None = None
    actor: str | None = None
    """user:<id>, or system."""
    subject: str | None = None
    """What it is about: <kind>:<id>."""
    visibility: Literal["public", "corridor", "parties"] | None = None
    data: dict[str, Any] | None = None
    """What the event tells: command, occurred_at, via, why, and its own figures. Null once erased."""
    rows: dict[str, list[dict[str, Any]]] | None = None
    """The full state of every row that changed, by kind. Null once erased."""
    digest: str
    hash: str


class JournalPage(ReadModel):
    """Entries in the order of their seq, without a gap."""

    entries: tuple[EntryView, ...]
    after: int
    """Pass on as ``after`` to get what follows."""
    head: int = Field(description="The seq of the journal's last entry when this was read.")
    head_hash: str = Field(
        description="The hash of that entry: keep it, and `journal verify --head` can prove that nothing was rewritten."
    )


@router.get("/journal", summary="Read the journal", responses=responses(path_ids=True))
async def read_journal(
    request: Request,
    space: Space,
    actor: CurrentActor,
    door: TheDoor,
    after: Annotated[int, Query(ge=0, le=2**53, description="The last seq you have.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most entries in one answer.")] = 200,
    wait_s: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT_S, description="Wait up to this long if there is nothing new yet.")
    ] = 0,
) -> JournalPage:
    """What happened after `after`. Entries between other parties come as stubs, so that you can check the whole chain.

    In a drill's space its staff reads all of them: they are the evidence of its ratings.
    """
    viewer = _eyes(request, actor)
    page = await _page(door, space, after, limit, viewer)
    if page.entries or not wait_s:
        return page
    # No connection is held while nothing happens: there are fewer of them than there are clients that wait.
    follow = tail(door.engine, request.app.state.wakes, space, after, viewer)
    with suppress(TimeoutError, StopAsyncIteration):  # nothing came, or the process ends
        async with asyncio.timeout(wait_s), aclosing(follow):
            await anext(follow)
    # Who asks is looked up again: a token that was revoked meanwhile reads no more.
    still = await signed_in(request)
    async with reading(door.engine) as conn:
        request.state.drill_staff = await require_reader(conn, space, still.actor)
    return await _page(door, space, after, limit, _eyes(request, still.actor))


@router.get("/journal/about/{kind}/{subject_id}", summary="Read what happened to one thing", responses=responses())
async def read_history(
    request: Request,
    space: Space,
    kind: Annotated[Code, Path(description="What kind of thing it is.", examples=["request"])],
    subject_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    after: Annotated[int, Query(ge=0, le=2**53, description="The last seq you have.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200, description="Most entries in one answer.")] = 50,
) -> JournalPage:
    """The entries about one thing that you may see, in order: its time line."""
    head = await journal.head_of(reader, space)
    found = await journal.about(reader, space, kind, subject_id, after, limit, _eyes(request, actor))
    return _made(found, after, head)


def _eyes(request: Request, actor: Actor) -> Viewer | None:
    """Return whose eyes read: those of the actor's member, or of the drill's staff, who see everything in its space."""
    return None if request.state.drill_staff else Viewer(actor.member_id)


async def _page(door: Door, space: str, after: int, limit: int, viewer: Viewer | None) -> JournalPage:
    async with reading(door.engine) as conn:
        found = await journal.read(conn, space, after, limit, viewer)
        # Looked up last, so that it is never before what is on the page.
        head = await journal.head_of(conn, space)
    return _made(found, after, head)


def _made(found: Sequence[Entry | Stub], after: int, head: tuple[int, bytes]) -> JournalPage:
    return JournalPage(
        entries=tuple(_view(entry) for entry in found),
        after=found[-1].seq if found else after,
        head=head[0],
        head_hash=head[1].hex(),
    )


def _view(entry: Entry | Stub) -> EntryView:
    if isinstance(entry, Stub):
        return EntryView(seq=entry.seq, hidden=True, digest=entry.digest.hex(), hash=entry.hash.hex())
    head = entry.head()
    body = entry.body() or {}
    return EntryView(
        seq=entry.seq,
        hidden=False,
        type=entry.type,
        version=head["v"],
        recorded_at=entry.recorded_at,
        actor=head["actor"],
        subject=head["subject"],
        visibility=entry.visibility,
        data=body.get("data"),
        rows=body.get("rows"),
        digest=entry.digest.hex(),
        hash=entry.hash.hex(),
    )
