"""What can be wrong with a script, by code: the sentence in English, with its figures; the console words the same codes in each language.

A sentence goes on from the path of what is wrong. ``Said`` is that sentence, and carries code and figures for who words it anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, str]] = {
    # what stands nowhere, and what belongs to what
    "unknown": "'{code}' is no {what} here",
    "unknown_near": "'{code}' is no {what} here; meant: '{near}'?",
    "no_party": "'{party}' is no player of this scenario, nor a country that has one",
    "twice": "'{id}' stands twice",
    "key_twice": "stands twice",
    "beyond_end": "{time} is beyond the end of the exercise at {end}",
    # the plan and the people
    "own_approver": "is the author; somebody else approves a script",
    "is_nothing": "is nothing",
    "smoke_faster": "is too slow: at this speed it lasts longer than {seconds} seconds; {needed} would do",
    "smoke_shorter": "is too slow: at this speed it lasts longer than {seconds} seconds; make it shorter",
    "window": "has a window_h if it is no_notice, and only then",
    "quorum": "is more than the {n} players",
    "plays_twice": "{member} plays twice",
    "without_policy": "is virtual and has no policy",
    "policy_of_people": "is for virtual players; people decide for themselves",
    "country_without": "{country} plays and has no {role}",
    "nobody_is": "nobody is {role}",
    # texts
    "missing_in": "is missing in {languages}",
    "other_language": "{language} is no language of this corridor",
    "says_real": "says '{phrase}': only somebody who stops a drill may say so",
    # events
    "filters_nothing": "filters events, and no event is named",
    "event_or_inject": "is either an event or an inject",
    "reached_one_way": "is reached in one way: by event, expectation_of or by_hand",
    "expects_no_event": "'{inject}' expects no event",
    "circle": "waits for itself: {way}",
    # injects
    "no_trigger": "has no trigger; an inject comes in one way: {ways}",
    "triggers": "has {given}; an inject comes in one way: {ways}",
    "follows_one": "follows either an event or an inject",
    "after_the_end": "is the end of the exercise: nothing comes after it",
    "event_and_time": "names an event and the time within which it is to come, or neither",
    "brings_nothing": "is of kind {kind} and brings no {name}",
    "other_kind": "does not go with an inject of kind {kind}",
    "takes_nothing": "is a lender's own: it takes something that can't be lent then",
    "plays_not": "'{member}' is a member that does not play",
    "no_member": "'{member}' is no member here",
    "brings_no_incident": "'{inject}' brings no incident",
    "brings_no_need": "'{inject}' brings no need",
    "helps_itself": "would help itself",
    "has_of": "{member} has {n} of {type}",
    "has_only_of": "{member} has only {n} of {type}",
    "one_of_kind": "there is one {kind}, and here are {n}",
    "at_offset": "comes at an offset, and in no other way",
    "begins_at_zero": 'the exercise begins at "00:00:00"',
    "later_than_end": "is after the end of the exercise",
    # objectives
    "metric_needs": "{name} is missing: the metric {metric} needs it",
    "metric_without": "does not go with the metric {metric}",
    "per_of_inject": "is drill or member where the time begins with an inject",
    "one_bound": "has one bound: within, at_least or at_most",
    "within_for_time": "is within a time if the metric is a time, and only then; this one is {metric}",
    "is_share": "is a share, from 0 to 1",
    "always_above": "is kept by whatever comes, so that nothing beyond it can be reached: a figure is never below 0",
    "always_below": "is kept by whatever comes, so that nothing beyond it can be reached: a share is never above 1",
    "never_below": "can never be reached: a figure is never below 0",
    "one_kind_of_bound": "have one kind of bound, all of them",
    "strictest_first": "go from the strictest, P, to the mildest, M",
    "same_bound": "can never be reached: {before} has the same bound; leave {name} out",
    "kept_at_least": "say what is kept at least",
    # shapes
    "is_missing": "is missing",
    "measure_missing": "is missing: an objective is measured by something",
    "not_known": "is not known here; look the key up in the format",
    "keys_and_values": "holds keys and values, and this does not",
    "is_list": "is a list, and this is none",
    "is_text": "is a text; put it in quotes",
    "is_empty": "is empty",
    "time_written": 'a time in a drill is written "HH:MM:SS", as in "00:25:00" (here: {given})',
    "not_below": "is {n} or more (here: {given})",
    "not_above": "is {n} or less (here: {given})",
    "whole_number": "is a whole number (here: {given})",
    "a_number": "is a number (here: {given})",
    "other_pattern": "is not written as names are written here (here: {given})",
    "longer_than": "has {n} characters or fewer (here: {given})",
    "not_one_of": "is '{code}', and not one of {known}",
    "other_name": "is '{id}', but the file is named '{file}'",
    # YAML
    "no_utf8": "is not UTF-8",
    "no_yaml": "is not YAML: {problem}",
    "too_long": "is longer than {n} characters",
    "no_character": "holds {code}, which no text may",
    "too_deep": "is nested too deeply",
    "alias": "is an alias (*name); write it out where it is meant",
    "no_word": "a key is a word, and this is none",
    "too_large": "is too large for a number",
    "tag": "has the tag {tag}; only plain values are read",
}


class Said(str):
    """A sentence in English with what it was made of."""

    __slots__ = ("code", "figures")

    code: str
    figures: Mapping[str, str | int]


def said(code: str, /, **figures: str | int) -> Said:
    """Return the sentence of a code."""
    made = Said(SENTENCES[code].format(**figures))
    made.code, made.figures = code, figures
    return made


def coded(message: str) -> dict[str, object]:
    """Return code and figures of a sentence, as the API tells them; none where it is somebody else's, such as YAML's own."""
    return {"code": message.code, "figures": dict(message.figures)} if isinstance(message, Said) else {}
