"""Where something stands in a message: JMESPath, of which only what walks and picks is allowed.

No functions, no multi-selects, no flattening: what is left takes a time that grows with the message times the path, whatever is written.
Comparisons, *not* and literals stand in the conditions of filters alone, so that no path makes a value that is not in the message.
"""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import Annotated, Any, Final, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from app.domain.because import because
from app.domain.forms import ONE_LINE
from app.domain.inbox.held import HeldBack

LONGEST: Final = 200
ALLOWED: Final = frozenset({
    "field", "subexpression", "index_expression", "index", "identity", "current", "pipe", "or_expression", "and_expression",
    "not_expression", "comparator", "literal", "filter_projection", "projection",
})  # fmt: skip
_CONDITIONS: Final = frozenset({"not_expression", "comparator"})
"""What says yes or no: an answer that is not in the message."""
_CONDITION: Final = 2
"""Which child of a filter is its condition."""
KEPT: Final = "kept"
"""In the context of a validation: what is read was written down before, maybe by other rules; what is in use stays in use."""
_SHOWN: Final = 100
"""Characters of a value that a reason repeats."""

Scalar: TypeAlias = "str | int | float | bool"


def _checked(value: str, info: ValidationInfo) -> str:
    kept = (info.context or {}).get(KEPT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what the library still reads and means to give up
            parsed = jmespath.compile(value).parsed
    except (JMESPathError, RecursionError, ValueError, Warning) as error:
        raise PydanticCustomError(
            "path", "it is no JMESPath: {why}", {"why": (str(error).splitlines() or [""])[0][:200]}
        ) from None
    waiting: list[tuple[Any, bool, bool]] = [(parsed, False, False)]
    while waiting:
        node, condition, compared = waiting.pop()
        kind = node["type"]
        if (
            kind not in ALLOWED
            or (kind in _CONDITIONS and not condition and not kept)
            or (kind == "literal" and not compared)
        ):
            words = {"kind": kind.replace("_", " ")}
            raise PydanticCustomError("path", "a path only walks and picks; it has no {kind} here", words)
        for number, child in enumerate(node["children"]):
            asked = condition or (kind == "filter_projection" and number == _CONDITION)
            waiting.append((child, asked, kind == "comparator"))
    return value


Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST), ONE_LINE, AfterValidator(_checked)]
"""JMESPath without functions: `unit.issi`, `positions[0].lon`, `fields[?name == 'status'].value | [0]`."""

_compiled = lru_cache(maxsize=1024)(jmespath.compile)


def find(path: str, body: Any) -> Scalar | None:
    """Return the one value at ``path``; None where there is none.

    Raises:
        HeldBack: there is a list or an object.
    """
    try:
        found = _compiled(path).search(body)
    except (JMESPathError, RecursionError) as error:
        detail = f"{path} can't be looked for in this message: {error}"
        raise HeldBack(detail, because("inbox_wrong_value", path=path, value="")) from None
    if found is None or found == "":
        return None
    if isinstance(found, bool | int | float | str):
        return found
    detail = f"At {path} there is {'a list' if isinstance(found, list) else 'an object'}, and no single value."
    raise HeldBack(detail, because("inbox_wrong_value", path=path, value="[…]" if isinstance(found, list) else "{…}"))


def need(path: str, body: Any) -> Scalar:
    """Return the one value at ``path``.

    Raises:
        HeldBack: there is none, or not one.
    """
    found = find(path, body)
    if found is None:
        raise HeldBack(f"There is nothing at {path}.", because("inbox_path_missing", path=path))
    return found


def as_text(value: Scalar) -> str:
    """Return a value as tables of codes have it: `3` for 3 and for 3.0, `true` for true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def as_number(value: Scalar, path: str, least: float, most: float) -> float:
    """Return a value as a number, also one written as a text.

    Raises:
        HeldBack: it is none, or out of range.
    """
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        raise unreadable(path, value, f"a number from {least:g} to {most:g}")
    return number


def unreadable(path: str, value: Scalar, wanted: str) -> HeldBack:
    """Return the reason for a value that is not what it has to be."""
    shown = as_text(value)[:_SHOWN]
    return HeldBack(
        f"At {path} stands {shown!r}, which is not {wanted}.", because("inbox_wrong_value", path=path, value=shown)
    )
