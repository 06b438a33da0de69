"""ValidationError: one message, several, several by field."""

import pytest

from spruce import errors
from spruce.errors import ValidationError


class Late:
    """A text that is made when it is shown."""

    def __init__(self) -> None:
        self.text = "one"

    def __str__(self) -> str:
        return self.text


@pytest.mark.parametrize("name", ["AdminError", "FormError", "ValidationError"])
def test_every_error_is_one_of_the_tree(name: str) -> None:
    """So that one `except` catches them all."""
    error = getattr(errors, name)
    assert issubclass(error, errors.SpruceError)
    assert str(error("what happened", hint="What to do.")) == "what happened. What to do."


def test_one_message() -> None:
    """With a code, and what fills it."""
    error = ValidationError("at most %(limit)d, 100%", "too_many")
    assert (error.messages, error.code, error.by_field()) == (
        ["at most %(limit)d, 100%"], "too_many", {"__all__": ["at most %(limit)d, 100%"]},
    )  # fmt: skip
    assert ValidationError("at most %(limit)d", params={"limit": 3}).messages == ["at most 3"]
    assert ValidationError("100%", params={"limit": 3}).messages == ["100%"]
    assert not hasattr(error, "error_dict")


def test_several_messages_keep_their_codes() -> None:
    """Lists hold texts and errors, which may hold several themselves."""
    inner = ValidationError(["a", ValidationError("b", "second")])
    error = ValidationError([inner, "c"])
    assert error.messages == list(error) == ["a", "b", "c"]
    assert [each.code for each in error.error_list] == ["", "second", ""]
    assert str(error) == "a; b; c"
    assert ValidationError(inner).messages == ["a", "b"]
    copied = ValidationError(ValidationError("b %(x)s", "second", {"x": 1}))
    assert (copied.code, copied.messages) == ("second", ["b 1"])


def test_messages_by_field() -> None:
    """A dict of texts, lists or errors."""
    error = ValidationError({"name": "short", "mail": ["bad", ValidationError("taken", "unique")]})
    assert error.by_field() == error.message_dict == {"name": ["short"], "mail": ["bad", "taken"]}
    assert error.messages == ["short", "bad", "taken"]
    assert list(error) == [("name", ["short"]), ("mail", ["bad", "taken"])]
    assert str(error) == "name: short; mail: bad taken"
    assert error.errors_by_field()["mail"][1].code == "unique"
    assert ValidationError(error).by_field() == error.by_field()
    gathered = ValidationError("all").update_error_dict(error.update_error_dict({}))
    assert [each.text for each in gathered["__all__"] + gathered["name"]] == ["all", "short"]


def test_texts_are_made_when_they_are_read() -> None:
    """A translation is that of the reader's language."""
    late = Late()
    error = ValidationError(late)
    late.text = "two"
    assert error.messages == ["two"]
