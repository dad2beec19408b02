"""Agreements: drafted and proposed by one party, in force once every party has consented for itself.

A version never changes once it is written. Until it is proposed only its parties see it; from then on the whole corridor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.registry import Act, Command, handles
from app.domain.agreements import EVERYTHING, Terms
from app.domain.errors import Conflict, Duplicate, FieldError, NotFound, OutOfRange
from app.domain.forms import WHOLE, Code, Instant, Names, Note
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import require_type
from app.domain.vocabulary import codes, require
from app.store.tables import Agreement, AgreementConsent, AgreementVersion, Member
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.unit_of_work import Visibility

Parties = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]
"""Ids of members."""

Precedence = Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE]
"""Where two agreements allow the same help, the lower number counts."""

ALL_CONSENTED: Final = {"all_parties_consented": True}


class DraftAgreement(Act):
    """Write an agreement down: who lends to whom, for what, and what stays at home."""

    code: Code
    names: Names
    lenders: Parties
    """Who sends under it. Whoever stands here or among the borrowers is a party."""
    borrowers: Parties
    """Who may ask under it."""
    terms: Terms
    effective_at: Instant
    expires_at: Instant | None = None
    precedence: Precedence = 100


class ProposeAgreement(Act):
    """Fix its words and put it before every party. From now on the whole corridor sees it."""


class ConsentToAgreement(Act):
    """A party's consent, for itself alone. The last one puts the agreement into force."""

    on_behalf_of: UUID | None = None
    """The party whose signature is on paper; only for the service itself, when a corridor is loaded."""


class SuspendAgreement(Act):
    """Set it aside for the time being. Missions under way go on."""

    reason: Note


class ResumeAgreement(Act):
    """Take a suspended agreement up again."""


class TerminateAgreement(Act):
    """End it for good. Missions under way go on."""


class ExpireAgreement(Command):
    """Its term has ended: by the service itself, when the time has come."""


@handles(DraftAgreement)
async def draft_agreement(uow: UnitOfWork, cmd: DraftAgreement) -> None:
    """Record ``agreement.drafted``, for the parties' eyes."""
    lenders, borrowers = list(dict.fromkeys(cmd.lenders)), list(dict.fromkeys(cmd.borrowers))
    parties = {*lenders, *borrowers}
    uow.authorise({"party": parties})
    _require_two_parties(parties)
    _require_term(uow, cmd.effective_at, cmd.expires_at)
    require_scope(cmd.terms)
    for party in sorted(parties):
        await uow.get(Member, party)
    await _require_new_code(uow, cmd.code)
    agreement = uow.add(
        Agreement(
            space_id=uow.space,
            id=new_id(),
            code=cmd.code,
            names=dict(cmd.names),
            status=machine("agreement").initial,
            drafted_by_member_id=uow.actor.member_id or lenders[0],
        )
    )
    version = uow.add(
        AgreementVersion(
            space_id=uow.space,
            id=new_id(),
            agreement_id=agreement.id,
            version=agreement.version,
            lenders=lenders,
            borrowers=borrowers,
            precedence=cmd.precedence,
            terms=cmd.terms.model_dump(mode="json"),
            effective_at=cmd.effective_at,
            expires_at=cmd.expires_at,
        )
    )
    uow.record("agreement.drafted", agreement, version, visibility="parties", parties=sorted(parties))


@handles(ProposeAgreement)
async def propose_agreement(uow: UnitOfWork, _cmd: ProposeAgreement) -> None:
    """Record ``agreement.proposed`` with the whole version, for everybody. Locks the agreement; its end falls due."""
    agreement, version = await _locked(uow)
    uow.authorise({"party": parties_of(version)})
    _require_term(uow, version.effective_at, version.expires_at)
    agreement.status = machine("agreement").next(agreement.status, "propose")
    agreement.proposed_at = uow.act.occurred_at
    if version.expires_at is not None:
        uow.later("expire_agreement", version.expires_at, agreement.id)
    uow.record("agreement.proposed", agreement, version)


@handles(ConsentToAgreement)
async def consent_to_agreement(uow: UnitOfWork, cmd: ConsentToAgreement) -> None:
    """Record ``agreement.consented``, and ``agreement.entered_into_force`` with the last party's. Locks the agreement.

    Raises:
        Conflict: the party has consented before.
        TransitionNotAllowed: the agreement is not proposed.
    """
    agreement, version = await _locked(uow)
    parties = parties_of(version)
    uow.authorise({"party": parties})
    party = _consenting(uow, cmd, parties)
    machine("agreement").next(agreement.status, "enter_into_force", ALL_CONSENTED)
    before = await uow.find(
        AgreementConsent,
        col(AgreementConsent.agreement_id) == agreement.id,
        col(AgreementConsent.version) == version.version,
    )
    consented = {consent.member_id for consent in before}
    if party in consented:
        message = "This member has consented to this version already."
        raise Conflict(message, extra={"current": agreement.state()})
    consent = uow.add(
        AgreementConsent(
            space_id=uow.space,
            id=new_id(),
            agreement_id=agreement.id,
            version=version.version,
            member_id=party,
            user_id=uow.actor.id,
            occurred_at=uow.act.occurred_at,
        )
    )
    uow.record("agreement.consented", agreement, consent, party_id=party)
    if parties == consented | {party}:
        agreement.status = machine("agreement").next(agreement.status, "enter_into_force", ALL_CONSENTED)
        uow.record("agreement.entered_into_force", agreement, version)


@handles(SuspendAgreement)
async def suspend_agreement(uow: UnitOfWork, cmd: SuspendAgreement) -> None:
    """Record ``agreement.suspended``. Locks the agreement."""
    agreement, version = await _locked(uow)
    uow.authorise({"party": parties_of(version)})
    agreement.status = machine("agreement").next(agreement.status, "suspend")
    agreement.suspended_reason = cmd.reason
    uow.record("agreement.suspended", agreement, reason=cmd.reason)


@handles(ResumeAgreement)
async def resume_agreement(uow: UnitOfWork, _cmd: ResumeAgreement) -> None:
    """Record ``agreement.resumed``. Locks the agreement."""
    agreement, version = await _locked(uow)
    uow.authorise({"party": parties_of(version)})
    agreement.status = machine("agreement").next(agreement.status, "resume")
    agreement.suspended_reason = None
    uow.record("agreement.resumed", agreement)


@handles(TerminateAgreement)
async def terminate_agreement(uow: UnitOfWork, _cmd: TerminateAgreement) -> None:
    """Record ``agreement.terminated``; a draft that nobody else has seen ends unseen. Locks the agreement."""
    agreement, version = await _locked(uow)
    parties = parties_of(version)
    uow.authorise({"party": parties})
    seen_by: Visibility = "parties" if agreement.proposed_at is None else "corridor"
    agreement.status = machine("agreement").next(agreement.status, "terminate")
    uow.record("agreement.terminated", agreement, visibility=seen_by, parties=sorted(parties))


@handles(ExpireAgreement)
async def expire_agreement(uow: UnitOfWork, _cmd: ExpireAgreement) -> None:
    """Record ``agreement.expired``. Locks the agreement.

    Raises:
        Conflict: its term has not ended.
        TransitionNotAllowed: it ended in another way before.
    """
    agreement, version = await _locked(uow)
    uow.authorise()
    if version.expires_at is None or version.expires_at > uow.now:
        message = "The term of this agreement has not ended."
        raise Conflict(message, extra={"current": agreement.state()})
    agreement.status = machine("agreement").next(agreement.status, "expire")
    uow.record("agreement.expired", agreement)


def parties_of(version: AgreementVersion) -> set[UUID]:
    """Return the members that lend or borrow under a version."""
    return {*version.lenders, *version.borrowers}


async def version_of(uow: UnitOfWork, agreement: Agreement) -> AgreementVersion:
    """Return the version of the agreement that counts. Versions are never changed, so nothing is locked."""
    of = (col(AgreementVersion.agreement_id) == agreement.id, col(AgreementVersion.version) == agreement.version)
    (version,) = await uow.find(AgreementVersion, *of)
    return version


async def _locked(uow: UnitOfWork) -> tuple[Agreement, AgreementVersion]:
    """Lock the agreement that the command is about; a draft is not there for those who are no party."""
    agreement = await uow.lock(Agreement, uow.require_target())
    version = await version_of(uow, agreement)
    if agreement.proposed_at is None and not uow.sees(*parties_of(version)):
        raise NotFound(Agreement.KIND, agreement.id)
    uow.expect_revision(agreement)
    return agreement, version


def _consenting(uow: UnitOfWork, cmd: ConsentToAgreement, parties: set[UUID]) -> UUID:
    """Return who consents: the actor's own member; whom the service itself acts for must be a party."""
    own = uow.actor.member_id
    if own is not None and cmd.on_behalf_of in {None, own}:
        return own
    if own is None and cmd.on_behalf_of in parties:
        return cmd.on_behalf_of
    detail = "Each party consents for itself." if own else "Name the party whose signature is there."
    raise OutOfRange(detail, errors=[FieldError("/on_behalf_of", OutOfRange.slug, detail)])


def _require_two_parties(parties: set[UUID]) -> None:
    if len(parties) == 1:
        detail = "An agreement binds at least two members."
        raise OutOfRange(detail, errors=[FieldError("/borrowers", OutOfRange.slug, detail)])


def _require_term(uow: UnitOfWork, effective_at: datetime, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= max(effective_at, uow.now):
        detail = "The agreement would end before it begins, or has ended already."
        raise OutOfRange(detail, errors=[FieldError("/expires_at", OutOfRange.slug, detail)])


def require_scope(terms: Terms) -> None:
    """Refuse hazards, kinds and types that nobody knows."""
    if terms.hazards != EVERYTHING:
        for index, hazard in enumerate(terms.hazards):
            require("hazard", hazard, codes("hazards"), pointer=f"/terms/hazards/{index}")
    if terms.types != EVERYTHING:
        for index, type_code in enumerate(terms.types):
            require_type(type_code, pointer=f"/terms/types/{index}")
    for index, floor in enumerate(terms.reserve):
        require_type(floor.type, pointer=f"/terms/reserve/{index}/type")


async def _require_new_code(uow: UnitOfWork, code: str) -> None:
    taken: list[Any] = await uow.find(Agreement, col(Agreement.code) == code)
    if taken:
        detail = f"There is an agreement with the code {code!r} already."
        raise Duplicate(detail, errors=[FieldError("/code", Duplicate.slug, detail)])
