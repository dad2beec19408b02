"""What tests of drills stand on: the demonstration corridor, a small scenario in its four languages, and its people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from app.commands.due import next_due, run_due
from app.commands.registry import BY_NAME
from app.domain.authority import SYSTEM, Actor
from app.store.drills import playing
from app.store.engine import reading
from tests.domain.drills.making import TEXT

if TYPE_CHECKING:
    from app.commands.execute import Door
    from app.commands.receipt import Receipt
    from app.domain.clock import SetClock

_NAMES = UUID("6f0f9a44-6d3c-4c5b-9a51-0a2a3f1d7c11")
DIRECTOR_NL, DIRECTOR_BE = ("nl-maastricht", "exercise_director"), ("be-liege", "exercise_director")
CONTROLLER, SAFETY = ("be-liege", "drill_controller"), ("be-liege", "safety_officer")
EVALUATOR = ("nl-maastricht", "drill_evaluator")
MAASTRICHT, LIEGE, HEERLEN = ("nl-maastricht", "dispatcher"), ("be-liege", "dispatcher"), ("nl-heerlen", "dispatcher")


def in_all_languages(text: str) -> str:
    """Give each text of a script that stands in English and Dutch the other languages, too."""
    return re.sub(r"\{en: ([^,}]+), nl: ([^,}]+)\}", r"{en: \1, de: \1, fr: \1, nl: \2}", text)


SCRIPT = in_all_languages(TEXT)


class Drilling:
    """Acts in live and in drills by members' codes and roles, and moves the clock."""

    def __init__(self, door: Door, clock: SetClock) -> None:
        self.door, self.clock = door, clock
        self.members: dict[str, UUID] = {}

    async def learn(self) -> Drilling:
        """Learn the members' ids."""
        async with reading(self.door.engine) as conn:
            rows = await conn.fetch("SELECT code, id FROM member WHERE space_id = 'live'")
        self.members = {row["code"]: row["id"] for row in rows}
        return self

    def actor(self, member: str, role: str) -> Actor:
        """Return somebody of a member in one role."""
        return Actor(uuid5(_NAMES, f"{member}/{role}"), "person", self.members[member], frozenset({role}), "console")

    async def does(self, name: str, target: Any = None, /, *, who: Any = DIRECTOR_NL, space: str = "live", **body: Any) -> Receipt:  # fmt: skip
        """Carry out a command by its name."""
        actor = who if who is SYSTEM or isinstance(who, Actor) else self.actor(*who)
        return await self.door.execute(
            BY_NAME[name].model.model_validate(body), actor=actor, space=space, target=target
        )

    async def planned(self, script: str = SCRIPT, **more: Any) -> UUID:
        """Plan a drill, and have it approved."""
        made = await self.does("plan_drill", script=script, **more)
        await self.does("approve_drill", made.id, who=DIRECTOR_BE)
        return made.id

    async def started(self, script: str = SCRIPT, **more: Any) -> tuple[UUID, str]:
        """Plan a drill, have its people answer READY, begin, and return its id and its space."""
        drill = await self.planned(script, **more)
        for who in (MAASTRICHT, LIEGE):
            await self.does("answer_ready", drill, who=who)
        began = await self.does("start_drill", drill)
        await self.due()
        return drill, began.subject["plays_in"]

    async def due(self) -> int:
        """Carry out what has fallen due."""
        return await run_due(self.door, limit=1000)

    async def until(self, **delta: float) -> None:
        """Let time go on, with all that falls due on the way at its own moment."""
        end = self.clock.now() + _delta(**delta)
        while (at := await next_due(self.door)) is not None and at <= end:
            self.clock.at = max(self.clock.at, at)
            await self.due()
        self.clock.at = end
        await self.due()

    async def drill(self, drill: UUID) -> Any:
        """Return the drill's row."""
        async with reading(self.door.engine) as conn:
            return await conn.fetchrow("SELECT * FROM drill WHERE id = $1", drill)

    async def play(self, drill: UUID) -> Any:
        """Return the drill as the rules look at it."""
        async with reading(self.door.engine) as conn:
            return await playing(conn, await conn.fetchrow("SELECT * FROM drill WHERE id = $1", drill))

    async def deliveries(self, space: str) -> dict[str, int]:
        """Return the second of drill time at which each inject was delivered."""
        async with reading(self.door.engine) as conn:
            rows = await conn.fetch(
                "SELECT inject, at_us FROM drill_delivery WHERE space_id = $1 ORDER BY at_us", space
            )
        return {row["inject"]: row["at_us"] // 1_000_000 for row in rows}


def _delta(**delta: float) -> Any:
    from datetime import timedelta

    return timedelta(**delta)
