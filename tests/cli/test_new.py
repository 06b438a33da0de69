"""`spruce new`: what it makes, and what it refuses."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spruce.cli.main import main

Write = Callable[..., Path]


def new(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["new", *arguments])


def test_an_app_in_one_file(write: Write) -> None:
    """Its name is in it; the next step is told."""
    result = new("hello")
    assert result.output == (
        "made hello.py\n\nServe it, and open http://127.0.0.1:5000:\n\n    spruce run hello.py --debug\n"
    )
    assert Path("hello.py").read_text().startswith('"""hello: an app in one file.')
    assert CliRunner().invoke(main, ["check", "hello.py"]).output == "hello:app is fine\n"


def test_a_project(write: Write) -> None:
    """Named files, and no NAME left in any of them."""
    assert new("shop", "--full").exit_code == 0
    made = sorted(path.relative_to("shop").as_posix() for path in Path("shop").rglob("*") if path.is_file())
    assert "shop/templates/index.html" in made
    assert "shop.service" in made
    assert [path for path in made if "NAME" in path or "NAME" in (Path("shop") / path).read_text()] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "my-shop",
            "Error: 'my-shop' cannot name an app. "
            "Use letters, digits and underscores; it becomes a module of Python.\n",
        ),
        (
            "class",
            "Error: 'class' cannot name an app. Use letters, digits and underscores; it becomes a module of Python.\n",
        ),
        ("email", "Error: 'email' is the name of another module of Python. Choose another one.\n"),
        ("there", "Error: there is 'there.py' already. Choose another name, or another folder.\n"),
    ],
)
def test_a_name_that_will_not_do_is_refused(write: Write, name: str, text: str) -> None:
    """With the reason."""
    write("there.py", "")
    assert (new(name).stderr, new(name).exit_code) == (text, 1)


def test_a_folder_that_is_there_is_left_alone(write: Write) -> None:
    """Even when it is empty."""
    Path("shop").mkdir()
    assert new("shop", "--full").stderr == ("Error: there is 'shop' already. Choose another name, or another folder.\n")
