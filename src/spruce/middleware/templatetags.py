"""What templates have of the safety middleware: `{% csrf_token %}`, `csrf_token()` and `csp_nonce()`."""

from collections.abc import Callable

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from spruce.middleware.csp import csp_nonce
from spruce.middleware.csrf import csrf_field, csrf_token

__all__ = ["SafetyExtension"]


class _Told:
    """A text made when it is shown, called or not: `{{ csrf_token() }}`, and `{{ csrf_token }}` as in Django."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def __call__(self) -> str:
        return self._make()

    def __str__(self) -> str:
        return self._make()


class SafetyExtension(Extension):
    """`{% csrf_token %}` is a hidden field with a token; where forms need none, it is nothing."""

    tags = {"csrf_token"}  # noqa: RUF012 - Jinja2 declares it so

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.update(csrf_token=_Told(csrf_token), csp_nonce=_Told(csp_nonce))

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the tag as an output."""
        line = next(parser.stream).lineno
        return nodes.Output([self.call_method("_field", lineno=line)], lineno=line)

    def _field(self) -> Markup:
        return Markup(csrf_field())  # noqa: S704 - made of a token, which has letters and digits only
