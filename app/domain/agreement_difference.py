"""What two versions of an agreement say differently: path by path, for people who sign the second one.

Pure. Codes in a list are compared as a set, things with a type by that type; an area is one thing, and so is a clause's text in
one language. The order of lists says nothing, and so is no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import orjson

Kind: TypeAlias = Literal["added", "removed", "changed"]

SAID: Final = (
    "lenders", "borrowers", "precedence", "terms", "effective_at", "expires_at", "review_at", "notice_days",
)  # fmt: skip
"""What a version says."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different: a path of names with slashes between, as in a JSON pointer, and both values."""

    path: str
    kind: Kind
    was: Any
    now: Any


def difference(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what is different between two versions, in the order of the paths."""
    return tuple(sorted(_mappings("", was, now), key=lambda change: (change.path, change.kind, str(change.was))))


def sections(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return in which of their parts two versions differ: a term, or what stands beside the terms. Another first day is none."""
    parts = (change.path.removeprefix("/terms").split("/")[1] for change in changes)
    return tuple(dict.fromkeys(part for part in parts if part != "effective_at"))


def _compare(path: str, was: Any, now: Any) -> Iterator[Change]:
    if was == now:
        return
    if was is None or now is None:
        yield _one(path, was, now)
    elif isinstance(was, Mapping) and isinstance(now, Mapping) and not _is_area(was):
        yield from _mappings(path, was, now)
    elif _listed(was) and _listed(now):
        yield from _lists(path, was, now)
    else:
        yield Change(path, "changed", was, now)


def _mappings(path: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*was, *now}):
        yield from _compare(f"{path}/{name}", was.get(name), now.get(name))


def _lists(path: str, was: Sequence[Any], now: Sequence[Any]) -> Iterator[Change]:
    if not all(isinstance(each, Mapping) for each in (*was, *now)):
        before, after = list(map(str, was)), list(map(str, now))
        yield from (Change(path, "removed", each, None) for each in before if each not in after)
        yield from (Change(path, "added", None, each) for each in after if each not in before)
        return
    yield from _mappings(path, _keyed(was), _keyed(now))


def _keyed(things: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Name each thing by what it is about; several about the same by their numbers too, in an order that is always the same."""
    seen: Counter[str] = Counter()
    found: dict[str, Mapping[str, Any]] = {}
    for thing in sorted(things, key=lambda each: orjson.dumps(each, option=orjson.OPT_SORT_KEYS)):
        name = _name(thing)
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name}#{seen[name]}"] = thing
    return found


def _name(thing: Mapping[str, Any]) -> str:
    parts = [thing.get(key) for key in ("item", "type", "consumable")]
    types = thing.get("types")
    parts.append(types if isinstance(types, str) else "+".join(sorted(types)) if types else None)
    return ":".join(str(part) for part in parts if part) or "item"


def _one(path: str, was: Any, now: Any) -> Change:
    return Change(path, "added" if was is None else "removed", was, now)


def _listed(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_area(value: Mapping[str, Any]) -> bool:
    return "coordinates" in value
