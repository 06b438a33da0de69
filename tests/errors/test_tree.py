"""The root of the error tree: texts, hints, kinship and suggestions."""

import pickle

import pytest

from spruce import errors
from spruce.errors import (
    AppNotFound,
    ConfigError,
    ContextError,
    GreenError,
    HostedAppError,
    PortInUse,
    RoutingError,
    ServerError,
    SpruceError,
    TemplateNotFound,
    ViewError,
    nearest,
    tree,
)


def test_text_is_the_message() -> None:
    """Without a hint an error reads as its message."""
    assert str(SpruceError("the tap is closed")) == "the tap is closed"


@pytest.mark.parametrize("message", ["the tap is closed", "the tap is closed."])
def test_hint_follows_the_message_on_the_same_line(message: str) -> None:
    """The hint is a second sentence behind the message, with one full stop between them."""
    error = SpruceError(message, hint="Open it.")
    assert str(error) == "the tap is closed. Open it."
    assert (error.message, error.hint) == (message, "Open it.")


def test_no_full_stop_behind_a_question() -> None:
    """A message that ends in a question keeps its own mark."""
    assert (
        str(SpruceError("no tap 'a'; did you mean 'b'?", hint="Open it.")) == "no tap 'a'; did you mean 'b'? Open it."
    )


def test_every_class_is_a_spruce_error() -> None:
    """Whatever Spruce raises on purpose can be caught as SpruceError."""
    classes = [value for name in errors.__all__ if isinstance(value := getattr(errors, name), type)]
    assert len(classes) >= len(tree.__all__) - 1
    assert [cls for cls in classes if issubclass(cls, Exception) and not issubclass(cls, SpruceError)] == []


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (GreenError, RuntimeError),
        (ContextError, RuntimeError),
        (RoutingError, ValueError),
        (ViewError, TypeError),
        (HostedAppError, TypeError),
        (TemplateNotFound, LookupError),
        (AppNotFound, LookupError),
        (PortInUse, ServerError),
    ],
)
def test_errors_are_also_what_python_programmers_catch(cls: type[SpruceError], builtin: type[Exception]) -> None:
    """An error that has a built-in counterpart is one, and still takes a hint."""
    with pytest.raises(builtin, match=r"^it broke\. Mend it\.$"):
        raise cls("it broke", hint="Mend it.")


def test_errors_cross_processes() -> None:
    """A pickled error keeps its type, message, hint and whatever was set on it."""
    error = ConfigError("bad", hint="Do better.")
    error.key = "DEBUG"  # type: ignore[attr-defined] # any attribute must survive
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ConfigError
    assert (str(copy), copy.args, copy.key) == ("bad. Do better.", ("bad",), "DEBUG")


def test_nearest_names_the_likeliest() -> None:
    """A mistyped name gets the nearest valid one, whatever its case."""
    assert nearest("DEBG", ["TESTING", "DEBUG"]) == "; did you mean 'DEBUG'?"
    assert nearest("debug", ["TESTING", "DEBUG"]) == "; did you mean 'DEBUG'?"


def test_nearest_is_silent_when_nothing_is_near() -> None:
    """A name unlike all others gets no suggestion."""
    assert nearest("zzz", ["TESTING", "DEBUG"]) == ""
    assert nearest("DEBUG", []) == ""
