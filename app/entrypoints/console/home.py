"""The overview at ``/``: what is going on, made on the server, readable without scripts, renewed every ten seconds.

Who has not signed in sees how much is going on and a form to sign in; the rest is the corridor's own business.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from app.commands.execute import Door
from app.domain.vocabulary import vocabulary
from app.entrypoints.console.signing_in import who_is_it
from app.entrypoints.http.deps import TheDoor
from app.entrypoints.http.identity import SignedIn
from app.entrypoints.http.pages import render
from app.queries.overview import Overview, overview
from app.store.engine import reading

SPACE: Final = "live"
PRIORITY_MARKS: Final = {"life_safety": "◆1", "incident_stabilisation": "▲2", "property": "■3", "recovery": "●4"}
"""Shape, digit and colour: never colour alone."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request, door: TheDoor) -> Response:
    """Show the overview to who is signed in, the form and the counts to who is not."""
    return await _page(door, await who_is_it(request))


async def _page(door: Door, who: SignedIn | None) -> Response:
    async with reading(door.engine, snapshot=True) as conn:
        shown = await overview(conn, SPACE, who.actor.member_id if who else None, at=door.clock.now())
    answer = render(
        "home.html",
        who=who.holder if who else None,
        shown=shown,
        said=_Words("en"),
        marks=PRIORITY_MARKS,
        age=lambda at: _age(shown, at),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


class _Words:
    """Names in the reader's language: of coded words by group, and of things that carry their own names."""

    def __init__(self, language: str) -> None:
        self.language = language

    def code(self, group: str, code: str, country: str | None = None) -> str:
        """Return the name of a code of the vocabulary; the code itself where it has none."""
        entries: dict[str, Any] = vocabulary()[group]
        if country is not None:
            entries = entries.get(country, {})
        found: dict[str, str] = entries.get(code, {}).get("names", {})
        return found.get(self.language) or found.get("en") or code.replace("_", " ")

    def names(self, names: dict[str, str] | None) -> str:
        """Return the name in the reader's language, else in English, else any."""
        if not names:
            return "\N{EN DASH}"
        return names.get(self.language) or names.get("en") or next(iter(names.values()))


def _age(shown: Overview, at: datetime | None) -> str:
    """Return how long ago (or, with a plus, in how long) something is: ``now``, ``4 min``, ``2 h 05``, ``3 d``."""
    if at is None:
        return "\N{EN DASH}"
    seconds = (shown.at - at).total_seconds()
    minutes = int(abs(seconds) // 60)
    sign = "in " if seconds < 0 else ""
    if minutes < 1:
        return "now"
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{sign}{minutes} min"
    if minutes < 48 * 60:
        return f"{sign}{minutes // 60} h {minutes % 60:02d}"
    return f"{sign}{minutes // (24 * 60)} d"
