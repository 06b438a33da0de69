"""The command `spruce`: its subcommands, and how errors are told on the terminal."""

import platform
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from spruce.cli.commands import app_commands, installed_commands
from spruce.cli.failures import cause_of
from spruce.config import load_dotenv
from spruce.errors import SpruceError, nearest

__all__ = ["main"]


_OWN = {
    "check": "check:check",
    "clearsessions": "sessions:clear_sessions",
    "db": "dbcommands:db",
    "i18n": "i18n:i18n",
    "new": "new:new",
    "ps": "ps:ps",
    "routes": "routes:routes",
    "run": "run:run",
    "shell": "shell:shell",
    "tasks": "tasks:tasks",
    "top": "top:top",
    "worker": "worker:worker",
}
"""Where each of Spruce's own commands is; loaded when it is asked for, so that a command pays for itself alone."""


class _Commands(click.Group):
    """The group of subcommands, Spruce's own, the app's and those of installed packages.

    An error that Spruce raised on purpose is told in a line, without a traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands; Spruce's own first."""
        others = {*installed_commands(), *app_commands(ctx.params.get("app"))} - set(_OWN)
        return [*_OWN, *sorted(others)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name: Spruce's own, else one of an installed package, else the app's."""
        if cmd_name in _OWN:
            module, _, name = _OWN[cmd_name].partition(":")
            own: click.Command = getattr(import_module(f"spruce.cli.{module}"), name)
            return own
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
