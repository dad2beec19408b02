"""One client of the storm on the wire: each command under a key of its own, now and then said twice, as when an answer was lost."""

from __future__ import annotations

import re
import time
from random import Random
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulations.bench.storm.board import Board, Counts, Json

LIVE: Final = "/api/v1/spaces/live"
CONFLICT: Final = 409
FAILED: Final = 500
SAID_TWICE: Final = 0.03
READS: Final = 0.1
LISTS: Final = (
    "requests", "offers", "missions", "incidents", "resources", "debts", "calls", "extensions", "crossings", "claims",
    "agreements", "automatic-aid", "formations", "response-commitments", "rendezvous", "depots",
)  # fmt: skip


class Refused(Exception):
    """The service said no, and may: things are no longer as the client knew them."""


class Client:
    """Sends what a walker decides, and keeps the board and the counts."""

    def __init__(self, http: httpx.AsyncClient, board: Board, counts: Counts, seed: int) -> None:
        self.http = http
        self.board = board
        self.counts = counts
        self.rng = Random(seed)

    async def send(
        self,
        member: str,
        path: str,
        body: Json | None = None,
        *,
        patch: Json | None = None,
        who: int | None = None,
        also: frozenset[str] = frozenset(),
    ) -> Json:
        """Carry out a command as somebody of ``member`` and return its receipt; ``patch`` is the row that is changed, as it is known.

        ``also`` are refusals that are right beside conflicts, where somebody else was first.

        Raises:
            Refused: by a conflict with the present state.
        """
        headers = self._headers(member, who)
        if patch is not None:
            headers["If-Match"] = f'"{patch["revision"]}"'
        receipt = await self._say("POST" if patch is None else "PATCH", path, headers, also, json=body or {})
        self.board.take(receipt["rows"])
        return receipt

    async def send_file(self, member: str, path: str, text: str, *, also: frozenset[str] = frozenset()) -> Json:
        """Send a file of CSV as somebody of ``member``, and return what came of it.

        Raises:
            Refused: by a conflict with the present state.
        """
        headers = self._headers(member, None) | {"Content-Type": "text/csv; charset=utf-8"}
        return await self._say("POST", path, headers, also, content=text.encode())

    def _headers(self, member: str, who: int | None) -> dict[str, str]:
        tokens = self.board.ground.tokens[member]
        token = tokens[self.rng.randrange(len(tokens)) if who is None else who]
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(UUID(int=self.rng.getrandbits(128)))}

    async def _say(self, method: str, path: str, headers: Mapping[str, str], also: frozenset[str], **said: Any) -> Json:
        url, name = f"{LIVE}/{path}", _named(path)
        began = time.perf_counter()
        try:
            answer = await self.http.request(method, url, headers=headers, **said)
        except (httpx.ReadError, httpx.RemoteProtocolError):  # an idle connection that the server closes at this moment
            self.counts.lost += 1
            answer = await self.http.request(method, url, headers=headers, **said)
        self.counts.took_s.append(time.perf_counter() - began)
        receipt = self._read(answer, name, said, also)
        if self.rng.random() < SAID_TWICE and "dry_run" not in path:
            again = await self.http.request(method, url, headers=headers, **said)
            self.counts.repeated += 1
            if again.status_code >= FAILED or again.is_error or again.json() != receipt:
                self.counts.faults.append(
                    f"{name}: a repeat was answered otherwise, {again.status_code} {again.text[:300]}"
                )
        self.counts.done += 1
        self.counts.by_name[name] += 1
        return receipt

    async def read(self, member: str) -> None:
        """Read a list, as a console does."""
        path = f"{LIVE}/{self.rng.choice(LISTS)}"
        headers = {"Authorization": f"Bearer {self.board.ground.tokens[member][0]}"}
        answer = await self.http.get(path, headers=headers, params={"limit": 50})
        if answer.is_error:
            self.counts.faults.append(f"GET {path}: {answer.status_code} {answer.text[:300]}")

    def _read(self, answer: httpx.Response, name: str, said: Json, also: frozenset[str]) -> Json:
        if answer.is_success:
            receipt: Json = answer.json()
            return receipt
        problem: Any = {}
        if "json" in answer.headers.get("content-type", ""):
            problem = answer.json()
        slug = str(problem.get("type", "")).rpartition("/")[2] or str(answer.status_code)
        if answer.status_code == CONFLICT or slug in also:
            self.counts.refused[slug] += 1
            if isinstance(current := problem.get("current"), dict) and (machine := problem.get("machine")):
                self.board.take({machine: [current]} if "id" in current and "revision" in current else {})
            raise Refused(slug)
        self.counts.faults.append(
            f"{name}: {answer.status_code} {answer.text[:400]} to {answer.request.url.path} {said}"
        )
        raise Refused(slug)


_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _named(path: str) -> str:
    """Return an address without the ids in it."""
    return _ID.sub("…", path.partition("?")[0])
