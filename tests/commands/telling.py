"""A dispatch system that tells: its source, its mapping, its units' codes, and messages signed with the public library."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

from app.commands.external_ids import AddExternalId
from app.commands.inbox_mappings import AddInboxMapping, TurnOnInboxMapping
from app.commands.inbox_receiving import receive
from app.commands.inbox_sources import AddInboxSource
from app.commands.inbox_trial import try_mapping
from app.domain.inbox.mapping import shipped
from app.domain.inbox.signing import Signed
from app.store.unit_of_work import operation

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.commands.execute import Door
    from app.commands.inbox_receiving import Answered
    from tests.world import World

CODES = {"4711": "luik-pump-1", "4712": "luik-pump-2", "4713": "luik-pump-3"}


def generic(**values: Any) -> dict[str, Any]:
    """Return a message as the generic mapping reads it."""
    return {"kind": "unit_status"} | values


@dataclass
class Cad:
    """A dispatch system of a member, as a test plays it."""

    door: Door
    world: World
    member: str
    id: UUID | None = None
    secret: str = ""
    space: str = "live"
    numbers: Any = field(default_factory=count)

    @classmethod
    async def of(
        cls, door: Door, world: World, member: str = "luik", *, mapping: str | dict[str, Any] | None = "fms-de", codes: dict[str, str] = CODES, **body: Any
    ) -> Cad:  # fmt: skip
        """Make a source, its mapping in use, and the codes of its units."""
        made = cls(door, world, member)
        said = {"label": "CAD", "source": f"cad-{member}", "space_kinds": ["live", "exercise", "integration"]} | body
        receipt = await made.does(AddInboxSource, role="admin", **said)
        made.id, made.secret = receipt.id, receipt.once["secret"]
        for code, name in codes.items():
            what = {"source": said["source"], "kind": "resource", "code": code, "subject_id": world.resources[name]}
            await made.does(AddExternalId, occurred_at="2026-01-01T00:00:00Z", **what)
        if mapping is not None:
            await made.reads(mapping)
        return made

    async def does(
        self, model: Any, target: UUID | None = None, *, role: str = "dispatcher", space: str = "live",
        revision: int | None = None, **body: Any
    ) -> Any:  # fmt: skip
        """Carry out a command as somebody of the member."""
        actor = self.world.actor(self.member, role)
        return await self.door.execute(
            model.model_validate(body), actor=actor, space=space, target=target, revision=revision
        )

    async def reads(self, mapping: str | dict[str, Any]) -> Any:
        """Have its messages read by a mapping, tried and turned on; return the version."""
        content = mapping
        if isinstance(mapping, str):
            content = shipped()[mapping].model_dump(mode="json", by_alias=True, exclude_none=True)
        made = await self.does(AddInboxMapping, self.id, role="admin", mapping=content)
        async with operation(self.door.engine) as tx:  # as if tried: on what, is each test's own
            await tx.raw.execute("UPDATE inbox_mapping SET tried_at = $2 WHERE id = $1", made.id, self.door.clock.now())
        await self.does(TurnOnInboxMapping, made.id, role="admin")
        return made

    async def tries(self, by: Any, message: Any, *, role: str = "dispatcher", space: str = "live") -> Any:
        """Try a mapping on a message."""
        text = message if isinstance(message, str) else json.dumps(message)
        actor = self.world.actor(self.member, role)
        return await try_mapping(self.door, actor, source_id=self.id, space=space, by=by, text=text)

    def signed(
        self, message: Any, *, id_: str | None = None, at: datetime | None = None, secret: str | None = None
    ) -> Signed:
        """Sign a message with the public library."""
        text = message if isinstance(message, str) else json.dumps(message)
        id_, at = id_ or f"msg_{next(self.numbers)}", at or self.door.clock.now()
        signature = Webhook(secret or self.secret).sign(id_, at, text)
        return Signed(id_, str(int(at.timestamp())), signature, text.encode())

    async def tells(self, message: Any, *, space: str | None = None, **how: Any) -> Answered:
        """Send a message; return the answer."""
        return await receive(self.door, space or self.space, self.id, self.signed(message, **how))

    def fms(self, key: str | int, unit: str = "4711", *, minutes: float = 0, **more: Any) -> dict[str, Any]:
        """Return a status of a unit, so many minutes after now."""
        from datetime import timedelta

        at = self.door.clock.now() + timedelta(minutes=minutes)
        return {"issi": unit, "status": key, "time": at.isoformat()} | more
