"""Claims over HTTP: what a lender asks to be paid, and what becomes of it. Only the two members they are between see them."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import WithJsonSchema

from app.commands.claim_disputes import AnswerDispute, DisputeClaimLine, WithdrawDispute
from app.commands.claim_steps import CloseClaim, PayClaim, VerifyClaim, WaiveClaim
from app.commands.claims import DiscardClaim, DraftClaim, SubmitClaim
from app.commands.receipt import Receipt
from app.domain import errors
from app.domain.forms import Code, Instant
from app.domain.lifecycle import states
from app.domain.vocabulary import require
from app.entrypoints.http.csv_files import MOST_ROWS, Csv, csv_answer, csv_file
from app.entrypoints.http.deps import CurrentActor, Enter, Reader, Space, TheDoor, space_router
from app.entrypoints.http.paging import Page, PagingQuery, decode_cursor, etag, fingerprint, page_of
from app.entrypoints.http.problems import responses
from app.queries import claims as queries
from app.queries.claims import ClaimBrief, ClaimView, Side, UnclaimedView

router = space_router("claims")

STATUSES = states("claim")
Status = Annotated[Code, WithJsonSchema({"type": "string", "enum": list(STATUSES)})]
Statuses = Annotated[list[Status], Query(description="Only these states.")]
SideQuery = Annotated[Side | None, Query(description="Only those where your member lends, or is to pay.")]
MemberQuery = Annotated[UUID | None, Query(description="Only those between your member and this one.")]
Since = Annotated[Instant | None, Query(description="Only those submitted at or after this instant.")]
Until = Annotated[Instant | None, Query(description="Only those submitted before this instant.")]

COLUMNS: Final = (
    "ref", "status", "lender_id", "requester_id", "mission_count", "currency", "total", "agreed", "ledger_currency",
    "ledger_total", "exchange_rate", "rate_date", "rate_source", "rate_contested", "claim_by", "submitted_at", "pay_by", "overdue",
    "verified_at", "paid_at", "payment_reference", "closed_at", "open_disputes", "answer_by",
)  # fmt: skip
LINE_COLUMNS: Final = (
    "position", "mission_id", "item", "consumable", "unit", "quantity", "overlap", "free", "billable", "rate", "amount",
    "agreed", "waived", "dispute", "dispute_reason", "counter_amount", "answer_by", "answer", "answer_amount",
)  # fmt: skip
TWO_MISSIONS: Final = {"mission_ids": ["0197a1b2-0000-7000-8000-000000000011", "0197a1b2-0000-7000-8000-000000000012"]}


@router.get(
    "/claims", summary="List your claims", responses=responses(errors.BadCursor, errors.UnknownCode, path_ids=False)
)
async def list_claims(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    status: Statuses = [],  # noqa: B006 - FastAPI copies it
    side: SideQuery = None,
    member: MemberQuery = None,
    mission: Annotated[UUID | None, Query(description="Only the one that this mission is in.")] = None,
    overdue: Annotated[bool | None, Query(description="Only those whose time to pay is over, or not over.")] = None,
    since: Since = None,
    until: Until = None,
) -> Page[ClaimBrief]:
    """What your member claims and is to pay, newest first; drafts are its own alone."""
    _known(status)
    filters = {"status": status, "side": side, "member": member, "mission": mission, "overdue": overdue}
    of = fingerprint("claims", {"space": space, "viewer": actor.member_id, "since": since, "until": until, **filters})
    rows = await queries.claims(
        reader, space, viewer=actor.member_id, status=status, side=side, member=member, mission=mission,
        overdue=overdue, since=since, until=until, before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get(
    "/claims.csv",
    summary="Download your claims",
    response_class=Csv,
    responses=csv_answer(COLUMNS) | responses(errors.UnknownCode, path_ids=False),
)
async def download_claims(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    status: Statuses = [],  # noqa: B006 - FastAPI copies it
    side: SideQuery = None,
    member: MemberQuery = None,
    since: Since = None,
    until: Until = None,
) -> Csv:
    """The same as a file for spreadsheets, newest first; at most 5,000: narrow it by time."""
    _known(status)
    rows = await queries.claims(
        reader, space, viewer=actor.member_id, status=status, side=side, member=member, since=since, until=until,
        limit=MOST_ROWS - 1,
    )  # fmt: skip
    return await csv_file(reader, space, "claims", COLUMNS, rows)


@router.get(
    "/unclaimed-missions",
    summary="List missions that can be claimed",
    responses=responses(errors.BadCursor, path_ids=False),
)
async def list_unclaimed_missions(
    space: Space,
    actor: CurrentActor,
    reader: Reader,
    paging: PagingQuery,
    requester: Annotated[UUID | None, Query(description="Only those for this member.")] = None,
) -> Page[UnclaimedView]:
    """Missions of your member's units that are home, under terms by which something can be claimed, and in no claim."""
    of = fingerprint("unclaimed", {"space": space, "viewer": actor.member_id, "requester": requester})
    rows = await queries.unclaimed(
        reader, space, viewer=actor.member_id, requester=requester,
        before=decode_cursor(of, paging.cursor, [UUID]), limit=paging.limit,
    )  # fmt: skip
    return page_of(rows, paging, of, key=lambda row: [row.id], item=lambda row: row)


@router.get("/claims/{claim_id}", summary="Read a claim", responses=responses())
async def read_claim(
    space: Space, claim_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor, response: Response
) -> ClaimView:
    """One claim with its missions and lines, for the two members it is between."""
    found = await queries.claim(reader, space, claim_id, viewer=actor.member_id, now=door.clock.now())
    response.headers["ETag"] = etag(found.revision)
    return found


@router.get(
    "/claims/{claim_id}/lines.csv",
    summary="Download a claim's lines",
    response_class=Csv,
    responses=csv_answer(LINE_COLUMNS) | responses(),
)
async def download_claim_lines(space: Space, claim_id: UUID, actor: CurrentActor, reader: Reader, door: TheDoor) -> Csv:
    """Every line as the claim shows it, as a file for spreadsheets."""
    found = await queries.claim(reader, space, claim_id, viewer=actor.member_id, now=door.clock.now())
    return await csv_file(reader, space, f"claim-{found.ref}", LINE_COLUMNS, found.lines)


@router.post("/claims", status_code=201, summary="Draft a claim", responses=responses(errors.OutOfRange, body=True))
async def draft_claim(enter: Enter, command: Annotated[DraftClaim, Body(examples=[TWO_MISSIONS])]) -> Receipt:
    """By the lender's finance, for missions that are home. The lines are worked out by the cost terms they went under."""
    return await enter.create(command, "claims")


@router.post("/claims/{claim_id}/discard", summary="Discard a draft", responses=responses(body=True))
async def discard_claim(
    claim_id: UUID, enter: Enter, command: Annotated[DiscardClaim, Body(examples=[{"why": "Two days too early."}])]
) -> Receipt:
    """By the lender's finance, before it is submitted. Its missions can be claimed anew."""
    return await enter.execute(command, target=claim_id)


@router.post(
    "/claims/{claim_id}/submit",
    summary="Submit a claim",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def submit_claim(claim_id: UUID, enter: Enter, command: Annotated[SubmitClaim, Body(examples=[{}])]) -> Receipt:
    """By the lender's finance. The lines are worked out once more and then stay; the time to pay begins to run."""
    return await enter.execute(command, target=claim_id)


@router.post(
    "/claims/{claim_id}/verify",
    summary="Verify a claim",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def verify_claim(claim_id: UUID, enter: Enter, command: Annotated[VerifyClaim, Body(examples=[{}])]) -> Receipt:
    """By the requester's finance, once no line is disputed any more: it will pay what is agreed."""
    return await enter.execute(command, target=claim_id)


@router.post(
    "/claims/{claim_id}/pay",
    summary="Record a payment",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def pay_claim(
    claim_id: UUID, enter: Enter, command: Annotated[PayClaim, Body(examples=[{"reference": "2026-0714-118"}])]
) -> Receipt:
    """By the requester's finance, when it has paid. No money moves here."""
    return await enter.execute(command, target=claim_id)


@router.post(
    "/claims/{claim_id}/waive",
    summary="Waive a claim",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def waive_claim(
    claim_id: UUID,
    enter: Enter,
    command: Annotated[WaiveClaim, Body(examples=[{"why": "You have lost more than we have."}])],
) -> Receipt:
    """By the lender's finance or representative: all of it, or the lines named."""
    return await enter.execute(command, target=claim_id)


@router.post(
    "/claims/{claim_id}/close",
    summary="Close a claim",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def close_claim(claim_id: UUID, enter: Enter, command: Annotated[CloseClaim, Body(examples=[{}])]) -> Receipt:
    """By the lender's finance, when the money is there or was waived."""
    return await enter.execute(command, target=claim_id)


@router.post(
    "/claim-lines/{line_id}/dispute",
    summary="Dispute a line",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfRange, body=True),
)
async def dispute_claim_line(
    line_id: UUID,
    enter: Enter,
    command: Annotated[
        DisputeClaimLine, Body(examples=[{"reason": "De pomp vertrok om 16 uur.", "counter_amount": "240.00"}])
    ],
) -> Receipt:
    """By the requester's finance: what it would pay for the line, and why. After an answer, once more."""
    return await enter.execute(command, target=line_id)


@router.post(
    "/claim-lines/{line_id}/answer",
    summary="Answer a dispute",
    responses=responses(errors.TransitionNotAllowed, errors.OutOfRange, body=True),
)
async def answer_dispute(
    line_id: UUID,
    enter: Enter,
    command: Annotated[
        AnswerDispute, Body(examples=[{"amount": "300.00", "answer": "Jusqu'à 17 h, selon le journal."}])
    ],
) -> Receipt:
    """By the lender's finance: what it still asks for. The requester's own amount settles it."""
    return await enter.execute(command, target=line_id)


@router.post(
    "/claim-lines/{line_id}/withdraw",
    summary="Accept the lender's answer to a dispute",
    responses=responses(errors.TransitionNotAllowed, body=True),
)
async def withdraw_dispute(
    line_id: UUID, enter: Enter, command: Annotated[WithdrawDispute, Body(examples=[{}])]
) -> Receipt:
    """By the requester's finance: the dispute ends, and the line counts with the lender's last answer, or as claimed where there was none."""
    return await enter.execute(command, target=line_id)


def _known(status: list[str]) -> None:
    for number, code in enumerate(status):
        require("state of a claim", code, STATUSES, pointer=f"query/status/{number}")
