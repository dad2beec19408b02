"""Money: decimals and never floats, rounded once, to what the currency can be paid in.

Amounts travel as texts (``"118.25"``): a number in JSON is a float to most readers, and a float has no cents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.forms import fitting, pattern_schema

MINOR_DIGITS: Final[Mapping[str, int]] = {
    "BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "TND": 3,
    "UGX": 0, "VND": 0,
}  # fmt: skip
"""Digits after the point where they are not two (ISO 4217, list one)."""
QUANTITY: Final = Decimal("0.01")
"""To what a measured quantity is rounded before it is multiplied: hours, kilometres, litres."""
ZERO: Final = Decimal(0)
LARGEST: Final = Decimal(999999999999)

_WRITTEN: Final = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?")
_CURRENCY: Final = "[A-Z]{3}"


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PydanticCustomError("string_type", 'an amount is a text such as "118.25"; a number may lose its cents')
    text = str(value).strip()
    if _WRITTEN.fullmatch(text) is None:
        raise PydanticCustomError("string_pattern_mismatch", 'an amount is written with a point, as in "118.25"')
    return Decimal(text)


def _schema(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{_WRITTEN.pattern}$", "examples": [example]})


_AS_TEXT: Final = PlainSerializer(str, return_type=str, when_used="json")

Amount: TypeAlias = Annotated[Decimal, Field(ge=0, le=LARGEST), BeforeValidator(_decimal), _AS_TEXT, _schema("118.25")]
"""Money in some currency, or a price per unit; never negative."""

Rate: TypeAlias = Annotated[Decimal, Field(gt=0, le=LARGEST), BeforeValidator(_decimal), _AS_TEXT, _schema("1.0432")]
"""How much of one currency is one of another."""

Currency: TypeAlias = Annotated[
    str,
    fitting(_CURRENCY, "three capital letters, as in EUR (ISO 4217)"),
    WithJsonSchema(pattern_schema(f"^{_CURRENCY}$", "EUR")),
]
"""A currency by its code in ISO 4217."""


def minor_unit(currency: str) -> Decimal:
    """Return the least amount that can be paid in a currency."""
    return Decimal(1).scaleb(-MINOR_DIGITS.get(currency, 2))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return the amount as it is paid: to the minor unit, halves to the even one, so that many of them don't drift."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_EVEN)


def quantity(value: Decimal | float) -> Decimal:
    """Return a measured quantity as it is written down, to ``QUANTITY``. What was measured as a float is read as it is shown."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(QUANTITY, ROUND_HALF_EVEN)


def converted(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Return an amount in another ``currency``, of which ``rate`` is worth one of its own."""
    return rounded(amount * rate, currency)
