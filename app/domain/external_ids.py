"""The codes that dispatch systems know things by, as they are written in addresses and files: ``source:code``."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple, TypeAlias

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import override

from app.domain.errors import FieldError, WrongFormat
from app.domain.forms import ONE_LINE, Code, fitting, text_schema

LONGEST: Final = 100
EXAMPLE: Final = "cad-liege:2026-001234"

Source: TypeAlias = Code
"""Whose list of codes it is: `cad-liege`, `gms`, `issi`."""

ExternalCode: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST),
    ONE_LINE,
    fitting(r"[^|]*", "a code holds no |, which stands between several of them in files"),
    WithJsonSchema(text_schema(1, LONGEST, "2026-001234")),
]
"""The code as that system writes it."""


class Named(NamedTuple):
    """One code of one source."""

    source: str
    code: str

    @override
    def __str__(self) -> str:
        """As it is written: the source, a colon, the code, which may hold more of them."""
        return f"{self.source}:{self.code}"


def _two_parts(value: str) -> str:
    source, colon, code = value.partition(":")
    if not (colon and source and code.strip()):
        raise PydanticCustomError(
            "string_pattern_mismatch",
            "an external id is a source and a code with a colon between: cad-liege:2026-001234",
        )
    return value


ExternalRef: TypeAlias = Annotated[
    str,
    Field(max_length=LONGEST + 65),
    ONE_LINE,
    AfterValidator(_two_parts),
    WithJsonSchema(
        {"type": "string", "pattern": "^[^:]+:.*[^\\s].*$", "maxLength": LONGEST + 65, "examples": [EXAMPLE]}
    ),
]
"""Source and code in one text."""


def named(text: str) -> Named:
    """Return the two parts of an ``ExternalRef``."""
    source, _, code = text.partition(":")
    return Named(source.strip(), code.strip())


def parse_external(text: str, *, pointer: str) -> Named:
    """Return the two parts of what a reader looks for.

    Raises:
        WrongFormat: there is no source, or no code.
    """
    found = named(text)
    if not (found.source and found.code):
        detail = f"An external id is a source and a code with a colon between, such as {EXAMPLE}."
        raise WrongFormat(detail, errors=[FieldError(pointer, WrongFormat.slug, detail)])
    return found
