"""Finding apps: by file, module, name, call and custom; and what is said when there is none."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from spruce.cli.target import find, kind_of
from spruce.errors import AppImportError, AppNotFound
from spruce.web import App

HELLO = """
from spruce import App
app = App(__name__)
"""
HOW = "Name a file or a module: spruce run hello.py, spruce run hello:app, or set SPRUCE_APP=hello.py."

Write = Callable[..., Path]


def refusal(target: str | None) -> str:
    with pytest.raises(AppNotFound) as caught:
        find(target)
    return str(caught.value)


@pytest.mark.parametrize("target", ["hello.py", "./hello.py", "hello", "hello:app", "hello.py:app"])
def test_an_app_is_found_by_file_and_by_module(write: Write, target: str) -> None:
    """A file, a module and either with the app's name mean the same app."""
    write("hello.py", HELLO)
    found = find(target)
    assert isinstance(found.app, App)
    assert (found.kind, found.name, str(found)) == ("Spruce", "hello:app", "hello:app, a Spruce app")


def test_a_program_that_runs_its_app_when_imported_is_only_imported(write: Write, caplog: Any) -> None:
    """What serves it is the command, not an unguarded app.run()."""
    write("hello.py", HELLO + "app.run(port=0)\n")
    assert find("hello.py").name == "hello:app"
    assert caplog.messages == ["app.run() is passed over: put it under `if __name__ == '__main__':`"]
    assert not App.imported_by_command


def test_a_file_elsewhere_is_found_with_what_lies_beside_it(write: Write) -> None:
    """The file's own folder is where it imports from."""
    write("far/away.py", "from beside import app")
    write("far/beside.py", HELLO)
    assert find("far/away.py").name == "away:app"


def test_a_file_in_a_package_keeps_its_full_name(write: Write) -> None:
    """Relative imports work: the folder above the outermost package is the one to import from."""
    write("site/shop/__init__.py")
    write("site/shop/inner/__init__.py")
    write("site/shop/inner/main.py", "from .made import app")
    write("site/shop/inner/made.py", HELLO)
    assert find("site/shop/inner/main.py").name == "shop.inner.main:app"


@pytest.mark.parametrize("file", ["app.py", "wsgi.py", "__init__.py"])
def test_a_folder_means_the_usual_file_in_it(write: Write, file: str) -> None:
    """Of a folder, its package or its app.py, wsgi.py or asgi.py is meant."""
    write(f"shops/corner/{file}", HELLO)
    assert find("shops/corner").kind == "Spruce"


@pytest.mark.parametrize("file", ["app.py", "wsgi.py"])
def test_without_a_target_the_usual_file_is_taken(write: Write, file: str) -> None:
    """app.py or wsgi.py in the current folder needs no name."""
    write(file, HELLO)
    assert find().name == f"{file.removesuffix('.py')}:app"


def test_without_a_target_the_variable_names_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """SPRUCE_APP wins over the usual files."""
    write("app.py", HELLO)
    write("hello.py", HELLO)
    monkeypatch.setenv("SPRUCE_APP", "hello.py")
    assert find().name == "hello:app"


def test_without_anything_it_says_how_to_name_one(write: Write) -> None:
    """An empty folder and no name at all."""
    assert refusal(None) == f"no app was named, and there is neither app.py nor wsgi.py here. {HOW}"


def test_an_only_app_may_have_any_name(write: Write) -> None:
    """One App in the module is the one that is meant."""
    write("hello.py", "from spruce import App\nshop = App('shop')\n")
    assert find("hello.py").name == "hello:shop"


def test_several_apps_are_named(write: Write) -> None:
    """Of several one has to be chosen."""
    write("hello.py", "from spruce import App\nshop, admin = App('shop'), App('admin')\n")
    assert refusal("hello.py") == "module 'hello' has several apps: shop, admin. Say which: hello:shop, hello:admin."


@pytest.mark.parametrize("factory", ["create_app", "make_app"])
def test_a_factory_is_called(write: Write, factory: str) -> None:
    """A function of the usual name that makes an app is found and called."""
    write("hello.py", f"from spruce import App\ndef {factory}(debug=False):\n    return App('made')\n")
    assert find("hello.py").name == f"hello:{factory}"


@pytest.mark.parametrize(
    "expression", ["build()", "build", "build('dev')", "build(kind='dev')", "Shops.corner", "shops.build()"]
)
def test_a_call_is_made_with_its_arguments(write: Write, expression: str) -> None:
    """Behind the colon stands a name, a path of names, or a call."""
    write(
        "hello.py",
        """
        from spruce import App
        class Shops:
            corner = App("corner")
            @staticmethod
            def build():
                return App("corner")
        shops = Shops()
        def build(kind="test"):
            return App(kind)
        """,
    )
    assert find(f"hello:{expression}").kind == "Spruce"


@pytest.mark.parametrize("expression", ["1 + 1", "app[0]", "build(name)", "build(", "'app'"])
def test_what_is_neither_name_nor_call_is_refused(write: Write, expression: str) -> None:
    """Only what can be read without running it is taken."""
    write("hello.py", HELLO)
    assert refusal(f"hello:{expression}") == (
        f"{expression!r} is not the name of an app. "
        "Behind the colon stands a name, or a call whose arguments are written out: app, create_app('dev')."
    )


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("helo.py", f"there is no file 'helo.py'; did you mean 'hello.py'? {HOW}"),
        ("nowhere/hello.py", f"there is no file 'nowhere/hello.py'. {HOW}"),
        ("helo", f"there is no module 'helo'; did you mean 'hello'? {HOW}"),
        ("helo:app", f"there is no module 'helo'; did you mean 'hello'? {HOW}"),
        ("hello.inner:app", f"there is no module 'hello.inner'; did you mean 'hello'? {HOW}"),
        ("hello:ap", "module 'hello' has no 'ap'; did you mean 'app'? Say which: hello:app."),
        ("empty:app", "module 'empty' has no 'app'. It has no app at all: make one with `app = App(__name__)`."),
        ("empty", "there is no app in module 'empty'. Call it `app`, or make it in a function `create_app`."),
    ],
)
def test_a_mistyped_target_names_what_is_there(write: Write, target: str, text: str) -> None:
    """A wrong file, module or name is told with the nearest right one."""
    write("hello.py", HELLO)
    write("empty.py")
    assert refusal(target) == text


def test_a_thing_that_is_no_app_is_described(write: Write) -> None:
    """The error says what the name stands for, and which apps there are."""
    write("hello.py", HELLO + "number = 3\ndef one(a): ...\n")
    what = "An app is a Spruce App, a WSGI or ASGI callable, or a function without parameters that returns one."
    assert refusal("hello:number") == f"hello:number is of type int and no app. {what} Say which: hello:app."
    assert refusal("hello:one") == f"hello:one is a function with 1 parameter and no app. {what} Say which: hello:app."
    assert refusal("hello:App") == f"hello:App is a class, App and no app. {what} Say which: hello:app."


def test_a_file_named_like_another_module_is_told(write: Write) -> None:
    """A file that the import would not find because another module has its name."""
    write("json.py", HELLO)
    text = refusal("json.py")
    assert text.startswith("json.py cannot be imported as 'json': there is another module of that name, ")
    assert text.endswith("json/__init__.py. Give your file another name.")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("1 / 0", "importing 'hello' failed: ZeroDivisionError: division by zero"),
        ("import nowhere_at_all", "importing 'hello' failed: No module named 'nowhere_at_all'"),
        ("def broken(:", "importing 'hello' failed: SyntaxError: invalid syntax (hello.py, line 1)"),
    ],
)
def test_code_that_fails_is_not_taken_for_a_missing_app(write: Write, code: str, text: str) -> None:
    """An error of the user's own code keeps its cause, to be shown."""
    write("hello.py", code)
    with pytest.raises(AppImportError) as caught:
        find("hello.py")
    assert str(caught.value) == text
    assert caught.value.__cause__ is not None


def test_a_factory_that_fails_is_told(write: Write) -> None:
    """The factory's own error is the cause."""
    write("hello.py", "def create_app():\n    return {}['key']\n")
    with pytest.raises(AppImportError) as caught:
        find("hello.py")
    assert str(caught.value) == "hello:create_app failed: KeyError: 'key'"


def test_wsgi_apps_are_found(write: Write) -> None:
    """A WSGI function or object by its usual name."""
    write("plain.py", "def application(environ, start_response):\n    return [b'']\n")
    write("object.py", "class Site:\n    def __call__(self, environ, start_response): ...\napp = Site()\n")
    assert str(find("plain.py")) == "plain:application, a WSGI app"
    assert str(find("object.py")) == "object:app, a WSGI app"


def test_asgi_apps_are_found(write: Write) -> None:
    """An ASGI function or object by its usual name."""
    write("plain.py", "async def app(scope, receive, send): ...\n")
    write("object.py", "class Site:\n    async def __call__(self, scope, receive, send): ...\napplication = Site()\n")
    assert str(find("plain.py")) == "plain:app, an ASGI app"
    assert str(find("object.py")) == "object:application, an ASGI app"


async def asynchronous(scope: Any, receive: Any, send: Any) -> None: ...


def returns_a_coroutine(scope: Any, receive: Any, send: Any) -> Any: ...


def synchronous(environ: Any, start_response: Any, log: Any = None) -> Any: ...


class Bare:
    def __call__(self, *args: Any) -> Any: ...


@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        (App("kinds"), "Spruce"),
        (App("kinds").asgi, "ASGI"),
        (asynchronous, "ASGI"),
        (partial(asynchronous), "ASGI"),
        (returns_a_coroutine, "ASGI"),
        (synchronous, "WSGI"),
        (Bare(), "WSGI"),
        (lambda: None, None),
        (lambda request: None, None),
        (App, None),
        (3, None),
        (None, None),
    ],
)
def test_kinds_are_told_by_parameters(thing: object, kind: str | None) -> None:
    """Two parameters are WSGI, three or a coroutine are ASGI; classes and other things are no apps."""
    assert kind_of(thing) == kind
