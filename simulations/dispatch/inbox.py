"""The sending end of a dispatch system: signed messages into a source's inbox, and what became of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from standardwebhooks import Webhook

from simulations.dispatch.statuses import SKEW

if TYPE_CHECKING:
    import httpx

    from simulations.dispatch.statuses import Signing

ANOTHER: Final = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyBzb3VyY2Uu"
"""A secret that is nobody's."""
OK: Final = 200
HELD: Final = 202


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a message: an outcome of the inbox, or the HTTP status of a refusal; and why."""

    outcome: str
    detail: str
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inbox:
    """One source's inbox in one space."""

    http: httpx.AsyncClient
    space: str
    source_id: str
    secret: str

    async def send(self, id_: str, body: dict[str, Any], signing: Signing = "right") -> Became:
        """Sign and send a message. Raises ``httpx.TransportError`` where nobody answers."""
        text = json.dumps(body)
        at = datetime.now(UTC) - (SKEW if signing == "stale" else SKEW * 0)
        secret = ANOTHER if signing == "wrong" else self.secret
        headers = {
            "content-type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(id_, at, text),
        }
        path = f"/api/v1/spaces/{self.space}/inbox/{self.source_id}"
        answer = await self.http.post(path, content=text.encode(), headers=headers)
        try:
            told = answer.json()
        except ValueError:
            told = {}
        if answer.status_code in {OK, HELD}:
            effects = tuple(str(each["event"]) for each in told.get("effects", ()))
            because = (told.get("because") or {}).get("code")
            detail = str(told.get("detail") or because or "")
            return Became(str(told.get("outcome")), detail, effects)
        return Became(str(answer.status_code), str(told.get("detail") or answer.reason_phrase))
