"""Every command has a name in each language: the audit, the tokens' scopes and the history name what was done or tried."""

from __future__ import annotations

import json

import pytest

from app.domain import authority
from app.domain.protocol_data import LANGUAGES
from tests.domain.drills.making import ROOT

WORDS = ROOT / "app" / "entrypoints" / "console" / "static" / "console" / "i18n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_a_name(language):
    """An admin who reads what was refused would read `mark_line_late` between names in French."""
    told = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    assert [code for code in authority.commands() if not told.get(f"command.{code}")] == []
    gone = {key.removeprefix("command.") for key in told if key.startswith("command.")} - set(authority.commands())
    assert gone == set()
