"""How errors are told on the terminal."""

from spruce.cli.failures import cause_of, told
from spruce.errors import AppImportError, ConfigError


def test_an_error_is_one_line() -> None:
    error = ConfigError("there is no loop 'x'", hint="Choose one of them.")
    assert cause_of(error) == ""
    assert told(error) == "Error: there is no loop 'x'. Choose one of them.\n"


def test_what_the_users_code_raised_stands_before_it() -> None:
    error = AppImportError("importing 'hello' failed")
    error.__cause__ = ZeroDivisionError("division by zero")
    assert told(error) == "ZeroDivisionError: division by zero\nError: importing 'hello' failed\n"
