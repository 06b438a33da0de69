"""Templates: `render_template` and its relatives. Jinja2 is loaded when the first one is used."""

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

from spruce.events import template_rendered
from spruce.web.context import Context, current_context

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = [
    "get_template_attribute",
    "render_template",
    "render_template_string",
    "stream_template",
    "stream_template_string",
]


def render_template(template_name_or_list: "str | Template | list[str | Template]", /, **context: Any) -> str:
    """Return the page that a template makes of `context`; of a list, the first template that exists.

    Raises: TemplateNotFound, naming the folders that were searched.
    """
    current = current_context("render_template")
    return _render(current, current.app.jinja_env.find(template_name_or_list, current.request), context)


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
    template_rendered.emit(name=template.name or "<string>", seconds=perf_counter() - start)
    return page
