"""Commands of an app as transactions."""

import sys
from typing import Any

import click
import pytest
from tests.apm.conftest import Records

from spruce import App, apm
from spruce.apm.commands import recorded_command
from spruce.config import Settings

SETTINGS: dict[str, Any] = {"ELASTIC_APM": {"DISABLE_SEND": True}}


def test_a_command_is_a_transaction(records: Records) -> None:
    """The client ends with it."""
    with recorded_command(Settings(SETTINGS), "tidy"):
        apm.label(a=1)
    assert (records.last.name, records.last.type, records.last.result) == ("tidy", "cli", "success")
    assert (records.last.outcome, records.last.labels) == ("success", {"a": 1})
    assert apm.get_client() is None


@pytest.mark.parametrize(
    ("error", "outcome", "recorded"),
    [
        (ValueError("no"), "failure", 1),
        (SystemExit(2), "failure", 0),
        (SystemExit(0), "success", 0),
        (click.exceptions.Exit(0), "success", 0),
    ],
)
def test_how_a_command_may_end(records: Records, error: BaseException, outcome: str, recorded: int) -> None:
    """With an error, or a status."""
    with pytest.raises(type(error)), recorded_command(Settings(SETTINGS), "tidy"):
        raise error
    assert (records.last.outcome, len(records.failures)) == (outcome, recorded)


def test_nobody_asked(records: Records) -> None:
    """Then nothing is begun."""
    with recorded_command(Settings(), "tidy"):
        assert apm.get_client() is None
    assert records == []


def test_a_command_of_an_app(records: Records, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `spruce` runs it."""
    from click.testing import CliRunner

    from spruce.cli.commands import within

    app = App(__name__, **SETTINGS)

    @app.cli.command("tidy")
    def tidy() -> None:
        click.echo("tidied")

    assert CliRunner().invoke(within(app, tidy)).output == "tidied\n"
    assert (records.last.name, records.last.type) == ("tidy", "cli")
    assert "spruce.apm" in sys.modules
