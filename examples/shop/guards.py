"""Middleware of the shop: a function that refuses the forms of other sites, and a class that adds security headers."""

from urllib.parse import urlsplit

from spruce import MiddlewareMixin, Request, Response
from spruce.http import Handler

__all__ = ["SecurityHeaders", "same_origin"]

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def same_origin(handler: Handler) -> Handler:
    """Answer 403 to what a browser sends from another site's page, unless it only reads."""

    def middleware(request: Request) -> Response:
        if request.method not in SAFE_METHODS and is_foreign(request):
            return Response("This form belongs to another site.\n", status=403, mimetype="text/plain")
        return handler(request)

    return middleware


def is_foreign(request: Request) -> bool:
    """Whether another site's page sent this. Browsers say it in Sec-Fetch-Site or in Origin; curl says neither."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


class SecurityHeaders(MiddlewareMixin):
    """Tell browsers to load nothing from elsewhere, guess no types, and show these pages in no frame."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Add the headers that the response doesn't have yet."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
