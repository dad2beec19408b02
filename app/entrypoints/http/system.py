"""How the service is, for the admins of its members: what ``/metrics`` tells a machine, in words and few."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.metadata import version

from fastapi import Request
from fastapi.routing import APIRouter

from app.domain import errors
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor, Reader, TheDoor, admin_of
from app.entrypoints.http.problems import responses
from app.queries import system as queries
from app.queries.models import ReadModel
from app.queries.system import StoreView
from app.telemetry import REGISTRY

router = APIRouter(prefix="/api/v1", tags=["health"], route_class=StrictRoute)


class ProcessView(ReadModel):
    """What the process that answers has done since it was started; there may be others."""

    started_at: datetime
    commands_done: int
    commands_refused: int
    command_ms: float | None
    """Mean time from a command's arrival to its commit; null before the first."""
    feed_readers: int
    """Connections that follow the feed here."""
    sign_ins_refused: int


class SystemView(ReadModel):
    """How the service is."""

    version: str
    at: datetime
    process: ProcessView
    store: StoreView


@router.get(
    "/system",
    summary="See how the service is",
    responses=responses(errors.RoleMissing, path_ids=False),
)
async def read_system(request: Request, actor: CurrentActor, reader: Reader, door: TheDoor) -> SystemView:
    """For admins: release, database, where the journals end, what is due and late, who follows the feed. Holds no names."""
    member = admin_of(actor, "read_system")
    now = door.clock.now()
    idle_since = now - timedelta(minutes=door.settings.idle_minutes)
    return SystemView(
        version=version("concord"),
        at=now,
        process=_process(request.app.state.started_at),
        store=await queries.store(reader, member=member, now=now, idle_since=idle_since),
    )


def _process(started_at: datetime) -> ProcessView:
    commands = [
        (sample.labels["outcome"], sample.value)
        for metric in REGISTRY.collect()
        if metric.name == "concord_commands"
        for sample in metric.samples
        if sample.name == "concord_commands_total"
    ]
    done = sum(value for outcome, value in commands if outcome == "done")
    took = _sum("concord_command_seconds_sum")
    counted = _sum("concord_command_seconds_count")
    return ProcessView(
        started_at=started_at,
        commands_done=int(done),
        commands_refused=int(sum(value for _, value in commands) - done),
        command_ms=round(took / counted * 1000, 1) if counted else None,
        feed_readers=int(_sum("concord_feed_readers")),
        sign_ins_refused=int(_sum("concord_refused_logins_total")),
    )


def _sum(name: str) -> float:
    """Return a figure of this process over all its labels."""
    samples = (sample for metric in REGISTRY.collect() for sample in metric.samples)
    return sum(sample.value for sample in samples if sample.name == name)
