"""Forms."""

import datetime as dt
from typing import Any

import pytest

from spruce import App, Request, forms, i18n, request
from spruce.errors import NotFound, ValidationError
from spruce.forms.form import sent


class Contact(forms.Form):
    name = forms.CharField(max_length=10)
    mail = forms.EmailField(required=False)
    age = forms.IntegerField(required=False)

    def clean_name(self) -> str:
        if self.cleaned_data["name"] == "root":
            raise ValidationError("not root", "root")
        return str(self.cleaned_data["name"]).title()

    def clean(self) -> Any:
        if self.cleaned_data.get("age") == 99 and not self.cleaned_data.get("mail"):
            raise ValidationError("Who are you?", "unknown")
        return super().clean()


def test_a_form_without_data_is_not_bound() -> None:
    """And not valid, but has no errors."""
    form = Contact()
    assert (form.is_bound, form.is_valid(), dict(form.errors)) == (False, False, {})
    assert not hasattr(form, "cleaned_data")
    assert repr(form) == "<Contact bound=False, valid=False, fields=(name;mail;age)>"


def test_a_valid_form_has_clean_values() -> None:
    """Of declared fields only."""
    form = Contact({"name": " ann ", "mail": "a@b.cd", "age": "3", "is_admin": "1"})
    assert repr(form) == "<Contact bound=True, valid=Unknown, fields=(name;mail;age)>"
    assert form.is_valid()
    assert form.cleaned_data == {"name": "Ann", "mail": "a@b.cd", "age": 3}


def test_all_that_is_wrong_is_told() -> None:
    """By field; wrong fields have no value."""
    form = Contact({"name": "root", "mail": "x", "age": "99"})
    assert not form.is_valid()
    assert form.errors.as_data()["name"][0].code == "root"
    assert form.errors == {
        "name": ["not root"], "mail": ["Enter a valid email address."], "__all__": ["Who are you?"],
    }  # fmt: skip
    assert form.non_field_errors() == ["Who are you?"]
    assert form.cleaned_data == {"age": 99}
    assert form.has_error("name", "root")
    assert not form.has_error("name", "x")
    assert form.has_error(None)
    assert not form.has_error("age")


def test_errors_can_be_added() -> None:
    """To a field, to the form, or several."""
    form = Contact({"name": "ann"})
    form.add_error("age", "too young")
    form.add_error(None, ValidationError({"mail": ["a", "b"], "__all__": "c"}))
    assert form.errors == {"age": ["too young"], "mail": ["a", "b"], "__all__": ["c"]}
    assert "age" not in form.cleaned_data
    with pytest.raises(ValueError, match="'Contact' has no field named 'nam'"):
        form.add_error("nam", "x")
    with pytest.raises(TypeError, match="The argument `field` must be `None`"):
        form.add_error("name", ValidationError({"mail": "x"}))


def test_fields_are_inherited_and_left_out() -> None:
    """None takes one away."""

    class Short(Contact):
        age = None
        note = forms.CharField()

    assert list(Short().fields) == ["name", "mail", "note"]
    assert list(Short(field_order=["note", "gone"]).fields) == ["note", "name", "mail"]
    assert [field.name for field in Contact()] == ["name", "mail", "age"]


def test_fields_of_an_object_are_its_own() -> None:
    """Whoever changes them changes no other form."""
    form = Contact({"name": "x" * 11})
    form.fields["name"] = forms.CharField()
    form.fields["extra"] = forms.CharField(required=False)
    assert form.is_valid()
    assert form.cleaned_data["extra"] == ""
    assert not Contact({"name": "x" * 11}).is_valid()
    assert "extra" not in Contact().fields
    del form.fields["extra"]
    with pytest.raises(KeyError, match=r"Key 'extra' not found in 'Contact'\. Choices are: age, mail, name\."):
        form["extra"]


def test_prefixes_tell_forms_apart() -> None:
    """In names and ids."""
    form = Contact({"b-name": "ann"}, prefix="b")
    assert form.is_valid()
    assert 'name="b-name"' in str(form["name"])
    assert 'id="id_b-name"' in str(form["name"])


def test_what_is_shown_first() -> None:
    """By field, by form, by functions; not in place of what came."""

    class Timed(forms.Form):
        at = forms.DateTimeField(initial=lambda: dt.datetime(2026, 1, 31, 12, 30, 5, 7, tzinfo=dt.UTC))
        name = forms.CharField(initial="a")

    assert Timed()["at"].initial.microsecond == 0
    assert Timed(initial={"name": "b"})["name"].value() == "b"
    assert Timed({}, initial={"name": "b"})["name"].value() is None


def test_what_has_changed() -> None:
    """Against what was shown."""
    form = Contact({"name": "ann", "age": "3"}, initial={"name": "ann", "age": 4})
    assert form.changed_data == ["age"]
    assert form.has_changed()
    empty = Contact({}, empty_permitted=True, use_required_attribute=False)
    assert empty.is_valid()
    assert empty.cleaned_data == {}
    with pytest.raises(ValueError, match="may not both be True"):
        Contact({}, empty_permitted=True)


def test_a_disabled_field_keeps_what_it_showed() -> None:
    """Whatever comes."""

    class Fixed(forms.Form):
        name = forms.CharField(disabled=True)

    form = Fixed({"name": "b"}, initial={"name": "a"})
    assert form.is_valid()
    assert form.cleaned_data == {"name": "a"}
    assert "disabled" in str(form["name"])


def test_a_summary_leads_to_the_fields() -> None:
    """Before the fields of a form that is shown as a whole."""
    form = Contact({"name": "", "age": "99"})
    assert form.error_summary() == (
        '<div class="error-summary" role="alert" tabindex="-1">\n<h2>Please correct the following</h2>\n<ul>\n'
        '<li>Who are you?</li>\n<li><a href="#id_name">Name</a>: This field is required.</li>\n</ul>\n</div>'
    )
    assert form.error_summary() in str(form)
    assert "summary" not in form.as_div()
    assert Contact().error_summary() == ""


def test_the_ways_to_show_a_form() -> None:
    """Each has all fields, hidden ones last."""

    class Hidden(Contact):
        token = forms.CharField(widget=forms.HiddenInput)

    form = Hidden({"name": "a"})
    for page, tag in (
        (form.as_p(), "<p>"),
        (form.as_ul(), "<li>"),
        (form.as_table(), "<tr>"),
        (form.as_div(), "<div>"),
    ):
        assert page.count("<input") == 4
        assert page.count(f"\n{tag}\n") == 3
        assert "(Hidden field token) This field is required." in page
    assert [field.name for field in form.hidden_fields()] == ["token"]
    assert [field.name for field in form.visible_fields()] == ["name", "mail", "age"]
    assert not form.is_multipart()


def test_a_request_binds_a_form_if_it_writes() -> None:
    """As a parameter of a view, or by hand."""
    app = App(__name__)

    @app.route("/parameter", methods=["GET", "POST"])
    def parameter(form: Contact) -> list[Any]:
        return [form.is_bound, form.is_valid(), form.errors.get_json_data()]

    @app.route("/by-hand", methods=["GET", "POST"])
    def by_hand() -> list[Any]:
        form = Contact(request)
        return [form.is_bound, form.is_valid(), form.errors.get_json_data()]

    client = app.test_client()
    for path in ("/parameter", "/by-hand"):
        assert client.get(f"{path}?name=a").json == [False, False, {}]
        assert client.post(path, data={"name": "a"}).json == [True, True, {}]
        assert client.post(path).json == [
            True, False, {"name": [{"message": "This field is required.", "code": "required"}]},
        ]  # fmt: skip


def test_what_a_request_sends() -> None:
    """Form and files; other data stay as they are."""
    assert sent(Request("GET", "/?a=b")) == (None, None)
    assert sent({"a": "b"}, {}) == ({"a": "b"}, {})
    assert sent(None) == (None, None)


def test_one_field_can_be_looked_at_alone() -> None:
    """Its group, as htmx asks for it."""
    app = App(__name__)

    class Live(Contact):
        validate_url = "/check"

    @app.post("/check")
    def check(form: Live) -> str:
        return form.partial()

    answer = app.test_client().post("/check", data={"mail": "x"}, headers={"HX-Trigger-Name": "mail"})
    assert answer.text.startswith('<label for="id_mail">Mail:</label>')
    assert "Enter a valid email address." in answer.text
    assert "required" not in answer.text
    assert app.test_client().post("/check", headers={"HX-Trigger-Name": "is_valid"}).status_code == 404
    with pytest.raises(NotFound):
        Contact({}).partial("x")


def test_no_input_is_an_exception() -> None:
    """Whatever is sent for any field becomes a value or an error."""

    class Every(forms.Form):
        boolean = forms.BooleanField()
        char = forms.CharField()
        choice = forms.ChoiceField(choices=[("a", "A")])
        combo = forms.ComboField([forms.CharField(), forms.EmailField()])
        date = forms.DateField()
        moment = forms.DateTimeField()
        decimal = forms.DecimalField(max_digits=4, decimal_places=2, min_value=0)
        duration = forms.DurationField()
        mail = forms.EmailField()
        file = forms.FileField()
        floating = forms.FloatField(max_value=1)
        address = forms.GenericIPAddressField()
        image = forms.ImageField()
        whole = forms.IntegerField(step_size=2)
        json = forms.JSONField()
        several = forms.MultipleChoiceField(choices=[("a", "A")])
        truth = forms.NullBooleanField()
        regex = forms.RegexField("^a")
        slug = forms.SlugField()
        split = forms.SplitDateTimeField()
        time = forms.TimeField()
        typed = forms.TypedChoiceField(choices=[("a", "A")], coerce=int)
        url = forms.URLField()
        uuid = forms.UUIDField()
        three = forms.DateField(widget=forms.SelectDateWidget)

    values: list[Any] = [
        "", " ", "\0", "a\0", "a", "-", "%s%(x)d{0}", "1e999999999", "NaN", "９", "²", "[" * 2000, "\ud800", "0" * 5000,
        "http://[", "http://a:b", "2026-13-01", "99999-01-01", "P9999999999D", "::", "a@" + "b." * 200, "١٢", "\u202e",
        ["a"], ["\0"], [["a"]], {"a": "b"}, 5, -1, 1.5, True, None, b"\xff",
    ]  # fmt: skip
    parts = ("", "_0", "_1", "_year", "_month", "_day")
    for value in values:
        data = {f"{name}{part}": value for name in Every.base_fields for part in parts}
        form = Every(data, {"file": value, "image": value})
        form.is_valid()
        assert str(form)
        assert form.errors.as_json()
        assert isinstance(form.changed_data, list)


def test_messages_are_in_the_readers_language() -> None:
    """As it is when they are read."""
    form = Contact({"mail": "x", "age": "y"})
    with i18n.override("zh-Hans"):
        assert form.errors == {
            "name": ["此字段为必填项。"], "mail": ["请输入有效的电子邮件地址。"], "age": ["请输入整数。"],
        }  # fmt: skip
        assert "请更正以下内容" in str(form)
        assert ">Name：</label>" in str(form)
