"""Coded reasons in words: a text for each code and language, with the reason's figures in it.

The code and the figures travel and are compared; the text is for whoever reads it, in their language, and figures that are
codes themselves (a hazard, a type) are shown by their names there.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import Field

from app.domain.lifecycle import machine
from app.domain.money import MINOR_DIGITS
from app.domain.protocol_data import Code, Names, Shape, wrong
from app.domain.resource_types import resource_types
from app.domain.vocabulary import vocabulary

if TYPE_CHECKING:
    from pathlib import Path

Texts: TypeAlias = Mapping[str, Mapping[str, str]]
"""Code → language → text with figures in {braces}."""

CODED: Final[Mapping[str, str]] = {
    "hazard": "hazards",
    "kind": "request_kinds",
    "out_of_service_reason": "out_of_service_reasons",
    "from_country": "countries",
    "to_country": "countries",
    "country": "countries",
    "clauses": "agreement_clauses",
    "decline_reason": "decline_reasons",
    "item": "cost_items",
    "what": "trial_facts",
    "passed_for": "passed_for",
}
"""Figures that are codes → their group in the vocabulary."""

PHASES: Final = frozenset({"phase", "from_phase"})
"""Figures that are phases of the figure ``country``."""


MONEY: Final = frozenset({"limit", "spent", "adds", "asks", "agreed"})
"""Figures that are amounts, where a figure ``currency`` stands beside them."""
MARKS: Final[Mapping[str, Mapping[int, str]]] = {
    "en": {},
    "de": {ord(","): ".", ord("."): ","},
    "fr": {ord(","): "\u202f", ord("."): ","},
    "nl": {ord(","): ".", ord("."): ","},
}
"""What each language writes for the comma between thousands and the point before decimals."""
CURRENCY_FIRST: Final = frozenset({"en", "nl"})
"""Languages that write the currency before the amount (as CLDR has it)."""


class ReasonShape(Shape):
    """One reason as a file holds it."""

    figures: tuple[Code, ...]
    texts: Names


class ReasonsShape(Shape):
    """A file of reasons."""

    version: Annotated[int, Field(ge=1)]
    reasons: dict[Code, ReasonShape]


def texts_of(file: Path, shape: ReasonsShape, figures: Mapping[str, frozenset[str]]) -> Texts:
    """Return the texts of a file, which must hold the reasons of ``figures`` and name no other figures than theirs.

    Raises:
        ProtocolDataError: the file lacks a reason, knows one too many, or a text asks for a figure that is not there.
    """
    if unlike := sorted(set(figures) ^ set(shape.reasons)):
        raise wrong(file, "reasons", f"these are missing, or no reasons of the check: {', '.join(unlike)}")
    for code, reason in shape.reasons.items():
        if set(reason.figures) != figures[code]:
            raise wrong(file, f"reasons.{code}.figures", f"the check tells it with {sorted(figures[code])}")
        for language, text in reason.texts.items():
            _require_figures(file, f"reasons.{code}.texts.{language}", text, figures[code])
    return MappingProxyType({code: MappingProxyType(reason.texts) for code, reason in shape.reasons.items()})


def number(value: float, language: str) -> str:
    """Return a measured figure as it is written in the language: no zeros at its end, a comma where commas are."""
    said = f"{value:.2f}".rstrip("0").rstrip(".")
    return said if language == "en" else said.replace(".", ",")


def money(amount: str | Decimal, currency: str, language: str) -> str:
    """Return an amount with its currency as it is written in the language: `EUR 45,000.00`, `45.000,00 EUR`."""
    said = f"{Decimal(amount):,.{MINOR_DIGITS.get(currency, 2)}f}".translate(MARKS[language])
    return f"{currency}\u00a0{said}" if language in CURRENCY_FIRST else f"{said}\u00a0{currency}"


def with_crossings(
    figures: Mapping[str, Any], names: Mapping[str, Mapping[str, str]], language: str
) -> Mapping[str, Any]:
    """Return figures with the crossings that they name by their codes as people call them; a code that has no name stays."""
    said = {code: each.get(language) or each.get("en") or code for code, each in names.items()}
    crossing, allowed = figures.get("crossing"), figures.get("allowed")
    named: dict[str, Any] = {} if crossing is None else {"crossing": said.get(crossing, crossing)}
    return {**figures, **named} | ({} if allowed is None else {"allowed": [said.get(code, code) for code in allowed]})


def worded(text: str, figures: Mapping[str, Any], language: str) -> str:
    """Return a text with its figures, those that are codes by their names in the language."""
    return text.format_map({name: _name(name, figure, figures, language) for name, figure in figures.items()})


def _name(figure: str, value: Any, figures: Mapping[str, Any], language: str) -> Any:
    if figure in MONEY and "currency" in figures and isinstance(value, (str, Decimal)):
        return money(value, figures["currency"], language)
    if isinstance(value, float):
        return number(value, language)
    if figure.endswith("_at") and isinstance(value, str):
        return f"{value[:10]} {value[11:16]}Z"  # an instant as it is written, without seconds
    if isinstance(value, list):
        return ", ".join(str(_name(figure, each, figures, language)) for each in value)
    names: Mapping[str, str] | None = None
    if figure in CODED:
        names = vocabulary()[CODED[figure]].get(value, {}).get("names")
    elif figure in PHASES:
        names = vocabulary()["phases"].get(figures.get("country"), {}).get(value, {}).get("names")
    elif figure == "status":
        names = machine("agreement").names.get(value)
    elif figure == "type_code":
        names = next((each["names"] for each in resource_types()["types"] if each["code"] == value), None)
    return (names or {}).get(language, value)


def _require_figures(file: Path, key: str, text: str, figures: frozenset[str]) -> None:
    try:
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise wrong(file, key, str(error)) from error
    if unknown := sorted(named - figures):
        raise wrong(file, key, f"no figures of this reason: {', '.join(unknown)}")
