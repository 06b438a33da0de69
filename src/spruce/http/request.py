"""A request: its method, target, raw header fields and body stream, and the rest computed when it is first read.

Making one is the price that every request pays, so the constructor keeps what it is given and parses nothing.
Attributes have the names and meanings of Flask's.
"""

from collections.abc import Callable, Sequence
from os import urandom
from typing import Any, Literal, TypeAlias, overload
from urllib.parse import quote

import msgspec

from spruce.errors.http import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from spruce.http.forms import FileStorage, Form, FormLimits, Readable, parse_multipart, parse_urlencoded
from spruce.http.lazy import lazy
from spruce.http.multidict import MultiDict
from spruce.http.peer import EMPTY_STREAM, Address, Peer
from spruce.http.query import decode_path, parse_query
from spruce.http.requestfields import RequestFields
from spruce.http.response import Response

__all__ = ["Handler", "Request"]


def _read_json(data: bytes) -> Any:
    return msgspec.json.decode(data)


class Request(RequestFields):
    """One HTTP request.

    `target` is what stands in the request line: a path as it was sent, with its query. `headers` are raw fields;
    `request.headers` shows them decoded. `stream` is read at most once: by `data`, `json`, `form` or by yourself.
    `peer` is what its connection knows, else `scheme`, `client` and `server` make one.
    """

    form_limits = FormLimits()
    """How large a form may be; assign another one to a class or to one request."""
    max_content_length: int | None = None
    """Bytes that `data`, `json`, `form` and `files` read at most, else 413; None leaves it to the server's limit."""

    json_loads: Callable[[bytes], Any] = staticmethod(_read_json)
    """What reads the body for `json`; it raises ValueError where it can't."""

    root_path: str = ""
    """Under which path the app is mounted; `path` doesn't have it."""
    url_rule: Any = None
    """The rule that routing chose; None before, and when nothing fits."""
    view_args: dict[str, Any] | None = None
    """What the rule took from the path."""
    routing_exception: Exception | None = None
    """What routing raised when no rule fits."""
    session: Any = None
    """Filled in by the session middleware."""
    find_user: Callable[["Request"], Any] | None = None
    """What gives `user` when that is first asked for; the auth middleware sets it."""
    _stops_with_client: bool | None = None
    _outer: "Request | None" = None  # what a mounted app's request was made of
    dependencies: Any = None
    """What the dependencies of its view have made; None where the view has none."""

    def __init__(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[bytes, bytes]] = (),
        stream: Readable | None = None,
        peer: Peer | None = None,
        http_version: str = "1.1",
        *,
        scheme: str = "http",
        client: tuple[str, int] | None = None,
        server: Address = None,
    ) -> None:
        self.method = method
        self.target = target
        self.raw_headers = headers
        self.stream: Readable = EMPTY_STREAM if stream is None else stream
        self.peer = Peer(scheme, client, server) if peer is None else peer
        self.http_version = http_version
        if "?" not in target and "%" not in target:
            self.path = target

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.target!r}>"

    # The route

    @property
    def endpoint(self) -> str | None:
        """Name of the endpoint that routing chose; None before, and when nothing fits."""
        return None if self.url_rule is None else self.url_rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """Dotted name of the blueprint that the endpoint belongs to."""
        return None if self.url_rule is None else self.url_rule.blueprint

    @property
    def blueprints(self) -> list[str]:
        """The blueprint and those around it, the innermost first."""
        names = self.blueprint.split(".") if self.blueprint else []
        return [".".join(names[:end]) for end in range(len(names), 0, -1)]

    # The target

    @lazy
    def path(self) -> str:
        """The decoded path, without the query; what isn't UTF-8 in it becomes U+FFFD."""
        return decode_path(self.target)

    @lazy
    def query_string(self) -> bytes:
        """What stands behind the question mark, undecoded."""
        return self.target.partition("?")[2].encode("latin-1")

    @lazy
    def args(self) -> MultiDict[str]:
        """The parameters of the query string."""
        return parse_query(self.target.partition("?")[2])

    @property
    def full_path(self) -> str:
        """The path and the query, with a question mark in any case."""
        return f"{self.path}?{self.query_string.decode('latin-1')}"

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return self.peer.scheme

    @property
    def is_secure(self) -> bool:
        """Whether it came over https or wss."""
        return self.peer.scheme in ("https", "wss")

    @property
    def client(self) -> tuple[str, int] | None:
        """Address and port of the other side, None over a Unix socket."""
        return self.peer.client

    @property
    def server(self) -> Address:
        """Where it came in: address and port, or the path of a Unix socket."""
        return self.peer.server

    @property
    def remote_addr(self) -> str | None:
        """The address of the other side, None over a Unix socket."""
        return self.peer.client[0] if self.peer.client else None

    @lazy
    def host(self) -> str:
        """The Host header, or the server's own address where it is missing (HTTP/1.0)."""
        host = self.header(b"host")
        if host:
            return host
        if isinstance(self.server, tuple):
            name, port = self.server
            return name if port == _DEFAULT_PORTS.get(self.scheme) else f"{name}:{port}"
        return "localhost"

    @property
    def host_url(self) -> str:
        """Scheme and host with a slash at the end."""
        return f"{self.scheme}://{self.host}/"

    @property
    def root_url(self) -> str:
        """Scheme, host and the path that the app is mounted under, with a slash at the end."""
        return f"{self.scheme}://{self.host}{self.root_path}/"

    url_root = root_url

    @property
    def script_root(self) -> str:
        """The path that the app is mounted under, without a slash at the end."""
        return self.root_path

    @property
    def base_url(self) -> str:
        """The URL without the query."""
        return f"{self.scheme}://{self.host}{self.root_path}{quote(self.path, safe=_PATH_SAFE)}"

    @property
    def url(self) -> str:
        """The whole URL."""
        query = self.query_string.decode("latin-1")
        return f"{self.base_url}?{query}" if query else self.base_url

    def under(self, prefix: str) -> "Request":
        """Return the same request as an app mounted at `prefix` sees it: `prefix` goes from `path` to `root_path`.

        `prefix` begins with a slash, has none at the end, and `path` begins with it.
        """
        target = quote(self.path[len(prefix) :] or "/", safe=_PATH_SAFE)
        query = self.target.partition("?")[1:]
        inner = type(self)(
            self.method, target + "".join(query), self.raw_headers, self.stream, self.peer, self.http_version
        )
        inner.root_path = self.root_path + prefix
        inner.max_content_length = self.max_content_length
        inner._outer = self
        return inner

    @lazy
    def id(self) -> str:
        """A name for this request in logs: what a trusted proxy sent as X-Request-ID, else made here."""
        return urandom(8).hex() if self._outer is None else self._outer.id

    @lazy
    def user(self) -> Any:
        """Who is logged in, found when this is first read: a user, or nobody as an object; None where auth is off."""
        if self.find_user is None:
            return None if self._outer is None else self._outer.user
        return self.find_user(self)

    # The client

    @property
    def stops_with_client(self) -> bool | None:
        """Whether the view is stopped at its next wait when the client has gone.

        None: as the server is set, which stops those of GET and HEAD. Assign True or False for this one request.
        """
        return self._stops_with_client

    @stops_with_client.setter
    def stops_with_client(self, stops: bool | None) -> None:
        self._stops_with_client = stops
        if self._outer is not None:
            self._outer.stops_with_client = stops

    # The body

    @lazy
    def data(self) -> bytes:
        """The whole body; empty when the stream or the form has been read before."""
        return self._read_all()

    @overload
    def get_data(self, cache: bool = True, as_text: Literal[False] = False) -> bytes: ...
    @overload
    def get_data(self, cache: bool = True, *, as_text: Literal[True]) -> str: ...
    def get_data(self, cache: bool = True, as_text: bool = False) -> bytes | str:
        """Return the whole body, as text if `as_text`; waits until it is there.

        With `cache=False` it is not kept: a second call finds nothing.
        """
        body = self.data if cache or "data" in self.__dict__ else self._read_all()
        return body.decode("utf-8", "replace") if as_text else body

    @property
    def json(self) -> Any:
        """The body as JSON. Raises UnsupportedMediaType for another content type, BadRequest when it cannot be read."""
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """Return the body as JSON; `force` doesn't look at the content type, `silent` returns None instead of raising.

        Raises UnsupportedMediaType for another content type, BadRequest when the body is not JSON.
        """
        if not (force or self.is_json):
            if silent:
                return None
            raise UnsupportedMediaType(
                f"The body should be JSON, with the header Content-Type: application/json; it is {self.mimetype!r}."
            )
        try:
            return self.json_loads(self.data)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            if silent:
                return None
            raise BadRequest(f"The body is not valid JSON: {error}.") from error

    @lazy
    def _form(self) -> Form:
        self._check_length()
        if self.mimetype == "application/x-www-form-urlencoded":
            return parse_urlencoded(self.stream, self.form_limits)
        if self.mimetype == "multipart/form-data":
            boundary = self.mimetype_params.get("boundary")
            if not boundary:
                raise BadRequest("The Content-Type multipart/form-data has no boundary.")
            return parse_multipart(self.stream, boundary, self.form_limits)
        return Form(MultiDict(), MultiDict())

    @property
    def form(self) -> MultiDict[str]:
        """The fields of the form in the body; empty when the body is no form."""
        return self._form.fields

    @property
    def files(self) -> MultiDict[FileStorage]:
        """The uploaded files of the form in the body."""
        return self._form.files

    @lazy
    def values(self) -> MultiDict[str]:
        """Query parameters, then form fields."""
        both = self.args.copy()
        both.update(self.form)
        return both

    @lazy
    def state(self) -> dict[str, Any]:
        """A dict for whatever middleware and views want to keep with the request."""
        return {}

    def close(self) -> None:
        """Give back what the request holds: uploaded files."""
        form = self.__dict__.get("_form")
        if form is not None:
            for _, file in form.files.items(multi=True):
                file.close()

    def _check_length(self) -> None:
        limit = self.max_content_length
        if limit is not None and (self.content_length or 0) > limit:
            raise RequestEntityTooLarge(f"The body is larger than {limit} bytes.")

    def _read_all(self) -> bytes:
        self._check_length()
        limit = self.max_content_length
        if limit is None:
            return self.stream.read()
        body = bytearray()
        while len(body) <= limit and (more := self.stream.read(limit + 1 - len(body))):
            body += more
        if len(body) > limit:
            raise RequestEntityTooLarge(f"The body is larger than {limit} bytes.")
        return bytes(body)


_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_PATH_SAFE = "/!$&'()*+,;=:@~"

Handler: TypeAlias = Callable[[Request], Response]
"""What the server serves and a middleware wraps: a callable from a request to its response."""
