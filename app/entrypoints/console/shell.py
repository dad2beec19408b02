"""The console's one page: an empty frame that loads the console's modules. What it shows comes through the API and the feed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.entrypoints.console.sign_in_words import WORDS
from app.entrypoints.console.signing_in import kept_language, to_sign_in, who_is_it
from app.entrypoints.http.deps import TheDoor
from app.entrypoints.http.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/console")
@router.get("/console/{path:path}")
async def console(request: Request, door: TheDoor) -> Response:
    """Return the frame to who is signed in; the others are sent to the form, and back here from it.

    It is in the language that was chosen in this browser, else in the user's own.
    """
    who = await who_is_it(request)
    if who is None:
        return to_sign_in(request)
    language = kept_language(request) or who.holder.language
    limit = door.settings.body_limit_kb * 1024
    answer = render("console.html", language=language, body_limit=limit, no_server=WORDS[language]["no_server"])
    answer.headers["Cache-Control"] = "no-store"
    return answer
