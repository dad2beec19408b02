"""Looking at a receiver from outside: what a good one takes, and what it has to refuse. No service is needed, and nothing of a service's is sent.

The messages are an imagined mission of an imagined city, in the space ``integration``; a receiver that keeps them can tell them by that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import httpx
from standardwebhooks import Webhook

from simulations.dispatch.events import HEARTBEAT
from simulations.dispatch.inbox import ANOTHER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TAKEN: Final = "2xx"
REFUSED: Final = "4xx"
TIMEOUT_S: Final = 15.0
SLOW_MS: Final = 5000.0
SKEW: Final = timedelta(minutes=10)
TYPE: Final = "application/cloudevents+json; charset=utf-8"
_SPACE: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Trial:
    """One message that a receiver is tried with, and how it has to answer."""

    name: str
    message: Mapping[str, Any]
    wants: str
    next: str
    """What to do where it answers otherwise."""
    secrets: Sequence[str] = ()
    """Other ones than the receiver's own to sign with."""
    ago: timedelta = timedelta(0)
    signed: bool = True
    spoilt: bool = False
    """Changed after it was signed."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a receiver answered."""

    trial: Trial
    answer: int | None
    error: str | None
    latency_ms: float

    @property
    def well(self) -> bool:
        """Whether it answered as it has to, and in time."""
        return self.answer is not None and f"{self.answer // 100}xx" == self.trial.wants


def trials() -> list[Trial]:
    """Return the trials, in their order."""
    first, second = _event("mission.committed", 1), _event("mission.in_transit", 2)
    unheard = _event("something.unheard_of", 3) | {"newattribute": "x"}
    large = _event("incident.logged", 4)
    large["data"]["rows"] = {"log_entry": [{"id": str(uuid4()), "text": "ä" * 100_000}]}
    verify = "Verify the body as it came with `standardwebhooks` before anything else, and answer 401."
    window = "Compare `webhook-timestamp` with your clock, 5 min either way (`standardwebhooks` does), and answer 401."
    return [
        Trial("an event that is signed", first, TAKEN, "Verify it with the secret, keep it, and answer with 2xx."),
        Trial("the same event once more", first, TAKEN, "Keep each id once, and answer with 2xx all the same."),
        Trial("the next event", second, TAKEN, "Answer each event with 2xx once it is kept."),
        Trial("two signatures, the second one good", _event("mission.on_scene", 5), TAKEN,
              "While a secret is replaced there are two in `webhook-signature`: one that fits is enough.", secrets=[ANOTHER, ""]),
        Trial("an event of an unknown type, with a new attribute", unheard, TAKEN,
              "Take what you do not know, and do nothing with it: new events come with new releases."),
        Trial("an event that was sent once more", _event("mission.committed", 1, replayed=True), TAKEN,
              "`replayed` is a repeat that somebody asked for: take it."),
        Trial("a large event (200 kB)", large, TAKEN, "Take bodies of 1 MiB."),
        Trial("a heartbeat", _heartbeat(), TAKEN, "Take `concord.heartbeat`, which has no seq, and note the time."),
        Trial("another secret's signature", _event("mission.released", 6), REFUSED, verify, secrets=[ANOTHER]),
        Trial("no signature", _event("mission.released", 7), REFUSED, verify, signed=False),
        Trial("a body that was changed after it was signed", _event("mission.released", 8), REFUSED, verify, spoilt=True),
        Trial("a good signature of ten minutes ago", _event("mission.released", 9), REFUSED, window, ago=SKEW),
        Trial("a good signature of ten minutes from now", _event("mission.released", 10), REFUSED, window, ago=-SKEW),
    ]  # fmt: skip


async def probe(http: httpx.AsyncClient, url: str, secret: str) -> AsyncIterator[Result]:
    """Try a receiver with each message, one after the other."""
    for trial in trials():
        text = json.dumps(trial.message, ensure_ascii=False)
        headers = {"content-type": TYPE, "webhook-id": str(trial.message["id"])}
        if trial.signed:
            at = datetime.now(UTC) - trial.ago
            by = [each or secret for each in trial.secrets] or [secret]
            signatures = (Webhook(each).sign(headers["webhook-id"], at, text) for each in by)
            headers |= {"webhook-timestamp": str(int(at.timestamp())), "webhook-signature": " ".join(signatures)}
        sent = text.replace("integration", "live") if trial.spoilt else text
        began = time.perf_counter()
        answer = error = None
        try:
            answer = (await http.post(url, content=sent.encode(), headers=headers, timeout=TIMEOUT_S)).status_code
        except httpx.HTTPError as failure:
            error = type(failure).__name__
        yield Result(trial, answer, error, (time.perf_counter() - began) * 1000)


def _event(type_: str, seq: int, *, replayed: bool = False) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    mission = {"id": str(_SPACE), "lender_id": str(_SPACE), "requester_id": str(_SPACE), "resource_id": str(_SPACE)}
    made: dict[str, Any] = {
        "id": f"integration:{seq}:{uuid4().hex[:12]}", "source": "urn:concord:dispatch-sim", "type": type_, "specversion": "1.0",
        "time": at, "subject": f"mission:{_SPACE}", "datacontenttype": "application/json",
        "dataschema": "urn:concord:webhooks:message:1", "spacekind": "integration",
        "data": {
            "version": 1, "seq": seq, "space": "integration", "space_kind": "integration", "header": {}, "external_ids": [],
            "incident": {"id": str(_SPACE), "ref": "I-0", "title": "A trial", "numbers": []}, "receipt": None, "data": {},
            "rows": {"mission": [mission | {"status": type_.partition(".")[2]}]},
        },
    }  # fmt: skip
    return made | {"replayed": True} if replayed else made


def _heartbeat() -> dict[str, Any]:
    at = datetime.now(UTC)
    return {
        "id": f"heartbeat:{_SPACE}:{int(at.timestamp())}", "source": "urn:concord:dispatch-sim", "type": HEARTBEAT,
        "specversion": "1.0", "time": at.isoformat(), "datacontenttype": "application/json",
        "data": {"version": 1, "at": at.isoformat(), "again_within_min": 1},
    }  # fmt: skip
