"""Agreements with their terms and consents, and what they would say to a case that has not happened yet."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.agreements import EVERYTHING, NO_AGREEMENT, check, choose
from app.domain.errors import NotFound
from app.domain.protocol_data import LANGUAGES
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row
from app.store.agreements import agreed, stock_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.agreements import Case, Reason, Verdict

# One statement, so that state, terms and consents are those of one moment.
_SELECT = """
    SELECT a.*, v.lenders, v.borrowers, v.precedence, v.terms, v.effective_at, v.expires_at,
           (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.id) FROM agreement_consent c
             WHERE c.space_id = a.space_id AND c.agreement_id = a.id AND c.version = a.version) AS consents
      FROM agreement a
      JOIN agreement_version v ON v.space_id = a.space_id AND v.agreement_id = a.id AND v.version = a.version
"""
_IS_PARTY_OF = "{} = ANY(v.lenders || v.borrowers)"


class ConsentView(ReadModel):
    """A party's consent, for itself."""

    member_id: UUID
    occurred_at: datetime


class ReserveView(ReadModel):
    """What a lender keeps at home of one type."""

    type: str
    keep: int


class CostView(ReadModel):
    """Who pays."""

    terms: str
    hours: int | None = None
    """Free for so many hours, with `free_for_hours` alone."""


class TermsView(ReadModel):
    """What an agreement covers, what stays at home, who pays. `*` stands for all."""

    hazards: str | tuple[str, ...]
    types: str | tuple[str, ...]
    kinds: tuple[str, ...]
    reserve: tuple[ReserveView, ...]
    cost: CostView
    legal_basis: str
    who_may_bind: str


class AgreementView(Row):
    """An agreement in the version that counts, or that is proposed."""

    code: str
    names: dict[str, str]
    status: str
    version: int
    drafted_by_member_id: UUID
    suspended_reason: str | None
    proposed_at: datetime | None
    """Since when the corridor sees it."""
    lenders: tuple[UUID, ...]
    """Members that send under it."""
    borrowers: tuple[UUID, ...]
    """Members that ask under it."""
    precedence: int
    """Where two agreements allow the same help, the lower number counts."""
    terms: TermsView
    effective_at: datetime
    expires_at: datetime | None
    consents: tuple[ConsentView, ...]
    awaiting: tuple[UUID, ...]
    """Parties that have not consented to this version."""


class ReasonView(ReadModel):
    """One thing that an agreement says against a case."""

    code: str
    blocking: bool
    texts: dict[str, str]
    """In every language of the corridor."""
    figures: dict[str, Any]


class VerdictView(ReadModel):
    """What one agreement says to the case."""

    agreement_id: UUID
    code: str
    version: int
    precedence: int
    allowed: bool
    only_reserve: bool
    """The reserve is all that stands against it: an authorised representative of the lender can override that."""
    reasons: tuple[ReasonView, ...]


class TrialView(ReadModel):
    """What the agreements say to a case, as things are now. Nothing was changed and nothing is promised."""

    allowed: bool
    chosen: UUID | None
    """The agreement that would count; where none allows it, the one that is nearest to it."""
    available: int
    """Units of the type that the lender has at home and free."""
    promised: int
    """How many of them it has offered to others without naming them."""
    reasons: tuple[ReasonView, ...]
    """What stands against it under the chosen agreement."""
    verdicts: tuple[VerdictView, ...]


async def agreement(conn: asyncpg.Connection[Any], space: str, id_: UUID, *, viewer: UUID | None) -> AgreementView:
    """Return one agreement, as a user of the member ``viewer`` sees it (the service itself, without one, sees all).

    Raises:
        NotFound: there is none of that id in the space, or it was never proposed and the viewer is no party.
    """
    rows = await fetch(conn, _SELECT, _seen_by(viewer, space).add("a.id = {}", id_), order="a.id", limit=1)
    if not rows:
        raise NotFound("agreement", id_)
    return _agreement(rows[0])


async def agreements(
    conn: asyncpg.Connection[Any],
    space: str,
    *,
    viewer: UUID | None,
    status: Sequence[str] = (),
    member: UUID | None = None,
    hazard: str | None = None,
    type_code: str | None = None,
    after: tuple[str] | None = None,
    limit: int = 50,
) -> list[AgreementView]:
    """Return agreements by code; ``member`` keeps those it is a party of, ``hazard`` and ``type_code`` those that cover it."""
    where = _seen_by(viewer, space).add_if(list(status), "a.status = ANY({})").add_if(member, _IS_PARTY_OF)
    where.add_if(hazard, _covers("hazards")).add_if(type_code, _covers("types"))
    if after is not None:
        where.add("a.code > {}", after[0])
    return [_agreement(row) for row in await fetch(conn, _SELECT, where, order="a.code", limit=limit)]


async def try_case(conn: asyncpg.Connection[Any], space: str, case: Case) -> TrialView:
    """Return what every agreement that is known says to the case, with the lender's stock as it is now."""
    stock = await stock_of(conn, space, case.lender, case.type_code)
    verdicts = [check(facts, terms, case, stock) for facts, terms in await agreed(conn, space)]
    chosen = choose(verdicts)
    reasons = (NO_AGREEMENT,) if chosen is None else chosen.reasons
    return TrialView(
        allowed=chosen is not None and chosen.allowed,
        chosen=None if chosen is None else chosen.agreement.id,
        available=stock.available,
        promised=stock.promised,
        reasons=tuple(map(_reason, reasons)),
        verdicts=tuple(
            map(_verdict, sorted(verdicts, key=lambda each: (each.agreement.precedence, each.agreement.code)))
        ),
    )


def _covers(scope: str) -> str:
    # The scope is "*" for all, or a list of codes; jsonb's ? finds a text in either.
    return f"(v.terms->'{scope}' ? '{EVERYTHING}' OR v.terms->'{scope}' ? {{}})"


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("a.space_id = {}", space)
    return where if viewer is None else where.add(f"(a.proposed_at IS NOT NULL OR {_IS_PARTY_OF})", viewer)


def _agreement(row: asyncpg.Record) -> AgreementView:
    found = decoded(row, "names", "terms", "consents")
    found["consents"] = found["consents"] or []
    consented = {UUID(consent["member_id"]) for consent in found["consents"]}
    parties = dict.fromkeys((*found["lenders"], *found["borrowers"]))
    found["awaiting"] = [party for party in parties if party not in consented]
    return AgreementView.model_validate(found)


def _reason(reason: Reason) -> ReasonView:
    texts = {language: reason.said(language) for language in LANGUAGES}
    return ReasonView(code=reason.code, blocking=reason.blocking, texts=texts, figures=dict(reason.figures))


def _verdict(verdict: Verdict) -> VerdictView:
    return VerdictView(
        agreement_id=verdict.agreement.id,
        code=verdict.agreement.code,
        version=verdict.agreement.version,
        precedence=verdict.agreement.precedence,
        allowed=verdict.allowed,
        only_reserve=verdict.only_reserve,
        reasons=tuple(map(_reason, verdict.reasons)),
    )
