"""The coded words of ``protocols/typing/vocabulary.yaml``, and the check that a code is one of them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from app.domain.errors import FieldError, UnknownCode
from app.domain.protocol_data import load
from app.settings import protocols_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


@cache
def vocabulary() -> Mapping[str, Any]:
    """Return the whole vocabulary as it stands in the file."""
    file = protocols_path() / "typing" / "vocabulary.yaml"
    content: dict[str, Any] = load(file, file.read_text("utf-8"))
    return content


@cache
def codes(group: str) -> frozenset[str]:
    """Return the codes of a group: ``hazards``, ``priorities``, ``request_kinds`` …"""
    return frozenset(str(code) for code in vocabulary()[group])


@cache
def phases(country: str) -> frozenset[str]:
    """Return the codes by which ``country`` says how far an incident has gone; empty for a country not listed."""
    return frozenset(str(code) for code in vocabulary()["phases"].get(country, ()))


_TOLD: Final = 40
"""How many codes a refusal tells in its sentence; ``known`` has more."""


def require_each(*checks: Callable[[], None]) -> None:
    """Make all of these checks, and refuse with every code that is unknown, not with the first one alone.

    Raises:
        UnknownCode: with each of them; what is known where it is one list.
    """
    unknown: list[UnknownCode] = []
    for check in checks:
        try:
            check()
        except UnknownCode as refusal:
            unknown.append(refusal)
    if not unknown:
        return
    if len(unknown) == 1:
        raise unknown[0]
    detail = " ".join(refusal.detail for refusal in unknown)
    raise UnknownCode(detail, errors=[error for refusal in unknown for error in refusal.errors])


def require(what: str, code: str, known: Collection[str], *, pointer: str) -> None:
    """Refuse a code that is not in the list it is taken from.

    Raises:
        UnknownCode: with what is known, at ``pointer`` in the body.
    """
    if code not in known:
        listed = sorted(known)
        detail = f"{code!r} is no {what} here."
        told = ", ".join(listed[:_TOLD]) + (", …" if len(listed) > _TOLD else ".")
        error = FieldError(pointer, UnknownCode.slug, f"{detail} Known: {told}")
        raise UnknownCode(detail, errors=[error], extra={"known": listed[:200]})
