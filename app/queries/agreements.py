"""Agreements with their terms and consents, and what they would say to a case that has not happened yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.domain.agreement_parts import with_parts
from app.domain.agreement_reasons import NO_AGREEMENT, YEARLY_COST_CAP, Reason
from app.domain.agreement_terms import EVERYTHING, Terms, read_terms
from app.domain.agreements import IN_FORCE, UNUSED, check, choose, with_reserves
from app.domain.day_to_day import KIND as DAY_TO_DAY
from app.domain.errors import NotFound
from app.domain.protocol_data import LANGUAGES
from app.domain.resource_types import parts_of_type
from app.queries.agreement_versions import JOINED, PARTIES, PartyView, version
from app.queries.efforts import expected
from app.queries.lists import Where, decoded, fetch
from app.queries.models import ReadModel, Row
from app.store.agreements import agreed, cited, stock_of, uses_of
from app.store.costs import with_spent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from app.domain.agreements import AgreementFacts, Case, Verdict

# One statement, so that state, terms and consents are those of one moment. $2 is the member that looks (null: the service
# itself); the draft of a new version is told to parties alone.
_SELECT = f"""
    SELECT a.*, v.lenders, v.borrowers, v.precedence, v.terms, v.effective_at, v.expires_at, v.notice_days, {PARTIES},
           (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.id) FROM agreement_consent c
             WHERE c.space_id = a.space_id AND c.agreement_id = a.id AND c.version = a.version) AS consents,
           (SELECT jsonb_build_object('version', w.version, 'status', w.status, 'effective_at', w.effective_at,
                                      'proposed_at', w.proposed_at)
              FROM agreement_version w
             WHERE w.space_id = a.space_id AND w.agreement_id = a.id AND w.version > a.version
               AND w.status IN ('draft', 'proposed', 'agreed') AND (w.proposed_at IS NOT NULL OR $2::uuid IS NULL
                    OR $2 = ANY(w.lenders || w.borrowers || v.lenders || v.borrowers))) AS coming
      {JOINED}
"""  # noqa: S608 - constants of ours
_CROSSINGS = "SELECT code, names FROM crossing WHERE space_id = $1"
_HOMES = "SELECT id, country, time_zone FROM member WHERE space_id = $1 AND id = ANY($2)"
_IS_PARTY_OF = "{} = ANY(v.lenders || v.borrowers)"


class ConsentView(ReadModel):
    """A party's consent, for itself."""

    member_id: UUID
    occurred_at: datetime


class ComingView(ReadModel):
    """A new version that is on its way to take the place of the one that counts; its words: `/versions/{version}`."""

    version: int
    status: str
    effective_at: datetime
    proposed_at: datetime | None
    """Null: a draft, for the parties' eyes."""


class AgreementView(Row):
    """An agreement in the version that counts, or that is proposed."""

    code: str
    names: dict[str, str]
    status: str
    version: int
    drafted_by_member_id: UUID
    suspended_reason: str | None
    """What the last party said that set it aside."""
    suspended_by: tuple[UUID, ...]
    suspended_reasons: dict[str, str]
    """Of each party that has set it aside, why, by its id; ``suspended_reason`` is the last one's whose word stands.

    Empty for what the operator set aside.
    """
    """Parties that set it aside: it counts again once each of them has taken its own word back."""
    proposed_at: datetime | None
    """Since when the corridor sees it."""
    lenders: tuple[UUID, ...]
    """Members that send under it."""
    borrowers: tuple[UUID, ...]
    """Members that ask under it."""
    precedence: int
    """Where two agreements allow the same help, the lower number counts."""
    terms: Terms
    effective_at: datetime
    expires_at: datetime | None
    terminates_at: datetime | None
    """When it ends, or ended, because a party gave notice or ended it at once."""
    notice_by_member_id: UUID | None
    notice_days: int
    """How long before its end a party gives notice; 0: it ends at once."""
    review_at: datetime | None
    """By when the parties look at it again."""
    review_due: bool
    """The day of the review has come, and nobody has written down what came of it."""
    parties: tuple[PartyView, ...]
    coming: ComingView | None
    """The new version that is on its way, if there is one."""
    clauses_open: tuple[str, ...]
    clauses_unsaid: tuple[str, ...]
    """Clauses that nobody has spoken of."""
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
    warned: bool
    """It is allowed, and there is something that somebody should know."""
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
    not_asked: tuple[str, ...]
    """What nothing was said of, and so nothing was looked at: `allowed` says no more than the rest. Also a reason, `not_asked`, that blocks nothing."""


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


async def try_case(
    conn: asyncpg.Connection[Any],
    space: str,
    case: Case,
    *,
    viewer: UUID | None = None,
    only: tuple[UUID, int | None] | None = None,
) -> TrialView:
    """Return what every agreement that is known says to the case, with the lender's stock and all counts as they are now.

    The lender's clocks and the borrower's country are those of the members; what it would cost is estimated as for an offer. What a year
    has cost under an agreement is told to its parties alone. ``only`` asks one agreement as if it were cited, or one version of
    it as if it counted already; what the lender keeps at home by others that apply stands against it all the same.

    Raises:
        NotFound: there is no such agreement or version, or not for these eyes.
    """
    case = await _at_home(conn, space, case)
    effort = await expected(
        conn, space, case.lender, case.type_code, case.place, resource_id=case.resource_id, hours=case.duration_h
    )
    case = replace(case, effort=effort)
    stock = await stock_of(conn, space, case.lender, case.type_code)
    uses = await uses_of(conn, space, case.type_code)
    parts = parts_of_type(case.type_code)
    stocks = {code: await stock_of(conn, space, case.lender, code) for code in parts}
    of_parts = {code: await uses_of(conn, space, code) for code in parts}
    asked = await agreed(conn, space)
    cited_id = None if only is None else only[0]
    if only is not None:
        alone = await _alone(conn, space, only, viewer)
        asked = [*(pair for pair in asked if pair[0].id != cited_id), alone]
    known = await with_spent(conn, space, asked, case.at)
    verdicts = with_reserves(
        with_parts(
            check(facts, terms, case, stock, uses.get(facts.id, UNUSED)),
            case,
            stocks,
            {code: each.get(facts.id, UNUSED) for code, each in of_parts.items()},
        )
        for facts, terms in known
    )
    chosen = choose(verdicts, only=cited_id)
    # What it passes over is told where it is listed, too.
    verdicts = [each if chosen is None or each.agreement.id != chosen.agreement.id else chosen for each in verdicts]
    reasons = (NO_AGREEMENT,) if chosen is None else _told_to(viewer, chosen)
    unsaid = _not_asked(case)
    if unsaid:
        reasons = (*reasons, Reason("not_asked", {"what": list(unsaid)}, blocking=False))
    return TrialView(
        allowed=chosen is not None and chosen.allowed,
        chosen=None if chosen is None else chosen.agreement.id,
        available=stock.available,
        promised=stock.promised,
        reasons=tuple(map(_reason, reasons)),
        verdicts=tuple(
            _verdict(each, _told_to(viewer, each))
            for each in sorted(
                (each for each in verdicts if cited_id in {None, each.agreement.id}),
                key=lambda each: (each.agreement.precedence, each.agreement.code),
            )
        ),
        not_asked=unsaid,
    )


def _not_asked(case: Case) -> tuple[str, ...]:
    """Return what a version may ask after and the case leaves out."""
    said = {
        "hazard": case.hazard is not None or case.kind == DAY_TO_DAY,
        "phases": case.phases is not None or case.hazard is None,
        "place": case.place is not None,
        "crossing": case.crossing is not None,
        "duration": case.duration_h is not None,
        "unit": case.resource_id is not None,
    }
    return tuple(name for name, known in said.items() if not known)


async def _alone(
    conn: asyncpg.Connection[Any], space: str, only: tuple[UUID, int | None], viewer: UUID | None
) -> tuple[AgreementFacts, Terms]:
    """Return one agreement in the version that counts, or in another one as if it did."""
    id_, number = only
    counts = (await agreement(conn, space, id_, viewer=viewer)).version
    if number is not None:
        await version(conn, space, id_, number, viewer=viewer)
    cite = (id_, counts if number is None else number)
    facts, terms = (await cited(conn, space, [cite]))[cite]
    return (facts if number is None else replace(facts, status=IN_FORCE, terminates_at=None)), terms


async def _at_home(conn: asyncpg.Connection[Any], space: str, case: Case) -> Case:
    rows = await conn.fetch(_HOMES, space, [case.lender, case.borrower])
    found = {row["id"]: row for row in rows}
    lender, borrower = found.get(case.lender), found.get(case.borrower)
    gates = [] if case.crossing is None else await conn.fetch(_CROSSINGS, space)
    return replace(
        case,
        crossings={gate["code"]: decoded(gate, "names")["names"] for gate in gates},
        zone=case.zone if lender is None else lender["time_zone"],
        country=case.country if borrower is None else borrower["country"],
    )


def _covers(scope: str) -> str:
    # The scope is "*" for all, or a list of codes; jsonb's ? finds a text in either.
    return f"(v.terms->'{scope}' ? '{EVERYTHING}' OR v.terms->'{scope}' ? {{}})"


def _seen_by(viewer: UUID | None, space: str) -> Where:
    where = Where().add("a.space_id = {}", space)
    where.add("({0}::uuid IS NULL OR a.proposed_at IS NOT NULL OR {0} = ANY(v.lenders || v.borrowers))", viewer)
    return where.add("v.version = a.version")


def _agreement(row: asyncpg.Record) -> AgreementView:
    found = decoded(row, "names", "terms", "consents", "parties", "coming", "suspended_reasons")
    terms = read_terms(found["terms"])
    found |= {"terms": terms, "clauses_open": terms.clauses.open, "clauses_unsaid": terms.clauses.unsaid}
    found["consents"] = found["consents"] or []
    consented = {UUID(consent["member_id"]) for consent in found["consents"]}
    parties = dict.fromkeys((*found["lenders"], *found["borrowers"]))
    found["awaiting"] = [party for party in parties if party not in consented]
    return AgreementView.model_validate(found)


def _reason(reason: Reason) -> ReasonView:
    texts = {language: reason.said(language) for language in LANGUAGES}
    return ReasonView(code=reason.code, blocking=reason.blocking, texts=texts, figures=dict(reason.figures))


def _told_to(viewer: UUID | None, verdict: Verdict) -> tuple[Reason, ...]:
    """Return the reasons that these eyes see: what a year has cost is the parties' matter."""
    party = viewer is None or viewer in verdict.agreement.lenders | verdict.agreement.borrowers
    return tuple(reason for reason in verdict.reasons if party or reason.code != YEARLY_COST_CAP)


def _verdict(verdict: Verdict, reasons: Sequence[Reason]) -> VerdictView:
    return VerdictView(
        agreement_id=verdict.agreement.id,
        code=verdict.agreement.code,
        version=verdict.agreement.version,
        precedence=verdict.agreement.precedence,
        allowed=verdict.allowed,
        warned=verdict.warned,
        only_reserve=verdict.only_reserve,
        reasons=tuple(map(_reason, reasons)),
    )
