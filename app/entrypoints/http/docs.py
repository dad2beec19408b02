"""The API's description for people, from our own server: the viewer at /docs, and a page for each problem."""

from __future__ import annotations

import inspect
import json
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from app.domain.errors import ConcordError
from app.entrypoints.http.causes import NoSuchAddress
from app.entrypoints.http.pages import render
from app.entrypoints.http.problems import example_of, problem_types

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Show the OpenAPI document in the vendored viewer."""
    return render("docs.html", openapi=request.app.openapi_url)


@router.get("/problems")
async def problems() -> HTMLResponse:
    """List every problem type, by status."""
    return render("problems.html", problems=sorted(problem_types(), key=lambda each: (each.status, each.slug)))


@router.get("/problems/{slug}")
async def problem(slug: str) -> HTMLResponse:
    """Explain one problem type. Its address is the `type` of every such problem."""
    found = next((each for each in problem_types() if each.slug == slug), None)
    if found is None:
        raise NoSuchAddress(f"No problem has the type {slug!r}.")
    parent = found.__base__
    return render(
        "problem.html",
        problem=found,
        phrase=HTTPStatus(found.status).phrase,
        when=inspect.getdoc(found) or found.title,
        parent=parent if parent and issubclass(parent, ConcordError) and parent is not ConcordError else None,
        kinds=sorted(found.__subclasses__(), key=lambda each: each.slug) if found is not ConcordError else [],
        example=json.dumps(example_of(found), indent=2, ensure_ascii=False),
    )


def install(app: FastAPI) -> None:
    """Add the pages; what they load is under /static. The application is made with `docs_url=None, redoc_url=None`."""
    app.include_router(router)
