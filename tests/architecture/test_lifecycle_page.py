"""docs/lifecycle.md is drawn from protocols/lifecycle/ and protocols/authority.yaml.

To draw it again after a change: ``python -m tests.architecture.test_lifecycle_page`` at the top of the checkout.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.authority import authority
from app.domain.lifecycle import MACHINES, machine
from app.domain.protocol_data import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from app.domain.authority import Grant
    from app.domain.lifecycle import Machine, Transition

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"
LANGUAGE_NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "nl": "Nederlands"}
CROWD = 5
"""With more sources than this, a step is drawn from one box that stands for all of them."""

TOP = """\
# States, steps, and who may take them

<!-- Drawn from protocols/lifecycle/*.yaml and protocols/authority.yaml by
     python -m tests.architecture.test_lifecycle_page. Change those files, not this one: a test compares. -->

Every subject with a life of its own follows a state machine that is data; the code holds no second copy. A step that does
not stand here does not happen: the answer is 409 `transition-not-allowed` with the steps that are possible. What a
step in *[brackets]* hangs on is explained under its diagram. Steps marked ◆ are somebody's decision, and are never inferred when a
dispatch system reports a later state."""

BOTTOM = """\
## The shape of the files

`protocols/lifecycle/<machine>.yaml` holds `machine`, `version`, `names`, `initial`, then

- `facts`: what a guard asks for, and what it means. The caller works the facts out. A fact that was not handed in
  fulfils neither `only_if` nor `unless`.
- `states`: code → `names` in every language, `means` (English), `final` where nothing follows.
- `transitions`: `name`, `from` (a list), `to`, `by` (the commands that take it), and where wanted `only_if` or `unless`
  with a fact, `never_inferred`.

A file is refused when it is loaded, with the file and the key named, if a state or fact is named that isn't there, a state can't be
reached or leads nowhere, a final state has a way out, two steps from one state share a name or a target, or a language is missing.

`protocols/authority.yaml` holds `roles`, `sides`, `facts`, and for each command a list of grants (`side`, `roles`,
`when`). One grant that fits is enough."""


def render() -> str:
    """Draw the whole page."""
    parts = [TOP, *(_machine_section(machine(name)) for name in MACHINES), _authority_section(), BOTTOM]
    return "\n\n".join(parts) + "\n"


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines.extend(list(row) for row in rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _in_languages(names: Mapping[str, str]) -> Iterator[str]:
    return (names[language] for language in LANGUAGES)


def _guard(step: Transition) -> str:
    conditions = [step.only_if] if step.only_if else []
    conditions += [f"not {step.unless}"] if step.unless else []
    return f"[{' and '.join(conditions)}]" if conditions else ""


def _diagram(subject: Machine) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    crowds: dict[tuple[str, ...], str] = {}
    for step in subject.transitions:
        if len(step.sources) > CROWD and step.sources not in crowds:
            crowds[step.sources] = f"several_{len(crowds) + 1}"
            lines.append(f'    state "{len(step.sources)} states, see the table" as {crowds[step.sources]}')
    lines.append(f"    [*] --> {subject.initial}")
    for step in subject.transitions:
        label = " ".join(part for part in (step.name, _guard(step)) if part)
        sources = (crowds[step.sources],) if step.sources in crowds else step.sources
        lines.extend(f"    {source} --> {step.to}: {label}" for source in sources)
    lines.extend(f"    {code} --> [*]" for code, state in subject.states.items() if state.final)
    return "\n".join([*lines, "```"])


def _machine_section(subject: Machine) -> str:
    states = _table(
        ["state", *(LANGUAGE_NAMES[language] for language in LANGUAGES), "means"],
        (
            [f"`{code}`" + (" (final)" if state.final else ""), *_in_languages(state.names), state.means]
            for code, state in subject.states.items()
        ),
    )
    steps = _table(
        ["step", "from", "to", "only when", "by"],
        (
            [
                f"`{step.name}`" + (" ◆" if step.never_inferred else ""),
                _code(step.sources),
                f"`{step.to}`",
                f"`{_guard(step)[1:-1]}`" if _guard(step) else "",
                _code(step.by),
            ]
            for step in subject.transitions
        ),
    )
    parts = [f"## {subject.title['en']}", _diagram(subject)]
    parts.extend(f"- `{fact}`: {meaning}" for fact, meaning in subject.facts.items())
    return "\n\n".join([*parts, states, steps])


def _who(grant: Grant) -> str:
    if grant.side.held_by == "nobody":
        return f"{grant.side.code}: the service itself"
    who = _code(grant.roles) or "the user"
    narrowed = "; ".join(f"{fact}: {', '.join(values)}" for fact, values in grant.when.items())
    return f"{grant.side.code}: {who}" + (f" ({narrowed})" if narrowed else "")


def _authority_section() -> str:
    table = authority()
    steps: dict[str, list[str]] = {}
    for name in MACHINES:
        for step in machine(name).transitions:
            for command in step.by:
                steps.setdefault(command, []).append(f"{name}.{step.name}")
    roles = _table(
        ["role", *(LANGUAGE_NAMES[language] for language in LANGUAGES), "may"],
        ([f"`{code}`", *_in_languages(role.names), role.may] for code, role in table.roles.items()),
    )
    sides = _table(["side", "who that is"], ([side.code, side.means] for side in table.sides.values()))
    commands = _table(
        ["command", "who may", "steps it takes"],
        (
            [f"`{command}`", "<br>".join(map(_who, grants)), _code(dict.fromkeys(steps.get(command, [])))]
            for command, grants in table.commands.items()
        ),
    )
    intro = (
        "A command is for whoever holds one of the roles on the side that decides. No role stands above another, and the "
        "service itself may do everything. A token may narrow this to `read`, `write` or single commands."
    )
    return f"## Who may do what\n\n{intro}\n\n{commands}\n\n### Sides\n\n{sides}\n\n### Roles\n\n{roles}"


def test_the_page_shows_what_the_data_says():
    """Otherwise a reader would learn steps and rights that the service does not know."""
    again = "run python -m tests.architecture.test_lifecycle_page"
    assert PAGE.read_text(encoding="utf-8") == render(), again


def test_every_state_step_and_command_is_on_the_page():
    """A page that is drawn from the data can still leave some of it out."""
    page = PAGE.read_text(encoding="utf-8")
    words = [*authority().commands, *authority().roles]
    for name in MACHINES:
        words += [*machine(name).states, *(step.name for step in machine(name).transitions)]
    assert [word for word in words if f"`{word}`" not in page] == []


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")
    print(f"drawn: {PAGE.name}")
