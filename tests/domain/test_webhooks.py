"""What an endpoint asks for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import app.commands
from app.domain.webhooks import KEYS, KINDS, MEMBER_LISTS, Wanted, events
from app.queries.webhook_contexts import ABOUT
from app.store import tables

NONE = frozenset()


def test_drills_are_told_to_who_asked_for_them():
    """A dispatch system that takes everything would be told that a flood began, in the words of a drill."""
    everything = Wanted(frozenset({"*"}), NONE, NONE, NONE)
    assert everything.takes("incident.reported")
    assert not everything.takes("drill.started")
    assert Wanted(frozenset({"*"}), NONE, NONE, NONE, exercise=True).takes("drill.started")
    assert Wanted(frozenset({"drill.*"}), NONE, NONE, NONE).takes("drill.started")
    assert Wanted(frozenset({"drill.started"}), NONE, NONE, NONE).takes("drill.started")


def recorded():
    """Return every event that a command names, as far as it does so in one word."""
    words = {
        node.value
        for file in (Path(app.commands.__file__).parent).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in {"record", "_record", "tell"}
        for node in call.args
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value
    }
    return sorted(words)


def test_every_event_that_is_recorded_can_be_asked_for():
    """A name that nobody can ask for is told to nobody, and one that does not exist is never told."""
    found = [each.partition(".") for each in recorded()]
    assert len(found) > 150
    assert [each for each in found if each[2] not in events().events.get(each[0], {each[2]})] == []
    for grade in events().alarm_grade:
        area, _, what = grade.partition(".")
        assert what in events().events[area]


BESIDE = {
    ("mission", "relief_of_id"), ("mission", "stands_for_id"), ("mission", "split_from_id"),  # another mission, of the same request
    ("resource", "formation_id"),  # another unit, of the same member
    ("statement", "replaces_id"),  # the version before, of the same two members
    ("mission", "liaison_user_id"),
}  # fmt: skip
"""Columns that point at something else than what the row is about."""
ABOUT_THOSE = {"member", "incident", "request", "offer", "mission", "resource", "depot", "claim", "statement", "resource_type"}  # fmt: skip


def kinds():
    """Return every kind of row that entries tell, as its class."""
    return {
        each.KIND: each
        for each in vars(tables).values()
        if isinstance(each, type) and hasattr(each, "__table__") and isinstance(getattr(each, "KIND", None), str)
    }


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_pointer_of_every_kind_of_row_is_followed(kind):
    """Whoever asks for what concerns his neighbour would be told of its requests, and not of the offers that are made to it."""
    points = {
        (key.parent.name, key.column.table.name)
        for key in kinds()[kind].__table__.foreign_keys
        if key.parent.name not in {"space_id", "member_space"} and key.column.table.name in ABOUT_THOSE
    }
    lists = MEMBER_LISTS.get(kind, frozenset())
    assert lists <= set(kinds()[kind].__table__.columns.keys())
    for column, target in points - {(key, table) for key, table in points if (kind, key) in BESIDE}:
        # a key of two columns leads to the unit, the depot or the offer, and names its member or its request on the way
        wanted = {"resource_type": "type"}.get(target, target)
        assert KEYS.get(column) in {wanted, column.removesuffix("_id"), "member"}, (kind, column, target)


def test_what_stands_behind_is_looked_up_for_all_that_a_row_can_point_at():
    """A kind that is pointed at and not looked up hides whoever asked, or lends, from who filters by member."""
    assert set(KINDS) - {"incident"} == set(ABOUT)
