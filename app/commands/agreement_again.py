"""The agreements asked again, when an offer is accepted and when it is committed: what has changed since it was made?

An offer stands under the version that it was made under. What speaks against that paper itself by now, or against the way on which
the unit is sent, stops the lender's binding word: the agreement is set aside or over, the crossing is not one of it, the stay is too
long, the year's money is spent (it may be another year by now). What has changed around it (a phone call went beyond the cap, the incident was scaled down) is told and stops nothing: the
offer was counted when it was made. The reserve is not asked again: a commitment takes nothing that the offer did not count.

Where another version counts by now, the offer keeps its own. It is told which one counts, since when, what it says differently, and what
it would say against this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.domain.agreement_difference import SAID, difference, sections
from app.domain.agreement_parts import parts_in, with_parts
from app.domain.agreement_reasons import YEARLY_COST_CAP, Reason
from app.domain.agreement_terms import read_terms
from app.domain.agreements import Stock, Use, check
from app.domain.clock import stamp
from app.domain.money import ZERO, rounded
from app.domain.requests import PLANNED
from app.domain.resource_types import parts_of_type
from app.store.agreements import cited, counting, uses_of
from app.store.costs import with_spent
from app.store.tables import AgreementVersion, Incident, Member

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.domain.agreement_terms import Terms
    from app.domain.agreements import AgreementFacts, Case
    from app.store.tables import OfferLine, Request
    from app.store.unit_of_work import UnitOfWork

STOPS: Final = frozenset(
    {"not_in_force", "expired", "terminated", "crossing_not_allowed", "longest_deployment", YEARLY_COST_CAP}
)
"""What stops a commitment; everything else is told."""
SUPERSEDED: Final = "version_superseded"
"""The warning that another version counts by now."""
PRESENT_REFUSES: Final = "present_version_refuses"
"""The warning of what that one would say against it."""


@dataclass(frozen=True, slots=True)
class Present:
    """The version of an agreement that counts in the place of another one."""

    facts: AgreementFacts
    terms: Terms
    since: datetime
    differs: tuple[str, ...]
    """In which of their parts the two differ: ``caps``, ``notice_days`` …"""


@dataclass(frozen=True, slots=True)
class Papers:
    """The versions that an offer's lines stand under, and what runs under them now, these lines included."""

    versions: Mapping[tuple[UUID, int], tuple[AgreementFacts, Terms]]
    uses: Mapping[tuple[UUID, str], Use]
    replaced: Mapping[tuple[UUID, int], Present] = field(default_factory=dict)
    """Of those versions that count no more: the one that does."""

    def terms(self, line: OfferLine) -> Terms | None:
        """Return the terms that a line stands under; None for help without an agreement."""
        found = self._version(line)
        return None if found is None else found[1]

    def says(self, line: OfferLine, case: Case) -> tuple[Reason, ...]:
        """Return what stands against the case by now, for a line that is among what was promised."""
        found = self._version(line)
        return () if found is None else self._says(*found, case)

    def superseded(self, line: OfferLine, case: Case) -> tuple[Present, tuple[Reason, ...]] | None:
        """Return the version that counts by now in the place of the line's own, and what it would say against the case."""
        if line.agreement_id is None or line.agreement_version is None:
            return None
        present = self.replaced.get((line.agreement_id, line.agreement_version))
        return None if present is None else (present, self._says(present.facts, present.terms, case))

    def _says(self, facts: AgreementFacts, terms: Terms, case: Case) -> tuple[Reason, ...]:
        cases = [case, *parts_in(case)]
        stocks = {each.type_code: Stock(each.quantity, 0) for each in cases}
        uses = {each.type_code: self._without(facts.id, each) for each in cases}
        stock, use = stocks[case.type_code], uses[case.type_code]
        verdict = check(facts, terms, case, stock, use, reserve_overridden=True)
        return with_parts(verdict, case, stocks, uses, reserve_overridden=True).against

    def overspent(self, line: OfferLine) -> Reason | None:
        """Return what speaks against a line where the year costs more than the cap by now, the line itself included."""
        found = self._version(line)
        if found is None or line.estimate is None:
            return None
        facts, terms = found
        cap, adds = terms.yearly_cost, Decimal(line.estimate["amount"]) / line.quantity * line.accepted_quantity
        if cap is None or facts.spent is None or facts.spent <= cap.amount or adds == ZERO:
            return None
        others, own = rounded(facts.spent - adds, cap.currency), rounded(adds, cap.currency)
        figures = {"limit": str(cap.amount), "currency": cap.currency, "spent": str(others), "adds": str(own)}
        return Reason(YEARLY_COST_CAP, figures)

    def _without(self, agreement_id: UUID, case: Case) -> Use:
        """Return what runs under an agreement of the case's type beside the case itself."""
        use = self.uses.get((agreement_id, case.type_code), Use())
        return Use(use.under_way, max(0, use.promised - case.quantity))

    def _version(self, line: OfferLine) -> tuple[AgreementFacts, Terms] | None:
        if line.agreement_id is None or line.agreement_version is None:
            return None
        return self.versions[line.agreement_id, line.agreement_version]


async def papers_of(uow: UnitOfWork, lines: Iterable[OfferLine], *, lock: bool = False) -> Papers:
    """Read what the lines of an offer stand under. ``lock`` keeps the agreements as they are (shared), and what they cost in a year, which is counted."""
    named = {(line.agreement_id, line.agreement_version, line.type_code) for line in lines}
    asked = {(id_, version) for id_, version, _ in named if id_ is not None and version is not None}
    versions = await cited(uow.raw, uow.space, asked, lock=lock)
    if lock:
        spent = await with_spent(uow.raw, uow.space, list(versions.values()), uow.now, lock=lambda *_: True)
        versions = dict(zip(versions, spent, strict=True))
    replaced = await _replaced(uow, asked)
    uses: dict[tuple[UUID, str], Use] = {}
    known = [terms for _, terms in versions.values()] + [present.terms for present in replaced.values()]
    whole = {code for _, _, code in named}
    for type_code in sorted(whole | {part for code in whole for part in parts_of_type(code)}):
        if any(terms.caps.most(type_code) is not None for terms in known):
            found = await uses_of(uow.raw, uow.space, type_code)
            uses |= {(id_, type_code): use for id_, use in found.items()}
    return Papers(versions, uses, replaced)


async def _replaced(uow: UnitOfWork, asked: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Present]:
    """Return, of the versions that count no more, the one that does."""
    now = await counting(uow.raw, uow.space, {id_ for id_, _ in asked})
    old = [(id_, version) for id_, version in asked if id_ in now and now[id_][0] > version]
    if not old:
        return {}
    facts = await cited(uow.raw, uow.space, {(id_, now[id_][0]) for id_, _ in old})
    rows = await uow.find(AgreementVersion, col(AgreementVersion.agreement_id).in_([id_ for id_, _ in old]))
    said = {(row.agreement_id, row.version): _said(row) for row in rows}
    return {
        (id_, version): Present(
            *facts[id_, now[id_][0]],
            since=now[id_][1],
            differs=sections(difference(said[id_, version], said[id_, now[id_][0]])),
        )
        for id_, version in old
    }


def _said(version: AgreementVersion) -> dict[str, Any]:
    said = {name: getattr(version, name) for name in SAID}
    return said | {"terms": read_terms(version.terms).model_dump(mode="json")}


def warn_superseded(uow: UnitOfWork, papers: Papers, line: OfferLine, case: Case) -> None:
    """Warn where the line stands under a version that another one has replaced since: it goes on under its own."""
    found = papers.superseded(line, case)
    if found is None:
        return
    present, against = found
    code, number = present.facts.code, present.facts.version
    detail = f"Offered under version {line.agreement_version} of {code}; since {present.since:%Y-%m-%d %H:%M}Z version {number} counts."
    detail += f" They differ in: {', '.join(present.differs) or 'their first day alone'}."
    figures = {
        "agreement": code,
        "version": line.agreement_version,
        "counts": number,
        "since_at": stamp(present.since),
        "differs": list(present.differs),
    }
    uow.warn(SUPERSEDED, detail, offer_line_id=str(line.id), figures=figures)
    for reason in against:
        uow.warn(
            PRESENT_REFUSES,
            f"Version {number} of {code} would say: {reason.detail}",
            offer_line_id=str(line.id),
            figures={"agreement": code, "counts": number, "reason": reason.told()},
        )


async def binding_facts(
    uow: UnitOfWork, request: Request, lines: Sequence[OfferLine], member_id: UUID
) -> dict[str, str]:
    """Return what the authority table asks of who binds a member: the kind of help, and whether the agreement of every line lets
    dispatchers bind at the phase that the member's country has come to.
    """
    facts = {"request_kind": request.kind}
    if request.kind != PLANNED or request.incident_id is None:
        return facts
    papers, member = await papers_of(uow, lines), await uow.get(Member, member_id)
    phases = (await uow.get(Incident, request.incident_id)).phases
    all_terms = [papers.terms(line) for line in lines]
    if all_terms and all(terms and terms.bound_by_dispatchers(member.country, phases) for terms in all_terms):
        facts["bound_by"] = "dispatcher"
    return facts
