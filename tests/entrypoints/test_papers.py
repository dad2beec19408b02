"""Forms on paper: what stands in each PDF, in each language, and for whose eyes."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pypdf
import pytest

from app.interop.paper import render, words
from tests.world import flood

SPACE = "/api/v1/spaces/live"
LANGUAGES = ("en", "de", "fr", "nl")
FORMS = ("trilingual", "ics-213rr")
NOTE = 'Zeep niet: #panic("x") $a$ *b* _c_ `d` @e <f> \\ "g"\nDeux pompes avec équipage, s\'il vous plaît. Über die Brücke.'
LOG = [
    "Dijk bij Borgharen houdt.",
    '#import "/words.yaml": * ≥ l\'eau monte',
    "W" * 190,
    "Deich sickert\nan zwei Stellen.",
]


def text_of(content):
    """The words of a PDF, in one line: where a line breaks, or must not, is typography."""
    read = pypdf.PdfReader(io.BytesIO(content))
    return " ".join(" ".join(page.extract_text() for page in read.pages).split())


def unbroken(text):
    return "".join(text.replace("\u200b", "").split())


@pytest.fixture
async def story(client, world):
    """A flood with numbers of both sides, a request of two lines that is being answered, and a log. Returns their addresses."""
    maas, luik, aken = (client(member, "dispatcher") for member in ("maas", "luik", "aken"))

    async def send(http, path, **body):
        answer = await http.post(f"{SPACE}/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    incident = (await send(maas, "incidents", **flood(phases={"NL": "grip_2"})))["id"]
    for http, source, code in [(maas, "gms", "26-0001"), (luik, "cad-liege", "P2026/17")]:
        await send(http, "external-ids", source=source, kind="incident", code=code, subject_id=incident)
    for text in LOG:
        await send(maas, f"incidents/{incident}/log", text=text, language="nl")
    where = {"lon": 5.706, "lat": 50.779, "place": "Eijsden, Bat"}
    lines = [
        {
            "type_code": "pump.high_capacity",
            "quantity": 2,
            "priority": "life_safety",
            "needed_by": "2026-07-14T23:30:00Z",
            **where,
        },
        {"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78},
    ]
    asked = await send(maas, "requests", incident_id=incident, kind="immediate", lines=lines, note=NOTE, then="open")
    await send(aken, f"requests/{asked['id']}/acknowledge")
    line = asked["rows"]["request_line"][0]["id"]
    offered = [{"request_line_id": line, "resource_id": str(world.resources["luik-pump-1"])}]
    offer = await send(luik, f"requests/{asked['id']}/offers", lines=offered)
    await send(maas, f"offers/{offer['id']}/accept")
    mission = (await send(luik, f"offers/{offer['id']}/commit"))["rows"]["mission"][0]["id"]
    await send(luik, f"missions/{mission}/liaison", name="Anne Liaison", phone="+32 00 000 0777")
    return {"request": f"{SPACE}/requests/{asked['id']}/form.pdf", "log": f"{SPACE}/incidents/{incident}/log.pdf"}


async def printed(http, address, **params):
    answer = await http.get(address, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    if folder := os.environ.get("CONCORD_PAPERS"):  # to look at them
        name = answer.headers["Content-Disposition"].split('"')[1].partition("-")[2]
        (Path(folder) / name).write_bytes(answer.content)
    return answer.content


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_a_request_in_the_languages_side_by_side(client, story, lang):
    """Each side reads its own column, and both hold the same sheet."""
    text = text_of(await printed(client("maas", "viewer"), story["request"], lang=lang))
    for tongue in {lang, "de", "fr", "nl"}:
        assert words()["request_form"][tongue] in text
    for said in (
        "Menschenrettung",
        "Sauvetage de personnes",
        "Redden van mensen",
        "Hochwasser",
        "Inondation",
        "Overstroming",
    ):
        assert said in text
    assert ("Life safety" in text) == (lang == "en")
    for said in ("2026-07-14 12:00Z", "14:00 CEST", "2026-07-14 23:30Z", "2026-07-15 01:30 CEST", "1 / 2", "0 / 1"):
        assert said in text, said
    for said in ("26-0001", "P2026/17", "Eijsden, Bat", "luik pump 1", "+31 00 000 0901", "50.7790 N 5.7060 E"):
        assert said in text, said
    assert unbroken(NOTE) in unbroken(text)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_a_request_as_ics_213_rr(client, story, lang):
    """Whoever comes from further away knows this form, and its numbers."""
    text = text_of(await printed(client("maas", "viewer"), story["request"], lang=lang, form="ics-213rr"))
    assert words()["ics_213rr"][lang] in text
    for number in range(1, 13):
        assert f"{number}. " in text
    assert f"luik pump 1 · {words()['expected'][lang]}" in text
    assert "Liège, luik pump 1:" in text
    for said in ("ICS 213 RR", "2026-07-14 12:00Z", "1000 m³/h", "Eijsden, Bat"):
        assert said in text, said
    assert unbroken("Mutual aid on the Meuse (maas-broad v1)") in unbroken(text)
    assert unbroken(NOTE) in unbroken(text)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_log_of_an_incident(client, story, lang):
    """What was written down, in its order and its own words, whatever stands in it."""
    text = text_of(await printed(client("luik", "viewer"), story["log"], lang=lang))
    assert words()["incident_log"][lang] in text
    places = [unbroken(text).index(unbroken(line)) for line in LOG]
    assert places == sorted(places)
    for said in ("26-0001", "P2026/17", "GRIP 2", "2026-07-14 12:00Z 14:00 CEST"):
        assert said in text, said


@pytest.mark.parametrize(
    ("lang", "reported", "asks", "left", "phase"),
    [
        ("en", "Reported: ", "asks for 2 \u00d7 High-capacity pump", "luik pump 1 (High-capacity pump)", "Phase, Netherlands: GRIP 3"),
        ("de", "Gemeldet: ", "fordert an: 2 \u00d7 Hochleistungspumpe", "luik pump 1 (Hochleistungspumpe)", "Stufe, Niederlande: GRIP 3"),
        ("fr", "Signalé : ", "demande 2 \u00d7 Pompe à grand débit", "luik pump 1 (Pompe à grand débit)", "Phase, Pays-Bas : GRIP 3"),
        ("nl", "Gemeld: ", "vraagt 2 \u00d7 ", "luik pump 1 (", "Fase, Nederland: GRIP 3"),
    ],
)  # fmt: skip
async def test_the_log_is_made_from_the_journal(client, story, lang, reported, asks, left, phase):
    """What nobody typed happened too: who was asked, what was committed and went, which phase was called."""
    maas = client("maas", "dispatcher")
    address = story["log"].removesuffix("/log.pdf")
    answer = await maas.post(f"{address}/phase", json={"country": "NL", "phase": "grip_3", "why": "dijk onder druk"})
    assert answer.is_success, answer.text
    text = text_of(await printed(client("luik", "viewer"), story["log"], lang=lang))
    for said in (reported, asks, left, phase, "dijk onder druk"):
        assert said in text, said
    assert text.index(reported) < text.index(asks) < text.index(left) < text.index(phase)


async def test_the_log_tells_nobody_what_is_between_two_others(client, story):
    """An offer is the two sides' own until a unit rolls; the third member reads of the request and of the unit alone."""
    offers = {}
    for who in ("maas", "luik", "aken"):
        text = text_of(await printed(client(who, "viewer"), story["log"], lang="en"))
        offers[who] = ("offers luik pump 1" in text, "luik pump 1 (High-capacity pump)" in text)
    assert offers == {"maas": (True, True), "luik": (True, True), "aken": (False, True)}


async def test_paper_shows_what_the_screen_shows(client, story):
    """Cost and the liaison officer's telephone are the two sides' alone; a draft is its own member's."""
    for who, sees in [("maas", True), ("luik", True), ("aken", False)]:
        text = text_of(await printed(client(who, "viewer"), story["request"], lang="de"))
        assert ("Anne Liaison" in text, "+32 00 000 0777" in text) == (sees, sees)
        text = text_of(await printed(client(who, "viewer"), story["request"], lang="de", form="ics-213rr"))
        assert ("Kostenlos" in text.replace("- ", "")) == sees  # the column is narrow: it may be broken


async def test_a_draft_is_printed_by_its_own_member_alone(client, story):
    """A draft is seen by the requester's own people only, on paper as on screen."""
    line = {"type_code": "engine.pumper", "quantity": 1, "priority": "property", "lon": 5.7, "lat": 50.78}
    maas = client("maas", "dispatcher")
    incident = story["log"].split("/")[-2]
    body = {"incident_id": incident, "kind": "planned", "lines": [line]}
    made = (await maas.post(f"{SPACE}/requests", json=body)).json()["id"]
    address = f"{SPACE}/requests/{made}/form.pdf"
    assert "Noch nicht gestellt" in text_of(await printed(maas, address, lang="de"))
    assert (await client("luik", "dispatcher").get(address)).status_code == 404


async def test_who_may_not_read_may_not_print(anonymous, client, story):
    """An address of a file is soon passed on."""
    for address in story.values():
        assert (await anonymous.get(address)).status_code == 401
        assert (await client("maas", "viewer").get(address, params={"lang": "xx"})).status_code == 422
        assert (await client("maas", "viewer").get(address.replace("/live/", "/integration/"))).status_code == 404


async def test_help_from_day_to_day_has_a_form_too(client, world):
    """It has no incident, and no free text."""
    line = {"type_code": "ambulance.als", "quantity": 1, "priority": "life_safety", "lon": 5.7, "lat": 50.78}
    body = {"kind": "day_to_day", "to_member_id": str(world.members["luik"]), "lines": [line], "then": "open"}
    made = (await client("maas", "dispatcher").post(f"{SPACE}/requests", json=body)).json()["id"]
    for form in FORMS:
        await printed(client("luik", "viewer"), f"{SPACE}/requests/{made}/form.pdf", lang="fr", form=form)


async def test_a_drill_is_marked_on_every_page(client, story, pg):
    """A sheet of a drill on a desk in a real night would send real pumps."""
    conn = await pg()
    await conn.execute("ALTER TABLE space DROP CONSTRAINT IF EXISTS ck_space_kind")
    await conn.execute("UPDATE space SET kind = 'drill' WHERE id = 'live'")
    for address in story.values():
        content = await printed(client("maas", "viewer"), address, lang="fr")
        for page in pypdf.PdfReader(io.BytesIO(content)).pages:
            text = page.extract_text()
            assert text.count("EXERCICE") == text.count("ÜBUNG") == text.count("OEFENING") == 6


async def test_fonts_are_ours_and_a_document_says_what_it_is(client, story):
    """On a machine without fonts the sheet would be empty; a screen reader would have no title and no language."""
    read = pypdf.PdfReader(io.BytesIO(await printed(client("maas", "viewer"), story["request"], lang="nl")))
    fonts = {
        str(font.get_object()["/BaseFont"]) for page in read.pages for font in page["/Resources"]["/Font"].values()
    }
    assert fonts
    assert all("NotoSans" in font for font in fonts)
    assert read.metadata.title.startswith(words()["request_form"]["nl"])
    assert read.trailer["/Root"]["/Lang"] == "nl"
    assert "/StructTreeRoot" in read.trailer["/Root"]


def test_the_same_data_make_the_same_paper():
    """Two prints that are compared differ where something changed, and nowhere else."""
    at = datetime(2026, 7, 14, 12, 0, 0, 454257, tzinfo=UTC)
    data = {
        "lang": "en", "title": "x", "exercise": [], "footer": "f", "page_words": ["Page", "of"], "labels": words_in("en"),
        "heading": "Log", "left_out": 0, "entries": [],
        "incident": {
            "ref": "I-1", "title": "t", "hazard": "h", "severity": "1", "state": "s", "began": None, "ended": None,
            "lead": "l", "phases": "p", "numbers": "n",
        },
    }  # fmt: skip
    assert render("incident-log", data, printed_at=at) == render("incident-log", data, printed_at=at)


def words_in(language):
    return {word: names[language] for word, names in words().items()}
