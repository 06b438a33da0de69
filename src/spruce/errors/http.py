"""HTTP errors as exceptions, with Werkzeug's names: raise one, or call `abort`, and the client gets that status.

A class stands for one status code. What an exception says (`description`) is shown to the client: nothing secret in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from spruce.errors.phrases import PHRASES
from spruce.errors.tree import SpruceError

__all__ = [
    "EXCEPTIONS",
    "BadGateway",
    "BadRequest",
    "BadRequestKeyError",
    "Conflict",
    "ExpectationFailed",
    "FailedDependency",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "HTTPException",
    "HTTPVersionNotSupported",
    "ImATeapot",
    "InternalServerError",
    "LengthRequired",
    "Locked",
    "MethodNotAllowed",
    "MisdirectedRequest",
    "NotAcceptable",
    "NotFound",
    "NotImplemented",
    "PreconditionFailed",
    "PreconditionRequired",
    "RequestEntityTooLarge",
    "RequestHeaderFieldsTooLarge",
    "RequestTimeout",
    "RequestURITooLarge",
    "RequestedRangeNotSatisfiable",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
    "UnavailableForLegalReasons",
    "UnprocessableEntity",
    "UnsupportedMediaType",
    "UpgradeRequired",
    "abort",
]


class HTTPException(SpruceError):
    """An answer other than the usual one, raised instead of returned.

    `code` is None only when `response` is a finished response, to be sent as it is. `headers` are added to the answer.
    """

    code: int | None = None
    description: str = ""

    def __init__(
        self,
        description: str | None = None,
        response: object = None,
        *,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        if description is not None:
            self.description = description
        self.response = response
        self.headers = [*headers]
        number = "???" if self.code is None else self.code
        super().__init__(f"{number} {self.name}: {self.description}")

    @property
    def name(self) -> str:
        """The reason phrase of the status, "Unknown Error" where there is no code."""
        return PHRASES.get(self.code or 0, "Unknown Error")


class BadRequest(HTTPException):
    """400: the request cannot be understood."""

    code = 400
    description = "The browser (or proxy) sent a request that this server could not understand."


class BadRequestKeyError(BadRequest, KeyError):
    """400: a form field, query parameter or file that the view needs is not there; also a KeyError."""

    def __init__(self, key: object = None, names: Iterable[str] = ()) -> None:
        self.key = key
        sent = ", ".join(sorted({repr(name) for name in names}))
        super().__init__(f"The request has no value for {key!r}. It has {sent or 'none at all'}.")


class Unauthorized(HTTPException):
    """401: the client has to say who it is; `www_authenticate` is the challenge that goes into the header."""

    code = 401
    description = "This page needs you to log in, or the credentials that came with the request are wrong."

    def __init__(
        self, description: str | None = None, response: object = None, *, www_authenticate: str | None = None
    ) -> None:
        super().__init__(description, response)
        if www_authenticate:
            self.headers.append(("WWW-Authenticate", www_authenticate))


class Forbidden(HTTPException):
    """403: the client is known and may not do this."""

    code = 403
    description = "You do not have the permission to see this page or do this."


class NotFound(HTTPException):
    """404: there is nothing at this URL."""

    code = 404
    description = "There is nothing at this URL. If you typed it, check the spelling."


class MethodNotAllowed(HTTPException):
    """405: the URL exists, but not for this method; `valid_methods` become the Allow header."""

    code = 405
    description = "This URL does not take requests with this method."

    def __init__(
        self, valid_methods: Iterable[str] | None = None, description: str | None = None, response: object = None
    ) -> None:
        super().__init__(description, response)
        self.valid_methods = None if valid_methods is None else sorted(valid_methods)
        if self.valid_methods:
            self.headers.append(("Allow", ", ".join(self.valid_methods)))


class NotAcceptable(HTTPException):
    """406: nothing that the client accepts can be made here."""

    code = 406
    description = "This page is not available in any of the formats that the request accepts."


class RequestTimeout(HTTPException):
    """408: the request did not arrive in time."""

    code = 408
    description = "The request took too long to arrive."


class Conflict(HTTPException):
    """409: the request does not fit the present state of the thing."""

    code = 409
    description = "The request conflicts with what is stored; load it again and repeat the change."


class Gone(HTTPException):
    """410: it was here, and will not come back."""

    code = 410
    description = "What was at this URL is gone for good."


class LengthRequired(HTTPException):
    """411: a request with a body has to say its length."""

    code = 411
    description = "A request with this method needs a Content-Length header."


class PreconditionFailed(HTTPException):
    """412: an If-Match or If-Unmodified-Since header does not hold."""

    code = 412
    description = "A condition that the request's headers ask for does not hold."


class RequestEntityTooLarge(HTTPException):
    """413: the body is larger than what is accepted."""

    code = 413
    description = "The body of the request is larger than this server accepts."


class RequestURITooLarge(HTTPException):
    """414: the URL is too long."""

    code = 414
    description = "The URL of the request is longer than this server accepts."


class UnsupportedMediaType(HTTPException):
    """415: the body is in a format that the view does not read."""

    code = 415
    description = "The body of the request is in a format that cannot be read here."


class RequestedRangeNotSatisfiable(HTTPException):
    """416: the Range header asks for bytes that are not there; `length` is the full length in bytes."""

    code = 416
    description = "The requested range is outside of the file."

    def __init__(
        self, length: int | None = None, units: str = "bytes", description: str | None = None, response: object = None
    ) -> None:
        super().__init__(description, response)
        if length is not None:
            self.headers.append(("Content-Range", f"{units} */{length}"))


class ExpectationFailed(HTTPException):
    """417: the Expect header asks for something unknown."""

    code = 417
    description = "The server cannot do what the Expect header asks for."


class ImATeapot(HTTPException):
    """418: this server is a teapot, not a coffee machine (RFC 2324)."""

    code = 418
    description = "This server is a teapot, not a coffee machine."


class MisdirectedRequest(HTTPException):
    """421: the request is for another server."""

    code = 421
    description = "The request is for a host that this server does not answer for."


class UnprocessableEntity(HTTPException):
    """422: well-formed, but its values are wrong."""

    code = 422
    description = "The request is well-formed, but its values cannot be used."


class Locked(HTTPException):
    """423: the thing is locked."""

    code = 423
    description = "What the request is for is locked."


class FailedDependency(HTTPException):
    """424: it depends on another request, which failed."""

    code = 424
    description = "The request depends on another one, which failed."


class UpgradeRequired(HTTPException):
    """426: the client has to speak another protocol, here a WebSocket's."""

    code = 426
    description = "This is a WebSocket: connect with a WebSocket client."

    def __init__(self, description: str | None = None, response: object = None) -> None:
        super().__init__(description, response)
        self.headers += [("Upgrade", "websocket"), ("Connection", "Upgrade")]


class PreconditionRequired(HTTPException):
    """428: the request has to be conditional."""

    code = 428
    description = "This request must be conditional, with If-Match for instance."


class _RetryAfter(HTTPException):
    """A refusal for the moment; `retry_after` is in seconds, or an HTTP date."""

    def __init__(
        self, description: str | None = None, response: object = None, *, retry_after: int | str | None = None
    ) -> None:
        super().__init__(description, response)
        if retry_after is not None:
            self.headers.append(("Retry-After", str(retry_after)))


class TooManyRequests(_RetryAfter):
    """429: the client sends requests faster than it may."""

    code = 429
    description = "Too many requests came from you in a short time; wait a little."


class RequestHeaderFieldsTooLarge(HTTPException):
    """431: the head of the request is larger, or has more fields, than what is accepted."""

    code = 431
    description = "The headers of the request are larger than this server accepts."


class UnavailableForLegalReasons(HTTPException):
    """451: may not be shown for legal reasons."""

    code = 451
    description = "This page is not available for legal reasons."


class InternalServerError(HTTPException):
    """500: the application failed; `original_exception` is what it raised, and is never shown to the client."""

    code = 500
    description = "Something went wrong on the server. The error has been logged."

    def __init__(
        self,
        description: str | None = None,
        response: object = None,
        *,
        original_exception: BaseException | None = None,
    ) -> None:
        super().__init__(description, response)
        self.original_exception = original_exception


class NotImplemented(HTTPException):  # noqa: A001 - the name that Werkzeug's users know
    """501: the server cannot do this."""

    code = 501
    description = "The server does not know how to do this."


class BadGateway(HTTPException):
    """502: a server behind this one answered wrongly."""

    code = 502
    description = "A server behind this one gave an answer that could not be used."


class ServiceUnavailable(_RetryAfter):
    """503: not now."""

    code = 503
    description = "The server cannot answer at the moment; try again a little later."


class GatewayTimeout(HTTPException):
    """504: a server behind this one did not answer in time."""

    code = 504
    description = "A server behind this one did not answer in time."


class HTTPVersionNotSupported(HTTPException):
    """505: a version of HTTP that is not spoken here."""

    code = 505
    description = "This server speaks HTTP/1.0 and HTTP/1.1."


def _by_code(cls: type[HTTPException]) -> dict[int, type[HTTPException]]:
    found: dict[int, type[HTTPException]] = {}
    for child in cls.__subclasses__():
        if child.code is not None and child.code not in found:
            found[child.code] = child
        for code, grandchild in _by_code(child).items():
            found.setdefault(code, grandchild)
    return found


EXCEPTIONS: Mapping[int, type[HTTPException]] = _by_code(HTTPException)
"""Status code to the exception that stands for it."""


def abort(code: int | object, *args: Any, **kwargs: Any) -> NoReturn:
    """Raise the exception of a status code, with what its class takes (a description first), or a finished response.

    Raises LookupError when `code` is a number that no exception stands for.
    """
    if not isinstance(code, int):
        raise HTTPException(response=code)
    if code not in EXCEPTIONS:
        known = ", ".join(map(str, sorted(EXCEPTIONS)))
        raise LookupError(f"abort({code}): no HTTP error has this code. Known codes are {known}.")
    raise EXCEPTIONS[code](*args, **kwargs)
