"""All commands of `spruce db`, put together."""

from spruce.cli.db import db
from spruce.cli.dbshell import shell
from spruce.cli.migrations import COMMANDS

__all__ = ["db"]

for command in (shell, *COMMANDS):
    db.add_command(command)
