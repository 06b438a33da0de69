"""JSON Schemas of the types that an API takes and returns, for its documentation.

All types of an API are described in one go, so that two classes of one name get names of their own.
"""

from typing import Any

import msgspec

from spruce.web.validation import is_pydantic, uses_pydantic

__all__ = ["Schemas"]

_REFERENCE = "#/components/schemas/{}"


class Schemas:
    """The schemas that a document is made of. `of` gives dicts that are empty until `finish` has filled them."""

    def __init__(self) -> None:
        self._asked: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []

    def of(self, kind: Any, **more: Any) -> dict[str, Any]:
        """Return the schema-to-be of a type, with what else is to be said of it."""
        schema: dict[str, Any] = {}
        self._asked.append((kind, schema, more))
        return schema

    def finish(self) -> dict[str, Any]:
        """Fill the schemas, and return those of the classes by their names; a type that has none takes anything."""
        components: dict[str, Any] = {}
        plain = [(kind, schema) for kind, schema, _ in self._asked if not uses_pydantic(kind) and _has_schema(kind)]
        made, found = msgspec.json.schema_components(
            [kind for kind, _ in plain], ref_template=_REFERENCE.format("{name}")
        )
        components.update(found)
        for (_, schema), filling in zip(plain, made, strict=True):
            schema.update(filling)
        for kind, schema, more in self._asked:
            if uses_pydantic(kind):
                filling = _of_pydantic(kind)
                components.update(filling.pop("$defs", {}))
                if is_pydantic(kind):
                    components[kind.__name__], filling = filling, {"$ref": _REFERENCE.format(kind.__name__)}
                schema.update(filling)
            schema.update(more)
        return components


def _has_schema(kind: Any) -> bool:
    try:
        msgspec.json.schema_components([kind])
    except (TypeError, NameError):
        return False
    return True


def _of_pydantic(kind: Any) -> dict[str, Any]:
    from pydantic import TypeAdapter  # the program has it loaded already

    schema: dict[str, Any] = TypeAdapter(kind).json_schema(ref_template=_REFERENCE.format("{model}"))
    return schema
