"""GeneratedField: a column that the database computes of others of its row."""

from typing import Any, TypeVar, Unpack

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.fields import REQUIRED, Field, FieldOptions, Formulate
from spruce.errors import ModelError

__all__ = ["GeneratedField"]

V = TypeVar("V")


class GeneratedField(Field[V]):
    """A value that the database computes whenever the row is written; programs read it and never set it.

    `expression` is made of the model's own fields, `output_field` tells what it gives, and `db_persist` whether it is
    kept in the table or computed when it is read.
    """

    generated = True

    def __init__(
        self,
        verbose_name: object = "",
        *,
        expression: Any,
        output_field: Field[V],
        db_persist: bool,
        **options: Unpack[FieldOptions],
    ) -> None:
        for name in ("default", "db_default", "primary_key"):
            if name in options:
                raise ModelError(f"a GeneratedField has no {name}: its value is computed")
        options["editable"] = False
        super().__init__(verbose_name, null=True, **options)
        self.expression = expression
        self.output_field = output_field
        self.db_persist = db_persist
        for name in (
            "what",
            "python",
            "family",
            "exact_types",
            "listed",
            "lookups",
        ):  # it is compared as the field that it is like
            setattr(self, name, getattr(output_field, name))

    def computed(self, formulate: Formulate) -> "tuple[sa.Computed, ...]":
        """The expression."""
        return (sa.Computed(formulate(self.expression), persisted=self.db_persist),)

    def column_type(self) -> TypeEngine[Any]:
        """That of what it gives."""
        return self.output_field.column_type()

    def registered(self) -> dict[str, Any]:
        """As the field that it is like."""
        return self.output_field.registered()

    def part(self, name: str) -> Any:
        """As the field that it is like."""
        return self.output_field.part(name)

    def convert(self, value: Any) -> Any:
        """As the field that it is like."""
        return self.output_field.convert(value)

    def initial(self) -> Any:
        """None: it has no value before it was saved."""
        return REQUIRED
