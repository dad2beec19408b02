"""Reading JSON more strictly than the libraries do.

JSON as it is read by default lets through what no table can hold or what two readers understand differently: NaN and
Infinity, whole numbers of any length, half surrogate pairs, NUL, and the same key twice (RFC 8259, 4 and 8.2; RFC 7493,
2.1 to 2.3). Each is refused here, with a pointer to its place, before any field is looked at.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from app.domain.errors import (
    FieldError,
    ForbiddenCharacter,
    IntegerOverflow,
    InvalidUtf8,
    LoneSurrogate,
    Malformed,
    MalformedJson,
    NotFinite,
    WrongType,
)

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_LONGEST_INTEGER = len(str(_SMALLEST))
_ESCAPE_TO_LOOK_AT = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Odd:
    """Stands in the parsed body for a number that can't be taken, until its place has been found."""

    __slots__ = ("error", "text")

    def __init__(self, error: type[Malformed], text: str) -> None:
        self.error = error
        self.text = text


class _Reading:
    """One pass of the parser: its hooks, and whether what they met makes a second look at the result necessary."""

    def __init__(self) -> None:
        self.odd = False

    def _mark(self, error: type[Malformed], text: str) -> _Odd:
        self.odd = True
        return _Odd(error, text if len(text) <= _LONGEST_INTEGER else f"{text[:_LONGEST_INTEGER]}…")

    def constant(self, text: str) -> _Odd:
        return self._mark(NotFinite, text)

    def integer(self, text: str) -> int | _Odd:
        # The length comes first: turning a million digits into a number takes minutes.
        if len(text) > _LONGEST_INTEGER or not _SMALLEST <= (value := int(text)) <= _LARGEST:
            return self._mark(IntegerOverflow, text)
        return value

    def real(self, text: str) -> float | _Odd:
        value = float(text)
        return value if math.isfinite(value) else self._mark(NotFinite, text)

    @staticmethod
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise MalformedJson(f"The key {twice!a} stands twice in one object; which one counts would be a guess.")
        return members


def read_json(raw: bytes) -> Any:
    """Return what a JSON text says.

    Raises `InvalidUtf8`, `MalformedJson`, `NotFinite`, `IntegerOverflow`, `LoneSurrogate` or `ForbiddenCharacter`.
    """
    if raw.startswith(codecs.BOM_UTF8):
        raise MalformedJson("The body begins with a byte order mark (U+FEFF), which JSON does not have.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidUtf8(f"The byte at offset {error.start} does not fit into UTF-8.") from None
    reading = _Reading()
    try:
        body = json.loads(
            text,
            parse_constant=reading.constant,
            parse_int=reading.integer,
            parse_float=reading.real,
            object_pairs_hook=reading.members,
        )
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise MalformedJson("The body is nested too deeply.") from None
    if reading.odd or _ESCAPE_TO_LOOK_AT.search(text):
        _look_again(body)
    return body


def read_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that a body is; raises what `read_json` does, and `WrongType` for anything else."""
    body = read_json(raw)
    if not isinstance(body, dict):
        detail = "The body must be a JSON object: {…}."
        raise WrongType(detail, errors=[FieldError("", WrongType.slug, detail)])
    return body


def pointer(path: tuple[str | int, ...]) -> str:
    """Return a JSON pointer (RFC 6901); half surrogates in keys are shown as escapes, for no answer could hold them."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps).encode("utf-8", "backslashreplace").decode("utf-8")


def _leaves(body: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Walk over every value and every key without recursion; a key is given as a text at its own place."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), body)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for key, member in value.items():
                yield (*path, key), key
                waiting.append(((*path, key), member))
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))
        else:
            yield path, value


def _look_again(body: Any) -> None:
    for path, value in _leaves(body):
        if isinstance(value, _Odd):
            raise _at(value.error, path, f"{value.text} can't be taken as a number.")
        if isinstance(value, str):
            if _SURROGATE.search(value):
                raise _at(LoneSurrogate, path, "Half of a surrogate pair stands alone.")
            if "\x00" in value:
                raise _at(ForbiddenCharacter, path, "The character U+0000 can't be stored.")


def _at(error: type[Malformed], path: tuple[str | int, ...], detail: str) -> Malformed:
    return error(detail, errors=[FieldError(pointer(path), error.slug, detail)])
