"""Rules: the text of a route, as `/blog/<int:post_id>`, taken apart, and put together again as a URL."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import quote

from spruce.errors import RoutingError, nearest
from spruce.web.converters import BaseConverter

__all__ = ["Part", "Rule", "Variable", "parse", "segments"]

_VARIABLE = re.compile(
    r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?P<arguments>[^()]*)\))?:)?(?P<name>[a-zA-Z_]\w*)>", re.ASCII
)
_BRACES = re.compile(r"\{([a-zA-Z_]\w*)(?::\w+)?\}", re.ASCII)  # as other frameworks write variables
_ARGUMENT = re.compile(r"""\s*(?:(?P<key>\w+)\s*=\s*)?(?P<value>"[^"]*"|'[^']*'|[^,"'=]+?)\s*(?:,|$)""")
_WORDS = {"True": True, "False": False, "None": None}


@dataclass(frozen=True, slots=True)
class Variable:
    """A part of a rule that stands for a value; `spec` is its converter as written, such as `int(min=1)`."""

    name: str
    spec: str
    converter: BaseConverter


Part = str | Variable


def _not_called(*args: Any) -> NoReturn:
    raise RoutingError("this rule has no view")


@dataclass(eq=False, slots=True)
class Rule:
    """One route: a pattern of paths, the methods it answers, and the endpoint that it leads to.

    `defaults` are values that the path doesn't hold. `names` are those of the variables in the order of the path,
    `arguments` are they and those of the defaults. `blueprint` is its dotted name, None when the endpoint is the app's.
    `call` is what the owner of the router wants at hand once the rule matched; the router itself never looks at it.
    `documented`: it is in the documentation of the API. `middleware` stands around its view alone, `dependencies` are
    called before it. `options` is the twin, with no methods, that matches OPTIONS where that is answered for the view.
    `host` is the pattern of hosts that it is for, None for all of them. `thread`: its view runs in an OS thread.
    """

    rule: str
    endpoint: str
    methods: frozenset[str]
    parts: tuple[Part, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    strict_slashes: bool = True
    call: Callable[..., Any] = _not_called
    options: "Rule | None" = None
    documented: bool = True
    middleware: tuple[Any, ...] = ()
    dependencies: tuple[Any, ...] = ()
    thread: bool = False
    host: str | None = None
    host_parts: tuple[Part, ...] = ()
    names: tuple[str, ...] = field(init=False)
    needed: tuple[str, ...] = field(init=False)
    arguments: frozenset[str] = field(init=False)
    blueprint: str | None = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(part.name for part in self.parts if not isinstance(part, str))
        self.needed = self.names + tuple(part.name for part in self.host_parts if not isinstance(part, str))
        self.arguments = frozenset(self.needed) | frozenset(self.defaults)
        self.blueprint = self.endpoint.rpartition(".")[0] or None

    def suits(self, values: Mapping[str, Any], method: str | None) -> bool:
        """Whether a URL of this rule can carry `values`: each variable has one and no default is contradicted."""
        if method is not None and method not in self.methods:
            return False
        for name in self.needed:
            if name not in values and name not in self.defaults:
                return False
        return all(name not in values or values[name] == value for name, value in self.defaults.items())

    def build(self, values: Mapping[str, Any]) -> str:
        """Return the path for `values`. Raises: RoutingError when a converter refuses one of them."""
        return self._joined(self.parts, values)

    def build_host(self, values: Mapping[str, Any]) -> str | None:
        """Return the host for `values`, None when the rule is for all hosts. Raises: RoutingError as `build` does."""
        return self._joined(self.host_parts, values)[1:] if self.host_parts else None

    def _joined(self, parts: Iterable[Part], values: Mapping[str, Any]) -> str:
        pieces = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(quote(part, safe="!$&'()*+,/:;=@~"))
                continue
            value = values[part.name] if part.name in values else self.defaults[part.name]
            try:
                pieces.append(part.converter.to_url(value))
            except (ValueError, TypeError) as error:
                raise RoutingError(
                    f"the rule {self.rule!r} cannot hold {part.name}={value!r}: {error}",
                    hint=f"Its converter is {part.spec!r}.",
                ) from error
        return "".join(pieces)


def parse(rule: str, converters: Mapping[str, type[BaseConverter]], owner: object = None) -> tuple[Part, ...]:
    """Return the parts of `rule`; `owner` is the router that converters are made for.

    Raises: RoutingError when the rule doesn't begin with a slash, has a bracket that closes nothing or braces around a
    name, names an unknown converter, gives one wrong arguments, or uses a name twice.
    """
    if not rule.startswith("/"):
        raise RoutingError(f"the rule {rule!r} must begin with a slash", hint=f"Write {'/' + rule!r}.")
    parts: list[Part] = []
    position = 0
    for found in _VARIABLE.finditer(rule):
        _add_text(parts, rule, rule[position : found.start()])
        parts.append(_variable(rule, found, converters, owner))
        position = found.end()
    _add_text(parts, rule, rule[position:])
    names = [part.name for part in parts if isinstance(part, Variable)]
    for name in names:
        if names.count(name) > 1:
            raise RoutingError(f"the rule {rule!r} uses the name {name!r} twice")
    return tuple(parts)


def _add_text(parts: list[Part], rule: str, text: str) -> None:
    if "<" in text or ">" in text:
        raise RoutingError(
            f"the rule {rule!r} has a bracket that is no variable: {text!r}",
            hint="A variable is '<name>' or '<converter:name>', as in '/blog/<int:post_id>'.",
        )
    if braces := _BRACES.search(text):
        meant = _BRACES.sub(r"<\1>", rule)
        raise RoutingError(
            f"the rule {rule!r} has braces, which stand for no value here",
            hint=f"Write {meant!r}, or with a converter, as in '<int:{braces[1]}>'.",
        )
    if text:
        parts.append(text)


def _variable(
    rule: str, found: re.Match[str], converters: Mapping[str, type[BaseConverter]], owner: object
) -> Variable:
    name, converter, text = found["name"], found["converter"] or "default", found["arguments"]
    if converter not in converters:
        raise RoutingError(
            f"the rule {rule!r} asks for an unknown converter {converter!r}{nearest(converter, converters)}",
            hint=f"Known are {', '.join(sorted(converters.keys() - {'default'}))}; "
            "add one of your own to app.url_map.converters.",
        )
    positional, keywords = _arguments(rule, text or "")
    try:
        made = converters[converter](owner, *positional, **keywords)
    except TypeError as error:
        raise RoutingError(f"the rule {rule!r} gives {converter!r} arguments that it does not take: {error}") from error
    return Variable(name, converter + (f"({text})" if text else ""), made)


def _arguments(rule: str, text: str) -> tuple[list[Any], dict[str, Any]]:
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    position = 0
    while position < len(text.rstrip()):
        found = _ARGUMENT.match(text, position)
        if found is None:
            raise RoutingError(f"the rule {rule!r} has converter arguments that cannot be read: ({text})")
        value = _literal(found["value"])
        if found["key"]:
            keywords[found["key"]] = value
        else:
            positional.append(value)
        position = found.end()
    return positional, keywords


def _literal(text: str) -> Any:
    if text[0] in "\"'":
        return text[1:-1]
    if text in _WORDS:
        return _WORDS[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def segments(parts: Iterable[Part]) -> list[tuple[Part, ...]]:
    """Return what stands between the slashes of a rule: `/a/<b>` gives one tuple for `a` and one for `<b>`.

    A slash at the end gives an empty tuple at the end.
    """
    found: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, Variable):
            found[-1].append(part)
            continue
        first, *others = part.split("/")
        if first:
            found[-1].append(first)
        found.extend([text] if text else [] for text in others)
    return [tuple(segment) for segment in found[1:]]
