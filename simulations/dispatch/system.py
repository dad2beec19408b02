"""A dispatch system: takes what it is sent, answers receipts, says that it is there, and tells of its units along their missions."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Final

import httpx

from simulations.client import Away, Refused
from simulations.dispatch.events import HEARTBEAT, SENT_HOME, SENT_OUT, Event
from simulations.dispatch.receiving import Receiver
from simulations.dispatch.statuses import plan, still_true

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from simulations.client import Client
    from simulations.dispatch.connecting import Codes
    from simulations.dispatch.inbox import Became, Inbox
    from simulations.dispatch.statuses import Language, Sending

POLL_S: Final = 0.5
"""How often an outbox is read."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How it behaves. Durations in seconds."""

    receipt_after_s: float = 1.0
    pause_s: float = 10.0
    """Between two statuses of a unit."""
    late_s: float = 20.0
    heartbeat_s: float | None = 60.0
    faults: frozenset[str] = frozenset()
    seed: int = 1


@dataclass(slots=True)
class Told:
    """What it told, by count."""

    receipts: int = 0
    receipts_refused: int = 0
    heartbeats: int = 0
    statuses: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    """Messages of which something else became than was to be expected."""


@dataclass(slots=True)
class System:
    """One dispatch system. ``tell`` is called with a line for everything that happens."""

    api: Client
    member_id: str
    space: str
    webhook_id: str
    codes: Codes
    manner: Manner
    tell: Callable[[str], None]
    language: Language | None = None
    inbox: Inbox | None = None
    told: Told = field(default_factory=Told)
    receiver: Receiver = field(init=False)
    home: set[str] = field(default_factory=set)
    """Missions whose unit has told that it is home."""
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    _out: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _back: set[str] = field(default_factory=set)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _chance: Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing received."""
        self.receiver = Receiver(self.take)
        self._chance = Random(self.manner.seed)

    def take(self, event: Event) -> None:
        """Take an event that is new: tell of it, and have done what it wants."""
        if event.type == HEARTBEAT:
            self.tell("♥ heartbeat")
            return
        number = "" if event.incident is None else f"  {event.incident['ref']}"
        mark = " (once more)" if event.replayed else ""
        self.tell(f"← {event.type}  {event.space}:{event.seq}{number}{mark}")
        if event.replayed:
            return
        if event.receipt_by is not None and event.seq is not None:
            _ = self._begin(self._receipt(event.space, event.seq, event.incident))
        for mission in event.missions_of(self.member_id):
            if event.space == self.space and mission.get("resource_id"):
                self._follow(event.type, str(mission["id"]), str(mission["resource_id"]))

    async def run(self) -> None:
        """Say again and again that it is there, until cancelled; then end what is under way."""
        try:
            while True:
                if self.manner.heartbeat_s is not None:
                    await self._beat()
                await asyncio.sleep(self.manner.heartbeat_s or 3600)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def pull(self) -> None:
        """Read the outbox instead of being sent anything, until cancelled."""
        outbox = f"/api/v1/spaces/{self.space}/outbox/{self.webhook_id}"
        while True:
            page: dict[str, Any] = {}
            with suppress(Refused, Away):  # it is not there until the worker has come to this space
                page = await self.api.get(outbox)
            for message in page.get("events", ()):
                self.receiver.keep(Event.read(message))
            if page.get("events"):
                kept = {"seq": page["next_after"], "replayed": page["replayed"]}
                await self.api.post(f"{outbox}/acknowledge", kept)
            if not page.get("more") and not page.get("replayed"):
                await asyncio.sleep(POLL_S)

    # ------------------------------------------------------------ what it tells

    async def _beat(self) -> None:
        try:
            await self.api.post(f"/api/v1/webhooks/{self.webhook_id}/heartbeat")
            self.told.heartbeats += 1
        except (Refused, Away) as refusal:
            self.tell(f"✗ heartbeat: {refusal}")

    async def _receipt(self, space: str, seq: int, incident: dict[str, Any] | None) -> None:
        """Say that an event was taken into dispatch; its number is made of the incident's."""
        await asyncio.sleep(self.manner.receipt_after_s)
        body: dict[str, Any] = {"seq": seq}
        if incident is not None:
            body["number"] = f"SIM-{incident['ref']}"
        try:
            await self.api.post(f"/api/v1/spaces/{space}/webhooks/{self.webhook_id}/receipts", body)
        except (Refused, Away) as refusal:
            self.told.receipts_refused += 1
            self.tell(f"✗ receipt of {space}:{seq}: {refusal}")
        else:
            self.told.receipts += 1
            self.tell(f"→ taken into dispatch  {space}:{seq}  {body.get('number', '')}")

    def _follow(self, event: str, mission: str, resource: str) -> None:
        if self.inbox is None or self.language is None:
            return
        if event in SENT_OUT and mission not in self._out:
            faults = sorted(self.manner.faults)
            way = self._go(resource, self.language.out, faults, until_home=mission)
            self._out[mission] = self._begin(way)
        elif event in SENT_HOME and mission not in self._back:
            self._back.add(mission)
            _ = self._begin(self._come_home(mission, resource, self.language.home))

    async def _come_home(self, mission: str, resource: str, way: Sequence[str]) -> None:
        if (out := self._out.get(mission)) is not None:
            await asyncio.wait([out])
        await self._go(resource, way, ())
        self.home.add(mission)

    async def _go(
        self, resource: str, way: Sequence[str], faults: Sequence[str], *, until_home: str | None = None
    ) -> None:
        """Tell of a unit along its way, or of its way out until its mission (``until_home``) calls it home."""
        assert self.language is not None
        try:
            code = await self.codes.of(resource)
        except (Refused, Away) as refusal:
            self.tell(f"✗ code of the unit {resource}: {refusal}")
            return
        if code is None:
            self.tell(f"✗ the unit {resource} has no code of {self.codes.source!r}: nothing is told of it")
            return
        manner = self.manner
        sent = plan(code, way, self._chance, pause_s=manner.pause_s, faults=faults, late_s=manner.late_s)
        began, told = datetime.now(UTC), set[str]()
        for each in sent:
            if until_home in self._back and not still_true(each, told):
                continue
            await asyncio.sleep(each.wait_s)
            await self._send(each, began)
            told.add(each.id)

    async def _send(self, sending: Sending, began: datetime) -> None:
        assert self.language is not None
        assert self.inbox is not None
        try:
            became = await self.inbox.send(sending.id, sending.body(self.language, began), sending.signing)
        except httpx.TransportError as error:
            self.tell(f"✗ {sending.unit} {sending.status}: nobody answers ({type(error).__name__})")
            self.told.outcomes["unanswered"] += 1
            return
        self.told.statuses += 1
        self.told.outcomes[became.outcome] += 1
        well = became.outcome in sending.expects
        self.tell(_line(sending, became, well=well))
        if not well:
            self.told.unexpected.append(f"{sending.unit} {sending.status}: {became.outcome}, {became.detail}")
            self.failed.set()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self._tasks = [each for each in self._tasks if not each.done()]
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task


def _line(sending: Sending, became: Became, *, well: bool) -> str:
    fault = f" [{sending.fault}]" if sending.fault else ""
    effects = f"  {', '.join(became.effects)}" if became.effects else ""
    why = f"  {became.detail}" if became.detail and not became.effects else ""
    expected = "" if well else f"  (expected: {', '.join(sorted(sending.expects))})"
    return f"{'→' if well else '✗'} {sending.unit} {sending.status}{fault}: {became.outcome}{effects}{why}{expected}"
