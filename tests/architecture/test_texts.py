"""What people read, in a language that has rules of its own for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from app.entrypoints.console.sign_in_words import WORDS

TOP = Path(__file__).parents[2]
I18N = TOP / "app" / "entrypoints" / "console" / "static" / "console" / "i18n"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HELD = "\u00a0\u202f"
"""No-break spaces, as wide as a word's and narrow."""

# A sign that stands alone, as at the end of a sentence or before a quotation mark; not within 18:00, an address or a code.
APART = re.compile(rf"(?<![{HELD}:;?!»&])(?:[;?!»]|:(?=[\s”»]|$))|«(?![{HELD}])")


def french_in(value: Any, *, french: bool = False) -> Iterator[str]:
    """Go through the texts under ``fr``, and those that somebody is said to write in French."""
    if isinstance(value, str):
        if french:
            yield value
    elif isinstance(value, dict):
        written = value.get("language") == "fr"
        for key, each in value.items():
            yield from french_in(each, french=french or key == "fr" or (written and key in {"text", "note", "reason"}))
    elif isinstance(value, list):
        for each in value:
            yield from french_in(each, french=french)


def french() -> Iterator[tuple[str, str]]:
    """Return every French text with where it stands."""
    for folder in ("protocols", "simulations"):
        for file in sorted((TOP / folder).rglob("*.yaml")):
            for text in french_in(yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)):
                yield str(file.relative_to(TOP)), text
    for key, said in json.loads((I18N / "fr.json").read_text(encoding="utf-8")).items():
        for text in said.values() if isinstance(said, dict) else [said]:
            yield f"fr.json: {key}", text
    for text in WORDS["fr"].values():
        yield "sign_in_words.py", text


def test_french_signs_stand_apart_and_never_alone_on_a_line():
    """A line that begins with a question mark, or a colon that sticks to its word: so no French control room writes."""
    texts = list(french())
    assert len({where.split(":")[0] for where, _ in texts}) > 40, "the texts are found"
    wrong = [
        (where, text[max(0, found.start() - 30) : found.end() + 5])
        for where, text in texts
        for found in APART.finditer(text)
    ]
    assert not wrong, wrong
