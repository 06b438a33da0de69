"""The stack: everything that a request passes between `App.handle` and its view, put together in `build`."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from logging import getLogger
from typing import Any, cast

from spruce.errors import HTTPException, MiddlewareNotUsed, ViewError
from spruce.http import Handler, Request, Response
from spruce.web.context import Context, slot
from spruce.web.failures import answer_error
from spruce.web.hooks import Function
from spruce.web.jsonprovider import JSONProvider
from spruce.web.middleware import Middleware, load
from spruce.web.outline import middleware_of_app, name_of, working_on
from spruce.web.results import respond
from spruce.web.routing import RequestRedirect
from spruce.web.rules import Rule
from spruce.web.sessions import SessionInterface
from spruce.web.site import Site

__all__ = ["around", "build", "note_of", "route", "tear_down"]

_log = getLogger("spruce.web")


def build(app: Site) -> Handler:
    """Return the handler of `app`, made from the inside out; what nobody registered is not in it."""
    with working_on(app):
        return _built(app)


def _built(app: Site) -> Handler:
    middleware = [load(one) for one in middleware_of_app(app)]
    process_view: list[Function] = []
    process_exception: list[Function] = []
    process_template: list[Function] = []
    hooks = app.has_hooks("before") or app.has_hooks("values")
    view = _hooked_view(app, process_view, process_exception, process_template) if hooks else _bare_view(app)
    handler = (lambda request: view(request)) if middleware else view  # which hooks they have is known further down
    if app.mounts:
        handler = _mounted(app, handler)
    handler = _finished(app, handler)
    for one in reversed(middleware):
        handler = _wrapped(app, one, handler, process_view, process_exception, process_template)
    if process_view or process_exception or process_template:
        view = _hooked_view(app, process_view, process_exception, process_template)
    if app.config["MAX_CONTENT_LENGTH"] is not None:
        handler = _limited(app.config["MAX_CONTENT_LENGTH"], handler)
    if type(app.json).loads is not JSONProvider.loads:
        handler = _loading(app.json.loads, handler)
    if app.teardowns or app.has_hooks("teardown"):
        handler = _torn_down(app, handler)
    return handler


def _bare_view(app: Site) -> Handler:
    """Find the view and call it."""
    if app.url_map.branches:
        match_on = app.url_map.match_on

        def call_view_on_host(request: Request) -> Response:
            try:
                rule, arguments = match_on(request.host, request.path, request.method)
            except Exception as error:
                request.routing_exception = error
                raise
            request.url_rule = rule
            request.view_args = arguments
            return respond(rule.call(request, arguments), rule.endpoint)

        return call_view_on_host
    match = app.url_map.match

    def call_view(request: Request) -> Response:
        try:
            rule, arguments = match(request.path, request.method)
        except Exception as error:
            request.routing_exception = error
            raise
        request.url_rule = rule
        request.view_args = arguments
        return respond(rule.call(request, arguments), rule.endpoint)

    return call_view


def _hooked_view(
    app: Site,
    process_view: list[Function],
    process_exception: list[Function],
    process_template: list[Function],
) -> Handler:
    """Find the view; before_request; process_view; the view itself; process_exception when it raised."""
    values = _by_scope(app, "values")
    before = _by_scope(app, "before")

    def call_view(request: Request) -> Response:
        route(app, request)
        blueprint = request.blueprint
        for function in values[blueprint]:
            function(request.endpoint, request.view_args)
        for function in before[blueprint]:
            result = function()
            if result is not None:
                return respond(result, function.__name__)
        if request.routing_exception is not None:
            raise request.routing_exception
        if process_template:
            _expect_context().template_hooks = process_template
        return _called(app, request, request.url_rule, request.url_rule.call, process_view, process_exception)

    return call_view


def _called(
    app: Site,
    request: Request,
    rule: Rule,
    call: Callable[..., Any],
    process_view: list[Function],
    process_exception: list[Function],
) -> Response:
    """What the view returns, or a hook instead of it."""
    arguments = request.view_args or {}
    for function in process_view:
        result = function(request, app.view_functions[rule.endpoint], (), arguments)
        if result is not None:
            return respond(result, function.__qualname__)
    try:
        result = call(request, arguments)
    except Exception as error:
        for function in process_exception:
            result = function(request, error)
            if result is not None:
                break
        else:
            raise
    return respond(result, rule.endpoint)


def around(app: Site, rule: Rule, middleware: Iterable[Any]) -> Callable[..., Any]:
    """Return the call of `rule` with middleware of its own around it, the outermost first.

    They work as those of the app do, further in: what the view raises they see as a response.
    """
    call = rule.call
    process_view: list[Function] = []
    process_exception: list[Function] = []
    process_template: list[Function] = []

    def call_view(request: Request) -> Response:
        if process_template:
            context = _expect_context()
            context.template_hooks = [*process_template, *(context.template_hooks or ())]
        return _called(app, request, rule, call, process_view, process_exception)

    handler = _answering_errors(app, call_view)
    for one in reversed([load(one) for one in middleware]):
        handler = _wrapped(app, one, handler, process_view, process_exception, process_template)
    wrapped = handler
    return lambda request, arguments: wrapped(request)


def _expect_context() -> Context:
    context = slot.get()
    if context is None:
        raise ViewError("a view is called outside of any request")
    return context


def route(app: Site, request: Request) -> None:
    """Tell `request` its rule and the values of its path, or why there is none."""
    url_map = app.url_map
    try:
        if url_map.branches:
            request.url_rule, request.view_args = url_map.match_on(request.host, request.path, request.method)
        else:
            request.url_rule, request.view_args = url_map.match(request.path, request.method)
    except (HTTPException, RequestRedirect) as error:
        request.routing_exception = error


def note_of(request: Request, name: str, method: str | None = None) -> Any:
    """Return what a decorator has noted as the attribute `name` of the view that will answer `request`; None: nothing.

    For middleware that asks before the view is called, as for `csrf_exempt`. A note on one of the view's blueprints
    holds too, the inner one first. With `method` the view is meant that would answer that, of which a browser asks
    beforehand (CORS). What is mounted has no notes.
    """
    app, path = _expect_context().app, request.path
    if any(path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/") for prefix in app.mounts):
        return None
    url_map, method = app.url_map, method or request.method
    try:
        rule = (url_map.match_on(request.host, path, method) if url_map.branches else url_map.match(path, method))[0]
    except (HTTPException, RequestRedirect):
        return None
    note = getattr(app.view_functions.get(rule.endpoint), name, None)
    names = rule.blueprint.split(".") if note is None and rule.blueprint else []
    for end in range(len(names), 0, -1):
        note = getattr(app.blueprints.get(".".join(names[:end])), name, None)
        if note is not None:
            break
    return note


def _mounted(app: Site, handler: Handler) -> Handler:
    """What is mounted answers below its prefix, the longest of those that fit first."""
    mounts = sorted(app.mounts.items(), key=lambda mount: -len(mount[0]))

    def choose(request: Request) -> Response:
        path = request.path
        for prefix, mounted in mounts:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                return mounted(request.under(prefix))
        return handler(request)

    return choose


def _answering_errors(app: Site, handler: Handler) -> Handler:
    """What raises further in is answered here, so that what lies further out always sees a response."""

    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except Exception as error:
            return answer_error(app, request, error)

    return answer


def _finished(app: Site, handler: Handler) -> Handler:
    """Errors answered; then the functions of after_this_request, then those of after_request."""
    after = _by_scope(app, "after", outwards=True)
    registered = any(after.values())

    def finish(request: Request) -> Response:
        try:
            response = handler(request)
        except Exception as error:
            response = answer_error(app, request, error)
        context = slot.get()
        if context is not None and context.after is not None:
            response = _passed(response, context.after)
        return _passed(response, after[request.blueprint]) if registered else response

    return _answering_errors(app, finish) if registered else finish


def _passed(response: Response, functions: Iterable[Function]) -> Response:
    for function in functions:
        response = _checked(function(response), function)
    return response


def _checked(response: Any, source: Any) -> Response:
    if isinstance(response, Response):
        return response
    name = getattr(source, "__qualname__", None) or repr(source)
    raise ViewError(
        f"{name} returned {response!r:.80}, which is no response", hint="It must return the response, changed or not."
    )


def _wrapped(
    app: Site,
    middleware: Middleware,
    handler: Handler,
    process_view: list[Function],
    process_exception: list[Function],
    process_template: list[Function],
) -> Handler:
    """One middleware around `handler`, with its hooks put where they are called; none if it has nothing to do here."""
    try:
        made = middleware(handler)
    except MiddlewareNotUsed as error:
        _log.debug("the middleware %s is left out: %s", name_of(middleware), error)
        return handler
    if not callable(made):
        raise ViewError(
            f"the middleware {middleware!r} made {made!r} of a handler", hint="It must return what takes a request."
        )
    if hasattr(made, "open_session"):
        app.session_interface = cast(SessionInterface, made)
    if hasattr(made, "process_view"):
        process_view.insert(0, made.process_view)
    if hasattr(made, "process_exception"):
        process_exception.append(made.process_exception)
    if hasattr(made, "process_template_response"):
        process_template.append(made.process_template_response)

    def checked(request: Request) -> Response:
        try:
            response = made(request)
            return response if response.__class__ is Response else _checked(response, middleware)
        except Exception as error:
            return answer_error(app, request, error)

    return checked


def _loading(loads: Callable[[bytes], Any], handler: Handler) -> Handler:
    """JSON in the body of a request is read by the app's own provider."""

    def handle(request: Request) -> Response:
        request.json_loads = loads
        return handler(request)

    return handle


def _limited(limit: int, handler: Handler) -> Handler:
    """No request reads more than `limit` bytes of a body."""

    def handle(request: Request) -> Response:
        request.max_content_length = limit
        return handler(request)

    return handle


def _torn_down(app: Site, handler: Handler) -> Handler:
    """The functions of teardown_request and teardown_appcontext, at the end of the request or of its stream."""

    def handle(request: Request) -> Response:
        context = slot.get()
        try:
            response = handler(request)
        except BaseException as error:
            tear_down(app, context, error)
            raise
        if context is not None and context.kept:
            response.call_on_close(lambda: tear_down(app, context, None))
        else:
            tear_down(app, context, None)
        return response

    return handle


def tear_down(app: Site, context: Context | None, failure: BaseException | None) -> None:
    """Call the functions of teardown_request, when `context` has a request, and of teardown_appcontext, within it."""
    functions: Iterator[Function] = reversed(app.teardowns)
    if context is not None and context.request is not None:
        scopes = app.scopes_of(context.request.blueprint)
        functions = chain(*(reversed(hooks.teardown) for hooks in scopes), functions)
    token = slot.set(context)
    try:
        for function in functions:
            function(failure)
    finally:
        slot.reset(token)


def _by_scope(app: Site, kind: str, *, outwards: bool = False) -> dict[str | None, list[Function]]:
    """The functions for each blueprint, and for none: from the app inwards as registered, or all of that reversed."""
    found: dict[str | None, list[Function]] = {}
    for blueprint in {None, *(rule.blueprint for rule in app.url_map.iter_rules())}:
        inwards = [function for hooks in reversed(app.scopes_of(blueprint)) for function in getattr(hooks, kind)]
        found[blueprint] = inwards[::-1] if outwards else inwards
    return found
