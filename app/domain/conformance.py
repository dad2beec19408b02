"""How well a dispatch system keeps to what was agreed for its kind: what is found, and what to do next. Pure.

Only what is measured here: what a receiver answered and when, what a sender sent and when. What a receiver did with it is its own affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

LATE_AFTER: Final = timedelta(seconds=60)
"""An alarm-grade event that is taken later than that finds somebody on the telephone already."""
SLOW_MS: Final = 5000.0
"""A third of the 15 s after which nobody waits for an answer any more."""
LONGEST_WINDOW: Final = timedelta(days=31)

Weight: TypeAlias = Literal["fault", "note"]

FINDINGS: Final[Mapping[str, tuple[Weight, str]]] = {
    # ---- out
    "nothing_asked": ("note", "Nothing was for it in this time. Send a test, or look at its events, filters and kinds of spaces."),
    "missed": ("fault", "Mend what its tries failed of, below; then they come by themselves, in order. If it was paused or disabled, resume it."),
    "late": ("fault", "Answer with 2xx as soon as an event is kept, and work on it afterwards. Send a heartbeat after an outage: what waits is tried at once."),
    "unread": ("fault", "Read the outbox every few seconds, and acknowledge what is kept. See whether its reader runs, and whether its token still counts."),
    "read_late": ("fault", "Read the outbox every few seconds, and acknowledge as soon as events are kept; work on them afterwards."),
    "dropped": ("note", "Its kind of space was taken off the webhook while they waited. Put it back and replay them if they are wanted."),
    "signature_refused": ("fault", "Compare the secret with the one that counts, and verify the body as it came, byte by byte, before it is parsed. Look at the receiver's clock: more than 5 min off refuses everything."),
    "redirected": ("fault", "No redirect is followed. Write down the address that it leads to."),
    "gone": ("fault", "It answered 410 and was turned off. Have it answer 2xx, then resume it; nothing is lost."),
    "refused": ("fault", "Its address, its method (POST) or the size that it takes is not right: it answered with another 4xx. Events that it does not know it has to take, too."),
    "broken": ("fault", "It answered 5xx. Look into its own log at these times; a try is made again after 1 s, 2 s, 4 s … a quarter of an hour."),
    "timed_out": ("fault", "It did not answer in time. Keep the event, answer, and work on it afterwards."),
    "unreachable": ("fault", "Nothing answers there, or it breaks off. Look at the name, the port, the firewall and whether it runs."),
    "tls": ("fault", "Its certificate is not valid for its name, has run out, or is signed by nobody who is known. Nothing is sent until it is."),
    "address_refused": ("fault", "Its name means an address in a private network. Whoever runs this service can allow it (CONCORD_WEBHOOK_NETWORKS)."),
    "answered_slowly": ("note", "One in twenty answers took longer than 5 s. Answer before anything else is done with an event."),
    "taken_again": ("note", "It took events more than once, as after a server was ended. See that it keeps each id once."),
    "receipt_missing": ("fault", "Send `taken_into_dispatch` as soon as dispatchers see it: until then somebody rings."),
    "receipt_late": ("fault", "Its receipts came after 60 s, when somebody had been rung already. Send them before anything that takes time."),
    "fell_silent": ("fault", "It did not say that it is there for twice its time. Send heartbeats from the machine that does the work, not from one beside it."),
    # ---- in
    "nothing_came": ("note", "It told nothing in this time. Send a status, signed, to its inbox."),
    "no_mapping": ("fault", "While no mapping is in use, all is held back. Write one or take one that ships, try it, turn it on, and run what waits again."),
    "unknown_unit": ("fault", "Give each unit its code (external ids, in the list of this source), then run what is held once more."),
    "unknown_code": ("fault", "A status, type or kind stands in no table of the mapping. Add it in a new version, then run what is held once more."),
    "unreadable": ("fault", "It is no JSON in UTF-8, or a field is missing or not what the mapping says. Try one of these messages on it."),
    "contradicted": ("fault", "What it told contradicts what is known. Look at each in the quarantine, and at who enters steps by hand."),
    "wrongly_signed": ("fault", "Sign `id.timestamp.body` with this source's secret, the body byte for byte as it is sent."),
    "clock_off": ("fault", "Its clock, or the time it stamps, is more than 5 min off. Have it follow a time server, and stamp each try anew."),
    "id_used_again": ("fault", "Another message came under an id that was used. Give each message an id of its own, and a repeat its first one."),
    "too_many": ("fault", "More than it may send in a minute. Send changes alone, keep to `Retry-After`, or raise the limit of the source."),
    "too_large": ("fault", "Larger than a message may be, and refused unread. Leave out what the mapping does not read, or have whoever runs this service raise CONCORD_INBOX_BODY_KB."),
    "not_at_work": ("fault", "The source was paused, or does not act in this kind of space. Resume it, or add the kind."),
    "told_late": ("fault", "Statuses came more than 60 s after they were true. Send each when it happens, not by the batch."),
    "untold": ("fault", "Missions of units that have a code went without a status of it. Look whether it sends those of all its units."),
    "out_of_order": ("note", "Some came after what was later. They are history and change nothing; send in order where you can."),
    "repeated": ("note", "Some came more than once under one id, and counted once. That is as it should be after a timeout."),
    "called": ("note", "Units called their dispatcher."),
}  # fmt: skip
"""Code → how heavy it is, and what to do next. Consoles word both in their reader's language."""

_BY_ERROR: Final[Mapping[str, str]] = {
    "timeout": "timed_out",
    "tls": "tls",
    "address_refused": "address_refused",
}
UNAUTHORISED: Final = (401, 403)
GONE: Final = 410


_HELD: Final[Mapping[str, str]] = {
    "inbox_no_mapping": "no_mapping",
    "inbox_unknown_unit": "unknown_unit",
    "inbox_unknown_code": "unknown_code",
    "inbox_unknown_kind": "unknown_code",
    "inbox_no_table": "unknown_code",
    "inbox_not_json": "unreadable",
    "inbox_too_deep": "unreadable",
    "inbox_path_missing": "unreadable",
    "inbox_wrong_value": "unreadable",
    "inbox_from_the_future": "clock_off",
}
"""Why a message was held back → the finding that it belongs to; the others contradict what is known."""
REFUSED: Final[Mapping[str, str]] = {
    "duplicate": "repeated",
    "signature": "wrongly_signed",
    "window": "clock_off",
    "key_reused": "id_used_again",
    "too_many": "too_many",
    "not_at_work": "not_at_work",
    "too_large": "too_large",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, and how often."""

    code: str
    count: int
    weight: Weight
    """Whether it is a fault, or merely worth knowing."""

    @property
    def next(self) -> str:
        """What to do about it."""
        return FINDINGS[self.code][1]


def found(counts: Mapping[str, int], *, no_faults: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return what was found at least once, faults first, in the order of ``FINDINGS``. Those of ``no_faults`` are notes here."""
    listed = [
        Finding(code, counts[code], "note" if code in no_faults else weight)
        for code, (weight, _) in FINDINGS.items()
        if counts.get(code, 0) > 0
    ]
    return tuple(sorted(listed, key=lambda each: each.weight != "fault"))


def failures(tries: Iterable[tuple[int | None, str | None, int]]) -> dict[str, int]:
    """Return how often each finding stands behind tries that failed, each as (HTTP status, error, how many)."""
    counts: dict[str, int] = {}
    for answer, error, count in tries:
        code = _behind(answer, error)
        counts[code] = counts.get(code, 0) + count
    return counts


def held_back(reasons: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return how often each finding stands behind messages that were held back, each as (code of the reason, how many)."""
    counts: dict[str, int] = {}
    for reason, count in reasons:
        code = _HELD.get(reason, "contradicted")
        counts[code] = counts.get(code, 0) + count
    return counts


def _behind(answer: int | None, error: str | None) -> str:
    if answer is None:
        return _BY_ERROR.get(error or "", "unreachable")
    if answer in UNAUTHORISED:
        return "signature_refused"
    if answer == GONE:
        return "gone"
    return {3: "redirected", 4: "refused"}.get(answer // 100, "broken")


def conforms(findings: Iterable[Finding], *, seen: int) -> bool | None:
    """Return whether there was no fault; None where there was nothing to judge by."""
    if any(each.weight == "fault" for each in findings):
        return False
    return True if seen else None
