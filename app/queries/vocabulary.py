"""Every coded word with its names, in one answer: what a client needs to show codes in its user's language."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from app.domain.agreement_reasons import reason_texts
from app.domain.authority import authority
from app.domain.automatic_order import obstacle_texts
from app.domain.drills.events import EVENTS
from app.domain.lifecycle import MACHINES, machine
from app.domain.resource_types import resource_types
from app.domain.vocabulary import vocabulary as words
from app.interop import paper as forms
from app.queries.models import ReadModel

if TYPE_CHECKING:
    from collections.abc import Mapping


class WordView(ReadModel):
    """One coded word."""

    names: dict[str, str]
    """Language → name."""
    rank: int | None = None
    """Its place in the order of its group, where there is one."""


class MeasureView(WordView):
    """Something that a type's minimum is measured in."""

    unit: str


class LanguageView(ReadModel):
    """A language of the product."""

    name: str
    """In itself."""
    tag: str
    """BCP 47."""


class VocabularyView(ReadModel):
    """All coded words, by group and code."""

    version: int
    languages: dict[str, LanguageView]
    words: dict[str, dict[str, WordView]]
    """Group (`hazards`, `request_kinds`, `priorities` …) → code → word."""
    phases: dict[str, dict[str, WordView]]
    """Country → code → its word for how far an incident has gone."""
    states: dict[str, dict[str, WordView]]
    """State machine (`request`, `offer`, `mission` …) → state → word."""
    roles: dict[str, WordView]
    units: dict[str, WordView]
    measures: dict[str, MeasureView]
    reasons: dict[str, dict[str, str]]
    """What can stand against help under an agreement, or against a lender's automatic alarm: code → language → text, with the reason's figures in {braces}."""
    events: dict[str, dict[str, str]]
    """Type of a journal's entry that a drill can be measured by (`request.opened`) → language → what it is called."""


APART = frozenset({"version", "languages", "phases"})


@cache
def vocabulary() -> VocabularyView:
    """Return the vocabulary of this release, put together once."""
    said, types = words(), resource_types()
    return VocabularyView(
        version=said["version"],
        languages={code: LanguageView(**each) for code, each in said["languages"].items()},
        words={group: _words(said[group]) for group in said if group not in APART},
        phases={country: _words(phases) for country, phases in said["phases"].items()},
        states={
            name: {code: WordView(names=dict(names)) for code, names in machine(name).names.items()}
            for name in MACHINES
        },
        roles={code: WordView(names=dict(role.names)) for code, role in authority().roles.items()},
        units=_words(types["units"]),
        measures={code: MeasureView(**each) for code, each in types["measures"].items()},
        reasons={code: dict(texts) for code, texts in {**reason_texts(), **obstacle_texts()}.items()},
        events={each: dict(forms.words("drill-events")[each.replace(".", "_")]) for each in sorted(EVENTS)},
    )


def _words(group: Mapping[Any, Mapping[str, Any]]) -> dict[str, WordView]:
    return {str(code): WordView.model_validate(each) for code, each in group.items()}
