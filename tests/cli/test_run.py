"""What `spruce run` makes of its arguments; that it serves is tried in tests/real/test_cli.py."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from spruce.cli.main import main
from spruce.cli.run import address, handler_for, run, tls_for
from spruce.cli.target import find
from spruce.errors import ConfigError
from spruce.http import Request
from spruce.server import TLS, Certificate
from spruce.server.wsgi import ThreadedWSGIHandler

Write = Callable[..., Path]


def test_addresses_are_host_and_port() -> None:
    """An IPv6 address is put in brackets."""
    assert address("127.0.0.1", 5000) == "127.0.0.1:5000"
    assert address("::1", 80) == "[::1]:80"


def test_each_certificate_has_its_key_or_holds_it() -> None:
    assert tls_for([], [], None) is None
    assert tls_for(["a.pem"], [], "ca.pem") == TLS([Certificate("a.pem")], "ca.pem")
    assert tls_for(["a", "b"], ["c", "d"], None) == TLS([Certificate("a", "c"), Certificate("b", "d")])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--key", "k"], "--key and --client-ca are for HTTPS, which needs --cert. Give --cert FILE."),
        (
            ["--cert", "a", "--cert", "b", "--key", "k"],
            "there are 2 --cert and 1 --key. Give one --key for each --cert, in their order.",
        ),
    ],
)
def test_certificates_and_keys_that_do_not_go_together_are_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch, options: list[str], text: str
) -> None:
    monkeypatch.chdir(write("hello.py", "def app(environ, start_response):\n    pass\n").parent)
    result = CliRunner().invoke(main, ["run", "hello.py", *options])
    assert (result.exit_code, result.stderr) == (1, f"Error: {text}\n")


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("--port", "70000", "Invalid value for '--port': 70000 is not in the range 0<=x<=65535."),
        ("--port", "http", "Invalid value for '--port': 'http' is not a valid integer range."),
        ("--workers", "-1", "Invalid value for '--workers': -1 is not in the range x>=0."),
    ],
)
def test_wrong_numbers_are_refused(option: str, value: str, text: str) -> None:
    """With the range that is right."""
    result = CliRunner().invoke(main, ["run", option, value])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {text}"


@pytest.mark.parametrize(
    "source",
    [
        "from spruce import App\napp = App('hello')\n@app.get('/')\ndef hello(): return 'hello'\n",
        """
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"hello"]
        """,
        """
        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"hello"})
        """,
    ],
    ids=["Spruce", "WSGI", "ASGI"],
)
def test_every_kind_of_app_becomes_a_handler(write: Write, source: str) -> None:
    """The server gets a function from a request to a response."""
    write("hello.py", source)
    found = find("hello.py")
    response = handler_for(found)(Request("GET", "/", [(b"Host", b"localhost")]))
    assert (response.status_code, response.data) == (200, b"hello")


def test_only_wsgi_apps_are_given_threads(write: Write) -> None:
    """The others have ways of their own, which the error names."""
    write("hello.py", "from spruce import App\napp = App('hello')")
    with pytest.raises(ConfigError) as caught:
        handler_for(find("hello.py"), threads=2)
    assert str(caught.value) == (
        "--threads is for WSGI apps, and this is one of Spruce. "
        'Give the views that block a thread of their own: @app.get("/report", thread=True).'
    )
    write("wsgi_hello.py", "def app(environ, start_response): ...")
    assert isinstance(handler_for(find("wsgi_hello.py"), threads=2), ThreadedWSGIHandler)


def test_threads_and_patch_exclude_each_other() -> None:
    """A patched thread would be a green one."""
    result = CliRunner().invoke(run, ["hello.py", "--threads", "2", "--patch"])
    assert str(result.exception) == (
        "--threads lets an app block, --patch lets it wait without blocking: both together do not work. "
        "Choose one; --threads serves any app."
    )


def test_a_wrong_format_of_the_access_log_is_told_before_anything_starts(write: Write) -> None:
    write("hello.py", "from spruce import App\napp = App('hello')")
    result = CliRunner().invoke(run, ["hello.py", "--access-log-format", "%(staus)s"])
    assert str(result.exception).startswith("there is no field 'staus' for the access log; did you mean 'status'?")


def test_views_may_run_on_when_their_client_leaves() -> None:
    """They stop unless it is said."""
    stops = [run.make_context("run", options).params["stop_abandoned"] for options in ([], ["--run-abandoned"])]
    assert stops == [True, False]
