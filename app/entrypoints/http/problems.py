"""What was refused, said so that a person or a program can act on it: problem details (RFC 9457).

Every error of `domain/errors.py` becomes one body, with its slug as `type`; `pages.py` documents each type at that
address. Errors of pydantic, of the web framework and of the database are turned into errors of the tree first
(`causes.py`): nothing leaves the house in another form. `body_of` is the same body for the websocket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import asyncpg
import sqlalchemy.exc
import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from app.domain import errors
from app.domain.errors import ConcordError, Malformed
from app.entrypoints.http.causes import NoSuchAddress, from_any, from_http, malformed
from app.entrypoints.http.examples import add_examples
from app.entrypoints.http.pages import render

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "/problems/"
_PATH_SAFE = "/:@!$&'()*+,;=~"
_MOST_ERRORS = 100
"""A list of ten thousand wrong items does not get an answer of ten thousand errors."""

log = structlog.get_logger(__name__)


class WrongField(BaseModel):
    """One thing wrong in one place."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="JSON pointer into the body, or `query/…`, `path/…`, `header/…`.")
    type: str = Field(description="The problem in this place.")
    detail: str


class Problem(BaseModel):
    """What was refused, and what to do next (RFC 9457). Some types carry more members; their pages name them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = Field(description="Address of the problem's page; stable, made for programs to tell problems apart.")
    title: str
    status: int
    detail: str = Field(description="What was wrong this time.")
    hint: str = Field(description="What to do next.")
    instance: str = Field(description="Address of the request.")
    request_id: str | None = Field(description="What the operator needs to find this in the log.")
    errors: list[WrongField] = Field(default=[], description="Each wrong place.")


def problem_types() -> Iterator[type[ConcordError]]:
    """Walk over every class of the tree, each once, parents before children."""
    waiting: list[type[ConcordError]] = [ConcordError]
    seen: set[type[ConcordError]] = set()
    while waiting:
        error = waiting.pop(0)
        if error not in seen:
            seen.add(error)
            yield error
            waiting.extend(error.__subclasses__())


def body_of(error: ConcordError, *, instance: str, request_id: str | None) -> dict[str, Any]:
    """Return the problem as plain JSON. Members of `extra` never hide the standard ones."""
    body: dict[str, Any] = {
        "type": f"{TYPE_BASE}{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "hint": error.advice,
        "instance": instance,
        "request_id": request_id,
    }
    if error.errors:
        body["errors"] = [
            {"pointer": wrong.pointer, "type": f"{TYPE_BASE}{wrong.slug}", "detail": wrong.detail}
            for wrong in error.errors[:_MOST_ERRORS]
        ]
    extra: dict[str, Any] = jsonable_encoder(error.extra)
    return extra | body


def problem(error: ConcordError, request: HTTPConnection, *, headers: Mapping[str, str] | None = None) -> Response:
    """Answer a request with a problem; 401 names the way to sign in and 429 and 503 the wait, as HTTP wants it."""
    sent = dict(headers or {})
    if isinstance(error, errors.NotSignedIn):
        sent.setdefault("WWW-Authenticate", "Bearer")
    if isinstance(error, errors.TooMany):
        sent.setdefault("Retry-After", str(error.retry_after_s))
    if isinstance(error, errors.Unavailable):
        sent.setdefault("Retry-After", "2")
    body = body_of(
        error, instance=quote(request.scope["path"], safe=_PATH_SAFE), request_id=request.scope.get("request_id")
    )
    return JSONResponse(body, status_code=error.status, headers=sent, media_type=MEDIA_TYPE)


def _wants_page(request: Request) -> bool:
    """Say whether a person is reading, in a browser, and not a program that asks the API."""
    return "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith("/api/")


def install(app: FastAPI) -> None:
    """Make every refusal of an application a problem, and every failure that can be expected.

    What nobody expects passes through here to the last net, `middleware.Requests`.
    """

    async def on_ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, ConcordError)
        if isinstance(error, NoSuchAddress) and _wants_page(request):
            return render("no_such_address.html", status=error.status, detail=error.detail)
        if type(error).status >= 500 and not isinstance(error, errors.Unavailable):  # noqa: PLR2004
            log.error("request.failed", exc_info=error)
        return problem(error, request)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(malformed(error.errors(), error.body), request)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code < 400:  # noqa: PLR2004 - no refusal: 304 and the like
            return Response(status_code=error.status_code, headers=error.headers)
        refusal = from_http(error, method=request.method, path=request.scope["path"])
        if isinstance(refusal, NoSuchAddress):
            return await on_ours(request, refusal)
        headers = dict(error.headers or {})
        if "GET" in headers.get("Allow", "").split(", ") and "HEAD" not in headers["Allow"]:
            headers["Allow"] += ", HEAD"  # every address that has the one has the other, by `middleware.Heads`
        return problem(refusal, request, headers=headers)

    async def on_any(request: Request, error: Exception) -> Response:
        return problem(from_any(error), request)

    app.add_exception_handler(ConcordError, on_ours)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    for unavailable in (
        sqlalchemy.exc.DBAPIError,
        sqlalchemy.exc.TimeoutError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        ConnectionError,
        TimeoutError,
    ):
        app.add_exception_handler(unavailable, on_any)


# ---------------------------------------------------------------- OpenAPI

Responses = dict[int | str, dict[str, Any]]


def example_of(error: type[ConcordError]) -> dict[str, Any]:
    """Return a problem as it looks, for the API's description."""
    body = {
        "type": f"{TYPE_BASE}{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": (error.__doc__ or error.title).strip().partition("\n")[0],
        "hint": error.hint,
        "instance": "/api/v1/spaces/live/…",
        "request_id": "0197a1b2-0000-7000-8000-000000000000",
    }
    if issubclass(error, Malformed):
        body["errors"] = [{"pointer": "/field", "type": body["type"], "detail": error.title}]
    return body


def errors_of(*classes: type[ConcordError]) -> Responses:
    """Document problems in FastAPI's `responses`: one entry a status, one example a type."""
    found: Responses = {}
    for error in dict.fromkeys(classes):
        entry = found.setdefault(
            error.status,
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}},
            },
        )
        entry["content"][MEDIA_TYPE]["examples"][error.slug] = {"summary": error.title, "value": example_of(error)}
        entry["description"] += f"{'; ' if entry['description'] else ''}{error.title}"
    return found


_ALWAYS = (errors.NotSignedIn, errors.TokenExpired, errors.TokenInvalid, errors.TooMany, errors.Unavailable)
_FORM = (
    errors.Malformed,
    errors.UnknownField,
    errors.MissingField,
    errors.WrongType,
    errors.WrongFormat,
    errors.OutOfRange,
)
_BODY = (
    errors.TooLarge,
    errors.UnsupportedMediaType,
    errors.MalformedJson,
    errors.InvalidUtf8,
    errors.LoneSurrogate,
    errors.ForbiddenCharacter,
    errors.NotFinite,
    errors.IntegerOverflow,
)


def responses(
    *specific: type[ConcordError], body: bool = False, path_ids: bool = True, if_match: bool = False
) -> Responses:
    """Document what an operation can refuse: its own errors, and those that all operations have.

    `body`: it reads one, so it can be a conflict and sent twice. `path_ids`: something in its address may not be there.
    `if_match`: it wants the revision that was read.
    """
    usual: tuple[type[ConcordError], ...] = (*_ALWAYS, errors.Forbidden, errors.ScopeMissing, *_FORM)
    if body:
        usual += (*_BODY, errors.RoleMissing, errors.CsrfFailed, errors.Conflict, errors.KeyReused)
    if path_ids:
        usual += (errors.NotFound,)
    if if_match:
        usual += (errors.PreconditionRequired, errors.StaleRevision)
    return errors_of(*usual, *specific)


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """Add the schema `Problem` and examples to an OpenAPI document; FastAPI's own form of a 422 goes, for it is never sent."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(own.pop("$defs", {}))
    schemas["Problem"] = own
    for operations in schema.get("paths", {}).values():
        for operation in operations.values():
            answers = operation.get("responses", {}) if isinstance(operation, dict) else {}
            invalid = answers.get("422")
            if invalid and "application/json" in invalid.get("content", {}):
                answers["422"] = errors_of(*_FORM)[422]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _drop_unnamed(schema)
    add_examples(schema)
    return schema


def _drop_unnamed(document: dict[str, Any]) -> None:
    """Drop schemas that nothing names: parts of shapes that are described as a whole."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    waiting = set(_names({key: value for key, value in document.items() if key != "components"})) | {"Problem"}
    named: set[str] = set()
    while waiting:
        name = waiting.pop()
        named.add(name)
        waiting |= set(_names(schemas.get(name))) - named
    for name in schemas.keys() - named:
        del schemas[name]


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(ref := part.get("$ref"), str):
            yield ref.rpartition("/")[2]
        for each in part.values():
            yield from _names(each)
    elif isinstance(part, list):
        for each in part:
            yield from _names(each)
