"""Files of a drill's space carry its mark first and last, and none of them is taken into live.

In CSV the mark is the first and the last line, in each language of the corridor; in GeoJSON it is the first and the last member of
the collection, ``exercise`` and ``exercise_last``, as in the report (``drill_files``). The names of such files begin with ``EXERCISE-``.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from app.domain.drills.journal_marks import first_line, last_line
from app.domain.drills.texts import EXERCISE, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX: Final = "EXERCISE-"
_WORDS: Final = "|".join(f"{word} {word} {word}" for word in EXERCISE.values())
_LINE: Final = re.compile(rf'"?(?:{_WORDS})(?: · (?:{_WORDS}))*"?[,;\t]*'.encode())

_MEMBER: Final = re.compile(rb'^\s*\{\s*"exercise"\s*:|"exercise_last"\s*:')


def mark_csv(data: bytes, languages: Sequence[str]) -> bytes:
    """Return a file of CSV in UTF-8 with the mark as its first and last line, after its byte order mark if it has one."""
    order = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    line = " · ".join(mark(languages)).encode() + b"\r\n"
    return order + line + data.removeprefix(order) + line


def mark_geojson(data: bytes, languages: Sequence[str]) -> bytes:
    """Return a collection with the mark as its first and last member."""
    made: dict[str, Any] = first_line(languages) | orjson.loads(data) | last_line(languages)
    return orjson.dumps(made, option=orjson.OPT_INDENT_2)


def is_marked(data: bytes, *, geojson: bool) -> bool:
    """Return whether a file says that it is a drill's: by its first or its last line, or by a member of the collection."""
    if geojson:
        return _MEMBER.search(data) is not None
    lines = data.removeprefix(codecs.BOM_UTF8).splitlines()
    return any(_LINE.fullmatch(line.strip()) for line in (*lines[:1], *lines[-1:]))


def without_marks(data: bytes) -> bytes:
    """Return a file of CSV without its first and last line, where they are the mark."""
    lines = data.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True)
    if lines and _LINE.fullmatch(lines[0].strip()):
        del lines[0]
    if lines and _LINE.fullmatch(lines[-1].strip()):
        del lines[-1]
    return b"".join(lines)
