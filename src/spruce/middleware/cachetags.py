"""`{% cache 60 "name" user.id %}…{% endcache %}`: a part of a template in the cache, with Django's spelling.

The number is of seconds (none: for ever); the name may be written with or without quotes; the expressions behind it
tell for whom the part is. `using="alias"` chooses the cache, which is `template_fragments` if there is one of that
name. With `depends` as the last word the part is dropped by the next commit that changes what it was made from:
`{% cache 600 "menu" depends %}`. `{% load cache %}`, which Django wants, is passed over.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from spruce.cache import caches

__all__ = ["CacheExtension", "make_template_fragment_key"]

_ALIAS = "template_fragments"


def make_template_fragment_key(fragment_name: str, vary_on: Any = ()) -> str:
    """The key of a part of a template: `cache.delete(make_template_fragment_key("menu", [user.id]))` drops it."""
    digest = hashlib.sha256()
    for value in vary_on:
        digest.update(repr(str(value)).encode("utf-8", "surrogatepass"))
    return f"template.cache.{fragment_name}.{digest.hexdigest()}"


def _ends(parser: Parser) -> bool:
    """Whether the word here is the last of the tag, but for `using=`."""
    after = parser.stream.look()
    return after.type == "block_end" or after.test("name:using")


class CacheExtension(Extension):
    """The tags `cache` and `load`."""

    tags = {"cache", "load"}  # noqa: RUF012 - Jinja2 declares it so

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Return what the tag stands for."""
        token = next(parser.stream)
        if token.value == "load":
            return self._load(parser)
        timeout = parser.parse_expression()
        name = next(parser.stream)
        if name.type not in ("string", "name"):
            parser.fail("behind its seconds, {% cache %} has a name, as in {% cache 60 menu %}", name.lineno)
        vary: list[nodes.Expr] = []
        using: nodes.Expr = nodes.Const(None)
        depends = False
        while parser.stream.current.type != "block_end":
            if parser.stream.current.test("name:depends") and _ends(parser):
                depends = bool(next(parser.stream))
            elif parser.stream.current.test("name:using") and parser.stream.look().type == "assign":
                parser.stream.skip(2)
                using = parser.parse_expression()
            else:
                vary.append(parser.parse_expression())
        body = parser.parse_statements(("name:endcache",), drop_needle=True)
        call = self.call_method(
            "_part", [timeout, nodes.Const(name.value), nodes.List(vary), using, nodes.Const(depends)]
        )
        return nodes.CallBlock(call, [], [], body, lineno=token.lineno)

    def _load(self, parser: Parser) -> list[nodes.Node]:
        while parser.stream.current.type != "block_end":
            next(parser.stream)
        return []

    def _part(
        self,
        timeout: float | None,
        name: str,
        vary: list[Any],
        using: str | None,
        depends: bool,
        caller: Callable[[], str],
    ) -> Markup:
        cache = caches[using or (_ALIAS if _ALIAS in caches else "default")]
        text = cache.get_or_set(
            make_template_fragment_key(name, vary), lambda: str(caller()), timeout, depends="auto" if depends else None
        )
        return Markup(text)  # noqa: S704 - what the template has shown, escaped already
