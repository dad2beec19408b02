"""The currencies of ``protocols/typing/currencies.yaml``: those of ISO 4217."""

from __future__ import annotations

from functools import cache

from app.domain.because import because
from app.domain.errors import FieldError, OutOfRange
from app.domain.protocol_data import Shape, read


class _CurrenciesShape(Shape):
    currencies: frozenset[str]


@cache
def currency_codes() -> frozenset[str]:
    """Return the codes of the currencies that there are, read once per process."""
    _, shape = read("typing/currencies.yaml", _CurrenciesShape)
    return shape.currencies


def require_currency(code: str | None, *, pointer: str) -> None:
    """Refuse three letters that are no currency; None is let through.

    Raises:
        OutOfRange: at ``pointer`` in the body.
    """
    if code is not None and code not in currency_codes():
        detail = f"There is no currency {code} (ISO 4217)."
        errors = [FieldError(pointer, OutOfRange.slug, detail)]
        raise OutOfRange(detail, errors=errors, extra=because("currency_unknown", currency=code))
