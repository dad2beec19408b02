"""A phone book is its member's; the journal tells of functions, never of people, and what is erased is gone."""

from __future__ import annotations

import pytest

from app.commands.contacts import AddContact, ChangeContact, RemoveContact
from app.domain.errors import Duplicate, RoleMissing, UnknownCode

DUTY = {
    "code": "hazmat",
    "function": "Adviseur gevaarlijke stoffen",
    "name": "Jan Onthouden",
    "phone": "+31 00 000 0111",
    "email": "onthouden@example.org",
    "languages": ["nl"],
    "note": "Eerst de meldkamer.",
}
OF_A_PERSON = ("Jan Onthouden", "+31 00 000 0111", "onthouden@example.org", "Eerst de meldkamer")


async def test_entered_corrected_erased(act, conn, assert_fold):
    """Nobody could be rung; or somebody who has left would be rung for ever."""
    added = await act(AddContact, **DUTY)
    await assert_fold()
    changed = await act(ChangeContact, added.id, phone="+31 00 000 0112", note=None, shared=True)
    assert (changed.revision, changed.subject["shared"]) == (2, True)
    row = await conn.fetchrow("SELECT * FROM contact")
    assert (row["phone"], row["note"], row["name"]) == ("+31 00 000 0112", None, "Jan Onthouden")
    await assert_fold()
    await act(RemoveContact, added.id)
    assert await conn.fetchval("SELECT count(*) FROM contact") == 0
    await assert_fold()


async def test_the_journal_knows_no_person(act, conn):
    """An entry can't be taken out of the chain, and a person can ask to be forgotten."""
    added = await act(AddContact, **DUTY)
    await act(ChangeContact, added.id, name="Piet Anders")
    rows = await conn.fetch("SELECT payload, visibility FROM journal_entry WHERE type LIKE 'contact.%'")
    assert {row["visibility"] for row in rows} == {"parties"}
    told = "".join(row["payload"] for row in rows)
    assert "Adviseur gevaarlijke stoffen" in told
    assert not [each for each in (*OF_A_PERSON, "Piet Anders") if each in told]
    assert not [each for each in OF_A_PERSON if each in added.model_dump_json()]


async def test_a_number_that_changed_alone_is_a_new_revision(act):
    """Two dispatchers who correct the same number would overwrite each other unseen."""
    added = await act(AddContact, **DUTY)
    assert (await act(ChangeContact, added.id, phone="+31 00 000 0199")).revision == 2


@pytest.mark.parametrize("role", ["viewer", "requester", "authorised_representative", "finance"])
async def test_it_is_kept_by_dispatchers_and_admins(act, role):
    """Whoever may change the numbers decides who is rung."""
    added = await act(AddContact, who=("maas", "admin"), **DUTY)
    with pytest.raises(RoleMissing):
        await act(AddContact, who=("maas", role), **(DUTY | {"code": "other"}))
    for who in [("maas", role), ("luik", "dispatcher")]:
        with pytest.raises(RoleMissing):
            await act(ChangeContact, added.id, who=who, phone="+31 00 000 0000")
        with pytest.raises(RoleMissing):
            await act(RemoveContact, added.id, who=who)


async def test_what_does_not_fit_is_refused(act):
    """One code, one contact; and a number that can be rung from the other country."""
    await act(AddContact, **DUTY)
    with pytest.raises(Duplicate):
        await act(AddContact, **DUTY)
    with pytest.raises(UnknownCode):
        await act(AddContact, **(DUTY | {"code": "other", "languages": ["xx"]}))
    for wrong in [{"phone": "043 123"}, {"email": "nobody"}, {"function": ""}]:
        with pytest.raises(ValueError):
            await act(AddContact, **(DUTY | {"code": "other"} | wrong))
