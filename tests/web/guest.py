"""An app that tells what it got, and calls of it as WSGI servers make them."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from spruce.web import App, Response, request


def guest() -> App:
    """Return an app that tells what it got."""
    made = App(__name__)

    @made.route("/echo/<name>", methods=["GET", "POST"])
    def echo(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "query": dict(request.args),
            "body": request.get_data(as_text=True),
            "url": request.url,
            "peer": request.remote_addr,
            "agent": request.user_agent,
            "type": request.content_type,
        }

    made.add_url_rule("/stream", "stream", lambda: (piece for piece in ["a", "b"]))
    made.add_url_rule("/empty", "empty", lambda: ("", 204))

    @made.get("/closing")
    def closing() -> Response:
        response = Response("closing")
        response.call_on_close(lambda: made.extensions.setdefault("closed", True))
        return response

    return made


def environ(method: str, path: str, query: str = "", body: bytes | None = None, **more: Any) -> dict[str, Any]:
    """Return the environ of a request."""
    made = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "10.0.0.1",
        "HTTP_HOST": "shop.example",
        "HTTP_USER_AGENT": "test",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(body or b""),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }
    if body is not None:
        made["CONTENT_LENGTH"] = str(len(body))
    return made


def call(app: Callable[..., Any], given: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    """Return status, headers and body that a WSGI app answers with."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda data: None

    body = app(given, start_response)
    try:
        whole = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return started[0][0], dict(started[0][1]), whole
