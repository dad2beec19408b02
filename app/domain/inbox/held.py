"""Why a message is held back: nobody guesses what it meant; a person sees to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class HeldBack(Exception):
    """A message can't be taken as it is. ``detail`` says in English what ``because()`` says for whoever reads another language."""

    def __init__(self, detail: str, why: Mapping[str, Any]) -> None:
        super().__init__(detail)
        self.detail = detail
        self.because: dict[str, Any] = why["reasons"][0]
