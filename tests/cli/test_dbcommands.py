"""What `spruce db` has."""

from spruce.cli.dbcommands import db


def test_all_commands_are_there() -> None:
    wanted = {
        "backup",
        "check",
        "downgrade",
        "dump",
        "history",
        "inspect",
        "load",
        "migrate",
        "shell",
        "sql",
        "upgrade",
    }
    assert wanted - set(db.commands) == set()
    assert [name for name, command in db.commands.items() if not command.help] == []
