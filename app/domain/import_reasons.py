"""Why a row of a file does not fit: coded, with its figures, in the words of ``protocols/typing/import_reasons.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from app.domain.protocol_data import Code, Names, read
from app.domain.reasons import ReasonsShape, Texts, texts_of, worded

COLUMN: Final = frozenset({"column"})
FIGURES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("missing", "needed_for_new", "wrong_kind", "not_written_so", "forbidden_character", "no_place", "unfit"), COLUMN),
    **dict.fromkeys(("no_feature", "no_point", "several_things"), frozenset[str]()),
    **dict.fromkeys(
        ("not_yes_no", "point_not_comma", "comma_not_point", "no_whole_number", "no_number", "unknown_language", "unknown_type", "unknown_depot"),
        frozenset({"value"}),
    ),
    "cells_count": frozenset({"cells", "wanted"}),
    "unknown_property": frozenset({"known"}),
    "too_small": frozenset({"column", "least"}),
    "too_large": frozenset({"column", "most"}),
    "too_long": frozenset({"column", "most"}),
    "same_row": frozenset({"first"}),
    "code_twice": frozenset({"code", "first"}),
    "call_sign_in_use": frozenset({"call_sign"}),
    "call_sign_twice": frozenset({"first"}),
    "retired": frozenset({"call_sign"}),
    "made_of_units": frozenset({"type_code"}),
    "other_type": frozenset({"call_sign", "type_code"}),
    "outside_corridor": frozenset({"lon", "lat"}),
}  # fmt: skip
"""Reason → the figures that it is told with."""

_BY_SLUG: Final[Mapping[str, str]] = {
    "missing-field": "missing",
    "wrong-type": "wrong_kind",
    "wrong-format": "not_written_so",
    "forbidden-character": "forbidden_character",
    "outside-world": "no_place",
}
_LEAST: Final = ("ge", "gt", "min_length")
_MOST: Final = ("le", "lt")


class _Shape(ReasonsShape):
    columns: dict[Code, Names]


@cache
def _file() -> tuple[Texts, Mapping[str, Mapping[str, str]]]:
    file, shape = read("typing/import_reasons.yaml", _Shape)
    return texts_of(file, shape, FIGURES), shape.columns


def import_texts() -> Texts:
    """Return the text of each reason by language, with its figures in braces; read once per process."""
    return _file()[0]


def said(code: str, figures: Mapping[str, Any], language: str = "en") -> str:
    """Return a reason in words."""
    texts, columns = _file()
    column = figures.get("column")
    named = {"column": columns.get(column, {}).get(language, column)} if column is not None else {}
    return worded(texts[code][language], {**figures, **named}, language)


def of_a_cell(
    pydantic_type: str, slug: str, column: str, context: Mapping[str, Any], *, empty: bool
) -> tuple[str, dict[str, Any]]:
    """Return the reason and the figures for what pydantic found in a cell; an empty one is missing, whatever it wanted."""
    figures: dict[str, Any] = {"column": column}
    if empty:
        return "missing", figures
    if re.search(r"too_(long|many)", pydantic_type):
        most = context.get("max_length", context.get("actual_length"))
        return "too_long", figures | {"most": most}
    least = next((context[each] for each in _LEAST if each in context), None)
    if least is not None:
        return ("missing", figures) if "too_short" in pydantic_type else ("too_small", figures | {"least": least})
    most = next((context[each] for each in _MOST if each in context), None)
    if most is not None:
        return "too_large", figures | {"most": most}
    return _BY_SLUG.get(slug, "unfit"), figures
