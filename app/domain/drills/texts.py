"""What no script may say, and the mark that every text of a drill carries first and last."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

EXERCISE: Final[Mapping[str, str]] = {"en": "EXERCISE", "de": "ÜBUNG", "fr": "EXERCICE", "nl": "OEFENING"}
"""The word that marks a drill, in each language."""

REAL: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "not a drill", "isn t a drill", "no drill", "not just a drill", "not an actual drill", "not an exercise", "isn t an exercise",
        "no exercise", "not just an exercise", "not an actual exercise", "not a test", "isn t a test", "real emergency",
        "this is real", "no duff",
    ),
    "de": (
        "keine übung", "keine uebung", "nicht eine übung", "nicht eine uebung", "kein übungsalarm", "kein uebungsalarm",
        "keine übungslage", "keine uebungslage", "kein probealarm", "kein test", "echter notfall", "ernstfall",
    ),
    "fr": (
        "pas un exercice", "pas d un exercice", "pas d exercice", "pas un simple exercice", "n est nullement un exercice",
        "n est point un exercice", "aucun exercice", "pas un test", "urgence réelle", "alerte réelle",
    ),
    "nl": ("geen oefening", "niet een oefening", "geen drill", "geen test", "echte noodsituatie", "echt noodgeval"),
}  # fmt: skip
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


def mark(languages: Iterable[str]) -> list[str]:
    """Return the mark of a drill, a text for each language: ``EXERCISE EXERCISE EXERCISE``."""
    return [" ".join([EXERCISE[language]] * 3) for language in languages]


def marked(text: str, languages: Sequence[str]) -> str:
    """Return a text with the mark before and after it, in every language given: ``EXERCISE EXERCISE EXERCISE``."""
    line = " · ".join(mark(languages))
    return f"{line}\n{text}\n{line}"
