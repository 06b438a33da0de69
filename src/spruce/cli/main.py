"""The command `spruce`: its subcommands, and how errors are told on the terminal."""

import platform
from pathlib import Path
from typing import Any

import click

from spruce.cli.check import check
from spruce.cli.commands import app_commands, installed_commands
from spruce.cli.db import db
from spruce.cli.dbshell import shell as db_shell
from spruce.cli.failures import cause_of
from spruce.cli.i18n import i18n
from spruce.cli.migrations import COMMANDS as MIGRATIONS
from spruce.cli.new import new
from spruce.cli.ps import ps
from spruce.cli.routes import routes
from spruce.cli.run import run
from spruce.cli.sessions import clear_sessions
from spruce.cli.shell import shell
from spruce.cli.tasks import tasks
from spruce.cli.worker import worker
from spruce.config import load_dotenv
from spruce.errors import SpruceError, nearest

__all__ = ["main"]


class _Commands(click.Group):
    """The group of subcommands, Spruce's own, the app's and those of installed packages.

    An error that Spruce raised on purpose is told in a line, without a traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands; Spruce's own first."""
        others = {*installed_commands(), *app_commands(ctx.params.get("app"))} - set(self.commands)
        return [*sorted(self.commands), *sorted(others)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name: Spruce's own, else one of an installed package, else the app's."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        installed = installed_commands().get(cmd_name)
        if installed is not None:
            loaded: click.Command = installed.load()
            return loaded
        return app_commands(ctx.params.get("app")).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for; an unknown one is told with the nearest name."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command {args[0]!r}{nearest(args[0], self.list_commands(ctx))}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; a SpruceError becomes click's own exception, which ends the command with status 1."""
        try:
            return super().invoke(ctx)
        except SpruceError as error:
            click.echo(cause_of(error), err=True, nl=False)
            raise click.ClickException(str(error)) from error


def _load_variables(context: click.Context, option: click.Parameter, env_file: str | None) -> None:
    """Read the variables before any command is looked for, since the app may have some."""
    if env_file or (env_file is None and Path(".env").is_file()):
        try:
            load_dotenv(env_file or ".env")
        except SpruceError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    package_name="spruce", prog_name="Spruce", message=f"%(prog)s %(version)s, Python {platform.python_version()}"
)
@click.option("--app", metavar="TARGET", help="Whose own commands are meant; otherwise SPRUCE_APP, or app.py here.")
@click.option(
    "--env-file",
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_load_variables,
    help="Variables for the environment, instead of those in .env; '' reads none.",
)
def main(app: str | None) -> None:
    """Spruce: plain synchronous code at the scale of asyncio."""


main.add_command(run)
main.add_command(db)
db.add_command(db_shell)
for _command in MIGRATIONS:
    db.add_command(_command)
main.add_command(routes)
main.add_command(shell)
main.add_command(check)
main.add_command(clear_sessions)
main.add_command(new)
main.add_command(ps)
main.add_command(i18n)
main.add_command(worker)
main.add_command(tasks)
