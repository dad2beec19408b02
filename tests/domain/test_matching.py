"""Finding things by what somebody calls them."""

from __future__ import annotations

import pytest

from app.domain.gazetteer import gazetteer
from app.domain.matching import BEGINS, EXACT, WITHIN, WORDS, best_fit, fit, folded, plain
from app.domain.short_codes import as_said


@pytest.mark.parametrize(
    ("typed", "name", "how"),
    [
        ("AIX LA CHAPELLE", "Aix-la-Chapelle", EXACT),
        ("liege", "Liège", EXACT),
        ("luettich", "Lüttich", EXACT),
        ("Luttich", "Lüttich", EXACT),
        ("strasse", "Straße", EXACT),
        ("hcp li", "HCP Liège 1", BEGINS),
        ("liege 1", "HCP Liège 1", WORDS),
        ("1 hcp", "HCP Liège 1", WORDS),
        ("s hertogenrade", "'s-Hertogenrade", EXACT),
        ("stvith", "St. Vith", WITHIN),
        ("chten", "Lichtenbusch", WITHIN),
        ("ch", "Lichtenbusch", None),
        ("pump 3", "HCP Liège 1", None),
        ("...", "Liège", None),
    ],
)
def test_how_well_a_name_fits(typed, name, how):
    """At three in the morning nobody types accents, and a Belgian keyboard has no ü."""
    assert fit(plain(typed), name) == how


def test_the_best_name_of_a_thing_counts():
    """Who types Aken is to be shown Aachen for that name, and not for one that merely has it inside."""
    assert best_fit("aken", ["Aachen", "Akense Poort", "Aken"]) == (EXACT, "Aken")
    assert best_fit("luik", ["Aachen"]) is None
    assert folded("Œuvre  ÇÀ") == "oeuvre ca"


@pytest.mark.parametrize(
    ("heard", "code"),
    [("r-7kq2m", "R7KQ2M"), (" R 7KQ2O ", "R7KQ20"), ("7kqil", "7KQ11"), ("i-OLILO", "I01110"), ("Liège", "11GE")],
)
def test_a_short_code_is_read_as_it_was_heard(heard, code):
    """A zero that was written down as the letter finds nothing, and the caller has to spell it again."""
    assert as_said(heard) == code


def test_other_names_belong_to_places_that_are_there():
    """A name on the list that belongs to nothing would be searched for in vain, and nobody would know."""
    point = {"type": "Point", "coordinates": [6.083, 50.777]}
    features = {"features": [{"properties": {"n": "Aachen", "cc": "DE", "pop": 1}, "geometry": point}]}
    (aachen,) = gazetteer(features, [{"n": "Aachen", "cc": "DE", "names": {"nl": "Aken"}, "also": ["Oche"]}])
    assert (aachen.named("nl"), aachen.named("en")) == ("Aken", "Aachen")
    assert list(aachen.every_name()) == ["Aachen", "Aken", "Oche"]
    with pytest.raises(ValueError, match="Achen"):
        gazetteer(features, [{"n": "Achen", "cc": "DE"}])
