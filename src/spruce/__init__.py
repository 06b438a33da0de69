"""Spruce: a full-stack web framework in which plain synchronous code runs at the scale of asyncio.

This module only re-exports; a name is imported from its package when it is first used, so that a program pays for what
it uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from spruce.errors import abort as abort
    from spruce.http import Request as Request
    from spruce.http import Response as Response
    from spruce.middleware.pagecache import cache_page as cache_page
    from spruce.tasks import schedule as schedule
    from spruce.tasks import task as task
    from spruce.web import App as App
    from spruce.web import AppConfig as AppConfig
    from spruce.web import Blueprint as Blueprint
    from spruce.web import MethodView as MethodView
    from spruce.web import MiddlewareMixin as MiddlewareMixin
    from spruce.web import after_this_request as after_this_request
    from spruce.web import copy_current_request_context as copy_current_request_context
    from spruce.web import current_app as current_app
    from spruce.web import flash as flash
    from spruce.web import g as g
    from spruce.web import get_flashed_messages as get_flashed_messages
    from spruce.web import get_template_attribute as get_template_attribute
    from spruce.web import has_app_context as has_app_context
    from spruce.web import has_request_context as has_request_context
    from spruce.web import jsonify as jsonify
    from spruce.web import make_response as make_response
    from spruce.web import redirect as redirect
    from spruce.web import render_template as render_template
    from spruce.web import render_template_string as render_template_string
    from spruce.web import request as request
    from spruce.web import send_file as send_file
    from spruce.web import send_from_directory as send_from_directory
    from spruce.web import session as session
    from spruce.web import stream_template as stream_template
    from spruce.web import stream_template_string as stream_template_string
    from spruce.web import stream_with_context as stream_with_context
    from spruce.web import url_for as url_for

_HOMES = {
    "App": "spruce.web",
    "AppConfig": "spruce.web",
    "Blueprint": "spruce.web",
    "MethodView": "spruce.web",
    "MiddlewareMixin": "spruce.web",
    "Request": "spruce.http",
    "Response": "spruce.http",
    "abort": "spruce.errors",
    "after_this_request": "spruce.web",
    "cache_page": "spruce.middleware.pagecache",
    "copy_current_request_context": "spruce.web",
    "current_app": "spruce.web",
    "flash": "spruce.web",
    "g": "spruce.web",
    "get_flashed_messages": "spruce.web",
    "get_template_attribute": "spruce.web",
    "has_app_context": "spruce.web",
    "has_request_context": "spruce.web",
    "jsonify": "spruce.web",
    "make_response": "spruce.web",
    "redirect": "spruce.web",
    "render_template": "spruce.web",
    "render_template_string": "spruce.web",
    "request": "spruce.web",
    "schedule": "spruce.tasks",
    "send_file": "spruce.web",
    "send_from_directory": "spruce.web",
    "session": "spruce.web",
    "stream_template": "spruce.web",
    "stream_template_string": "spruce.web",
    "stream_with_context": "spruce.web",
    "task": "spruce.tasks",
    "url_for": "spruce.web",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'spruce' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
