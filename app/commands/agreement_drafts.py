"""The words of a version: what is written down, and what is refused because nobody could ever check it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.registry import Act
from app.domain.agreement_terms import EVERYTHING, Codes, Terms, read_terms
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, OutOfRange
from app.domain.forms import WHOLE, Instant
from app.domain.ids import new_id
from app.domain.lifecycle import machine
from app.domain.resource_types import require_type
from app.domain.vocabulary import codes, phases, require, require_each
from app.store.tables import Agreement, AgreementVersion, Crossing, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from app.store.unit_of_work import UnitOfWork

Parties = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]
"""Ids of members."""

Precedence = Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE]
"""Where two agreements allow the same help, the lower number counts."""

NoticeDays = Annotated[int, Field(strict=True, ge=0, le=3650), WHOLE]


class VersionBody(Act):
    """What one version says: who lends to whom, for what and on which terms, from when until when."""

    lenders: Parties
    """Who sends under it. Whoever stands here or among the borrowers is a party."""
    borrowers: Parties
    """Who may ask under it."""
    terms: Terms
    effective_at: Instant
    expires_at: Instant | None = None
    review_at: Instant | None = None
    """By when the parties look at it again; they are told when the day has come."""
    notice_days: NoticeDays = 0
    """How long before its end a party gives notice; a termination takes effect only then."""
    precedence: Precedence = 100

    def parties(self) -> set[UUID]:
        """Return who lends or borrows."""
        return {*self.lenders, *self.borrowers}


async def require_sound(uow: UnitOfWork, body: VersionBody) -> None:
    """Refuse a version that binds nobody, ends before it begins, or names what nobody knows."""
    parties = body.parties()
    if len(parties) == 1:
        raise _out_of_range("/borrowers", "An agreement binds at least two members.")
    require_term(uow, body.effective_at, body.expires_at)
    if body.review_at is not None and (
        body.review_at <= body.effective_at or (body.expires_at is not None and body.review_at >= body.expires_at)
    ):
        raise _out_of_range("/review_at", "A review lies between the first day and the last one.")
    require_each(*_codes_of(body.terms), *await _crossings_of(uow, body.terms))
    require_lenders(body.terms, body.lenders)
    for party in sorted(parties):
        await uow.get(Member, party)


def require_term(uow: UnitOfWork, effective_at: datetime, expires_at: datetime | None) -> None:
    """Refuse a term that is over before it begins, or is over by now."""
    if expires_at is not None and expires_at <= max(effective_at, uow.now):
        raise _out_of_range("/expires_at", "The agreement would end before it begins, or has ended already.")


async def require_one_currency(
    uow: UnitOfWork, agreement: Agreement, terms: Terms, effective_at: datetime, *, pointer: str | None
) -> None:
    """Refuse a yearly cap in another currency than help under the agreement has cost in the year in which it would begin to count.

    Costs in two currencies can't be held against one cap. ``pointer`` is where the body says when it begins; None: it is said already.

    Raises:
        OutOfRange, Conflict: it begins within such a year.
    """
    cap, begins = terms.yearly_cost, max(effective_at, uow.now)
    if cap is None:
        return
    starts = datetime(begins.year, 1, 1, tzinfo=UTC)
    for row in await uow.find(AgreementVersion, col(AgreementVersion.agreement_id) == agreement.id):
        if row.in_force_at is None or begins <= starts or (row.replaced_at is not None and row.replaced_at <= starts):
            continue
        cost = read_terms(row.terms).cost
        if cost.terms == "free" or not cost.rates or cost.currency == cap.currency:
            continue
        detail = f"Help under version {row.version} costs {cost.currency or 'another currency'} in {begins.year}: a cap in {cap.currency} can't count it."
        hint = (
            f"Let the version begin on {begins.year + 1}-01-01T00:00:00Z, signed by all before, or keep the currency."
        )
        if pointer is None:
            raise Conflict(
                detail,
                extra={
                    **because("cap_other_currency", year=str(begins.year), currency=cap.currency),
                    "current": agreement.state(),
                },
                hint=hint,
            )
        raise OutOfRange(
            detail,
            errors=[FieldError(pointer, OutOfRange.slug, detail)],
            hint=hint,
            extra=because("cap_other_currency", year=str(begins.year), currency=cap.currency),
        )


def written(uow: UnitOfWork, agreement: Agreement, number: int, body: VersionBody) -> AgreementVersion:
    """Return a new version of the agreement, as a draft."""
    version = AgreementVersion(
        space_id=uow.space,
        id=new_id(),
        agreement_id=agreement.id,
        version=number,
        status=machine("agreement_version").initial,
        drafted_by_member_id=uow.actor.member_id or body.lenders[0],
        lenders=[],
        borrowers=[],
        terms={},
        effective_at=body.effective_at,
    )
    rewrite(version, body)
    return uow.add(version)


def rewrite(version: AgreementVersion, body: VersionBody) -> None:
    """Give a draft its words."""
    version.lenders = list(dict.fromkeys(body.lenders))
    version.borrowers = list(dict.fromkeys(body.borrowers))
    version.precedence = body.precedence
    version.terms = body.terms.model_dump(mode="json")
    version.effective_at, version.expires_at = body.effective_at, body.expires_at
    version.review_at, version.notice_days = body.review_at, body.notice_days


def require_scope(terms: Terms) -> None:
    """Refuse hazards, types, phases and events that nobody knows; every one is named."""
    require_each(*_codes_of(terms))


def _codes_of(terms: Terms) -> Iterator[Callable[[], None]]:
    """Go through the checks of every code that the terms name."""
    for index, hazard in enumerate(_listed(terms.hazards)):
        yield partial(require, "hazard", hazard, codes("hazards"), pointer=f"/terms/hazards/{index}")
    for type_code, pointer in _types(terms):
        yield partial(require_type, type_code, pointer=f"/terms/{pointer}")
    for field in ("phases", "dispatchers_bind"):
        for country, phase in getattr(terms, field).items():
            yield partial(require, f"phase of {country}", phase, phases(country), pointer=f"/terms/{field}/{country}")
    for index, event in enumerate(terms.inform_on):
        yield partial(
            require, "event to be told of", event, codes("inform_events"), pointer=f"/terms/inform_on/{index}"
        )


def _types(terms: Terms) -> Iterator[tuple[str, str]]:
    """Go through the types that the terms name, each with its place in them."""
    for index, type_code in enumerate(_listed(terms.types)):
        yield type_code, f"types/{index}"
    for index, cap in enumerate(terms.caps.units):
        yield cap.type, f"caps/units/{index}/type"
    for index, floor in enumerate(terms.reserve):
        yield floor.type, f"reserve/{index}/type"
    for index, clause in enumerate(terms.automatic_aid):
        yield from ((code, f"automatic_aid/{index}/types/{number}") for number, code in enumerate(clause.types))
    for index, commitment in enumerate(terms.response):
        types = _listed(commitment.types)
        yield from ((code, f"response/{index}/types/{number}") for number, code in enumerate(types))


def _listed(codes_: Codes) -> tuple[str, ...]:
    """Return the codes that are named; none for all there are."""
    return () if codes_ == EVERYTHING else tuple(codes_)


def require_lenders(terms: Terms, lenders: Collection[UUID]) -> None:
    """Refuse a clause of automatic aid, or a reserve, that is about somebody who does not lend under the agreement."""
    for index, floor in enumerate(terms.reserve):
        if floor.lender is not None and floor.lender not in lenders:
            pointer = f"/terms/reserve/{index}/lender"
            raise _out_of_range(pointer, "A reserve is kept by somebody who lends under the agreement.")
    for index, clause in enumerate(terms.automatic_aid):
        for number, lender in enumerate(clause.lenders):
            if lender not in lenders:
                pointer = f"/terms/automatic_aid/{index}/lenders/{number}"
                raise _out_of_range(pointer, "Automatic aid alarms only who lends under the agreement.")


async def _crossings_of(uow: UnitOfWork, terms: Terms) -> list[Callable[[], None]]:
    """Return the checks that the crossings are there."""
    if not (named := _listed(terms.crossings)):
        return []
    known = {crossing.code for crossing in await uow.find(Crossing)}
    return [
        partial(require, "crossing", code, known, pointer=f"/terms/crossings/{index}")
        for index, code in enumerate(named)
    ]


def _out_of_range(pointer: str, detail: str) -> OutOfRange:
    return OutOfRange(detail, errors=[FieldError(pointer, OutOfRange.slug, detail)])
