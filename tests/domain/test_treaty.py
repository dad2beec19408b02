"""The legal basis of help without an agreement, in the reader's language."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.domain.protocol_data import LANGUAGES
from app.settings import TREATY, Settings


def test_by_itself_it_is_said_in_every_language(monkeypatch):
    """A mayor in Aachen would sign under a sentence in English."""
    monkeypatch.delenv("CONCORD_TREATY", raising=False)
    assert set(TREATY) == set(LANGUAGES)
    assert {Settings().treaty_in(language) for language in LANGUAGES} == set(TREATY.values())


def test_the_operator_names_it_once_or_by_language(monkeypatch):
    """A treaty's name is one; what it is called in each language is more."""
    monkeypatch.setenv("CONCORD_TREATY", "Benelux Convention")
    assert Settings().treaty_in("de") == "Benelux Convention"
    monkeypatch.setenv("CONCORD_TREATY", '{"en": "Treaty of Anholt", "nl": "Verdrag van Anholt"}')
    assert (Settings().treaty_in("nl"), Settings().treaty_in("fr")) == ("Verdrag van Anholt", "Treaty of Anholt")
    monkeypatch.setenv("CONCORD_TREATY", '{"nl": "Verdrag van Anholt"}')
    with pytest.raises(ValidationError):
        Settings()
