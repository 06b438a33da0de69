"""Results: what a view may return, made into a response.

str is HTML, bytes are sent as they are, dicts, lists, dataclasses and msgspec.Structs become JSON, generators are
streamed (with `request` and `g` at hand), a tuple adds a status or headers to one of these. None is an error: a view
that forgot its return.
"""

import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, NoReturn
from urllib.parse import quote

import msgspec

from spruce.errors import BadRequest, HTTPException, ViewError
from spruce.http import AsyncBody, Response
from spruce.web.awaiting import await_, iterate
from spruce.web.context import has_request_context, slot, stream_with_context
from spruce.web.jsonprovider import to_json
from spruce.web.phrasing import error_page
from spruce.web.templating import TemplateResponse
from spruce.web.validation import is_pydantic

__all__ = ["JSON", "jsonify", "make_response", "redirect", "respond"]

HTML = "text/html; charset=utf-8"
JSON = "application/json"
_URL_SAFE = "%/:?#[]@!$&'()*+,;=~"


def respond(result: Any, view: str) -> Response:
    """Return the response for what `view` returned. Raises: ViewError, naming the view, when it is nothing of use."""
    if result.__class__ is str:
        return Response(result, 200, None, None, HTML)
    make = _MAKERS.get(result.__class__)
    if make is not None:
        return make(result, view)
    return _unusual(result, view)


def make_response(*args: Any) -> Response:
    """Return the response that a view would make by returning this: a result, or a result, a status and headers."""
    if not args:
        return Response()
    return respond(args[0] if len(args) == 1 else args, "make_response")


_RUNS = re.compile(
    "[\\0-\\x20]*(" + "|".join("[\\t\\r\\n]*".join(f"{word}:") for word in ("javascript", "vbscript", "data")) + ")",
    re.I,
)
"""URLs that are programs or pages themselves; browsers pass over control characters in them (WHATWG URL, 4.4)."""


def redirect(location: str, code: int = 302) -> Response:
    """Return a response that sends the client to `location`, a URL or a path.

    Raises: ValueError for another code; BadRequest for a URL that is itself what the browser would run or show.
    """
    if code not in (301, 302, 303, 305, 307, 308):
        raise ValueError(f"redirect() takes the status 301, 302, 303, 307 or 308, not {code}")
    if _RUNS.match(location):
        raise BadRequest(f"A redirect cannot lead to {location[:80]!r}.")
    shown = location.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    page = f'<!doctype html>\n<html lang=en>\n<title>Redirecting</title>\n<p>Go to <a href="{shown}">{shown}</a>.</p>\n'
    return Response(page, code, {"Location": quote(location, safe=_URL_SAFE)})


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """Return a JSON response: of one value, of several as a list, or of keywords as an object."""
    if args and kwargs:
        raise TypeError("jsonify() takes values or keywords, not both")
    if not args:
        return _json(kwargs, "jsonify")
    return _json(args[0] if len(args) == 1 else args, "jsonify")


def _text(result: str, view: str) -> Response:
    return Response(result, 200, None, None, HTML)


def _response(result: Response, view: str) -> Response:
    body = result.response
    if body.__class__ is AsyncBody:
        result.response = iterate(body.source)
    return result


def _json(result: Any, view: str) -> Response:
    context = slot.get()
    if context is None:
        return Response(to_json(result), 200, None, None, JSON)
    provider = context.app.json
    return Response(provider.encode(result), 200, None, None, provider.mimetype)


def _stream(result: Iterator[Any], view: str) -> Response:
    return Response(stream_with_context(result) if has_request_context() else result)


def _none(result: None, view: str) -> NoReturn:
    raise ViewError(
        f"the view {view!r} returned None",
        hint="Every way through it must return something: a str, a dict, a Response, '' for an empty page.",
    )


def _tuple(result: tuple[Any, ...], view: str) -> Response:
    """A body with a status, with headers, or with both."""
    if len(result) == 3:
        body, status, headers = result
    elif len(result) == 2 and isinstance(result[1], Mapping | list | tuple):
        (body, headers), status = result, None
    elif len(result) == 2:
        (body, status), headers = result, None
    else:
        raise ViewError(
            f"the view {view!r} returned a tuple of {len(result)}",
            hint="A tuple is (body, status), (body, headers) or (body, status, headers).",
        )
    response = Response() if body is None else respond(body, view)
    if status is not None:
        response.status = status
    if headers:
        response.headers.update(headers)
    return response


_MAKERS: dict[type, Callable[[Any, str], Response]] = {
    str: _text,
    Response: _response,
    dict: _json,
    list: _json,
    tuple: _tuple,
    bytes: _text,
    bytearray: _text,
    type(None): _none,
}


def _rendered(response: TemplateResponse) -> Response:
    """A response that is rendered late, rendered, once the middleware that asked for it has seen it."""
    context = slot.get()
    for hook in (context.template_hooks if context is not None else None) or ():
        response = hook(context.request if context is not None else None, response)
        if not isinstance(response, TemplateResponse):
            raise ViewError(
                f"{hook.__qualname__} returned {response!r:.80}, which is no TemplateResponse",
                hint="It must return the response, changed or not.",
            )
    return response.render()


def _says_json(result: Any) -> bool:
    return hasattr(result, "__json__") or is_pydantic(type(result))


def _unusual(result: Any, view: str) -> Response:
    """The same for subclasses, and for what has no type of its own to go by."""
    if inspect.isawaitable(result):
        return respond(await_(result), view)
    if isinstance(result, TemplateResponse):
        return _rendered(result)
    for kind, make in _MAKERS.items():
        if isinstance(result, kind):
            return make(result, view)
    if isinstance(result, HTTPException):
        return error_page(result)
    if isinstance(result, msgspec.Struct) or is_dataclass(result) or _says_json(result):
        return _json(result, view)
    if isinstance(result, Iterator):
        return _stream(result, view)
    if isinstance(result, AsyncIterator):
        return _stream(iterate(result), view)
    if isinstance(result, Mapping):
        return _json(dict(result), view)
    raise ViewError(
        f"the view {view!r} returned a {type(result).__name__}, which is no response: {result!r:.80}",
        hint="Return a str, bytes, dict, list, dataclass, Struct, generator or Response, or one of them with a status.",
    )
