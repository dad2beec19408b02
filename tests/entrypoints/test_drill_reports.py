"""What is left of a drill: observations, ratings, hot washes, actions, the report on screen and on paper, the calendar, scenarios."""

from __future__ import annotations

import httpx
import icalendar
import pytest

from app.commands.contacts import AddContact
from app.commands.users import AddUser, DeactivateUser
from app.domain.authority import SYSTEM
from app.store.engine import reading
from tests.commands.drilling import SCRIPT
from tests.entrypoints.drilling import LIVE
from tests.interop.pdfs import read, squeezed, texts_of

NO_NOTICE = SCRIPT.replace("notice: {kind: announced}", "notice: {kind: no_notice, window_h: 48}")
BY_EYE = SCRIPT.replace(
    "text: {en: Then, de: Then, fr: Then, nl: Dan}\n",
    "text: {en: Then, de: Then, fr: Then, nl: Dan}\n    expect:\n      by: [BE]\n"
    "      action: {en: Looks up, de: Looks up, fr: Looks up, nl: Kijkt op}\n",
)


def text_of(pdf):
    """The words of a PDF, in one line."""
    return " ".join(" ".join(texts_of(pdf)).split())


@pytest.fixture
async def ended(cast, played):
    """A drill that was played to its end, seen and spoken about; its id."""
    drill, _ = await cast.begun(script=BY_EYE)
    await played.drilling.until(minutes=26)
    await cast.sends("controller", f"drills/{drill}/ticks", inject="follow", member="be-liege", note="Bij het raam")
    await cast.sends("evaluator", f"drills/{drill}/ticks", inject="flood", member="nl-maastricht", note="Per telefoon")
    await cast.sends("evaluator", f"drills/{drill}/observations", kind="strength", text="Rustig gebleven", seq=3)
    await played.drilling.until(minutes=40)
    body = {"objective": "asked", "rating": "S", "reason": "Ze belden in plaats daarvan"}
    await cast.sends("evaluator", f"drills/{drill}/overrules", **body)
    await cast.sends("player", f"drills/{drill}/hot-washes", went_well="De radio", to_improve="De kaart")
    return drill


async def test_each_reads_what_is_for_them(cast, ended):
    """Players would read what is written about them before anybody has spoken with them."""
    mine, others = await cast.reads("player", f"drills/{ended}/hot-washes"), f"drills/{ended}/hot-washes"
    assert [each["to_improve"] for each in mine["items"]] == ["De kaart"]
    assert (await cast.reads("other player", others))["items"] == []
    assert len((await cast.reads("controller", others))["items"]) == 1
    papers = ("observations", "report", "report.pdf", "time-line.csv", "ratings.csv", "actions.csv")
    for what in papers:
        assert (await cast.gets("player", f"drills/{ended}/{what}")).status_code == 403, what
        assert (await cast.gets("controller", f"drills/{ended}/{what}")).status_code == 200, what
    await cast.sends("director", f"drills/{ended}/review", summary="Eerder bellen")
    for what in papers:
        assert (await cast.gets("player", f"drills/{ended}/{what}")).status_code == 200, what
        assert (await cast.gets("outsider", f"drills/{ended}/{what}")).status_code == 403, what
    assert len((await cast.reads("other player", others))["items"]) == 1
    assert (await cast.reads("outsider", others))["items"] == []


async def test_the_report_is_joined_of_all_rows(cast, ended):
    """A figure, a tick or a city's word that got lost would be missed by nobody but the one who said it."""
    owner = str(cast.members["be-liege"])
    for text in ("Binnen vijf minuten bellen", "Vervallen"):
        body = {"text": text, "owner_member_id": owner, "due_on": "2026-09-01", "objective": "asked"}
        made = await cast.sends("director", f"drills/{ended}/corrective-actions", **body)
    client = cast.clients["director"]
    dropped = await client.patch(
        f"{LIVE}/corrective-actions/{made['id']}", json={"status": "dropped"}, headers={"If-Match": '"1"'}
    )
    assert dropped.status_code == 200, dropped.text
    await cast.sends("director", f"drills/{ended}/review", summary="Eerder bellen")
    document = await cast.reads("player", f"drills/{ended}/report")
    assert document["exercise"][0] == document["exercise_last"][0] == "EXERCISE EXERCISE EXERCISE"
    report = document["report"]
    line = {each["inject"]: each for each in report["line"]}
    (eye,) = line["follow"]["expected"]
    assert (eye["standing"], eye["by"], eye["note"]) == ("done", "evaluator", "Bij het raam")
    (tick,) = line["flood"]["expected"]
    assert (tick["standing"], tick["by"], tick["note"]) == ("late", "evaluator", "Per telefoon")
    asked = next(each for each in report["objectives"] if each["objective"] == "asked")
    assert (asked["computed"], asked["rating"], asked["thresholds"]) == ("U", "S", {"P": 300, "S": 600, "M": 1200})
    assert [each["text"] for each in report["observations"]] == ["Rustig gebleven"]
    assert [each["wash"]["member"] for each in report["hot_wash"]] == ["nl-maastricht"]
    assert report["silent"] == ["be-liege"]
    assert report["summary"] == "Eerder bellen"
    assert [(each["text"], each["owner"]) for each in report["actions"]] == [("Binnen vijf minuten bellen", "be-liege")]
    paper = await cast.gets("player", f"drills/{ended}/report.pdf?lang=nl")
    text = text_of(paper.content)
    for said in ("Rustig gebleven", "De kaart", "Eerder bellen", "Binnen vijf minuten bellen", "OEFENING"):
        assert said in text, said
    rows = (await cast.gets("player", f"drills/{ended}/time-line.csv?lang=nl")).content.decode("utf-8-sig").splitlines()
    assert rows[0] == rows[-1]
    assert "OEFENING OEFENING OEFENING" in rows[0]
    assert sum("Per telefoon" in row for row in rows) == 1


async def test_actions_are_followed_from_drill_to_drill(cast, ended, played):
    """What a drill has shown would be forgotten until the next one shows it again."""
    body = {"text": "Bellen", "owner_member_id": str(cast.members["be-liege"]), "due_on": "2026-07-20"}
    made = await cast.sends("evaluator", f"drills/{ended}/corrective-actions", objective="asked", **body)
    assert (await cast.reads("outsider", "improvement-plan"))["trends"] == []
    await cast.sends("director", f"drills/{ended}/review", summary="Eerder bellen")
    played.drilling.clock.move(days=10)
    (listed,) = (await cast.reads("player", "corrective-actions?overdue=true"))["items"]
    assert (listed["id"], listed["overdue"], listed["owner"]) == (made["id"], True, "be-liege")
    assert (await cast.reads("player", "corrective-actions?overdue=false"))["items"] == []
    plan = await cast.reads("outsider", "improvement-plan")
    assert [each["standing"] for each in plan["actions"]] == ["overdue"]
    assert {each["objective"]: each["points"][0]["rating"] for each in plan["trends"]}["asked"] == "S"
    retest = await cast.planned()
    owner = await played.of("be-liege", "authorised_representative")
    for number, more in enumerate(({"status": "done"}, {"status": "retested", "retest_drill_id": retest}), 1):
        answer = await owner.patch(
            f"{LIVE}/corrective-actions/{made['id']}", json=more, headers={"If-Match": f'"{number}"'}
        )
        assert answer.status_code == 200, answer.text
    plan = await cast.reads("outsider", "improvement-plan")
    assert [each["standing"] for each in plan["actions"]] == ["retested"]
    assert "Bellen" in (await cast.gets("player", "improvement-plan.csv")).text


async def test_handbooks(cast):
    """A player's handbook with the script in it, or a controller's without."""
    drill = await cast.planned()
    for lang in ("en", "de", "fr", "nl"):
        text = text_of((await cast.gets("outsider", f"drills/{drill}/player-handbook.pdf?lang={lang}")).content)
        assert "Asks" not in text
        assert "ECHTE NOODSITUATIE" in text
    assert "Asks" in text_of((await cast.gets("controller", f"drills/{drill}/controller-handbook.pdf")).content)
    assert (await cast.gets("safety", f"drills/{drill}/controller-handbook.pdf")).status_code == 403


async def test_the_staffs_handbook_says_who_is_who(cast, played):
    """Names are for the staff, numbers as far as their member shares them; neither stands in the journal."""
    drill, door, members = await cast.planned(), played.drilling.door, played.drilling.members
    people = {"safety": "be-liege.safety-officer", "director": "nl-maastricht.exercise-director"}
    for who, shared, phone in (("safety", True, "+32 00 000 7701"), ("director", False, "+31 00 000 7702")):
        member = people[who].partition(".")[0]
        contact = AddContact(
            member_id=members[member],
            code=who,
            function="Exercise",
            name=people[who].upper(),
            phone=phone,
            shared=shared,
        )
        await door.execute(contact, actor=SYSTEM, space="live")
    service = AddUser(
        member_id=members["be-liege"],
        login="robot",
        display_name="Robot Controller",
        roles=["drill_controller"],
        kind="service",
    )
    await door.execute(service, actor=SYSTEM, space="live")

    async def read_by(who, paper="controller"):
        return read((await cast.gets(who, f"drills/{drill}/{paper}-handbook.pdf")).content)

    for_liege, for_maastricht = await read_by("controller"), await read_by("director")
    for each in (for_liege, for_maastricht):
        assert squeezed(people["safety"]) in each
        assert squeezed(people["director"]) in each
        assert squeezed("+32 00 000 7701") in each
        assert squeezed("Robot") not in each
    assert squeezed("+31 00 000 7702") not in for_liege
    assert squeezed("+31 00 000 7702") in for_maastricht
    for_players = await read_by("player", "player")
    assert squeezed(people["safety"]) not in for_players
    assert squeezed("+32 00 000 7701") not in for_players
    async with reading(door.engine) as conn:
        journal = await conn.fetchval("SELECT string_agg(payload::text, '') FROM journal_entry")
    assert "+32 00 000 7701" not in journal
    await door.execute(DeactivateUser(), actor=SYSTEM, space="live", target=played.users["be-liege", "safety_officer"])
    assert squeezed(people["safety"]) not in await read_by("director")


async def test_calendars_tell_the_hour_or_the_window(cast):
    """A shared calendar would tell the players of a drill without notice when it comes, or nobody when any comes."""
    said = await cast.planned()
    await cast.sends("director", f"drills/{said}/schedule", start="2026-09-01T09:13", time_zone="Europe/Brussels")
    unsaid = await cast.planned(SCRIPT.replace("notice: {kind: announced}", "notice: {kind: no_notice, window_h: 48}"))
    await cast.sends("director", f"drills/{unsaid}/schedule", start="2026-10-01T09:13", time_zone="Europe/Brussels")
    for who in ("director", "player"):
        text = (await cast.gets(who, "drills.ics")).text
        assert "20261001T0713" not in text
        found = {str(each["uid"]): each for each in icalendar.Calendar.from_ical(text).walk("VEVENT")}
        assert found[f"drill-{said}@concord.invalid"].start.isoformat() == "2026-09-01T07:13:00+00:00"
        assert found[f"drill-{unsaid}@concord.invalid"].start.isoformat() == "2026-10-01T00:00:00+00:00"
    await cast.sends("director", f"drills/{said}/stand-down", reason="Ziek")
    text = (await cast.gets("player", f"drills/{said}/invitation.ics")).text
    assert "METHOD:CANCEL" in text
    assert (await cast.gets("player", f"drills/{await cast.planned()}/invitation.ics")).status_code == 409


async def test_scenarios_to_begin_with(cast):
    """Every director would begin with an empty page, and find faults one by one as it is planned."""
    listed = (await cast.reads("director", "drill-scenarios"))["items"]
    assert {"meuse-flood", "power-loss"} <= {each["id"] for each in listed}
    script = (await cast.reads("director", "drill-scenarios/meuse-flood"))["script"]
    assert (await cast.sends("director", "drill-scenarios/check", script=script)) == {"ok": True, "faults": []}
    checked = await cast.sends("director", "drill-scenarios/check", script=script.replace("seed:", "sed:", 1))
    assert not checked["ok"]
    assert checked["faults"][0]["line"] > 1
    assert (await cast.gets("director", "drill-scenarios/nothing")).status_code == 404
    for address in ("drill-scenarios", "drill-scenarios/meuse-flood"):
        assert (await cast.gets("player", address)).status_code == 403
    assert (await cast.reads("director", "drills"))["items"] == []


async def test_a_calendar_program_reads_by_a_secret_address(cast, played):
    """Calendar programs send no headers: without an address of their own nobody's calendar shows a drill, or everybody's does."""
    said, unsaid = await cast.planned(), await cast.planned(NO_NOTICE)
    for drill, start in ((said, "2026-09-01T09:13"), (unsaid, "2026-10-01T09:13")):
        await cast.sends("director", f"drills/{drill}/schedule", start=start, time_zone="Europe/Brussels")
    director = cast.clients["director"]
    me = str(played.users["nl-maastricht", "exercise_director"])

    async def renewed():
        made = await director.post(f"/api/v1/users/{me}/calendar-address", json={})
        assert made.status_code == 201, made.text
        return made.json()["once"]["key"]

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=played.application), base_url="http://concord.test"
    ) as stranger:

        async def reads(key, where="/api/v1/calendar.ics"):
            return await stranger.get(where, params={"key": key})

        first = await renewed()
        answer = await reads(first)
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8", answer.text
        assert "20260901T0713" in answer.text
        assert "20261001T0713" not in answer.text, "also to a director, for a calendar is passed on"
        assert "no-store" in answer.headers["cache-control"]
        second = await renewed()
        assert [(await reads(key)).status_code for key in (first, second)] == [401, 200]
        # It opens nothing else, neither there nor as a token; and no other token opens the calendar.
        assert (await reads(second, f"{LIVE}/drills.ics")).status_code in {401, 422}
        bearer = {"Authorization": f"Bearer {second}"}
        assert (await stranger.get(f"{LIVE}/drills.ics", headers=bearer)).status_code == 403
        assert (await stranger.post(f"{LIVE}/drills", json={"script": SCRIPT}, headers=bearer)).status_code == 403
        assert (await reads(played.tokens["nl-maastricht", "exercise_director"])).status_code == 403
        assert (await stranger.get("/api/v1/calendar.ics")).status_code == 401
        assert (await reads("concord_nothing")).status_code == 401
        tokens = (await director.get(f"/api/v1/users/{me}/tokens")).json()["items"]
        counting = [each for each in tokens if each["scopes"] == ["calendar"] and not each["revoked_at"]]
        assert len(counting) == 1
        assert (await director.post(f"/api/v1/tokens/{counting[0]['id']}/revoke", json={})).status_code == 200
        assert (await reads(second)).status_code == 401
    others = await cast.clients["player"].post(f"/api/v1/users/{me}/calendar-address", json={})
    assert others.status_code == 403


async def test_every_reason_of_a_stop_and_every_overrule_stays_in_the_report(cast, ended):
    """The second evaluator's word would make the first one disappear, and with it the quarrel that the corridor has to settle."""
    other = await cast.over.of("be-liege", "drill_evaluator")
    first = await cast.sends("evaluator", f"drills/{ended}/overrules", objective="asked", rating="M", reason="Too late")
    revision = first["subject"]["revision"]
    body = {"objective": "asked", "rating": "S", "reason": "They rang at once", "revision": revision}
    answer = await other.post(f"{LIVE}/drills/{ended}/overrules", json=body)
    assert answer.is_success, answer.text
    told = (await cast.reads("evaluator", f"drills/{ended}/report"))["report"]
    (asked,) = [each for each in told["objectives"] if each["objective"] == "asked"]
    said = [(each["rating"], each["reason"], each["member"]) for each in asked["overrules"]]
    assert said[-2:] == [("M", "Too late", "nl-maastricht"), ("S", "They rang at once", "be-liege")]
    assert all(each["at"] and each["by"].startswith("user:") for each in asked["overrules"])
    assert asked["overruled"] == asked["overrules"][-1]
    paper = text_of((await cast.gets("evaluator", f"drills/{ended}/report.pdf?lang=en")).content)
    csv = (await cast.gets("evaluator", f"drills/{ended}/ratings.csv?lang=en")).text
    for words in ("Too late", "They rang at once"):
        assert words in paper
        assert words in csv
    assert "replaced since" in paper


async def test_a_drill_that_the_service_stopped_says_why_in_every_language(cast):
    """A German control room would read in English why its exercise broke off, in the report it signs."""
    drill, _ = await cast.begun()
    made = await cast.sends("player", "incidents", title="Brand", hazard="storm", severity=4, area={"type": "Point", "coordinates": [5.7, 50.85]})  # fmt: skip
    await cast.over.drilling.due()
    (said,) = (await cast.reads("director", f"drills/{drill}/report"))["report"]["held"]["stop_reasons"]
    ref = made["subject"]["ref"]
    assert [(each["code"], each["figures"]) for each in said["codes"]] == [("drill_incident_forbids", {"refs": [ref]})]
    for language, words in (("de", "Der echte Einsatz geht vor"), ("fr", "l'intervention réelle passe avant"), ("nl", "de echte inzet gaat voor")):  # fmt: skip
        paper = " ".join(
            text_of((await cast.gets("director", f"drills/{drill}/report.pdf?lang={language}")).content).split()
        )
        assert ref in paper
        assert words in paper
        assert "A player leads" not in paper
    # What somebody wrote since stands as it was written.
    await cast.sends("director", f"drills/{drill}/stop-reason", reason="Brand in de meldkamer")
    last = (await cast.reads("director", f"drills/{drill}/report"))["report"]["held"]["stop_reasons"][-1]
    assert (last["reason"], last["codes"]) == ("Brand in de meldkamer", [])


async def test_a_stopped_drill_tells_each_reason(cast):
    """Whoever reads why it was stopped reads the last word, and not that it was another one the day before."""
    drill, _ = await cast.begun()
    await cast.sends("player", f"drills/{drill}/stop")
    assert "explain_stop" in (await cast.reads("player", f"drills/{drill}"))["may"]
    assert "explain_stop" not in (await cast.reads("other player", f"drills/{drill}"))["may"]
    await cast.sends("player", f"drills/{drill}/stop-reason", reason="Rook in de meldkamer")
    await cast.sends("director", f"drills/{drill}/stop-reason", reason="Brand in de meldkamer")
    refused = await cast.clients["other player"].post(f"{LIVE}/drills/{drill}/stop-reason", json={"reason": "Niets"})
    assert refused.status_code == 403
    held = (await cast.reads("director", f"drills/{drill}/report"))["report"]["held"]
    assert [(each["member"], each["reason"]) for each in held["stop_reasons"]] == [
        ("nl-maastricht", "Rook in de meldkamer"),
        ("nl-maastricht", "Brand in de meldkamer"),
    ]
    paper = text_of((await cast.gets("director", f"drills/{drill}/report.pdf?lang=nl")).content)
    assert paper.index("Rook in de meldkamer") < paper.index("Brand in de meldkamer")
