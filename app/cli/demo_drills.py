"""The drills of the demonstration: two that the machine played in the weeks before, with all that came of them, and those to come."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import yaml

from app.domain.authority import Actor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from uuid import UUID

    from app.commands.execute import Door
    from app.commands.receipt import Receipt

    Doing = Callable[[], Awaitable[object]]
    Turn = Callable[[datetime], Awaitable[None]]

FILE: Final = "corridors/meuse-rhine/drills.yaml"
MEMBERS: Final = "SELECT code, id FROM member WHERE space_id = 'live'"
LIVE: Final = "live"
SATURDAY: Final = 5


@dataclass(slots=True)
class DemoDrills:
    """Carries out what ``drills.yaml`` tells; ``now`` is when the demonstration is started for the first time."""

    now: datetime
    told: dict[str, Any]
    ids: dict[str, UUID] = field(default_factory=dict)
    """Drills and corrective actions by their ``as``."""
    members: Mapping[str, UUID] = field(default_factory=dict)
    agenda: list[tuple[datetime, int, Doing]] = field(default_factory=list)
    entered: int = 0

    @classmethod
    def read(cls, now: datetime) -> DemoDrills:
        """Return them as the file tells them."""
        with as_file(files("simulations") / FILE) as path:
            return cls(now, yaml.safe_load(path.read_text(encoding="utf-8")))

    # ------------------------------------------------------------ those that were held

    async def begin(self, past: Door) -> None:
        """Enter what was held in the agenda; the clock of ``past`` can be set."""
        from app.store.engine import reading

        async with reading(past.engine) as conn:
            self.members = {row["code"]: row["id"] for row in await conn.fetch(MEMBERS)}
        for each in self.told["held"]:
            hour, minute = map(int, each["at"].split(":"))
            at = self._midnight() - timedelta(days=each["days_before"] - hour / 24 - minute / 1440)
            self._enter(at, partial(self._hold, past, each))

    async def until(self, to: datetime, turn: Turn) -> None:
        """Let everything happen that the agenda holds up to then, each at its own time.

        ``turn`` sets the clock, with all that falls due on the way.
        """
        while self.agenda and self.agenda[0][0] <= to:
            at, _, does = heappop(self.agenda)
            await turn(at)
            await does()

    async def _hold(self, past: Door, each: Mapping[str, Any]) -> None:
        """Have a drill played by the machine to its end, and enter what is done about it afterwards."""
        from app.commands.drill_running import play_on

        drill = await self._planned(past, each, virtual="all")
        started = await self._does(past, each["director"], "start_drill", drill)
        _ = await play_on(past, drill, started.subject["plays_in"])
        ended = past.clock.now()
        for step in each["steps"]:
            day = self._midnight() - timedelta(days=step["day"]) + timedelta(hours=10) if "day" in step else None
            at = day or ended + timedelta(minutes=step["after"])
            self._enter(at, partial(self._step, past, drill, step))

    async def _step(self, past: Door, drill: UUID, step: Mapping[str, Any]) -> None:
        body = dict(step.get("with", {}))
        if "owner" in body:
            body["owner_member_id"] = self.members[body.pop("owner")]
        if "retest" in body:
            body["retest_drill_id"] = self.ids[body.pop("retest")]
        if "due_day" in body:
            body["due_on"] = self._day(-body.pop("due_day"))
        if "due_in" in body:
            body["due_on"] = self._day(body.pop("due_in"))
        target = self.ids[step["of"]] if "of" in step else drill
        done = await self._does(past, step["who"], step["does"], target, **body)
        if "as" in step:
            self.ids[step["as"]] = done.id

    # ------------------------------------------------------------ those to come

    async def plan(self, door: Door) -> None:
        """Plan those to come."""
        for each in self.told["coming"]:
            drill = await self._planned(door, each)
            for who in each.get("ready", ()):
                await self._does(door, who, "answer_ready", drill)
            for who in each.get("go_ahead", ()):
                await self._does(door, who, "go_ahead_with_drill", drill)

    async def _planned(self, door: Door, each: Mapping[str, Any], **more: Any) -> UUID:
        """Plan a drill; approve it and give it its hour, where that is told."""
        with as_file(files("simulations") / "scenarios" / f"{each['scenario']}.yaml") as path:
            script = path.read_text(encoding="utf-8")
        for old, new in each.get("instead", {}).items():
            script = script.replace(old, new)
        if "seed" in each:
            script = re.sub(r"(?m)^seed: \d+", f"seed: {each['seed']}", script)
        if "retests" in each:
            more["retests_id"] = self.ids[each["retests"]]
        made = await self._does(door, each["director"], "plan_drill", script=script, **more)
        self.ids[each["as"]] = made.id
        if "approver" in each:
            await self._does(door, each["approver"], "approve_drill", made.id)
        if "schedule" in each:
            await self._does(door, each["director"], "schedule_drill", made.id, **self._hour(**each["schedule"]))
        return made.id

    def _hour(self, *, days_ahead: int, at: str, time_zone: str) -> dict[str, str]:
        """Return an hour so many days from now, or on the Monday after it if that is at a weekend."""
        day = self.now.astimezone(ZoneInfo(time_zone)).date() + timedelta(days=days_ahead)
        day += timedelta(days=7 - day.weekday() if day.weekday() >= SATURDAY else 0)
        return {"start": f"{day.isoformat()}T{at}", "time_zone": time_zone}

    # ------------------------------------------------------------ what they share

    async def _does(self, door: Door, who: str, name: str, target: UUID | None = None, /, **body: Any) -> Receipt:
        from app.commands.registry import BY_NAME

        member, _, role = who.partition("/")
        actor = Actor(id=None, kind="system", member_id=self.members[member], roles=frozenset({role}), via="system")
        model = BY_NAME[name].model.model_validate(body)
        return await door.execute(model, actor=actor, space=LIVE, target=target)

    def _enter(self, at: datetime, does: Doing) -> None:
        self.entered += 1  # of two at one time the first comes first
        heappush(self.agenda, (at, self.entered, does))

    def _midnight(self) -> datetime:
        return self.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def _day(self, after: int) -> date:
        return (self._midnight() + timedelta(days=after)).date()
