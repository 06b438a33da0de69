"""`spruce check`: what it says, and its status."""

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result

from spruce.cli.main import main

Write = Callable[..., Path]


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_an_app_that_works_is_fine(write: Write) -> None:
    """For production it needs more."""
    write("hello.py", "from spruce import App\napp = App(__name__)\napp.add_url_rule('/', 'index', lambda: '')\n")
    result = check("hello.py")
    assert (result.exit_code, result.output) == (0, "hello:app is fine\n")
    result = check("hello.py", "--deploy")
    assert (result.exit_code, result.output.startswith("warning: SECRET_KEY is not set")) == (1, True)


def test_an_error_fails_the_command(write: Write) -> None:
    """So that a script stops there."""
    write("hello.py", "from spruce import App\napp = App(__name__)\napp.add_url_rule('/', 'index')\n")
    result = check("hello.py")
    assert (result.exit_code, result.output) == (
        1,
        "error: the endpoint 'index' has a rule and no view. "
        "Give it one with @app.endpoint(...) or in app.view_functions.\n",
    )


def test_an_app_of_another_framework_cannot_be_checked(write: Write) -> None:
    """It is told so."""
    write("plain.py", "def app(environ, start_response): ...\n")
    assert check("plain.py").stderr == (
        "Error: plain:app, a WSGI app, is nothing that Spruce can check. Its own framework may.\n"
    )


def test_what_is_wrong_with_installed_apps_and_settings_is_told(write: Callable[..., Path]) -> None:
    """Before anything else, since nothing else can be looked at then."""
    write("app.py", "from spruce import App\napp = App('hello', INSTALLED_APPS=['no_such_blog'])\n")
    result = CliRunner().invoke(main, ["check"])
    assert (result.exit_code, result.output.splitlines()) == (
        1,
        [
            "error: INSTALLED_APPS has 'no_such_blog', but there is no package 'no_such_blog'. "
            "It is imported as Python does: from the folder of the app, or installed."
        ],
    )


def test_wrong_languages_and_zones_are_told(write: Callable[..., Path]) -> None:
    """Both of them."""
    write(
        "app.py", "from spruce import App\napp = App('hello', LANGUAGES={'de': 'Deutsch'}, TIME_ZONE='Mars/Olympus')\n"
    )
    lines = CliRunner().invoke(main, ["check"]).output.splitlines()
    assert [line[:60] for line in lines] == [
        "error: LANGUAGE_CODE is 'en', which LANGUAGES does not have:",
        "error: there is no time zone 'Mars/Olympus'. Zones have name",
    ]


def test_a_language_that_nobody_speaks_is_told(write: Callable[..., Path]) -> None:
    """Before somebody wants a date in it."""
    write("app.py", "from spruce import App\napp = App('hello', LANGUAGES={'en': 'English', 'klingon': 'tlhIngan'})\n")
    assert CliRunner().invoke(main, ["check"]).output.splitlines() == [
        "error: there is no language 'klingon'. Languages are written like 'de', 'pt-BR' or 'zh-Hans'."
    ]
