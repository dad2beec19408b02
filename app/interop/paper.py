"""Forms on paper: data and a template of ``protocols/forms/`` become a PDF, by Typst, in this process.

The data reach the template as JSON, and are set as text: what somebody wrote into a note is never read as Typst. No font of the
machine is used, and nothing is fetched: what is printed here is printed everywhere.
"""

from __future__ import annotations

from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import orjson
import typst
from pydantic import Field

from app.domain.protocol_data import Code, Names, Shape, read
from app.settings import protocols_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

TEMPLATES: Final = ("trilingual", "ics-213rr", "incident-log", "drill-player", "drill-controller", "drill-report")


class _Words(Shape):
    version: Annotated[int, Field(ge=1)]
    words: dict[Code, Names]


@cache
def words(file: str = "words") -> Mapping[str, Mapping[str, str]]:
    """Return what is printed on the forms, by a file of ``protocols/forms/``: word → language → text."""
    return read(f"forms/{file}.yaml", _Words)[1].words


def labels(languages: Sequence[str]) -> dict[str, str]:
    """Return every word in these languages, in their order, with a dot between; what is the same in two stands once."""
    return {word: " · ".join(dict.fromkeys(names[each] for each in languages)) for word, names in words().items()}


def moment(at: datetime | None, zone: str) -> dict[str, str] | None:
    """Return a moment as it is printed: UTC first, then as the clocks of ``zone`` show it, with the day where it is another."""
    if at is None:
        return None
    utc, there = at.astimezone(UTC), at.astimezone(ZoneInfo(zone))
    day = "" if there.date() == utc.date() else f"{there:%Y-%m-%d} "
    return {"utc": f"{utc:%Y-%m-%d %H:%M}Z", "local": f"{day}{there:%H:%M %Z}"}


def render(template: str, data: Mapping[str, Any], *, printed_at: datetime) -> bytes:
    """Return the PDF, tagged for readers. Takes some tens of milliseconds of computing: keep it off the event loop."""
    folder = protocols_path() / "forms"
    compiler = typst.Compiler(
        root=str(folder),
        font_paths=_fonts(),
        sys_inputs={"data": orjson.dumps(data).decode()},
    )
    second = printed_at.astimezone(UTC).replace(microsecond=0)  # Typst takes no finer time
    made = compiler.compile(input=str(folder / f"{template}.typ"), format="pdf", timestamp=second)
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    # Typst's own fonts stand in for the few characters that ours lack.
    folder = protocols_path() / "forms" / "fonts"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(folder)])
