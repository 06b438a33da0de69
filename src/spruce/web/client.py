"""The test client: requests to an app in this process, without sockets, through everything that a real one passes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Token
from http.cookies import SimpleCookie
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

from spruce.errors import ContextError
from spruce.green import spawn_owner
from spruce.http import Headers, Request, Response, parse_date
from spruce.web.context import Context, session, slot
from spruce.web.entry import Entry
from spruce.web.sessions import Session
from spruce.web.site import Site
from spruce.web.testrequest import make_request
from spruce.web.testsocket import WebSocketSession, handshake_fields

__all__ = ["Client", "TestResponse"]

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 20


class TestResponse(Response):
    """What a client got: `status_code`, `text`, `json`, `headers`; its `request`, and the `history` of redirects."""

    __test__ = False  # pytest is not to collect it

    def __init__(self, response: Response, body: "bytes | _Unread", request: Request) -> None:
        super().__init__(b"" if request.method == "HEAD" else body, response.status)
        self.headers = Headers(response.header_list())
        self.plain_type = None
        self.request = request
        self.history: list[TestResponse] = []

    def __enter__(self) -> "TestResponse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Unread:
    """The body of a response, read by the test piece by piece."""

    def __init__(self, response: Response, request: Request) -> None:
        self._response = response
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_encoded()

    def close(self) -> None:
        """Close what the response and the request hold, as a server does at the end."""
        self._response.close()
        self._request.close()


class Client:
    """A browser without a screen: it keeps cookies, follows redirects when asked, and calls `app.handle`.

    Each request runs in a green thread of its own and is waited for, so views may wait, whoever calls. Inside of `with
    client:` the context of the last request stays, so that `request`, `g` and `current_app` can be looked at behind it.
    """

    def __init__(self, app: Site, *, use_cookies: bool = True, base_url: str = "http://localhost") -> None:
        self.app = app
        self.base_url = base_url
        self.use_cookies = use_cookies
        self._cookies: dict[tuple[str, str], str] = {}
        self._keeps = False
        self._token: Token[Context | None] | None = None

    def __enter__(self) -> "Client":
        self._keeps = True
        return self

    def __exit__(self, *_: object) -> None:
        self._keeps = False
        self._forget()

    def _forget(self) -> None:
        if self._token is not None:
            slot.reset(self._token)
            self._token = None

    def open(
        self, path: str = "/", *, method: str = "GET", follow_redirects: bool = False, **options: Any
    ) -> TestResponse:
        """Send a request and return the response, whole.

        Options: `query_string` (a dict or text), `headers`, `data` (a form as a dict, or a body), `json`,
        `content_type`, `base_url`, `remote_addr`. With TESTING set, what a view raises is raised here.
        With `buffered=False` the body of a stream isn't read: `with client.get("/events", buffered=False) as response:`
        and `for piece in response.iter_encoded():` do so, and closing tells the view that its client has gone.
        """
        response = self._send(path, method, options)
        history: list[TestResponse] = []
        while follow_redirects and response.status_code in _REDIRECTS and response.location:
            history.append(response)
            if len(history) > _MOST_REDIRECTS:
                raise RuntimeError(f"{path!r} was redirected more than {_MOST_REDIRECTS} times")
            if response.status_code not in (307, 308):
                method = "HEAD" if method == "HEAD" else "GET"
                options = {key: options[key] for key in ("headers", "base_url", "remote_addr") if key in options}
            options.pop("query_string", None)
            response = self._send(urljoin(response.request.url, response.location), method, options)
        response.history = history
        return response

    def get(self, path: str = "/", **options: Any) -> TestResponse:
        """`open` with GET."""
        return self.open(path, method="GET", **options)

    def head(self, path: str = "/", **options: Any) -> TestResponse:
        """`open` with HEAD."""
        return self.open(path, method="HEAD", **options)

    def post(self, path: str = "/", **options: Any) -> TestResponse:
        """`open` with POST."""
        return self.open(path, method="POST", **options)

    def put(self, path: str = "/", **options: Any) -> TestResponse:
        """`open` with PUT."""
        return self.open(path, method="PUT", **options)

    def patch(self, path: str = "/", **options: Any) -> TestResponse:
        """`open` with PATCH."""
        return self.open(path, method="PATCH", **options)

    def delete(self, path: str = "/", **options: Any) -> TestResponse:
        """`open` with DELETE."""
        return self.open(path, method="DELETE", **options)

    def options(self, path: str = "/", **options: Any) -> TestResponse:
        """`open` with OPTIONS."""
        return self.open(path, method="OPTIONS", **options)

    def websocket_connect(self, path: str, subprotocols: Sequence[str] = (), **options: Any) -> WebSocketSession:
        """Return a WebSocket to a view of this app, for `with`; options as for `open`.

        Entering it raises WebSocketRefused, which has the response, when the app doesn't accept it.
        """
        fields = [*handshake_fields(subprotocols), *Headers(options.pop("headers", ())).items()]
        request = self._make(path, "GET", {**options, "headers": fields})
        return WebSocketSession(self.app.handle, request, subprotocols)

    @contextmanager
    def session_transaction(self, path: str = "/", **options: Any) -> Iterator[Session]:
        """Read and change the session that the next request will find: `with client.session_transaction() as session:`.

        Options as for `open`. What is changed is kept at the end, unless an error leaves the block.
        Raises: ContextError when no middleware of the app keeps sessions.
        """
        if not self.use_cookies:
            raise ContextError("a client without cookies has no session", hint="Make it as app.test_client().")
        request = self._make(path, "GET", options)
        with Entry(self.app, request):
            yield cast(Session, session._get_current_object())  # type: ignore[attr-defined] # a proxy's own method
            response = Response()
            if self.app.session_interface is not None:
                self.app.session_interface.save_session(request, request.session, response)
        self._keep(TestResponse(response, b"", request))

    def get_cookie(self, key: str, path: str = "/") -> str | None:
        """Return the value of a cookie that the client holds, or None."""
        return self._cookies.get((key, path))

    def set_cookie(self, key: str, value: str = "", path: str = "/") -> None:
        """Let the client hold a cookie."""
        self._cookies[key, path] = value

    def delete_cookie(self, key: str, path: str = "/") -> None:
        """Let the client forget a cookie."""
        self._cookies.pop((key, path), None)

    def _send(self, path: str, method: str, options: dict[str, Any]) -> TestResponse:
        exchange = _exchange if options.get("buffered", True) else _begin
        request = self._make(path, method, {key: value for key, value in options.items() if key != "buffered"})
        response: TestResponse
        if self._keeps:
            self._forget()
            context = Context(self.app, request)
            response = spawn_owner(exchange, lambda _: self.app.handle_in(context), request).wait()
            self._token = slot.set(context)
        else:
            response = spawn_owner(exchange, self.app.handle, request).wait()
        if self.use_cookies:
            self._keep(response)
        return response

    def _make(self, path: str, method: str, options: dict[str, Any]) -> Request:
        request = make_request(self.app.request_class, path, method, **{"base_url": self.base_url, **options})
        if self.use_cookies and self._cookies:
            request.raw_headers = [*request.raw_headers, (b"cookie", self._cookie_header(urlsplit(path).path))]
        return request

    def _cookie_header(self, path: str) -> bytes:
        fits = [
            name_value
            for (name, where), value in self._cookies.items()
            if _below(path or "/", where)
            for name_value in [f"{name}={value}"]
        ]
        return "; ".join(fits).encode("latin-1")

    def _keep(self, response: TestResponse) -> None:
        for header in response.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                expires = parse_date(morsel["expires"]) if morsel["expires"] else None
                gone = morsel["max-age"] == "0" or (expires is not None and expires.timestamp() <= 0)
                if gone:
                    self.delete_cookie(name, morsel["path"] or "/")
                else:
                    self.set_cookie(name, morsel.coded_value, morsel["path"] or "/")


def _exchange(handle: Callable[[Request], Response], request: Request) -> TestResponse:
    """Handle the request and read the whole body, in the green thread where it may wait."""
    response = handle(request)
    try:
        streamed = response.is_streamed
        body = b"".join(response.iter_encoded()) if request.method != "HEAD" else b""
    finally:
        response.close()
        request.close()
    made = TestResponse(response, body, request)
    if streamed:
        made.headers.setdefault("Content-Length", len(body))
    return made


def _begin(handle: Callable[[Request], Response], request: Request) -> TestResponse:
    """Handle the request and leave the body to be read."""
    response = handle(request)
    return TestResponse(response, _Unread(response, request), request)


def _below(path: str, folder: str) -> bool:
    """Whether a cookie for `folder` goes to `path` (RFC 6265, 5.1.4)."""
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")
