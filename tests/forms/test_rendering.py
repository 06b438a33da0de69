"""Templates of forms, and those that an app puts in their place."""

from pathlib import Path
from typing import Any

import pytest

from spruce import App, forms, render_template_string
from spruce.forms.rendering import RenderableFormMixin, RenderableMixin, attributes


class Name(forms.Form):
    name = forms.CharField(help_text="<i>")


def test_attributes_are_escaped() -> None:
    """And left out, or without value."""
    assert attributes({"a": '"<', "b": True, "c": False, "d": None, "e": 0}) == ' a="&#34;&lt;" b e="0"'


def test_a_form_is_escaped_everywhere() -> None:
    """Labels, help, values and errors."""
    form = Name({"name": "<script>"}, label_suffix="<>")
    form.fields["name"].label = "<b>"
    form.add_error("name", "<u>")
    page = str(form)
    assert "<script>" not in page
    assert page.count("&lt;u&gt;") == 2
    for part in ("&lt;script&gt;", "&lt;b&gt;", "&lt;i&gt;", "&lt;&gt;"):
        assert part in page


def test_an_app_replaces_templates(tmp_path: Path) -> None:
    """By files of the same name, which have what its templates have."""
    (tmp_path / "templates/forms").mkdir(parents=True)
    (tmp_path / "templates/forms/field.html").write_text("{{ url_for('index') }} {{ field }}")
    app = App(__name__, root_path=str(tmp_path))

    @app.get("/")
    def index() -> str:
        return render_template_string("{{ form }}", form=Name())

    assert "/ <input type=" in app.test_client().get("/").text
    assert "<label" in str(Name())


def test_a_form_takes_a_renderer_of_its_own() -> None:
    """Whatever has a method render."""

    class Plain:
        def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
            return f" {template_name} "

    assert Name(renderer=Plain()).as_p() == "forms/p.html"


def test_what_shows_itself_says_what_its_template_gets() -> None:
    """Each class does."""
    with pytest.raises(NotImplementedError):
        RenderableMixin().render("forms/p.html")


def test_forms_and_formsets_are_shown_in_the_same_ways() -> None:
    """Each by the template that its class names."""
    for shown in (Name(), forms.formset_factory(Name)()):
        assert isinstance(shown, RenderableFormMixin)
        for way, tag in (("div", "<div>"), ("p", "<p>"), ("ul", "<li>"), ("table", "<tr>")):
            page = getattr(shown, f"as_{way}")()
            assert page == shown.render(getattr(shown, f"template_name_{way}"))
            assert tag in page
