"""Requests made by hand, for the test client and `test_request_context`."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from mimetypes import guess_type
from os.path import basename
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from spruce.http import Headers, Request
from spruce.web.jsonprovider import to_json

__all__ = ["make_request"]

_PATH_SAFE = "/!$&'()*+,;=:@%~"
_QUERY_SAFE = "/!$&'()*+,;=:@%~?"


def make_request(
    request_class: type[Request],
    path: str = "/",
    method: str = "GET",
    *,
    base_url: str = "http://localhost",
    query_string: Mapping[str, Any] | str | None = None,
    headers: Headers | Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
    data: Any = None,
    json: Any = None,
    content_type: str | None = None,
    remote_addr: str = "127.0.0.1",
) -> Request:
    """Return a request for `path`, which may have a query or be a whole URL.

    `query_string` is a dict, whose values may be lists, or a text. `data` is a form as a dict (files in it are
    `(file, name)`, `(file, name, type)` or an open file), or the body as bytes or text; `json` becomes a JSON body.
    """
    parts = urlsplit(path)
    base = urlsplit(f"{parts.scheme}://{parts.netloc}" if parts.netloc else base_url)
    query = parts.query if query_string is None else _query(query_string)
    target = quote(parts.path or "/", safe=_PATH_SAFE) + (f"?{quote(query, safe=_QUERY_SAFE)}" if query else "")
    body, kind = _body(data, json)
    fields = Headers({"Host": base.netloc})
    if body or method in ("POST", "PUT", "PATCH"):
        fields.set("Content-Length", len(body))
    if content_type or kind:
        fields.set("Content-Type", content_type or kind)
    fields.update(headers)
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    port = base.port or (443 if base.scheme == "https" else 80)
    server = (base.hostname or "localhost", port)
    return request_class(
        method.upper(), target, raw, BytesIO(body), scheme=base.scheme, client=(remote_addr, 54321), server=server
    )


def _query(query: Mapping[str, Any] | str) -> str:
    return query.lstrip("?") if isinstance(query, str) else urlencode(query, doseq=True)


def _body(data: Any, json: Any) -> tuple[bytes, str | None]:
    if json is not None:
        if data is not None:
            raise TypeError("a request has data= or json=, not both")
        return to_json(json), "application/json"
    if data is None:
        return b"", None
    if isinstance(data, str | bytes):
        return (data.encode() if isinstance(data, str) else data), None
    fields = [(name, one) for name, value in data.items() for one in (value if isinstance(value, list) else [value])]
    if any(isinstance(value, tuple) or hasattr(value, "read") for _, value in fields):
        boundary = token_hex(16)
        return _multipart(fields, boundary), f"multipart/form-data; boundary={boundary}"
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


def _multipart(fields: Iterable[tuple[str, Any]], boundary: str) -> bytes:
    """A form with files (RFC 7578)."""
    pieces = []
    for name, value in fields:
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        content = value
        if isinstance(value, tuple) or hasattr(value, "read"):
            file, filename, *kind = value if isinstance(value, tuple) else (value, basename(value.name))
            content = file.read() if hasattr(file, "read") else file
            mimetype = kind[0] if kind else guess_type(filename)[0] or "application/octet-stream"
            head += f'; filename="{_quoted(filename)}"\r\nContent-Type: {mimetype}'
        encoded = content if isinstance(content, bytes) else str(content).encode()
        pieces.append(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode(), head.encode(), encoded))
    return b"".join([*pieces, b"--%b--\r\n" % boundary.encode()])


def _quoted(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
