"""Entries of the journal as CloudEvents 1.0 in structured JSON, as webhooks and outboxes carry them.

``protocols/wire/webhooks/1/message.schema.json`` describes them. An id is the entry's space, seq and the beginning of its hash: the same
however often it is sent, and another one in a journal that was begun anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from typing_extensions import override

from app.domain.chain import Entry
from app.domain.clock import stamp
from app.domain.drills.texts import EXERCISE

if TYPE_CHECKING:
    from cloudevents.core.base import BaseCloudEvent

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
VERSION: Final = 1
SCHEMA: Final = f"urn:concord:webhooks:message:{VERSION}"
HEARTBEAT: Final = "concord.heartbeat"
_HASH_DIGITS: Final = 12
_ERASED: Final[Mapping[str, Any]] = {"data": None, "rows": None}


@dataclass(frozen=True, slots=True)
class Context:
    """What is told beside an entry: its incident with both sides' numbers, and the codes by which dispatch systems know what it names."""

    incident: Mapping[str, Any] | None = None
    external_ids: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message comes from: the address of this service, and the space."""

    base: str
    space: str
    space_kind: str
    languages: Sequence[str] = field(default=("en",))
    """The corridor's: a drill's message is marked in each."""


def event_id(space: str, entry: Entry) -> str:
    """Return the id of the event that an entry is."""
    return f"{space}:{entry.seq}:{entry.hash.hex()[:_HASH_DIGITS]}"


def message(
    entry: Entry,
    body: Mapping[str, Any] | None,
    context: Context,
    sent: Sent,
    *,
    replayed: bool = False,
    receipt_by: datetime | None = None,
) -> bytes:
    """Return an entry, with its payload read, as the JSON text that is signed and sent. One that was erased is null."""
    data: dict[str, Any] = {
        "version": VERSION,
        "seq": entry.seq,
        "space": sent.space,
        "space_kind": sent.space_kind,
        "header": entry.head(),
        "incident": context.incident,
        "external_ids": list(context.external_ids),
        "receipt": None if receipt_by is None else {"wanted": "taken_into_dispatch", "by": stamp(receipt_by)},
        **(body or _ERASED),
    }
    attributes: dict[str, Any] = {}
    if sent.space_kind == "exercise":
        marks = [" ".join([EXERCISE[language]] * 3) for language in sent.languages]
        attributes["exercise"] = " · ".join(marks)  # the first thing in the text, and
        data["exercise"] = marks  # the last
    attributes |= {
        "id": event_id(sent.space, entry),
        "source": f"{sent.base}/api/v1/spaces/{sent.space}",
        "type": entry.type,
        "specversion": "1.0",
        "time": entry.recorded_at,
        "subject": f"{entry.subject_kind}:{entry.subject_id}",
        "datacontenttype": "application/json",
        "dataschema": SCHEMA,
        "spacekind": sent.space_kind,
    }
    if replayed:
        attributes["replayed"] = True
    return _written(attributes, data)


def heartbeat(base: str, endpoint: str, at: datetime, within_min: int) -> tuple[str, bytes]:
    """Return id and text of the message that says: we are there, and you hear of us again within so many minutes."""
    id_ = f"heartbeat:{endpoint}:{int(at.timestamp())}"
    attributes = {
        "id": id_, "source": f"{base}/api/v1/webhooks/{endpoint}", "type": HEARTBEAT, "specversion": "1.0", "time": at,
        "datacontenttype": "application/json",
    }  # fmt: skip
    return id_, _written(attributes, {"version": VERSION, "at": stamp(at), "again_within_min": within_min})


class _Format(JSONFormat):
    """The library's, less what it does for data of other kinds, and written by orjson: a twentieth of the time, and each message is written for many."""

    @override
    def write(self, event: BaseCloudEvent) -> bytes:
        return orjson.dumps({**event.get_attributes(), "data": event.get_data()}, option=orjson.OPT_UTC_Z)


_FORMAT: Final = _Format()


def _written(attributes: dict[str, Any], data: Mapping[str, Any]) -> bytes:
    return _FORMAT.write(CloudEvent(attributes, dict(data)))
