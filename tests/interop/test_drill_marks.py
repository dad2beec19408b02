"""A file of a drill says so, and is not taken for one of live."""

from __future__ import annotations

import orjson

from app.domain.protocol_data import LANGUAGES
from app.interop.drill_marks import is_marked, mark_csv, mark_geojson, without_marks
from app.interop.sheet_writing import template


def test_a_file_is_marked_first_and_last_and_read_back_without():
    """Twenty pumps that a script invented would stand in the list of what is there."""
    plain = template("depots", "csv")
    marked = mark_csv(plain, LANGUAGES)
    lines = marked.decode("utf-8-sig").splitlines()
    assert lines[0] == lines[-1]
    assert all(word in lines[0] for word in ("EXERCISE EXERCISE EXERCISE", "ÜBUNG", "EXERCICE", "OEFENING"))
    assert is_marked(marked, geojson=False)
    assert not is_marked(plain, geojson=False)
    assert without_marks(marked).decode() == plain.decode("utf-8-sig")
    features = mark_geojson(template("depots", "geojson"), LANGUAGES)
    assert next(iter(orjson.loads(features))) == "exercise"
    assert list(orjson.loads(features))[-1] == "exercise_last"
    assert is_marked(features, geojson=True)
    assert not is_marked(template("depots", "geojson"), geojson=True)
