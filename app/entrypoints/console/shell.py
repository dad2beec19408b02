"""The console's one page: an empty frame that loads the console's modules. What it shows comes through the API and the feed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.entrypoints.console.signing_in import to_sign_in, who_is_it
from app.entrypoints.http.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/console")
@router.get("/console/{path:path}")
async def console(request: Request) -> Response:
    """Return the frame to who is signed in; the others are sent to the form, and back here from it."""
    who = await who_is_it(request)
    if who is None:
        return to_sign_in(request)
    answer = render("console.html", language=who.holder.language)
    answer.headers["Cache-Control"] = "no-store"
    return answer
