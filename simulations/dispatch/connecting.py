"""Connecting a dispatch system: a webhook, a source with a mapping that ships, the units' codes; and taking it all away again."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from simulations.client import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from simulations.client import Client
    from simulations.dispatch.statuses import Language

KIND: Final = "integration"
LABEL: Final = "dispatch-sim"


@dataclass(frozen=True, slots=True)
class Connection:
    """What connects a dispatch system: ids and secrets of both ways."""

    webhook_id: str
    webhook_secret: str
    source_id: str | None
    source_secret: str | None


@asynccontextmanager
async def connected(
    api: Client, *, url: str | None, source: str, language: Language | None, heartbeat_min: int | None, space: str = KIND,
    space_kind: str = KIND,
) -> AsyncIterator[Connection]:  # fmt: skip
    """Add what connects a dispatch system by an admin's token, and remove it when the block ends. Without ``url`` it reads its outbox.

    Raises:
        Refused, Away.
    """
    webhook = {
        "label": LABEL, "url": url, "events": ["*"], "space_kinds": [space_kind], "source": source, "receipts": True,
        "heartbeat_min": heartbeat_min,
    }  # fmt: skip
    added = await api.post("/api/v1/webhooks", {name: value for name, value in webhook.items() if value is not None})
    source_id = source_secret = None
    try:
        if language is not None:
            source_id, source_secret = await _inbox(api, source, language, space, space_kind)
        yield Connection(str(added["id"]), added["once"]["secret"], source_id, source_secret)
    finally:
        with suppress(Refused):
            await api.post(f"/api/v1/webhooks/{added['id']}/remove")
        if source_id is not None:
            with suppress(Refused):
                await api.post(f"/api/v1/inbox-sources/{source_id}/remove")


async def _inbox(api: Client, source: str, language: Language, space: str, space_kind: str) -> tuple[str, str]:
    """Add a source, with a mapping that was tried as it has to be before it is turned on: on a unit that has a code, best a free one.

    Raises:
        Refused: also where the member has no unit there to try it on.
    """
    made = await api.post("/api/v1/inbox-sources", {"label": LABEL, "source": source, "space_kinds": [space_kind]})
    address = f"/api/v1/inbox-sources/{made['id']}"
    shipped = {each["name"]: each for each in (await api.get("/api/v1/inbox-mappings"))["items"]}
    written = await api.post(f"{address}/mappings", {"mapping": shipped[language.mapping]["mapping"], "note": LABEL})
    version = written["subject"]["version"]
    member = (await api.get("/api/v1/session"))["user"]["member"]["id"]
    units = await api.all(f"/api/v1/spaces/{space}/resources", member=member)
    units.sort(key=lambda each: each["status"] != "available")
    codes = Codes(api, space, source, give=True)
    code = await codes.of(units[0]["id"]) if units else None
    message = json.dumps(language.words(code or "SIM-1", language.out[0], datetime.now(UTC)))
    await api.post(f"{address}/try", {"space": space, "version": version, "message": message})
    await api.post(f"{address}/mappings/{version}/turn-on")
    return str(made["id"]), str(made["once"]["secret"])


@dataclass(slots=True)
class Codes:
    """By which codes a dispatch system knows the units of its member: looked up, and given where there is none."""

    api: Client
    space: str
    source: str
    give: bool
    """Whether a unit without a code is given one."""

    async def of(self, resource_id: str) -> str | None:
        """Return a unit's code; None where it has none, and none may be given."""
        unit = await self.api.get(f"/api/v1/spaces/{self.space}/resources/{resource_id}")
        if (known := self._known(unit)) is not None:
            return known
        if not self.give:
            return None
        code = f"SIM-{unit.get('call_sign') or resource_id[-8:]}"
        body = {"source": self.source, "kind": "resource", "code": code, "subject_id": resource_id}
        try:
            await self.api.post(f"/api/v1/spaces/{self.space}/external-ids", body)
        except Refused:  # it has got one meanwhile
            unit = await self.api.get(f"/api/v1/spaces/{self.space}/resources/{resource_id}")
            return self._known(unit)
        return code

    def _known(self, unit: dict[str, Any]) -> str | None:
        codes = (each["code"] for each in unit.get("external_ids", ()) if each["source"] == self.source)
        return next(codes, None)
