"""Whether the process lives, whether it can serve, and its figures."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from app.domain.errors import Unavailable
from app.entrypoints.http.deps import TheDoor
from app.entrypoints.http.problems import errors_of
from app.store.migrate import is_current
from app.telemetry import REGISTRY

router = APIRouter(tags=["health"])
PATIENCE_S = 2.0


class Health(BaseModel):
    """That all is well; what is not well is a problem."""

    status: str = "ok"


@router.get(
    "/health/live",
    summary="Is the process alive?",
    responses={200: {"content": {"application/json": {"example": {"status": "ok"}}}}},
)
async def live() -> Health:
    """Answers as long as the process can answer anything; asks nobody else."""
    return Health()


@router.get("/health/ready", summary="Can it serve?", responses=errors_of(Unavailable))
async def ready(door: TheDoor) -> Health:
    """Answers when the database does, within two seconds, and is at this release's schema."""
    try:
        async with asyncio.timeout(PATIENCE_S), door.engine.connect() as connection:
            current = await is_current(connection)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        message = "The database does not answer."
        raise Unavailable(message) from error
    if not current:
        message = "The database is not at this release's schema."
        raise Unavailable(message, hint="Run `concord migrate`.")
    return Health()


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": "concord_commands_total 12.0"}}}},
)
async def metrics() -> Response:
    """What happened how often and how long it took, in Prometheus' text format. Holds no names and no ids."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
