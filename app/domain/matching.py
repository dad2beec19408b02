"""Finding a thing by what somebody calls it: without accents, capitals and marks, from the beginning of any word."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

EXACT, BEGINS, WORDS, WITHIN = range(4)
"""How well a name fits: it is the query; begins with it; has a word for each of the query's; has it somewhere inside."""
SHORTEST_WITHIN: Final = 3
"""Characters from which on a query is looked for inside words: two letters are inside of everything."""

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_MARKS: Final = re.compile(r"[^\w]+|_+")


def folded(text: str) -> str:
    """Return a text without accents and capitals, ``ß`` as ``ss``, ``Œ`` as ``oe``."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return " ".join("".join(mark for mark in apart if not unicodedata.combining(mark)).split())


def plain(text: str) -> str:
    """Return a folded text of words alone: ``Aix-la-Chapelle`` as ``aix la chapelle``."""
    return " ".join(_MARKS.sub(" ", folded(text)).split())


@lru_cache(maxsize=20_000)
def spellings(name: str) -> tuple[str, ...]:
    """Return how a name may be typed: plain, and in German also with ``ue`` for ``ü`` (Luettich)."""
    composed = unicodedata.normalize("NFC", name).casefold()
    return tuple(dict.fromkeys((plain(name), plain(composed.translate(_UMLAUTS)))))


def fit(wanted: str, name: str) -> int | None:
    """Return how well a name fits a query that is already ``plain``, the smaller the better; None if it does not."""
    return min((found for spelling in spellings(name) if (found := _fit(wanted, spelling)) is not None), default=None)


def best_fit(wanted: str, names: Iterable[str]) -> tuple[int, str] | None:
    """Return the best fit among a thing's names, and the name that fits; the first of equals."""
    best: tuple[int, str] | None = None
    for name in names:
        found = fit(wanted, name)
        if found is not None and (best is None or found < best[0]):
            best = (found, name)
            if found == EXACT:
                break
    return best


def _fit(wanted: str, name: str) -> int | None:
    if not wanted:
        return None
    if wanted == name:
        return EXACT
    if name.startswith(wanted):
        return BEGINS
    words = name.split()
    if all(any(word.startswith(part) for word in words) for part in wanted.split()):
        return WORDS
    joined = wanted.replace(" ", "")
    return WITHIN if len(joined) >= SHORTEST_WITHIN and joined in name.replace(" ", "") else None
