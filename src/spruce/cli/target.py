"""Finding the application that a command is told to use: `hello.py`, `shop.wsgi:application`, `shop:create_app("dev")`.

Names are looked for as Flask does: `app` and `application` first, then the only Spruce app of the module, then what
`create_app` or `make_app` returns. An application may also be a WSGI or ASGI callable of any other framework.
"""

import ast
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from spruce.errors import AppImportError, AppNotFound, nearest
from spruce.web import App

__all__ = ["Found", "Kind", "find", "kind_of"]

Kind = Literal["Spruce", "WSGI", "ASGI"]

_BY_PARAMETERS: dict[int, Kind] = {2: "WSGI", 3: "ASGI"}
USUAL_NAMES = ("app", "application")
FACTORIES = ("create_app", "make_app")
USUAL_FILES = ("app.py", "wsgi.py", "asgi.py")
_HOW_TO_NAME = "Name a file or a module: spruce run hello.py, spruce run hello:app, or set SPRUCE_APP=hello.py."


@dataclass(frozen=True, slots=True)
class Found:
    """An application, what it is, and the name it was found by, as `module:name`."""

    app: Any
    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.name}, {'an' if self.kind == 'ASGI' else 'a'} {self.kind} app"


def find(target: str | None = None) -> Found:
    """Import and return the app that `target` names.

    Without a target `SPRUCE_APP` names it, or it is in app.py, wsgi.py or asgi.py here. The folder of the file, or the
    current one, is put first in the import path. Raises AppNotFound, or AppImportError when the app's own code fails.
    """
    target = target or os.environ.get("SPRUCE_APP") or next(filter(os.path.isfile, USUAL_FILES), None)
    if not target:
        raise AppNotFound("no app was named, and there is neither app.py nor wsgi.py here", hint=_HOW_TO_NAME)
    place, _, expression = _split(target)
    module = _load(*_prepare(place))
    name, app = _evaluate(module, expression) if expression else _search(module)
    kind = kind_of(app)
    if kind is None:
        raise AppNotFound(
            f"{module.__name__}:{name} is {_described(app)} and no app",
            hint="An app is a Spruce App, a WSGI or ASGI callable, or a function without parameters that returns one."
            + _apps_of(module),
        )
    return Found(app, kind, f"{module.__name__}:{name}")


def kind_of(thing: object) -> Kind | None:
    """Return which interface an object speaks, judged by its class and its parameters; None if it is no app."""
    if isinstance(thing, App):
        return "Spruce"
    if not callable(thing) or inspect.isclass(thing):
        return None
    if _is_asynchronous(thing):
        return "ASGI"
    return _BY_PARAMETERS.get(_required_parameters(thing))


def _is_asynchronous(thing: Any) -> bool:
    while isinstance(thing, partial):
        thing = thing.func
    return inspect.iscoroutinefunction(thing) or inspect.iscoroutinefunction(getattr(thing, "__call__", None))  # noqa: B004 - what kind it is


def _required_parameters(function: Callable[..., Any]) -> int:
    """Return how many positional arguments a call needs; of code that hides it, such as C's, say WSGI's two."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 2
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return 2
    return sum(parameter.kind in positional and parameter.default is parameter.empty for parameter in parameters)


def _split(target: str) -> tuple[str, str, str]:
    """Split at the colon before the name, which is not the one behind a Windows drive's letter."""
    place, colon, expression = target.partition(":")
    if len(place) == 1 and expression.startswith(("\\", "/")):
        rest, colon, expression = expression.partition(":")
        place = f"{place}:{rest}"
    return place, colon, expression


def _prepare(place: str) -> tuple[str, Path | None]:
    """Put the folder of a file or module first in the import path; return the module's full name, and the file."""
    if not (place.endswith(".py") or os.sep in place):
        sys.path.insert(0, str(Path.cwd()))
        return place, None
    path = Path(place).resolve()
    if path.is_dir():
        inside = ("__init__.py", *USUAL_FILES)
        path = next((path / name for name in inside if (path / name).is_file()), path)
    if not path.is_file():
        raise _no_file(place, path)
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    sys.path.insert(0, str(folder))
    return ".".join(parts), path


def _no_file(place: str, path: Path) -> AppNotFound:
    beside = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
    return AppNotFound(f"there is no file {place!r}{nearest(path.name, beside)}", hint=_HOW_TO_NAME)


def _load(name: str, path: Path | None) -> ModuleType:
    module = _import(name)
    if path is not None and not os.path.samefile(path, module.__file__ or os.curdir):
        raise AppNotFound(
            f"{path.name} cannot be imported as {name!r}: there is another module of that name, {module.__file__}",
            hint="Give your file another name.",
        )
    return module


def _import(name: str) -> ModuleType:
    App.imported_by_command = True
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise AppImportError(f"importing {name!r} failed: {error}") from error
        here = [path.stem for path in Path.cwd().iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
        raise AppNotFound(f"there is no module {error.name!r}{nearest(error.name, here)}", hint=_HOW_TO_NAME) from None
    except Exception as error:
        raise AppImportError(f"importing {name!r} failed: {type(error).__name__}: {error}") from error
    finally:
        App.imported_by_command = False


def _search(module: ModuleType) -> tuple[str, Any]:
    for name in USUAL_NAMES:
        if kind_of(getattr(module, name, None)):
            return name, getattr(module, name)
    apps = {name: value for name, value in vars(module).items() if isinstance(value, App)}
    if len(apps) == 1:
        return apps.popitem()
    if apps:
        raise AppNotFound(f"module {module.__name__!r} has several apps: {', '.join(apps)}", hint=_say(module, *apps))
    for name in FACTORIES:
        if inspect.isfunction(getattr(module, name, None)):
            return _evaluate(module, name)
    raise AppNotFound(
        f"there is no app in module {module.__name__!r}",
        hint="Call it `app`, or make it in a function `create_app`." + _apps_of(module),
    )


def _evaluate(module: ModuleType, expression: str) -> tuple[str, Any]:
    """Return what `name`, `name.attribute` or `name("argument")` stands for, called if it needs nothing."""
    name, args, kwargs = _read(expression)
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise AppNotFound(
                f"module {module.__name__!r} has no {name!r}{nearest(part, dir(value))}",
                hint=_apps_of(module).strip() or "It has no app at all: make one with `app = App(__name__)`.",
            )
        value = getattr(value, part)
    if args is None and (
        not inspect.isfunction(value) or inspect.iscoroutinefunction(value) or _required_parameters(value)
    ):
        return expression, value
    try:
        return expression, value(*(args or ()), **kwargs)
    except Exception as error:
        raise AppImportError(f"{module.__name__}:{expression} failed: {type(error).__name__}: {error}") from error


def _read(expression: str) -> tuple[str, list[Any] | None, dict[str, Any]]:
    """Return the name, and the arguments of a call, whose values are written out; without a call they are None."""
    try:
        node = ast.parse(expression.strip(), mode="eval").body
        if not isinstance(node, ast.Call):
            return _dotted(node), None, {}
        kwargs = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
        return _dotted(node.func), [ast.literal_eval(arg) for arg in node.args], kwargs
    except (SyntaxError, ValueError):
        raise AppNotFound(
            f"{expression!r} is not the name of an app",
            hint="Behind the colon stands a name, or a call whose arguments are written out: app, create_app('dev').",
        ) from None


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return node.id
    raise ValueError(node)


def _apps_of(module: ModuleType) -> str:
    apps = [
        name for name, value in vars(module).items() if isinstance(value, App) or name in (*USUAL_NAMES, *FACTORIES)
    ]
    return f" {_say(module, *apps)}" if apps else ""


def _say(module: ModuleType, *names: str) -> str:
    return f"Say which: {', '.join(f'{module.__name__}:{name}' for name in names)}."


def _described(thing: object) -> str:
    if inspect.isfunction(thing):
        count = _required_parameters(thing)
        return f"a function with {count} parameter{'' if count == 1 else 's'}"
    return f"a class, {thing.__name__}" if inspect.isclass(thing) else f"of type {type(thing).__name__}"
