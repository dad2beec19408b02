"""The console's files: its languages are complete, and its copy of the rules is the rules.

``python -m tests.entrypoints.test_console_files`` writes the copy anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import app.main  # noqa: F401 - with it, every refusal there is
from app.domain import errors
from app.domain.authority import authority
from app.domain.lifecycle import machine
from app.domain.protocol_data import LANGUAGES
from app.entrypoints.http.pages import STATIC_PATH

CONSOLE = STATIC_PATH / "console"
STEPS = CONSOLE / "steps.json"
MACHINES = ("agreement", "request", "offer", "mission", "incident", "claim", "claim_dispute", "statement")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
COMMANDS = Path(errors.__file__).parents[1] / "commands"
ONLY_PROGRAMS = {
    "bad-cursor", "bad-request", "integer-overflow", "invalid-utf8", "lone-surrogate", "malformed-json", "method-not-allowed", "naive-time",
    "no-such-address", "not-finite", "nothing-asked",
    "protocol-data", "revision-required", "unknown-field", "unsupported-media-type", "wrong-type",
}  # fmt: skip
"""Slugs of what the console never sends: nobody sees them on a screen."""


def rules() -> dict[str, Any]:
    """Return which steps there are and who may take them, as the console draws its buttons by it. The server decides."""
    return {
        "machines": {
            name: [
                {
                    "from": list(each.sources),
                    "to": each.to,
                    "by": list(each.by),
                    "only_if": each.only_if,
                    "unless": each.unless,
                }
                for each in machine(name).transitions
            ]
            for name in MACHINES
        },
        "authority": {
            name: [
                {
                    "side": grant.side.code,
                    "roles": list(grant.roles),
                    "when": {k: list(v) for k, v in grant.when.items()},
                }
                for grant in grants
                if grant.roles
            ]
            for name, grants in authority().commands.items()
        },
    }


def texts(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONSOLE / "i18n" / f"{language}.json").read_text("utf-8"))
    return found


def test_the_buttons_follow_the_rules():
    """A step that the console offers and the server refuses is a step that somebody relied on at night."""
    assert json.loads(STEPS.read_text("utf-8")) == rules()


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_are_complete(language):
    ours, english = texts(language), texts("en")
    assert ours.keys() == english.keys()
    for key, text in ours.items():
        forms = text.values() if isinstance(text, dict) else [text]
        assert all(form.strip() for form in forms), key
        assert isinstance(text, dict) == isinstance(english[key], dict), key
        named = {name for form in forms for name in PLACEHOLDER.findall(form)}
        there = english[key].values() if isinstance(english[key], dict) else [english[key]]
        assert named == {name for form in there for name in PLACEHOLDER.findall(form)}, key


def test_every_text_that_is_asked_for_is_there():
    known = texts("en").keys()
    asked = {
        key
        for path in CONSOLE.glob("*.js")
        for key in re.findall(r"""\bt\(\s*["']([\w.-]+)["']""", path.read_text("utf-8"))
    }
    assert asked <= known, sorted(asked - known)


def slugs(error: type[errors.ConcordError] = errors.ConcordError) -> set[str]:
    return {error.slug}.union(*(slugs(each) for each in error.__subclasses__()))


def test_every_refusal_has_words():
    """Whoever is refused in a language that is not theirs, at night, does not know what to do next."""
    told = {key.removeprefix("problem.") for key in texts("en") if key.startswith("problem.")}
    assert slugs() - ONLY_PROGRAMS <= told, sorted(slugs() - ONLY_PROGRAMS - told)
    assert slugs() >= ONLY_PROGRAMS, sorted(ONLY_PROGRAMS - slugs())


def test_every_warning_has_words():
    """A warning in English on a German screen is clicked away."""
    warned = {
        code
        for path in COMMANDS.glob("*.py")
        for code in re.findall(r"""\.warn\(\s*["'](\w+)["']""", path.read_text("utf-8"))
    }
    assert len(warned) > 5, "the pattern finds them"
    told = {key.removeprefix("warning.") for key in texts("en") if key.startswith("warning.")}
    assert warned <= told, sorted(warned - told)


if __name__ == "__main__":
    STEPS.write_text(json.dumps(rules(), separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
