"""How deeply a message is nested is seen before anybody goes through it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.inbox.depth import DEEPEST, told_in, too_deep
from tests.domain.test_inbox import JSON


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("[" * DEEPEST + "]" * DEEPEST, False),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), True),
        ('{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1), True),
        (json.dumps(["[" * 1000, "\\", '\\"' + "{" * 1000]), False),
        ("[" + "[]," * 1000 + "[]]", False),
        ('"' + "[" * 1000, False),
        ("", False),
    ],
)
def test_brackets_count_outside_of_texts(text: str, deep: bool) -> None:
    """A note with a hundred brackets in it is no nest, and a quote that is escaped ends no text."""
    assert too_deep(text.encode()) is deep


@given(JSON, st.integers(0, 2 * DEEPEST))
def test_what_is_taken_is_what_was_said(inner: Any, levels: int) -> None:
    """Whatever stands in it, the levels around it are counted."""
    for _ in range(levels):
        inner = [inner]
    raw = json.dumps(inner).encode()

    def levels_of(value: Any) -> int:
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inside is None else 1 + max(map(levels_of, inside), default=0)

    assert too_deep(raw) is (levels_of(inner) > DEEPEST)


def test_what_is_too_deep_is_no_json_to_anybody() -> None:
    """Blacked out, exported and shown by one rule."""
    with pytest.raises(ValueError, match="nested"):
        told_in(b"[" * 1000 + b"]" * 1000)
