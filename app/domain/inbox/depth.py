"""What a message is as text, and how deeply it is nested: one of 64 KiB can be so a thousand levels deep, and whoever goes through it fails of that."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

DEEPEST: Final = 64
"""Levels of objects and lists within each other. What dispatch systems send has ten."""
_MARKS: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
"""A text, whole, or a bracket."""


def too_deep(raw: bytes) -> bool:
    """Whether a JSON text is nested more than ``DEEPEST`` levels deep: by its brackets outside of texts, read once."""
    depth = 0
    for found in _MARKS.finditer(raw):
        mark = found.group()
        if mark in {b"[", b"{"}:
            depth += 1
            if depth > DEEPEST:
                return True
        elif mark in {b"]", b"}"}:
            depth -= 1
    return False


def text_of(raw: bytes) -> str:
    """Return a message as text, for people: what is no UTF-8 is shown as Latin-1, which old systems write."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def told_in(raw: bytes) -> Any:
    """Return what a message says.

    Raises:
        ValueError: it is no JSON, or is nested too deeply; then it is a text and no more.
    """
    if too_deep(raw):
        message = f"It is nested more than {DEEPEST} levels deep."
        raise ValueError(message)
    return orjson.loads(raw)
