"""Every coded word with its names, over HTTP."""

from __future__ import annotations

from fastapi.routing import APIRouter

from app.entrypoints.http.body import StrictRoute
from app.entrypoints.http.deps import CurrentActor
from app.entrypoints.http.problems import responses
from app.queries import vocabulary as queries
from app.queries.vocabulary import VocabularyView

router = APIRouter(prefix="/api/v1", tags=["vocabulary"], route_class=StrictRoute)


@router.get("/vocabulary", summary="Read all coded words", responses=responses(path_ids=False))
async def read_vocabulary(_actor: CurrentActor) -> VocabularyView:
    """Hazards, kinds, priorities, phases, states, roles, units: each code with its name in every language of the product.

    It changes with a release of the service and at no other time.
    """
    return queries.vocabulary()
