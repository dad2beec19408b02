"""Nothing of the script reaches those who are to be surprised by it."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from app.domain.drills.shapes import Texts
from app.domain.drills.views import handbook, told
from tests.domain.drills.making import SCENARIOS, shipped


def secrets(scenario):
    """Every text that tells the plot, and every name that gives it away."""
    texts = [
        scenario.summary,
        *(each.name for each in scenario.objectives),
        *(each.name for each in scenario.sync_points),
    ]
    for inject in scenario.injects:
        texts += [inject.text, *([inject.expect.action] if inject.expect else ())]
        texts += [inject.incident.title] if inject.incident else []
        yield repr(inject.id)
    for text in texts:
        assert isinstance(text, Texts)
        yield from text.root.values()
    yield from (repr(each.id) for each in (*scenario.objectives, *scenario.sync_points))
    yield from (f"policy={name!r}" for name in scenario.policies)
    yield from (repr(scenario.hazard), "seed")


@pytest.mark.parametrize("name", [file.stem for file in SCENARIOS])
def test_the_handbook_holds_no_script(name):
    """A player who reads that the wind will turn measures nothing but their memory."""
    scenario = shipped(name)
    read = repr(asdict(handbook(scenario)))
    found = [secret for secret in secrets(scenario) if secret in read]
    assert not found
    for text in (scenario.directive, scenario.situation, scenario.stop_words):
        assert text.said("nl") in read.replace('\\"', '"')
    assert (handbook(scenario).duration_s is None) is (scenario.notice.kind == "no_notice")


@pytest.mark.parametrize("name", [file.stem for file in SCENARIOS])
def test_a_delivered_inject_tells_no_more_than_its_sender_would(name):
    """What is expected of somebody is what they are judged by."""
    scenario = shipped(name)
    for inject in scenario.injects:
        read = repr(asdict(told(scenario, inject)))
        assert inject.text.said("fr") in read.replace("\\'", "'").replace("\\xa0", "\xa0")
        assert repr(inject.id) not in read
        assert "expect" not in read
        if inject.expect:
            assert inject.expect.action.said("en") not in read
        assert (told(scenario, inject).sender_name is None) is (inject.sender not in scenario.voices)
