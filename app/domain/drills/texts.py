"""What no script may say, and the mark that every text of a drill carries first and last."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

EXERCISE: Final[Mapping[str, str]] = {"en": "EXERCISE", "de": "ÜBUNG", "fr": "EXERCICE", "nl": "OEFENING"}
"""The word that marks a drill, in each language."""

REAL: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("not a drill", "no drill", "not an exercise", "no exercise", "not a test", "real emergency", "no duff"),
    "de": ("keine übung", "keine uebung", "kein probealarm", "kein test", "echter notfall", "ernstfall"),
    "fr": ("pas un exercice", "pas d un exercice", "pas d exercice", "pas un test", "urgence réelle", "alerte réelle"),
    "nl": ("geen oefening", "niet een oefening", "geen drill", "geen test", "echte noodsituatie", "echt noodgeval"),
}
"""Phrases by which people tell a real emergency from a drill. Somebody who stops a drill says them, so no script may."""


def normalised(text: str) -> str:
    """Return the words of a text alone: small, without accents, invisible characters or punctuation, one space between them."""
    wide = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in wide if unicodedata.category(each) not in {"Mn", "Cf"})
    return " ".join(re.findall(r"[^\W_]+", bare))


_PHRASES: Final = {normalised(phrase).replace(" ", ""): phrase for phrases in REAL.values() for phrase in phrases}
_ANY: Final = re.compile(r"\b(?:" + "|".join(" ?".join(phrase) for phrase in _PHRASES) + r")\b")


def claims_to_be_real(text: str) -> str | None:
    """Return the phrase by which a text, in whatever language, says that it is no drill; None if it says nothing of the kind.

    Words that were run together or pulled apart (``d-r-i-l-l``) are found, those in letters of another alphabet are not.
    """
    found = _ANY.search(normalised(text))
    return None if found is None else _PHRASES[found.group().replace(" ", "")]


def marked(text: str, languages: Sequence[str]) -> str:
    """Return a text with the mark before and after it, in every language given: ``EXERCISE EXERCISE EXERCISE``."""
    mark = " · ".join(" ".join([EXERCISE[language]] * 3) for language in languages)
    return f"{mark}\n{text}\n{mark}"
