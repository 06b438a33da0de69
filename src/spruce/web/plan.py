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

from spruce.green import await_, tpool
from spruce.http import Request
from spruce.web.parameters import PathValue, RequestValue, Source, sources_of
from spruce.web.rules import Rule
from spruce.web.validation import InvalidInput

__all__ = ["Call", "Plan", "plan"]

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

    def compile(self) -> Call:
        """Return the function that carries the plan out."""
        names: dict[str, Any] = {
            "view": _in_thread(self.view) if self.threaded else self.view,
            "await_": await_,
            "find_all": self.find_all,
            "InvalidInput": InvalidInput,
            "named": frozenset(source.name for source in self.sources),
        }
        reads, ordered, keywords = [], [], []
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
        lines = [*_reading(reads), f"return await_({call})" if self.awaited else f"return {call}"]
        source_text = "def call(request, arguments):\n " + "\n ".join(lines)
        code = compile(source_text, f"<call of {getattr(self.view, '__name__', 'view')}>", "exec")
        exec(code, names)  # noqa: S102 - made of identifiers from the view's own signature
        made: Call = names["call"]
        return made

    def find_all(self, request: Request, arguments: Mapping[str, Any]) -> InvalidInput:
        """Return the error that names every value of the request that doesn't fit."""
        fields: dict[str, str] = {}
        for source in self.sources:
            try:
                source.read(request, arguments)
            except InvalidInput as error:
                fields.update(error.fields)
        return InvalidInput(fields)


def plan(
    view: Callable[..., Any], rule: Rule, elsewhere: Iterable[str] = (), *, threaded: bool = False, drops: bool = False
) -> Plan:
    """Return the plan for calling `view` when `rule` matched; `elsewhere` and `drops` as in `sources_of`.

    Raises: ViewError as `sources_of` does.
    """
    parameters = inspect.signature(view).parameters.values()
    return Plan(
        view=view,
        sources=tuple(sources_of(view, rule, elsewhere, drops=drops)),
        positional=frozenset(one.name for one in parameters if one.kind is one.POSITIONAL_ONLY),
        takes_all=any(one.kind is one.VAR_KEYWORD for one in parameters),
        awaited=inspect.iscoroutinefunction(view),
        threaded=threaded,
    )


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
        return tpool.execute(copy_context().run, view, *args, **kwargs)

    return call_in_thread
