"""What an agreement says to a formation's parts: they leave with it, so its caps and reserves of their types speak, too.

"Caps count the units": a platoon of four engines is one platoon under a cap on platoons, and four under a cap on engines. What else
stands in the terms (scope, crossings, cost, length of stay) is asked of the whole alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from app.domain.agreement_reasons import KEPT
from app.domain.agreements import UNUSED, check
from app.domain.resource_types import parts_of_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.domain.agreements import Case, Stock, Use, Verdict

OF_PARTS: Final = KEPT | {"cap_units"}
"""Reasons that count units, and so count those within a formation."""


def parts_in(case: Case) -> list[Case]:
    """Return the same for each part of what the case sends; nothing where that is no formation."""
    return [
        replace(case, type_code=code, quantity=each * case.quantity, resource_id=None, effort=None)
        for code, each in parts_of_type(case.type_code).items()
    ]


def with_parts(
    verdict: Verdict,
    case: Case,
    stocks: Mapping[str, Stock],
    uses: Mapping[str, Use],
    *,
    reserve_overridden: bool = False,
) -> Verdict:
    """Return the verdict with what stands against the parts of the case; unchanged where it is no formation.

    ``stocks`` is what the lender has, ``uses`` what runs under the verdict's agreement, each by the parts' types.
    """
    more = tuple(
        reason
        for part in parts_in(case)
        for reason in check(
            verdict.agreement,
            verdict.terms,
            part,
            stocks[part.type_code],
            uses.get(part.type_code, UNUSED),
            reserve_overridden=reserve_overridden,
        ).reasons
        if reason.code in OF_PARTS
    )
    return replace(verdict, reasons=(*verdict.reasons, *more)) if more else verdict
