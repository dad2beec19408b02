"""What stands in the columns of a sheet of depots, resources or contacts: the same in CSV and in GeoJSON properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

SheetKind = Literal["depots", "resources", "contacts"]
KINDS: Final[tuple[SheetKind, ...]] = get_args(SheetKind)

Holds = Literal["text", "whole", "number", "yes_no", "words"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what its cells hold, and one of them as an example. ``words`` are several, with ``|`` between."""

    name: str
    example: Any
    holds: Holds = "text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns of a kind, which of them tells one row from another, and where on the map a row stands."""

    key: str
    columns: tuple[Column, ...]
    placed: bool = False
    """Whether ``lon`` and ``lat`` are columns: in GeoJSON they are the geometry."""

    @property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by their names, in their order."""
        return {column.name: column for column in self.columns}


_CODES: Final = Column("external_ids", ["gms:12-3441", "issi:204-5551234"], "words")

SHEETS: Final[Mapping[SheetKind, Sheet]] = MappingProxyType(
    {
        "depots": Sheet(
            "code",
            (
                Column("code", "noord"),
                Column("name", "Kazerne Noord"),
                Column("address", "Beatrixhaven 1, Maastricht"),
                Column("lon", 5.69, "number"),
                Column("lat", 50.87, "number"),
                Column("external_ids", ["gms:K-0321"], "words"),
            ),
            placed=True,
        ),
        "resources": Sheet(
            "call_sign",
            (
                Column("call_sign", "WTS Maastricht 1"),
                Column("type", "pump.high_capacity"),
                Column("depot", "noord"),
                Column("officers", 0, "whole"),
                Column("ncos", 1, "whole"),
                Column("crew", 3, "whole"),
                Column("mobilisation_min", 20, "whole"),
                Column("weight_t", 22, "number"),
                Column("length_m", 9.5, "number"),
                Column("width_m", 2.5, "number"),
                Column("height_m", 3.6, "number"),
                Column("papers", True, "yes_no"),
                Column("couplings", True, "yes_no"),
                Column("radios", False, "yes_no"),
                Column("languages", ["nl", "de"], "words"),
                _CODES,
            ),
        ),
        "contacts": Sheet(
            "code",
            (
                Column("code", "hazmat-duty"),
                Column("function", "Adviseur gevaarlijke stoffen"),
                Column("name", "J. de Vries"),
                Column("phone", "+31 00 000 0111"),
                Column("phone_2", "+31 00 000 0112"),
                Column("email", "dienst@example.org"),
                Column("languages", ["nl", "de"], "words"),
                Column("note", "Buiten kantoortijd via de meldkamer."),
                Column("shared", True, "yes_no"),
            ),
        ),
    }
)
