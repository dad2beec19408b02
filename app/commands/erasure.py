"""Erasure: what is held on a person goes, on request; what they did stays, and so does the chain.

Names and telephones stand in tables, and are emptied there. Where somebody wrote a name into a text, the text is blacked out
at that place, and the payloads of the entries that hold it are erased with their salt: the chain links digests, and still
verifies. What those entries told is told again, as it is now, to the eyes that last saw it. The texts of each space are gone
through by due work, piece by piece; the names that it looks for are forgotten with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import structlog
from pydantic import Field
from sqlmodel import col

from app.commands.blacking_out import black_out, read_on
from app.commands.inbox_erasure import black_out_messages, black_out_notes
from app.commands.open_matters import require_relief, require_successor
from app.commands.registry import Act, Command, handles
from app.commands.users import require_another_admin
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, Malformed, NotFound, StaleRevision
from app.domain.forms import Flag, ShortText
from app.store.personal import SHORTEST_IN_TEXTS, Person, empty_named, in_texts
from app.store.tables import Member, Representative, Token, User
from app.store.unit_of_work import LIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.store.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

GONE: Final = "—"
"""What is shown where a name was."""
SHORTEST: Final = 3
"""Letters that a name to look for has at least: a shorter one stands in too many other words."""
MEMBER_IN: Final = "SELECT space_id FROM member WHERE id = $1 ORDER BY space_id"

Names = Annotated[tuple[ShortText, ...], Field(max_length=20)]
Text = tuple[str, UUID, str]


class EraseUser(Act):
    """Erase a user: account, sessions, tokens, and its name wherever the member's matters name it. It can't be undone."""

    also: Names = ()
    """Other names and telephone numbers of the person, as they were written down."""
    texts: Flag = True
    """Look into texts of the member, too, and black the names out there."""


class ErasePerson(Act):
    """Erase a person who is no user: who was rung, a guide, an authority's officer. It can't be undone."""

    names: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=20)]
    """Names and telephone numbers of the person, as they were written down."""
    texts: Flag = True
    """Look into texts of the member, too, and black the names out there."""


class EraseInSpace(Command):
    """Take a person out of what a member's people wrote in one space, and a user from its representatives: by the service itself."""

    names: Annotated[tuple[str, ...], Field(max_length=40)] = ()
    user_id: UUID | None = None
    after: int = 0
    """How far the journal has been read."""
    found: tuple[int, ...] = ()
    """Entries with a name in them."""
    own: tuple[Text, ...] = ()
    """Texts that the member's people wrote, as far as it was found."""


@handles(EraseUser)
async def erase_user(uow: UnitOfWork, cmd: EraseUser) -> None:
    """Record ``user.erased`` with tokens and representatives; ``texts.erased``, and representatives of other spaces, follow as due work.

    Locks the rows with hidden names in the order of the house, then the user, tokens and representatives. A deputy of the
    user becomes a principal.

    Raises:
        NotFound: another member's.
        Conflict: it was erased before.
        LastAdmin: the member would have no admin any more.
        LastOfRole: the member owes what only this user could do.
        OnCall: the user is the only representative on duty.
        StaleRevision: somebody changed it at the same time.
    """
    id_ = uow.require_target()
    seen = next(iter(await uow.find(User, col(User.id) == id_)), None)
    if seen is None or not uow.sees(seen.member_id):
        raise NotFound(User.KIND, id_)
    uow.authorise({"member": {seen.member_id}})
    uow.expect_revision(seen)
    if seen.erased_at is not None:
        raise Conflict("This user was erased.", extra={**because("user_erased"), "current": seen.state()})
    login, revision = seen.login, seen.revision
    names = long_enough((seen.display_name, login), cmd.also)
    await empty_named(uow.raw, seen.member_id, Person(names, login, id_))
    user = await uow.lock_free(User, id_)
    if user.revision != revision:
        raise StaleRevision(User.KIND, revision, user.state())
    if user.active:
        await require_another_admin(uow, user)
        await require_successor(uow, user, user.roles)
        await require_relief(uow, user)
    user.login, user.display_name, user.password_hash = f"erased-{user.id.hex}", GONE, None
    user.language, user.roles, user.active, user.erased_at = "en", [], False, uow.now
    rows = [*await _tokens(uow, user), *await _representatives(uow, user)]
    uow.record("user.erased", user, *rows, visibility="parties", parties=[user.member_id])
    await _traces(uow, user)
    await _go_on_everywhere(uow, user.member_id, in_texts(names, login) if cmd.texts else [], user.id)
    _warn_short(uow, cmd.also if cmd.texts else ())


@handles(ErasePerson)
async def erase_person(uow: UnitOfWork, cmd: ErasePerson) -> None:
    """Record ``person.erased`` on the member, without a name; ``texts.erased`` follows as due work.

    Locks the rows with hidden names in the order of the house, then the member.

    Raises:
        NotFound: another member.
        Conflict: from another space than live.
    """
    id_ = uow.require_target()
    if not uow.sees(id_):
        raise NotFound(Member.KIND, id_)
    uow.authorise({"member": {id_}})
    uow.require_live()
    names = long_enough((), cmd.names)
    await empty_named(uow.raw, id_, Person(names))
    member = await uow.lock(Member, id_)
    uow.record("person.erased", member, visibility="parties", parties=[member.id])
    await _go_on_everywhere(uow, id_, in_texts(names) if cmd.texts else [], None)
    _warn_short(uow, cmd.names if cmd.texts else ())


@handles(EraseInSpace)
async def erase_in_space(uow: UnitOfWork, cmd: EraseInSpace) -> None:
    """Record ``texts.erased`` where something was found, and ``representative.removed``; or read on, and come back at once.

    Locks as ``black_out``, or the representatives.

    Raises:
        NotFound: the member is not in this space any more.
    """
    uow.authorise()
    member = await uow.get(Member, uow.require_target())
    if cmd.user_id is not None:
        await _leave_duties(uow, member, cmd.user_id)
    if not cmd.names:
        return
    if cmd.after == 0:
        await black_out_messages(uow, member.id, cmd.names)
        if uow.space == LIVE:
            await black_out_notes(uow, member.id, cmd.names)
    more, until, at_end = await read_on(uow, cmd.names, cmd.after)
    found, own, unfinished = [*cmd.found, *more], frozenset(cmd.own), not at_end
    if at_end and found:
        found, own, unfinished = await black_out(uow, member.id, cmd.names, found, own)
        # What was told of these rows until they were locked is told no more after that.
        late, until, at_end = await read_on(uow, cmd.names, until)
        found, unfinished = [*found, *late], unfinished or bool(late) or not at_end
    log.info("texts_read", space=uow.space, member=str(member.id), until=until, found=len(found), done=not unfinished)
    if unfinished:
        kept = [(kind, str(row), column) for kind, row, column in sorted(own)]
        body = {"names": list(cmd.names), "after": until, "found": found, "own": kept}
        uow.later("erase_in_space", uow.now, member.id, body)


async def _tokens(uow: UnitOfWork, user: User) -> list[Token]:
    tokens = await uow.lock_where(Token, col(Token.user_id) == user.id)
    for token in tokens:
        token.label, token.revoked_at = GONE, token.revoked_at or uow.now
        uow.revise(token)
    return tokens


async def _representatives(uow: UnitOfWork, user: User) -> list[Representative]:
    return await _without_duties(uow, user.member_id, user.id)


async def _without_duties(uow: UnitOfWork, member: UUID, user: UUID) -> list[Representative]:
    listed = await uow.lock_where(Representative, col(Representative.member_id) == member)
    own = [row for row in listed if row.user_id == user]
    freed = [row for row in listed if row.deputy_of_id in {each.id for each in own}]
    for deputy in freed:
        deputy.deputy_of_id = None
    await uow.flush()
    for row in own:
        await uow.remove(row)
    return [*own, *freed]


async def _leave_duties(uow: UnitOfWork, member: Member, user: UUID) -> None:
    rows = await _without_duties(uow, member.id, user)
    if rows:
        uow.record("representative.removed", *rows)


async def _traces(uow: UnitOfWork, user: User) -> None:
    """What is no part of the domain: sessions, the words of refusals, receipts under keys."""
    actor = f"user:{user.id}"
    await uow.raw.execute("DELETE FROM session WHERE user_id = $1", user.id)
    await uow.raw.execute("UPDATE audit SET detail = '' WHERE actor = $1", actor)
    await uow.raw.execute("DELETE FROM idempotency WHERE actor = $1", actor)


async def _go_on_everywhere(uow: UnitOfWork, member: UUID, names: Sequence[str], user: UUID | None) -> None:
    """Have every space gone through in which the member is: each has a journal of its own."""
    for row in await uow.raw.fetch(MEMBER_IN, member):
        of_user = user is not None and row["space_id"] != uow.space
        if names or of_user:
            body = {"names": list(names), "user_id": str(user) if of_user else None}
            uow.later("erase_in_space", uow.now, member, body, space=row["space_id"])


def _warn_short(uow: UnitOfWork, names: Sequence[str]) -> None:
    short = [name for name in names if len(name) < SHORTEST_IN_TEXTS]
    if short:
        detail = f"{len(short)} of the names are too short to be looked for in texts: they stand in other words. Give whole names."
        uow.warn("too_short_for_texts", detail, figures={"names": len(short)})


def long_enough(known: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return the names to look for, the longest first. One that was given and is too short is refused; a user's own is passed over."""
    for number, name in enumerate(given):
        if len(name) < SHORTEST:
            detail = f"{SHORTEST} characters at least: shorter ones stand in other words."
            raise Malformed(detail, errors=[FieldError(f"/names/{number}", Malformed.slug, detail)])
    names = {name for name in (*known, *given) if len(name) >= SHORTEST and name != GONE}
    return sorted(names, key=len, reverse=True)
