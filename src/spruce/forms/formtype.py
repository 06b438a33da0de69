"""The class of form classes: which fields a form has, of those in its body and those of its bases."""

from typing import Any

from spruce.forms.fields import Field
from spruce.forms.media import MediaDefiningClass

__all__ = ["FormType"]


class FormType(MediaDefiningClass):
    """The class of form classes: takes the fields out of the class body."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **keywords: Any) -> Any:
        """Make the class; fields are inherited, and a name set to None leaves one out."""
        own = {key: namespace.pop(key) for key, value in list(namespace.items()) if isinstance(value, Field)}
        made: Any = super().__new__(mcs, name, bases, namespace, **keywords)
        fields: dict[str, Field] = {}
        for base in reversed(made.__mro__):
            fields.update(own if base is made else vars(base).get("own_fields", {}))
            for key, value in vars(base).items():
                if value is None and key in fields:
                    del fields[key]
        made.own_fields = own
        made.base_fields = made.declared_fields = fields
        return made
