"""Every refusal and every failure as a problem, and a page for each type."""

import json
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
import httpx
import openapi_spec_validator
import pytest
import sqlalchemy.exc
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Response
from pydantic import Field
from structlog.testing import capture_logs

from app.domain import errors
from app.domain.errors import ConcordError, FieldError
from app.domain.forms import Code, Form, Instant, Measure, Names, Quantity, ShortText
from app.domain.geo import Area, Geometry, Point
from app.domain.lifecycle import not_allowed
from app.entrypoints.http import docs, middleware, problems
from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.causes import error_class, from_any, is_not_now, place_of


class Line(Form):
    type: Code
    quantity: Quantity


class Ask(Form):
    title: ShortText
    lines: Annotated[tuple[Line, ...], Field(max_length=3)] = ()
    wanted_at: Instant | None = None
    where: Geometry | None = None
    area: Area | None = None
    point: Point | None = None
    kind: Literal["planned", "immediate"] = "planned"
    incident: UUID | None = None
    flow: Measure = 0
    names: Names = {"en": "x"}  # noqa: RUF012 - pydantic copies it


CURRENT = {"id": "1", "revision": 8}
RAISED = {
    "stale": errors.StaleRevision("incident", 7, CURRENT),
    "transition": not_allowed("mission", "closed", "mobilise", []),
    "role": errors.RoleMissing(
        "open_request", {"authorised_representative": "Authorised representative"}, "requester", "The member that asks."
    ),
    "many": errors.TooMany("Too many tries.", retry_after_s=30),
    "signed_out": errors.NotSignedIn("No session."),
    "away": errors.Unavailable("Locks."),
    "missing": errors.NotFound("mission", 7),
    "hiding": errors.Conflict("No.", extra={"status": 200, "type": "x", "current": CURRENT}),
    "refused": ConnectionRefusedError(111, "refused"),
    "pool": sqlalchemy.exc.TimeoutError("QueuePool limit"),
    "lock": sqlalchemy.exc.DBAPIError("select", {}, asyncpg.LockNotAvailableError("lock")),
    "lost": asyncpg.ConnectionDoesNotExistError("gone"),
    "closed": asyncpg.InterfaceError("connection is closed"),
    "bug": sqlalchemy.exc.DBAPIError("select", {}, asyncpg.UndefinedColumnError("column secret")),
    "boom": ValueError("secret"),
    "http": HTTPException(418, "short and stout"),
    "unmodified": HTTPException(304, headers={"ETag": '"7"'}),
}


def small_app():
    app = FastAPI(docs_url=None, redoc_url=None)
    problems.install(app)
    middleware.install(app, body_limit=1024 * 1024)
    docs.install(app)
    router = APIRouter(route_class=StrictRoute)

    @router.post(
        "/asks", status_code=201, responses=problems.responses(errors.AgreementRefused, body=True, if_match=True)
    )
    async def ask(body: Ask) -> Response:
        return Response(body.model_dump_json(), status_code=201)

    @router.get("/raise/{what}")
    async def fail(what: str, limit: Annotated[int, Query(le=200)] = 1) -> None:
        raise RAISED[what]

    def late():
        raise errors.NotSignedIn("No session.")

    @router.get("/guarded", dependencies=[Depends(late)])
    async def guarded() -> None: ...

    app.include_router(router)
    return app


@pytest.fixture(scope="module")
def app():
    return small_app()


@pytest.fixture
async def client(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://concord.test") as client:
        yield client


BOW_TIE = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("change", "slug", "pointer"),
    [
        ({"titel": "x"}, "unknown-field", "/titel"),
        ({"lines": [{"type": "pump", "quantity": 1, "a/b": 1}]}, "unknown-field", "/lines/0/a~1b"),
        ({"title": ...}, "missing-field", "/title"),
        ({"lines": [{"type": "pump", "quantity": 1}, {"type": "pump"}]}, "missing-field", "/lines/1/quantity"),
        ({"title": 7}, "wrong-type", "/title"),
        ({"title": None}, "wrong-type", "/title"),
        ({"lines": {}}, "wrong-type", "/lines"),
        ({"lines": ["pump"]}, "wrong-type", "/lines/0"),
        ({"lines": [{"type": "pump", "quantity": True}]}, "wrong-type", "/lines/0/quantity"),
        ({"wanted_at": 1}, "wrong-type", "/wanted_at"),
        ({"lines": [{"type": "pump", "quantity": 0}]}, "out-of-range", "/lines/0/quantity"),
        ({"lines": [{"type": "pump", "quantity": 1}] * 4}, "out-of-range", "/lines"),
        ({"title": "x" * 201}, "out-of-range", "/title"),
        ({"title": ""}, "out-of-range", "/title"),
        ({"flow": -1}, "out-of-range", "/flow"),
        ({"wanted_at": "1970-01-01T00:00:00Z"}, "out-of-range", "/wanted_at"),
        ({"wanted_at": "2026-07-14T03:00:00"}, "naive-time", "/wanted_at"),
        ({"wanted_at": "tomorrow"}, "wrong-format", "/wanted_at"),
        ({"wanted_at": "2026-02-31T03:00:00Z"}, "wrong-format", "/wanted_at"),
        ({"incident": "7"}, "wrong-format", "/incident"),
        ({"incident": 7}, "wrong-type", "/incident"),
        ({"lines": [{"type": "PUMP", "quantity": 1}]}, "wrong-format", "/lines/0/type"),
        ({"names": {"english": "x"}}, "wrong-format", "/names/english"),
        ({"title": "a\x07b"}, "forbidden-character", "/title"),
        ({"kind": "urgent"}, "unknown-code", "/kind"),
        ({"where": {"type": "Circle"}}, "unknown-code", "/where"),
        ({"where": {}}, "missing-field", "/where"),
        ({"where": {"type": "Point"}}, "missing-field", "/where/coordinates"),
        ({"point": {"type": "Point", "coordinates": [50.8, 500.7]}}, "outside-world", "/point/coordinates/1"),
        ({"where": {"type": "Point", "coordinates": [500.7, 50.8]}}, "outside-world", "/where/coordinates/0"),
        ({"area": {"type": "Polygon", "coordinates": [BOW_TIE]}}, "invalid-geometry", "/area"),
    ],
)
async def test_each_fault_of_form_has_its_type_and_place(client, change, slug, pointer):
    """A program mends its message by type and place; a person reads the detail."""
    body = {key: value for key, value in ({"title": "Pumps"} | change).items() if value is not ...}
    answer = await client.post("/asks", json=body)
    said = answer.json()
    assert (answer.status_code, said["status"], said["type"]) == (422, 422, f"/problems/{slug}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(wrong["type"], wrong["pointer"]) for wrong in said["errors"]] == [(f"/problems/{slug}", pointer)]
    assert said["title"]
    assert said["hint"]
    assert said["detail"]
    assert said["instance"] == "/asks"


async def test_all_faults_are_told_at_once(client):
    """Whoever mends one and gets the next each time gives up; but a thousand are not told."""
    said = (await client.post("/asks", json={"a": 1, "lines": [{"type": "x", "quantity": 0}], "kind": "z"})).json()
    assert {wrong["pointer"] for wrong in said["errors"]} == {"/title", "/lines/0/quantity", "/kind", "/a"}
    assert said["type"] == "/problems/missing-field"
    assert "3 more" in said["detail"]
    many = (await client.post("/asks", json={"title": "x"} | {f"x{number}": 1 for number in range(1000)})).json()
    assert len(many["errors"]) == 100


async def test_the_known_codes_are_told(client):
    """Nobody should have to look up what two words there are."""
    assert (await client.post("/asks", json={"title": "x", "kind": "z"})).json()["known"] == ["planned", "immediate"]
    said = (await client.post("/asks", json={"title": "x", "area": {"type": "Point"}})).json()
    assert said["known"] == ["Polygon", "MultiPolygon"]


async def test_faults_outside_the_body(client):
    """A query parameter has no JSON pointer; it is named by where it stands."""
    said = (await client.get("/raise/stale?limit=many")).json()
    assert (said["type"], said["errors"][0]["pointer"]) == ("/problems/wrong-format", "query/limit")
    assert (await client.get("/raise/stale?limit=201")).json()["type"] == "/problems/out-of-range"


async def test_a_conflict_shows_the_present_state(client):
    """Without it, the one who was slower would have to ask again before deciding."""
    answer = await client.get("/raise/stale")
    assert answer.status_code == 409
    assert (answer.json()["current"], answer.json()["sent_revision"]) == (CURRENT, 7)


async def test_extra_members_never_hide_the_standard_ones(client):
    """A program relies on `type` and `status` whatever an error carries."""
    said = (await client.get("/raise/hiding")).json()
    assert (said["type"], said["status"], said["current"]) == ("/problems/conflict", 409, CURRENT)


@pytest.mark.parametrize(
    ("what", "status", "slug", "header"),
    [
        ("transition", 409, "transition-not-allowed", None),
        ("role", 403, "role-missing", None),
        ("missing", 404, "not-found", None),
        ("many", 429, "too-many", ("Retry-After", "30")),
        ("signed_out", 401, "not-signed-in", ("WWW-Authenticate", "Bearer")),
        ("away", 503, "unavailable", ("Retry-After", "2")),
        ("refused", 503, "unavailable", ("Retry-After", "2")),
        ("pool", 503, "unavailable", None),
        ("lock", 503, "unavailable", None),
        ("lost", 503, "unavailable", None),
        ("closed", 503, "unavailable", None),
        ("bug", 500, "internal-error", None),
        ("boom", 500, "internal-error", None),
        ("http", 400, "bad-request", None),
    ],
)
async def test_statuses(client, what, status, slug, header):
    """Each error of the tree has its status; what the libraries raise is put into the tree, without its text."""
    with capture_logs() as lines:
        answer = await client.get(f"/raise/{what}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert "secret" not in answer.text
    if header:
        assert answer.headers[header[0]] == header[1]
    assert any(line["log_level"] == "error" for line in lines) == (status == 500)


async def test_addresses_and_methods(client):
    """Also what never reaches a route of ours is a problem, and names the methods there are."""
    assert (await client.get("/nowhere")).json()["type"] == "/problems/no-such-address"
    answer = await client.delete("/asks")
    assert (answer.json()["type"], answer.headers["allow"]) == ("/problems/method-not-allowed", "POST")
    assert (await client.get("/guarded")).status_code == 401
    unmodified = await client.get("/raise/unmodified")
    assert (unmodified.status_code, unmodified.content, unmodified.headers["etag"]) == (304, b"", '"7"')


async def test_the_instance_is_an_address(client):
    """RFC 9457 wants a URI reference: a blank or an umlaut is escaped, and nothing of the query is repeated."""
    said = (await client.get("/Lüttich straße?token=secret")).json()
    assert said["instance"] == "/L%C3%BCttich%20stra%C3%9Fe"


def test_places():
    """Pydantic's names of union members lead nowhere in the body and are left out."""
    body = {"area": {"coordinates": [[1]]}, "Polygon": 1}
    assert place_of(("body", "area", "Polygon", "coordinates", 0, 0), body) == "/area/coordinates/0/0"
    assert place_of(("body", "Polygon"), body) == "/Polygon"
    assert place_of(("body", "area", "tag", "x"), body, missing=True) == "/area/x"
    assert place_of(("body",), None, missing=True) == ""
    assert place_of(("query", "limit"), None) == "query/limit"
    assert place_of((), {}) == ""


def test_every_type_of_pydantics_has_a_class():
    """What is not known by name is a wrong type; but limits, and texts that can't be read, never are."""
    assert error_class("tuple_type") is errors.WrongType
    assert error_class("date_from_datetime_parsing") is errors.WrongFormat
    for limit in ("greater_than", "less_than_equal", "multiple_of", "too_long", "string_too_short", "bytes_too_long"):
        assert error_class(limit) is errors.OutOfRange
    for unread in ("uuid_parsing", "int_parsing", "bool_parsing", "datetime_parsing", "date_from_datetime_parsing"):
        assert error_class(unread) is errors.WrongFormat
    assert error_class("uuid_type") is errors.WrongType


def test_what_is_worth_another_try():
    """A client that is told 500 gives up; one told 503 tries again under the same key."""
    assert is_not_now(asyncpg.DeadlockDetectedError("x"))
    assert is_not_now(asyncpg.TooManyConnectionsError("x"))
    assert is_not_now(asyncpg.AdminShutdownError("x"))
    assert is_not_now(sqlalchemy.exc.DBAPIError("x", {}, Exception("y"), connection_invalidated=True))
    assert not is_not_now(asyncpg.UniqueViolationError("x"))
    assert not is_not_now(asyncpg.InterfaceError("another operation is in progress"))
    assert from_any(RAISED["stale"]) is RAISED["stale"]


def test_slugs_are_addresses_and_unique():
    """A slug is the name of a page: two errors under one would explain each other's fault."""
    slugs = [error.slug for error in problems.problem_types()]
    assert len(slugs) == len(set(slugs))
    for error in problems.problem_types():
        assert error.slug == error.slug.lower()
        assert error.slug.replace("-", "").isalnum()
        assert error.__doc__
        assert error.title
        assert error.hint
        assert 400 <= error.status < 600


async def test_each_type_has_its_page(client):
    """The `type` of a problem is an address that answers, and says what to do."""
    index = (await client.get("/problems")).text
    for error in problems.problem_types():
        assert f"/problems/{error.slug}" in index
        answer = await client.get(f"/problems/{error.slug}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "<style" not in answer.text
        assert "<script" not in answer.text
    assert (await client.get("/problems/none-such")).status_code == 404
    assert "<code>current</code>" in (await client.get("/problems/conflict")).text


def test_the_api_description_names_the_problems(app):
    """A client's author reads there what can be refused; FastAPI's own form of a 422 is never sent, so it is not described."""
    document = problems.describe(app.openapi())
    openapi_spec_validator.validate(document)
    answers = document["paths"]["/asks"]["post"]["responses"]
    assert {"201", "401", "403", "404", "409", "413", "415", "422", "428", "429", "503"} == set(answers)
    examples = answers["409"]["content"][problems.MEDIA_TYPE]["examples"]
    assert {"conflict", "idempotency-key-reused", "stale-revision", "agreement-refused"} == set(examples)
    assert "HTTPValidationError" not in json.dumps(document)
    assert problems.MEDIA_TYPE in document["paths"]["/raise/{what}"]["get"]["responses"]["422"]["content"]
    for example in examples.values():
        problems.Problem.model_validate(example["value"])


def test_the_same_body_serves_the_websocket():
    """A feed client learns of a refusal in the words that it knows from HTTP."""
    error = errors.BadCursor("No.", errors=[FieldError("query/cursor", "bad-cursor", "No.")])
    body = problems.body_of(error, instance="/feed", request_id=None)
    assert problems.Problem.model_validate(body).errors[0].pointer == "query/cursor"
    assert issubclass(errors.BadCursor, ConcordError)
