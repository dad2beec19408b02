"""Agreements: drafted and proposed by one party, in force once every party has consented for itself, and how they end.

The words of a version never change once they are proposed (``agreement_versions.py`` has the new ones). Until the first proposal
only its parties see an agreement; from then on the whole corridor.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.agreement_drafts import VersionBody, require_one_currency, require_sound, require_term, written
from app.commands.agreement_versions import Versions, begin, counts_from, locked, parties_of, switch, withdraw
from app.commands.occurred import keep_after
from app.commands.registry import Act, Command, handles
from app.domain.agreement_terms import read_terms
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import Conflict, Duplicate, FieldError, OutOfRange
from app.domain.forms import WHOLE, Code, Instant, Names, Note
from app.domain.ids import new_id
from app.domain.lifecycle import machine, not_allowed
from app.store.tables import Agreement, AgreementConsent, AgreementVersion
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from app.store.unit_of_work import Visibility

ALL_CONSENTED: Final = {"all_parties_consented": True}
COUNTING: Final = frozenset({"in_force", "suspended"})
"""States of an agreement that some version of has counted in."""


class DraftAgreement(VersionBody):
    """Write an agreement down: who lends to whom, for what, and what stays at home."""

    code: Code
    names: Names


class ProposeAgreement(Act):
    """Fix the words of the draft and put them before every party. From now on the whole corridor sees them."""


class ConsentToAgreement(Act):
    """A party's consent to the version that is proposed, for itself alone. The last one puts it into force."""

    version: Annotated[int, Field(strict=True, ge=1), WHOLE] | None = None
    """The version that was read. If another one is proposed by now, the consent is refused."""
    on_behalf_of: UUID | None = None
    """The party whose signature is on paper; only for the service itself, when a corridor is loaded."""


class SuspendAgreement(Act):
    """Set it aside for the time being. Missions under way go on. Each party that does so takes its own word back."""

    reason: Note


class ResumeAgreement(Act):
    """Take back one's own suspension. The agreement counts again once nobody sets it aside any more."""


class TerminateAgreement(Act):
    """End it for good, after the notice that was agreed; at once where there is none. Missions under way go on."""


class ReviewAgreement(Act):
    """The parties have looked at it again: what came of it, and when they will do so next."""

    note: Note
    next_review_at: Instant


class EndAgreement(Command):
    """The notice that a party gave has run out: by the service itself."""


class MarkReviewDue(Command):
    """The day of the review has come: by the service itself."""


class ExpireAgreement(Command):
    """Its term has ended: by the service itself, when the time has come."""


@handles(DraftAgreement)
async def draft_agreement(uow: UnitOfWork, cmd: DraftAgreement) -> None:
    """Record ``agreement.drafted``, for the parties' eyes."""
    uow.authorise({"party": cmd.parties()})
    await require_sound(uow, cmd)
    await _require_new_code(uow, cmd.code)
    agreement = uow.add(
        Agreement(
            space_id=uow.space,
            id=new_id(),
            code=cmd.code,
            names=dict(cmd.names),
            status=machine("agreement").initial,
            drafted_by_member_id=uow.actor.member_id or cmd.lenders[0],
        )
    )
    version = written(uow, agreement, agreement.version, cmd)
    uow.record("agreement.drafted", agreement, version, visibility="parties", parties=sorted(cmd.parties()))


@handles(ProposeAgreement)
async def propose_agreement(uow: UnitOfWork, _cmd: ProposeAgreement) -> None:
    """Record ``agreement.proposed``, or ``agreement.version_proposed`` of a new version, whole and for everybody.

    Clauses that nobody has spoken of are told as a warning. Its end falls due. Locks the agreement and its versions.
    """
    found = await locked(uow)
    agreement, steps = found.agreement, machine("agreement_version")
    uow.authorise({"party": found.parties})
    if agreement.status in {"draft", "proposed"}:
        machine("agreement").next(agreement.status, "propose")
    version = found.require_coming("draft", "be proposed")
    require_term(uow, version.effective_at, version.expires_at)
    version.status = steps.next(version.status, "propose")
    version.proposed_at = uow.act.occurred_at
    _tell_unsaid(uow, version)
    if agreement.status != machine("agreement").initial:
        uow.record("agreement.version_proposed", agreement, version)
        return
    agreement.status = machine("agreement").next(agreement.status, "propose")
    agreement.proposed_at = uow.act.occurred_at
    if version.expires_at is not None:
        uow.later("expire_agreement", version.expires_at, agreement.id)
    uow.record("agreement.proposed", agreement, version)


@handles(ConsentToAgreement)
async def consent_to_agreement(uow: UnitOfWork, cmd: ConsentToAgreement) -> None:
    """Record ``agreement.consented``, and with the last party's what follows. Locks the agreement and its versions.

    The first version: ``agreement.entered_into_force``. A new one: ``agreement.version_entered_into_force``, or
    ``agreement.version_agreed`` where its first day is still to come. It counts from when the last consent is recorded, whenever that was
    given: until then help went, and was counted, under what counted before.

    Raises:
        WrongSide: the party named is another one; each consents for itself.
        OutOfOrder: it was given before the version was proposed: nobody could have read it.
        Conflict: its yearly cap would begin in mid-year in another currency, its term is over, the party has consented before, or another version is proposed than
            the one that was read.
        TransitionNotAllowed: nothing is proposed.
    """
    found = await locked(uow)
    agreement = found.agreement
    signing = found.signing or found.parties
    uow.authorise({"party": signing if cmd.on_behalf_of is None else {cmd.on_behalf_of}})
    party = _consenting(uow, cmd, signing)
    version = found.require_coming("proposed", "be consented to")
    keep_after(uow, cmd, version.proposed_at, "The version was proposed", version)
    if cmd.version not in {None, version.version}:
        detail = f"Version {version.version} is proposed, not {cmd.version}."
        raise Conflict(
            detail,
            extra={**because("other_version_proposed", version=version.version), "current": version.state()},
            hint="Read the version that is proposed.",
        )
    if version.expires_at is not None and version.expires_at <= uow.now:
        detail = (
            f"Version {version.version} would have ended on {version.expires_at.isoformat()}: it can't count any more."
        )
        raise Conflict(
            detail,
            extra={**because("time_passed", until_at=stamp(version.expires_at)), "current": version.state()},
            hint="Withdraw it, and write one that ends later.",
        )
    terms = read_terms(version.terms)
    await require_one_currency(uow, agreement, terms, version.effective_at, pointer=None)
    consented = await _consented(uow, version)
    if party in consented:
        message = "This member has consented to this version already."
        raise Conflict(message, extra={**because("consented_already"), "current": agreement.state()})
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
    if found.signing == consented | {party}:
        _agree(uow, found, version)


def _agree(uow: UnitOfWork, found: Versions, version: AgreementVersion) -> None:
    """Put a version that all parties have consented to into force, at once or on its first day.

    Notice that a party gave before is taken back by that: it has consented, too. Notice that is given from now on stands, on that first day as well.
    """
    agreement, steps = found.agreement, machine("agreement_version")
    agreement.terminates_at = agreement.notice_by_member_id = None
    version.status = steps.next(version.status, "agree", ALL_CONSENTED)
    if version is found.current:
        agreement.status = machine("agreement").next(agreement.status, "enter_into_force", ALL_CONSENTED)
        version.status = steps.next(version.status, "enter_into_force")
        version.in_force_at = counts_from(uow)
        begin(uow, agreement, version)
        uow.record("agreement.entered_into_force", agreement, version)
    elif version.effective_at <= uow.now:
        switch(uow, found, version)
    else:
        uow.later("bring_version_into_force", version.effective_at, agreement.id)
        uow.record("agreement.version_agreed", agreement, version)


@handles(SuspendAgreement)
async def suspend_agreement(uow: UnitOfWork, cmd: SuspendAgreement) -> None:
    """Record ``agreement.suspended``. Locks the agreement and its versions.

    Raises:
        Conflict: the party has set it aside before.
    """
    found = await locked(uow)
    agreement = found.agreement
    uow.authorise({"party": parties_of(found.current)})
    own = uow.actor.member_id
    if own in agreement.suspended_by:
        message = "Your member has set this agreement aside already."
        raise Conflict(
            message,
            extra={**because("suspended_by_own"), "current": agreement.state()},
            hint="Resume it, and suspend it with the other reason.",
        )
    agreement.status = machine("agreement").next(agreement.status, "suspend")
    agreement.suspended_reason = cmd.reason
    if own is not None:
        agreement.suspended_by = [*agreement.suspended_by, own]
        agreement.suspended_reasons = {**agreement.suspended_reasons, str(own): cmd.reason}
    uow.record("agreement.suspended", agreement, reason=cmd.reason)


@handles(ResumeAgreement)
async def resume_agreement(uow: UnitOfWork, _cmd: ResumeAgreement) -> None:
    """Record ``agreement.resumed``, or ``agreement.suspension_lifted`` while another party's suspension stands.

    Locks the agreement and its versions.

    Raises:
        Conflict: the suspension is another party's word.
    """
    found = await locked(uow)
    agreement, own = found.agreement, uow.actor.member_id
    uow.authorise({"party": parties_of(found.current)})
    resumed = machine("agreement").next(agreement.status, "resume")
    if own is not None and agreement.suspended_by and own not in agreement.suspended_by:
        message = "Another party set this agreement aside, and only that party takes its word back."
        raise Conflict(
            message,
            extra={**because("suspended_by_other"), "current": agreement.state()},
            hint="Ask a member of `suspended_by` to resume it.",
        )
    agreement.suspended_by = [] if own is None else [each for each in agreement.suspended_by if each != own]
    stand = {str(each) for each in agreement.suspended_by}
    agreement.suspended_reasons = {id_: why for id_, why in agreement.suspended_reasons.items() if id_ in stand}
    if agreement.suspended_by:
        last = str(agreement.suspended_by[-1])
        agreement.suspended_reason = agreement.suspended_reasons.get(last, agreement.suspended_reason)
        uow.record("agreement.suspension_lifted", agreement, party_id=own)
        return
    agreement.status = resumed
    agreement.suspended_reason = None
    uow.record("agreement.resumed", agreement)


@handles(TerminateAgreement)
async def terminate_agreement(uow: UnitOfWork, _cmd: TerminateAgreement) -> None:
    """Record ``agreement.terminated``, or ``agreement.notice_given`` where the end has to be told so many days before.

    A draft that nobody else has seen ends unseen. The days count from when it is recorded. Locks the agreement and its versions.

    Raises:
        Conflict: a party gave notice before.
    """
    found = await locked(uow)
    agreement = found.agreement
    uow.authorise({"party": parties_of(found.current)})
    days = found.current.notice_days if agreement.status in COUNTING else 0
    if not days:
        _end(uow, found, "terminate")
        return
    if agreement.terminates_at is not None:
        detail = f"Notice was given: it ends on {agreement.terminates_at.isoformat()}."
        raise Conflict(
            detail,
            extra={
                **because("notice_was_given", terminates_at=stamp(agreement.terminates_at)),
                "current": agreement.state(),
            },
        )
    agreement.terminates_at = uow.now + timedelta(days=days)
    agreement.notice_by_member_id = uow.actor.member_id
    uow.later("end_agreement", agreement.terminates_at, agreement.id)
    uow.record("agreement.notice_given", agreement, notice_days=days)


@handles(EndAgreement)
async def end_agreement(uow: UnitOfWork, _cmd: EndAgreement) -> None:
    """Record ``agreement.terminated``. Locks the agreement and its versions.

    Raises:
        Conflict: nobody gave notice, or it has not run out.
        TransitionNotAllowed: it ended in another way before.
    """
    found = await locked(uow)
    uow.authorise()
    if found.agreement.terminates_at is None or found.agreement.terminates_at > uow.now:
        message = "No notice has run out."
        raise Conflict(message, extra={"current": found.agreement.state()})
    _end(uow, found, "terminate")


@handles(ExpireAgreement)
async def expire_agreement(uow: UnitOfWork, _cmd: ExpireAgreement) -> None:
    """Record ``agreement.expired``. Locks the agreement and its versions.

    Raises:
        Conflict: its term has not ended, or a version that all have signed goes on where it ends.
        TransitionNotAllowed: it ended in another way before.
    """
    found = await locked(uow)
    uow.authorise()
    version = found.current
    if version.expires_at is None or version.expires_at > uow.now:
        message = "The term of this agreement has not ended."
        raise Conflict(message, extra={"current": found.agreement.state()})
    coming = found.coming
    if coming is not None and coming.status == "agreed" and coming.effective_at <= version.expires_at:
        # Both fall due at the same instant, and which piece of due work comes first is chance.
        message = f"Version {coming.version}, which every party has signed, takes its place."
        raise Conflict(message, extra={"current": found.agreement.state()})
    _end(uow, found, "expire")


@handles(MarkReviewDue)
async def mark_review_due(uow: UnitOfWork, _cmd: MarkReviewDue) -> None:
    """Record ``agreement.review_due``. Locks the agreement and its versions.

    Raises:
        Conflict: no review is due, or everybody has been told.
    """
    found = await locked(uow)
    agreement = found.agreement
    uow.authorise()
    due = agreement.review_at is not None and agreement.review_at <= uow.now and agreement.status in COUNTING
    if not due or agreement.review_due:
        message = "No review is due."
        raise Conflict(message, extra={"current": agreement.state()})
    agreement.review_due = True
    uow.record("agreement.review_due", agreement)


@handles(ReviewAgreement)
async def review_agreement(uow: UnitOfWork, cmd: ReviewAgreement) -> None:
    """Record ``agreement.reviewed`` with what came of it. Locks the agreement and its versions.

    Raises:
        TransitionNotAllowed: it does not count any more, or not yet.
        OutOfRange: the next review would be in the past, or after the end.
    """
    found = await locked(uow)
    agreement = found.agreement
    uow.authorise({"party": parties_of(found.current)})
    if agreement.status not in COUNTING:
        raise not_allowed("agreement", agreement.status, "review", [], words="be reviewed", current=agreement.state())
    ends = found.current.expires_at
    if cmd.next_review_at <= uow.now or (ends is not None and cmd.next_review_at >= ends):
        detail = "The next review lies between now and the end of the agreement."
        raise OutOfRange(
            detail, errors=[FieldError("/next_review_at", OutOfRange.slug, detail)], extra=because("review_between")
        )
    agreement.review_at, agreement.review_due = cmd.next_review_at, False
    uow.later("mark_review_due", cmd.next_review_at, agreement.id)
    uow.record("agreement.reviewed", agreement, note=cmd.note)


def _end(uow: UnitOfWork, found: Versions, transition: str) -> None:
    """End the agreement, and with it what was on its way; record both, the draft of a new version for the parties alone."""
    agreement, coming = found.agreement, found.coming
    seen_by: Visibility = "parties" if agreement.proposed_at is None else "corridor"
    parties = sorted(found.parties)
    agreement.status = machine("agreement").next(agreement.status, transition)
    agreement.review_due = False
    if transition == "terminate" and agreement.terminates_at is None:
        agreement.terminates_at, agreement.notice_by_member_id = uow.now, uow.actor.member_id
    rows: list[AgreementVersion] = []
    if coming is not None:
        drafted = coming.status == "draft"
        withdraw(uow, coming)
        rows = [coming] if coming is found.current or not drafted else []
    uow.record(f"agreement.{agreement.status}", agreement, *rows, visibility=seen_by, parties=parties)
    if coming is not None and coming not in rows:
        uow.record("agreement.withdrawn", agreement, coming, visibility="parties", parties=parties)


async def _consented(uow: UnitOfWork, version: AgreementVersion) -> set[UUID]:
    before = await uow.find(
        AgreementConsent,
        col(AgreementConsent.agreement_id) == version.agreement_id,
        col(AgreementConsent.version) == version.version,
    )
    return {consent.member_id for consent in before}


def _consenting(uow: UnitOfWork, cmd: ConsentToAgreement, parties: set[UUID]) -> UUID:
    """Return who consents: the actor's own member; whom the service itself acts for must be a party."""
    if uow.actor.member_id is not None:
        return uow.actor.member_id
    if cmd.on_behalf_of in parties:
        return cmd.on_behalf_of
    detail = "Name the party whose signature is there."
    raise OutOfRange(detail, errors=[FieldError("/on_behalf_of", OutOfRange.slug, detail)])


def _tell_unsaid(uow: UnitOfWork, version: AgreementVersion) -> None:
    terms = read_terms(version.terms)
    if unsaid := terms.clauses.unsaid:
        uow.warn("clauses_unsaid", f"Nobody has spoken of: {', '.join(unsaid)}.", figures={"clauses": list(unsaid)})
    if terms.cost.terms == "free":
        return
    if not terms.cost.rates:
        uow.warn("cost_unsaid", "Help is paid for by these terms, and no rates are named: nothing can be claimed.")
    if terms.cost.currency is None:
        uow.warn(
            "currency_unsaid", "Help is paid for by these terms, and no currency is named: it is the lender's own."
        )


async def _require_new_code(uow: UnitOfWork, code: str) -> None:
    taken: list[Any] = await uow.find(Agreement, col(Agreement.code) == code)
    if taken:
        detail = f"The code {code!r} is taken."  # by whom is told to nobody: it may be a draft of others
        raise Duplicate(detail, errors=[FieldError("/code", Duplicate.slug, detail)])
