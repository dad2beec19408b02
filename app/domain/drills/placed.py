"""YAML in which everything keeps its place, so that a fault can be told with line and column.

Read as YAML 1.2 reads its core schema and not as 1.1: ``no`` is the language and not False, ``10:25:00`` is a text and not
37,500. Aliases are refused: a file that people review line by line says everything where it stands.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml
from typing_extensions import override

from app.domain.drills.fault_words import said

Path: TypeAlias = tuple[str | int, ...]
"""How to come to a value from the top: keys, and numbers of items from 0."""

LARGEST: Final = 1_000_000
"""Characters of a file that is read: twenty times what the longest script needs."""
DEEPEST: Final = 30


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong. ``line`` and ``column`` count from 1; ``path`` is written ``injects[3].after.inject``."""

    line: int
    column: int
    path: str
    message: str

    @override
    def __str__(self) -> str:
        """Return it as compilers write them, without the file's name."""
        return f"{self.line}:{self.column}: {self.path}: {self.message}"


def written(path: Path) -> str:
    """Return a path as people read it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(file)"


@dataclass(slots=True)
class Placed:
    """What a file says, and where."""

    data: Any = None
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: Path, message: str, *, key: bool = False) -> Fault:
        """Return a fault at ``path``, or at the nearest thing around it that is there; at its key if so wanted."""
        near = path
        while near and near not in self.values:
            near = near[:-1]
        place = self.keys.get(near) if key and near == path else None
        line, column = place or self.values.get(near, (1, 1))
        return Fault(line, column, written(path), message)


if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:  # the same in C, where this installation has it: ten times as fast
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """Knows null, true, false, whole numbers and decimals; the rest is text."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What no YAML text holds (YAML 1.2.2, 5.1), and the byte order mark."""


def read(text: str) -> Placed:
    """Return what ``text`` says; what is wrong with it as YAML stands in ``faults``, and ``data`` is then None."""
    placed = Placed()
    if fault := _unreadable(text):
        placed.faults.append(fault)
        return placed
    try:
        if fault := _too_deep(text):
            placed.faults.append(fault)
            return placed
        top = yaml.compose(text, Loader=_Loader)
        if top is not None:
            data = _build(top, (), placed, set())
            placed.data = None if placed.faults else data
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        placed.faults.append(
            Fault(line, column, "(file)", said("no_yaml", problem=str(error.problem or error.context)))
        )
    return placed


def _unreadable(text: str) -> Fault | None:
    if len(text) > LARGEST:
        return Fault(1, 1, "(file)", said("too_long", n=LARGEST))
    if (found := _FORBIDDEN.search(text)) is None:
        return None
    before = text[: found.start()]
    code = f"U+{ord(found.group()):04X}"
    return Fault(before.count("\n") + 1, len(before) - before.rfind("\n"), "(file)", said("no_character", code=code))


def _too_deep(text: str) -> Fault | None:
    """Look for nesting before anything is built: that is done by recursion, in C, which ends the process at some depth."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            return Fault(line, 1, "(file)", said("too_deep"))
    return None


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _build(node: yaml.Node, path: Path, placed: Placed, seen: set[int]) -> Any:
    placed.values[path] = _place(node)
    if id(node) in seen:
        placed.faults.append(placed.fault(path, said("alias")))
        return None
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_build(each, (*path, number), placed, seen) for number, each in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, placed, seen)
    return _scalar(node, path, placed)


def _mapping(node: yaml.MappingNode, path: Path, placed: Placed, seen: set[int]) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for key, value in node.value:
        line, column = _place(key)
        if not isinstance(key, yaml.ScalarNode):
            placed.faults.append(Fault(line, column, written(path), said("no_word")))
            continue
        name = str(key.value)
        if name in built:
            placed.faults.append(Fault(line, column, written((*path, name)), said("key_twice")))
            continue
        placed.keys[*path, name] = line, column
        built[name] = _build(value, (*path, name), placed, seen)
    return built


def _scalar(node: yaml.Node, path: Path, placed: Placed) -> Any:
    kind = node.tag.rpartition(":")[2]
    match kind:
        case "null":
            return None
        case "bool":
            return node.value == "true"
        case "int" if len(node.value) < 20:  # noqa: PLR2004 - beyond 64 bits, and Python refuses thousands of digits
            return int(node.value)
        case "float" | "int":
            number = float(node.value)
            if not math.isfinite(number):
                placed.faults.append(placed.fault(path, said("too_large")))
            return number
        case "str":
            return str(node.value)
        case _:
            placed.faults.append(placed.fault(path, said("tag", tag=node.tag)))
            return None
