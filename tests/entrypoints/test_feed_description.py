"""What `protocols/wire` says of the feed, held against what is really sent and taken."""

from __future__ import annotations

import orjson
import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from app.commands.incidents import ReportIncident
from app.commands.requests import DraftRequest
from app.delivery import wire
from app.settings import protocols_path
from app.store import journal
from tests.following import following, served
from tests.world import flood

SCHEMAS = {file.name: orjson.loads(file.read_bytes()) for file in (protocols_path() / "wire" / "feed").glob("*.json")}
REGISTRY = Registry().with_resources(
    (name, Resource.from_contents(schema, default_specification=DRAFT7)) for name, schema in SCHEMAS.items()
)
OF_KIND = {
    schema["properties"]["kind"]["const"]: name
    for name, schema in SCHEMAS.items()
    if name not in {"rows.json", "take_snapshot.json"}
}


def validator(name):
    return Draft7Validator({"$ref": name}, registry=REGISTRY, format_checker=FormatChecker())


def check(frame):
    validator(OF_KIND[frame["kind"]]).validate(frame)
    return frame["kind"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name):
    """A schema with a slip in it accepts everything."""
    Draft7Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["title"]


def test_the_document_names_every_schema():
    """A message that the document leaves out is one that nobody expects."""
    text = (protocols_path() / "wire" / "asyncapi.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    messages = document["components"]["messages"].values()
    assert {message["payload"]["$ref"].removeprefix("feed/") for message in messages} == SCHEMAS.keys() - {"rows.json"}
    told = {
        ref["$ref"].rsplit("/", 1)[1] for operation in document["operations"].values() for ref in operation["messages"]
    }
    assert told == document["components"]["messages"].keys() == document["channels"]["feed"]["messages"].keys()


async def test_real_messages_are_as_described(application, world, client, pg):
    """Whoever writes a client by the description would stumble over the first message that is otherwise."""
    door, maas = application.state.door, world.actor("maas", "dispatcher")

    async def do(model, **body):
        return await door.execute(model.model_validate(body), actor=maas, space="live")

    heard = []
    async with served(application) as address:
        async with following(address, token=world.token("aken", "viewer")) as aken:
            await aken.resume(0, "another")
            await aken.next("reset")
            await aken.snapshot()
            incident = await do(ReportIncident, **flood())
            line = {"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
            asked = await do(DraftRequest, incident_id=incident.id, kind="immediate", lines=[line], then="open")
            await aken.until(lambda aken: aken.fill)
            await aken.reaches(asked.seq)
            item = {"resource_id": str(world.resources["maas-pump-1"]), "lon": 5.7, "lat": 50.8}
            await client("maas", "dispatcher").post("/api/v1/spaces/live/positions", json={"items": [item]})
            await aken.until(lambda aken: aken.positions)
            conn = await pg()
            assert await journal.erase(conn, "live", incident.seq)
            await aken.resume(incident.seq - 1)
            await aken.next("heartbeat")
            assert any(entry["data"] is None for entry in aken.entries)
            heard += aken.frames
        # The whole journal, with everything that built the world.
        async with following(address, token=world.token("maas", "viewer")) as maas_screen:
            await maas_screen.resume(0)
            await maas_screen.next("heartbeat")
            heard += maas_screen.frames
            await maas_screen.websocket.send('{"kind": "resume", "after": "x"}')
            assert await maas_screen.closed() == 4422
            heard.append(maas_screen.frames[-1])
    assert {check(frame) for frame in heard} == OF_KIND.keys() - {"resume"}
    assert len({frame["type"] for frame in heard if frame["kind"] == "entry"}) > 10


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resume.json", {"kind": "resume", "epoch": "x", "after": 0}),
        ("take_snapshot.json", {"kind": "snapshot"}),
    ],
)
async def test_what_is_described_is_taken(application, world, name, said):
    """Whoever sends what the description allows would be thrown out, or let in with what it forbids."""
    validator(name).validate(said)
    wrong = [said | {"more": 1}, *({key: value for key, value in said.items() if key != left} for left in said)]
    async with served(application) as address:
        async with following(address, token=world.token("aken", "viewer")) as aken:
            await aken.say(**said)
            assert (await aken.next())["kind"] in {"reset", "snapshot"}
        for each in wrong:
            assert not validator(name).is_valid(each)
            async with following(address, token=world.token("aken", "viewer")) as aken:
                await aken.say(**each)
                assert await aken.closed() == 4422


def test_large_positions_and_fill_are_split():
    """An entry would wait behind a message of a megabyte."""
    assert [len(orjson.loads(text)["items"]) for text in wire.positions([{"lon": 1}] * 450)] == [200, 200, 50]
