"""Agreements over HTTP: drafted, proposed, consented to, ended; and tried on a case that has not happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.commands.agreements import (
    ConsentToAgreement,
    DraftAgreement,
    ProposeAgreement,
    ResumeAgreement,
    SuspendAgreement,
    TerminateAgreement,
)
from app.commands.receipt import Receipt
from app.domain import errors, geo
from app.domain.agreements import Case
from app.domain.forms import Code, CountryCode, Form, Instant, Quantity
from app.domain.lifecycle import states
from app.domain.resource_types import require_type
from app.domain.vocabulary import codes, phases, require, require_each
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.identity import require_read
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import agreements as queries
from app.queries.agreements import AgreementView, TrialView

router = space_router("agreements")

STATUSES = states("agreement")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
MAASTRICHT, LIEGE = "0197a1b2-0000-7000-8000-000000000002", "0197a1b2-0000-7000-8000-000000000003"
PUMPS_ON_THE_MEUSE = {
    "code": "meuse-pumps",
    "names": {"en": "Pumps on the Meuse", "fr": "Pompes sur la Meuse", "nl": "Pompen op de Maas"},
    "lenders": [MAASTRICHT, LIEGE],
    "borrowers": [MAASTRICHT, LIEGE],
    "terms": {
        "hazards": ["flood", "flash_flood"],
        "types": ["pump.high_capacity"],
        "kinds": ["immediate", "planned"],
        "phases": {"NL": "grip_1"},
        "area": {
            "type": "Polygon",
            "coordinates": [[[5.6, 50.6], [5.9, 50.6], [5.9, 50.9], [5.6, 50.9], [5.6, 50.6]]],
        },
        "caps": {"units": [{"type": "pump.high_capacity", "most": 4}], "longest_deployment_h": 72},
        "reserve": [
            {"type": "pump.high_capacity", "keep": 1},
            {"type": "pump.high_capacity", "keep": 2, "hours": {"start": "22:00", "end": "06:00"}},
        ],
        "cost": {"terms": "free_for_hours", "hours": 12},
        "clauses": {
            "command": {"status": "settled", "texts": {"en": "The unit's leader stays in command of it."}},
            "customs": {"status": "not_applicable"},
            "insurance": {"status": "open", "texts": {"en": "The insurers have been asked."}},
        },
    },
    "effective_at": "2026-07-01T00:00:00Z",
    "expires_at": "2029-06-30T22:00:00Z",
    "review_at": "2027-07-01T00:00:00Z",
    "notice_days": 90,
    "precedence": 20,
}


def _codes_of(trial: Trial) -> Iterator[Callable[[], None]]:
    if trial.hazard is not None:
        yield partial(require, "hazard", trial.hazard, codes("hazards"), pointer="/hazard")
    yield partial(require_type, trial.type_code)
    for country, phase in (trial.phases or {}).items():
        yield partial(require, f"phase of {country}", phase, phases(country), pointer=f"/phases/{country}")


class Trial(Form):
    """A case to try: what a lender might send to a borrower. What is left out is not known yet, and nothing is said against it."""

    hazard: Code | None = None
    """None for help from day to day that is for no incident."""
    type_code: Code
    kind: Literal["immediate", "planned", "day_to_day"]
    lender_id: UUID
    borrower_id: UUID
    quantity: Quantity = 1
    at: Instant | None = None
    """When it would be offered; now, if nothing is said. The stock is the present one."""
    resource_id: UUID | None = None
    """The unit that would go."""
    place: geo.Point | None = None
    """Where it would go."""
    phases: Annotated[dict[CountryCode, Code], Field(max_length=24)] | None = None
    """How far the incident has gone, by country; a country that is not named has not begun."""
    crossing: Code | None = None
    """Code of the crossing that it would take."""
    duration_h: Annotated[float, Field(strict=True, gt=0, le=24 * 365)] | None = None
    """How many hours it would stay away."""
    agreement_id: UUID | None = None
    """Ask this agreement alone."""
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    """Ask this version of it, as if it counted already."""

    @model_validator(mode="after")
    def _version_of_one(self) -> Self:
        if self.version is not None and self.agreement_id is None:
            raise PydanticCustomError("value_error", "a version is one of an agreement: name it in agreement_id")
        return self


TWO_PUMPS = {
    "hazard": "flood",
    "type_code": "pump.high_capacity",
    "kind": "planned",
    "lender_id": LIEGE,
    "borrower_id": MAASTRICHT,
    "quantity": 2,
    "place": {"type": "Point", "coordinates": [5.7, 50.78]},
    "phases": {"NL": "grip_3"},
    "crossing": "eijsden",
    "duration_h": 24,
}


@router.get(
    "/agreements",
    summary="List agreements",
    responses=responses(errors.BadCursor, errors.UnknownCode),
)
async def list_agreements(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Annotated[list[Status], Query(description="Only these states.")] = [],  # noqa: B006 - FastAPI copies it
    member: Annotated[UUID | None, Query(description="Only those this member is a party of.")] = None,
    hazard: Annotated[Code | None, Query(description="Only those that cover this hazard.")] = None,
    type_code: Annotated[Code | None, Query(description="Only those that cover this resource type.")] = None,
) -> Page[AgreementView]:
    """By code: everything that was ever proposed, and drafts that your own member is a party of."""
    for number, code in enumerate(status):
        require("state of an agreement", code, STATUSES, pointer=f"query/status/{number}")
    if hazard is not None:
        require("hazard", hazard, codes("hazards"), pointer="query/hazard")
    if type_code is not None:
        require_type(type_code, pointer="query/type_code")
    of = fingerprint(
        "agreements",
        {
            "space": space, "viewer": actor.member_id, "status": status, "member": member, "hazard": hazard,
            "type_code": type_code,
        },
    )  # fmt: skip
    rows = await queries.agreements(
        reader, space, viewer=actor.member_id, status=status, member=member, hazard=hazard, type_code=type_code,
        after=decode_cursor(of, paging.cursor, [str]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.code], item=lambda row: row)


@router.post(
    "/agreements",
    status_code=201,
    summary="Draft an agreement",
    responses=responses(errors.UnknownCode, errors.NaiveTime, errors.Duplicate, body=True),
)
async def draft_agreement(
    enter: Enter, command: Annotated[DraftAgreement, Body(examples=[PUMPS_ON_THE_MEUSE])]
) -> Receipt:
    """By an authorised representative of a party. Only the parties see it until it is proposed."""
    return await enter.create(command, "agreements")


@router.post(
    "/agreements/try",
    summary="Try a case on the agreements",
    responses=responses(errors.UnknownCode, errors.NaiveTime, body=True),
)
async def try_case(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    door: TheDoor,
    trial: Annotated[Trial, Body(examples=[TWO_PUMPS])],
) -> TrialView:
    """What every agreement would say to such an offer now, with all reasons in every language. Changes nothing."""
    require_read(actor)
    require_each(*_codes_of(trial))
    case = Case(
        hazard=trial.hazard,
        type_code=trial.type_code,
        kind=trial.kind,
        lender=trial.lender_id,
        borrower=trial.borrower_id,
        quantity=trial.quantity,
        at=trial.at or door.clock.now(),
        resource_id=trial.resource_id,
        place=None if trial.place is None else trial.place.coordinates,
        phases=trial.phases,
        crossing=trial.crossing,
        duration_h=trial.duration_h,
    )
    only = None if trial.agreement_id is None else (trial.agreement_id, trial.version)
    return await queries.try_case(reader, space, case, viewer=actor.member_id, only=only)


@router.get("/agreements/{agreement_id}", summary="Read an agreement", responses=responses())
async def read_agreement(
    space: Space, agreement_id: UUID, actor: CurrentActor, reader: Reader, response: Response
) -> AgreementView:
    """One agreement with its terms, who has consented, and who has not."""
    found = await queries.agreement(reader, space, agreement_id, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.post(
    "/agreements/{agreement_id}/propose",
    summary="Propose an agreement",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def propose_agreement(
    agreement_id: UUID,
    enter: Enter,
    command: Annotated[ProposeAgreement, Body(examples=[{"why": "As talked over in Eupen."}])],
) -> Receipt:
    """By an authorised representative of a party: the draft, of the agreement or of a new version. Its words are fixed from now
    on, and the whole corridor sees it.
    """
    return await enter.execute(command, target=agreement_id)


@router.post(
    "/agreements/{agreement_id}/consent",
    summary="Consent to an agreement",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def consent_to_agreement(
    agreement_id: UUID,
    enter: Enter,
    command: Annotated[ConsentToAgreement, Body(examples=[{"why": "Decided by the council on 3 July."}])],
) -> Receipt:
    """By an authorised representative of a party, for that party alone. The last consent puts what is proposed into force: the
    agreement, or the new version of it in the place of the one that counts.
    """
    return await enter.execute(command, target=agreement_id)


@router.post(
    "/agreements/{agreement_id}/suspend",
    summary="Suspend an agreement",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def suspend_agreement(
    agreement_id: UUID,
    enter: Enter,
    command: Annotated[SuspendAgreement, Body(examples=[{"reason": "The insurance is being renewed."}])],
) -> Receipt:
    """By an authorised representative of a party. Nothing more is offered under it; missions under way go on."""
    return await enter.execute(command, target=agreement_id)


@router.post(
    "/agreements/{agreement_id}/resume",
    summary="Resume an agreement",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def resume_agreement(
    agreement_id: UUID,
    enter: Enter,
    command: Annotated[ResumeAgreement, Body(examples=[{"why": "The insurance is renewed."}])],
) -> Receipt:
    """By an authorised representative of a party."""
    return await enter.execute(command, target=agreement_id)


@router.post(
    "/agreements/{agreement_id}/terminate",
    summary="Terminate an agreement",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def terminate_agreement(
    agreement_id: UUID,
    enter: Enter,
    command: Annotated[TerminateAgreement, Body(examples=[{"why": "Another one takes its place."}])],
) -> Receipt:
    """By an authorised representative of a party, for good; after the notice that was agreed, if there is one. Missions under way
    go on.
    """
    return await enter.execute(command, target=agreement_id)
