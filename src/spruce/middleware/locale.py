"""Which language a visitor gets: from the path, a cookie or the browser, in this order.

Languages are those of the setting LANGUAGES; whoever wants none of them gets LANGUAGE_CODE. With LANGUAGE_URL_PREFIX
the paths of the other languages begin with theirs, as in `/zh-Hans/shop`; routes don't know of it, and `url_for` stays
in the language. A visitor's choice is kept by `remember_language`. Sessions aren't asked: where they are in a database,
that would be a query for every request.
"""

from collections.abc import Generator, Iterable, Iterator
from types import GeneratorType

from spruce import config
from spruce.errors import BadRequest
from spruce.http import Handler, Request, Response
from spruce.i18n import gettext, languages_of, negotiate, normal, override
from spruce.web import current_app, request

__all__ = ["LocaleMiddleware", "language_url", "remember_language"]

_YEAR = 365 * 24 * 3600


class LocaleMiddleware:
    """Lets the visitor's language hold while a request is handled, and while its response is streamed."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> Response:
        """Find the language, answer in it, and say so in Content-Language and Vary."""
        languages = languages_of(config.current())
        prefixed = _from_path(request, languages)
        language = prefixed or _chosen(request, languages) or negotiate(_accepted(request), languages)
        with override(language):
            response = self.get_response(request)
        if "Content-Language" not in response.headers:
            response.headers.set("Content-Language", language or _default())
        if prefixed is None and len(languages) > 1:
            response.vary.add("Accept-Language")
            response.vary.add("Cookie")
        if isinstance(response.response, GeneratorType) and language is not None:
            response.response = _streamed(response.response, language)
        return response


def remember_language(response: Response, language: str) -> Response:
    """Keep a visitor's choice for a year, in a cookie, and return the response.

    Raises: BadRequest for a language that is not among LANGUAGES, since it may come from the visitor.
    """
    known = negotiate([language], languages_of(config.current()))
    if known is None:
        raise BadRequest(gettext("This site is not available in the language %(language)s.", language=language))
    name = config.current()["LANGUAGE_COOKIE_NAME"]
    response.set_cookie(name, known, max_age=_YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def language_url(language: str) -> str:
    """Return the address of this page in another language, where LANGUAGE_URL_PREFIX puts it into the path."""
    languages = languages_of(current_app.config)
    root = request.root_path
    if normal(root.rpartition("/")[2]) in languages:
        root = root.rpartition("/")[0]
    prefix = "" if normal(language) == _default() else f"/{language}"
    query = request.query_string.decode("latin-1")
    return f"{root}{prefix}{request.path}" + (f"?{query}" if query else "")


def _default() -> str:
    return normal(config.current()["LANGUAGE_CODE"])


def _from_path(request: Request, languages: Iterable[str]) -> str | None:
    """The language that the path begins with, which is then taken from it; where paths do, that or the default."""
    if not config.current()["LANGUAGE_URL_PREFIX"]:
        return None
    first, slash, rest = request.path[1:].partition("/")
    if not slash or first not in languages or first == _default():
        return _default()
    request.root_path += f"/{first}"
    request.path = f"/{rest}"
    return first


def _chosen(request: Request, languages: Iterable[str]) -> str | None:
    """What the visitor has chosen, by a cookie; nobody is asked of one language."""
    if len([*languages]) < 2:
        return None
    chosen = request.cookies.get(config.current()["LANGUAGE_COOKIE_NAME"])
    return negotiate([chosen], languages) if chosen else None


def _accepted(request: Request) -> Iterator[str]:
    return (language for language, quality in request.accept_languages if quality > 0)


def _streamed(pieces: Generator[str | bytes, None, None], language: str) -> Iterator[str | bytes]:
    """The pieces of a stream, each made in the language."""
    try:
        while True:
            with override(language):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        pieces.close()
