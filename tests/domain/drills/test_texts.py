"""No script says that it is no drill, and every text of a drill says that it is one."""

from __future__ import annotations

import pytest

from app.domain.drills.texts import EXERCISE, REAL, claims_to_be_real, marked, normalised
from app.domain.protocol_data import LANGUAGES


@pytest.mark.parametrize(
    "text",
    [
        "This is not a drill",
        "THIS IS  NOT\nA   DRILL!",
        "This is not a d-r-i-l-l.",
        "this is n\u200bot a dr\u00adill",
        "\uff2e\uff2f\uff34 \uff21 \uff24\uff32\uff29\uff2c\uff2c",
        "It is notadrill, hurry",
        "Dies ist keine Übung!",
        "das ist KEINE UEBUNG",
        "keine U\u0308bung",
        "Ceci n\u2019est pas un exercice.",
        "ce n'est pas un exercice",
        "URGENCE REELLE",
        "Dit is geen oefening",
        "real emergency",
        "This isn\u2019t a drill",
        "it isn't an\texercise",
        "not just a drill",
        "This is real.",
        "Das ist nicht eine Uebung",
        "kein \u00dcbungsalarm",
        "keine \u00dcbungslage",
        "ce n\u2019est nullement un exercice",
        "Ce n'est point un exercice",
        "pas un simple exercice",
        "aucun exercice",
        "niet een oefening",
    ],
)
def test_it_is_found_however_it_is_written(text):
    """A player who reads it stops playing; a bystander who reads it calls the police."""
    assert claims_to_be_real(text) is not None


@pytest.mark.parametrize(
    "text",
    ["This is a drill.", "We do not drill today: a drill bit broke", "Das ist eine Übung", "C'est un exercice", "Dit is een oefening", "", "keine Übungsgeräte", "geen oefeningen meer", "This is really wet, and not an actual emergency"],
)  # fmt: skip
def test_other_texts_are_left_alone(text):
    """A check that refuses ordinary words is switched off."""
    assert claims_to_be_real(text) is None


def test_every_language_has_its_words():
    """A fifth language without them would let the phrase through in it."""
    assert set(REAL) == set(EXERCISE) == set(LANGUAGES)
    assert all(claims_to_be_real(f"… {phrase}!") for phrases in REAL.values() for phrase in phrases)
    assert normalised("  Ça,  va?! ") == "ca va"


def test_a_text_is_marked_first_and_last_in_every_language():
    """Whoever hears the beginning or the end alone knows it."""
    lines = marked("Four pumps, please.", LANGUAGES).split("\n")
    assert lines[0] == lines[-1]
    assert lines[1:-1] == ["Four pumps, please."]
    for word in EXERCISE.values():
        assert f"{word} {word} {word}" in lines[0]
