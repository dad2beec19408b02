"""Drills over HTTP: planned and led by their staff, seen by players from the inside, and read by nobody else."""

from __future__ import annotations

from app.interop.drill_marks import is_marked
from tests.commands.drilling import SCRIPT
from tests.entrypoints.drilling import LIVE

NO_NOTICE = SCRIPT.replace("notice: {kind: announced}", "notice: {kind: no_notice, window_h: 48}")


async def test_from_the_plan_to_the_end(cast, played):
    """A director's program would stop at the first step that has no address."""
    drill, space = await cast.begun()
    control = await cast.reads("director", f"drills/{drill}/control")
    assert control["clock"]["status"] == "running"
    for who, sees in (("director", [0, 0, 0]), ("player", [0, None, None])):
        found = (await cast.reads(who, f"drills/{drill}"))["participants"]
        joined = {each["member_id"]: each["joined_us"] for each in found if each["role"] == "player"}
        assert [joined[str(cast.members[code])] for code in ("nl-maastricht", "be-liege", "nl-heerlen")] == sees
    await played.drilling.until(minutes=5)
    player = await cast.reads("player", "deliveries", space=space)
    assert [each["told"]["sender"] for each in player["items"]] == ["caller", "control"]
    assert [
        each["told"]["sender"] for each in (await cast.reads("other player", "deliveries", space=space))["items"]
    ] == ["control"]
    await cast.sends("safety", f"drills/{drill}/pause", reason="Fall")
    for who in ("director", "other director"):
        await cast.sends(who, f"drills/{drill}/resume")
    await cast.sends("director", f"drills/{drill}/speed", speed=2)
    await cast.sends("controller", f"drills/{drill}/injects", inject="spare")
    control = await cast.reads("controller", f"drills/{drill}/control")
    injects = {each["id"]: each for each in control["injects"]}
    assert injects["spare"]["state"] == "delivered"
    assert injects["spare"]["delivered"]["by"] == "hand"
    assert injects["flood"]["expectations"][0]["standing"] == "open"
    assert control["awaited"] == ["flood"]
    assert (injects["pumps"]["latest_us"], injects["pumps"]["state"]) == (20 * 60 * 1_000_000, "planned")
    assert (injects["pumps"]["number"], injects["follow"]["when"]["de"]) == (
        3,
        "00:01:00 nach: Einspielung „Bedarf“ Nr. 3",
    )
    assert {each["id"]: each["thresholds"]["P"] for each in control["objectives"]} == {
        "asked": 300,
        "answered": 0.9,
        "kept": 2,
    }
    inside = await cast.reads("player", "exercise", space=space)
    assert (inside["drill_id"], inside["my_site"], inside["frozen"]) == (drill, "east", False)
    await cast.sends("director", f"drills/{drill}/end")
    assert (await cast.reads("player", "exercise", space=space))["frozen"] is True
    assert (await cast.gets("director", f"drills/{drill}", space=space)).status_code == 404
    assert (await cast.gets("director", "exercise")).status_code == 404


async def test_the_plan_is_read_before_it_begins(cast):
    """Controllers would see their script for the first time when the players do."""
    drill = await cast.planned()
    control = await cast.reads("evaluator", f"drills/{drill}/control")
    assert control["clock"] is None
    assert {each["state"] for each in control["injects"]} == {"planned", "by_hand"}
    said = await cast.reads("controller", f"drills/{drill}/script")
    assert said["script"] == SCRIPT


async def test_who_may_not_read_the_script(cast):
    """One look, and nothing that is measured afterwards means anything."""
    drill = await cast.planned()
    for who in ("player", "other player", "safety", "outsider"):
        for what in ("script", "control"):
            answer = await cast.clients[who].get(f"{LIVE}/drills/{drill}/{what}")
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/role-missing"), who


async def test_without_notice_the_hour_is_its_staffs(cast):
    """The others would be ready at their desks."""
    drill = await cast.planned(NO_NOTICE)
    body = {"start": "2026-09-01T09:13", "time_zone": "Europe/Brussels", "repeats": {"weekly": {"weekday": 1}}}
    said = await cast.sends("director", f"drills/{drill}/schedule", **body)
    for told in (said, await cast.reads("player", f"drills/{drill}"), await cast.reads("player", "journal")):
        assert "09:13" not in str(told)
        assert "07:13" not in str(told)
    found = await cast.reads("evaluator", f"drills/{drill}")
    assert found["starts_at"] == "2026-09-01T07:13:00Z"
    assert found["recurrence"]["start"] == "2026-09-01T09:13"
    assert found["staff"]


async def test_it_says_what_can_be_done(cast):
    """A button that is refused tells people that the machine is broken."""
    drill = await cast.planned()
    director = (await cast.reads("director", f"drills/{drill}"))["may"]
    assert {"schedule_drill", "start_drill", "answer_ready"} <= set(director)
    player = await cast.reads("player", f"drills/{drill}")
    assert (player["may"], player["staff"], player["virtual"], player["lasts_s"]) == (
        ["answer_ready"],
        False,
        None,
        None,
    )
    written = await cast.sends("director", "drills", script=SCRIPT)
    assert "approve_drill" not in (await cast.reads("director", f"drills/{written['id']}"))["may"]
    assert "approve_drill" in (await cast.reads("other director", f"drills/{written['id']}"))["may"]
    listed = (await cast.reads("player", "drills"))["items"]
    assert [each["id"] for each in listed] == [written["id"], drill]


async def test_files_of_money_in_a_drill_are_marked(cast):
    """A bill of the exercise that looks like any other is paid by somebody."""
    _, space = await cast.begun()
    answer = await cast.gets("player", "claims.csv", space=space)
    assert 'filename="EXERCISE-claims.csv"' in answer.headers["Content-Disposition"]
    first, *_, last = answer.text.splitlines()
    assert first == last
    assert first.startswith("EXERCISE EXERCISE EXERCISE")
    live = await cast.gets("player", "claims.csv")
    assert "EXERCISE" not in live.text


async def test_what_maps_read_of_a_drill_is_marked_and_read_back_there_alone(cast):
    """Twenty pumps that a script invented stand on the map of another city; or an export of the drill does not fit the drill."""
    _, space = await cast.begun()
    features = {"Accept": "application/geo+json"}
    layer = (await cast.clients["player"].get(f"{space}/depots", headers=features)).json()
    assert (next(iter(layer)), list(layer)[-1]) == ("exercise", "exercise_last")
    assert layer["exercise"] == layer["exercise_last"]
    assert layer["exercise"][0] == "EXERCISE EXERCISE EXERCISE"
    live = (await cast.clients["player"].get(f"{LIVE}/depots", headers=features)).json()
    assert list(live) == ["type", "features", "next"]
    sent = {"Content-Type": "application/geo+json"}
    for format_ in ("geojson", "csv"):
        file = await cast.gets("player", f"exports/depots?format={format_}", space=space)
        assert f'filename="EXERCISE-depots-nl-maastricht.{format_}"' in file.headers["Content-Disposition"]
        assert is_marked(file.content, geojson=format_ == "geojson")
        headers = sent if format_ == "geojson" else {"Content-Type": "text/csv"}
        back = await cast.clients["player"].post(f"{space}/imports/depots", content=file.content, headers=headers)
        assert back.status_code == 200, back.text
        assert (back.json()["added"], back.json()["changed"]) == (0, 0)
        assert back.json()["unchanged"] > 0
        refused = await cast.clients["player"].post(f"{LIVE}/imports/depots", content=file.content, headers=headers)
        assert [each["code"] for each in refused.json()["reasons"]] == ["file_of_drill"]
    outside = await cast.clients["player"].post(f"{LIVE}/imports/depots", json=layer, headers=sent)
    assert [each["code"] for each in outside.json()["reasons"]] == ["file_of_drill"]
