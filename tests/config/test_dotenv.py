"""`.env` files."""

import re
from pathlib import Path

import pytest

from spruce.config import load_dotenv
from spruce.config.dotenv import parse_dotenv
from spruce.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A = two words ", "two words"),
        ("A=", ""),
        ("A='as # it \\n is'  # why", "as # it \\n is"),
        (r'A="line\nbreak \"quoted\""', 'line\nbreak "quoted"'),
        ("A=text # why", "text"),
        ("A=with#hash", "with#hash"),
        ("A=postgresql://a:b@c/d?e=f", "postgresql://a:b@c/d?e=f"),
        ("A=熊猫", "熊猫"),
    ],
)
def test_a_line_is_a_variable(line: str, value: str) -> None:
    """With or without quotes; empty lines and comments are passed over."""
    assert parse_dotenv(f"\n# comment\n{line}\n") == {"A": value}


@pytest.mark.parametrize("line", ["A", "1A=2", "A='open", 'A="open', "A='a' b"])
def test_another_line_is_an_error(line: str) -> None:
    """With its number."""
    text = "line 2 of '.env' is no variable. A line is NAME=value or NAME='a value'."
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}$"):
        parse_dotenv(f"B=1\n{line}")


def test_what_is_set_stays(tmp_path: Path) -> None:
    """The names of the others are told."""
    path = tmp_path / ".env"
    path.write_text("A=1\nB=2\n")
    environ = {"A": "mine"}
    assert load_dotenv(path, environ) == ["B"]
    assert environ == {"A": "mine", "B": "2"}


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(ConfigError, match=r"^the file '.*none' cannot be read: .*No such file"):
        load_dotenv(tmp_path / "none", {})
