"""Lists and dicts of errors."""

import copy

from spruce.errors import ValidationError
from spruce.forms import ErrorDict, ErrorList


def test_a_list_shows_messages_and_keeps_errors() -> None:
    """Texts and errors alike."""
    errors = ErrorList(["plain", ValidationError("at most %(n)d", "many", {"n": 3})])
    assert list(errors) == ["plain", "at most 3"]
    assert errors == ["plain", "at most 3"]
    assert errors[1] == "at most 3"
    assert "at most 3" in errors
    assert isinstance(errors, list)
    assert [error.code for error in errors.as_data()] == ["", "many"]
    assert errors.get_json_data() == [{"message": "plain", "code": ""}, {"message": "at most 3", "code": "many"}]
    assert repr(errors) == "['plain', 'at most 3']"
    assert list(copy.deepcopy(errors)) == list(copy.copy(errors)) == ["plain", "at most 3"]


def test_a_list_is_html_that_escapes() -> None:
    """And has an id where it knows its field."""
    errors = ErrorList(["<b>"], error_class="nonfield", field_id="id_a")
    assert str(errors) == '<ul class="errorlist nonfield" id="id_a_error"><li>&lt;b&gt;</li></ul>'
    assert errors.as_text() == "* <b>"
    assert errors.as_json(escape_html=True) == '[{"message": "&lt;b&gt;", "code": ""}]'
    assert str(ErrorList()) == ""


def test_a_dict_tells_all_fields() -> None:
    """As HTML, text and JSON."""
    errors = ErrorDict({"a": ErrorList(["x", "y"]), "b": ErrorList(["z"])})
    assert errors.as_text() == "* a\n  * x\n  * y\n* b\n  * z"
    assert errors.as_json() == (
        '{"a": [{"message": "x", "code": ""}, {"message": "y", "code": ""}], "b": [{"message": "z", "code": ""}]}'
    )
    assert errors.as_data()["b"][0].messages == ["z"]
    assert str(errors) == (
        '<ul class="errorlist"><li>a<ul class="errorlist"><li>x</li><li>y</li></ul></li>'
        '<li>b<ul class="errorlist"><li>z</li></ul></li></ul>'
    )
