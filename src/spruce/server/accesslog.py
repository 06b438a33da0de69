"""The access log: one line for each answer, in a known form or in one's own.

What a client has sent stands in a line with everything escaped that is not printable ASCII, so nobody can write lines
of their own. Lines are written together, whole ones, at the latest after a second.
"""

import json
import logging
import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from os import getpid
from typing import Any, Final

from spruce.errors import ConfigError, nearest
from spruce.http import FilePart, Request, Response

__all__ = ["FORMATS", "AccessLog", "LineLog", "open_log"]

_log = logging.getLogger("spruce.server")

FORMATS: Final = {
    "short": '%(client)s [%(time)s] "%(method)s %(target)s" %(status)s %(milliseconds).1fms',
    "common": '%(client)s - - [%(common_time)s] "%(method)s %(target)s %(protocol)s" %(status)s %(bytes)s',
    "combined": '%(client)s - - [%(common_time)s] "%(method)s %(target)s %(protocol)s" %(status)s %(bytes)s'
    ' "%(referrer)s" "%(user_agent)s"',
    "json": "",
}
"""The formats that have a name. `json` is an object for each answer."""

_BATCH: Final = 4000  # bytes that are written at once: a pipe takes so many without mixing them with another worker's
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIELD: Final = re.compile(r"%(?:\(([^)]*)\)|(.))")
_HEADER: Final = "header."


class AccessLog(ABC):
    """What is told of each answer."""

    counts_cpu = False
    """Whether the CPU time of requests is to be measured, which costs a little with each switch of green threads."""

    @abstractmethod
    def write(self, request: Request, response: Response | None, seconds: float, cpu: float) -> None:
        """Note an answer; None if there was none. `seconds` from its head to its end, of which it computed `cpu`."""

    def flush(self) -> None:  # noqa: B027 - one that keeps nothing has nothing to do
        """Write what is noted; called once a second."""


def open_log(wanted: bool | str) -> AccessLog | None:
    """Return the log that is wanted: False or "" for none, True for a short line, a format. Raises ConfigError."""
    if not wanted:
        return None
    return LineLog("short" if wanted is True else wanted)


class _Answer:
    """What there is to tell of one answer."""

    __slots__ = ("cpu", "request", "response", "seconds")

    def __init__(self, request: Request, response: Response | None, seconds: float, cpu: float) -> None:
        self.request = request
        self.response = response
        self.seconds = seconds
        self.cpu = cpu


class LineLog(AccessLog):
    """Writes lines to standard output: `form` is a name of FORMATS, or a text with fields as %(client)s.

    Raises ConfigError for a field that doesn't exist, or that cannot be put in so.
    """

    def __init__(self, form: str) -> None:
        self._lines: list[str] = []
        self._size = 0
        self._at_once = sys.stdout.isatty()
        if form == "json":
            self.counts_cpu = True
            self._render: Callable[[_Answer], str] = _json
            return
        form = FORMATS.get(form, form)
        names = _names_in(form)
        self.counts_cpu = bool({"cpu", "wait"} & names)
        self._render = lambda answer: form % _Fields(answer)
        try:
            self._render(_Answer(Request("GET", "/"), None, 0.0, 0.0))
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"the format of the access log {form!r} cannot be used: {error}",
                hint="Fields are put in as %(client)s or %(seconds).3f, a percent sign as %%.",
            ) from error

    def write(self, request: Request, response: Response | None, seconds: float, cpu: float) -> None:
        """Note an answer."""
        line = self._render(_Answer(request, response, seconds, cpu)) + "\n"
        if self._size + len(line) > _BATCH:
            self.flush()
        self._lines.append(line)
        self._size += len(line)
        if self._at_once:
            self.flush()

    def flush(self) -> None:
        """Write what is noted; a failure of that is logged, it is no failure of a request."""
        lines, self._lines, self._size = self._lines, [], 0
        if lines:
            try:
                sys.stdout.write("".join(lines))
                sys.stdout.flush()
            except (OSError, ValueError):
                _log.exception("The access log could not be written: %d lines are lost", len(lines))


def _names_in(form: str) -> set[str]:
    """The fields of a format. Raises ConfigError, for a name without one as well."""
    names = {match[1] for match in _FIELD.finditer(form) if match[2] != "%"}
    if not names - {None}:
        raise ConfigError(
            f"there is no format {form!r} of the access log{nearest(form, FORMATS)}",
            hint=f"Give one of {', '.join(FORMATS)}, or a text with fields as %(client)s.",
        )
    for name in names:
        if name is None or not (name in _FIELDS or name.startswith(_HEADER)):
            raise ConfigError(
                f"there is no field {name or ''!r} for the access log{nearest(name or '', _FIELDS)}",
                hint=f"Fields are {', '.join(sorted(_FIELDS))}, and header.NAME for one of the request.",
            )
    return names


class _Fields(Mapping[str, object]):
    """The fields of an answer, each made when it is asked for."""

    def __init__(self, answer: _Answer) -> None:
        self._answer = answer

    def __getitem__(self, name: str) -> object:
        make = _FIELDS.get(name)
        value = make(self._answer) if make is not None else _header(self._answer, name.removeprefix(_HEADER))
        if isinstance(value, str):
            return _escaped(value) if value else "-"
        return "-" if value is None else value

    def __iter__(self) -> Iterator[str]:
        return iter(_FIELDS)

    def __len__(self) -> int:
        return len(_FIELDS)


def _escaped(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return "".join(
        letter if " " <= letter <= "~" and letter not in '"\\' else f"\\x{ord(letter):02x}"
        for letter in text.encode("utf-8", "surrogatepass").decode("latin-1")
    )


def _header(answer: _Answer, name: str) -> str | None:
    return answer.request.header(name.lower().encode("latin-1"))


def _size(answer: _Answer) -> int:
    """Bytes of the body that were sent."""
    response = answer.response
    if response is None or answer.request.method == "HEAD" or response.status_code in (204, 304):
        return 0
    body = response.response
    return len(body) if isinstance(body, bytes) else body.length if isinstance(body, FilePart) else response.sent


def _time(_: _Answer) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S%z")


def _common_time(_: _Answer) -> str:
    now = time.localtime()  # %b would be in the language of the process
    return time.strftime(f"%d/{_MONTHS[now.tm_mon - 1]}/%Y:%H:%M:%S %z", now)


_FIELDS: Final[dict[str, Callable[[_Answer], object]]] = {
    "bytes": _size,
    "client": lambda answer: answer.request.remote_addr,
    "common_time": _common_time,
    "cpu": lambda answer: round(answer.cpu, 6),
    "host": lambda answer: answer.request.host,
    "id": lambda answer: answer.request.id,
    "method": lambda answer: answer.request.method,
    "milliseconds": lambda answer: answer.seconds * 1000,
    "pid": lambda answer: getpid(),
    "protocol": lambda answer: f"HTTP/{answer.request.http_version}",
    "referrer": lambda answer: answer.request.referrer,
    "scheme": lambda answer: answer.request.scheme,
    "seconds": lambda answer: round(answer.seconds, 6),
    "status": lambda answer: None if answer.response is None else answer.response.status_code,
    "target": lambda answer: answer.request.target,
    "time": _time,
    "user_agent": lambda answer: answer.request.user_agent,
    "wait": lambda answer: round(max(0.0, answer.seconds - answer.cpu), 6),
}


_JSON_FIELDS: Final = (
    "time", "client", "method", "target", "protocol", "status", "bytes", "seconds", "cpu", "wait", "id", "host",
    "referrer", "user_agent", "pid",
)  # fmt: skip


def _json(answer: _Answer) -> str:
    values: dict[str, Any] = {name: _FIELDS[name](answer) for name in _JSON_FIELDS}
    return json.dumps(values, separators=(",", ":"))
