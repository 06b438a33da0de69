"""The plan of a call: how a matched request becomes a call of its view, decided once per route.

Per request nothing is looked up in a signature: the plan of `def post(post_id: int, page: int = 1)` is compiled to

    def call(request, arguments):
        page = read_page(request, arguments)
        return view(post_id=arguments['post_id'], page=page)
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from spruce.errors import RoutingError, nearest
from spruce.http import Request
from spruce.web.atomicity import aliases_for, in_transactions
from spruce.web.awaiting import await_, in_thread
from spruce.web.dependencies import DependencyValue, Opened, plain_sources
from spruce.web.parameters import called_before, sources_of
from spruce.web.results import respond
from spruce.web.rules import Rule
from spruce.web.site import Site
from spruce.web.sources import PathValue, RequestValue, Source
from spruce.web.validation import InvalidInput

__all__ = ["Call", "Plan", "plan", "plan_of"]

Call = Callable[[Request, dict[str, Any]], Any]
"""Takes a request and the values of its path, calls the view, returns what the view returns."""

_DIRECT: dict[type, str] = {PathValue: "arguments['{name}']", RequestValue: "request"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one view is called with and how: in this green thread, awaited, or in a thread of the operating system."""

    view: Callable[..., Any]
    sources: tuple[Source, ...]
    positional: frozenset[str]
    takes_all: bool
    awaited: bool
    threaded: bool
    before: tuple[DependencyValue, ...] = ()
    atomic: tuple[str, ...] = ()  # the databases that it has a transaction on

    def of_method(self, method: str) -> "Plan":
        """Return the plan for requests of a method: this one."""
        return self

    def _callable(self) -> Callable[..., Any]:
        view = in_transactions(self.view, self.atomic, awaited=self.awaited) if self.atomic else self.view
        return _in_thread(view) if self.threaded else view

    def compile(self) -> Call:
        """Return the function that carries the plan out."""
        names: dict[str, Any] = {
            "view": self._callable(),
            "await_": await_,
            "find_all": self.find_all,
            "InvalidInput": InvalidInput,
            "Opened": Opened,
            "respond": respond,
            "named": frozenset(source.name for source in self.sources),
            "name": getattr(self.view, "__name__", "view"),
        }
        reads, ordered, keywords = [], [], []
        for number, dependency in enumerate(self.before):
            names[f"before{number}"] = dependency.read
            reads.append(f"before{number}(request, arguments)")
        for number, source in enumerate(self.sources):
            value = _DIRECT.get(type(source), "value{number}").format(name=source.name, number=number)
            if type(source) not in _DIRECT:
                names[f"read{number}"] = source.read
                reads.append(f"{value} = read{number}(request, arguments)")
            if source.name in self.positional:
                ordered.append(value)
            else:
                keywords.append(f"{source.name}={value}")
        if self.takes_all:
            keywords.append("**{name: value for name, value in arguments.items() if name not in named}")
        call = f"view({', '.join(ordered + keywords)})"
        call = f"await_({call})" if self.awaited and not self.atomic else call
        if self.before or any(isinstance(source, DependencyValue) for source in self.sources):
            lines = _cleaning_up([*_reading(reads), f"response = respond({call}, name)"])
        else:
            lines = [*_reading(reads), f"return {call}"]
        source_text = "def call(request, arguments):\n " + "\n ".join(lines)
        code = compile(source_text, f"<call of {names['name']}>", "exec")
        exec(code, names)  # noqa: S102 - made of identifiers from the view's own signature
        made: Call = names["call"]
        return made

    def find_all(self, request: Request, arguments: Mapping[str, Any]) -> InvalidInput:
        """Return the error that names every value of the request that doesn't fit."""
        fields: dict[str, str] = {}
        for source in plain_sources([*self.before, *self.sources]):
            try:
                source.read(request, arguments)
            except InvalidInput as error:
                fields.update(error.fields)
        return InvalidInput(fields)


@dataclass(frozen=True, slots=True)
class PlanByMethod:
    """The plans of a class-based view whose methods have parameters of their own, by HTTP method."""

    plans: Mapping[str, Plan]

    def of_method(self, method: str) -> Plan:
        """Return the plan for requests of a method."""
        return self.plans[method]

    def compile(self) -> Call:
        """Return the function that carries out the plan of a request's method."""
        calls = {method: plan.compile() for method, plan in self.plans.items()}

        def call(request: Request, arguments: dict[str, Any]) -> Any:
            return calls[request.method](request, arguments)

        return call


def plan(
    view: Callable[..., Any],
    rule: Rule,
    elsewhere: Iterable[str] = (),
    *,
    threaded: bool = False,
    drops: bool = False,
    atomic: tuple[str, ...] = (),
) -> Plan | PlanByMethod:
    """Return the plan for calling `view` when `rule` matched; `elsewhere` and `drops` as in `sources_of`.

    `atomic` are the databases that it has a transaction on.

    Raises: ViewError as `sources_of` does.
    """
    handlers: Mapping[str, Callable[..., Any]] = getattr(view, "handlers", {})
    if handlers:
        by_method = {
            method: Plan(
                view=view,
                sources=tuple(sources_of(handlers.get(method, _anything), rule, elsewhere, drops=drops)),
                positional=frozenset(),
                takes_all=_takes_all(handlers.get(method, _anything)),
                awaited=False,
                threaded=threaded,
                before=tuple(called_before(view, rule)),
                atomic=atomic,
            )
            for method in rule.methods
        }
        return PlanByMethod(by_method)
    parameters = inspect.signature(view).parameters.values()
    return Plan(
        view=view,
        sources=tuple(sources_of(view, rule, elsewhere, drops=drops)),
        positional=frozenset(one.name for one in parameters if one.kind is one.POSITIONAL_ONLY),
        takes_all=_takes_all(view),
        awaited=inspect.iscoroutinefunction(view),
        threaded=threaded,
        before=tuple(called_before(view, rule)),
        atomic=atomic,
    )


def plan_of(site: Site, rule: Rule) -> Plan | PlanByMethod:
    """Return how the view of a rule is called, as the app is now. Raises: RoutingError when it has none, ViewError."""
    view = site.view_functions.get(rule.endpoint)
    if view is None:
        raise RoutingError(
            f"the endpoint {rule.endpoint!r} has a rule and no view{nearest(rule.endpoint, site.view_functions)}",
            hint="Give it one with @app.endpoint(...) or in app.view_functions.",
        )
    elsewhere = {name for other in site.url_map.iter_rules(rule.endpoint) for name in other.arguments}
    atomic = aliases_for(view, site.config)
    return plan(view, rule, elsewhere, threaded=rule.thread, drops=site.has_hooks("values"), atomic=atomic)


def _anything(**values: Any) -> None:
    """Stands for a method that the class doesn't have: the class itself says so when it is called."""


def _takes_all(view: Callable[..., Any]) -> bool:
    return any(one.kind is one.VAR_KEYWORD for one in inspect.signature(view).parameters.values())


def _cleaning_up(lines: Iterable[str]) -> list[str]:
    """Lines that make a response, within what resumes the dependencies' generators behind it."""
    return [
        "opened = request.dependencies = Opened()",
        "try:",
        *(f" {line}" for line in lines),
        "except BaseException as error:",
        " opened.fail(error)",
        "return opened.finish(response)",
    ]


def _reading(reads: list[str]) -> list[str]:
    """The lines that read values; a failure of one of several is answered by looking at all of them."""
    if len(reads) < 2:
        return reads
    return [
        "try:",
        *(f" {line}" for line in reads),
        "except InvalidInput:",
        "  raise find_all(request, arguments) from None",
    ]


def _in_thread(view: Callable[..., Any]) -> Callable[..., Any]:
    def call_in_thread(*args: Any, **kwargs: Any) -> Any:
        return in_thread(copy_context().run, view, *args, **kwargs)

    return call_in_thread
