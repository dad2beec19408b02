"""Schemathesis over the OpenAPI document: whatever the document allows, and much that it forbids, gets an answer of ours.

The real application answers on a loopback port, to a dispatcher's token. No answer is a 5xx, every one has a status, a
content type and a body that the document names. CONCORD_SCHEMATHESIS says how many examples an operation gets (15 unless set).
"""

from __future__ import annotations

import os
import re
import socket
import threading

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.main import create_app, openapi
from app.settings import Settings
from tests.conftest import _clone
from tests.world import flood

EXAMPLES = int(os.environ.get("CONCORD_SCHEMATHESIS", "15"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

WELL_FORMED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z][a-z0-9-]{1,62}")
"""An id, or the name of a space."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Served(threading.Thread):
    """The application on a port of its own, in a thread with a loop of its own."""

    def __init__(self, application) -> None:
        super().__init__(name="served", daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=2
        )
        self.server = uvicorn.Server(config)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self) -> None:
        self.server.run(sockets=[self.socket])

    def end(self) -> None:
        self.server.should_exit = True
        self.join(timeout=30)
        self.socket.close()


@pytest.fixture(scope="module")
async def served(server_dsn, world_template):
    """The address of the application on a fresh database with the world in it."""
    async for dsn in _clone(server_dsn, world_template[0]):
        thread = Served(create_app(Settings(), dsn, background=False))
        thread.start()
        try:
            yield thread.url
        finally:
            thread.end()


GENERATION = GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
CONFIG = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=GENERATION)))
schema = schemathesis.openapi.from_dict(openapi(), config=CONFIG).include(path_regex="^/api/")


@pytest.fixture(scope="module")
def ids(served, world_template):
    """One of everything that stands in an address, so that examples get further than "not found"."""
    world = world_template[1]
    space = f"{served}/api/v1/spaces/live"

    def send(who, path, **body):
        headers = {"Authorization": f"Bearer {world.token(who, 'dispatcher')}"}
        answer = httpx.post(f"{space}/{path}", json=body, headers=headers, timeout=20)
        assert answer.is_success, answer.text
        return answer.json()

    incident = send("maas", "incidents", **flood())["id"]
    place = {"lon": 5.7, "lat": 50.78}
    line = {"type_code": "engine.pumper", "quantity": 2, "priority": "property", **place}
    request = send("maas", "requests", incident_id=incident, kind="immediate", lines=[line], then="open")
    offered = [{"request_line_id": request["rows"]["request_line"][0]["id"]}]
    offer = send("luik", f"requests/{request['id']}/offers", lines=offered)["id"]
    sides = {"requester_id": str(world.members["maas"]), "lender_id": str(world.members["aken"])}
    call = send("aken", "assist-now", incident_id=incident, type_code="engine.pumper", quantity=1, **sides, **place)
    number = send("maas", "external-ids", source="gms", kind="incident", code="26-1", subject_id=incident)["id"]
    contact = send("maas", "contacts", code="duty", function="Duty officer", phone="+31 00 000 0101")["id"]
    return {
        "external_id": number, "contact_id": contact,
        "space": "live", "incident_id": incident, "request_id": request["id"], "offer_id": offer, "call_id": call["id"],
        "mission_id": call["rows"]["mission"][0]["id"], "debt_id": call["rows"]["debt"][0]["id"],
        "member_id": str(world.members["maas"]), "crossing_id": str(world.crossings["eijsden"]),
        "depot_id": str(world.depots["maas"]), "resource_id": str(world.units("maas", "pump")[0]),
        "agreement_id": str(world.agreements["maas-broad"]), "user_id": str(world.users["maas", "dispatcher"]),
    }  # fmt: skip


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_the_document_says(case, served, world, ids):
    """Somebody else's client, right or wrong, would get an answer that its author can't have prepared for."""
    for name, value in (case.path_parameters or {}).items():
        if name in ids and WELL_FORMED.fullmatch(str(value)):
            case.path_parameters[name] = ids[name]
    if "wait_s" in (case.query or {}):
        case.query["wait_s"] = min(case.query["wait_s"], 1) if isinstance(case.query["wait_s"], int) else "soon"
    headers = {"Authorization": f"Bearer {world.token('maas', 'dispatcher')}"}
    case.call_and_validate(base_url=served, headers=headers, checks=CHECKS, timeout=30)
