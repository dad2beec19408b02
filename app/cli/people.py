"""``user`` and ``token``: the first admin of a member, machines that sign in by token, what is held on a person and its erasure."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from app.cli.data import opened_door
from app.cli.journal import target
from app.cli.terminal import USAGE, Data, Refusal, err, settings_of, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from uuid import UUID

    from app.commands.execute import Door
    from app.commands.receipt import Receipt
    from app.commands.registry import Command
    from app.settings import Settings

users = typer.Typer(no_args_is_help=True, help="Users: people and machines of a member.")
tokens = typer.Typer(no_args_is_help=True, help="Bearer tokens for programs.")

T = TypeVar("T")

LIVE = "live"
"""Users belong to no space; what happens to them is told in the journal of the live one."""
MEMBER = "SELECT id FROM member WHERE space_id = 'live' AND code = $1"
MEMBERS = "SELECT string_agg(code, ', ' ORDER BY code) FROM member WHERE space_id = 'live'"
USER = "SELECT id FROM user_account WHERE login = $1"

NO_CORRIDOR = "There is none yet: load a corridor first, `concord corridor load FOLDER`."


class Language(StrEnum):
    """The languages of the console."""

    EN = "en"
    DE = "de"
    FR = "fr"
    NL = "nl"


def install(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(users, name="user", rich_help_panel="Data")
    app.add_typer(tokens, name="token", rich_help_panel="Data")


@users.command(
    "add",
    epilog="**Examples**\n\n"
    "It asks for the password: `concord user add e.dupont --member be-liege --role dispatcher --role admin`\n\n"
    "From a script: `echo $SECRET | concord user add e.dupont --member be-liege --role viewer --password-stdin`\n\n"
    "A program, by token only: `concord user add gateway --member be-liege --role dispatcher --service`",
)
def add_user(
    login: Annotated[str, typer.Argument(help="What the user signs in under: small letters, digits and ._@+-")],
    member: Annotated[str, typer.Option("--member", "-m", metavar="CODE", help="The member's code, such as be-liege.")],
    role: Annotated[
        list[str],
        typer.Option(
            "--role", "-r", help="A role, such as dispatcher, authorised_representative or admin; repeatable."
        ),
    ],
    name: Annotated[str | None, typer.Option("--name", help="The name to show; the login if none is given.")] = None,
    language: Annotated[Language, typer.Option("--language", help="The user's language.")] = Language.EN,
    service: Annotated[bool, typer.Option("--service", help="A program: no password, tokens only.")] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="A person who can't sign in until an admin sets a password.")
    ] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input's first line.")
    ] = False,
    data: Data = None,
) -> None:
    """Add a user to a member. Prints the user's id.

    Works while `concord serve` runs. The first admin of each member is made here; admins make the others.
    """
    from pydantic import SecretStr

    password = None if service or no_password else _password(from_stdin=password_stdin)
    secret = None if password is None else SecretStr(password)

    async def work(settings: Settings, dsn: str, tell: Callable[[str], None]) -> UUID:
        from app.commands.users import AddUser

        async with opened_door(settings, dsn, tell) as door:
            command = AddUser(
                member_id=await member_of(door, member),
                login=login,
                display_name=name or login,
                password=secret,
                language=language.value,
                roles=role,
                kind="service" if service else "person",
            )
            return (await carry_out(door, command)).id

    id_ = on_database(work, data)
    err.print(f"{login} may now act for {member} as {', '.join(role)}.")
    typer.echo(str(id_))


@users.command(
    "export",
    epilog="**Examples:** `concord user export e.dupont` · `concord user export e.dupont -o e-dupont.json`",
)
def export_user(
    login: Annotated[str, typer.Argument(help="Whose data.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")] = None,
    data: Data = None,
) -> None:
    """Print what is held on a user, as JSON: profile, roles, tokens and sessions without secrets, refusals, acts."""

    async def work(settings: Settings, dsn: str, tell: Callable[[str], None]) -> str:
        from app.queries.personal_data import personal_data
        from app.store.engine import reading

        async with opened_door(settings, dsn, tell) as door:
            id_ = await _user(door, login)
            async with reading(door.engine) as conn:
                found = await personal_data(conn, id_, door.clock.now())
        return found.model_dump_json(indent=2)

    text = on_database(work, data)
    if output is None:
        typer.echo(text)
        return
    with target(output) as stream:
        stream.write(text.encode() + b"\n")
    err.print(f"Written to {output}.")


@users.command(
    "erase",
    epilog="**Examples:** `concord user erase e.dupont` ·"
    " `concord user erase e.dupont --also '+32 00 000 0421' --yes`, from a script",
)
def erase_user(
    login: Annotated[str, typer.Argument(help="Who is to be erased.")],
    also: Annotated[
        list[str], typer.Option("--also", help="Another name or number of the person, as it was written; repeatable.")
    ] = [],  # noqa: B006 - typer copies it
    texts: Annotated[
        bool, typer.Option("--texts/--no-texts", help="Black the names out in texts of the member as well.")
    ] = True,
    why: Annotated[
        str | None,
        typer.Option("--why", help="Who asked for it and when, without the person's name: the reason stays."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Erase a person: account, sessions, tokens, names. It can't be undone. The journal keeps the acts and still verifies."""
    if not yes:
        if not sys.stdin.isatty():
            raise Refusal("It can't be undone: say --yes.", status=USAGE)
        typer.confirm(f"Erase {login} for good?", abort=True, err=True)

    async def work(settings: Settings, dsn: str, tell: Callable[[str], None]) -> UUID:
        from app.commands.due import FORGETS, one_due
        from app.commands.erasure import EraseUser

        async with opened_door(settings, dsn, tell) as door:
            id_ = await _user(door, login)
            receipt = await carry_out(door, EraseUser(also=tuple(also), texts=texts, why=why), target=id_)
            tell("Going through the texts")
            while await one_due(door, command=FORGETS):
                pass
            return receipt.id

    id_ = on_database(work, data)
    err.print(f"{login} is erased. What is left of the person is the id of the acts:")
    typer.echo(str(id_))


@tokens.command(
    "add",
    epilog="**Examples:** `concord token add gateway --label 'dispatch system'` ·"
    " `TOKEN=$(concord token add reader --label wallboard --scope read --days 365)`",
)
def add_token(
    login: Annotated[str, typer.Argument(help="Whose token.")],
    label: Annotated[str, typer.Option("--label", "-l", help="What it is for, to know later which to revoke.")],
    scope: Annotated[
        list[str],
        typer.Option("--scope", "-s", help="read, write (all that the user's roles allow), or a command; repeatable."),
    ] = ["write"],  # noqa: B006 - typer copies it
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How many days it counts.")] = 90,
    data: Data = None,
) -> None:
    """Make a bearer token for a user. Prints the token: it is shown this once and kept nowhere."""

    async def work(settings: Settings, dsn: str, tell: Callable[[str], None]) -> str:
        from app.commands.tokens import AddToken

        async with opened_door(settings, dsn, tell) as door:
            receipt = await carry_out(
                door, AddToken(user_id=await _user(door, login), label=label, scopes=scope, days=days)
            )
        return str((receipt.once or {})["token"])

    token = on_database(work, data)
    err.print(f"A token of {login} for {days} days; send it as `Authorization: Bearer …`.")
    typer.echo(token)


# ---------------------------------------------------------------- parts


async def carry_out(door: Door, command: Command, *, target: UUID | None = None) -> Receipt:
    """Carry out a command as the service itself, for whoever runs the deployment."""
    from app.domain.authority import SYSTEM

    return await door.execute(command, actor=SYSTEM, space=LIVE, target=target)


def on_database(work: Callable[[Settings, str, Callable[[str], None]], Coroutine[Any, Any, T]], data: Path | None) -> T:
    """Return what ``work`` makes of the deployment's database, which has to be there."""
    from app.store.database import open_database

    settings = settings_of()
    with steps() as tell, open_database(settings, data, tell, create=False) as dsn:
        return asyncio.run(work(settings, dsn, tell))


async def member_of(door: Door, code: str) -> UUID:
    """Return the id of the member of that code.

    Raises:
        Refusal: there is none.
    """
    from app.store.engine import reading

    async with reading(door.engine) as conn:
        id_: UUID | None = await conn.fetchval(MEMBER, code)
        known = await conn.fetchval(MEMBERS)
    if id_ is None:
        raise Refusal(f"There is no member {code!r}. " + (f"There are: {known}." if known else NO_CORRIDOR))
    return id_


async def _user(door: Door, login: str) -> UUID:
    from app.store.engine import reading

    async with reading(door.engine) as conn:
        id_: UUID | None = await conn.fetchval(USER, login)
    if id_ is None:
        raise Refusal(f"Nobody signs in as {login!r}. Add the user first: `concord user add`.")
    return id_


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Refusal("Give a password with --password-stdin, or say --service or --no-password.", status=USAGE)
    asked: str = typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True, err=True)
    return asked
