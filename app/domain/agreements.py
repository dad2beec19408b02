"""Agreements that can be executed: whether one allows what a lender is about to offer, and which of several counts.

Pure: what is agreed, the case and the lender's stock come in, every reason against it goes out, each with a code and the
figures it rests on. The order in which reasons are found says nothing about their weight.

The reserve floor is what the lender keeps at home of a type. It counts what is available now, less what the lender has
promised to others without naming a unit (a named unit is reserved, and so is not among the available). It is the one
reason that the lender can lift, by a named act (``override_reserve``); all the others mean that the help would stand
outside the agreement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeAlias
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.clock import stamp
from app.domain.forms import WHOLE, Code, Count, Form, LongText
from app.domain.protocol_data import parse, read
from app.domain.reasons import ReasonsShape, Texts, texts_of

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_FLOOR: Final = "reserve_floor"
IN_FORCE: Final = "in_force"
EVERYTHING: Final = "*"

ReasonCode: TypeAlias = Literal[
    "no_agreement",
    "not_in_force",
    "not_yet_effective",
    "expired",
    "lender_not_party",
    "borrower_not_party",
    "hazard_not_covered",
    "type_not_covered",
    "kind_not_covered",
    "reserve_floor",
]
FIGURES: Final[Mapping[str, frozenset[str]]] = {
    "no_agreement": frozenset(),
    "not_in_force": frozenset({"status"}),
    "not_yet_effective": frozenset({"effective_at"}),
    "expired": frozenset({"expires_at"}),
    "lender_not_party": frozenset({"member_id"}),
    "borrower_not_party": frozenset({"member_id"}),
    "hazard_not_covered": frozenset({"hazard"}),
    "type_not_covered": frozenset({"type_code"}),
    "kind_not_covered": frozenset({"kind"}),
    "reserve_floor": frozenset({"keep", "available", "promised", "quantity", "would_leave"}),
}
"""Every reason there is, and the figures it is told with."""


# ---------------------------------------------------------------- what is agreed


class Reserve(Form):
    """What a lender keeps at home of one type: its available units, less the promised ones, never fall below ``keep``."""

    type: Code
    keep: Count


class Cost(Form):
    """Who pays. The first ``hours`` are free where the terms say so, and only there."""

    terms: Literal["free", "free_for_hours", "reimbursed"]
    hours: Annotated[int, Field(strict=True, ge=1, le=24 * 365), WHOLE] | None = None

    @model_validator(mode="after")
    def _hours_where_they_count(self) -> Self:
        if (self.terms == "free_for_hours") is (self.hours is None):
            raise PydanticCustomError("value_error", "hours stand with free_for_hours, and with nothing else")
        return self


FREE: Final = Cost(terms="free")

Codes: TypeAlias = Literal["*"] | Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)]
"""Some codes, or all there are and will be."""


class Terms(Form):
    """The terms of one version, as its row holds them. ``*`` stands for every hazard or every type."""

    hazards: Codes = EVERYTHING
    types: Codes = EVERYTHING
    kinds: Annotated[tuple[Literal["immediate", "planned", "day_to_day"], ...], Field(min_length=1, max_length=3)]
    reserve: Annotated[tuple[Reserve, ...], Field(max_length=500)] = ()
    cost: Cost = FREE
    legal_basis: LongText = ""
    who_may_bind: LongText = ""

    @model_validator(mode="after")
    def _one_floor_a_type(self) -> Self:
        twice = [code for code, count in Counter(floor.type for floor in self.reserve).items() if count > 1]
        if twice:
            raise PydanticCustomError("value_error", "the reserve names {code} twice", {"code": twice[0]})
        return self

    def covers_hazard(self, hazard: str) -> bool:
        """Whether the scope holds the hazard."""
        return self.hazards == EVERYTHING or hazard in self.hazards

    def covers_type(self, type_code: str) -> bool:
        """Whether the scope holds the type."""
        return self.types == EVERYTHING or type_code in self.types

    def floor(self, type_code: str) -> int | None:
        """Return what stays at home of the type, or None where this agreement asks for nothing."""
        return next((floor.keep for floor in self.reserve if floor.type == type_code), None)


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """An agreement in one of its versions, as far as the check asks. Of two that allow a case, the lower ``precedence`` counts."""

    id: UUID
    code: str
    version: int
    status: str
    precedence: int
    lenders: frozenset[UUID]
    borrowers: frozenset[UUID]
    effective_at: datetime
    expires_at: datetime | None


# ---------------------------------------------------------------- what it is about


@dataclass(frozen=True, slots=True)
class Case:
    """What a lender would send to a borrower: so many of a type, for a hazard, on a request of a kind."""

    hazard: str
    type_code: str
    kind: str
    lender: UUID
    borrower: UUID
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Stock:
    """What the lender has of the case's type: units available now, and how many of them are promised without a name."""

    available: int
    promised: int

    @property
    def free(self) -> int:
        """How many are neither gone nor promised."""
        return self.available - self.promised


# ---------------------------------------------------------------- what comes of it


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that the agreement says against the case. A reserve that was overridden no longer blocks, and still is told."""

    code: ReasonCode
    figures: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = True

    @property
    def detail(self) -> str:
        """The reason in English."""
        return self.said("en")

    def said(self, language: str) -> str:
        """Return the reason in one of the corridor's languages."""
        return reason_texts()[self.code][language].format_map(self.figures)

    def told(self) -> dict[str, Any]:
        """Return the reason as offers, problems and the journal hold it."""
        return {"code": self.code, "blocking": self.blocking, "detail": self.detail, "figures": dict(self.figures)}


NO_AGREEMENT: Final = Reason("no_agreement")
"""What is told where there is nothing to check against; the check itself never finds it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one agreement says to one case, with every reason."""

    agreement: AgreementFacts
    terms: Terms
    reasons: tuple[Reason, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not any(reason.blocking for reason in self.reasons)

    @property
    def only_reserve(self) -> bool:
        """Whether the reserve floor is all that stands against it: the lender itself can lift that."""
        blocking = [reason.code for reason in self.reasons if reason.blocking]
        return blocking == [RESERVE_FLOOR]


def check(
    agreement: AgreementFacts, terms: Terms, case: Case, stock: Stock, *, reserve_overridden: bool = False
) -> Verdict:
    """Return what the agreement says to the case, with every reason and not only the first.

    ``reserve_overridden`` is the lender's named act: the floor is still told, but does not block.
    """
    reasons = (
        *_standing(agreement, case.at),
        *_parties(agreement, case),
        *_scope(terms, case),
        *_reserve(terms, case, stock, blocking=not reserve_overridden),
    )
    return Verdict(agreement, terms, reasons)


def choose(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the verdict that counts: of the agreements that allow the case the one with the lowest precedence number.

    Where none does, the refusal with the fewest reasons: the one that is nearest to being mended. None where there is no
    agreement at all. Codes settle a draw, so that two runs never differ.
    """
    ordered = sorted(
        verdicts,
        key=lambda verdict: (
            not verdict.allowed,
            0 if verdict.allowed else len(verdict.reasons),
            verdict.agreement.precedence,
            verdict.agreement.code,
        ),
    )
    return ordered[0] if ordered else None


def _standing(agreement: AgreementFacts, at: datetime) -> list[Reason]:
    reasons: list[Reason] = []
    if agreement.status != IN_FORCE:
        reasons.append(Reason("not_in_force", {"status": agreement.status}))
    if at < agreement.effective_at:
        reasons.append(Reason("not_yet_effective", {"effective_at": stamp(agreement.effective_at)}))
    if agreement.expires_at is not None and at >= agreement.expires_at:
        reasons.append(Reason("expired", {"expires_at": stamp(agreement.expires_at)}))
    return reasons


def _parties(agreement: AgreementFacts, case: Case) -> list[Reason]:
    reasons: list[Reason] = []
    if case.lender not in agreement.lenders:
        reasons.append(Reason("lender_not_party", {"member_id": str(case.lender)}))
    if case.borrower not in agreement.borrowers:
        reasons.append(Reason("borrower_not_party", {"member_id": str(case.borrower)}))
    return reasons


def _scope(terms: Terms, case: Case) -> list[Reason]:
    reasons: list[Reason] = []
    if not terms.covers_hazard(case.hazard):
        reasons.append(Reason("hazard_not_covered", {"hazard": case.hazard}))
    if not terms.covers_type(case.type_code):
        reasons.append(Reason("type_not_covered", {"type_code": case.type_code}))
    if case.kind not in terms.kinds:
        reasons.append(Reason("kind_not_covered", {"kind": case.kind}))
    return reasons


def _reserve(terms: Terms, case: Case, stock: Stock, *, blocking: bool) -> list[Reason]:
    keep = terms.floor(case.type_code)
    would_leave = stock.free - case.quantity
    if keep is None or would_leave >= keep:
        return []
    figures = {
        "keep": keep,
        "available": stock.available,
        "promised": stock.promised,
        "quantity": case.quantity,
        "would_leave": would_leave,
    }
    return [Reason(RESERVE_FLOOR, figures, blocking)]


# ---------------------------------------------------------------- the words


@cache
def reason_texts() -> Texts:
    """Return the text of each reason by language, with its figures in braces; read once per process.

    Raises:
        ProtocolDataError: the file lacks a reason, knows one too many, or a text asks for a figure that is not there.
    """
    file, shape = read("typing/agreement_reasons.yaml", ReasonsShape)
    return texts_of(file, shape, FIGURES)


def reason_texts_from(file: Path, text: str) -> Texts:
    """Return the texts in ``text`` as if read from ``file``: for checking a file before it is put in place."""
    return texts_of(file, parse(file, text, ReasonsShape), FIGURES)
