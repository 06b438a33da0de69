"""Spruce: a full-stack web framework in which plain synchronous code runs at the scale of asyncio.

This module only re-exports; a name is imported from its package when it is first used, so that a program pays for what it uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from spruce.http import Request as Request
    from spruce.http import Response as Response
    from spruce.web import App as App
    from spruce.web import MiddlewareMixin as MiddlewareMixin

_HOMES = {
    "App": "spruce.web",
    "MiddlewareMixin": "spruce.web",
    "Request": "spruce.http",
    "Response": "spruce.http",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the table above is the one list of names


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'spruce' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
