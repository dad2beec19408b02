"""The fields that commands are made of."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.domain.forms import (
    CallSign,
    Code,
    Flag,
    Form,
    Instant,
    LongText,
    Measure,
    Minutes,
    Names,
    Phone,
    Quantity,
    Revision,
    ShortText,
)


def read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refusal(kind: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    return caught.value.errors()[0]["type"]


class Ask(Form):
    """A small command."""

    title: ShortText
    count: Quantity = 1


def test_a_form_takes_nothing_unknown_and_never_changes():
    """A misspelt field that is dropped without a word is help that never comes."""
    with pytest.raises(ValidationError) as caught:
        Ask.model_validate({"title": "Pumps", "cuont": 4})
    assert caught.value.errors()[0]["type"] == "extra_forbidden"
    with pytest.raises(ValidationError):
        Ask(title="Pumps").count = 2


def test_a_refused_form_does_not_repeat_what_was_sent():
    """An error message ends up in logs, and the field may have been a password."""
    with pytest.raises(ValidationError) as caught:
        Ask.model_validate({"title": 1, "secret": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_texts_are_trimmed_and_normalised():
    """The same city typed on two keyboards must be the same city."""
    assert read(ShortText, "  Lie\u0300ge ") == "Liège"
    assert read(LongText, "one\r\ntwo\tthree\n") == "one\ntwo\tthree"
    assert read(LongText, "") == ""


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u202e", "\u2066", "\ud800"])
def test_no_control_characters(character):
    """NUL can't be stored at all; the others make a line look like another one on a terminal or a map."""
    assert refusal(ShortText, f"a{character}b") == "forbidden_character"
    assert refusal(LongText, f"a{character}b") == "forbidden_character"
    assert refusal(CallSign, f"a{character}b") == "forbidden_character"


def test_one_line_is_one_line():
    """A title with a line break would break every table it stands in."""
    assert refusal(ShortText, "one\ntwo") == "forbidden_character"
    assert refusal(ShortText, "one\ttwo") == "forbidden_character"


def test_lengths_of_texts():
    """Blank is missing; and the limits are those of the tables."""
    assert refusal(ShortText, " \t ") == "string_too_short"
    assert refusal(ShortText, "x" * 201) == "string_too_long"
    assert read(ShortText, " " + "x" * 200) == "x" * 200
    assert refusal(LongText, "x" * 4001) == "string_too_long"
    assert refusal(CallSign, "x" * 41) == "string_too_long"
    assert refusal(ShortText, 7) == "string_type"


@given(st.text(max_size=60))
def test_what_passes_as_text_can_be_stored(text):
    """Whatever people paste: what comes through has no NUL, no half characters, no outer blanks, and stays as it is."""
    try:
        read_text = read(ShortText, text)
    except ValidationError:
        return
    assert read_text.encode("utf-8")
    assert not {unicodedata.category(character) for character in read_text} & {"Cc", "Cs"}
    assert unicodedata.is_normalized("NFC", read_text)
    assert read(ShortText, read_text) == read_text


@pytest.mark.parametrize("code", ["pump.high_capacity", "flood", "nl-maastricht", "grip_1", "a"])
def test_codes(code):
    """The codes of the lists have these forms."""
    assert read(Code, code) == code


@pytest.mark.parametrize("code", ["", "Pump", "pump.", ".pump", "a..b", "a b", "a\n", "é", "x" * 65])
def test_what_is_no_code(code):
    """A code that only looks like another one can't be looked up."""
    assert refusal(Code, code) in {"string_pattern_mismatch", "string_too_long"}


def test_phones():
    """A number without its country can't be rung from the other side of the border."""
    assert read(Phone, " +31 00 000 0101 ") == "+31 00 000 0101"
    for phone in ("112", "0031 12345", "+31", "+31 abc 1234", "+" + "1" * 40):
        assert refusal(Phone, phone)


def test_names():
    """Languages are two letters, and there is at least one name."""
    assert read(Names, {"nl": "Aken", "fr": " Aix-la-Chapelle"}) == {"nl": "Aken", "fr": "Aix-la-Chapelle"}
    assert refusal(Names, {}) == "too_short"
    assert refusal(Names, {"NL": "Aken"}) == "string_pattern_mismatch"
    assert refusal(Names, {"nl": ""}) == "string_too_short"


@pytest.mark.parametrize("value", [True, "4", 4.5, None, [4]])
def test_a_quantity_is_a_whole_number(value):
    """`true` pumps would be one pump; "4" is what a broken client sends."""
    assert refusal(Quantity, value) == "int_type"


def test_limits_of_numbers():
    """The limits are those of the tables; past them the database would fail, as our fault."""
    assert read(Quantity, 4.0) == 4
    assert type(read(Quantity, 4.0)) is int
    assert refusal(Quantity, 0) == "greater_than_equal"
    assert refusal(Quantity, 10_001) == "less_than_equal"
    assert refusal(Quantity, 1e300) == "less_than_equal"
    assert refusal(Quantity, float("nan")) == "int_type"
    assert refusal(Revision, 0) == "greater_than_equal"
    assert refusal(Revision, 2**63) == "less_than_equal"
    assert refusal(Minutes, -1) == "greater_than_equal"
    assert read(Measure, 3) == 3.0
    assert refusal(Measure, float("inf")) == "finite_number"
    assert refusal(Measure, "3") == "float_type"
    assert refusal(Flag, 1) == "bool_type"
    assert refusal(Flag, "yes") == "bool_type"


def test_instants_come_out_in_utc():
    """Both sides of a border in summer write different hours for the same moment."""
    assert read(Instant, "2026-07-14T05:00:00+02:00") == datetime(2026, 7, 14, 3, tzinfo=UTC)
    assert read(Instant, "2026-07-14T05:00:00+02:00").tzinfo is UTC
    assert read(Instant, "2026-07-14t03:00:00.5z").microsecond == 500_000
    assert read(Instant, datetime(2026, 7, 14, 5, tzinfo=timezone(timedelta(hours=2)))).hour == 3


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("2026-07-14T03:00:00", "timezone_aware"),
        (datetime(2026, 7, 14, 3), "timezone_aware"),
        ("2026-07-14", "instant_format"),
        ("03:00", "instant_format"),
        ("1784000000", "instant_format"),
        (1_784_000_000, "datetime_type"),
        (True, "datetime_type"),
        (None, "datetime_type"),
        ("2026-02-30T03:00:00Z", "datetime_from_date_parsing"),
        ("1999-12-31T23:59:59Z", "instant_range"),
        ("2100-01-01T00:00:00Z", "instant_range"),
        ("0001-01-01T00:00:00+23:59", "instant_range"),
        ("9999-12-31T23:59:59-23:59", "instant_range"),
    ],
)
def test_what_is_no_instant(value, error):
    """A time that could mean two moments, or none, is asked for again."""
    assert refusal(Instant, value) == error
