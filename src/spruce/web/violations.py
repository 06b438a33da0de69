"""What a database refuses of values that a user sent, as answers: 409 for what is taken, 422 for what does not fit.

Without `user_values()` such an error is a fault of the program, logged and answered by 500: a constraint may also be
violated by what no user sent. So the program says where a user's values are written.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from spruce.errors import (
    CheckViolation,
    Conflict,
    DataError,
    ForeignKeyViolation,
    IntegrityError,
    NotNullViolation,
    ProtectedError,
    UniqueViolation,
    ValidationError,
)
from spruce.i18n import gettext
from spruce.web.validation import InvalidInput

__all__ = ["Taken", "user_values"]

_WHOLE = "__all__"


class Taken(Conflict):
    """409: a value that must be unique is there already; `fields` has a text for each, by its name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.fields.items()))


@contextmanager
def user_values(names: Mapping[str, str] | None = None) -> Iterator[None]:
    """What stands around the writing of a user's values, as a `with` block or a decorator.

    What must be unique and is there already is answered by 409; a value that does not fit its field, is missing, points
    to nothing, or violates a CheckConstraint, and what `full_clean()` finds, by 422, with a text for each field.
    `names` are those of columns that the user knows by another name. Raises Taken, Conflict or InvalidInput.
    """
    known = names or {}
    try:
        yield
    except UniqueViolation as error:
        text = gettext("is taken already") if len(error.columns) < 2 else gettext("are taken already together")
        raise Taken(_fields(error, known, text)) from error
    except ProtectedError as error:
        raise Conflict(gettext("Other things still refer to this.")) from error
    except IntegrityError as error:
        raise InvalidInput(_fields(error, known, _reason(error))) from error
    except ValidationError as error:
        found = error.message_dict if hasattr(error, "error_dict") else {_WHOLE: error.messages}
        raise InvalidInput({known.get(name, name): " ".join(texts) for name, texts in found.items()}) from error
    except DataError as error:
        raise InvalidInput(_fields(error, known, error.reason or gettext("cannot be stored"))) from error


def _reason(error: IntegrityError) -> str:
    """What is wrong with a value, in the language that holds here."""
    if isinstance(error, NotNullViolation):
        return gettext("is required")
    if isinstance(error, ForeignKeyViolation):
        return gettext("refers to something that does not exist")
    return gettext("is not allowed") if isinstance(error, CheckViolation) else gettext("cannot be stored")


def _fields(error: IntegrityError | DataError, names: Mapping[str, str], text: str) -> dict[str, str]:
    """The text for each column that an error is about; for all of them together where it names none."""
    columns = error.columns or (getattr(error, "constraint", "") or _WHOLE,)
    return {names.get(name, name): text for name in columns}
