"""Which problem it is that pydantic found in a field: each of its types of errors is given the class whose slug our readers know."""

from __future__ import annotations

import re

from app.domain import errors
from app.domain.errors import Malformed

_BY_TYPE: dict[str, type[Malformed]] = {
    "extra_forbidden": errors.UnknownField,
    "unexpected_keyword_argument": errors.UnknownField,
    "missing": errors.MissingField,
    "union_tag_not_found": errors.MissingField,
    "finite_number": errors.NotFinite,
    "timezone_aware": errors.NaiveTime,
    "outside_world": errors.OutsideWorld,
    "invalid_geometry": errors.InvalidGeometry,
    "forbidden_character": errors.ForbiddenCharacter,
    "literal_error": errors.UnknownCode,
    "enum": errors.UnknownCode,
    "union_tag_invalid": errors.UnknownCode,
    "instant_range": errors.OutOfRange,
    "too_many_vertices": errors.OutOfRange,
    "int_parsing_size": errors.IntegerOverflow,
    "json_invalid": errors.MalformedJson,
    "string_pattern_mismatch": errors.WrongFormat,
    "instant_format": errors.WrongFormat,
    "value_error": errors.Malformed,
    "assertion_error": errors.Malformed,
}
_BY_PATTERN: tuple[tuple[re.Pattern[str], type[Malformed]], ...] = (
    (
        re.compile(r"greater_than|less_than|multiple_of|too_(long|short)|decimal_(max|whole)|_(past|future)$"),
        errors.OutOfRange,
    ),
    (re.compile(r"_(parsing|from_date_parsing)$|^uuid_(?!type)|^url_(?!type)"), errors.WrongFormat),
)


def error_class(pydantic_type: str) -> type[Malformed]:
    """Return the error of the tree for a type of pydantic's, ours or its own; what is left has the wrong type."""
    if known := _BY_TYPE.get(pydantic_type):
        return known
    return next((error for pattern, error in _BY_PATTERN if pattern.search(pydantic_type)), errors.WrongType)
