"""The words of a plan's own reasons, and one place that says any reason of the planning."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from app.domain.protocol_data import read
from app.domain.reasons import ReasonsShape, Texts, texts_of, worded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.planning.candidates import Why

FIGURES: Final[Mapping[str, frozenset[str]]] = {
    "unknown_type": frozenset({"type_code"}),
    "no_quantity": frozenset({"quantity"}),
    "deadline_past": frozenset(),
    "nobody_has_any": frozenset({"type_code"}),
    "not_enough": frozenset({"type_code"}),
    "all_sent": frozenset({"type_code", "units"}),
    "of_lender": frozenset({"member", "reason"}),
    "one_more_lender": frozenset({"reason"}),
    "more_lenders": frozenset({"lenders", "reason"}),
    "solver_failed": frozenset(),
    "solver_late": frozenset(),
    "time_limit": frozenset(),
    "router_failed": frozenset(),
    "router_partly": frozenset({"own", "units"}),
    "roads_wrong": frozenset(),
    "one_more_slot": frozenset({"crossing"}),
    "one_more_unit": frozenset({"type_code", "member"}),
    "one_of_reserve": frozenset({"type_code", "member"}),
    "one_on_cap": frozenset({"type_code", "agreement"}),
    "gain_life_safety": frozenset({"units"}),
    "gain_units": frozenset({"units"}),
    "gain_minutes": frozenset({"minutes"}),
    "not_in_plan": frozenset(),
    "suspended_already": frozenset(),
}
"""Every reason of a plan beside those of single units, what would help it and by how much, and the figures each is told with."""


@cache
def plan_texts() -> Texts:
    """Return the text of each reason by language; read once per process.

    Raises:
        ProtocolDataError: the file is wrong.
    """
    file, shape = read("typing/plan_reasons.yaml", ReasonsShape)
    return texts_of(file, shape, FIGURES)


def said(why: Why, language: str) -> str:
    """Return any reason of the planning in one of the corridor's languages."""
    if why.code in FIGURES:
        return worded(plan_texts()[why.code][language], why.figures, language)
    return why.said(language)
