"""The resource types of ``protocols/typing/resource_types.yaml``: what can be asked for, offered and counted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from app.domain.protocol_data import load
from app.domain.vocabulary import require
from app.settings import protocols_path


@cache
def resource_types() -> dict[str, Any]:
    """Return the file as it stands: ``types``, and the names of their ``units`` and ``measures``."""
    file = protocols_path() / "typing" / "resource_types.yaml"
    content: dict[str, Any] = load(file, file.read_text("utf-8"))
    return content


@cache
def type_codes() -> frozenset[str]:
    """Return the codes of the types that can be used now; the table may also hold older ones."""
    return frozenset(str(entry["code"]) for entry in resource_types()["types"])


@cache
def parts_of_type(code: str) -> Mapping[str, int]:
    """Return what a composite type is made of: type of part → how many; of any other type, nothing."""
    found: dict[str, Any] = next((entry for entry in resource_types()["types"] if entry["code"] == code), {})
    return MappingProxyType({str(part["type"]): int(part["quantity"]) for part in found.get("parts", ())})


def is_composite(code: str) -> bool:
    """Return whether what the code names is made of parts: asked for in one line, and sent as a formation."""
    return bool(parts_of_type(code))


@cache
def composite_types() -> frozenset[str]:
    """Return the codes of the types that are made of parts: their units are counted already."""
    return frozenset(code for code in type_codes() if is_composite(code))


def require_type(code: str, *, pointer: str = "/type_code") -> None:
    """Refuse a code that is no resource type.

    Raises:
        UnknownCode: with the codes there are, at ``pointer`` in the body.
    """
    require("resource type", code, type_codes(), pointer=pointer)
