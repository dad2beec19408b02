"""The fields that commands are made of: what a text, a code, a number or a time has to look like.

Numbers and booleans are strict, because JSON has both: `"4"`, `true` and `4.5` are no quantities (`4.0` is one, as in JSON
Schema). Ids, times and codes are texts in JSON and are read from them. Texts are trimmed, put into Unicode's form NFC
(UAX #15) so that "Liège" equals "Liège" however it was typed, and hold no control characters.

The validators raise pydantic errors of the types `forbidden_character`, `instant_format` and `instant_range`; the
entrypoints know what problem each is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

LARGEST_INTEGER = 2**63 - 1
FIRST_YEAR, LAST_YEAR = 2000, 2099

# C0, DEL and C1; halves of surrogate pairs, which are no characters; and the marks that make a line show other than it is
# (Unicode TR #36, 2.8), so that nobody signs a text that reads differently on the other side.
_NEVER = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069"
_FORBIDDEN = {False: re.compile(f"[{_NEVER}\t\n]"), True: re.compile(f"[{_NEVER}]")}
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?")


class Form(BaseModel):
    """The base of everything that comes in: nothing unknown is let through, nothing changes afterwards.

    What was sent is left out of error messages: it may be a password.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def _clean(*, lines: bool) -> Callable[[Any], Any]:
    forbidden = _FORBIDDEN[lines]

    def clean(value: Any) -> Any:
        if not isinstance(value, str):
            return value  # the type's own validator refuses it
        if lines:
            value = value.replace("\r\n", "\n")
        value = value.strip()
        if found := forbidden.search(value):
            raise PydanticCustomError(
                "forbidden_character",
                "the character U+{code} at place {place} can't be stored",
                {"code": f"{ord(found.group()):04X}", "place": found.start()},
            )
        return unicodedata.normalize("NFC", value)

    return clean


def text_schema(least: int, most: int, example: str, *, lines: bool = False) -> dict[str, Any]:
    """Return the JSON schema of a text, with a pattern that says which characters it may hold."""
    forbidden = r"\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069" + ("" if lines else r"\t\n")
    some = f"[^{forbidden}]*"
    schema: dict[str, Any] = {"type": "string", "maxLength": most, "examples": [example]}
    if least:
        return schema | {"minLength": least, "pattern": f"^{some}[^\\s{forbidden}]{some}$"}
    return schema | {"pattern": f"^{some}$"}


def fitting(pattern: str, words: str) -> AfterValidator:
    """Return a check against a regular expression that says in words what is wanted: people do not read expressions."""
    expression = re.compile(pattern)

    def fits(value: str) -> str:
        if not expression.fullmatch(value):
            raise PydanticCustomError("string_pattern_mismatch", "{words}", {"words": words})
        return value

    return AfterValidator(fits)


def pattern_schema(pattern: str, example: str, *, longest: int | None = None) -> dict[str, Any]:
    """Return the JSON schema of a text that has to fit a pattern."""
    schema: dict[str, Any] = {"type": "string", "pattern": pattern, "examples": [example]}
    return schema if longest is None else schema | {"maxLength": longest}


ONE_LINE = BeforeValidator(_clean(lines=False))
LINES = BeforeValidator(_clean(lines=True))

ShortText: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=200), ONE_LINE, WithJsonSchema(text_schema(1, 200, "High water on the Maas"))
]
"""One line: a name, a title, an address."""

ADDRESS = object()
"""Marks a line that may be somebody's address."""

Address: TypeAlias = Annotated[ShortText, ADDRESS, WithJsonSchema(text_schema(1, 200, "The sluice at Borgharen"))]
"""One line that says where somebody is wanted."""

LongText: TypeAlias = Annotated[
    str,
    Field(max_length=4_000),
    LINES,
    WithJsonSchema(text_schema(0, 4_000, "The quay is closed to traffic.", lines=True)),
]
"""Free text with lines and tabs; may be empty."""

Note: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=4_000),
    LINES,
    WithJsonSchema(text_schema(1, 4_000, "The dike at the sluice is seeping.", lines=True)),
]
"""Free text that says something: a log entry, a reason."""


@dataclass(frozen=True, slots=True)
class Written:
    """A free text in a body: where it stands, as an RFC 6901 pointer, and whether the body needs it."""

    pointer: str
    text: str
    required: bool


def written(form: BaseModel, pointer: str = "") -> Iterator[Written]:
    """Return the free texts (`LongText`, `Note`, `Address`) of a form and of the forms in it, those that are empty left out."""
    for name, field in type(form).model_fields.items():
        yield from _written(getattr(form, name), f"{pointer}/{name}", name in prose_of(type(form)), field.is_required())


@cache
def prose_of(form: type[BaseModel]) -> frozenset[str]:
    """Return the fields of a form that are free texts, or hold some; the forms in it apart."""
    return frozenset(
        name
        for name, field in form.model_fields.items()
        if any(each is LINES or each is ADDRESS for each in field.metadata) or _is_prose(field.annotation)
    )


def _written(value: Any, pointer: str, prose: bool, required: bool) -> Iterator[Written]:
    if isinstance(value, BaseModel):
        yield from written(value, pointer)
    elif isinstance(value, str):
        if prose and value:
            yield Written(pointer, value, required)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _written(each, f"{pointer}/{key}", prose, required)
    elif isinstance(value, Sequence):
        for index, each in enumerate(value):
            yield from _written(each, f"{pointer}/{index}", prose, required)


def _is_prose(annotation: Any) -> bool:
    return any(each is LINES or each is ADDRESS or _is_prose(each) for each in get_args(annotation))


CallSign: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=40), ONE_LINE, WithJsonSchema(text_schema(1, 40, "Maas 21-4"))
]
"""What a unit answers to on the radio."""

_CODE = r"^[a-z0-9]+([._-][a-z0-9]+)*$"
Code: TypeAlias = Annotated[
    str,
    Field(max_length=64),
    fitting(_CODE, "a code is of small letters and digits, with single dots, hyphens and underscores between them"),
    WithJsonSchema(pattern_schema(_CODE, "pump.high_capacity", longest=64)),
]
"""A word of one of the lists: `pump.high_capacity`, `flash_flood`, `nl-maastricht`."""

_LANGUAGE = r"^[a-z]{2}$"
Language: TypeAlias = Annotated[
    str,
    fitting(_LANGUAGE, "a language is two small letters, such as nl"),
    WithJsonSchema(pattern_schema(_LANGUAGE, "nl")),
]
"""ISO 639-1."""

_COUNTRY = r"^[A-Z]{2}$"
CountryCode: TypeAlias = Annotated[
    str,
    fitting(_COUNTRY, "a country is two capital letters, such as NL"),
    WithJsonSchema(pattern_schema(_COUNTRY, "NL")),
]
"""ISO 3166-1 alpha-2."""

_PHONE = r"^\+[0-9][0-9 ()/.-]{3,28}[0-9]$"
Phone: TypeAlias = Annotated[
    str,
    Field(max_length=31),
    fitting(_PHONE, "a telephone number begins with + and the country's own, such as +31 00 000 0101"),
    ONE_LINE,
    WithJsonSchema(pattern_schema(_PHONE, "+31 00 000 0101", longest=31)),
]
"""A number that can be rung from the other country: with `+` and the country's own (ITU-T E.123)."""

_EMAIL = r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$"
Email: TypeAlias = Annotated[
    str,
    Field(max_length=254),
    fitting(_EMAIL, "an address is written as name@example.org"),
    ONE_LINE,
    WithJsonSchema(pattern_schema(_EMAIL, "dienst@example.org", longest=254)),
]
"""An address of electronic mail (RFC 5321, 4.5.3.1); nothing is sent to it from here."""

Names: TypeAlias = Annotated[dict[Language, ShortText], Field(min_length=1, max_length=24)]
"""One name in several languages."""

NO_LANGUAGE = "und"
"""The code of a text of which nobody said in which language it is (ISO 639-2: undetermined)."""

_TEXT_LANGUAGE = rf"^([a-z]{{2}}|{NO_LANGUAGE})$"
TextLanguage: TypeAlias = Annotated[
    str,
    fitting(_TEXT_LANGUAGE, "a language is two small letters, such as nl"),
    WithJsonSchema(pattern_schema(_TEXT_LANGUAGE, "nl")),
]

Texts: TypeAlias = Annotated[dict[TextLanguage, LongText], Field(max_length=24)]
"""One text in several languages; none, if nothing is said."""


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)

Integer: TypeAlias = Annotated[int, Field(strict=True, ge=-LARGEST_INTEGER, le=LARGEST_INTEGER), WHOLE]
"""A whole number that PostgreSQL's bigint holds."""

Count: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=10_000), WHOLE]
"""How many, where none is possible: crew, a reserve."""

Quantity: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=10_000), WHOLE]
"""How many are asked for or given, in the unit of their type."""

Minutes: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=30 * 24 * 60), WHOLE]
"""A duration of up to 30 days."""

Revision: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER), WHOLE]
"""Which state of a row was read; counts from 1."""

Measure: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1_000_000)]
"""A physical quantity; its unit is in the field's name."""

Flag: TypeAlias = Annotated[bool, Field(strict=True)]
"""Yes or no."""


def _instant_text(value: Any) -> Any:
    # pydantic would also take a Unix time, a date alone and "12:00" for a time.
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("datetime_type", "a time is a text such as 2026-07-14T03:00:00Z")
    if not _RFC3339.fullmatch(value.strip()):
        raise PydanticCustomError("instant_format", "a time is written as in RFC 3339: 2026-07-14T03:00:00Z")
    return value.strip()


def _in_utc(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError(
            "instant_range",
            "a time lies between the years {first} and {last}",
            {"first": FIRST_YEAR, "last": LAST_YEAR},
        )
    return value.astimezone(UTC)


Instant: TypeAlias = Annotated[
    AwareDatetime,
    BeforeValidator(_instant_text),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-07-14T03:00:00Z"]}),
]
"""A moment, with an offset when it comes in, in UTC from then on."""
