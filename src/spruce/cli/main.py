"""The command `spruce`: its subcommands, and how errors are told on the terminal."""

import platform
import traceback
from types import TracebackType
from typing import Any

import click

from spruce.cli.routes import routes
from spruce.cli.run import run
from spruce.cli.shell import shell
from spruce.errors import AppImportError, SpruceError

__all__ = ["main"]


class _Commands(click.Group):
    """The group of subcommands; an error that Spruce raised on purpose is told in a line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; a SpruceError becomes click's own exception, which ends the command with status 1."""
        try:
            return super().invoke(ctx)
        except AppImportError as error:
            if error.__cause__ is not None:
                click.echo(_own_traceback(error.__cause__), err=True, nl=False)
            raise click.ClickException(str(error)) from error
        except SpruceError as error:
            raise click.ClickException(str(error)) from error


def _own_traceback(error: BaseException) -> str:
    """Return the traceback from the first frame of the user's own code on, without the frames of importing."""
    frame: TracebackType | None = error.__traceback__
    while frame is not None and _is_machinery(frame):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame, chain=False))


def _is_machinery(frame: TracebackType) -> bool:
    module: str = frame.tb_frame.f_globals.get("__name__", "")
    return module.startswith(("importlib", "spruce.cli"))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    package_name="spruce", prog_name="Spruce", message=f"%(prog)s %(version)s, Python {platform.python_version()}"
)
def main() -> None:
    """Spruce: plain synchronous code at the scale of asyncio."""


main.add_command(run)
main.add_command(routes)
main.add_command(shell)
