"""What can be imported: every name that is promised, and nothing heavy before it is needed."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import flask
import pytest

import spruce

MODULES = sorted(module.name for module in pkgutil.walk_packages(spruce.__path__, "spruce."))
HEAVY = {"sqlalchemy", "jinja2", "asyncpg", "redis", "uvloop", "watchfiles", "click"}


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a fresh Python has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    return set(answer.stdout.split())


@pytest.mark.parametrize("name", MODULES)
def test_every_name_in_all_exists(name: str) -> None:
    """`from module import *` works, and `__all__` holds each name once."""
    module = importlib.import_module(name)
    assert [export for export in module.__all__ if not hasattr(module, export)] == []
    assert len(set(module.__all__)) == len(module.__all__)


@pytest.mark.parametrize("name", spruce.__all__)
def test_every_name_of_the_facade_resolves(name: str) -> None:
    """`from spruce import App` and all the others."""
    assert getattr(spruce, name) is not None


def test_the_facade_lists_its_names() -> None:
    """An editor can complete what is not loaded yet."""
    assert set(spruce.__all__) <= set(dir(spruce))


def test_the_facade_has_the_functions_of_flasks() -> None:
    """`from flask import …` needs another name for Flask itself, and for nothing that is called."""
    functions = {name for name, thing in vars(flask).items() if inspect.isfunction(thing) and name[0] != "_"}
    assert functions - {*spruce.__all__} == set()


def test_a_wrong_name_is_an_attribute_error() -> None:
    """The facade has what it has."""
    with pytest.raises(AttributeError, match=r"^module 'spruce' has no attribute 'Appp'"):
        _ = spruce.Appp  # type: ignore[attr-defined] # the point of the test


def test_importing_spruce_loads_nothing_heavy() -> None:
    """A program pays for what it uses."""
    assert loaded_after("import spruce") & (HEAVY | {"asyncio", "greenlet", "werkzeug", "msgspec"}) == set()


def test_an_app_loads_neither_database_nor_templates() -> None:
    """Making an App loads SQLAlchemy and Jinja2 only once a model or a template is used."""
    assert loaded_after("import spruce\nspruce.App('hello')") & HEAVY == set()


def test_forms_without_models_load_no_orm() -> None:
    """They are made, checked and shown; the first form of a model brings it."""
    lines = (
        "from spruce import forms",
        "class Contact(forms.Form):",
        "    mail, age = forms.EmailField(), forms.IntegerField(min_value=18)",
        "form = Contact({'mail': 'a@b.example', 'age': '20'})",
        "assert form.is_valid() and '</div>' in str(form)",
    )
    statement = "\n".join(lines)
    assert "sqlalchemy" not in loaded_after(statement)
    assert "sqlalchemy" in loaded_after(f"{statement}\nforms.ModelForm")


def test_an_app_that_is_not_served_loads_no_asyncio() -> None:
    """That and TLS would be a third of its memory; the server, or the first view that waits, brings them."""
    assert loaded_after("from spruce import App\nApp('hello')") & {"asyncio", "ssl", "greenlet", "babel"} == set()


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported_first(name: str) -> None:
    """No module depends on another having been imported before it."""
    if name.count(".") == 1:
        loaded_after(f"import {name}")
