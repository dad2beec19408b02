"""A scenario file read: a ``Scenario``, or every fault of it with line, column and path.

Three passes, each only if the one before found nothing, for its findings would be echoes: YAML (``placed``), the shapes
(``model``), and what hangs together (``checks``).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from app.domain.drills import placed
from app.domain.drills.checks import faults_of
from app.domain.drills.fault_words import coded, said
from app.domain.drills.model import Scenario
from app.domain.errors import FieldError, Malformed

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from app.domain.drills.ground import Ground
    from app.domain.drills.placed import Fault, Placed

_WORDS: Final = {
    "missing": "is_missing",
    "extra_forbidden": "not_known",
    "model_type": "keys_and_values",
    "dict_type": "keys_and_values",
    "tuple_type": "is_list",
    "string_type": "is_text",
    "too_short": "is_empty",
}
"""What pydantic says → a code of ``fault_words``."""
_OF_VALUES: Final = {
    "drill_time": ("time_written", None),
    "greater_than_equal": ("not_below", "ge"),
    "less_than_equal": ("not_above", "le"),
    "int_type": ("whole_number", None),
    "float_type": ("a_number", None),
    "float_parsing": ("a_number", None),
    "string_pattern_mismatch": ("other_pattern", None),
    "string_too_long": ("longer_than", "max_length"),
}
"""The same of what names the value, with the bound that it has."""


class ScenarioInvalid(Exception):
    """A scenario file that can't be played. ``faults`` are all of one pass, in the order of the file."""

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        self.file = file
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(f"{file}:{fault}" for fault in self.faults))

    def refusal(self) -> Malformed:
        """Return it as the API refuses it: ``errors`` by pointer, ``extra["faults"]`` by line and column."""
        errors = [FieldError(pointer_of(fault.path), Malformed.slug, str(fault)) for fault in self.faults]
        faults = [
            {
                "line": each.line,
                "column": each.column,
                "path": each.path,
                "message": each.message,
                **coded(each.message),
            }
            for each in self.faults
        ]
        many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        return Malformed(
            f"{self.file} can't be played: {many}, the first on line {self.faults[0].line}.",
            errors=errors,
            extra={"file": self.file, "faults": faults},
            hint="Mend what is named in `faults`; `concord drill check` tells the same.",
        )


def pointer_of(path: str) -> str:
    """Return the path of a fault as a JSON pointer."""
    return "/" + path.replace("[", ".").replace("]", "").replace(".", "/") if path != "(file)" else ""


def load_scenario(file: FilePath, ground: Ground) -> Scenario:
    """Read a scenario from a file; it is named as its id.

    Raises:
        ScenarioInvalid: with every fault.
        OSError: the file can't be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ScenarioInvalid(file.name, [placed.Fault(line, 1, "(file)", said("no_utf8"))]) from None
    return parse_scenario(text, ground, name=file.name)


def parse_scenario(text: str, ground: Ground, *, name: str) -> Scenario:
    """Read a scenario from a text; ``name`` is what its file is called.

    Raises:
        ScenarioInvalid: with every fault.
    """
    found = placed.read(text)
    if found.faults:
        raise ScenarioInvalid(name, found.faults)
    try:
        scenario = Scenario.model_validate(found.data)
    except ValidationError as error:
        raise ScenarioInvalid(name, _shape_faults(error.errors(include_url=False), found)) from None
    faults = [found.fault(path, message) for path, message in faults_of(scenario, ground)]
    if FilePath(name).suffix in {".yaml", ".yml"} and FilePath(name).stem != scenario.id:
        faults.append(found.fault(("id",), said("other_name", id=scenario.id, file=name)))
    if faults:
        raise ScenarioInvalid(name, faults)
    return scenario


def _shape_faults(errors: Iterable[ErrorDetails], found: Placed) -> set[Fault]:
    return {found.fault(_there(error["loc"], found), _message(error), key=_at_key(error)) for error in errors}


def _at_key(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden" or error["loc"][-1:] == ("[key]",)


def _there(loc: tuple[str | int, ...], found: Placed) -> placed.Path:
    """Return where in the file a fault of pydantic's is: single values were made lists, and keys are marked as such."""
    path: placed.Path = ()
    for part in loc:
        if part == "[key]":
            continue
        if isinstance(part, int) and (*path, part) not in found.values:
            break
        path = (*path, part)
    return path


def _message(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "missing" and error["loc"][-1] == "measure":
        return said("measure_missing")
    if kind == "literal_error":
        return said("not_one_of", code=str(error["input"]), known=error["ctx"]["expected"])
    if kind in _WORDS:
        return said(_WORDS[kind])
    message: str = error["msg"]
    given: Any = error["input"]
    if kind in _OF_VALUES and isinstance(given, str | int | float):
        code, bound = _OF_VALUES[kind]
        more = {} if bound is None else {"n": error["ctx"][bound]}
        return said(code, given=repr(given), **more)
    return f"{message} (here: {given!r})" if isinstance(given, str | int | float) else message
