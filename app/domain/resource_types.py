"""The resource types of ``protocols/typing/resource_types.yaml``: what can be asked for, offered and counted."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from app.domain.vocabulary import require
from app.settings import protocols_path


@cache
def resource_types() -> dict[str, Any]:
    """Return the file as it stands: ``types``, and the names of their ``units`` and ``measures``."""
    content: dict[str, Any] = yaml.safe_load((protocols_path() / "typing" / "resource_types.yaml").read_text("utf-8"))
    return content


@cache
def type_codes() -> frozenset[str]:
    """Return the codes of the types that can be used now; the table may also hold older ones."""
    return frozenset(str(entry["code"]) for entry in resource_types()["types"])


def require_type(code: str, *, pointer: str = "/type_code") -> None:
    """Refuse a code that is no resource type.

    Raises:
        UnknownCode: with the codes there are, at ``pointer`` in the body.
    """
    require("resource type", code, type_codes(), pointer=pointer)
