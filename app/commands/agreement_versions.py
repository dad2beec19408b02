"""New versions of an agreement: written while the old one counts, proposed, consented to by all, and then in its place.

A version that was proposed never changes; until then it is a draft that its parties alone see. At most one is on its way at a time.
Missions go on to cite the version that they were sent under.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlmodel import col

from app.commands.agreement_drafts import VersionBody, require_one_currency, require_sound, rewrite, written
from app.commands.registry import Act, Command, handles
from app.domain.because import because
from app.domain.clock import stamp
from app.domain.errors import Conflict, FieldError, NotFound, OutOfRange
from app.domain.forms import Names, Note
from app.domain.lifecycle import machine, not_allowed
from app.store.agreements import take_turn
from app.store.tables import Agreement, AgreementConsent, AgreementVersion
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.store.tables.base import Journaled

ON_THE_WAY: Final = frozenset({"draft", "proposed", "agreed"})
"""States of a version that may yet count."""


class DraftAgreementVersion(VersionBody):
    """Write the words that are to take the place of those that count. The old ones count until every party has consented."""


class ChangeAgreementDraft(VersionBody):
    """Write a draft anew, as a whole. Once it is proposed it never changes."""

    names: Names | None = None
    """Only while the agreement itself is a draft."""


class WithdrawAgreement(Act):
    """Take back what is proposed, or drop the draft of a new version. What counts goes on to count."""

    reason: Note


class BringVersionIntoForce(Command):
    """Its first day has come: by the service itself, when every party has consented before."""


@dataclass(frozen=True, slots=True)
class Versions:
    """An agreement whose lock is held, the version that counts (or the newest, before any does), and the one on its way."""

    agreement: Agreement
    current: AgreementVersion
    coming: AgreementVersion | None
    newest: int

    @property
    def parties(self) -> set[UUID]:
        """Who lends or borrows under what counts, or would under what is on its way."""
        return parties_of(self.current) | (parties_of(self.coming) if self.coming else set())

    @property
    def signing(self) -> set[UUID]:
        """Whose consent the version on its way needs: its own parties, and those of the version whose place it takes."""
        if self.coming is None:
            return set()
        return parties_of(self.coming) | (parties_of(self.current) if self.current.status == "in_force" else set())

    def require_coming(self, state: str, words: str) -> AgreementVersion:
        """Return the version on its way, if it is in that state.

        Raises:
            TransitionNotAllowed: there is none, or it is in another state.
        """
        if self.coming is None or self.coming.status != state:
            now = self.agreement.status if self.coming is None else self.coming.status
            kind = "agreement" if self.coming is None else "agreement_version"
            raise not_allowed(kind, now, words, [], words=words, current=(self.coming or self.agreement).state())
        return self.coming


def parties_of(version: AgreementVersion) -> set[UUID]:
    """Return the members that lend or borrow under a version."""
    return {*version.lenders, *version.borrowers}


async def locked(uow: UnitOfWork) -> Versions:
    """Lock the agreement that the command is about; a draft is not there for those who are no party.

    Raises:
        NotFound: there is none, or not for these eyes.
        StaleRevision: somebody changed it since.
    """
    await take_turn(uow.raw, uow.space)
    agreement = await uow.lock(Agreement, uow.require_target())
    # Whoever changes a version holds its agreement: read after that lock, nothing more is locked.
    rows = await uow.lock_where(AgreementVersion, col(AgreementVersion.agreement_id) == agreement.id)
    by_number = {row.version: row for row in rows}
    coming = next((row for row in rows if row.status in ON_THE_WAY), None)
    found = Versions(agreement, by_number[agreement.version], coming, max(by_number))
    if agreement.proposed_at is None and not uow.sees(*found.parties):
        raise NotFound(Agreement.KIND, agreement.id)
    uow.expect_revision(agreement)
    return found


@handles(DraftAgreementVersion)
async def draft_agreement_version(uow: UnitOfWork, cmd: DraftAgreementVersion) -> None:
    """Record ``agreement.version_drafted``, for the parties' eyes. Locks the agreement and its versions.

    Raises:
        Conflict: another version is on its way, or the agreement is over.
        OutOfRange: the present version ends before the new one begins.
    """
    found = await locked(uow)
    agreement = found.agreement
    uow.authorise({"party": found.parties})
    machine("agreement").refuse_final(agreement.status, "be given a new version", agreement.state())
    if found.coming is not None:
        detail = f"Version {found.coming.version} is {found.coming.status} already."
        hint = "Change it while it is a draft, or withdraw it first."
        raise Conflict(
            detail,
            extra={
                **because("version_on_way", version=found.coming.version, version_status=found.coming.status),
                "current": found.coming.state(),
            },
            hint=hint,
        )
    await require_sound(uow, cmd)
    _require_no_gap(found, cmd)
    await require_one_currency(uow, agreement, cmd.terms, cmd.effective_at, pointer="/effective_at")
    version = written(uow, agreement, found.newest + 1, cmd)
    if agreement.status == "draft":
        agreement.version = version.version
    parties = sorted(found.parties | cmd.parties())
    uow.record("agreement.version_drafted", agreement, version, visibility="parties", parties=parties)


@handles(ChangeAgreementDraft)
async def change_agreement_draft(uow: UnitOfWork, cmd: ChangeAgreementDraft) -> None:
    """Record ``agreement.draft_changed``, for the eyes of its parties, old and new. Locks the agreement and its versions.

    Raises:
        TransitionNotAllowed: there is no draft.
        OutOfRange: a new name for what has been proposed under the old one.
    """
    found = await locked(uow)
    uow.authorise({"party": found.parties})
    draft = found.require_coming("draft", "be changed")
    await require_sound(uow, cmd)
    _require_no_gap(found, cmd)
    await require_one_currency(uow, found.agreement, cmd.terms, cmd.effective_at, pointer="/effective_at")
    if cmd.names is not None:
        if found.agreement.status != "draft":
            detail = "The agreement is known by its name; a new version does not change it."
            raise OutOfRange(detail, errors=[FieldError("/names", OutOfRange.slug, detail)])
        found.agreement.names = dict(cmd.names)
    parties = sorted(found.parties | cmd.parties())  # who is none any more learns that, too
    rewrite(draft, cmd)
    uow.revise(found.agreement)
    uow.record("agreement.draft_changed", found.agreement, draft, visibility="parties", parties=parties)


@handles(WithdrawAgreement)
async def withdraw_agreement(uow: UnitOfWork, cmd: WithdrawAgreement) -> None:
    """Record ``agreement.withdrawn``: for the corridor what it has seen, for the parties what was a draft. Locks as above.

    An agreement of which no version has counted yet is a draft again, without words until a new version is written, and its
    parties' alone: ``agreement.taken_back`` before it tells the corridor that it is not there any more.

    Raises:
        TransitionNotAllowed: nothing is on its way, or it is the first draft: that one is terminated.
        Conflict: all parties have signed what is on its way.
    """
    found = await locked(uow)
    agreement, first = found.agreement, found.agreement.status in {"draft", "proposed"}
    uow.authorise({"party": found.parties})
    if found.coming is None or (first and found.coming.status == "draft"):
        raise not_allowed(
            "agreement", agreement.status, "withdraw", ["terminate"], words="be withdrawn", current=agreement.state()
        )
    if found.coming.status == "agreed":
        detail = f"All parties have signed version {found.coming.version}: none of them takes it back alone."
        hint = "Terminate the agreement with notice, or agree on another version once this one counts."
        raise Conflict(
            detail,
            extra={**because("all_signed", version=found.coming.version), "current": found.coming.state()},
            hint=hint,
        )
    seen = found.coming.status != "draft" and not first
    withdraw(uow, found.coming)
    uow.revise(agreement)
    rows: list[Journaled] = [found.coming]
    if first:
        agreement.status = machine("agreement").next(agreement.status, "withdraw")
        agreement.proposed_at = None
        # Consents of versions withdrawn before were taken from the corridor's eyes with those.
        rows += await uow.find(
            AgreementConsent,
            col(AgreementConsent.agreement_id) == agreement.id,
            col(AgreementConsent.version) == found.coming.version,
        )
        uow.record_hidden("agreement.taken_back", agreement, *rows)
    uow.record(
        "agreement.withdrawn",
        agreement,
        *rows,
        visibility="corridor" if seen else "parties",
        parties=sorted(found.parties),
        reason=cmd.reason,
    )


@handles(BringVersionIntoForce)
async def bring_version_into_force(uow: UnitOfWork, _cmd: BringVersionIntoForce) -> None:
    """Record ``agreement.version_entered_into_force`` with both versions. Locks the agreement and its versions.

    Raises:
        TransitionNotAllowed: no version waits for its day, or the agreement is over.
        Conflict: the day has not come.
    """
    found = await locked(uow)
    uow.authorise()
    machine("agreement").refuse_final(found.agreement.status, "be given a new version", found.agreement.state())
    version = found.require_coming("agreed", "enter into force")
    if version.effective_at > uow.now:
        message = "The first day of this version has not come."
        raise Conflict(message, extra={"current": version.state()})
    switch(uow, found, version)


def withdraw(uow: UnitOfWork, version: AgreementVersion) -> None:
    """Take a version back that has not counted, by the command that is carried out."""
    version.status = machine("agreement_version").to(version.status, "withdrawn", by=uow.act.command).to


def switch(uow: UnitOfWork, found: Versions, version: AgreementVersion) -> None:
    """Put a version that all have agreed to in the place of the one that counts; its end and its review fall due.

    Who is no party any more sets nothing aside: it could not take that back.
    """
    agreement, steps = found.agreement, machine("agreement_version")
    found.current.status = steps.next(found.current.status, "replace")
    found.current.replaced_at = counts_from(uow)
    version.status = steps.next(version.status, "enter_into_force")
    version.in_force_at = counts_from(uow)
    agreement.version = version.version
    if agreement.suspended_by:
        agreement.suspended_by = [each for each in agreement.suspended_by if each in parties_of(version)]
        stand = {str(each) for each in agreement.suspended_by}
        agreement.suspended_reasons = {id_: why for id_, why in agreement.suspended_reasons.items() if id_ in stand}
        if not agreement.suspended_by:
            agreement.status, agreement.suspended_reason = machine("agreement").next(agreement.status, "resume"), None
    begin(uow, agreement, version)
    if version.expires_at is not None:
        uow.later("expire_agreement", version.expires_at, agreement.id)
    uow.record("agreement.version_entered_into_force", agreement, version, found.current)


def counts_from(uow: UnitOfWork) -> datetime:
    """Return from when a version counts that the last party has signed: from now, whatever day that party writes on its signature; what was
    promised and counted meanwhile was so under the version before. What the service itself loads was signed on paper, on the day it names.
    """
    return uow.act.occurred_at if uow.actor.member_id is None else uow.now


def begin(uow: UnitOfWork, agreement: Agreement, version: AgreementVersion) -> None:
    """Take the date of the next review from the version that counts from now on."""
    agreement.review_at, agreement.review_due = version.review_at, False
    if version.review_at is not None:
        uow.later("mark_review_due", version.review_at, agreement.id)


def _require_no_gap(found: Versions, body: VersionBody) -> None:
    ends = found.current.expires_at if found.current.status == "in_force" else None
    if ends is not None and body.effective_at > ends:
        detail = f"The present version ends on {ends.isoformat()}: nothing would count until then."
        raise OutOfRange(
            detail,
            errors=[FieldError("/effective_at", OutOfRange.slug, detail)],
            extra=because("gap_between_versions", ends_at=stamp(ends)),
        )
