"""Importing a phone book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlmodel import col

from app.commands.contacts import CLEARABLE, FIELDS, Languages
from app.commands.imports import Codes, Import, ImportedRow, Planned, Work
from app.commands.registry import handles
from app.domain.errors import UnknownCode
from app.domain.forms import Code, Email, Flag, Note, Phone, ShortText
from app.domain.ids import new_id
from app.domain.vocabulary import codes
from app.store.tables import Contact

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork


class ContactRow(ImportedRow):
    """A contact as a file tells it."""

    code: Code
    function: ShortText | None = None
    name: ShortText | None = None
    phone: Phone | None = None
    phone_2: Phone | None = None
    email: Email | None = None
    languages: Languages | None = None
    note: Note | None = None
    shared: Flag | None = None


class ImportContacts(Import):
    """Enter and correct a member's contacts from a file."""

    rows: tuple[ContactRow, ...]


NEW: Final[dict[str, Any]] = {"languages": [], "shared": False}


@handles(ImportContacts)
async def import_contacts(uow: UnitOfWork, cmd: ImportContacts) -> None:
    """Record ``contacts.imported``, for the member's eyes. Locks the contacts that change, then the member.

    Raises:
        BadRows: with every row that does not fit.
    """
    work: Work[Contact] = Work(uow, cmd, "contacts")
    there = {each.code: each for each in await uow.find(Contact, col(Contact.member_id) == work.member_id)}
    none = Codes("contact")
    async for row, contact in work.each(cmd.rows, there, none, key=lambda row: row.code):
        fields = row.sent(FIELDS, clearable=CLEARABLE | {"languages"})
        if "languages" in fields:
            fields["languages"] = list(fields["languages"] or ())
            for language in fields["languages"]:
                if language not in codes("languages"):
                    work.wrong(row.at, "languages", UnknownCode, "unknown_language", value=language)
        if contact is None:
            if not work.require(row, fields, ("function", "phone")):
                continue
        else:
            fields = {name: value for name, value in fields.items() if getattr(contact, name) != value}
        work.plan(row, row.code, contact, fields, none)
    work.refuse()
    await work.lock(Contact)
    await work.write(lambda plan: _made(work, plan), _changed, "contact")
    await work.conclude(private=True)


def _made(work: Work[Contact], plan: Planned[Contact]) -> Contact:
    return Contact(space_id=work.uow.space, id=new_id(), member_id=work.member_id, code=plan.key, **(NEW | plan.fields))


def _changed(contact: Contact, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(contact, name, value)
