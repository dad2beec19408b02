"""The after-action report as PDF, of drills that were played to their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import pytest

from app.domain.drills import US
from app.domain.drills.improvement import improvement_plan, past_of
from app.domain.drills.places import read_places
from app.domain.drills.report import StopReason, Stretch
from app.domain.drills.shapes import clock_text
from app.domain.protocol_data import LANGUAGES
from app.interop.drill_report_paper import report_paper
from app.interop.paper import words
from tests.domain.drills.making import MINUTE, ROOT, SCENARIOS, shipped
from tests.domain.drills.played import FORMULA, LONG, reported
from tests.interop.pdfs import read, require_marked, squeezed, texts_of

NAMES = [file.stem for file in SCENARIOS]
NOW = datetime(2027, 8, 10, 12, tzinfo=UTC)
PLACES = read_places(ROOT / "simulations" / "corridors" / "meuse-rhine")


def plan_of(name):
    """The plan over two drills; in the second the first objective was met, and its action so retested."""
    first, *others = reported(name, 2, 90).objectives
    met = replace(first, rating="P", computed="P", overruled=None)
    two = replace(reported(name, 2, 90), objectives=(met, *others))
    return improvement_plan([past_of(reported(name)), past_of(two)], date(2027, 8, 10))


@cache
def printed(name, language):
    return report_paper(reported(name), shipped(name), PLACES, language, plan=plan_of(name), printed_at=NOW)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_the_report_says_all_of_it(name, language):
    """What is left out of the paper is not talked about at the table."""
    report, pdf = reported(name), printed(name, language)
    require_marked(pdf, language)
    found, plain = read(pdf), " ".join("".join(texts_of(pdf)).split())
    for line in report.line:
        assert squeezed(line.text.said(language)) in found
        for expected in line.expected:
            assert squeezed(expected.action.said(language)) in found
    for result in report.objectives:
        assert squeezed(result.name.said(language)) in found
        if result.unit == "s" and result.figure is not None and not result.never:
            assert clock_text(result.figure) in plain
        for seq in result.evidence[:40]:
            assert f"#{seq}" in plain
    for text in (report.objectives[0].overruled.reason, report.summary, report.hot_wash[1].wash.to_change):
        assert squeezed(text) in found
    for action in plan_of(name).actions:
        assert squeezed(action.action.text) in found
    said = words("drill-words")
    for key in (
        "time_line",
        "ratings",
        "saw",
        "observations",
        "hot_wash",
        "actions",
        "improvement",
        "trend",
        "method_how",
    ):
        assert squeezed(said[key][language]) in found, key
    for standing in ("a_overdue", "a_open", "a_retested"):
        assert squeezed(said[standing][language]) in found


def test_what_people_wrote_is_set_as_text():
    """A note that holds Typst, or HTML, or a formula is printed as it was typed."""
    plain = "".join(texts_of(printed("meuse-flood", "en")))
    assert "#let x = 1 *fett*" in plain
    assert "<b>" in plain
    assert squeezed(FORMULA) in read(printed("meuse-flood", "en"))
    assert squeezed(LONG) in read(printed("meuse-flood", "en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_drill_that_was_stopped_and_hardly_begun(language):
    """No figure, no word, no plan: the report is short and still says why."""
    whole = reported("chlorine-train")
    code = {"code": "drill_incident_forbids", "detail": "Zqenglish", "figures": {"refs": ["I-7"]}}
    why = StopReason(at=NOW, by="system", member=None, reason="Zqenglish", codes=(code,))
    held = replace(whole.held, stopped=True, lasted_us=20 * MINUTE, stop_reasons=(why,))
    stretches = (
        Stretch(kind="pause", site="sittard", from_us=5 * MINUTE, to_us=9 * MINUTE),
        Stretch(kind="pause", site=None, from_us=12 * MINUTE, to_us=12 * MINUTE, wall_s=90, reason="Zqfall"),
        Stretch(kind="jump", site=None, from_us=14 * MINUTE, to_us=17 * MINUTE),
    )
    late = replace(whole.saw[0], joined_us=10 * MINUTE, entries=(), counts=(), told=(), first_told_us=None)
    nothing = tuple(
        replace(
            each, figure=None, n=0, hits=None, interval=None, computed=None, rating=None, overruled=None, evidence=()
        )
        for each in whole.objectives
    )
    report = replace(
        whole, held=held, stretches=stretches, saw=(late, *whole.saw[1:]), objectives=nothing,
        observations=(), hot_wash=(), silent=(), summary=None, actions=(),
    )  # fmt: skip
    pdf = report_paper(report, shipped("chlorine-train"), PLACES, language, printed_at=NOW)
    require_marked(pdf, language)
    said, found = words("drill-words"), read(pdf)
    assert squeezed(said["ended_stopped"][language]) in found
    assert squeezed(said["not_rated"][language]) in found
    assert squeezed(said["k_unrated"][language].format(n=len(nothing))) in found, (
        "none of five was rated, and not none of none"
    )
    assert squeezed(said["improvement"][language]) not in found.replace(squeezed(said["report"][language]), "")
    # What the service itself stopped it for is told in the reader's language.
    assert squeezed(said["drill_incident_forbids"][language].format(refs="I-7")) in found
    assert squeezed("Zqenglish") not in found
    assert squeezed("Zqfall") in found
    plain = " ".join("".join(texts_of(pdf)).split())
    for at in (5, 9, 14, 17):
        assert clock_text(at * 60) in plain
    assert clock_text(held.lasted_us / US) in plain
