"""What the agreements are asked, and on what they answer: the case in full, and the counts of one instant under their locks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from sqlmodel import col

from app.domain.agreement_parts import parts_in, with_parts
from app.domain.agreement_terms import Terms, read_terms
from app.domain.agreements import UNUSED, Case, added_cost, check, choose, with_reserves
from app.domain.errors import AgreementRefused, FieldError
from app.domain.resource_types import parts_of_type
from app.store.agreements import agreed, stock_of, uses_of
from app.store.costs import with_spent
from app.store.tables import AgreementVersion, Incident, Member

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from app.domain.agreement_reasons import Reason
    from app.domain.agreements import AgreementFacts, Stock, Use, Verdict
    from app.domain.cost_terms import Cost, Effort
    from app.store.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Known:
    """The agreements that everybody knows of, the lender's stocks and what runs under the agreements, by type."""

    pairs: Sequence[tuple[AgreementFacts, Terms]]
    stocks: dict[str, Stock]
    uses: dict[tuple[UUID, str], Use]

    def check(self, case: Case, *, reserve_overridden: bool = False) -> list[Verdict]:
        """Return what each agreement says to the case, with what is kept at home by the others that apply to it.

        Where the case is a formation, what caps and reserves say to its parts speaks, too: they leave with it.
        """
        stock = self.stocks[case.type_code]
        found: list[Verdict] = []
        for facts, terms in self.pairs:
            uses = {code: use for (id_, code), use in self.uses.items() if id_ == facts.id}
            use = uses.get(case.type_code, UNUSED)
            verdict = check(facts, terms, case, stock, use, reserve_overridden=reserve_overridden)
            found.append(with_parts(verdict, case, self.stocks, uses, reserve_overridden=reserve_overridden))
        return with_reserves(found)

    def chosen(self, case: Case, *, reserve_overridden: bool = False) -> Verdict | None:
        """Return the verdict that counts; None where there is no agreement at all."""
        return choose(self.check(case, reserve_overridden=reserve_overridden))

    def promise(self, case: Case, agreement_id: UUID | None) -> None:
        """Count the case among what is promised: the next one is checked after it."""
        for each in (case, *parts_in(case)):
            self.stocks[each.type_code] = self.stocks[each.type_code].less(each.quantity, each.resource_id)
        if agreement_id is None:
            return
        for each in (case, *parts_in(case)):
            key = (agreement_id, each.type_code)
            self.uses[key] = self.uses.get(key, UNUSED).more(each.quantity)
        self.pairs = [
            (replace(facts, spent=facts.spent + added_cost(terms, case)), terms)
            if facts.id == agreement_id and facts.spent is not None
            else (facts, terms)
            for facts, terms in self.pairs
        ]


async def known_to(
    uow: UnitOfWork, lender_id: UUID, type_codes: Collection[str], *, without: UUID | None = None
) -> Known:
    """Read what the check counts with. Locks as ``locked_pairs``.

    Of a composite type that is each of its parts, too. ``without`` leaves the place in its line of the mission of that id out of what runs under the agreements.
    """
    pairs = await locked_pairs(uow, {lender_id}, type_codes)
    ordered = _with_their_parts(type_codes)
    capped = [code for code in ordered if any(terms.caps.most(code) is not None for _, terms in pairs)]
    stocks = {code: await stock_of(uow.raw, uow.space, lender_id, code) for code in ordered}
    uses: dict[tuple[UUID, str], Use] = {}
    for code in capped:
        found = await uses_of(uow.raw, uow.space, code, without=without)
        uses |= {(id_, code): use for id_, use in found.items()}
    return Known(pairs, stocks, uses)


async def locked_pairs(
    uow: UnitOfWork, lenders: Collection[UUID], type_codes: Collection[str]
) -> list[tuple[AgreementFacts, Terms]]:
    """Return the agreements that everybody knows of, those with a yearly cap with what they have cost.

    Locks all of them (shared); of those that one of the lenders is a party of, what it costs in a year and (agreement, type)
    where there is a cap on one of the types; (lender, type). What a lender is no party of it can't go beyond: whoever
    counts there need not wait for it.
    """
    own = set(lenders)

    def counts(facts: AgreementFacts, terms: Terms) -> bool:
        return bool(own & facts.lenders) and any(terms.covers_type(code) for code in type_codes)

    pairs = await with_spent(uow.raw, uow.space, await agreed(uow.raw, uow.space, lock=True), uow.now, lock=counts)
    ordered = _with_their_parts(type_codes)
    for facts, terms in pairs:
        for code in ordered:
            if own & facts.lenders and terms.caps.most(code) is not None:
                await uow.lock_cap(facts.id, code)
    for lender in sorted(own):
        for code in ordered:
            await uow.lock_stock(lender, code)
    return pairs


def _with_their_parts(type_codes: Collection[str]) -> list[str]:
    return sorted({*type_codes, *(part for code in type_codes for part in parts_of_type(code))})


@dataclass(frozen=True, slots=True)
class Matter:
    """What all cases of one piece of help share: what it is for, and who helps whom."""

    hazard: str | None
    phases: dict[str, str] | None
    kind: str
    lender: Member
    borrower: Member

    def case(
        self,
        type_code: str,
        quantity: int,
        at: datetime,
        effort: Effort | None = None,
        *,
        place: tuple[float, float] | None = None,
        resource_id: UUID | None = None,
        crossing: str | None = None,
        crossings: Mapping[str, Mapping[str, str]] | None = None,
        duration_h: float | None = None,
        cost: Cost | None = None,
    ) -> Case:
        """Return the case of so many of a type; what is not known yet is left out."""
        return Case(
            hazard=self.hazard,
            type_code=type_code,
            kind=self.kind,
            lender=self.lender.id,
            borrower=self.borrower.id,
            quantity=quantity,
            at=at,
            effort=effort,
            cost=cost,
            currency=self.lender.currency,
            resource_id=resource_id,
            place=place,
            country=self.borrower.country,
            phases=self.phases,
            crossing=crossing,
            crossings=crossings or {},
            duration_h=duration_h,
            zone=self.lender.time_zone,
        )


async def matter_of(
    uow: UnitOfWork, *, incident_id: UUID | None, kind: str, lender_id: UUID, borrower_id: UUID
) -> Matter:
    """Read what the cases of one piece of help share. Help from day to day is for no incident: no hazard, no phase."""
    incident = None if incident_id is None else await uow.get(Incident, incident_id)
    lender, borrower = await uow.get(Member, lender_id), await uow.get(Member, borrower_id)
    if incident is None:
        return Matter(None, None, kind, lender, borrower)
    return Matter(incident.hazard, incident.phases, kind, lender, borrower)


async def terms_of(uow: UnitOfWork, agreement_id: UUID | None, version: int | None) -> Terms | None:
    """Return the terms that a mission or an offered line runs under; None where it runs under no agreement."""
    if agreement_id is None:
        return None
    (found,) = await uow.find(
        AgreementVersion,
        col(AgreementVersion.agreement_id) == agreement_id,
        col(AgreementVersion.version) == version,
    )
    return read_terms(found.terms)


def refuse_outright(reasons: Sequence[Reason], pointer: str, *, hint: str | None = None) -> NoReturn:
    """Refuse what an agreement does not allow, where there is one line or unit to refuse.

    Raises:
        AgreementRefused: with every reason.
    """
    detail = " ".join(reason.detail for reason in reasons)
    error = FieldError(pointer, AgreementRefused.slug, detail)
    told = [reason.told() for reason in reasons]
    raise AgreementRefused(detail, errors=[error], extra={"reasons": told}, hint=hint)


def hours_until(until: datetime | None, since: datetime) -> float | None:
    """Return how long a unit would stay away; None where nobody has said until when."""
    return None if until is None else (until - since).total_seconds() / 3600
