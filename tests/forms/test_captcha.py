"""Captchas."""

import re
from typing import Any

import pytest

from spruce import App, forms, render_template_string
from spruce.errors import FormError, NotFound, ValidationError
from spruce.forms import captcha


class Proven(forms.Form):
    proof = forms.CaptchaField()
    name = forms.CharField()


def serving() -> Any:
    """A client of an app with such a form."""
    app = App(__name__, SECRET_KEY="k" * 40)
    app.register_blueprint(forms.captcha_pages)

    @app.route("/", methods=["GET", "POST"])
    def index(form: Proven) -> str:
        return "fine" if form.is_valid() else render_template_string("{{ form }}", form=form)

    @app.post("/check")
    def check(form: Proven) -> str:
        return form.partial()

    return app.test_client()


def solved(page: str) -> dict[str, str]:
    """What somebody sends who has looked at the picture."""
    found = re.search(r'name="proof_0" value="([^"]+)"', page)
    assert found
    return {"proof_0": found[1], "proof_1": captcha._answer(captcha._number(found[1])), "name": "a"}


def test_the_right_digits_count_once() -> None:
    """With blanks between them too; and the page doesn't tell them."""
    client = serving()
    page = client.get("/").text
    data = solved(page)
    assert data["proof_1"] not in page
    data["proof_1"] = f" {data['proof_1'][:3]} {data['proof_1'][3:]}"
    assert client.post("/", data=data).text == "fine"
    again = client.post("/", data=data).text
    assert "That took too long, or was sent twice." in again
    assert solved(again)["proof_0"] != data["proof_0"]


def test_a_wrong_answer_uses_the_challenge_up() -> None:
    """So nobody tries all of them."""
    client = serving()
    data = solved(client.get("/").text)
    wrong = client.post("/", data={**data, "proof_1": "000000"}).text
    assert "These were not the digits." in wrong
    assert "sent twice" in client.post("/", data=data).text
    assert client.get(f"/captcha/{data['proof_0']}.png").status_code == 404


def test_picture_and_sound() -> None:
    """Kept by no cache; of our own challenges only."""
    client = serving()
    page = client.get("/").text
    picture = client.get(re.search(r'img src="([^"]+)"', page)[1])  # type: ignore[index] # it is there
    assert (picture.data[:4], picture.headers["Cache-Control"]) == (b"\x89PNG", "no-store")
    sound = client.get(re.search(r'audio.* src="([^"]+)"', page)[1])  # type: ignore[index] # it is there
    assert (sound.data[:4], sound.mimetype) == (b"RIFF", "audio/wav")
    assert client.get("/captcha/made-up.png").status_code == 404
    with pytest.raises(NotFound):
        captcha.picture("x")


@pytest.mark.parametrize("value", [None, "", [], ["x", "1"], ["", "1"], [None, None], ["a:b:c", "1"], [["a"], ["b"]]])
def test_no_input_is_an_exception(value: Any) -> None:
    """But an error of the field."""
    with pytest.raises(ValidationError):
        forms.CaptchaField().clean(value)


def test_looking_at_another_field_leaves_the_challenge() -> None:
    """As htmx does while the form is filled in."""
    client = serving()
    data = solved(client.get("/").text)
    client.post("/check", data={**data, "name": ""}, headers={"HX-Trigger-Name": "name"})
    assert client.post("/", data=data).text == "fine"


def test_the_pages_have_to_be_there() -> None:
    """Which is said where they are missed."""
    app = App(__name__, SECRET_KEY="k" * 40)
    with app.test_request_context("/"), pytest.raises(FormError) as refused:
        str(Proven())
    assert str(refused.value) == (
        "a CaptchaField needs the pages with its pictures. app.register_blueprint(forms.captcha_pages)"
    )
    assert forms.CaptchaField().has_changed(None, ["a", "1"])
    assert not forms.CaptchaField().has_changed(None, None)
    assert captcha.CaptchaWidget().id_for_label("id_proof") == "id_proof_1"
