"""Contacts: a member's phone book. What is of a person stays in the row, and goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.commands.changes import write_sent
from app.commands.depots import owner_of
from app.commands.registry import Act, handles
from app.domain.errors import Duplicate
from app.domain.forms import Code, Email, Flag, Language, Note, Phone, ShortText
from app.domain.ids import new_id
from app.domain.vocabulary import codes, require
from app.store.tables import Contact, Member

if TYPE_CHECKING:
    from app.store.unit_of_work import UnitOfWork

Languages = Annotated[tuple[Language, ...], Field(max_length=24)]
FIELDS: Final = ("function", "name", "phone", "phone_2", "email", "languages", "note", "shared")
CLEARABLE: Final = frozenset({"name", "phone_2", "email", "note"})


class AddContact(Act):
    """Enter whom to ring for what."""

    member_id: UUID | None = None
    """Whose phone book; the actor's own member's if nobody is named."""
    code: Code
    function: ShortText
    """What for: "Duty officer, hazardous substances". Stands in the journal, so no names here."""
    name: ShortText | None = None
    """Who; erased with the contact."""
    phone: Phone
    phone_2: Phone | None = None
    email: Email | None = None
    languages: Languages = ()
    note: Note | None = None
    """When to ring, what to say first."""
    shared: Flag = False
    """Whether the other members of the corridor see it."""


class ChangeContact(Act):
    """Correct a contact. Only the fields sent change."""

    function: ShortText | None = None
    name: ShortText | None = None
    """Null takes it away; so for the second number, the address and the note."""
    phone: Phone | None = None
    phone_2: Phone | None = None
    email: Email | None = None
    languages: Languages | None = None
    note: Note | None = None
    shared: Flag | None = None


class RemoveContact(Act):
    """Erase a contact: its row goes, and with it all that was known of the person."""


@handles(AddContact)
async def add_contact(uow: UnitOfWork, cmd: AddContact) -> None:
    """Record ``contact.added``, for the member's eyes.

    Raises:
        Duplicate: the member has a contact of that code.
    """
    member = await uow.get(Member, owner_of(uow, cmd.member_id))
    require_languages(cmd.languages)
    if taken := await uow.find(Contact, col(Contact.member_id) == member.id, col(Contact.code) == cmd.code):
        raise Duplicate(f"{member.code} has a contact {cmd.code!r} already.", extra={"current": taken[0].state()})
    said = cmd.model_dump(mode="json", include={"code", *FIELDS})
    contact = uow.add(Contact(space_id=uow.space, id=new_id(), member_id=member.id, **said))
    tell(uow, "contact.added", contact)


@handles(ChangeContact)
async def change_contact(uow: UnitOfWork, cmd: ChangeContact) -> None:
    """Record ``contact.changed``, for the member's eyes. Locks the contact."""
    contact = await _lock_own(uow)
    require_languages(cmd.languages or ())
    write_sent(contact, cmd, FIELDS, clearable=CLEARABLE)
    tell(uow, "contact.changed", contact)


@handles(RemoveContact)
async def remove_contact(uow: UnitOfWork, _cmd: RemoveContact) -> None:
    """Record ``contact.removed``, for the member's eyes. Locks the contact."""
    contact = await _lock_own(uow)
    await uow.remove(contact)
    tell(uow, "contact.removed", contact)


def tell(uow: UnitOfWork, type_: str, first: Contact, *more: Contact) -> None:
    """Record an entry about a member's phone book: whoever else may read a contact reads it where it stands."""
    uow.record(type_, first, *more, visibility="parties", parties=(first.member_id,))


def require_languages(languages: tuple[str, ...]) -> None:
    """Refuse a language that is in no list.

    Raises:
        UnknownCode: the first of them.
    """
    for number, language in enumerate(languages):
        require("language", language, codes("languages"), pointer=f"/languages/{number}")


async def _lock_own(uow: UnitOfWork) -> Contact:
    contact = await uow.lock_target(Contact)
    uow.authorise({"owner": {contact.member_id}})
    return contact
