"""Schemathesis over the OpenAPI document: whatever the document allows, and much that it forbids, gets an answer of ours.

The real application answers on a loopback port, to a dispatcher's token. No answer is a 5xx, every one has a status, a
content type and a body that the document names. CONCORD_SCHEMATHESIS says how many examples an operation gets (8 unless set: each of hundreds has a second's work).
"""

from __future__ import annotations

import os
import re
import socket
import threading
from datetime import UTC, datetime

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.failures import FailureGroup, as_reported_failure
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import text
from standardwebhooks import Webhook

from app.commands.execute import Door
from app.commands.registry import BY_NAME
from app.domain.authority import SYSTEM
from app.entrypoints.http.inbox_sources import MAPPING
from app.main import create_app
from app.settings import Settings
from app.store.engine import create_engine
from tests.commands.drilling import SCRIPT
from tests.conftest import _clone
from tests.document import document, operations
from tests.world import flood

EXAMPLES = int(os.environ.get("CONCORD_SCHEMATHESIS", "8"))
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
async def dsn(server_dsn, world_template):
    """A fresh database with the world in it."""
    async for found in _clone(server_dsn, world_template[0]):
        yield found


@pytest.fixture(scope="module")
async def drilled(dsn):
    """A drill of maas and luik that was played, and what has to become better; their ids, as they stand in addresses."""
    engine = create_engine(dsn, pool_size=2)
    door, script = Door(engine, Settings()), SCRIPT.replace("corridor: meuse-rhine", "corridor: test-corridor")
    async with engine.begin() as connection:
        for ours, theirs in (("maas", "nl-maastricht"), ("luik", "be-liege"), ("hasselt", "nl-heerlen")):
            named = text("UPDATE member SET code = :theirs, country = :land WHERE code = :ours")
            await connection.execute(named, {"ours": ours, "theirs": theirs, "land": theirs[:2].upper()})

    async def does(name, target=None, **body):
        command = BY_NAME[name].model.model_validate(body)
        return await door.execute(command, actor=SYSTEM, space="live", target=target)

    drill = (await does("plan_drill", script=script, virtual="all")).id
    for step in ("approve_drill", "start_drill", "end_drill"):
        await does(step, drill)
    await does("hold_hot_wash", drill, summary="Eerder bellen")
    async with engine.connect() as connection:
        owner = (await connection.execute(text("SELECT id FROM member WHERE code = 'be-liege' LIMIT 1"))).scalar_one()
    action = await does("add_corrective_action", drill, text="Bellen", owner_member_id=owner, due_on="2099-01-01")
    await engine.dispose()
    return {"drill_id": str(drill), "action_id": str(action.id)}


@pytest.fixture(scope="module")
async def served(dsn):
    """The address of the application on it."""
    thread = Served(create_app(Settings(), dsn, background=False))
    thread.start()
    try:
        yield thread.url
    finally:
        thread.end()


GENERATION = GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
CONFIG = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=GENERATION)))
API = [name for name in operations() if " /api/" in name]


def alone(method, path):
    """The document of one operation, with the components it refers to: of the whole, each operation would keep forty megabytes."""
    whole = document()
    item = {path: {method.lower(): whole["paths"][path][method.lower()]}}
    components = {"securitySchemes": whole["components"]["securitySchemes"]}
    wanted = list(_references(item))
    while wanted:
        kind, name = wanted.pop().split("/")[-2:]
        if name not in (known := components.setdefault(kind, {})):
            known[name] = whole["components"][kind][name]
            wanted += _references(known[name])
    return schemathesis.openapi.from_dict({**whole, "paths": item, "components": components}, config=CONFIG)


def _references(node):
    for name, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if name == "$ref" and isinstance(value, str):
            yield value
        else:
            yield from _references(value)


@pytest.fixture(scope="module")
def ids(served, drilled, world_template):
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
    return drilled | told(served, world) | {
        "external_id": number, "contact_id": contact,
        "space": "live", "incident_id": incident, "request_id": request["id"], "offer_id": offer, "call_id": call["id"],
        "mission_id": call["rows"]["mission"][0]["id"], "debt_id": call["rows"]["debt"][0]["id"],
        "member_id": str(world.members["maas"]), "crossing_id": str(world.crossings["eijsden"]),
        "depot_id": str(world.depots["maas"]), "resource_id": str(world.units("maas", "pump")[0]),
        "agreement_id": str(world.agreements["maas-broad"]), "user_id": str(world.users["maas", "dispatcher"]),
    }  # fmt: skip


def told(served, world):
    """A source of maas's with a version of a mapping, and a message of it that waits for a person."""
    admin = {"headers": {"Authorization": f"Bearer {world.token('maas', 'admin')}"}, "timeout": 20}
    body = {"label": "CAD", "source": "cad-maas", "per_minute": 60_000}
    source = httpx.post(f"{served}/api/v1/inbox-sources", json=body, **admin).json()
    path = f"{served}/api/v1/inbox-sources/{source['id']}/mappings"
    assert httpx.post(path, json={"mapping": MAPPING}, **admin).is_success
    at = datetime.now(UTC)
    signature = Webhook(source["once"]["secret"]).sign("msg_1", at, "{}")
    signed = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    message = httpx.post(f"{served}/api/v1/spaces/live/inbox/{source['id']}", content=b"{}", headers=signed, timeout=20)
    assert message.status_code == 202, message.text
    return {"source_id": source["id"], "message_id": message.json()["message_id"], "version": 1}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def answers(case, served, world, ids):
    """Send one case, and check the answer."""
    for name, value in (case.path_parameters or {}).items():
        if name in ids and WELL_FORMED.fullmatch(str(value)):
            case.path_parameters[name] = ids[name]
    if "wait_s" in (case.query or {}):
        case.query["wait_s"] = min(case.query["wait_s"], 1) if isinstance(case.query["wait_s"], int) else "soon"
    headers = {"Authorization": f"Bearer {world.token('maas', 'dispatcher')}"}
    case.call_and_validate(base_url=served, headers=headers, checks=CHECKS, timeout=30)


@pytest.mark.parametrize("name", API)
def test_every_operation_answers_as_the_document_says(name, served, world, ids):
    """Somebody else's client, right or wrong, would get an answer that its author can't have prepared for.

    An operation's cases are made here: to make all of them is half a minute's work, which every process that collects would do.
    """
    method, _, path = name.partition(" ")
    [made] = get_all_tests(schema=alone(method, path), test_func=answers, settings=None, given_kwargs=None)
    _, tried = made.ok()
    try:
        tried(served=served, world=world, ids=ids)
    except FailureGroup as failures:
        raise as_reported_failure(failures) from None
