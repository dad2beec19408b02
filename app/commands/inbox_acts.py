"""What a dispatch system tells becomes the commands that its member's dispatchers would send, under an actor of its own kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from app.commands.afterwards import afterwards
from app.commands.frozen import require_part
from app.commands.registry import BY_NAME
from app.domain.authority import Actor
from app.domain.because import because
from app.domain.inbox.held import HeldBack
from app.store.unit_of_work import Act, UnitOfWork

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.commands.inbox_kept import Became
    from app.store.tables import InboxSource

VIA: Final = "dispatch_system"
ROLES: Final = frozenset({"dispatcher"})


def actor_of(source: InboxSource) -> Actor:
    """Return a source as it acts: for its member alone, with what a dispatcher may do."""
    return Actor(source.id, "source", source.member_id, ROLES, VIA)


class Acting:
    """One source at work on one message: what it sends, and what that did."""

    def __init__(self, uow: UnitOfWork, source: InboxSource, message_id: UUID, at: datetime, became: Became) -> None:
        self.uow, self.source, self.at, self.became = uow, source, at, became
        self.actor = actor_of(source)
        self.begun: list[UnitOfWork] = []
        self._told_by = {"source_id": source.id, "message_id": message_id}

    async def send(self, name: str, target: UUID | None, **body: Any) -> UnitOfWork:
        """Carry out a command at the message's own time.

        Raises:
            ConcordError: refused. The caller takes all of the message back.
            HeldBack: its body is none.
        """
        entry = BY_NAME[name]
        try:
            command = entry.model.model_validate(body | {"occurred_at": self.at})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise HeldBack(f"{where}: {first['msg']}", because("inbox_wrong_value", path=where, value="")) from None
        act = Act(name, VIA, self.at, extra=self._told_by)
        there = self.uow.beside(self.uow.space, actor=self.actor, act=act)
        self.begun.append(there)
        there.target = target
        await require_part(there)
        await entry.handler(there, command)
        done = there.recorded()
        await afterwards(there)
        await there.write()
        for each in done:
            effect = {
                "event": each.type,
                "kind": each.subject.KIND,
                "id": str(each.subject.id),  # type: ignore[attr-defined]  # every journaled table has one
                "inferred": bool(each.data.get("inferred", False)),
                "state": each.data.get("state"),
            }
            self.became.effects.append(effect)
        return there

    def mark(self) -> tuple[int, int]:
        """Return how far it has come: from here on, what follows can be taken back."""
        return len(self.begun), len(self.became.effects)

    def take_back(self, begun: int = 0, effects: int = 0) -> None:
        """Have nothing written of what was begun after a mark, or at all: those statements, and no others, were taken back."""
        for each in self.begun[begun:]:
            self.uow.forget(each)
        del self.begun[begun:], self.became.effects[effects:]
