"""Protocols (playbooks) of ``protocols/response/*.yaml``: for a hazard and a severity, what happens by itself.

Each is versioned and shared by all members. A member never copies one: it says in an overlay what it does otherwise, and why
(``playbook_overlays.py``).
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import ConfigDict, Field, model_validator

from app.domain.errors import NotFound
from app.domain.protocol_data import Code, Names, Shape, parse, wrong
from app.domain.resource_types import type_codes
from app.domain.vocabulary import codes
from app.settings import protocols_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FOLDER: Final = "response"
MOST_MINUTES: Final = 7 * 24 * 60
Minutes = Annotated[int, Field(strict=True, ge=0, le=MOST_MINUTES)]


class SeverityRange(Shape):
    """Severities of an incident, both ends among them."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    least: int = Field(alias="from", strict=True, ge=1, le=5)
    most: int = Field(alias="to", strict=True, ge=1, le=5)

    @model_validator(mode="after")
    def _in_order(self) -> SeverityRange:
        if self.least > self.most:
            message = "a range begins with its lower end"
            raise ValueError(message)
        return self


class PackageLine(Shape):
    """One line of the standard package: needed ``within_min`` minutes of when the protocol applies."""

    type_code: str
    quantity: int = Field(strict=True, ge=1, le=10_000)
    priority: str
    within_min: Minutes


class Item(Shape):
    """One thing to do in the first hour, due so many minutes after the protocol applies."""

    code: Code
    due_min: Minutes
    texts: Names


class Playbook(Shape):
    """One protocol. ``notify`` are kinds of the lead member's informed authorities, ``rendezvous`` kinds that are wanted."""

    code: Code
    version: int = Field(strict=True, ge=1)
    hazard: str
    severity: SeverityRange
    names: Names
    package: tuple[PackageLine, ...] = Field(min_length=1)
    notify: tuple[str, ...]
    checklist: tuple[Item, ...] = Field(min_length=1)
    radio_plan: Names
    rendezvous: tuple[str, ...]

    def fits(self, hazard: str, severity: int) -> bool:
        """Return whether it is for such an incident."""
        return self.hazard == hazard and self.severity.least <= severity <= self.severity.most


@cache
def playbooks() -> Mapping[str, Playbook]:
    """Return the shared protocols by code, in the order of their codes.

    Raises:
        ProtocolDataError: a file is wrong; names it, and the key.
    """
    files = sorted((protocols_path() / FOLDER).glob("*.yaml"))
    return playbooks_of((file, file.read_text(encoding="utf-8")) for file in files)


def playbooks_of(files: Iterable[tuple[Path, str]]) -> Mapping[str, Playbook]:
    """Return the protocols that ``files`` say, each a path and its text.

    Raises:
        ProtocolDataError: a code that is nowhere, one that stands twice, an item that says something else in another
            protocol, or two protocols for one incident.
    """
    found: dict[str, Playbook] = {}
    said: dict[str, dict[str, str]] = {}
    for file, text in files:
        playbook = parse(file, text, Playbook)
        _require_known(file, playbook)
        if file.stem != playbook.code:
            raise wrong(file, "code", f"a file is named after its protocol: {playbook.code}.yaml")
        for other in found.values():
            severities = range(playbook.severity.least, playbook.severity.most + 1)
            if any(other.fits(playbook.hazard, severity) for severity in severities):
                raise wrong(file, "severity", f"{other.code} is for some of these already")
        for number, item in enumerate(playbook.checklist):
            if said.setdefault(item.code, item.texts) != item.texts:
                raise wrong(file, f"checklist.{number}.texts", f"{item.code} says something else in another protocol")
        found[playbook.code] = playbook
    return MappingProxyType(dict(sorted(found.items())))


def fitting(hazard: str, severity: int) -> Playbook | None:
    """Return the protocol for such an incident, if there is one."""
    return next((each for each in playbooks().values() if each.fits(hazard, severity)), None)


def playbook(code: str) -> Playbook:
    """Return the shared protocol of that code.

    Raises:
        NotFound: there is none.
    """
    if code not in playbooks():
        raise NotFound("protocol", code)
    return playbooks()[code]


def _require_known(file: Path, playbook: Playbook) -> None:
    """Refuse a code that is in no list, and one that stands twice where it is a name."""
    coded: dict[str, tuple[list[str], frozenset[str]]] = {
        "hazard": ([playbook.hazard], codes("hazards")),
        "package": ([line.type_code for line in playbook.package], type_codes()),
        "notify": (list(playbook.notify), codes("authority_kinds")),
        "rendezvous": (list(playbook.rendezvous), codes("rendezvous_kinds")),
    }
    for key, (used, known) in coded.items():
        for number, code in enumerate(used):
            where = key if key == "hazard" else f"{key}.{number}"
            if code not in known:
                raise wrong(file, where, f"{code!r} is not known")
            if code in used[:number]:
                raise wrong(file, where, f"{code!r} stands twice")
    for number, line in enumerate(playbook.package):
        if line.priority not in codes("priorities"):
            raise wrong(file, f"package.{number}.priority", f"{line.priority!r} is not known")
    items = [item.code for item in playbook.checklist]
    for number, code in enumerate(items):
        if code in items[:number]:
            raise wrong(file, f"checklist.{number}.code", f"{code!r} stands twice")
