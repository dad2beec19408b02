"""State machines, loaded from ``protocols/lifecycle/*.yaml``; the code holds no second copy of any of them.

A machine says which steps there are, from where, and under which facts. It doesn't know who may take a step
(``authority.py``) and changes nothing: a command asks it for the new state and writes that itself.

A step may hang on a *fact*, a named yes or no that the caller works out (``crossing_has_control``). A fact that was not
handed in fulfils neither ``only_if`` nor ``unless``, so that forgetting one refuses a step and never lets one through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from app.domain import authority
from app.domain.errors import TransitionNotAllowed
from app.domain.protocol_data import Code, Names, Shape, parse, read, wrong

if TYPE_CHECKING:
    from pathlib import Path

MACHINES = (
    "request",
    "offer",
    "mission",
    "extension",
    "reassignment",
    "host_support",
    "agreement",
    "agreement_version",
    "claim",
    "claim_dispute",
    "statement",
    "exchange_rate",
    "incident",
    "call",
    "debt",
    "automatic_aid",
    "automatic_alarm",
    "response_commitment",
    "resource",
    "coordination_turn",
    "turn_swap",
    "lender_word",
    "unasked_offer",
    "drill",
    "corrective_action",
    "webhook_endpoint",
    "dispatch_receipt",
    "inbox_source",
    "inbox_mapping",
    "inbox_matter",
)
"""Names of the machines, one file each."""

_TOLD_WHERE_TO = frozenset({"advance_mission", "report_at_border", "set_resource_status", "change_incident"})
"""Commands whose body says which state is reached."""
_NO_FACTS: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class State:
    """One state: its code, its name by language, what it means (English), and whether anything follows."""

    code: str
    names: Mapping[str, str]
    means: str
    final: bool


@dataclass(frozen=True, slots=True)
class Transition:
    """One step. ``by`` names the commands that take it; ``never_inferred`` marks somebody's decision, ``follows`` what nobody chooses: it
    comes of what happens to something else (of a mission's end, for its request).

    A status from a dispatch system that is ahead of the mission fills the states between; that never passes through
    a step that is ``never_inferred``: a unit that is back was not therefore recalled.
    """

    name: str
    sources: tuple[str, ...]
    to: str
    by: tuple[str, ...]
    only_if: str | None
    unless: str | None
    never_inferred: bool
    follows: bool

    def holds(self, facts: Mapping[str, bool]) -> bool:
        """Whether the facts let this step happen; a fact that is missing does not."""
        if self.only_if is not None and facts.get(self.only_if) is not True:
            return False
        return self.unless is None or facts.get(self.unless) is False


@dataclass(frozen=True, slots=True)
class Machine:
    """One state machine. ``title`` is its own name by language, ``facts`` what each fact it asks for means."""

    name: str
    version: int
    title: Mapping[str, str]
    initial: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    facts: Mapping[str, str]

    @property
    def names(self) -> Mapping[str, Mapping[str, str]]:
        """State code → language → name."""
        return {code: state.names for code, state in self.states.items()}

    def is_final(self, state: str) -> bool:
        """Whether nothing follows ``state``. Raises ``ValueError`` for a state that is not of this machine."""
        return self._known(state).final

    def allowed(
        self, state: str, facts: Mapping[str, bool] = _NO_FACTS, *, by: str | None = None
    ) -> tuple[Transition, ...]:
        """Return the steps that are possible now; with ``by``, those which that command takes."""
        self._known(state)
        return tuple(
            step
            for step in self.transitions
            if state in step.sources and step.holds(facts) and (by is None or by in step.by)
        )

    def steps(self, state: str, facts: Mapping[str, bool] = _NO_FACTS, *, by: str | None = None) -> list[str]:
        """Return the names of the steps that somebody can choose now: not those that follow from what happens to something else."""
        return list(dict.fromkeys(step.name for step in self.allowed(state, facts, by=by) if not step.follows))

    def sent_for(self, state: str, steps: Iterable[str]) -> list[str]:
        """Return what is sent for these steps from a state: the commands that take them, with the state they are told (`advance_mission to in_transit`)
        where one command takes several steps. What is no step of the machine is a command already.
        """
        found: list[str] = []
        for name in steps:
            taken = [step for step in self.transitions if step.name == name and state in step.sources]
            found += [
                f"{command} to {step.to}" if command in _TOLD_WHERE_TO else command
                for step in taken
                for command in step.by
                if not authority.is_by_itself(command)
            ] or ([] if taken else [name])
        return list(dict.fromkeys(found))

    def reached_by(self, command: str) -> tuple[str, ...]:
        """Return the states that ``command`` can lead to, in the order of the file."""
        return tuple(dict.fromkeys(step.to for step in self.transitions if command in step.by))

    def sources(self, transition: str) -> frozenset[str]:
        """Return the states from which ``transition`` is a step, under whatever facts."""
        return frozenset(state for step in self.transitions if step.name == transition for state in step.sources)

    def next(self, state: str, transition: str, facts: Mapping[str, bool] = _NO_FACTS) -> str:
        """Return the state that ``transition`` leads to. Raises ``TransitionNotAllowed`` with what is possible instead."""
        for step in self.allowed(state, facts):
            if step.name == transition:
                return step.to
        raise self._refusal(state, transition, facts)

    def to(
        self, state: str, target: str, facts: Mapping[str, bool] = _NO_FACTS, *, by: str | None = None
    ) -> Transition:
        """Return the one step from ``state`` to ``target``; with ``by``, only if that command takes it.

        Raises ``TransitionNotAllowed``, also where several steps would be needed: ``path`` finds those.
        """
        for step in self.allowed(state, facts, by=by):
            if step.to == target:
                return step
        raise self._refusal(state, target, facts, by=by)

    def path(self, state: str, target: str, facts: Mapping[str, bool] = _NO_FACTS) -> list[str]:
        """Return the states that follow ``state`` on the shortest way to ``target``, ``target`` included.

        Only steps that may be inferred are walked. All but the last state are the ones to record as ``inferred``; the list is
        empty when ``state`` is ``target``. Of two ways of one length, the one written first in the file wins. Raises
        ``TransitionNotAllowed`` where no way leads there: that is the contradiction to hold back.
        """
        self._known(state)
        came_from: dict[str, str] = {}
        queue = deque([state])
        while queue:
            here = queue.popleft()
            if here == target:
                return _walk_back(came_from, state, target)
            for step in self.allowed(here, facts):
                if not step.never_inferred and step.to != state and step.to not in came_from:
                    came_from[step.to] = here
                    queue.append(step.to)
        raise self._refusal(state, target, facts)

    def refuse_final(self, state: str, act: str, current: Mapping[str, Any]) -> None:
        """Refuse an ``act`` that changes something other than the state, once nothing follows ``state`` any more.

        Raises ``TransitionNotAllowed`` with the ``current`` state of the thing.
        """
        if self._known(state).final:
            raise not_allowed(self.name, state, act, [], words=act, current=current)

    def _known(self, state: str) -> State:
        try:
            return self.states[state]
        except KeyError:
            message = f"{state!r} is not a state of the {self.name}; it has {', '.join(self.states)}"
            raise ValueError(message) from None

    def _refusal(
        self, state: str, wanted: str, facts: Mapping[str, bool], *, by: str | None = None
    ) -> TransitionNotAllowed:
        possible = self.steps(state, facts, by=by)
        words = f"become “{self.states[wanted].names['en']}”" if wanted in self.states else ""
        refusal = not_allowed(self.name, state, wanted, possible, words=words)
        others = self.sent_for(state, self.steps(state, facts))
        if by is not None and others:  # others may, by other commands: whoever reads it is told whose turn it is
            refusal.extra["can_send"] = others
            who = "; ".join(f"`{sent}` by {authority.who_may(sent.partition(' ')[0])}" for sent in others)
            refusal.advice = f"Possible from there: {who}."
        return refusal


def not_allowed(
    name: str,
    state: str,
    transition: str,
    allowed: Iterable[str],
    *,
    words: str = "",
    current: Mapping[str, Any] | None = None,
) -> TransitionNotAllowed:
    """Build the refusal of a step of machine ``name``. ``words`` say what the thing can't do (*be relieved*), where that is not its step."""
    of, steps = machine(name), list(allowed)
    known = of.states.get(state)
    stands = f"The {of.title['en'].lower()} is “{known.names['en'] if known else _plain(state)}”"
    refused = f"and can't {words}" if words else f"and there is no step “{_plain(transition)}” from there"
    sent = of.sent_for(state, steps)
    onward = f"; possible from there: {', '.join(sent)}" if sent else ""
    ended = "; nothing follows that state" if known is not None and known.final else ""
    detail = f"{stands} {refused}{onward or ended}."
    refusal = TransitionNotAllowed(name, state, transition, steps, detail=detail, current=current)
    refusal.extra["can_send"] = sent
    return refusal


def _plain(code: str) -> str:
    return code.replace("_", " ")


def _walk_back(came_from: Mapping[str, str], start: str, end: str) -> list[str]:
    states: list[str] = []
    while end != start:
        states.append(end)
        end = came_from[end]
    return states[::-1]


# ---------------------------------------------------------------- the files


class _StateShape(Shape):
    names: Names
    means: str
    final: bool = False


class _TransitionShape(Shape):
    name: Code
    sources: Annotated[tuple[Code, ...], Field(alias="from", min_length=1)]
    to: Code
    by: Annotated[tuple[Code, ...], Field(min_length=1)]
    only_if: Code | None = None
    unless: Code | None = None
    never_inferred: bool = False
    follows: bool = False


class _MachineShape(Shape):
    machine: Code
    version: Annotated[int, Field(ge=1)]
    names: Names
    initial: Code
    facts: dict[Code, str] = Field(default_factory=dict)
    states: Annotated[dict[Code, _StateShape], Field(min_length=1)]
    transitions: Annotated[tuple[_TransitionShape, ...], Field(min_length=1)]


@cache
def machine(name: str) -> Machine:
    """Return the machine ``name``, read once per process. Raises ``ProtocolDataError`` when its file is wrong."""
    file, shape = read(f"lifecycle/{name}.yaml", _MachineShape)
    if shape.machine != name:
        raise wrong(file, "machine", f"says {shape.machine!r}, and the file is called {name!r}")
    return _build(file, shape)


def machine_from(file: Path, text: str) -> Machine:
    """Build a machine from ``text`` as if read from ``file``: for checking a file before it is put in place."""
    return _build(file, parse(file, text, _MachineShape))


def states(name: str) -> tuple[str, ...]:
    """Return the state codes of machine ``name`` in the file's order, for CHECK constraints and filters."""
    return tuple(machine(name).states)


def _build(file: Path, shape: _MachineShape) -> Machine:
    built = Machine(
        name=shape.machine,
        version=shape.version,
        title=MappingProxyType(shape.names),
        initial=shape.initial,
        states=MappingProxyType(
            {
                code: State(code, MappingProxyType(state.names), state.means, state.final)
                for code, state in shape.states.items()
            }
        ),
        transitions=tuple(
            Transition(
                step.name, step.sources, step.to, step.by, step.only_if, step.unless, step.never_inferred, step.follows
            )
            for step in shape.transitions
        ),
        facts=MappingProxyType(shape.facts),
    )
    _check_references(file, built)
    _check_steps_are_unambiguous(file, built)
    _check_ways(file, built)
    return built


def _check_references(file: Path, built: Machine) -> None:
    """Every state and fact that is named exists, and every fact is asked for."""
    if built.initial not in built.states:
        raise wrong(file, "initial", f"{built.initial!r} is not a state")
    asked: set[str] = set()
    for index, step in enumerate(built.transitions):
        key = f"transitions.{index} ({step.name})"
        for code in (*step.sources, step.to):
            if code not in built.states:
                raise wrong(file, key, f"{code!r} is not a state")
        for fact in (step.only_if, step.unless):
            if fact is not None and fact not in built.facts:
                raise wrong(file, key, f"{fact!r} is not explained under facts")
            asked |= {fact} if fact is not None else set()
    for fact in built.facts:
        if fact not in asked:
            raise wrong(file, f"facts.{fact}", "no step asks for it")


def _check_steps_are_unambiguous(file: Path, built: Machine) -> None:
    """From one state, a name means one step, and one step leads to a target."""
    seen: set[tuple[str, str, str]] = set()
    for index, step in enumerate(built.transitions):
        for source in step.sources:
            for pair in (("name", source, step.name), ("to", source, step.to)):
                if pair in seen:
                    raise wrong(file, f"transitions.{index}.{pair[0]}", f"a second {pair[2]!r} from {source!r}")
                seen.add(pair)


def _check_ways(file: Path, built: Machine) -> None:
    """Every state can be reached, final ones have no way out, and from all others an end can be reached."""
    onward = {code: {step.to for step in built.transitions if code in step.sources} for code in built.states}
    backward = {code: {source for source, to in onward.items() if code in to} for code in built.states}
    finals = {code for code, state in built.states.items() if state.final}
    for code in built.states:
        if code in finals and onward[code]:
            raise wrong(file, f"states.{code}", "is final, and yet a step leads out of it")
        if code not in finals and not onward[code]:
            raise wrong(file, f"states.{code}", "is not final, and yet no step leads out of it")
    reached = _reachable([built.initial], onward)
    ending = _reachable(finals, backward) if finals else set(built.states)
    for code in built.states:
        if code not in reached:
            raise wrong(file, f"states.{code}", f"can't be reached from {built.initial!r}")
        if code not in ending:
            raise wrong(file, f"states.{code}", "leads to no final state")


def _reachable(start: Iterable[str], ways: Mapping[str, set[str]]) -> set[str]:
    found = set(start)
    queue = deque(found)
    while queue:
        for code in ways[queue.popleft()] - found:
            found.add(code)
            queue.append(code)
    return found
