"""Users: people and machines of a member, kept by its admin.

Users belong to no space; their entries stand in the journal of the live one, and hold ids and roles, never names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, WithJsonSchema

from app.commands.open_matters import REPRESENTATIVE, require_relief, require_successor, warn_of_gaps
from app.commands.passwords import Password, hashed, require_unlike
from app.commands.registry import Command, handles
from app.commands.whose import whose
from app.domain import authority
from app.domain.because import because
from app.domain.errors import Conflict, FieldError, LastAdmin, Malformed, NotFound
from app.domain.forms import Code, Language, ShortText, fitting, pattern_schema
from app.domain.ids import new_id
from app.domain.vocabulary import require
from app.store.tables import Member, User
from app.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Collection

_LOGIN = r"^[a-z0-9][a-z0-9._@+-]{1,99}$"
Login: TypeAlias = Annotated[
    str,
    fitting(_LOGIN, "a login is 2 to 100 small letters, digits and ._@+-, and begins with a letter or digit"),
    WithJsonSchema(pattern_schema(_LOGIN, "e.dupont")),
]
"""What somebody signs in under: small letters, digits and ``._@+-``; unique in the deployment."""

Roles: TypeAlias = Annotated[list[Code], Field(max_length=20)]


class AddUser(Command):
    """Let a person or a machine of the member in."""

    member_id: UUID | None = None
    """Whose user it is; the acting admin's member if none is named."""
    login: Login
    display_name: ShortText
    password: Password | None = None
    """Without one, a person can't sign in until the admin sets one. A service has tokens instead."""
    language: Language = "en"
    roles: Roles
    kind: Literal["person", "service"] = "person"


class ChangeUser(Command):
    """Change a user. Only the fields sent change; a new password ends the user's sessions."""

    display_name: ShortText | None = None
    language: Language | None = None
    roles: Roles | None = None
    password: Password | None = None


class DeactivateUser(Command):
    """Let a user in no more: sessions end, tokens stop counting. What the user did stays in the journal."""


ADMIN: Final = "admin"
OTHER_ADMINS: Final = (
    "SELECT count(*) FROM user_account WHERE member_id = $1 AND active AND roles ? 'admin' AND id <> $2"
)


@handles(AddUser)
async def add_user(uow: UnitOfWork, cmd: AddUser) -> None:
    """Record ``user.added``."""
    member_id = whose(uow, cmd.member_id)
    uow.authorise({"member": {member_id}})
    member = await uow.get(Member, member_id)
    user = User(
        id=new_id(),
        member_id=member.id,
        kind=cmd.kind,
        login=cmd.login,
        display_name=cmd.display_name,
        language=cmd.language,
        roles=_known(cmd.roles),
    )
    if cmd.password is not None:
        user.password_hash = await _password(user, cmd.password)
    uow.record("user.added", uow.add(user), visibility="parties", parties=[member.id])


@handles(ChangeUser)
async def change_user(uow: UnitOfWork, cmd: ChangeUser) -> None:
    """Record ``user.changed`` with the names of the fields that changed. Locks the user.

    Who loses a role is looked at as who is deactivated.

    Raises:
        LastAdmin: the member would have no admin any more.
        LastOfRole: the member owes what only this user could do.
        OnCall: the user is the only representative on duty.
    """
    user = await _lock(uow)
    user.display_name = cmd.display_name or user.display_name
    user.language = cmd.language or user.language
    if cmd.roles is not None:
        roles = _known(cmd.roles)
        await _let_go(uow, user, [role for role in user.roles if role not in roles])
        user.roles = roles
    if cmd.password is not None:
        user.password_hash = await _password(user, cmd.password)
        await _end_sessions(uow, user)
    fields = sorted(name for name in cmd.model_fields_set if getattr(cmd, name) is not None)
    uow.record("user.changed", user, visibility="parties", parties=[user.member_id], fields=fields)


@handles(DeactivateUser)
async def deactivate_user(uow: UnitOfWork, _cmd: DeactivateUser) -> None:
    """Record ``user.deactivated``. Locks the user, deletes the sessions.

    Warns where the user is still named as a representative, and of roles that nobody of the member has any more.

    Raises:
        LastAdmin: the member would have no admin any more.
        LastOfRole: the member owes what only this user could do.
        OnCall: the user is the only representative on duty.
    """
    user = await _lock(uow)
    await _let_go(uow, user, user.roles)
    user.active = False
    await _end_sessions(uow, user)
    uow.record("user.deactivated", user, visibility="parties", parties=[user.member_id])


async def _lock(uow: UnitOfWork) -> User:
    """Lock the user the command is about; other members' users are not there for the actor."""
    id_ = uow.require_target()
    user = await uow.lock_free(User, id_)
    if not uow.sees(user.member_id):
        raise NotFound(User.KIND, id_)
    uow.authorise({"member": {user.member_id}})
    uow.expect_revision(user)
    if not user.active:
        raise Conflict("This user was deactivated.", extra={**because("user_deactivated"), "current": user.state()})
    return user


async def _let_go(uow: UnitOfWork, user: User, leaving: Collection[str]) -> None:
    """See that the member can still do what it has to without the user in these roles; refuse it, or warn."""
    if ADMIN in leaving:
        await require_another_admin(uow, user)
    await require_successor(uow, user, leaving)
    if REPRESENTATIVE in leaving:
        await require_relief(uow, user)
    await warn_of_gaps(uow, user, leaving)


async def require_another_admin(uow: UnitOfWork, user: User) -> None:
    """Refuse to let go of the last admin. Of two who let go of one another at once, the second counts after the first."""
    if ADMIN not in user.roles:
        return
    await uow.raw.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"admins/{user.member_id}")
    if not await uow.raw.fetchval(OTHER_ADMINS, user.member_id, user.id):
        raise LastAdmin("Without this user as an admin, the member would have none.", extra={"current": user.state()})


async def _end_sessions(uow: UnitOfWork, user: User) -> None:
    await uow.raw.execute("DELETE FROM session WHERE user_id = $1", user.id)


async def _password(user: User, password: Password) -> str:
    if user.kind == "service":
        detail = "A service signs in with tokens and has no password."
        raise Malformed(detail, errors=[FieldError("/password", Malformed.slug, detail)])
    require_unlike(password, user.login, user.display_name)
    return await hashed(password)


def _known(roles: list[str]) -> list[str]:
    """Return the roles, each once, in the order of ``protocols/authority.yaml``; refuse one that is not there."""
    known = authority.roles()
    for index, role in enumerate(roles):
        require("role", role, known, pointer=f"/roles/{index}")
    return [role for role in known if role in roles]
