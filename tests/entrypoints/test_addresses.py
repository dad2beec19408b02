"""Addresses: parameters that nobody knows, HEAD beside GET, and pages for people who took a wrong turn."""

from __future__ import annotations

import gzip
import json
import re

from tests.document import document, operations
from tests.world import flood

LIVE = "/api/v1/spaces/live"
DOCUMENT = "/api/v1/openapi.json"
OPERATIONS = {name: operation for name, operation in operations().items() if " /api/" in name}
PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_parameter_that_nobody_knows_is_refused(client, world):
    """A filter misspelt would be no filter: the answer would hold everything, and look right."""
    dispatcher = client("maas", "dispatcher")
    for name, operation in OPERATIONS.items():
        method, _, path = name.partition(" ")
        address = re.sub(r"\{\w+\}", str(world.members["maas"]), path.replace("{space}", "live"))
        answer = await dispatcher.request(method, address, params={"foo": 1, "bar": 2})
        told = answer.json()
        assert told["type"] == "/problems/unknown-field", (path, told)
        assert [wrong["pointer"] for wrong in told["errors"]] == ["query/foo", "query/bar"]
        described = operation.get("parameters", ())
        assert set(told["known"]) == {each["name"] for each in described if each["in"] == "query"}, path


UNKNOWN = {
    "/resources?type=pump.high_capacity&type=pump.of_wishes": "query/type/1",
    "/agreements?type_code=pump.of_wishes": "query/type_code",
    "/agreements?hazard=meteor": "query/hazard",
}


async def test_a_code_that_nobody_knows_is_refused(client):
    """An empty list would say that nobody has such a thing."""
    dispatcher = client("maas", "dispatcher")
    for address, pointer in UNKNOWN.items():
        answer = await dispatcher.get(LIVE + address)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-code")
        assert answer.json()["errors"][0]["pointer"] == pointer


READ = ("/", "/health/live", "/health/ready", "/docs", "/problems", "/static/pages.css", f"{LIVE}/incidents", DOCUMENT)


async def test_head_is_answered_as_get_without_the_body(client):
    """A monitor that asks whether we are there would be told that it asks in the wrong way."""
    browser = client("maas", "dispatcher")
    for address in READ:
        whole, head = await browser.get(address), await browser.head(address)
        assert head.status_code == whole.status_code == 200, address
        assert head.content == b""
        for name in ("content-type", "content-length", "etag", "cache-control"):
            assert head.headers.get(name) == whole.headers.get(name), (address, name)


async def test_head_is_for_what_can_be_read(client, anonymous):
    """What can't be read has no HEAD, what can says so; nothing is told to who is not signed in."""
    dispatcher = client("maas", "dispatcher")
    answer = await dispatcher.post(f"{LIVE}/journal")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert (await dispatcher.head(f"{LIVE}/assist-now")).status_code == 405
    assert (await anonymous.head(f"{LIVE}/incidents")).status_code == 401


def test_head_is_not_described_beside_each_get():
    """The description would be a fifth longer, and say nothing more."""
    assert not any("head" in item for item in document()["paths"].values())


async def test_a_compressed_body_is_refused_as_such(client):
    """Its sender would look for a mistake in JSON that has none."""
    raw = gzip.compress(json.dumps(flood()).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await client("maas", "dispatcher").post(f"{LIVE}/incidents", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")
    assert "(gzip)" in answer.json()["detail"]
    assert "uncompressed" in answer.json()["hint"]
    headers["Content-Encoding"] = "identity"
    plain = await client("maas", "dispatcher").post(f"{LIVE}/incidents", json=flood(), headers=headers)
    assert plain.status_code == 201


async def test_a_person_gets_a_page_where_there_is_none(anonymous):
    """Somebody who mistyped an address in a browser would be shown braces and quotation marks."""
    for address in ("/nowhere", "/problems/of-mine", "/static/nothing.css"):
        page = await anonymous.get(address, headers=PAGE)
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")
        assert "There is no such address" in page.text
        assert (await anonymous.get(address)).json()["type"] == "/problems/no-such-address"


async def test_a_program_gets_a_problem_whatever_it_takes(anonymous):
    """The API speaks JSON, also to a browser."""
    answer = await anonymous.get("/api/v1/nowhere", headers=PAGE)
    assert answer.json()["type"] == "/problems/no-such-address"
