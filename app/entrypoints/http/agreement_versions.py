"""New versions of an agreement over HTTP: drafted, changed, withdrawn, compared; and the review that leads to them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Query, Response

from app.commands.agreement_versions import ChangeAgreementDraft, DraftAgreementVersion, WithdrawAgreement
from app.commands.agreements import ReviewAgreement
from app.commands.receipt import Receipt
from app.domain import errors
from app.entrypoints.http.agreements import PUMPS_ON_THE_MEUSE
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import agreement_versions as queries
from app.queries.agreement_versions import DifferenceView, VersionView

router = space_router("agreements")

Number = Annotated[int, Path(ge=1, le=1_000_000, description="Its number, counted from 1.")]
SAID_ANEW = {name: said for name, said in PUMPS_ON_THE_MEUSE.items() if name not in {"code", "names"}}


@router.get(
    "/agreements/{agreement_id}/versions",
    summary="List the versions of an agreement",
    responses=responses(errors.BadCursor),
)
async def list_versions(
    space: Space, agreement_id: UUID, actor: CurrentActor, reader: Reader, paging: PagingQuery
) -> Page[VersionView]:
    """Newest first, each whole, with who has consented: those that were proposed, and drafts of your own member."""
    of = fingerprint("agreement_versions", {"space": space, "viewer": actor.member_id, "agreement": agreement_id})
    before = decode_cursor(of, paging.cursor, [int])
    rows = await queries.versions(
        reader, space, agreement_id, viewer=actor.member_id, before=before, limit=paging.limit
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.version], item=lambda row: row)


@router.get(
    "/agreements/{agreement_id}/versions/{number}", summary="Read a version of an agreement", responses=responses()
)
async def read_version(
    space: Space, agreement_id: UUID, number: Number, actor: CurrentActor, reader: Reader, response: Response
) -> VersionView:
    """Its words, its state, and who has consented. Missions go on to cite it when another one has taken its place."""
    found = await queries.version(reader, space, agreement_id, number, viewer=actor.member_id)
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get(
    "/agreements/{agreement_id}/difference", summary="Compare two versions of an agreement", responses=responses()
)
async def compare_versions(
    space: Space,
    agreement_id: UUID,
    actor: CurrentActor,
    reader: Reader,
    from_version: Annotated[int, Query(ge=1, le=1_000_000, description="The version that is compared with.")],
    to_version: Annotated[int, Query(ge=1, le=1_000_000, description="The version that is looked at.")],
) -> DifferenceView:
    """Path by path what the second says differently from the first; the order of lists is no difference."""
    return await queries.difference_of(
        reader, space, agreement_id, from_version, to_version, viewer=actor.member_id
    )  # fmt: skip


@router.post(
    "/agreements/{agreement_id}/versions",
    status_code=201,
    summary="Draft a new version of an agreement",
    responses=responses(errors.UnknownCode, errors.NaiveTime, errors.TransitionNotAllowed, body=True),
)
async def draft_agreement_version(
    agreement_id: UUID, enter: Enter, command: Annotated[DraftAgreementVersion, Body(examples=[SAID_ANEW])]
) -> Receipt:
    """By an authorised representative of a party. The version that counts does so until every party has consented to the new one."""
    return await enter.create(command, "agreements", target=agreement_id)


@router.put(
    "/agreements/{agreement_id}/draft",
    summary="Write the draft of an agreement anew",
    responses=responses(errors.UnknownCode, errors.NaiveTime, errors.TransitionNotAllowed, body=True, if_match=True),
)
async def change_agreement_draft(
    agreement_id: UUID, enter: Enter, command: Annotated[ChangeAgreementDraft, Body(examples=[SAID_ANEW])]
) -> Receipt:
    """By an authorised representative of a party, as a whole: of the agreement itself or of a new version, until it is proposed. If-Match is
    required, with the agreement's revision.
    """
    return await enter.execute(command, target=agreement_id, edit=True)


@router.post(
    "/agreements/{agreement_id}/withdraw",
    summary="Withdraw what is proposed",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def withdraw_agreement(
    agreement_id: UUID,
    enter: Enter,
    command: Annotated[WithdrawAgreement, Body(examples=[{"reason": "The insurers want another wording."}])],
) -> Receipt:
    """By an authorised representative of a party, before every party has consented. What counts goes on to count."""
    return await enter.execute(command, target=agreement_id)


@router.post(
    "/agreements/{agreement_id}/review",
    summary="Record the review of an agreement",
    responses=responses(errors.TransitionNotAllowed, errors.NaiveTime, body=True),
)
async def review_agreement(
    agreement_id: UUID,
    enter: Enter,
    command: Annotated[
        ReviewAgreement,
        Body(examples=[{"note": "Nothing to change.", "next_review_at": "2028-07-01T00:00:00Z"}]),
    ],
) -> Receipt:
    """By an authorised representative of a party: what came of it, and when the parties look at it again."""
    return await enter.execute(command, target=agreement_id)
