"""Sheets as spreadsheets on both sides of the border write them; what is exported is read back as it was."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import OutOfRange, TooLarge, UnreadableFile
from app.interop import sheet_reading
from app.interop.sheet_columns import KINDS, SHEETS
from app.interop.sheet_reading import read_sheet
from app.interop.sheet_writing import template, write_sheet

DEPOTS = "code,name,lon,lat\nnoord,Kazerne Noord,5.69,50.87\n"


def rows(text, kind="depots", format_="csv", **options):
    data = text if isinstance(text, bytes) else text.encode()
    read = read_sheet(kind, data, format_, **options)
    assert not read.bad, read.bad
    return [row.values for row in read.rows]


def bad(text, kind="depots", format_="csv", **options):
    read = read_sheet(kind, text.encode(), format_, **options)
    return [(each.row, each.column, each.detail) for each in read.bad]


NOORD = {"code": "noord", "name": "Kazerne Noord", "lon": 5.69, "lat": 50.87}


@pytest.mark.parametrize(
    "text",
    [
        DEPOTS,
        DEPOTS.replace(",", ";"),
        DEPOTS.replace(",", "\t"),
        DEPOTS.replace("\n", "\r\n"),
        "\ufeff" + DEPOTS,
        "sep=;\n" + DEPOTS.replace(",", ";"),
        DEPOTS + "\n,,,\n",
        DEPOTS.replace("code,name", " Code ,NAME"),
        'lat,lon,name,code\n"50.87","5.69","Kazerne Noord","noord"\n',
        DEPOTS.replace("lat\n", "lat,\n").replace("50.87\n", "50.87,\n"),
    ],
)
def test_whatever_a_spreadsheet_makes_of_it(text):
    """A city would have to learn how we would like its spreadsheet to be."""
    assert rows(text) == [NOORD]


def test_windows_1252_is_read_where_it_is_said_to_be():
    """An old export of a dispatch system; read as UTF-8 it is refused with the line, never guessed."""
    text = "code,name,lon,lat\nx,Maas,1,2\nluettich,Lüttich Süd €,5.57,50.63\n"
    assert rows(text.encode("cp1252"), encoding="cp1252")[1]["name"] == "Lüttich Süd €"
    with pytest.raises(UnreadableFile, match=r"line 3 is no UTF-8.*cp1252"):
        rows(text.encode("cp1252"))
    with pytest.raises(UnreadableFile, match="UTF-16"):
        rows(text.encode("utf-16"))


def test_a_decimal_comma_is_refused_unless_the_file_was_said_to_have_it():
    """5,690 as five thousand six hundred and ninety degrees, or as five, is found when a unit is sent there."""
    text = "code;name;lon;lat\nnoord;Noord;5,69;50,87\n"
    assert [(row, column) for row, column, _ in bad(text)] == [(2, "lon"), (2, "lat")]
    assert "--decimal-comma" in bad(text)[0][2]
    assert rows(text, decimal_comma=True)[0]["lon"] == 5.69
    assert bad(DEPOTS, decimal_comma=True)[0][1] == "lon"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no column"),
        ("a,b\n1,2\n", "names no column"),
        ("code,colour\n1,2\n", "no column 'colour'"),
        ("code,name,name\n1,2,3\n", "'name' stands twice"),
        ("name,lon\n1,2\n", "'code' is missing"),
        ('code,name\nx,"open\n', "From line 2 on it is no CSV"),
    ],
)
def test_a_file_that_is_something_else_is_refused_as_a_whole(text, said):
    """Columns that nobody reads would be taken for read."""
    with pytest.raises(UnreadableFile, match=said):
        rows(text)


def test_every_bad_cell_is_told_with_its_line():
    """Whoever mends a file of two thousand lines mends it once."""
    text = (
        "call_sign,type,mobilisation_min,papers,weight_t\n"
        '"a\nb",x,twenty,maybe,heavy\n'
        "c,x,1.5,yes,1e3\n"
        "d,x,20\n"
        "e,x,20,no,2,7\n"
    )
    found = bad(text, "resources")
    assert [(row, column) for row, column, _ in found] == [
        (2, "mobilisation_min"), (2, "papers"), (2, "weight_t"), (4, "mobilisation_min"), (4, "weight_t"), (5, None), (6, None),
    ]  # fmt: skip
    assert "3 cells, and the first line 5" in found[5][2]


def test_yes_and_no_in_the_languages_of_the_corridor():
    """A spreadsheet writes WAHR where its user ticked a box."""
    for yes, no in [("yes", "no"), ("Ja", "Nein"), ("oui", "non"), ("WAHR", "FALSCH"), ("1", "0"), ("waar", "onwaar")]:
        text = f"call_sign,papers,radios\na,{yes},{no}\n"
        assert rows(text, "resources") == [{"call_sign": "a", "papers": True, "radios": False}]


def test_a_column_left_out_and_an_empty_cell_are_two_things():
    """A list of telephone numbers would otherwise wipe out all notes."""
    assert rows("code,address\nnoord,\n") == [{"code": "noord", "address": None}]


def test_geojson_has_the_same_columns():
    """What a map program drew is imported as it is."""
    point = {"type": "Point", "coordinates": [5.69, 50.87]}
    feature = {"type": "Feature", "geometry": point, "properties": {"code": "noord", "name": "Kazerne Noord"}}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    assert rows(text, format_="geojson") == [NOORD]
    wrong = [
        feature | {"geometry": {"type": "Polygon", "coordinates": []}},
        feature | {"properties": {"code": "x", "lon": 5, "colour": "red"}},
        7,
    ]
    told = bad(json.dumps({"type": "FeatureCollection", "features": wrong}), format_="geojson")
    assert [(row, column) for row, column, _ in told] == [(1, "geometry"), (2, "colour"), (2, "lon"), (3, None)]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"type": "FeatureCollection", "features": {}}',
        '{"type": "FeatureCollection", "type": "x", "features": []}',
        '{"type": "FeatureCollection", "features": [NaN]}',
        "{",
        "[" * 100_000,
    ],
)
def test_what_is_no_geojson_is_refused(text):
    """Whatever is sent, it is answered with what was wrong."""
    with pytest.raises(UnreadableFile):
        rows(text, format_="geojson")


def test_a_file_has_an_end(monkeypatch):
    """One upload must not fill the memory that everybody shares."""
    monkeypatch.setattr(sheet_reading, "MOST_ROWS", 3)
    with pytest.raises(OutOfRange):
        rows("code,name\n" + "a,b\n" * 4)
    assert len(rows("code,name\n" + "a,b\n" * 3)) == 3
    with pytest.raises(OutOfRange):
        rows(json.dumps({"type": "FeatureCollection", "features": [7] * 4}), format_="geojson")
    monkeypatch.setattr(sheet_reading, "MOST_BYTES", 10)
    with pytest.raises(TooLarge):
        rows(DEPOTS)


# ---------------------------------------------------------------- the way back

_texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(str.strip).filter(bool)
_cells = {
    "text": _texts | st.sampled_from(["=1+1", "+31 00 000 0101", "-x", "@x", "'=x", "''", "'", 'a "b", c', "a;b\nc"]),
    "whole": st.integers(0, 9_999),
    "number": st.floats(-180, 180, allow_nan=False).map(lambda value: round(value, 6)),
    "yes_no": st.booleans(),
    "words": st.lists(_texts.filter(lambda text: "|" not in text), max_size=3),
}


def _row(kind):
    key = SHEETS[kind].key
    fields = {column.name: _cells[column.holds] | st.none() for column in SHEETS[kind].columns}
    return st.fixed_dictionaries(fields | {key: _texts, "lon": _cells["number"], "lat": _cells["number"]})


@pytest.mark.parametrize("format_", ["csv", "geojson"])
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_is_written_is_read_back_as_it_was(kind, format_, data):
    """An export that is imported again would change what nobody touched."""
    columns = SHEETS[kind].by_name
    wrote = data.draw(st.lists(_row(kind), max_size=4))
    separator = data.draw(st.sampled_from([",", ";"]))
    read = read_sheet(kind, write_sheet(kind, wrote, format_, separator=separator), format_)
    assert not read.bad
    plain = [{name: row[name] if row[name] != [] else None for name in columns} for row in wrote]
    assert [row.values for row in read.rows] == plain


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format_", ["csv", "geojson"])
def test_a_template_can_be_read(kind, format_):
    """The first thing that anybody sends is the template with one row changed."""
    example = {column.name: column.example for column in SHEETS[kind].columns}
    assert [row.values for row in read_sheet(kind, template(kind, format_), format_).rows] == [example]


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+31 00 000 0101", "-1+1", "@SUM(A1)", "'=1"])
def test_no_cell_is_a_formula(text):
    """A name that a neighbour wrote would be computed, with our rights, on the machine that opens the export."""
    written = write_sheet("contacts", [{"code": "x", "function": text}], "csv").decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(written)))[1]
    assert cells[1] == f"'{text}"
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
