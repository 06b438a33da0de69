"""A field with the data of a form."""

import pytest

from spruce import forms


class Form(forms.Form):
    error_css_class = "bad"
    required_css_class = "must"
    first_name = forms.CharField(help_text="help", initial="Ann")
    size = forms.ChoiceField(choices=[("s", "Small"), ("l", "Large")], widget=forms.RadioSelect, required=False)
    hidden = forms.CharField(widget=forms.HiddenInput, required=False)


def test_what_describes_a_field_is_named() -> None:
    """Its help, and its errors when there are some."""
    assert str(Form()["first_name"]) == (
        '<input type="text" name="first_name" value="Ann" required aria-describedby="id_first_name_helptext" '
        'id="id_first_name">'
    )
    assert str(Form({})["first_name"]) == (
        '<input type="text" name="first_name" required aria-invalid="true" '
        'aria-describedby="id_first_name_helptext id_first_name_error" id="id_first_name">'
    )
    assert str(Form(auto_id=False)["first_name"]) == '<input type="text" name="first_name" value="Ann" required>'


def test_a_group_has_label_help_errors_and_widget() -> None:
    """As a fieldset where there are several elements."""
    group = Form({})["first_name"].as_field_group()
    for part in (
        '<label for="id_first_name" class="must">First name:</label>',
        '<div class="helptext" id="id_first_name_helptext">help</div>',
        '<ul class="errorlist" id="id_first_name_error"><li>This field is required.</li></ul>',
    ):
        assert part in group.replace('class="must" for="id_first_name"', 'for="id_first_name" class="must"')
    group = Form({"first_name": "a", "size": "x"})["size"].as_field_group()
    assert group.startswith('<fieldset aria-describedby="id_size_error"><legend>Size:</legend>')
    assert "aria-invalid" not in group  # of radio buttons it says nothing


def test_labels() -> None:
    """With other contents, without a colon behind punctuation, escaped."""
    field = Form()["first_name"]
    assert field.label_tag("Who?") == '<label for="id_first_name" class="must">Who?</label>'
    assert field.label_tag("<b>", {"class": "c"}, "!") == '<label class="c must" for="id_first_name">&lt;b&gt;!</label>'
    assert Form()["size"].legend_tag() == "<legend>Size:</legend>"
    assert Form(auto_id=False)["size"].label_tag() == "Size:"
    assert Form(label_suffix="")["size"].label_tag(tag="b") == "<b>Size</b>"


def test_other_widgets() -> None:
    """For the same value."""
    field = Form()["first_name"]
    assert field.as_hidden() == '<input type="hidden" name="first_name" value="Ann" id="id_first_name">'
    assert field.as_text({"class": "c"}).startswith('<input type="text" name="first_name" value="Ann" class="c"')
    assert field.as_textarea().startswith("<textarea")


def test_parts_of_a_field() -> None:
    """As radio buttons, one by one."""
    field = Form({"size": "l", "first_name": "a"})["size"]
    assert len(field) == 2
    assert [part.choice_label for part in field] == ["Small", "Large"]
    assert field[1].tag() == '<input type="radio" name="size" value="l" id="id_size_1" checked>'
    assert field[1].id_for_label == "id_size_1"
    assert str(field[0]).startswith('<label for="id_size_0">')
    assert (field.id_for_label, field.first_id, field.widget_type) == ("", "id_size_0", "radioselect")
    with pytest.raises(TypeError, match="BoundField indices must be integers or slices, not str"):
        field["x"]
    assert Form()["hidden"].is_hidden
    assert bool(field)


def test_classes_of_a_row() -> None:
    """Of the form, and others."""
    assert Form({})["first_name"].css_classes("a b") == "a b bad must"
    assert Form()["size"].css_classes() == ""


def test_what_was_shown_first_travels_hidden() -> None:
    """So that a change is one against what the reader saw."""

    class Shown(forms.Form):
        number = forms.IntegerField(initial=lambda: 3, show_hidden_initial=True)

    assert str(Shown()["number"]).endswith(
        '<input type="hidden" name="initial-number" value="3" required id="initial-id_number">'
    ) or 'name="initial-number" value="3"' in str(Shown()["number"])
    assert not Shown({"number": "4", "initial-number": "4"}).has_changed()
    assert Shown({"number": "4", "initial-number": "3"}).has_changed()
    assert Shown({"number": "4", "initial-number": "x"}).has_changed()


def test_required_parts_of_a_value() -> None:
    """Where not all of them are."""

    class Part(forms.MultiValueField):
        def compress(self, data_list: list[str]) -> str:
            return "".join(data_list)

    class Parts(forms.Form):
        parts = Part(
            [forms.CharField(), forms.CharField(required=False)],
            require_all_fields=False,
            widget=forms.SplitDateTimeWidget,
        )

    assert str(Parts()["parts"]).count("required") == 1


def test_htmx_asks_about_a_field_where_the_form_says_whom() -> None:
    """And not about hidden ones."""

    class Live(Form):
        validate_url = "/check"

    assert 'hx-post="/check" hx-trigger="change" hx-target="#id_first_name_group"' in str(Live()["first_name"])
    assert "hx-" not in str(Live()["hidden"])
    assert '<div class="must" id="id_first_name_group">' in Live().as_div()
