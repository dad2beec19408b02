"""Imports are all or nothing; a row is what its codes or its name say; a file that says what is there changes nothing."""

from __future__ import annotations

import asyncio

import pytest

from app.commands.external_ids import AddExternalId
from app.commands.import_files import import_command
from app.commands.imports import in_words_of
from app.commands.incidents import ReportIncident
from app.commands.resources import RetireResource, SetResourceStatus
from app.domain.authority import SYSTEM
from app.domain.errors import BadRows, MissingField, RoleMissing
from app.interop.sheet_writing import write_sheet
from app.queries.exports import export_rows
from tests.world import flood

MAAS, LUIK = ("maas", "dispatcher"), ("luik", "dispatcher")
DEPOTS = "code,name,address,lon,lat,external_ids\n"
UNITS = "call_sign,type,depot,crew,mobilisation_min,weight_t,papers,languages,external_ids\n"
BOOK = "code,function,name,phone,email,languages,note,shared\n"


@pytest.fixture
def sheet(door, world):
    """Imports a text; returns the outcome."""

    async def imports(kind, text, *, who=MAAS, dry_run=False, format_="csv", member=None):
        command = import_command(kind, text.encode(), format_, member=member)
        actor = who if who is SYSTEM else world.actor(*who)
        if dry_run:
            return await door.rehearse(command, actor=actor, space="live")
        return (await door.execute(command, actor=actor, space="live")).outcome

    return imports


@pytest.fixture
def refused(sheet):
    """Imports a text that is refused; returns what was wrong, by row and column."""

    async def refuses(kind, text, **how):
        with pytest.raises(BadRows) as refusal:
            await sheet(kind, text, **how)
        return [
            (row.get("line", row.get("feature")), row["column"], row["type"]) for row in refusal.value.extra["rows"]
        ]

    return refuses


def counts(outcome):
    return outcome["added"], outcome["changed"], outcome["unchanged"]


@pytest.mark.parametrize("role", ["dispatcher", "admin"])
async def test_depots_come_and_change(sheet, conn, world, assert_fold, role):
    """The list of a city's depots is its own spreadsheet, sent each time it changes."""
    text = DEPOTS + "noord,Kazerne Noord,Straat 1,5.69,50.87,gms:K1\nzuid,Kazerne Zuid,,5.70,50.80,\n"
    first = await sheet("depots", text, who=("maas", role))
    assert counts(first) == (2, 0, 0)
    assert [(each["row"], each["name"], each["does"]) for each in first["changes"]] == [
        (2, "noord", "add"),
        (3, "zuid", "add"),
    ]
    await assert_fold()
    assert counts(await sheet("depots", text)) == (0, 0, 2)
    changed = await sheet("depots", "code,name,address\nnoord,Noord,\nzuid,Kazerne Zuid,\n")
    assert (counts(changed), changed["changes"][0]["fields"]) == ((0, 1, 1), ["name", "address"])
    row = await conn.fetchrow("SELECT * FROM depot WHERE code = 'noord'")
    assert (row["name"], row["address"], row["lon"], row["revision"]) == ("Noord", None, 5.69, 2)
    assert (
        await conn.fetchval("SELECT code FROM external_id WHERE depot_id = $1 AND valid_to IS NULL", row["id"]) == "K1"
    )
    await assert_fold()


async def test_what_stands_in_a_depot_moves_with_it(sheet, conn, world, act, assert_fold):
    """Units at home would be counted from where the depot once was; one out of service moves too."""
    await act(SetResourceStatus, world.resources["maas-pump-1"], status="out_of_service", reason="crew")
    await sheet("depots", "code,lon\nmain,5.71\n")
    lons = await conn.fetch("SELECT DISTINCT lon FROM resource WHERE member_id = $1", world.members["maas"])
    assert [row["lon"] for row in lons] == [5.71]
    await assert_fold()


async def test_units_come_and_change(sheet, conn, world, assert_fold):
    """The fleet of a control room, with the numbers of its dispatch system."""
    text = (
        UNITS
        + "WTS 1,pump.high_capacity,main,3,20,22.5,yes,nl | de,gms:12-1 | issi:555\n"
        + "maas pump 1,,,4,,,,,gms:12-2\n"
    )
    assert counts(await sheet("resources", text)) == (1, 1, 0)
    await assert_fold()
    new = await conn.fetchrow("SELECT * FROM resource WHERE call_sign = 'WTS 1'")
    assert (new["status"], new["weight_t"], new["ncos"], new["lon"]) == ("available", 22.5, 0, 5.69)
    old = await conn.fetchrow("SELECT * FROM resource WHERE id = $1", world.resources["maas-pump-1"])
    assert (old["crew"], old["mobilisation_min"], old["revision"]) == (4, 10, 2)
    assert counts(await sheet("resources", text)) == (0, 0, 2)
    codes = await conn.fetch("SELECT source, code FROM external_id WHERE resource_id = $1 ORDER BY id", new["id"])
    assert [tuple(row) for row in codes] == [("gms", "12-1"), ("issi", "555")]


async def test_a_unit_is_known_by_its_code_under_another_name(sheet, conn, world, assert_fold):
    """A vehicle that gets another call sign stays the same vehicle, with its history."""
    await sheet("resources", "call_sign,external_ids\nmaas pump 1,gms:12\n")
    outcome = await sheet("resources", "call_sign,external_ids\nMaas 21-4,gms:12\n")
    assert outcome["changes"][0]["fields"] == ["call_sign"]
    assert (
        await conn.fetchval("SELECT call_sign FROM resource WHERE id = $1", world.resources["maas-pump-1"])
        == "Maas 21-4"
    )
    await sheet("resources", "call_sign,external_ids\nMAAS 21-4,\n")
    assert await conn.fetchval("SELECT count(*) FROM external_id WHERE valid_to IS NULL") == 0
    await assert_fold()


async def test_a_unit_under_way_keeps_its_place(sheet, conn, world, sent, assert_fold):
    """An import in the middle of a flood must not put a unit back to its depot, nor change what it does."""
    await sent("luik-pump-1")
    await sheet("depots", DEPOTS + "other,Other,,5.5,50.6,\n", who=LUIK)
    await sheet("resources", "call_sign,depot,crew\nluik pump 1,other,5\nluik pump 2,other,5\n", who=LUIK)
    placed = {
        row["call_sign"]: (row["status"], row["lon"])
        for row in await conn.fetch("SELECT * FROM resource WHERE call_sign LIKE 'luik pump _'")
    }
    assert placed["luik pump 1"] == ("committed", 5.57)
    assert placed["luik pump 2"] == ("available", 5.5)
    await assert_fold()


async def test_a_phone_book_comes_and_nobody_stands_in_the_journal(sheet, conn, assert_fold):
    """Hundreds of people at once, none of whom could be forgotten."""
    text = BOOK + "hazmat,Gevaarlijke stoffen,Jan Onthouden,+31 00 000 0111,jan@example.org,nl|de,Bel eerst.,yes\n"
    assert counts(await sheet("contacts", text)) == (1, 0, 0)
    assert counts(await sheet("contacts", text)) == (0, 0, 1)
    assert counts(await sheet("contacts", "code,phone,note\nhazmat,+31 00 000 0999,\n")) == (0, 1, 0)
    row = await conn.fetchrow("SELECT * FROM contact")
    assert (row["name"], row["phone"], row["note"], row["revision"]) == ("Jan Onthouden", "+31 00 000 0999", None, 2)
    entries = await conn.fetch("SELECT payload, visibility FROM journal_entry WHERE type = 'contacts.imported'")
    assert {entry["visibility"] for entry in entries} == {"parties"}
    assert not [word for word in ("Onthouden", "+31 00 000 0111", "Bel eerst") for e in entries if word in e["payload"]]
    await assert_fold()


async def test_all_bad_rows_are_told_and_nothing_is_changed(refused, conn):
    """Form and state in one answer: who mends a file mends it once. The good rows are not entered either."""
    before = await conn.fetchval("SELECT count(*) FROM journal_entry")
    text = UNITS + (
        "good,pump.high_capacity,main,3,20,,,,\n"
        "a,pump.none,nowhere,3,20,,,xx,\n"
        "b,pump.high_capacity,main,many,-1,,,,\n"
        "c,,,,,,,,\n"
        "maas pump 1,engine.pumper,,,,,,,\n"
        "GOOD,pump.high_capacity,main,3,20,,,,\n"
        "d,pump.high_capacity,main,3,20,,,,no code\n"
    )
    assert await refused("resources", text) == [
        (3, "depot", "unknown-code"), (3, "languages", "unknown-code"), (3, "type", "unknown-code"),
        (4, "crew", "wrong-format"), (4, "mobilisation_min", "out-of-range"),
        (5, "depot", "missing-field"), (5, "mobilisation_min", "missing-field"), (5, "type", "missing-field"),
        (6, "type", "conflict"), (7, None, "duplicate"), (8, "external_ids", "wrong-format"),
    ]  # fmt: skip
    assert await conn.fetchval("SELECT count(*) FROM resource WHERE call_sign = 'good'") == 0
    assert await conn.fetchval("SELECT count(*) FROM journal_entry") == before


async def test_a_formation_is_formed_and_not_entered(refused):
    """A platoon that is a line in a file would have no engines."""
    assert await refused("resources", UNITS + "Zug 1,formation.engine_strike_team,main,3,20,,,,\n") == [
        (2, "type", "malformed")
    ]


async def test_depots_that_do_not_fit(refused):
    """Latitude and longitude in each other's place put a fire station into the Indian Ocean."""
    text = DEPOTS + "a,A,,50.87,5.69,\nb,,,5.69,50.87,\nc,C,,5.69,95,\nmain,Main,,7.9,,\n"
    assert await refused("depots", text) == [
        (2, "lon", "outside-corridor"), (3, "name", "missing-field"), (4, "lat", "outside-world"),
        (5, "lon", "outside-corridor"),
    ]  # fmt: skip


async def test_features_are_named_by_their_number(refused):
    """In a file of one line a line's number says nothing."""
    text = '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null, "properties": {"code": "A"}}]}'
    assert await refused("depots", text, format_="geojson") == [(1, "code", "wrong-format")]


async def test_codes_that_name_something_else(sheet, refused, act, world):
    """Two of ours under one; one row that means two. A neighbour's list is its own, and is in nobody's way."""
    unit = {"source": "issi", "kind": "resource"}
    await act(AddExternalId, who=LUIK, **unit, code="1", subject_id=world.resources["luik-pump-1"])
    await act(AddExternalId, **unit, code="2", subject_id=world.resources["maas-pump-1"])
    await act(AddExternalId, **unit, code="3", subject_id=world.resources["maas-pump-2"])
    text = "call_sign,external_ids\nmaas engine 1,issi:1\nmaas pump 1,issi:3\nx,issi:2|issi:3\nmaas engine 2,issi:9|gms:1\nmaas pump 2,issi:3|gms:1\n"
    found = await refused("resources", text)
    assert [(row, column) for row, column, _ in found] == [
        (3, "external_ids"), (4, "external_ids"), (6, "external_ids"),
    ]  # fmt: skip


async def test_a_call_sign_that_another_unit_has(sheet, refused):
    """Two units would answer one call; also where the file swaps two names at once."""
    await sheet("resources", "call_sign,external_ids\nmaas pump 1,gms:1\nmaas pump 2,gms:2\n")
    text = "call_sign,external_ids\nmaas pump 2,gms:1\nmaas pump 1,gms:2\n"
    assert {(row, column) for row, column, _ in await refused("resources", text)} == {
        (2, "external_ids"), (3, "external_ids"),
    }  # fmt: skip


async def test_a_dry_run_tells_and_changes_nothing(sheet, refused, conn, assert_fold):
    """Somebody tries a file at noon; at three in the morning nothing has happened."""
    text = DEPOTS + "noord,Noord,,5.69,50.87,gms:1\nmain,Hoofdpost,,,,\n"
    before = await conn.fetchval("SELECT count(*) FROM journal_entry")
    outcome = await sheet("depots", text, dry_run=True)
    assert counts(outcome) == (1, 1, 0)
    assert outcome["changes"][1] == {"row": 3, "name": "main", "does": "change", "fields": ["name"]}
    assert await conn.fetchval("SELECT count(*) FROM depot WHERE code = 'noord'") == 0
    assert await conn.fetchval("SELECT count(*) FROM external_id") == 0
    assert await conn.fetchval("SELECT count(*) FROM journal_entry") == before
    assert await refused("depots", DEPOTS + "x,X,,1,2,\n", dry_run=True) == [(2, "lon", "outside-corridor")]
    assert counts(await sheet("depots", text)) == (1, 1, 0)
    await assert_fold()


@pytest.mark.parametrize("dry_run", [False, True])
async def test_only_for_the_owner(sheet, world, dry_run):
    """A neighbour's file would rename our vehicles; and what a trial tells is the owner's too."""
    text = DEPOTS + "noord,Noord,,5.69,50.87,\n"
    for who in [("maas", "viewer"), ("maas", "authorised_representative"), ("luik", "dispatcher"), ("luik", "admin")]:
        with pytest.raises(RoleMissing):
            await sheet("depots", text, who=who, member=world.members["maas"], dry_run=dry_run)
    with pytest.raises(MissingField):
        await sheet("depots", text, who=SYSTEM, dry_run=dry_run)
    assert counts(await sheet("depots", text, who=SYSTEM, member=world.members["maas"], dry_run=dry_run)) == (1, 0, 0)


async def test_a_retired_unit_is_not_raised_from_the_dead(sheet, act, world, conn):
    """Its call sign is another's now, and its history is its own."""
    await act(RetireResource, world.resources["maas-pump-1"])
    await sheet("resources", UNITS + "maas pump 1,pump.high_capacity,main,3,20,,,,\n")
    assert await conn.fetchval("SELECT count(*) FROM resource WHERE call_sign = 'maas pump 1'") == 2


async def test_two_at_once_enter_each_thing_once(sheet, conn, assert_fold):
    """Two people of one control room send the same file at the same time."""
    text = UNITS + "".join(f"new {n},pump.high_capacity,main,3,20,,,,gms:{n}\n" for n in range(40))
    outcomes = await asyncio.gather(sheet("resources", text), sheet("resources", text))
    assert sorted(counts(each) for each in outcomes) == [(0, 0, 40), (40, 0, 0)]
    assert await conn.fetchval("SELECT count(*) FROM resource WHERE call_sign LIKE 'new %'") == 40
    await assert_fold()


async def test_a_long_file_is_told_in_entries_of_a_bearable_length(sheet, conn, act, assert_fold):
    """Each entry goes to every console as one message; a fleet in one piece would hold up what is urgent."""
    text = UNITS + "".join(f"new {n},pump.high_capacity,main,3,20,,,,\n" for n in range(450))
    assert counts(await sheet("resources", text)) == (450, 0, 0)
    entries = await conn.fetch(
        "SELECT payload::jsonb AS told FROM journal_entry WHERE type = 'resources.imported' ORDER BY seq"
    )
    assert len(entries) == 3
    await act(ReportIncident, **flood())
    await assert_fold()


async def test_a_file_with_nothing_new_holds_up_nobody(sheet, conn, pg, world):
    """A nightly import of the same fleet must not wait for, or hold up, who is sending a pump."""
    other = await pg()
    async with other.transaction():
        await other.execute("SELECT FROM resource WHERE id = $1 FOR UPDATE", world.resources["maas-pump-1"])
        assert counts(await sheet("resources", "call_sign,crew\nmaas pump 1,3\n")) == (0, 0, 1)


@pytest.mark.parametrize("format_", ["csv", "geojson"])
async def test_what_was_exported_comes_back_unchanged(sheet, conn, world, format_, assert_fold):
    """The round trip: a city exports, looks, and imports again; nothing may be different."""
    await sheet("depots", DEPOTS + '=noord,"=1+1",-,5.69,50.87,gms:K 1|gms:K 2\n'.replace("=noord", "noord"))
    units = UNITS + "'=WTS,pump.high_capacity,noord,3,20,22.5,yes,nl | de,gms:1\n+1,pump.high_capacity,main,0,0,,no,,\n"
    await sheet("resources", units)
    await sheet("contacts", BOOK + 'hazmat,@stoffen,"A ""B"", C",+31 00 000 0111,,,"one\ntwo",no\n')
    revisions = "SELECT max(revision), count(*), sum(revision) FROM {}"
    before = [await conn.fetchrow(revisions.format(table)) for table in ("depot", "resource", "contact", "external_id")]
    for kind, count in [("depots", 2), ("resources", 6), ("contacts", 1)]:
        rows = await export_rows(conn, "live", kind, world.members["maas"], viewer=None)
        written = write_sheet(kind, rows, format_).decode("utf-8-sig")
        assert counts(await sheet(kind, written, format_=format_)) == (0, 0, count), written
    after = [await conn.fetchrow(revisions.format(table)) for table in ("depot", "resource", "contact", "external_id")]
    assert after == before
    await assert_fold()


async def test_an_empty_call_sign_is_missing_and_not_of_a_wrong_kind(sheet):
    """Whoever left a cell empty is told so, and not of strings."""
    with pytest.raises(BadRows) as refusal:
        await sheet(
            "resources", "call_sign,type,depot,mobilisation_min\n,pump.mobile,noord,5\nx,pump.mobile,noord,-1\n"
        )
    told = [(row["line"], row["code"], row["detail"]) for row in refusal.value.extra["rows"]]
    assert (2, "missing", "call sign is missing") in told
    assert any(code == "too_small" and "at least 0" in detail for _, code, detail in told)
    german = in_words_of(refusal.value, "de").extra["rows"]
    assert german[0]["detail"] == "Funkrufname fehlt"
