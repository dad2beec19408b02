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
from app.domain.webhooks import events
from app.entrypoints.http.pages import STATIC_PATH
from app.planning.candidates import FIGURES
from app.store import personal

CONSOLE = STATIC_PATH / "console"
STEPS = CONSOLE / "steps.json"
MACHINES = (
    "agreement", "request", "offer", "mission", "incident", "claim", "claim_dispute", "statement", "corrective_action",
)  # fmt: skip
PLACEHOLDER = re.compile(r"\{(\w+)\}")
COMMANDS = Path(errors.__file__).parents[1] / "commands"


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
        "event_areas": list(events().areas),
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
    assert slugs() <= told, sorted(slugs() - told)
    of_others = {key.removeprefix("refused.") for key in texts("en") if key.startswith("refused.")}
    assert slugs() <= of_others, sorted(slugs() - of_others)


def test_every_place_where_somebody_is_named_has_words():
    """Who asks what is known of them gets a list of codes."""
    named = {"act", "inbox_message", *personal.PROSE, *(each.table for each in personal.EVERYBODY)}
    assert {key.removeprefix("held.in.") for key in texts("en") if key.startswith("held.in.")} == named


def test_every_reason_of_a_refusal_has_words():
    """*That does not fit how things stand now*, and nobody says in which way."""
    found = [
        reason
        for path in COMMANDS.parent.rglob("*.py")
        for reason in re.findall(r"""because\(\s*"(\w+)"((?:,\s*\w+=)?)""", path.read_text("utf-8"))
    ]
    assert len(found) > 50, "the pattern finds them"
    texts_of = {key.removeprefix("because."): text for key, text in texts("en").items() if key.startswith("because.")}
    assert texts_of.keys() == {code for code, _ in found}
    for code, figures in found:
        text = texts_of[code]
        asked = {
            name for form in (text.values() if isinstance(text, dict) else [text]) for name in PLACEHOLDER.findall(form)
        }
        assert bool(asked) <= bool(figures), code


def test_every_warning_has_words():
    """A warning in English on a German screen is clicked away."""
    warned = {
        code
        for path in COMMANDS.glob("*.py")
        for code in re.findall(r"""\.warn\(\s*["'](\w+)["']""", path.read_text("utf-8"))
    }
    assert len(warned) > 5, "the pattern finds them"
    # What is told of a way goes by its code; that a crossing is full is for rankings and plans to say.
    warned |= {code for code, figures in FIGURES.items() if "crossing" in figures} - {"crossing_full"}
    told = {key.removeprefix("warning.") for key in texts("en") if key.startswith("warning.")}
    assert warned <= told, sorted(warned - told)


if __name__ == "__main__":
    STEPS.write_text(json.dumps(rules(), separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
