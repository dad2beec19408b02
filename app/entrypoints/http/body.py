"""What a request's body and address have to look like, before any field is looked at.

`StrictRoute` puts the strict reading of JSON (`domain/json_text.py`) under FastAPI's own: every router of the API has it as its
`route_class`. It also refuses parameters in the address that the operation does not have: a filter misspelt would otherwise be no filter.
"""

from __future__ import annotations

import email.message
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from typing_extensions import override

from app.domain.errors import FieldError, UnknownField, UnsupportedMediaType
from app.domain.json_text import read_object

_HTTP_JSON = "application/json"
_TOLD = 64
"""Characters of a name that nobody knows which a refusal repeats."""


def require_json_type(content_type: str | None) -> None:
    """Raise `UnsupportedMediaType` unless a body says that it is JSON, in UTF-8 where it names a charset."""
    message = email.message.Message()
    message["content-type"] = content_type or "none/none"
    subtype = message.get_content_subtype()
    is_json = message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))
    charset = message.get_content_charset("utf-8")
    if not is_json or charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType(
            f"The body says it is {content_type or 'nothing'}; this address reads {_HTTP_JSON} in UTF-8."
        )


def require_plain(content_encoding: str | None) -> None:
    """Raise `UnsupportedMediaType` for a body that is compressed: unpacked, a small one could be of any size."""
    if content_encoding and content_encoding.strip().lower() != "identity":
        raise UnsupportedMediaType(
            f"The body is encoded ({content_encoding[:_TOLD]}); this address reads it as it is.",
            hint="Send the body uncompressed, without Content-Encoding.",
        )


def require_known(sent: Iterable[str], known: Collection[str]) -> None:
    """Raise `UnknownField` for the parameters of an address that the operation does not have."""
    unknown = [name[:_TOLD] for name in dict.fromkeys(sent) if name not in known]
    if unknown:
        wrong = [FieldError(f"query/{name}", UnknownField.slug, "There is no such parameter.") for name in unknown]
        has = f"has {', '.join(sorted(known))}" if known else "has no parameters"
        more = f" ({len(unknown) - 1} more in `errors`)" if len(unknown) > 1 else ""
        raise UnknownField(
            f"query/{unknown[0]}: There is no such parameter; this address {has}.{more}",
            errors=wrong,
            extra={"known": sorted(known)},
        )


class StrictRequest(Request):
    """A request whose JSON is read by `read_object`, whoever asks for it."""

    @override
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = read_object(await self.body())
        return self._json


def _parameters(dependant: Dependant) -> Iterator[str]:
    """Yield the names of the parameters that an operation and what it depends on read from the address."""
    for field in dependant.query_params:
        yield field.alias
    for inner in dependant.dependencies:
        yield from _parameters(inner)


class StrictRoute(APIRoute):
    """A route that reads its address and its body strictly, before FastAPI does.

    FastAPI turns what goes wrong in `request.json()` into a bare 400; so the body is read one step earlier, where our own
    errors pass. FastAPI then finds it read.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = frozenset(_parameters(self.dependant))
        reads_json = self.body_field is not None and not isinstance(self.body_field.field_info, Form)

        async def strict(request: Request) -> Response:
            if request.scope["query_string"]:
                require_known(request.query_params.keys(), known)
            if reads_json:
                request = StrictRequest(request.scope, request.receive)
                if await request.body():
                    require_json_type(request.headers.get("content-type"))
                    require_plain(request.headers.get("content-encoding"))
                    await request.json()
            return await handle(request)

        return strict
