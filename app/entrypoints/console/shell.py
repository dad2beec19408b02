"""The console's one page: an empty frame that loads the console's modules. What it shows comes through the API and the feed.

Each space has its own address: live is ``/console``, a drill's ``/console/drill-ab12``. What an address shows never changes under
who looks at it: from one space to another it is always another page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.drills.texts import EXERCISE
from app.entrypoints.console.sign_in_words import WORDS
from app.entrypoints.console.signing_in import CONSOLE, kept_language, to_sign_in, who_is_it
from app.entrypoints.http.deps import LIVE, TheDoor
from app.entrypoints.http.pages import render
from app.queries.corridor import corridor
from app.queries.spaces import kind_of
from app.store.engine import reading

if TYPE_CHECKING:
    import asyncpg

    from app.entrypoints.http.identity import SignedIn

router = APIRouter(include_in_schema=False)


@router.get(CONSOLE)
async def console(request: Request, door: TheDoor) -> Response:
    """Return the frame of live to who is signed in; the others are sent to the form, and back here from it."""
    who = await who_is_it(request)
    if who is None:
        return to_sign_in(request)
    async with reading(door.engine) as conn:
        marks = await _marks(conn)
    return _frame(request, door.settings.body_limit_kb, who, LIVE, LIVE, marks)


@router.get(CONSOLE + "/{space}")
async def of_space(request: Request, door: TheDoor, space: str) -> Response:
    """Return the frame of another space, marked in every language of the corridor if it is a drill's.

    Raises:
        NotFound: there is no such space; who is not signed in is not told.
    """
    who = await who_is_it(request)
    if who is None:
        return to_sign_in(request)
    if space == LIVE:
        return RedirectResponse(CONSOLE, status_code=303)
    async with reading(door.engine) as conn:
        kind = await kind_of(conn, space)
        marks = await _marks(conn) if kind == "drill" else {}
    return _frame(request, door.settings.body_limit_kb, who, space, kind, marks)


async def _marks(conn: asyncpg.Connection[Any]) -> dict[str, str]:
    """Return the word that marks an exercise, in each language of the corridor: in live it marks what is read of a script there."""
    spoken = (await corridor(conn)).languages
    return {language: word for language, word in EXERCISE.items() if language in spoken}


def _frame(
    request: Request, body_limit_kb: int, who: SignedIn, space: str, kind: str, marks: dict[str, str]
) -> Response:
    """Return the page, in the language that was chosen in this browser, else in the user's own."""
    language = kept_language(request) or who.holder.language
    mark = (marks.get(language) or next(iter(marks.values()), "")) if kind == "drill" else ""
    answer = render(
        "console.html",
        language=language,
        body_limit=body_limit_kb * 1024,
        no_server=WORDS[language]["no_server"],
        space=space,
        kind=kind,
        marks=marks,
        mark=" ".join([mark] * 3) if mark else "",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
