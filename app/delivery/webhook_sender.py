"""Sending one signed message to an address that a member's admin wrote, and never anywhere else.

A name is resolved for each new connection, every address is judged, and the connection goes to one that was judged; the Host header and
the name that TLS verifies stay those of the URL. Redirects are not followed, proxies of the environment not used, cookies not kept,
answers not unpacked and not read beyond ``MOST_READ``.
"""

from __future__ import annotations

import email.utils
import hashlib
import time
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from ipaddress import ip_address
from socket import AddressFamily
from typing import TYPE_CHECKING, Final, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import istr
from standardwebhooks import Webhook
from typing_extensions import override
from yarl import URL

from app.delivery.name_lookups import NameLookups
from app.domain.webhook_addresses import Networks, is_allowed, is_name, literal, may_reach
from app.interop.cloud_events import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.webhook_addresses import Address

MOST_READ: Final = 64 * 1024
MOST_KNOWN: Final = 1000
IDLE_S: Final = 4.0
"""Shorter than servers keep a connection that nothing comes on (uvicorn: 5 s), so that none is written to that is about to close."""


class AddressRefused(OSError):
    """The name means no address that may be sent to."""


_TYPE: Final = istr("Content-Type")
_ID: Final = istr("webhook-id")
_AT: Final = istr("webhook-timestamp")
_SIGNATURE: Final = istr("webhook-signature")


class Body:
    """What is sent, in each form in which it is needed: worked out once, however many it goes to."""

    __slots__ = ("digest", "payload", "raw", "text")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.text = raw.decode()
        self.payload = aiohttp.BytesPayload(raw)
        self.digest = hashlib.sha256(raw).digest()


class Answer(NamedTuple):
    """What came of it: an HTTP status, or why there was none."""

    status: int | None
    error: str | None
    latency_ms: float
    retry_after_s: float | None


class _Judging(AbstractResolver):
    """The system's resolver, less the addresses that may not be sent to."""

    def __init__(self, inner: AbstractResolver, allowed: Networks, *, encrypted: bool) -> None:
        self._inner = inner
        self._allowed = allowed
        self._encrypted = encrypted

    def judge(self, address: Address) -> bool:
        """Return whether something may be sent there: unencrypted only into networks that were named."""
        return may_reach(address, self._allowed) if self._encrypted else is_allowed(address, self._allowed)

    @override
    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        kept = [each for each in found if self.judge(ip_address(each["host"]))]
        if found and not kept:
            raise AddressRefused(f"{host} means no address that may be sent to")
        return kept

    @override
    async def close(self) -> None:
        """Leave the look-ups to whoever made them."""


class Sender:
    """One a process. ``close`` it at the end."""

    def __init__(self, allowed: Networks, *, timeout_s: float) -> None:
        self._names = NameLookups()
        self._judging = {name: _Judging(self._names, allowed, encrypted=name == "https") for name in ("https", "http")}
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._known: dict[str, URL] = {}
        """Addresses that were read and found fit."""

    async def close(self) -> None:
        """Close all connections, and wait for no look-up any more."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()
        await self._names.close()

    async def post(self, url: str, id_: str, body: Body, secrets: Sequence[str]) -> Answer:
        """Send a message signed with each of the secrets, and wait for the answer, ``timeout_s`` at most. Raises nothing of the network's."""
        started = time.perf_counter()
        status: int | None = None
        error: str | None = None
        retry_after_s: float | None = None
        try:
            status, retry_after_s = await self._send(self._to(url), signed(id_, body.text, secrets), body.payload)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as failure:
            error = _named(failure)
        return Answer(status, error, (time.perf_counter() - started) * 1000, retry_after_s)

    async def _send(self, url: URL, headers: dict[str, str], body: aiohttp.BytesPayload) -> tuple[int, float | None]:
        async with self._session(url.scheme).post(url, data=body, headers=headers, allow_redirects=False) as answer:
            size = 0
            while not answer.content.at_eof():
                size += len(await answer.content.readany())
                if size > MOST_READ:
                    answer.close()
                    break
            return answer.status, _retry_after(answer.headers.get("Retry-After"))

    def _to(self, text: str) -> URL:
        """Return the address, which is one that may be sent to or has a name that is looked up.

        Raises:
            AddressRefused: it is neither.
        """
        url = self._known.get(text)
        if url is None:
            url = URL(text, encoded=True)
            address = literal(url.host or "")
            if not (self._judging[url.scheme].judge(address) if address is not None else is_name(url.host or "")):
                raise AddressRefused("it may not be sent to")
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[text] = url
        return url

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        session = self._sessions.get(scheme)
        if session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._judging[scheme], use_dns_cache=False, limit=0, keepalive_timeout=IDLE_S
            )
            session = self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers={"User-Agent": f"Concord/{version('concord')}", "Accept-Encoding": "identity"},
            )
        return session


def signed(id_: str, text: str, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of Standard Webhooks. The time is the machine's own: a receiver holds it against its clock."""
    at = datetime.now(UTC)
    return {
        _TYPE: CONTENT_TYPE,
        _ID: id_,
        _AT: str(int(at.timestamp())),
        _SIGNATURE: " ".join([_webhook(secret).sign(id_, at, text) for secret in secrets]),
    }


@lru_cache(maxsize=256)
def _webhook(secret: str) -> Webhook:
    return Webhook(secret)


def _retry_after(header: str | None) -> float | None:
    """Return for how long a receiver puts us off (RFC 9110, 10.2.3: seconds, or a date), in seconds."""
    if header is None:
        return None
    text = header.strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _named(failure: Exception) -> str:
    """Return a code for what went wrong; what the library says may hold the address, which is a secret."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, AddressRefused):
            return "address_refused"
        cause = getattr(cause, "os_error", None) or cause.__cause__
    return next((code for kind, code in _ERRORS if isinstance(failure, kind)), "no_http")


_ERRORS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, "name_not_found"),
    (aiohttp.ClientSSLError, "tls"),
    (TimeoutError, "timeout"),
    (aiohttp.ClientConnectorError, "no_connection"),
    (aiohttp.ServerDisconnectedError, "closed"),
    (aiohttp.ClientPayloadError, "closed"),
    (aiohttp.ClientOSError, "closed"),
)
"""The first that fits, of errors that are each other's kin."""
