"""What templates have: the tag, and names that may be called or not."""

import re
from typing import Any

import pytest

from spruce import App, render_template_string
from spruce.errors import ContextError


def page(template: str, **settings: Any) -> str:
    app = App(__name__, static_folder=None, **settings)
    app.get("/")(lambda: render_template_string(template))
    return app.test_client().get("/").text


def test_the_tag_is_a_field_of_a_form() -> None:
    assert re.fullmatch(
        '<input type="hidden" name="csrfmiddlewaretoken" value="[0-9a-f]{64}">!',
        page("{% csrf_token %}!", CSRF_MODE="token"),
    )


@pytest.mark.parametrize("template", ["{{ csrf_token() }}", "{{ csrf_token }}"])
def test_the_token_may_be_called_or_not(template: str) -> None:
    assert re.fullmatch("[0-9a-f]{64}", page(template, CSRF_MODE="token"))


@pytest.mark.parametrize("template", ["{% csrf_token %}", "{{ csrf_token() }}", "{{ csrf_token }}"])
def test_where_forms_need_none_it_is_nothing(template: str) -> None:
    assert page(template) == ""


def test_the_nonce_may_be_called_or_not() -> None:
    first, second = page("{{ csp_nonce() }} {{ csp_nonce }}").split()
    assert first == second


def test_a_page_that_is_made_outside_of_a_request_has_no_token() -> None:
    app = App(__name__, CSRF_MODE="token")
    with app.app_context(), pytest.raises(ContextError, match=r"^request is only there while a request is handled"):
        render_template_string("{% csrf_token %}")


def test_other_extensions_of_jinja2_are_a_setting() -> None:
    extensions = ["jinja2.ext.do", "spruce.middleware.templatetags.SafetyExtension"]
    assert page("{% do [].append(1) %}x{% csrf_token %}", JINJA_EXTENSIONS=extensions) == "x"
