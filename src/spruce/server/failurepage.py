"""The page that stands in for an application whose code does not start, until it is mended.

It holds source code, so it goes to browsers on this machine alone: to a loopback peer, without a proxy, for a host that
is this machine's own name (another one would be a page elsewhere whose name was pointed here).
"""

from html import escape
from ipaddress import ip_address

from spruce.http import Handler, Request, Response

__all__ = ["failure_page"]

_HEADERS = {
    "Retry-After": "1",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="1">
<title>The app does not start</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
pre {{ overflow-x: auto; border-left: .25rem solid #c0392b; padding: .5rem 1rem }}
</style>
<h1>The app does not start</h1>
<pre>{text}</pre>
<p>Mend it and save: this page looks again every second.</p>
"""
_ELSEWHERE = "The app does not start. The terminal says why.\n"
_PROXIED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")
_OWN_NAMES = {"localhost", "127.0.0.1", "[::1]"}


def failure_page(text: str) -> Handler:
    """Return a handler that answers everything with 503 and `text`: a page for browsers, plain text for others."""

    def answer(request: Request) -> Response:
        if not _is_local(request):
            return Response(_ELSEWHERE, 503, _HEADERS, content_type="text/plain; charset=utf-8")
        if "text/html" in request.headers.get("Accept", ""):
            page = _PAGE.format(text=escape(text))
            return Response(page, 503, _HEADERS, content_type="text/html; charset=utf-8")
        return Response(f"The app does not start:\n\n{text}\n", 503, _HEADERS, content_type="text/plain; charset=utf-8")

    return answer


def _is_local(request: Request) -> bool:
    if any(request.header(name) is not None for name in _PROXIED) or request.remote_addr is None:
        return False
    try:
        loopback = ip_address(request.remote_addr).is_loopback
    except ValueError:
        return False
    name, _, port = request.host.rpartition(":")
    return loopback and (name if port.isdigit() and name else request.host) in _OWN_NAMES
