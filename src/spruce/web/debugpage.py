"""The page that shows a failed view to its developer, in debug mode only.

It shows source code and local variables, so it goes to loopback peers alone: to a request that no proxy forwarded, for
a host that is this machine's own name (another one would be a page elsewhere whose name was pointed here), and only
to a browser that has given the token of `debugtoken`. It brings
all it needs, runs no script, and its policy lets the browser load nothing.
"""

import linecache
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from secrets import token_urlsafe
from traceback import walk_tb
from types import FrameType, FunctionType, ModuleType

from spruce.http import Request, Response
from spruce.web.redaction import show
from spruce.web.site import Site

__all__ = ["TEXT_TEMPLATE", "may_see", "render"]

_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via")
_LOCAL_NAMES = (".localhost", ".test")
_AROUND = 6
TEXT_TEMPLATE = "<template"
"""What the names of templates begin with that are made of a text."""
_DEFINITIONS = (FunctionType, ModuleType, type)  # said by the source already
_PAGE = Path(__file__).with_name("debugpage.html")
_POLICY = "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of source; `here` is the one that was being run."""

    number: int
    text: str
    here: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A call of a traceback. `own`: it is the developer's code, not that of a library."""

    file: str
    line: int
    function: str
    source: list[Line]
    locals: dict[str, str]
    own: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception with its calls, the innermost first; `link` says how it belongs to the one shown above it."""

    name: str
    message: str
    frames: list[Frame]
    link: str


def may_see(request: Request) -> bool:
    """Whether `request` comes from this machine, directly."""
    if any(request.header(name) is not None for name in _FORWARDED) or request.remote_addr is None:
        return False
    try:
        loopback = ip_address(request.remote_addr).is_loopback
    except ValueError:
        return False
    return loopback and _is_local(request.host)


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    if name == "localhost" or name.endswith(_LOCAL_NAMES):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def render(app: Site, request: Request, error: BaseException, queries: Sequence[object] = ()) -> Response:
    """Return the page about `error`, which came up while `request` was handled and had sent `queries` to databases."""
    from jinja2 import Environment  # loaded when something failed in debug mode

    nonce = token_urlsafe(16)
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_PAGE.read_text("utf-8"))
    page = template.render(
        nonce=nonce,
        app=app.name,
        request=request,
        failures=list(_failures(error)),
        queries=queries,
        details={
            "Route": f"{request.url_rule.rule} → {request.endpoint}" if request.url_rule else "none",
            "Path values": show("", request.view_args or {}),
            "Query": show("", request.args),
            "Headers": show("", request.headers),
            "Cookies": ", ".join(sorted(request.cookies)) or "none",
        },
        python=".".join(map(str, sys.version_info[:3])),
    )
    headers = {
        "Content-Security-Policy": _POLICY.format(nonce=nonce),
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return Response(page, 500, headers)


def _failures(error: BaseException) -> Iterator[Failure]:
    """The exception and those that it came from."""
    link = ""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        frames = [_frame(frame, line) for frame, line in walk_tb(current.__traceback__)][::-1]
        yield Failure(name, show("", _Text(str(current))), frames, link)
        if current.__cause__ is not None:
            current, link = current.__cause__, "It was caused by"
        else:
            current, link = (None if current.__suppress_context__ else current.__context__), "It came up while handling"


class _Text(str):
    """A text that is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _frame(frame: FrameType, line: int) -> Frame:
    file = frame.f_code.co_filename
    first = max(line - _AROUND, 1)
    texts = [linecache.getline(file, number, frame.f_globals) for number in range(first, line + _AROUND + 1)]
    source = [Line(number, text.rstrip("\n"), number == line) for number, text in enumerate(texts, first) if text]
    kept = {name: value for name, value in frame.f_locals.items() if not isinstance(value, _DEFINITIONS)}
    shown = {name: show(name, value) for name, value in kept.items() if not name.startswith("__")}
    return Frame(file, line, _called(frame), source, shown, _is_own(file))


def _called(frame: FrameType) -> str:
    """What runs in a frame; Jinja2 says of a template's which block, by the short name alone."""
    code = frame.f_code
    return code.co_name if code.co_qualname == "<module>" else code.co_qualname


def _is_own(file: str) -> bool:
    if file.startswith(TEXT_TEMPLATE):
        return True
    path = Path(file)
    ours = Path(__file__).parents[1]
    return path.is_file() and ours not in path.parents and "site-packages" not in path.parts and not _in_stdlib(path)


def _in_stdlib(path: Path) -> bool:
    return Path(linecache.__file__).parent in path.parents
