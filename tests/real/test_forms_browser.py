"""Forms as people meet them: a real Chromium on a real server, and axe-core, which looks for what keeps people out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.real.browsers import violations

APP = '''
from spruce import App, forms, render_template_string

app = App(__name__, CSRF_MODE="token", SECRET_KEY="k" * 40)
app.register_blueprint(forms.captcha_pages)


class Signup(forms.Form):
    error_css_class = "wrong"
    name = forms.CharField(max_length=20, autocomplete="name", help_text="As on your passport")
    mail = forms.EmailField(autocomplete="email")
    size = forms.ChoiceField(choices=[("s", "Small"), ("l", "Large")], widget=forms.RadioSelect)
    days = forms.MultipleChoiceField(choices=[("1", "Monday"), ("2", "Tuesday")], widget=forms.CheckboxSelectMultiple)
    born = forms.DateField()
    wedding = forms.DateField(required=False, widget=forms.SelectDateWidget)
    moment = forms.SplitDateTimeField(required=False)
    note = forms.CharField(widget=forms.Textarea, required=False)
    photo = forms.ImageField(required=False)
    agree = forms.BooleanField(label="I agree")
    proof = forms.CaptchaField()


PAGE = """<!doctype html><html lang="en"><head><title>Sign up</title><meta name="viewport" content="width=device-width">
<style>:root { color-scheme: light dark } body { font: 1rem sans-serif; color: light-dark(#000, #eee);
background: light-dark(#fff, #111); max-width: 40rem; margin: 1rem }
input:not([type=checkbox], [type=radio]), textarea { max-width: 100%; box-sizing: border-box }
.errorlist, .error-summary { color: light-dark(#b00020, #ff8a80) } a { color: light-dark(#00c, #9cf) }</style></head>
<body><main><h1>Sign up</h1>
<form method="post" enctype="multipart/form-data" novalidate>{{ form }}<button>Send</button></form></main></body>
</html>"""


@app.route("/", methods=["GET", "POST"])
def index(form: Signup):
    return f"Thank you, {form.cleaned_data['name']}" if form.is_valid() else render_template_string(PAGE, form=form)
'''


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_is_for_everybody(browser: Browser, serve: Callable[..., Any], tmp_path: Path, scheme: Any) -> None:
    """Empty and with all that can be wrong, on a phone, in light and dark; links of the summary lead to the fields."""
    (tmp_path / "signup.py").write_text(APP)
    served = serve("signup.py", folder=tmp_path)
    context = browser.new_context(base_url=served.url, viewport={"width": 360, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto("/")
    assert violations(page) == []
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Please correct the following")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    name = page.get_by_label("Name:")
    expect(name).to_have_accessible_description("As on your passport This field is required.")
    for link, target in (("Name", "id_name"), ("Size", "id_size_0"), ("Digits in the picture", "id_proof_1")):
        page.get_by_role("alert").get_by_role("link", name=link).click()
        expect(page.locator(f"#{target}")).to_be_focused()
    context.close()
