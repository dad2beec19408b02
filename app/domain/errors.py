"""Everything that can be refused, as one tree.

    ConcordError
    ├── Malformed            422  what was sent can't be read, or breaks a rule of form
    │   └── UnknownCode, OutsideCorridor, InvalidGeometry, …
    ├── NotSignedIn          401  nobody, or a token or session that no longer counts
    ├── Forbidden            403  somebody, but not one who may
    │   └── RoleMissing (WrongSide), ScopeMissing, CsrfFailed
    ├── NotFound             404  not there, or not for these eyes
    ├── Conflict             409  well formed, but not in the present state (which is in the body)
    │   └── TransitionNotAllowed, StaleRevision, AgreementRefused, …
    ├── TooLarge             413
    ├── TooMany              429
    └── Unavailable          503

Each class carries a stable ``slug`` (the last part of the problem's ``type``), a title, and a hint that says what to do
next. ``entrypoints/http/problems.py`` maps the tree to RFC 9457 and documents each slug at its address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong in one place: ``pointer`` is a JSON pointer (RFC 6901) into the body, or ``query/name``."""

    pointer: str
    slug: str
    detail: str


class ConcordError(Exception):
    """The root. ``detail`` is for the reader of this one case; ``hint`` says what to do next."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"
    hint: ClassVar[str] = "Try again; if it goes on, give the operator the request id."

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.extra: dict[str, Any] = dict(extra or {})
        self.advice = hint if hint is not None else self.hint


# ---------------------------------------------------------------- 422: form


class Malformed(ConcordError):
    """The message breaks a rule of form; nothing about the present state would make it right."""

    status = 422
    slug = "malformed"
    title = "The message can't be accepted as it is"
    hint = "Mend the fields named in `errors` and send it again."


class MalformedJson(Malformed):
    """The body is not JSON at all."""

    slug = "malformed-json"
    title = "The body is not valid JSON"
    hint = "Send one JSON object, encoded in UTF-8."


class InvalidUtf8(Malformed):
    """The body's bytes are not UTF-8 (RFC 8259, 8.1)."""

    slug = "invalid-utf8"
    title = "The body is not UTF-8"
    hint = "Encode the body in UTF-8."


class LoneSurrogate(Malformed):
    """Half of a UTF-16 pair stands alone in an escape: it is no character and can't be stored."""

    slug = "lone-surrogate"
    title = "A text holds half a character"
    hint = "Send whole Unicode characters; escape those above U+FFFF as a pair."


class ForbiddenCharacter(Malformed):
    """A NUL or another control character that no text of ours may hold."""

    slug = "forbidden-character"
    title = "A text holds a character that can't be stored"
    hint = "Remove control characters such as NUL."


class NotFinite(Malformed):
    """NaN or an infinity where a number is wanted."""

    slug = "not-finite"
    title = "A number is not finite"
    hint = "Send an ordinary number; leave the field out where the value is not known."


class IntegerOverflow(Malformed):
    """A whole number beyond 64 bits."""

    slug = "integer-overflow"
    title = "A whole number is too large"
    hint = "Send a number within the range given for the field."


class UnknownField(Malformed):
    """A field that the command does not have: more often a misspelling than a wish."""

    slug = "unknown-field"
    title = "A field is not known"
    hint = "Look the field's name up in the API's description and correct it."


class MissingField(Malformed):
    """A field that must be there is not."""

    slug = "missing-field"
    title = "A field is missing"
    hint = "Add the fields named in `errors`."


class WrongType(Malformed):
    """A text where a number is wanted, and the like."""

    slug = "wrong-type"
    title = "A field has the wrong type"
    hint = "Send the type that the API's description gives for the field."


class OutOfRange(Malformed):
    """Too small, too large, too long, too many."""

    slug = "out-of-range"
    title = "A value is out of range"
    hint = "Send a value within the limits named in `errors`."


class WrongFormat(Malformed):
    """The right type, but not written as the field wants it: an id, a time, a code, a phone number, a header."""

    slug = "wrong-format"
    title = "A value is not written as it should be"
    hint = "Look at the field's format and example in the API's description."


class NaiveTime(Malformed):
    """A time without an offset: between two countries it could mean either side's."""

    slug = "naive-time"
    title = "A time has no offset"
    hint = "Send times as RFC 3339 with an offset, for example 2026-07-14T03:00:00Z."


class InvalidGeometry(Malformed):
    """A polygon that crosses itself, is empty, or is not what the field wants."""

    slug = "invalid-geometry"
    title = "A geometry is not valid"
    hint = "Send simple GeoJSON in longitude, latitude; close each ring and let none cross itself."


class OutsideWorld(Malformed):
    """Coordinates that are not on the Earth: most often latitude and longitude changed places, or metres."""

    slug = "outside-world"
    title = "A place is not on the Earth"
    hint = "Send degrees, longitude first (-180 to 180), then latitude (-90 to 90)."


class OutsideCorridor(Malformed):
    """A place on the Earth, but not in the corridor that this service is for."""

    slug = "outside-corridor"
    title = "A place lies outside the corridor"
    hint = "Check that longitude comes before latitude; the corridor's area is at GET /api/v1/corridor."


class UnknownCode(Malformed):
    """A code (type, hazard, language, member …) that is not in the list it is taken from."""

    slug = "unknown-code"
    title = "A code is not known"
    hint = "Use one of the codes listed under `known`, or look them up."


class NoFreeText(Malformed):
    """Free text with help from day to day: it is about a patient sooner or later, and nothing of a patient is kept here."""

    slug = "no-free-text"
    title = "No free text with help from day to day"
    hint = "Leave the text out, and say it by telephone: nothing about a patient is written down here."


class UnreadableFile(Malformed):
    """A file of which it can't be told what its rows and columns are: its encoding, its first line, its form."""

    slug = "unreadable-file"
    title = "The file can't be read"
    hint = "Compare it with the template, and send it again."


class BadRows(Malformed):
    """Rows of a file that do not fit; ``extra["rows"]`` names every one, with its place and the reason."""

    slug = "bad-rows"
    title = "Rows of the file can't be imported"
    hint = "Mend what is named in `rows` and send the whole file again: nothing was changed."


class BadCursor(Malformed):
    """A paging cursor that this service did not give out for this list."""

    slug = "bad-cursor"
    title = "The cursor is not one of ours"
    hint = "Start again without `cursor`, and pass `next` on as it is."


# ---------------------------------------------------------------- 401, 403, 404


class NotSignedIn(ConcordError):
    """No session and no token."""

    status = 401
    slug = "not-signed-in"
    title = "You are not signed in"
    hint = "Sign in, or send a bearer token."


class BadCredentials(NotSignedIn):
    """Name and password do not go together; which of the two was wrong is not said."""

    slug = "bad-credentials"
    title = "Name or password is wrong"
    hint = "Check both; your member's admin can set a new password."


class TokenInvalid(NotSignedIn):
    """A token that is not ours or was revoked."""

    slug = "token-invalid"
    title = "The token is not valid"
    hint = "Ask your member's admin for a new token."


class TokenExpired(NotSignedIn):
    """A token or session past its time."""

    slug = "token-expired"
    title = "The token or session has expired"
    hint = "Sign in again, or ask your member's admin for a new token."


class SignatureWrong(NotSignedIn):
    """A message to the inbox that no source there has signed; also of a source that is not there, so that its existence is not told."""

    slug = "signature-wrong"
    title = "The message is not signed by a source at this address"
    hint = "Check the address, the secret, and that exactly the bytes that are sent were signed (Standard Webhooks)."


class OutsideReplayWindow(NotSignedIn):
    """Signed rightly, and too long ago; or the sender's clock is wrong. ``extra["seconds_off"]`` says by how much."""

    slug = "outside-replay-window"
    title = "The message's timestamp is too far from our clock"
    hint = "Set the sender's clock by NTP, and sign a message anew each time it is sent."


class Forbidden(ConcordError):
    """Known, but may not."""

    status = 403
    slug = "forbidden"
    title = "You may not do this"
    hint = "Ask somebody who may."


class RoleMissing(Forbidden):
    """The act needs a role that the actor does not hold on the side that decides."""

    slug = "role-missing"
    title = "Your role does not allow this"

    def __init__(self, command: str, roles: Mapping[str, str], side: str, means: str) -> None:
        """``roles``: code → name in English. ``means``: who stands on the side, in English (*The member that asks.*)."""
        wanted = " or ".join(f"“{name}”" for name in roles.values()) or "nobody but the service itself"
        super().__init__(
            f"This is for {wanted}, on the side that decides: {_within(means)}.",
            extra={"command": command, "roles": list(roles), "side": side},
            hint=f"Ask a colleague who is {wanted} there, or your admin for the role."
            if roles
            else "Nobody sends this: the service does it by itself.",
        )


class WrongSide(RoleMissing):
    """The actor holds the role, and its member stands on another side of the matter than the one that decides."""

    slug = "wrong-side"
    title = "The other side decides this"

    def __init__(self, command: str, roles: Mapping[str, str], side: str, means: str) -> None:
        super().__init__(command, roles, side, means)
        self.detail = f"This is another side's word, and your member is not on it: {_within(means)}."
        self.args = (self.detail,)
        self.advice = f"Ask the side that decides: {_within(means)}. Your role is not what is missing."


def _within(sentence: str) -> str:
    """Return a sentence as it stands within another one."""
    return f"{sentence[:1].lower()}{sentence[1:].rstrip('.')}"


class ScopeMissing(Forbidden):
    """The token was made for less than this."""

    slug = "scope-missing"
    title = "The token's scope does not allow this"

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"This needs a token with the scope {scope!r}.",
            extra={"scope": scope},
            hint="Ask your member's admin for a token with that scope.",
        )


class NotInDrill(Forbidden):
    """A drill's space, for somebody whose member has no part in the drill."""

    slug = "not-in-drill"
    title = "Your member has no part in this drill"
    hint = "Go back to live. To take part, or to watch, ask the drill's directors to name your member in its next plan."


class CsrfFailed(Forbidden):
    """A change by session cookie without the token that only our own pages know."""

    slug = "csrf-failed"
    title = "The request did not come from our own page"
    hint = "Send the session's X-CSRF-Token header; reload the page if the session is new."


class NotFound(ConcordError):
    """Not there; also what the actor may not see, so that its existence is not told."""

    status = 404
    slug = "not-found"
    title = "There is nothing here for you"
    hint = "Check the address and the id."

    def __init__(self, kind: str, id_: object) -> None:
        super().__init__(f"No {kind.replace('_', ' ')} {id_} that you can see.", extra={"kind": kind, "id": str(id_)})


# ---------------------------------------------------------------- 409: not in the present state


class Conflict(ConcordError):
    """Well formed and allowed to somebody, but not as things are now. ``extra["current"]`` holds how they are."""

    status = 409
    slug = "conflict"
    title = "That does not fit the present state"
    hint = "Look at `current`, then decide again."


class TransitionNotAllowed(Conflict):
    """The state machine has no such step from here. ``lifecycle.not_allowed`` makes it, with the names of machine and state."""

    slug = "transition-not-allowed"
    title = "That step is not possible from this state"

    def __init__(
        self,
        machine: str,
        state: str,
        transition: str,
        allowed: Sequence[str],
        *,
        detail: str,
        current: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            detail,
            extra={
                "machine": machine,
                "state": state,
                "transition": transition,
                "allowed": list(allowed),
                "can_send": list(allowed),
            }
            | ({"current": dict(current)} if current is not None else {}),
            hint="Send one of `can_send`." if allowed else "Read it again: `current` shows how it stands.",
        )


class StaleRevision(Conflict):
    """Somebody else was faster: the revision that was edited is no longer the present one."""

    slug = "stale-revision"
    title = "This was changed in the meantime"

    def __init__(self, kind: str, sent: int, current: Mapping[str, Any]) -> None:
        super().__init__(
            f"You changed revision {sent} of this {kind.replace('_', ' ')}; it is at {current.get('revision')} now.",
            extra={"sent_revision": sent, "current": dict(current)},
            hint="Compare yours with `current` and send it again with that revision in If-Match.",
        )


class KeyReused(Conflict):
    """The same Idempotency-Key came with another message."""

    slug = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another message"
    hint = "Use a new key for a new message; repeat a message byte for byte under its own key."


class DuplicateCallSign(Conflict):
    """Two units of one member under one call sign would answer the same call."""

    slug = "duplicate-call-sign"
    title = "The call sign is taken"
    hint = "Choose another call sign, or retire the unit that has it."


class Duplicate(Conflict):
    """A code or name that has to be unique is taken."""

    slug = "duplicate"
    title = "That name or code is taken"
    hint = "Choose another one, or change the one that is there."


class LastAdmin(Conflict):
    """Nobody of the member could let people in or out any more, and only the operator could mend that."""

    slug = "last-admin"
    title = "This is the member's last admin"
    hint = "Give another user of the member the role admin first."


class LastOfRole(Conflict):
    """The member owes what only this role may do, and nobody else has it. ``extra["reasons"]`` holds what, coded, with how many."""

    slug = "last-of-role"
    title = "Nobody else of the member could do what it owes"
    hint = "Give another user of the member the role first, or bring these to their end."


class OnCall(Conflict):
    """Whoever rings for a signature would reach nobody."""

    slug = "on-call"
    title = "This user is the only representative on duty"
    hint = "Put another representative of the member on duty first, or take this one off duty."


class AgreementRefused(Conflict):
    """The agreement's check says no; ``extra["reasons"]`` holds every reason, coded, with its figures."""

    slug = "agreement-refused"
    title = "No agreement in force allows this"
    hint = "See `reasons`; an authorised representative can override a reserve or help without an agreement."


class NotAvailable(Conflict):
    """A unit that is not free, or fewer of a type than were promised."""

    slug = "not-available"
    title = "A unit is not available"
    hint = "Choose another unit; `current` shows where this one is."


class OverFilled(Conflict):
    """More was accepted or committed than the line asks for or the offer holds."""

    slug = "over-filled"
    title = "That is more than is wanted or offered"
    hint = "Lower the quantity to what is left."


class OutOfJurisdiction(Conflict):
    """The member has no say in this: it may not ask for that hazard, or not in that way."""

    slug = "out-of-jurisdiction"
    title = "Your member may not ask for this"
    hint = "Let a member ask that has the say, or have your member's jurisdiction changed; `jurisdiction` shows it."


class OutOfOrder(Conflict):
    """A step that is said to have happened before the one that came last."""

    slug = "out-of-order"
    title = "That would have happened too early"
    hint = "Send the `occurred_at` of this step; `current` shows when the last one was taken."


class SpaceFrozen(Conflict):
    """The drill that was played in this space is over: nothing there changes any more."""

    slug = "space-frozen"
    title = "The drill is over, and its space is frozen"
    hint = "Leave the drill's space. What is real goes into live; what is said about the drill stands with the drill itself."


class NotJoined(Conflict):
    """An act in a drill's space of a member that is to play and has not joined."""

    slug = "drill-not-joined"
    title = "Your member has not joined the drill"
    hint = "Join first: Join now on the drill's page in live (POST …/drills/{id}/ready). What came before is not counted for you."


class DrillPaused(Conflict):
    """An act of a player while the drill, or the player's site, is paused: it would count with no time passing."""

    slug = "drill-paused"
    title = "The drill is paused"
    hint = "Wait until it is resumed, then send this again. What is real goes into live, at once."


class PreconditionRequired(ConcordError):
    """An edit without the revision it starts from could overwrite what somebody else wrote."""

    status = 428
    slug = "revision-required"
    title = "The revision you changed is missing"
    hint = "Send If-Match with the ETag that you read."


# ---------------------------------------------------------------- 4xx and 5xx of the house


class TooLarge(ConcordError):
    """A body beyond the limit."""

    status = 413
    slug = "body-too-large"
    title = "The body is too large"
    hint = "Send less at a time."


class UnsupportedMediaType(ConcordError):
    """A body that is not JSON by its own word."""

    status = 415
    slug = "unsupported-media-type"
    title = "The body's type is not one we read"
    hint = "Send application/json."


class TooMany(ConcordError):
    """Too many tries. ``retry_after_s`` goes into the Retry-After header."""

    status = 429
    slug = "too-many"
    title = "Too many tries"
    hint = "Wait as long as Retry-After says."

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail, extra={"retry_after_s": retry_after_s})
        self.retry_after_s = retry_after_s


class Unavailable(ConcordError):
    """The database is away, or locks were not to be had in time."""

    status = 503
    slug = "unavailable"
    title = "The service can't answer just now"
    hint = "Try again in a few seconds under the same Idempotency-Key."


class ProtocolDataError(ConcordError):
    """A file under ``protocols/`` contradicts itself: found when it is loaded, never while somebody waits for help."""

    slug = "protocol-data"
    title = "A protocol file is not consistent"
