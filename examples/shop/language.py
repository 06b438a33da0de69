"""English or Chinese: which of them this visitor reads, and the words for it."""

from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from spruce import Response, redirect, request
from texts import TEXTS

__all__ = ["LANGUAGES", "address", "choose", "current", "moment", "switch_url", "t"]

LANGUAGES = ("en", "zh")
BEIJING = timezone(timedelta(hours=8))
YEAR = 365 * 24 * 60 * 60


def choose() -> Response | None:
    """Before each request: `?lang=zh` is remembered in a cookie and leaves the address."""
    wanted = request.args.get("lang")
    if request.method != "GET" or wanted not in LANGUAGES:
        return None
    response = redirect(address(lang=None))
    response.set_cookie("lang", wanted, max_age=YEAR, httponly=True, samesite="Lax")
    return response


def current() -> str:
    """The language that this visitor chose, or that the browser asks for, or else English."""
    wanted = request.cookies.get("lang") or request.headers.get("Accept-Language", "")[:2].lower()
    return wanted if wanted in LANGUAGES else "en"


def address(**changes: object) -> str:
    """The address of this page with some of its query changed; None takes a key out."""
    query = {**request.args.to_dict(), **changes}
    kept = {key: value for key, value in query.items() if value is not None}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def switch_url() -> str:
    """The address of this page in the other language."""
    return address(lang="en" if current() == "zh" else "zh")


def t(key: str, **values: object) -> str:
    """The text of this key in the visitor's language, with the values put in."""
    english, chinese = TEXTS[key]
    return (chinese if current() == "zh" else english).format(**values)


def moment(time: datetime) -> str:
    """A time as people write it, in Beijing's time zone."""
    local = time.astimezone(BEIJING)
    if current() == "zh":
        return f"{local:%Y}年{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {local:%B %Y, %H:%M} (Beijing)"
