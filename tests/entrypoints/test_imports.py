"""Import and export as clients send and read them."""

from __future__ import annotations

import asyncio
import json

import pytest

from app.entrypoints.http import sheets
from app.interop.drill_marks import mark_csv

SPACE = "/api/v1/spaces/live"
DEPOTS = f"{SPACE}/imports/depots"
CSV, FEATURES = {"Content-Type": "text/csv"}, {"Content-Type": "application/geo+json"}
NORTH = "code,name,lon,lat\nnoord,Kazerne Noord,5.69,50.87\n"


async def test_tried_sent_and_sent_again(client, world):
    """First a look, then the change; sent again nothing changes, and the answer tells where the journal is."""
    http = client("maas", "dispatcher")
    tried = (await http.post(DEPOTS, params={"dry_run": True}, content=NORTH, headers=CSV)).json()
    assert (tried["dry_run"], tried["seq"], tried["added"]) == (True, None, 1)
    assert len((await http.get(f"{SPACE}/depots")).json()["items"]) == 4
    sent = await http.post(DEPOTS, content=NORTH, headers=CSV)
    assert sent.status_code == 200, sent.text
    assert sent.json() == tried | {"dry_run": False, "seq": sent.json()["seq"]}
    assert sent.json()["changes"] == [{"row": 2, "name": "noord", "does": "add", "fields": []}]
    head = (await http.get(f"{SPACE}/journal", params={"after": sent.json()["seq"] - 1})).json()
    assert head["entries"][0]["type"] == "depots.imported"
    again = (await http.post(DEPOTS, content=NORTH, headers=CSV)).json()
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 1)


async def test_a_repeat_under_its_key_is_answered_as_the_first(client):
    """The connection broke before the answer came; the second message tells what the first one did."""
    http, keyed = client("maas", "dispatcher"), CSV | {"Idempotency-Key": "once"}
    first = await http.post(DEPOTS, content=NORTH, headers=keyed)
    again = await http.post(DEPOTS, content=NORTH, headers=keyed)
    assert first.json() == again.json()
    other = await http.post(DEPOTS, content=NORTH.replace("noord", "x"), headers=keyed)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-key-reused")


async def test_every_bad_row_is_in_the_refusal(client):
    """A client shows each beside its line; the list of a hundred that other problems have is not enough."""
    text = "code,name,lon,lat\n" + "x,Noord,5.69,\n" * 150
    answer = await client("maas", "dispatcher").post(f"{DEPOTS}?language=en", content=text, headers=CSV)
    body = answer.json()
    assert (answer.status_code, body["type"]) == (422, "/problems/bad-rows")
    assert {row["line"] for row in body["rows"]} == set(range(2, 152))
    assert body["rows"][0] == {
        "line": 2,
        "column": "lat",
        "type": "missing-field",
        "code": "needed_for_new",
        "figures": {"column": "lat"},
        "detail": "latitude is missing, and what is new needs it",
    }
    assert body["errors"][0]["pointer"] == "line/2/lat"
    for language, said in [("de", "geografische Breite fehlt"), ("fr", "latitude"), ("nl", "breedtegraad ontbreekt")]:
        answer = await client("maas", "dispatcher").post(f"{DEPOTS}?language={language}", content=text, headers=CSV)
        assert said in answer.json()["rows"][0]["detail"]
        assert said in answer.json()["errors"][0]["detail"]
        assert answer.json()["rows"][0]["code"] == "needed_for_new"
    feature = {"type": "Feature", "geometry": None, "properties": {"code": "No"}}
    sent = json.dumps({"type": "FeatureCollection", "features": [feature]})
    told = (await client("maas", "dispatcher").post(DEPOTS, content=sent, headers=FEATURES)).json()
    assert told["errors"][0]["pointer"] == "/features/0/properties/code"


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (NORTH, {"Content-Type": "application/json"}, 415, "unsupported-media-type"),
        (NORTH, {"Content-Type": "text/csv; charset=utf-16"}, 415, "unsupported-media-type"),
        (NORTH, CSV | {"Content-Encoding": "gzip"}, 415, "unsupported-media-type"),
        (NORTH, {}, 415, "unsupported-media-type"),
        (NORTH.replace("Noord", "Süd").encode("cp1252"), CSV, 422, "unreadable-file"),
        ("", CSV, 422, "unreadable-file"),
        ("x" * 1_100_000, CSV, 413, "body-too-large"),
        ("code,name\n" + "a,b\n" * 20_001, CSV, 422, "out-of-range"),
        ("{}", FEATURES, 422, "unreadable-file"),
    ],
)
async def test_what_is_no_file_of_ours_is_refused(client, content, headers, status, slug):
    """Whatever is sent, the answer says what was wrong with it."""
    answer = await client("maas", "dispatcher").post(DEPOTS, content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), answer.text


async def test_old_encodings_and_decimal_commas_where_they_are_named(client):
    """What a dispatch system of twenty years ago exports, as it is."""
    text = "code;name;lon;lat\nsued;Süd;5,69;50,87\n".encode("cp1252")
    headers = {"Content-Type": "text/csv; charset=windows-1252"}
    answer = await client("maas", "admin").post(DEPOTS, params={"decimal": "comma"}, content=text, headers=headers)
    assert answer.json()["added"] == 1, answer.text
    shown = (await client("maas", "viewer").get(f"{SPACE}/depots")).json()["items"]
    assert [(each["name"], each["place"]["coordinates"]) for each in shown if each["code"] == "sued"] == [
        ("Süd", [5.69, 50.87])
    ]


async def test_only_for_the_owner(client, world):
    """A stranger's spreadsheet would be everybody's fleet."""
    for who, params, status in [
        (("maas", "viewer"), {}, 403),
        (("luik", "admin"), {"member": str(world.members["maas"])}, 403),
        (("luik", "admin"), {"member": str(world.depots["maas"])}, 403),
    ]:
        for dry_run in (True, False):
            answer = await client(*who).post(DEPOTS, params=params | {"dry_run": dry_run}, content=NORTH, headers=CSV)
            assert answer.status_code == status, answer.text


@pytest.mark.parametrize("kind", ["depots", "resources", "contacts"])
@pytest.mark.parametrize("format_", ["csv", "geojson"])
async def test_a_template_goes_in_and_comes_out(client, kind, format_):
    """What is downloaded, filled in, sent, exported and sent again stays the same; in every kind and format."""
    http, headers = client("maas", "dispatcher"), CSV if format_ == "csv" else FEATURES
    if kind == "resources":
        assert (await http.post(DEPOTS, content=NORTH, headers=CSV)).status_code == 200
    template = await http.get(f"{SPACE}/imports/{kind}/template", params={"format": format_, "separator": "semicolon"})
    assert f'filename="{kind}-template.{format_}"' in template.headers["Content-Disposition"]
    sent = await http.post(f"{SPACE}/imports/{kind}", content=template.content, headers=headers)
    assert sent.json()["added"] == 1, sent.text
    exported = await http.get(f"{SPACE}/exports/{kind}", params={"format": format_})
    assert f'filename="{kind}-maas.{format_}"' in exported.headers["Content-Disposition"]
    back = (await http.post(f"{SPACE}/imports/{kind}", content=exported.content, headers=headers)).json()
    assert (back["added"], back["changed"]) == (0, 0)
    assert back["unchanged"] > 0


async def test_what_is_exported_of_another_member(client, world):
    """Units and depots are everybody's to see; of a phone book what is shared."""
    book = "code,function,phone,shared\nopen,Meldkamer,+31 00 000 0101,yes\nclosed,Privé,+31 00 000 0102,no\n"
    await client("maas", "dispatcher").post(f"{SPACE}/imports/contacts", content=book, headers=CSV)
    other = client("luik", "viewer")
    maas = {"member": str(world.members["maas"])}
    text = (await other.get(f"{SPACE}/exports/contacts", params=maas)).text
    assert "Meldkamer" in text
    assert "Privé" not in text
    assert (await other.get(f"{SPACE}/exports/resources", params=maas)).text.count("maas pump") == 2
    features = (await other.get(f"{SPACE}/exports/resources", params=maas | {"format": "geojson"})).json()["features"]
    assert {feature["geometry"]["type"] for feature in features} == {"Point"}
    assert (await other.get(f"{SPACE}/exports/depots", params={"member": str(world.depots["maas"])})).status_code == 404


async def test_the_feed_goes_on_while_a_file_is_read(client, application):
    """Somebody's large file must not hold up who asks for help in the same second."""
    text = "code,name,lon,lat\n" + "".join(f"d{n},Depot {n},5.69,50.87\n" for n in range(3_000))
    http = client("maas", "dispatcher")
    sent = asyncio.create_task(http.post(DEPOTS, content=text, headers=CSV))
    between = 0
    while not sent.done():
        assert (await http.get(f"{SPACE}/depots", params={"limit": 1})).status_code == 200
        between += 1
    assert sent.result().json()["added"] == 3_000
    assert between > 1


async def test_who_asks_for_it_hears_how_far_it_is(client, monkeypatch):
    """Whoever sends a long list would not know whether it hangs."""
    http, lines = client("maas", "dispatcher"), {"Accept": "application/x-ndjson"}
    text = "code,name,lon,lat\n" + "".join(f"n{number},Noord {number},5.69,50.87\n" for number in range(700))
    plain = (await http.post(DEPOTS, params={"dry_run": True}, content=text, headers=CSV)).json()
    answer = await http.post(DEPOTS, params={"dry_run": True}, content=text, headers=CSV | lines)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    *told, last = [json.loads(line) for line in answer.text.splitlines()]
    assert last == {"kind": "answer", "answer": plain}
    assert [(each["step"], each["done"], each["total"]) for each in told] == [
        *[("reading", done, 700) for done in (0, 200, 400, 600)],
        *[("writing", done, 1400) for done in (0, 200, 400, 600, 700, 700, 900, 1100, 1300)],
    ]
    refused = await http.post(DEPOTS, content=text + "x,Noord,5.69,\n", headers=CSV | lines)
    last = json.loads(refused.text.splitlines()[-1])
    assert (refused.status_code, last["kind"]) == (200, "problem")
    assert (last["problem"]["status"], last["problem"]["rows"][0]["line"]) == (422, 702)
    unread = await http.post(DEPOTS, content=text, headers=lines | {"Content-Type": "application/json"})
    assert unread.status_code == 415

    def breaks(*_args, **_more):
        raise RuntimeError("by the test")

    monkeypatch.setattr(sheets, "import_command", breaks)
    broken = json.loads((await http.post(DEPOTS, content=text, headers=CSV | lines)).text.splitlines()[-1])
    assert (broken["problem"]["status"], "by the test" in broken["problem"]["detail"]) == (500, False)


async def test_a_file_of_a_drill_is_not_taken_into_live(client):
    """Pumps that a script invented would be offered to a neighbour in a flood."""
    http = client("maas", "dispatcher")
    for data, headers in (
        (mark_csv(NORTH.encode() if isinstance(NORTH, str) else NORTH, ["en", "nl"]), CSV),
        (b'{"exercise": ["EXERCISE"], "type": "FeatureCollection", "features": []}', FEATURES),
    ):
        refused = await http.post(DEPOTS, content=data, headers=headers)
        assert refused.status_code == 422, refused.text
        assert [each["code"] for each in refused.json()["reasons"]] == ["file_of_drill"]
