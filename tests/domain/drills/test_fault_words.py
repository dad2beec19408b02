"""Faults of a script are told in the reader's language: each code has its words in all four, with the same figures."""

from __future__ import annotations

import json
import re

import pytest

from app.domain.drills import checking, fault_words
from app.domain.protocol_data import LANGUAGES
from tests.domain.drills.making import ROOT

WORDS = ROOT / "app" / "entrypoints" / "console" / "static" / "console" / "i18n"
FIGURES = re.compile(r"{(\w+)}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_has_words_with_its_figures(language):
    """A director who writes in Dutch would read the fault in English, or without the name that is wrong."""
    told = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    wrong = [
        code
        for code, sentence in fault_words.SENTENCES.items()
        if set(FIGURES.findall(told.get(f"fault.{code}", "{nothing}"))) != set(FIGURES.findall(sentence))
    ]
    assert wrong == []
    left_over = {key for key in told if key.startswith("fault.")} - {f"fault.{code}" for code in fault_words.SENTENCES}
    assert left_over == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_unknown_has_a_name(language):
    """`fault_what.sync_point` on the screen helps nobody."""
    told = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    folder = ROOT / "app" / "domain" / "drills"
    source = " ".join(file.read_text("utf-8") for file in sorted(folder.glob("*check*.py")))
    named = set(re.findall(r'unknown\(\s*"([a-z ]+)"', source))
    filters = re.search(r"known: dict\[str, tuple.*?\n    }", source, re.DOTALL)
    assert filters is not None
    named |= set(re.findall(r'\("([a-z ]+)", ', filters.group()))
    assert len(named) > 20
    assert [each for each in sorted(named) if f"fault_what.{each.replace(' ', '_')}" not in told] == []


def test_a_sentence_carries_what_it_was_made_of():
    """Whoever words it anew would have to take an English sentence apart."""
    told = checking.unknown("member", "be-lige", ["be-liege"])
    assert told == "'be-lige' is no member here; meant: 'be-liege'?"
    assert fault_words.coded(told) == {
        "code": "unknown_near",
        "figures": {"code": "be-lige", "what": "member", "near": "be-liege"},
    }
    assert fault_words.coded("somebody else's words") == {}
