"""Opaque ids. UUID version 7 (RFC 9562, 5.7): random, but in the order of their making, so that indexes stay compact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uuid_utils.compat

if TYPE_CHECKING:
    from uuid import UUID


def new_id() -> UUID:
    """Return a new id; two calls in one process never give the same, and later ones sort later."""
    return uuid_utils.compat.uuid7()
