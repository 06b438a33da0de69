"""How values become JSON: by msgspec, unless an app says otherwise with a provider of its own (`app.json`)."""

from collections.abc import Callable
from typing import Any

import msgspec

from spruce.errors import ViewError
from spruce.web.validation import is_pydantic

__all__ = ["JSONProvider", "to_json"]


class JSONProvider:
    """What makes JSON of the results of views, and values of `request.json`.

    Override `default` to teach it a type. Override `dumps` and `loads` to use another library for the results of views,
    `jsonify` and `request.json`; typed bodies and parameters are read by msgspec all the same. Name the class in
    `App.json_provider_class`, or put an object into `app.json`.
    """

    mimetype = "application/json"

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder(enc_hook=self.default).encode
        self.encode: Callable[[Any], bytes] = (
            self._encode if type(self).dumps is JSONProvider.dumps else lambda value: _encoded(self.dumps(value))
        )
        """Returns a value as the bytes of JSON."""

    def default(self, value: Any) -> Any:
        """Return what stands for a value that msgspec doesn't know: what its method `__json__` or `__html__` returns.

        Raises: ViewError when it has neither.
        """
        for name in ("__json__", "__html__"):
            method = getattr(value, name, None)
            if method is not None:
                return method()
        if is_pydantic(type(value)):
            return value.model_dump(mode="json", by_alias=True)
        raise ViewError(
            f"a {type(value).__name__} cannot be made into JSON: {value!r:.80}",
            hint="Give its class a method __json__ that returns what can, or return a dict.",
        )

    def dumps(self, value: Any) -> str | bytes:
        """Return a value as JSON."""
        return self._encode(value)

    def loads(self, text: str | bytes) -> Any:
        """Return the value of JSON. Raises: ValueError when it is none."""
        return msgspec.json.decode(text)


def _encoded(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


to_json = JSONProvider().encode
"""Returns a value as JSON, as Spruce itself writes it, whatever the app's provider. Raises: ViewError."""
