"""Help from day to day: one ambulance or engine over the border, asked and sent without an offer in between.

It needs no incident, and nothing about a patient is kept: no note, no address in words, no questions, and reasons of a line where
one has to be given. It is between the two members: who asks and who is asked see where to, and nobody else sees that there was any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.domain.errors import FieldError, MissingField, NoFreeText

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from app.domain.forms import Written

KIND: Final = "day_to_day"
LONGEST_REASON: Final = 200
"""Characters of a reason (`why`): enough for *breakdown* or *handed over*, too few for a report."""


def require_incident(kind: str, incident_id: UUID | None) -> None:
    """Refuse help for no incident, unless it is help from day to day.

    Raises:
        MissingField: with where it belongs in the body.
    """
    if incident_id is None and kind != KIND:
        detail = "Name the incident; only help from day to day has none."
        raise MissingField(detail, errors=[FieldError("/incident_id", MissingField.slug, detail)])


def require_asked(kind: str) -> None:
    """Refuse help from day to day that is asked of nobody: where a patient lies is for the one control room that is to send.

    Raises:
        MissingField: with where it belongs in the body.
    """
    if kind == KIND:
        detail = "Name the member that it is asked of; help from day to day is between two."
        raise MissingField(detail, errors=[FieldError("/to_member_id", MissingField.slug, detail)])


def keep_patients_out(written: Iterable[Written]) -> None:
    """Refuse free text with help from day to day: a reason without which the act is not to be had is a line, and all else is left out.

    Raises:
        NoFreeText: with where it stands in the body.
    """
    for text in written:
        if text.pointer != "/why" or not text.required:
            raise _refused(text.pointer, "Help from day to day bears no free text.")
        keep_short(text.text)


def keep_short(why: str | None) -> None:
    """Refuse a reason that is long enough to tell of a patient.

    Raises:
        NoFreeText: with where it stands in the body.
    """
    if why is not None and len(why) > LONGEST_REASON:
        raise _refused("/why", f"With help from day to day a reason has {LONGEST_REASON} characters at most.")


def _refused(pointer: str, detail: str) -> NoFreeText:
    return NoFreeText(detail, errors=[FieldError(pointer, NoFreeText.slug, detail)])
