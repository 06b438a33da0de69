"""`spruce shell`: what is at hand in it."""

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from spruce.cli.main import main

Write = Callable[..., Path]


def said(target: str, typed: str) -> str:
    result = CliRunner().invoke(main, ["shell", target], input=typed)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_app_and_its_module_are_at_hand(write: Write) -> None:
    """The app is there as `app` whatever its name, and what the module defines."""
    write("hello.py", "from spruce import App\nshop = App('shop')\nprice = 3\n_hidden = 4\n")
    output = said("hello.py", "print(app is shop, price + 1, '_hidden' in globals())\n")
    assert "hello:shop, a Spruce app" in output
    assert "True 4 False" in output


def test_the_context_of_the_app_is_entered(write: Write) -> None:
    """`current_app` works without more ado."""
    write("hello.py", "from spruce import App, current_app\napp = App('shop')\n")
    assert "the app is shop" in said("hello.py", "print('the app is', current_app.name)\n")


def test_green_functions_may_block(write: Write) -> None:
    """A shell is plain code: a green thread can be waited for."""
    write("hello.py", "from spruce import App, green\napp = App('shop')\n")
    assert "result 7" in said("hello.py", "print('result', green.spawn(lambda: 7).wait())\n")


def test_ipython_is_used_where_it_is_installed(write: Write) -> None:
    """With the same banner and the same names."""
    write("hello.py", "from spruce import App\napp = App('shop')\n")
    write("IPython/__init__.py")
    write("IPython/terminal/__init__.py")
    write(
        "IPython/terminal/embed.py",
        """
        class InteractiveShellEmbed:
            def __init__(self, banner1):
                print(banner1)
            def __call__(self, local_ns):
                print("IPython has", local_ns["app"])
        """,
    )
    assert "hello:app, a Spruce app\nIPython has <App 'shop'>\n" in said("hello.py", "")


def test_a_shell_for_another_frameworks_app_has_no_context(write: Write) -> None:
    """A WSGI app is at hand too."""
    write("plain.py", "def application(environ, start_response): return 'plain'\n")
    assert "it is plain" in said("plain.py", "print('it is', app(1, 2))\n")


def test_the_models_of_installed_apps_are_at_hand(write: Write) -> None:
    """By their names, without what their module has imported; the app's own names go before."""
    write("hello.py", "from spruce import App\napp = App('shop', INSTALLED_APPS=['blog'])\nDraft = 'mine'\n")
    write("blog/__init__.py")
    write("blog/models.py", "from decimal import Decimal\nclass Post: pass\nclass Draft: pass\n")
    assert "Post mine False" in said("hello.py", "print(Post.__name__, Draft, 'Decimal' in globals())\n")
