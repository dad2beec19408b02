"""Finding anything by what somebody calls it, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from app.domain import errors
from app.domain.forms import ShortText
from app.entrypoints.console.basemap import places
from app.entrypoints.http.deps import CurrentActor, Reader, Space, space_router
from app.entrypoints.http.languages import ReadersLanguage
from app.entrypoints.http.problems import responses
from app.queries import search as queries
from app.queries.search import SearchView

router = space_router("search")


@router.get("/search", summary="Find anything by its name", responses=responses(errors.UnknownCode))
async def search(
    space: Space,
    actor: CurrentActor,
    language: ReadersLanguage,
    reader: Reader,
    q: Annotated[
        ShortText, Query(description="Part of a name, a call sign or a short code.", examples=["aix la chapelle"])
    ],
    limit: Annotated[int, Query(ge=1, le=20, description="Most items.")] = 20,
) -> SearchView:
    """Places by their names on both sides of the border (Aachen, Aken, Aix-la-Chapelle), members, crossings, rendezvous,
    depots and agreements, incidents, requests and claims by their short codes, units by call sign, resource types by whatever people call them in any language.

    Accents, capitals and hyphens don't count. The best fit stands first.
    """
    return await queries.search(
        reader,
        space,
        q,
        viewer=actor.member_id,
        language=language,
        places=places(),
        limit=limit,
    )
