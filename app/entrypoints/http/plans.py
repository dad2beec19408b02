"""The plan for all open lines, and what would be if, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Body, Header, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain import errors
from app.domain.forms import WHOLE, Code, Form
from app.domain.resource_types import require_type
from app.entrypoints.http.deps import CurrentActor, Space, space_router
from app.entrypoints.http.identity import require_read
from app.entrypoints.http.languages import ReadersLanguage
from app.entrypoints.http.problems import responses
from app.queries import plans as queries
from app.queries.plans import PlanView, Question, WhatIfView

if TYPE_CHECKING:
    from typing import Self

router = space_router("plan")

AT_ONE_CROSSING = {"crossing_closed": "0197a1b2-0000-7000-8000-000000000001"}


class ReserveKept(Form):
    """A member keeps more of a type at home than it does."""

    member_id: UUID
    type_code: Code
    by: Annotated[int, Field(strict=True, ge=-1000, le=1000), WHOLE] = 1
    """How many more; fewer, where it is negative."""


class WhatIf(Form):
    """What would be otherwise: one or several of these."""

    crossing_closed: UUID | None = None
    agreement_suspended: UUID | None = None
    reserve_kept: ReserveKept | None = None
    resource_out: UUID | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not any((self.crossing_closed, self.agreement_suspended, self.reserve_kept, self.resource_out)):
            raise PydanticCustomError("value_error", "name what would be otherwise")
        return self


_NOT_CHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is the one that you have."}}


@router.get(
    "/plan",
    summary="See the plan for all open lines",
    responses=responses(errors.UnknownCode, errors.Unavailable, path_ids=False) | _NOT_CHANGED,
    response_model=PlanView,
)
async def get_plan(
    request: Request,
    response: Response,
    space: Space,
    actor: CurrentActor,
    language: ReadersLanguage,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", max_length=400, description="The ETag of the plan that you have.")
    ] = None,
) -> PlanView | Response:
    """One proposal for every open line at once: unmet life-safety first, then the share of whom it goes worst, then time, then cost; with what stays
    open and why, and what would help most. It reserves nothing and sends nobody.

    It is made anew within seconds after a change for as long as somebody reads it. Ask again with its ETag: 304 says that there is no newer one.
    """  # fmt: skip
    kept = await request.app.state.plans.of(space)
    tag = f'"{kept.name}-{language}-{str(actor.member_id)[-8:]}"'  # costs are told to those who are party to them
    if if_none_match is not None and tag in {each.strip() for each in if_none_match.split(",")}:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return queries.plan_view(kept, actor.member_id, language)


@router.post(
    "/plan/what-if",
    summary="Ask what would be if",
    responses=responses(errors.NotFound, errors.UnknownCode, errors.Unavailable, body=True, path_ids=False),
)
async def ask_what_if(
    request: Request,
    space: Space,
    actor: CurrentActor,
    language: ReadersLanguage,
    asked: Annotated[WhatIf, Body(examples=[AT_ONE_CROSSING])],
) -> WhatIfView:
    """The plan with a crossing closed, an agreement suspended, more kept at home, or a unit out, and its difference to the present one. Touches nothing."""
    require_read(actor)
    reserve = None
    if asked.reserve_kept is not None:
        require_type(asked.reserve_kept.type_code, pointer="/reserve_kept/type_code")
        reserve = (asked.reserve_kept.member_id, asked.reserve_kept.type_code, asked.reserve_kept.by)
    question = Question(asked.crossing_closed, asked.agreement_suspended, reserve, asked.resource_out)
    answer = await request.app.state.plans.what_if(space, question)
    return queries.what_if_view(answer, actor.member_id, language)
