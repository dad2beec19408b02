"""The OpenAPI document, built once for all tests of a process that look at it."""

from __future__ import annotations

from functools import cache
from typing import Any

import app.main

METHODS = ("get", "post", "put", "patch", "delete")


@cache
def document() -> dict[str, Any]:
    """Return the document, which nobody changes."""
    return app.main.openapi()


def operations() -> dict[str, dict[str, Any]]:
    """Return its operations by method and path, as in "GET /api/v1/…"."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }
