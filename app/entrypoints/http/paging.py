"""Lists in pages, and revisions in headers.

A cursor holds the sort key of the last item and a fingerprint of the list that it belongs to. It is opaque, not secret:
the key is checked for its types before it comes near a query, and a cursor of another list, or of the same list with other
filters, is refused instead of giving a page out of nowhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_jsonable_python

from app.domain.clock import stamp
from app.domain.errors import BadCursor, FieldError, PreconditionRequired, WrongFormat
from app.domain.geo import Box, parse_box

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 200
_LONGEST_CURSOR = 1_000
_LARGEST = 2**63 - 1
_ETAG = re.compile(r'"([1-9][0-9]{0,17})"')

T = TypeVar("T")
Row = TypeVar("Row")
KeyPart = str | int | datetime | UUID


class Page(BaseModel, Generic[T]):
    """One page of a list. `next` is the cursor of the page after it, or null on the last."""

    model_config = ConfigDict(frozen=True)

    items: tuple[T, ...]
    next: str | None = Field(description="Pass on as `cursor` to get the next page; null on the last.")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for."""

    limit: int
    cursor: str | None


async def _paging(
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="Most items on a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=_LONGEST_CURSOR, description="`next` of the page before.")] = None,
) -> Paging:
    return Paging(limit, cursor)


PagingQuery = Annotated[Paging, Depends(_paging)]
"""The parameters `limit` and `cursor` of a list."""


async def _box(
    bbox: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Only what touches this box in degrees: west,south,east,north.",
            examples=["5.6,50.6,6.3,51.1"],
        ),
    ] = None,
) -> Box | None:
    return None if bbox is None else parse_box(bbox)


BoxQuery = Annotated[Box | None, Depends(_box)]
"""The filter `bbox` of a list of things that have a place."""


def fingerprint(name: str, filters: Mapping[str, Any] | None = None) -> str:
    """Return a short digest of a list's name and filters; filters that are None don't count."""
    chosen = {key: value for key, value in (filters or {}).items() if value is not None}
    said = json.dumps([name, to_jsonable_python(chosen)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def encode_cursor(of: str, key: Sequence[KeyPart]) -> str:
    """Return the cursor behind the item with this sort key, in the list with the fingerprint `of`."""
    plain = [
        stamp(part) if isinstance(part, datetime) else str(part) if isinstance(part, UUID) else part for part in key
    ]
    said = json.dumps([of, *plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def decode_cursor(of: str, cursor: str | None, kinds: Sequence[type[KeyPart]]) -> tuple[Any, ...] | None:
    """Return the sort key in a cursor, each part of the type that `kinds` says; None without a cursor.

    Raises `BadCursor` for a text that is no cursor, that belongs to another list, or whose key does not have these types.
    """
    if cursor is None:
        return None
    try:
        said = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _bad_cursor("It can't be read.") from None
    if not isinstance(said, list) or len(said) != len(kinds) + 1:
        raise _bad_cursor("It can't be read.")
    if said[0] != of:
        raise _bad_cursor("It belongs to another list, or to this one with other filters.")
    return tuple(_part(value, kind) for value, kind in zip(said[1:], kinds, strict=True))


def _part(value: Any, kind: type[KeyPart]) -> KeyPart:
    if kind is int and type(value) is int and -_LARGEST <= value <= _LARGEST:
        return value
    if isinstance(value, str) and "\x00" not in value:
        try:
            value.encode()
            if kind is str:
                return value
            if kind is UUID:
                return UUID(value)
            if kind is datetime and (at := datetime.fromisoformat(value)).tzinfo is not None:
                return at
        except ValueError:
            pass
    raise _bad_cursor("It can't be read.")


def _bad_cursor(detail: str) -> BadCursor:
    return BadCursor(detail, errors=[FieldError("query/cursor", BadCursor.slug, detail)])


def page_of(
    rows: Sequence[Row],
    paging: Paging,
    of: str,
    *,
    key: Callable[[Row], Sequence[KeyPart]],
    item: Callable[[Row], T],
) -> Page[T]:
    """Make a page of rows that were fetched with a limit of one more than the page holds: the one more says there is a next."""
    shown = rows[: paging.limit]
    more = len(rows) > paging.limit
    return Page(items=tuple(item(row) for row in shown), next=encode_cursor(of, key(shown[-1])) if more else None)


# ---------------------------------------------------------------- revisions


def etag(revision: int) -> str:
    """Return the strong entity tag (RFC 9110, 8.8.3) of a row's revision."""
    return f'"{revision}"'


def if_match(header: str | None) -> int | None:
    """Return the revision that an If-Match names, or None without the header.

    A list, a weak tag and `*` are refused with `WrongFormat`: an edit starts from one revision, and the one who edits knows it.
    """
    if header is None:
        return None
    if not (found := _ETAG.fullmatch(header.strip())):
        detail = 'If-Match holds one ETag as it was read, for example "7", with its quotation marks.'
        raise WrongFormat(detail, errors=[FieldError("header/If-Match", WrongFormat.slug, detail)])
    return int(found[1])


def required_if_match(header: str | None) -> int:
    """Return the revision that an If-Match names; raises `PreconditionRequired` without one (RFC 6585, 3)."""
    revision = if_match(header)
    if revision is None:
        raise PreconditionRequired("This changes something that somebody else may have changed since you read it.")
    return revision
