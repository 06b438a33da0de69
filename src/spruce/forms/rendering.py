"""How forms become HTML: templates of Jinja2, each of which an app may replace by one of the same name.

The templates are in `templates/forms` beside this module; `forms/field.html` in a template folder of the app takes the
place of that one. What values hold is escaped, whoever renders.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import jinja2
from markupsafe import Markup, escape

from spruce.i18n import gettext, ngettext
from spruce.web.context import slot

__all__ = ["FOLDER", "RenderableFormMixin", "RenderableMixin", "Renderer", "attributes", "default_renderer"]

FOLDER = Path(__file__).parent / "templates"
_RESOURCE = "spruce.forms"


class Renderer(Protocol):
    """What renders forms; `Form(renderer=…)` takes another than the app's."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """Return what a template makes of `context`."""


def attributes(values: Mapping[str, Any]) -> Markup:
    """Return attributes as HTML has them, a blank before each; None and False leave one out, True has no value."""
    parts = []
    for name, value in values.items():
        if value is True:
            parts.append(f" {escape(name)}")
        elif value is not None and value is not False:
            parts.append(f' {escape(name)}="{escape(str(value))}"')
    return Markup("".join(parts))  # noqa: S704 - each part is escaped


class _Templates:
    """The renderer of an app, or of code that runs without one."""

    def __init__(self, environment: jinja2.Environment | None) -> None:
        own = jinja2.FileSystemLoader(FOLDER)
        if environment is None:
            self.environment = jinja2.Environment(loader=own, autoescape=jinja2.select_autoescape())
            self.environment.add_extension("jinja2.ext.i18n")
            install: Any = self.environment
            install.install_gettext_callables(gettext, ngettext, newstyle=True)
        else:
            loaders = [environment.loader, own] if environment.loader is not None else [own]
            self.environment = environment.overlay(loader=jinja2.ChoiceLoader(loaders), cache_size=400)
        self.environment.filters = {**self.environment.filters, "attributes": attributes}
        self._kept: dict[str, jinja2.Template] | None = None if self.environment.auto_reload else {}

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """Return what a template makes of `context`."""
        kept = self._kept
        if kept is None:
            return self.environment.get_template(template_name).render(context)
        template = kept.get(template_name)
        if template is None:
            template = kept[template_name] = self.environment.get_template(template_name)
        return template.render(context)


_alone: list[_Templates] = []


def default_renderer() -> Renderer:
    """Return the renderer of the app that works now, made when it is first asked for."""
    context = slot.get()
    if context is None:
        if not _alone:
            _alone.append(_Templates(None))
        return _alone[0]
    resources = context.app.config.resources
    found = resources.get(_RESOURCE)
    if not isinstance(found, _Templates):
        environment: Any = context.app
        found = resources[_RESOURCE] = _Templates(environment.jinja_env)
    return found


class RenderableMixin:
    """What shows itself by a template: `str()` of it is its HTML, which templates don't escape again."""

    renderer: Any = None
    template_name: str = ""

    def get_context(self) -> dict[str, Any]:
        """Return what its template is given."""
        raise NotImplementedError

    def render(
        self, template_name: str | None = None, context: dict[str, Any] | None = None, renderer: Any = None
    ) -> Markup:
        """Return its HTML, by its own template and renderer unless others are given."""
        chosen = renderer or self.renderer or default_renderer()
        given = self.get_context() if context is None else context
        return Markup(chosen.render(template_name or self.template_name, given).strip())  # noqa: S704 - templates escape

    def __str__(self) -> str:
        return self.render()

    def __html__(self) -> str:
        return self.render()


class RenderableFormMixin(RenderableMixin):
    """What shows itself field by field in several ways, each by a template of its own: a form, or a formset."""

    template_name_div: str
    template_name_p: str
    template_name_table: str
    template_name_ul: str

    def as_div(self) -> Markup:
        """As a `<div>` for each field."""
        return self.render(self.template_name_div)

    def as_p(self) -> Markup:
        """As a `<p>` for each field."""
        return self.render(self.template_name_p)

    def as_ul(self) -> Markup:
        """As a `<li>` for each field."""
        return self.render(self.template_name_ul)

    def as_table(self) -> Markup:
        """As a row of a table for each field."""
        return self.render(self.template_name_table)
