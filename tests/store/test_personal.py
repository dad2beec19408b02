"""Every column with a text says whether it may hold a person: one that nobody declared is one that nobody erases."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel
from sqlalchemy import String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import SQLModel

import app.store.tables  # noqa: F401 - declares them
from app.domain.agreement_terms import Terms
from app.domain.cost_terms import Cost
from app.domain.forms import prose_of
from app.store.personal import EVERYBODY, NEVER, NEVER_HERE, NEVER_IN, OF_USERS, PROSE, PROSE_UNDER, UNTOLD
from app.store.tables import JOURNALED

SCRIPT = {
    "drill": "script script_digest starts_at lasts_s virtual recurrence",
    "drill_participant": "play joined_us",
    "drill_clock": "timeline",
    "drill_delivery": "inject by reason evidence delivered_by_id",
    "drill_mark": "about party at_us note",
    "drill_observation": "kind objective text seq at_us author_id",
    "drill_hot_wash": "went_well to_improve to_change",
}
"""What players of a drill must not read in the journal. Of these, what people write as they like is in PROSE."""
WEBHOOK = {
    "webhook_endpoint": "member_space label url secret old_secret",
    "inbox_source": "member_space label secret old_secret",
    "inbox_mapping": "content tried_at",
}
"""Where a dispatch system is, and what it knows us by."""
HIDDEN_NO_NAME = {("user_account", "member_space"), ("api_token", "token_hash"), ("corridor", "singleton")} | {
    (table, column) for table, columns in (SCRIPT | WEBHOOK).items() for column in columns.split()
}
"""Columns that are hidden for another reason than that they name somebody."""


def texts():
    """Every column, by table, that can hold words: texts, JSON and lists of texts; no digests, ids, numbers and times."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, ARRAY):
                kind = kind.item_type
            if isinstance(kind, JSONB | String) or isinstance(getattr(kind, "impl_instance", None), String):
                yield table.name, column.name


def declared():
    """Every declaration, as often as it is made."""
    for each in EVERYBODY:
        yield from ((each.table, column) for column in each.columns)
    for columns in (OF_USERS, PROSE, UNTOLD):
        yield from ((table, column) for table, names in columns.items() for column in names)
    yield from NEVER_HERE


def test_every_text_says_whether_it_may_name_somebody():
    """A new column with a name in it would outlive the person's wish to be forgotten. Declare it in ``app/store/personal.py``:
    hidden ones in CALLS, CONTACTS or PHONE_BOOK, what people write as they like in PROSE, codes and names of things in NEVER.
    """
    known = set(declared())
    undeclared = {
        (table, column)
        for table, column in texts()
        if table not in NEVER_IN and column not in NEVER and (table, column) not in known
    }
    assert not undeclared


def test_no_column_is_declared_that_is_not_there_or_twice():
    """A declaration of a column that was renamed erases nothing."""
    listed = list(declared())
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(texts())
    assert not {column for _, column in listed if (_, column) not in NEVER_HERE} & NEVER
    assert set(NEVER_IN) <= set(SQLModel.metadata.tables)
    assert {column for _, column in texts()} >= NEVER


def test_what_is_hidden_from_the_journal_is_erased():
    """A column is hidden because it holds a name or a secret; one that erasure does not know stays for good."""
    known = {(each.table, column) for each in EVERYBODY for column in each.columns}
    known |= {
        (table, column) for names_of in (OF_USERS, UNTOLD) for table, names in names_of.items() for column in names
    }
    hidden = {(str(table.__tablename__), column) for table in JOURNALED.values() for column in table.HIDDEN}
    assert hidden - HIDDEN_NO_NAME <= known
    assert {each for each in known if each[0] not in {"audit", "inbox_message"}} <= hidden


def test_every_text_of_the_terms_is_gone_through():
    """A new clause in which somebody is named would keep the name, in signed paper."""
    assert texts_of(Terms) == PROSE_UNDER["terms"]
    assert texts_of(Cost) == PROSE_UNDER["cost"]


def texts_of(form):
    """The names of the free texts of a form, and of the forms in it."""
    found = set(prose_of(form))
    for field in form.model_fields.values():
        for inner in forms_in(field.annotation):
            found |= texts_of(inner)
    return found


def forms_in(annotation):
    """The forms that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from forms_in(each)
