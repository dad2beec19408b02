"""Reading the YAML files under ``protocols/``: checked against a shape, with the file and the key named when one is wrong.

A mistake in such a file is a mistake of whoever deploys, so it is raised once, when the file is loaded
(``errors.ProtocolDataError``), and never while somebody waits for help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from app.domain.errors import ProtocolDataError
from app.settings import protocols_path

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

LANGUAGES = ("en", "de", "fr", "nl")
"""The languages every name in ``protocols/`` is written in (ISO 639-1), in the order they are shown."""


def _in_every_language(names: dict[str, str]) -> dict[str, str]:
    missing = [language for language in LANGUAGES if not names.get(language, "").strip()]
    extra = sorted(set(names) - set(LANGUAGES))
    if missing or extra:
        message = f"names are wanted in {', '.join(LANGUAGES)}; missing: {missing}, not known: {extra}"
        raise ValueError(message)
    return {language: names[language] for language in LANGUAGES}


Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
"""A word of the product as data: lower snake case."""

Names = Annotated[dict[str, str], AfterValidator(_in_every_language)]
"""Language code → name, complete in ``LANGUAGES`` and in that order."""


class Shape(BaseModel):
    """Base of the shapes that files are checked against: nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ShapeT = TypeVar("ShapeT", bound=Shape)


if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:  # the same in C, where this installation has it: a corridor of hundreds of units is read ten times as fast
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UniqueKeyLoader(_Loader):
    """YAML lets a repeated key win silently; here the second one is a mistake."""


def _mapping_of_unique_keys(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add((key.tag, key.value))
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_of_unique_keys)


def wrong(file: Path, key: str, what: str) -> ProtocolDataError:
    """Build the error for one key of one file; ``key`` is a path of names joined by dots."""
    return ProtocolDataError(
        f"{file.name}: {key}: {what}",
        extra={"file": str(file), "key": key},
        hint=f"Correct {key} in {file} and start again.",
    )


def read(relative: str, shape: type[ShapeT]) -> tuple[Path, ShapeT]:
    """Read ``protocols/<relative>`` into ``shape``; the path comes back for later messages.

    Raises ``ProtocolDataError`` when the file is missing, is not YAML, repeats a key or does not fit the shape.
    """
    file = protocols_path() / relative
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise wrong(file, "(file)", "there is no such file") from None
    except UnicodeDecodeError as error:
        raise wrong(file, f"byte {error.start}", "is not UTF-8") from error
    return file, parse(file, text, shape)


def load(file: Path, text: str) -> Any:
    """Return what ``text``, as read from ``file``, says in YAML; a key that stands twice is a mistake.

    Raises ``ProtocolDataError`` when it is no YAML.
    """
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader with one more check
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise wrong(file, f"line {line}", str(error.problem)) from error
    except yaml.YAMLError as error:
        raise wrong(file, "(file)", str(error)) from error


def parse(file: Path, text: str, shape: type[ShapeT]) -> ShapeT:
    """Check ``text``, as read from ``file``, against ``shape``."""
    data = load(file, text)
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(file)"
        raise wrong(file, key, first["msg"]) from error
