"""The gateway to servers of others by WSGI (PEP 3333): gunicorn, uWSGI, waitress, mod_wsgi."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from spruce.http import Handler, Request, Response
from spruce.web.environ import request_of

__all__ = ["serve_wsgi"]

_BODILESS = (204, 304)


def serve_wsgi(handler: Handler, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Handle one request of a WSGI server and return the body. Blocks.

    Servers call it in OS threads of their own, for which a green thread of the hub that they share does it. In a green
    thread, as where one app hosts another, the handler is just called.
    """
    # Here, since asyncio is not loaded before the first request.
    from spruce.green import get_ident
    from spruce.web.errand import Errand

    if isinstance(get_ident(), int):
        return Errand(handler, environ).run(start_response)
    request = request_of(environ, environ.get("wsgi.input"))
    response = handler(request)
    start_response(response.status, response.header_list())
    if request.method == "HEAD" or response.status_code in _BODILESS:
        response.close()
        request.close()
        return []
    if isinstance(response.response, bytes) and not response.close_calls:
        request.close()
        return [response.response]
    return _Body(request, response)


class _Body:
    """A body that is sent piece by piece and closed by the server."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_encoded()

    def close(self) -> None:
        """Close what the request and the response hold."""
        try:
            self._response.close()
        finally:
            self._request.close()
