"""What forms are made of: fonts that are what they claim to be, and moments as both sides read them."""

from __future__ import annotations

import base64
import hashlib
import json
import string
from datetime import UTC, datetime

import pytest

from app.interop.paper import TEMPLATES, labels, moment, words
from app.queries.incident_events import _Said, told
from app.settings import protocols_path

FORMS = protocols_path() / "forms"


def test_fonts_are_those_that_were_taken():
    """A font from somewhere else may have another licence, or draw another digit."""
    locked = json.loads((FORMS / "fonts" / "vendor.lock.json").read_text("utf-8"))["packages"][0]
    assert locked["licence"] == "OFL-1.1"
    there = {file.name for file in (FORMS / "fonts").iterdir()} - {"vendor.lock.json"}
    assert there == set(locked["files"])
    for name, integrity in locked["files"].items():
        digest = hashlib.sha512((FORMS / "fonts" / name).read_bytes()).digest()
        assert integrity == "sha512-" + base64.b64encode(digest).decode()


def test_templates_hold_no_words_of_their_own():
    """A word in a template would be in one language on every sheet."""
    assert {file.stem for file in FORMS.glob("*.typ")} == {"paper", "drill", *TEMPLATES}
    for template in FORMS.glob("*.typ"):
        text = template.read_text("utf-8")
        for file in ("words", "drill-words"):
            assert not [names["de"] for names in words(file).values() if f'"{names["de"]}"' in text]


@pytest.mark.parametrize(
    ("at", "zone", "utc", "local"),
    [
        ((2026, 11, 22, 19, 44), "Europe/Brussels", "2026-11-22 19:44Z", "20:44 CET"),
        ((2026, 7, 14, 23, 30), "Europe/Amsterdam", "2026-07-14 23:30Z", "2026-07-15 01:30 CEST"),
        ((2026, 10, 25, 1, 30), "Europe/Berlin", "2026-10-25 01:30Z", "02:30 CET"),
        ((2026, 10, 25, 0, 30), "Europe/Berlin", "2026-10-25 00:30Z", "02:30 CEST"),
    ],
)
def test_a_moment_is_utc_first_then_local(at, zone, utc, local):
    """Two sides that meet at half past two in the night when clocks change meet an hour apart."""
    assert moment(datetime(*at, tzinfo=UTC), zone) == {"utc": utc, "local": local}
    assert moment(None, zone) is None


def test_what_is_the_same_in_two_languages_stands_once():
    """A label of four times the same word is noise in the smallest print."""
    assert labels(["en", "nl"])["type"] == "Type"
    assert labels(["de", "fr", "nl"])["place"] == "Ort · Lieu · Plaats"


def test_every_line_of_the_log_asks_for_what_the_telling_knows():
    """A line with a brace that nobody fills would fail where a log is printed, in a night when it is needed."""
    known = {name.removeprefix("_") for name in vars(_Said) if not name.startswith("__")}
    for event, names in told().events.items():
        asked = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in names.values()]
        assert all(fields == asked[0] for fields in asked), event
        assert asked[0] <= known, (event, asked[0] - known)
