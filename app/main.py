"""The only place that wires things together: ``create_app()`` and what lives as long as it does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

import app.commands.catalogue  # noqa: F401 - enters every handler at the door
from app.commands.execute import Door
from app.delivery.hub import Hub
from app.delivery.plans import Plans
from app.delivery.routers import HttpRouter
from app.delivery.wakes import Wakes
from app.delivery.webhooks import Webhooks
from app.domain.clock import Clock, SystemClock
from app.entrypoints import feed
from app.entrypoints.console import home, shell, signing_in
from app.entrypoints.http import (
    agreement_versions,
    agreements,
    audit,
    automatic_aid,
    calls,
    candidates,
    claims,
    conformance,
    contacts,
    coordination,
    corridor,
    crossings,
    depots,
    docs,
    drill_calendar,
    drill_control,
    drill_evaluation,
    drill_reports,
    drill_scenarios,
    drills,
    exchange_rates,
    extensions,
    external_ids,
    formations,
    handovers,
    health,
    host_support,
    inbox,
    inbox_sources,
    incidents,
    journal,
    lender_words,
    members,
    middleware,
    missions,
    money_due,
    notices,
    offers,
    outbox,
    papers,
    personal_data,
    plans,
    playbooks,
    positions,
    problems,
    questions,
    reach,
    reassignments,
    recommendations,
    rendezvous,
    representatives,
    requests,
    resource_types,
    resources,
    response_commitments,
    responses,
    search,
    sessions,
    sheets,
    statements,
    system,
    unasked_offers,
    users,
    vocabulary,
    webhooks,
)
from app.entrypoints.http.pages import STATIC
from app.entrypoints.scheduler import scheduler
from app.queries.forces import AllForces
from app.settings import Settings
from app.store.engine import create_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi import APIRouter

# A request is held against one after the other: what is sent most stands first.
ROUTERS: Final[tuple[APIRouter, ...]] = (
    missions.router,
    requests.router,
    offers.router,
    unasked_offers.router,
    incidents.router,
    calls.router,
    automatic_aid.router,
    responses.router,
    response_commitments.router,
    candidates.router,
    recommendations.router,
    plans.router,
    questions.router,
    extensions.router,
    formations.router,
    reassignments.router,
    host_support.router,
    rendezvous.router,
    representatives.router,
    notices.router,
    handovers.router,
    drills.router,
    drill_control.router,
    drill_evaluation.router,
    drill_reports.router,
    drill_calendar.router,
    drill_calendar.by_key,
    drill_scenarios.router,
    agreements.router,
    agreement_versions.router,
    claims.router,
    statements.router,
    money_due.router,
    exchange_rates.router,
    resources.router,
    reach.router,
    positions.router,
    members.router,
    crossings.router,
    depots.router,
    contacts.router,
    coordination.router,
    playbooks.router,
    lender_words.router,
    external_ids.router,
    outbox.router,
    outbox.free,
    webhooks.router,
    conformance.router,
    inbox.router,
    inbox.signed,
    inbox_sources.router,
    sheets.router,
    papers.router,
    corridor.router,
    vocabulary.router,
    resource_types.router,
    journal.router,
    home.router,
    shell.router,
    signing_in.router,
    health.router,
    search.router,
    sessions.router,
    users.router,
    personal_data.router,
    audit.router,
    system.router,
    feed.router,
)

FEED_POOL: Final = 3
"""Connections kept for the feed, and as many again under load: commands that wait for locks hold all of theirs."""

WEBHOOK_POOL: Final = 2
"""Connections kept for the webhooks; they hold none while they wait for a receiver."""

DESCRIPTION: Final = """
Cities on two sides of a border help each other in a disaster: incidents, requests, offers, missions, and the journal
that both sides hold.

**Signing in.** Send `Authorization: Bearer <token>`, or sign in at `POST /api/v1/session` and send the cookie, with
`X-CSRF-Token` on everything that changes something.

**Changing something.** Every change answers with a *receipt*: its place in the journal, and how what it touched is now.
Send an `Idempotency-Key` and repeat as often as you like. What somebody else may have changed since you read it wants
`If-Match` with the `ETag` you read.

**Being refused.** Every refusal is a problem (RFC 9457) with a stable `type`, the fields that are wrong, and what to do next.

**Places and times.** Longitude before latitude (EPSG:4326), areas as GeoJSON. Times are RFC 3339 with an offset.
"""


def create_app(settings: Settings, dsn: str, *, clock: Clock | None = None, background: bool = True) -> FastAPI:
    """Return the application on the database at ``dsn``, which must be migrated.

    ``background`` False leaves due work to others: for tests that set the clock.
    """
    engine = create_engine(dsn, pool_size=settings.db_pool_size, lock_timeout_ms=settings.lock_timeout_ms)
    wakes = Wakes(dsn)
    door = Door(engine, settings, clock or SystemClock(), on_commit=wakes.committed, on_doubt=wakes.doubted)
    feeding = create_engine(dsn, pool_size=FEED_POOL, lock_timeout_ms=settings.lock_timeout_ms)
    hub = Hub(feeding, wakes, door.clock, idle_minutes=settings.idle_minutes)

    sending = create_engine(dsn, pool_size=WEBHOOK_POOL, lock_timeout_ms=settings.lock_timeout_ms)
    worker = Webhooks(sending, door)
    wakes.on_committed = worker.wake
    forces = AllForces(settings.roads)
    router = None if settings.router is None else HttpRouter(settings.router)
    planning = Plans(feeding, wakes, door.clock, forces, router)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        running = [asyncio.create_task(wakes.run(), name="wakes"), asyncio.create_task(hub.run(), name="hub")]
        due = scheduler(door) if background else None
        if due is not None:
            due.start()
            running.append(asyncio.create_task(worker.run(), name="webhooks"))
        try:
            yield
        finally:
            if due is not None:
                due.shutdown(wait=False)
            for task in running:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await worker.close()
            await planning.close()
            if router is not None:
                await router.close()
            await engine.dispose()
            await feeding.dispose()
            await sending.dispose()

    made = FastAPI(
        title="Concord",
        summary="Mutual assistance across a border.",
        description=DESCRIPTION,
        version=version("concord"),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        separate_input_output_schemas=False,
        # The console's two hundred files first, before hundreds of routes are held against each. The others as they stand in their
        # routers: include_router would build each of them anew, a second's work at the first request.
        routes=[STATIC, *(route for router in ROUTERS for route in router.routes)],
    )
    made.state.door = door
    made.state.started_at = door.clock.now()
    made.state.settings = settings
    made.state.wakes = wakes
    made.state.known_spaces = set()
    made.state.hub = hub
    made.state.webhooks = worker
    made.state.forces = forces
    made.state.router = router
    made.state.plans = planning
    made.openapi = _described(made)  # type: ignore[method-assign]  # FastAPI's documented way to extend its document
    problems.install(made)
    docs.install(made)
    middleware.install(made, body_limit=settings.body_limit_kb * 1024)
    return made


def _described(made: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return what makes the OpenAPI document, once, with our problems in it."""
    plain = made.openapi

    @cache
    def openapi() -> dict[str, Any]:
        return problems.describe(plain())

    return openapi


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document without a database."""
    return create_app(Settings(), "postgresql://nobody@localhost/none", background=False).openapi()
