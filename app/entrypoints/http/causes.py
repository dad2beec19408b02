"""From what the libraries raise to the tree of `domain/errors.py`.

Pydantic tells each wrong field by a type of its own, the web framework by a status, the database by an SQLSTATE. None of
these leaves the house: here each is given the class whose slug, title and hint our readers know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
import sqlalchemy.exc
import structlog
from starlette.exceptions import HTTPException

from app.domain import errors
from app.domain.errors import ConcordError, FieldError, Malformed
from app.domain.json_text import pointer
from app.domain.wrong_fields import error_class

log = structlog.get_logger(__name__)


class BadRequest(ConcordError):
    """The HTTP message itself can't be read."""

    status = 400
    slug = "bad-request"
    title = "The request can't be read"
    hint = "Compare the request with the API's description."


class NoSuchAddress(ConcordError):
    """No page and no operation has this address. Things that are not there are `not-found`."""

    status = 404
    slug = "no-such-address"
    title = "There is no such address"
    hint = "Look the address up in the API's description at /docs."


class MethodNotAllowed(ConcordError):
    """The address is there, but not for this method; `Allow` names those that it has."""

    status = 405
    slug = "method-not-allowed"
    title = "That method is not for this address"
    hint = "Use one of the methods in the Allow header."


# ---------------------------------------------------------------- pydantic's errors


def place_of(loc: Sequence[str | int], body: Any, *, missing: bool = False) -> str:
    """Turn pydantic's location into a pointer.

    Pydantic puts the names of union members and validators between the keys; a step is left out unless it leads somewhere
    in what was sent, or is the last one and names what is missing there.
    """
    source, *steps = loc or ("body",)
    if source != "body":
        return "/".join(str(step) for step in loc)
    path: list[str | int] = []
    here = body
    for number, step in enumerate(steps):
        in_list = isinstance(here, list) and isinstance(step, int) and step < len(here)
        if in_list or (isinstance(here, dict) and step in here):
            here = here[step]
        elif not (missing and number == len(steps) - 1):
            continue
        path.append(step)
    return pointer(tuple(path))


def malformed(found: Iterable[Mapping[str, Any]], body: Any) -> Malformed:
    """Turn pydantic's list of errors into one error, of the class that the first of them has."""
    wrong: list[FieldError] = []
    first: type[Malformed] = Malformed
    extra: dict[str, Any] = {}
    for number, each in enumerate(_told_once(list(found))):
        kind = error_class(each["type"])
        if number == 0:
            first = kind
            if kind is errors.UnknownCode:
                expected = str((each.get("ctx") or {}).get("expected") or (each.get("ctx") or {}).get("expected_tags"))
                extra["known"] = re.findall(r"'([^']*)'", expected)
        place = place_of(each["loc"], body, missing=kind is errors.MissingField)
        wrong.append(FieldError(place, kind.slug, str(each["msg"])))
    where = wrong[0].pointer if wrong else ""
    detail = f"{where or 'The body'}: {wrong[0].detail}" if wrong else "The message is not valid."
    if len(wrong) > 1:
        detail += f" ({len(wrong) - 1} more in `errors`)"
    return first(detail, errors=wrong, extra=extra)


def _told_once(found: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out that a list is too short where only because something in it is wrong: pydantic counts what is right."""
    places = [tuple(each["loc"]) for each in found]
    return [
        each
        for each, place in zip(found, places, strict=True)
        if each["type"] != "too_short"
        or not any(other[: len(place)] == place and len(other) > len(place) for other in places)
    ]


# ---------------------------------------------------------------- errors of the libraries

# SQLSTATE classes and codes that say "not now" (PostgreSQL, appendix A): connection lost, insufficient resources,
# shutdown, a lock not to be had in time, a statement cancelled, a deadlock, a race.
_NOT_NOW = re.compile(r"08...|53...|57P0.|57014|55P03|40001|40P01")


def is_not_now(error: BaseException) -> bool:
    """Say whether a database error means that the same request can succeed a little later."""
    if isinstance(error, sqlalchemy.exc.TimeoutError | ConnectionError | TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        if error.connection_invalidated:
            return True
        return any(is_not_now(inner) for inner in (error.orig, getattr(error.orig, "__cause__", None)) if inner)
    if isinstance(error, asyncpg.InterfaceError):
        # The driver has no code for this: "connection is closed", "pool is closing", "connection was closed …".
        return "clos" in str(error)
    if isinstance(error, asyncpg.InternalClientError):
        # The server has said goodbye on a connection that is not closed yet: "another operation (2) is in progress".
        return "in progress" in str(error)
    return bool(_NOT_NOW.fullmatch(str(getattr(error, "sqlstate", None) or "")))


def from_any(error: Exception) -> ConcordError:
    """Turn what nobody foresaw into an error of the tree, and log it; its text stays in the log."""
    if isinstance(error, ConcordError):
        return error
    if is_not_now(error):
        log.warning("database.unavailable", error=repr(error))
        return errors.Unavailable("The database does not answer, or not in time.")
    log.error("request.failed", exc_info=error)
    return ConcordError("An error that we did not foresee; it is in the log under the request id.")


_BY_STATUS: dict[int, type[ConcordError]] = {
    401: errors.NotSignedIn,
    403: errors.Forbidden,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
    503: errors.Unavailable,
}


def from_http(error: HTTPException, *, method: str, path: str) -> ConcordError:
    """Turn a refusal of the web framework into an error of the tree."""
    if error.status_code == MethodNotAllowed.status:
        return MethodNotAllowed(f"{method} is not for {path}.")
    if error.status_code == NoSuchAddress.status:
        return NoSuchAddress(f"{path} is no address of this service.")
    otherwise = BadRequest if error.status_code < ConcordError.status else ConcordError
    return _BY_STATUS.get(error.status_code, otherwise)(str(error.detail))
