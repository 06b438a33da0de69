"""From a request to a response: apps, routes, views, templates, files, and a client to test them with."""

from importlib import import_module
from typing import TYPE_CHECKING

from spruce.errors import abort
from spruce.http import Request, Response
from spruce.web.app import App, current_app
from spruce.web.assets import static
from spruce.web.blueprint import Blueprint
from spruce.web.context import (
    after_this_request,
    copy_current_request_context,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
    stream_with_context,
)
from spruce.web.converters import BaseConverter, ValidationError
from spruce.web.files import send_file, send_from_directory
from spruce.web.flashing import flash, get_flashed_messages
from spruce.web.installed import AppConfig
from spruce.web.jsonprovider import JSONProvider
from spruce.web.markers import Body, Cookie, Depends, File, Form, Header, Path, Query
from spruce.web.middleware import MiddlewareMixin
from spruce.web.outgoing import allowed_url
from spruce.web.pagination import Pagination, paginate
from spruce.web.results import jsonify, make_response, redirect
from spruce.web.sessions import Session, SessionInterface
from spruce.web.stack import note_of
from spruce.web.templating import (
    TemplateResponse,
    get_template_attribute,
    render_block,
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)
from spruce.web.urls import url_for
from spruce.web.validation import InvalidInput
from spruce.web.views import MethodView, View
from spruce.web.violations import Taken, user_values

if TYPE_CHECKING:
    from spruce.server import WebSocket, WebSocketClosed
    from spruce.web.compression import CompressionMiddleware

__all__ = [
    "App",
    "AppConfig",
    "BaseConverter",
    "Blueprint",
    "Body",
    "CompressionMiddleware",
    "Cookie",
    "Depends",
    "File",
    "Form",
    "Header",
    "InvalidInput",
    "JSONProvider",
    "MethodView",
    "MiddlewareMixin",
    "Pagination",
    "Path",
    "Query",
    "Request",
    "Response",
    "Session",
    "SessionInterface",
    "Taken",
    "TemplateResponse",
    "ValidationError",
    "View",
    "WebSocket",
    "WebSocketClosed",
    "abort",
    "after_this_request",
    "allowed_url",
    "copy_current_request_context",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "has_app_context",
    "has_request_context",
    "jsonify",
    "make_response",
    "note_of",
    "paginate",
    "redirect",
    "render_block",
    "render_template",
    "render_template_string",
    "request",
    "send_file",
    "send_from_directory",
    "session",
    "static",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "url_for",
    "user_values",
]

_HOMES = {
    "CompressionMiddleware": "spruce.web.compression",
    "WebSocket": "spruce.server",
    "WebSocketClosed": "spruce.server",
}
"""What not every app needs, imported from its home when it is first used."""


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
    raise AttributeError(f"module 'spruce.web' has no attribute {name!r}")
