"""Long work that tells how far it is: a JSON object a line while it goes on, and in the last line the answer, or the problem.

Who asks for it by ``Accept: application/x-ndjson`` is answered at once, so the status is always 200; a refusal has its own in the
problem. Whoever leaves meanwhile does not stop the work: it is carried out whole or not at all, as without progress.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson
from fastapi.responses import StreamingResponse

from app.entrypoints.http.causes import from_any
from app.entrypoints.http.problems import body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fastapi import Request
    from pydantic import BaseModel

    Tell = Callable[[str, int, int], None]
    """Told from any thread: at which step the work is, and how many of how many pieces of it are done."""

MEDIA_TYPE: Final = "application/x-ndjson"
EXAMPLE: Final = (
    '{"kind": "progress", "step": "reading", "done": 400, "total": 1200}\n'
    '{"kind": "progress", "step": "writing", "done": 1200, "total": 2400}\n'
    '{"kind": "answer", "answer": {"dry_run": true, "added": 1200}}\n'
)
CONTENT: Final[dict[str, Any]] = {MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE}}
"""For the description of an operation that can answer so."""

_at_work: set[asyncio.Task[None]] = set()


def wants_progress(request: Request) -> bool:
    """Return whether the client asked to hear how far the work is."""
    return MEDIA_TYPE in request.headers.get("accept", "")


def with_progress(request: Request, work: Callable[[Tell], Awaitable[BaseModel]]) -> StreamingResponse:
    """Begin the work and return its lines as they come."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any] | None]()

    def tell(step: str, done: int, total: int) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, {"kind": "progress", "step": step, "done": done, "total": total})

    async def run() -> None:
        try:
            answer = await work(tell)
            last = {"kind": "answer", "answer": answer.model_dump(mode="json")}
        except Exception as error:  # whatever it is, the reader is not left without a last line
            refusal = from_any(error)
            path, id_ = quote(request.scope["path"]), request.scope.get("request_id")
            last = {"kind": "problem", "problem": body_of(refusal, instance=path, request_id=id_)}
        loop.call_soon_threadsafe(lines.put_nowait, last)  # behind what was told before
        loop.call_soon_threadsafe(lines.put_nowait, None)

    task = asyncio.create_task(run())
    _at_work.add(task)
    task.add_done_callback(_at_work.discard)
    return StreamingResponse(_written(lines), media_type=MEDIA_TYPE)


async def _written(lines: asyncio.Queue[dict[str, Any] | None]) -> AsyncIterator[bytes]:
    while (line := await lines.get()) is not None:
        yield orjson.dumps(line) + b"\n"
