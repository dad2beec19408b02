"""Rules of the house that no import contract can hold. Each was broken in some code base that was read before this one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from sqlmodel import SQLModel

import app.commands.catalogue  # noqa: F401 - enters every handler at the door
from app.commands.registry import BY_NAME
from app.domain import authority
from app.domain.lifecycle import MACHINES, machine
from app.settings import Settings
from app.store.tables import JOURNALED

TOP = Path(__file__).parents[2]
MODULES = sorted((TOP / "app").rglob("*.py"))
SPACE_FREE = {
    "alembic_version",
    "audit",
    "api_token",
    "token_use",
    "corridor",
    "inbox_mapping",
    "inbox_source",
    "login_throttle",
    "resource_type",
    "session",
    "space",
    "user_account",
    "webhook_endpoint",
    "webhook_pulse",
}
"""Tables that belong to no space. ``audit`` names one as text: a refusal may be about a space that does not exist."""
BESIDE_SPACES = {"origin_id", "subject_id", "actor_id", "user_id", "author_id", "target"}
"""Columns that hold an id without a foreign key: who (users are free of spaces), what a log is about."""


def _source(module: Path) -> str:
    return module.read_text(encoding="utf-8")


def test_commit_stands_in_one_file():
    """A second place that commits is a second door."""
    found = {str(module.relative_to(TOP)) for module in MODULES if re.search(r"\.commit\(", _source(module))}
    assert found == {"app/store/unit_of_work.py"}


def test_entrypoints_hold_no_sql():
    """A query in a route is a rule that no other entrypoint has."""
    words = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b [a-z*]")
    for module in MODULES:
        if "entrypoints" in module.parts:
            assert not words.search(_source(module)), module


def test_rules_read_no_clock():
    """A rule that reads the time itself can't be drilled, and not be tested."""
    for module in MODULES:
        if module.parent.name in {"domain", "planning"} and module.name != "clock.py":
            assert not re.search(r"datetime\.now|time\.time\(|utcnow", _source(module)), module


def test_no_command_reaches_for_the_network():
    """A handler that waits for somebody else's server holds locks that a control room waits for."""
    for module in MODULES:
        if "commands" not in module.parts:
            continue
        for node in ast.walk(ast.parse(_source(module))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & {
                "aiohttp",
                "httpx",
                "websockets",
                "socket",
                "smtplib",
            }, module


def test_every_command_stands_in_the_authority_table():
    """A command that nobody may carry out would be found by the first person who needs it."""
    assert set(BY_NAME) <= set(authority.commands())


def test_every_table_of_a_space_has_it_in_its_key():
    """The database itself refuses a row of a drill that points at a live one only where the keys say so."""
    for name, table in SQLModel.metadata.tables.items():
        if name in SPACE_FREE:
            continue
        if "space_id" not in table.columns:
            pytest.fail(f"{name} belongs to no space and is not listed as such")
        if name != "due_work":
            assert "space_id" in {column.name for column in table.primary_key}, name


def test_every_foreign_key_between_tables_of_a_space_includes_it():
    """A key without the space would let a drill's mission take a live pump."""
    for name, table in SQLModel.metadata.tables.items():
        if name in SPACE_FREE:
            continue
        for key in table.foreign_key_constraints:
            if key.referred_table.name not in SPACE_FREE:
                assert "space_id" in {column.name for column in key.columns}, f"{name}: {key.name}"


def test_ids_without_a_foreign_key_are_known():
    """An id that the database does not check can point anywhere; each has to have a reason."""
    for kind, table in JOURNALED.items():
        declared = SQLModel.metadata.tables[str(table.__tablename__)]
        checked = {column.name for key in declared.foreign_key_constraints for column in key.columns} | {"id"}
        loose = {column.name for column in declared.columns if column.name.endswith("_id")} - checked
        unexplained = {column for column in loose if not (column in BESIDE_SPACES or column.endswith("_by_id"))}
        assert not unexplained, f"{kind}: {unexplained}"


def _said(value: ast.expr | None) -> set[object]:
    """Return the constant that an expression is, or those that a list, tuple or set of them holds."""
    listed = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else [value]
    return {each.value for each in listed if isinstance(each, ast.Constant)}


def test_states_stand_in_the_data_alone():
    """A second copy of a machine in code drifts from the first, and nobody notices which one counts."""
    machines = {name: set(machine(name).states) for name in MACHINES}
    for module in MODULES:
        tables = [node for node in ast.walk(ast.parse(_source(module))) if isinstance(node, ast.Dict)]
        for name, states in machines.items():
            for table in tables:
                steps = [
                    _said(value) & states
                    for key, value in zip(table.keys, table.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value in states
                ]
                assert not any(steps), f"{module}: what follows what in a {name}"


def test_every_setting_is_in_the_readme():
    """A setting that README does not name is found by reading code, at three in the morning."""
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`CONCORD_{name.upper()}`" in readme
    for named in re.findall(r"`CONCORD_([A-Z_]+)`", readme):
        assert named.lower() in Settings.model_fields, named


def test_no_module_is_named_after_nothing():
    """A module named helpers holds what nobody knew where to put."""
    for module in MODULES:
        assert not {module.stem, module.parent.name} & {"utils", "helpers", "common", "manager", "misc"}, module
