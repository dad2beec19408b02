"""A thin client of the HTTP API, as any city's program could have one.

Every change carries an Idempotency-Key of its own and is sent again, under the same key, while the service is away (503,
or no connection at all): the first receipt comes back, and nothing happens twice.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

LIVE: Final = "/api/v1/spaces/live"
PAUSES_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Seconds between tries while the service is away: half a minute in all."""
UNAVAILABLE: Final = 503
PAGE: Final = 200

Json = dict[str, Any]


class Refused(Exception):
    """The service said no: a problem (RFC 9457) with its stable slug, or an answer that is none of ours."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.body = dict(body)
        self.slug = str(body.get("type", "")).rpartition("/")[2] or str(status)
        self.detail = str(body.get("detail") or body.get("title") or "no explanation")
        super().__init__(f"{self.slug} ({status}): {self.detail}{self._places()}")

    def _places(self) -> str:
        wrong = [f"{error.get('pointer')}: {error.get('detail')}" for error in self.body.get("errors", ())]
        return f" [{'; '.join(wrong)}]" if wrong else ""

    @property
    def reasons(self) -> list[str]:
        """The codes of the agreement's check, wherever the problem holds them."""
        return sorted(_codes(self.body.get("reasons")) | _codes(self.body.get("lines")))


class Away(Exception):
    """The service did not answer, however often it was asked."""


def _codes(found: Any) -> set[str]:
    if isinstance(found, list):
        return set().union(*(_codes(each) for each in found))
    if isinstance(found, dict):
        deeper = (_codes(each) for each in found.values() if isinstance(each, list | dict))
        own = {str(found["code"])} if "code" in found else set[str]()
        return own.union(*deeper)
    return set()


@dataclass(frozen=True, slots=True)
class Client:
    """One user's client: a connection, that may be shared, and the user's token."""

    http: httpx.AsyncClient
    token: str
    pauses_s: tuple[float, ...] = field(default=PAUSES_S)

    async def get(self, path: str, **params: Any) -> Any:
        """Return what is at ``path``, of the live space if the path is relative.

        Raises:
            Refused, Away.
        """
        wanted = {name: value for name, value in params.items() if value is not None}
        return (await self._ask("GET", path, params=wanted)).json()

    async def each(self, path: str, **params: Any) -> AsyncIterator[Json]:
        """Go through a list, page by page."""
        cursor: str | None = None
        while True:
            page = await self.get(path, limit=PAGE, cursor=cursor, **params)
            for item in page["items"]:
                yield item
            cursor = page.get("next")
            if not cursor:
                return

    async def all(self, path: str, **params: Any) -> list[Json]:
        """Return a whole list."""
        return [item async for item in self.each(path, **params)]

    async def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Json:
        """Carry out a command and return its receipt.

        Raises:
            Refused, Away.
        """
        answer = await self._ask("POST", path, json=dict(body or {}), headers={"Idempotency-Key": key or _key()})
        receipt: Json = answer.json()
        return receipt

    async def patch(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Json:
        """Change what is at ``path`` as it is now: the ETag just read goes along as If-Match.

        Raises:
            Refused, Away.
        """
        read = await self._ask("GET", path)
        headers = {"Idempotency-Key": key or _key(), "If-Match": read.headers["ETag"]}
        receipt: Json = (await self._ask("PATCH", path, json=dict(body), headers=headers)).json()
        return receipt

    async def _ask(self, method: str, path: str, **rest: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **rest.pop("headers", {})}
        address = path if path.startswith("/") else f"{LIVE}/{path}"
        failure = ""
        for pause_s in (*self.pauses_s, None):
            try:
                answer = await self.http.request(method, address, headers=headers, **rest)
            except httpx.TransportError as error:
                failure = f"{type(error).__name__} at {method} {address}"
            else:
                if answer.is_success:
                    return answer
                if answer.status_code != UNAVAILABLE:
                    raise Refused(answer.status_code, _body(answer))
                failure = f"{UNAVAILABLE} at {method} {address}"
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        raise Away(failure)


def _key() -> str:
    return str(uuid.uuid4())


def _body(answer: httpx.Response) -> Json:
    try:
        body = answer.json()
    except ValueError:
        return {"detail": answer.text[:200]}
    return body if isinstance(body, dict) else {"detail": str(body)[:200]}
