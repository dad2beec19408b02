"""The mark of a drill around the export of its journal: a line of its own before everything, and one after everything.

``{"exercise": ["EXERCISE EXERCISE EXERCISE", "ÜBUNG ÜBUNG ÜBUNG"]}`` and ``{"exercise_last": [...]}``, with a text for each
language of the corridor. A check of the journal takes exactly these for a mark: whatever else stood there would be vouched for by nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.domain.drills.texts import EXERCISE, mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIRST: Final = "exercise"
LAST: Final = "exercise_last"
MARKS: Final = frozenset({FIRST, LAST})
_TEXTS: Final = frozenset(mark(EXERCISE))


def first_line(languages: Sequence[str]) -> dict[str, list[str]]:
    """Return what stands before a drill's journal."""
    return {FIRST: mark(languages)}


def last_line(languages: Sequence[str]) -> dict[str, list[str]]:
    """Return what stands after it."""
    return {LAST: mark(languages)}


def is_mark(line: bytes) -> bool:
    """Return whether a line of an export that was written here is a mark, and no entry."""
    return line.startswith((b'{"exercise":', b'{"exercise_last":'))


def mark_of(line: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts of the mark that a file begins with. Raises ``ValueError`` for anything else."""
    return _texts(line, FIRST)


def last_of(line: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts of the mark that a file ends with. Raises ``ValueError`` for anything else."""
    return _texts(line, LAST)


def _texts(line: Mapping[str, Any], key: str) -> tuple[str, ...]:
    texts = line.get(key)
    said = [each for each in texts if isinstance(each, str) and each in _TEXTS] if isinstance(texts, list) else []
    if set(line) != {key} or not said or said != texts or len(set(said)) != len(said):
        message = "this is no mark of a drill"
        raise ValueError(message)
    return tuple(said)
