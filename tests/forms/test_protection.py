"""Forms and forged ones."""

from spruce import App, forms, render_template_string
from spruce.forms.protection import csrf_field


class Name(forms.Form):
    name = forms.CharField()


Names = forms.formset_factory(Name, extra=2)


def page(mode: str, template: str) -> str:
    """What a template makes of a form and a formset."""
    app = App(__name__, SECRET_KEY="k" * 40, CSRF_MODE=mode)

    @app.get("/")
    def index() -> str:
        return render_template_string(template, form=Name(), formset=Names())

    return app.test_client().get("/").text


def test_the_token_is_included_where_it_is_needed() -> None:
    """Once, in each way to show a form or a formset."""
    for template in ("{{ form }}", "{{ form.as_p() }}", "{{ form.as_table() }}", "{{ form.as_ul() }}", "{{ formset }}"):
        assert page("token", template).count("csrfmiddlewaretoken") == 1
        assert "csrfmiddlewaretoken" not in page("origin", template)
    assert page("token", "{{ form.csrf_token }}").startswith('<input type="hidden" name="csrfmiddlewaretoken"')
    assert "csrf" not in page("token", "{{ form.name }}")


def test_outside_of_requests_there_is_none() -> None:
    """As in tests and scripts."""
    assert csrf_field() == ""
    assert "csrf" not in str(Name())
