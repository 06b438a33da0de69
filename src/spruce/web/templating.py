"""Templates: `render_template` and its relatives. Jinja2 is loaded when the first one is used."""

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

from spruce.errors import TemplateNotFound, nearest
from spruce.events import template_rendered
from spruce.http import HeaderItems, Response
from spruce.web.context import Context, current_context

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = [
    "TemplateResponse",
    "get_template_attribute",
    "render_block",
    "render_template",
    "render_template_string",
    "stream_template",
    "stream_template_string",
]


class TemplateResponse(Response):
    """A response that is rendered late: `process_template_response` may change `template_name` and `context` before.

    Of a list of names, the first template that exists is taken.
    """

    def __init__(
        self,
        template_name: "str | Template | list[str | Template]",
        context: dict[str, Any] | None = None,
        status: int = 200,
        headers: HeaderItems | None = None,
        mimetype: str | None = None,
    ) -> None:
        super().__init__(b"", status, headers, mimetype)
        self.template_name = template_name
        self.context = dict(context or {})
        self.is_rendered = False

    def render(self) -> "TemplateResponse":
        """Make the body, unless that has been done; return self."""
        if not self.is_rendered:
            self.set_data(render_template(self.template_name, **self.context))
            self.is_rendered = True
        return self


def render_template(template_name_or_list: "str | Template | list[str | Template]", /, **context: Any) -> str:
    """Return the page that a template makes of `context`; of a list, the first template that exists.

    `"page.html#rows"` is the block `rows` alone, as `render_block` makes it.
    Raises: TemplateNotFound, naming the folders that were searched.
    """
    if isinstance(template_name_or_list, str) and "#" in template_name_or_list:
        name, _, block = template_name_or_list.partition("#")
        return render_block(name, block, **context)
    current = current_context("render_template")
    return _render(current, current.app.jinja_env.find(template_name_or_list, current.request), context)


def render_block(template_name: str, block: str, /, **context: Any) -> str:
    """Return one block of a template alone, for a part of a page that is replaced, as htmx does.

    The block may be that of a template which this one extends. What the template sets or imports before its first
    output is there. Raises: TemplateNotFound for a missing template or block.
    """
    current = current_context("render_block")
    environment = current.app.jinja_env
    template = environment.find(template_name, current.request)
    values = template.new_context(environment.complete(current, context))
    start = template.root_render_func(values)
    try:
        next(iter(start), None)  # as far as the first output: sets, imports and the blocks of what it extends
    finally:
        start.close()  # type: ignore[attr-defined] # it is a generator
    if block not in values.blocks:
        raise TemplateNotFound(
            f"the template {template_name!r} has no block {block!r}{nearest(block, values.blocks)}",
            hint=f"Its blocks are {', '.join(sorted(values.blocks)) or 'none'}.",
        )
    return environment.concat(values.blocks[block][0](values))


def render_template_string(source: str, /, **context: Any) -> str:
    """Return the page that the template `source` makes of `context`; what it inserts is escaped."""
    current = current_context("render_template_string")
    return _render(current, current.app.jinja_env.from_text(source), context)


def stream_template(template_name_or_list: "str | Template | list[str | Template]", /, **context: Any) -> Iterator[str]:
    """Return the page in pieces, made while it is sent; to be returned by a view."""
    current = current_context("stream_template")
    template = current.app.jinja_env.find(template_name_or_list, current.request)
    return template.generate(current.app.jinja_env.complete(current, context))


def stream_template_string(source: str, /, **context: Any) -> Iterator[str]:
    """Return the page of the template `source` in pieces, made while it is sent; to be returned by a view."""
    current = current_context("stream_template_string")
    return current.app.jinja_env.from_text(source).generate(current.app.jinja_env.complete(current, context))


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """Return a macro or variable that a template defines at its top level."""
    current = current_context("get_template_attribute")
    return getattr(current.app.jinja_env.find(template_name, current.request).module, attribute)


def _render(current: Context, template: "Template", context: dict[str, Any]) -> str:
    complete = current.app.jinja_env.complete(current, context)
    if not template_rendered.subscribers:
        return template.render(complete)
    start = perf_counter()
    page = template.render(complete)
    seconds = perf_counter() - start
    template_rendered.tell({"name": template.name or "<string>", "seconds": seconds})
    return page
