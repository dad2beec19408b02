"""Signing in and out by forms that need no scripts, in the reader's language, and back to where one wanted to go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from app.commands.passwords import LONGEST
from app.commands.sessions import sign_in, sign_out
from app.domain.errors import BadCredentials, ConcordError, NotSignedIn, TooLarge, TooMany
from app.domain.protocol_data import LANGUAGES
from app.domain.vocabulary import vocabulary
from app.entrypoints.console.sign_in_words import WORDS
from app.entrypoints.http.deps import TheDoor
from app.entrypoints.http.identity import (
    SignedIn,
    cookie_name,
    drop_session_cookie,
    require_own_origin,
    set_session_cookie,
    signed_in,
)
from app.entrypoints.http.pages import render

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSOLE: Final = "/console"
LANGUAGE_COOKIE: Final = "concord_language"
"""The language that was chosen in this browser: at the form or, later, in the console. The choice made last counts."""
LANGUAGE_KEPT_S: Final = 365 * 24 * 3600
LARGEST_FORM: Final = 4096
_PART = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9]{1,8})*\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def form(
    request: Request,
    next_: Annotated[str, Query(alias="next", max_length=2_000)] = CONSOLE,
    lang: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the form; who is signed in already goes on."""
    answer: Response
    if await who_is_it(request) is not None:
        answer = RedirectResponse(own_address(next_), status_code=303)
    else:
        answer = _page(chosen_language(request, lang), own_address(next_))
    if lang in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, lang, max_age=LANGUAGE_KEPT_S, path="/", samesite="lax")
    return answer


@router.post("/sign-in")
async def begin(request: Request, door: TheDoor) -> Response:
    """Sign in by the form, and go where the reader wanted to go."""
    require_own_origin(request)
    fields = await _fields(request)
    goal = own_address(fields.get("next", CONSOLE))
    address = request.client.host if request.client else ""
    password = SecretStr(fields.get("password", "")[:LONGEST])
    try:
        secret = await sign_in(door, fields.get("login", ""), password, address=address)
    except ConcordError as refusal:
        language = chosen_language(request, fields.get("lang", ""))
        return _page(language, goal, refusal=refusal, login=fields.get("login", ""))
    answer = RedirectResponse(goal, status_code=303)
    set_session_cookie(answer, door.settings, secret)
    return answer


@router.post("/sign-out")
async def end(request: Request, door: TheDoor) -> Response:
    """End the session of this browser."""
    require_own_origin(request)
    name = cookie_name(door.settings)
    if secret := request.cookies.get(name):
        await sign_out(door, secret)
    answer = RedirectResponse("/", status_code=303)
    drop_session_cookie(answer, door.settings)
    return answer


async def who_is_it(request: Request) -> SignedIn | None:
    """Return who asks for a page, or None where nobody is signed in (any more)."""
    try:
        return await signed_in(request)
    except ConcordError:
        return None


def to_sign_in(request: Request) -> Response:
    """Return the way to the form for somebody who has to sign in first, and back to this page afterwards."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/sign-in?next={quote(request.url.path + query, safe='')}", status_code=303)


def own_address(goal: str) -> str:
    """Return a path of ours as it is, and the console for everything else: nobody is sent away from here by a link."""
    try:
        parts = urlsplit(goal)
    except ValueError:
        return CONSOLE
    elsewhere = parts.scheme or parts.netloc or goal.startswith("//") or "\\" in goal
    return goal if goal.startswith("/") and not elsewhere and goal.isprintable() else CONSOLE


def kept_language(request: Request) -> str | None:
    """Return the language that was chosen in this browser, or None."""
    kept = request.cookies.get(LANGUAGE_COOKIE)
    return kept if kept in LANGUAGES else None


def chosen_language(request: Request, named: str = "") -> str:
    """Return the language named, else the one chosen here before, else the first of ours that the browser asks for
    (RFC 9110, 12.5.4), else English.
    """
    if named in LANGUAGES:
        return named
    if kept := kept_language(request):
        return kept
    parts = map(_PART.fullmatch, request.headers.get("Accept-Language", "").split(",")[:20])
    asked = [(float(part.group(2) or 1), part.group(1).lower()) for part in parts if part is not None]
    asked.sort(key=lambda each: -each[0])
    return next((language for weight, language in asked if language in LANGUAGES and weight), "en")


def _page(language: str, goal: str, *, refusal: ConcordError | None = None, login: str = "") -> Response:
    answer = render(
        "sign_in.html",
        status=refusal.status if refusal else 200,
        said=WORDS[language],
        language=language,
        languages={code: each["name"] for code, each in vocabulary()["languages"].items()},
        goal=goal,
        link=lambda code: f"/sign-in?lang={code}&next={quote(goal, safe='')}",
        refusal=None if refusal is None else _told(refusal, WORDS[language]),
        login=login[:200],
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Language"] = language
    if isinstance(refusal, TooMany):
        answer.headers["Retry-After"] = str(refusal.retry_after_s)
    return answer


def _told(refusal: ConcordError, said: Mapping[str, str]) -> str:
    """Return why it did not work, in the reader's language for what a person can come by."""
    if isinstance(refusal, BadCredentials):
        return said["wrong"]
    if isinstance(refusal, TooMany):
        return said["wait"].format(seconds=refusal.retry_after_s)
    return f"{refusal.detail} {refusal.advice}"


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form (application/x-www-form-urlencoded), the first value of each.

    Raises:
        TooLarge: more than a name and a password can be.
        NotSignedIn: it is no form.
    """
    body = await request.body()
    if len(body) > LARGEST_FORM:
        raise TooLarge("A name and a password are shorter than this.")
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=8, errors="strict")
    except ValueError:
        raise NotSignedIn("The form can't be read.") from None
    return {name: values[0] for name, values in fields.items()}
