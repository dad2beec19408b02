"""What an agreement can say to a case of help: coded, with its figures, in the words of ``protocols/typing/agreement_reasons.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from app.domain.lender_words import CAN, CAN_FIGURES
from app.domain.protocol_data import parse, read
from app.domain.reasons import ReasonsShape, Texts, texts_of, with_crossings, worded

if TYPE_CHECKING:
    from pathlib import Path

RESERVES: Final = frozenset({"reserve_floor", "reserve_floor_hours", "reserve_floor_area"})
"""Reasons that the lender itself can lift."""
YEARLY_COST_CAP: Final = "yearly_cost_cap"
PASSED_OVER: Final = "passed_over"
"""What a verdict is told with that counts though another agreement goes before it."""
PRICED: Final = frozenset({YEARLY_COST_CAP, "cost_above_agreed", "cost_free_hours", "cost_currency"})
"""Reasons that are about money."""
KEPT: Final = RESERVES | {"reserve_floor_later", CAN}
"""Reasons that are about what stays at home: they are told whichever agreement is cited."""
STANDING: Final = frozenset({"not_in_force", "not_yet_effective", "expired", "terminated"})
"""Reasons that an agreement does not count at all now."""
OUTSIDE: Final = STANDING | {
    "lender_not_party",
    "borrower_not_party",
    "hazard_not_covered",
    "type_not_covered",
    "kind_not_covered",
    "phase_not_reached",
    "place_not_covered",
    "crossing_not_allowed",
}
"""Reasons that an agreement does not apply to a case. The others are about counts and price: it applies, and does not allow it."""

ReasonCode: TypeAlias = Literal[
    "no_agreement",
    "not_in_force",
    "not_yet_effective",
    "expired",
    "terminated",
    "notice_given",
    "review_due",
    "lender_not_party",
    "borrower_not_party",
    "same_member",
    "hazard_not_covered",
    "type_not_covered",
    "kind_not_covered",
    "phase_not_reached",
    "place_not_covered",
    "crossing_not_allowed",
    "cap_units",
    "longest_deployment",
    "yearly_cost_cap",
    "cost_above_agreed",
    "cost_free_hours",
    "cost_currency",
    "reserve_floor",
    "reserve_floor_hours",
    "reserve_floor_area",
    "reserve_floor_later",
    "clauses_open",
    "lender_can",
    "not_asked",
    "passed_over",
]
_STOCK: Final = frozenset({"type_code", "keep", "available", "promised", "quantity", "would_leave", "agreement"})
FIGURES: Final[Mapping[str, frozenset[str]]] = {
    "no_agreement": frozenset(),
    "not_in_force": frozenset({"status"}),
    "not_yet_effective": frozenset({"effective_at"}),
    "expired": frozenset({"expires_at"}),
    "terminated": frozenset({"terminates_at"}),
    "notice_given": frozenset({"terminates_at"}),
    "review_due": frozenset({"review_at"}),
    "lender_not_party": frozenset({"member_id"}),
    "borrower_not_party": frozenset({"member_id"}),
    "same_member": frozenset({"member_id"}),
    "hazard_not_covered": frozenset({"hazard"}),
    "type_not_covered": frozenset({"type_code"}),
    "kind_not_covered": frozenset({"kind"}),
    "phase_not_reached": frozenset({"country", "phase", "from_phase"}),
    "place_not_covered": frozenset({"lon", "lat"}),
    "crossing_not_allowed": frozenset({"crossing", "allowed"}),
    "cap_units": frozenset({"type_code", "most", "under_way", "promised", "quantity", "would_be"}),
    "longest_deployment": frozenset({"longest_h", "hours"}),
    "yearly_cost_cap": frozenset({"limit", "currency", "spent", "adds"}),
    "cost_above_agreed": frozenset({"item", "asks", "agreed", "currency"}),
    "cost_free_hours": frozenset({"hours", "agreed_hours"}),
    "cost_currency": frozenset({"currency", "agreed_currency"}),
    "reserve_floor": _STOCK,
    "reserve_floor_hours": _STOCK | {"start", "end"},
    "reserve_floor_area": _STOCK,
    "reserve_floor_later": _STOCK | {"start", "end"},
    "clauses_open": frozenset({"clauses"}),
    CAN: CAN_FIGURES,
    "not_asked": frozenset({"what"}),
    PASSED_OVER: frozenset({"agreement", "passed_for"}),
}
"""Every reason there is, and the figures it is told with."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that the agreement says to the case. A reserve that was overridden no longer blocks, and still is told."""

    code: ReasonCode
    figures: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = True
    crossings: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)
    """Names of the crossings that the figures name by code: code → language → name."""

    @property
    def detail(self) -> str:
        """The reason in English."""
        return self.said("en")

    def said(self, language: str) -> str:
        """Return the reason in one of the corridor's languages."""
        figures = with_crossings(self.figures, self.crossings, language)
        return worded(reason_texts()[self.code][language], figures, language)

    def told(self) -> dict[str, Any]:
        """Return the reason as offers, problems and the journal hold it."""
        return {"code": self.code, "blocking": self.blocking, "detail": self.detail, "figures": dict(self.figures)}


NO_AGREEMENT: Final = Reason("no_agreement")
"""What is told where there is nothing to check against; the check itself never finds it."""


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
