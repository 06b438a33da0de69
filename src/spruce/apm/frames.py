"""Stack frames as they are sent and shown: file, line, source around it, and local variables without secrets."""

import linecache
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from traceback import walk_stack, walk_tb
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from spruce.apm.settings import ApmSettings
from spruce.web.redaction import HIDDEN, show

__all__ = ["Frame", "frames_of_stack", "frames_of_traceback", "is_library", "short_file"]

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_TYPED = ("<stdin>", "<string>")
_known: dict[str, bool] = {}


class Frame(NamedTuple):
    """A call that was going on. `library`: it isn't the program's own code. `locals` are texts; None: not looked at."""

    file: str
    path: str
    module: str
    function: str
    line: int
    source: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    locals: Mapping[str, str] | None
    library: bool


def is_library(file: str) -> bool:
    """Whether a file belongs to Python, an installed package or Spruce, rather than to the program."""
    known = _known.get(file)
    if known is None:
        generated = file.startswith("<") and file not in _TYPED
        known = _known[file] = generated or file.startswith((*_LIBRARIES, _OURS)) or "site-packages" in file
    return known


def frames_of_traceback(traceback: TracebackType | None, settings: ApmSettings, *, kind: str = "errors") -> list[Frame]:
    """The frames of an exception, the innermost first. `kind` is what they are for: `errors` or `transactions`."""
    return _frames([(frame, line) for frame, line in walk_tb(traceback)][::-1], settings, kind)


def frames_of_stack(settings: ApmSettings, frame: FrameType | None = None, *, kind: str = "errors") -> list[Frame]:
    """The frames that are running, from the caller on or from `frame`; the innermost first."""
    start = frame if frame is not None else sys._getframe(1)
    return _frames(list(walk_stack(start)), settings, kind)


def _frames(places: list[tuple[FrameType, int]], settings: ApmSettings, kind: str) -> list[Frame]:
    limit = settings.stack_trace_limit
    with_locals = settings.collect_local_variables in (kind, "all")
    wanted = places if limit < 0 else places[:limit]
    return [_frame(frame, line, settings, with_locals) for frame, line in wanted]


def _frame(frame: FrameType, line: int, settings: ApmSettings, with_locals: bool) -> Frame:
    code = frame.f_code
    library = _is_library(code.co_filename, frame.f_globals.get("__name__") or "", settings)
    lines = settings.source_lines_error_library_frames if library else settings.source_lines_error_app_frames
    source = [
        linecache.getline(code.co_filename, number, frame.f_globals).rstrip("\n") for number in _around(line, lines)
    ]
    middle = line - _around(line, lines).start
    return Frame(
        short_file(code.co_filename),
        os.path.abspath(code.co_filename) if not code.co_filename.startswith("<") else code.co_filename,
        frame.f_globals.get("__name__") or "",
        getattr(code, "co_qualname", code.co_name),
        line,
        source[middle] if lines else "",
        tuple(source[:middle]),
        tuple(source[middle + 1 :]),
        _locals(frame.f_locals, settings) if with_locals else None,
        library,
    )


def _around(line: int, lines: int) -> range:
    """The numbers of the lines to show: `lines` of them, with `line` in the middle."""
    first = max(1, line - (lines - 1) // 2 if lines else line)
    return range(first, line + lines // 2 + 1 if lines else line)


def _is_library(file: str, module: str, settings: ApmSettings) -> bool:
    if settings.include_paths.match(module) or settings.include_paths.match(f"{module}."):
        return False
    if settings.exclude_paths.match(module) or settings.exclude_paths.match(f"{module}."):
        return True
    return is_library(file)


def short_file(file: str) -> str:
    """The file from the folder on that imports begin at."""
    for folder in sorted(filter(None, sys.path), key=len, reverse=True):
        if file.startswith(folder.rstrip(os.sep) + os.sep):
            return file[len(folder.rstrip(os.sep)) + 1 :]
    return file


def _locals(values: Mapping[str, Any], settings: ApmSettings) -> dict[str, str]:
    hidden = settings.sanitize_field_names
    return {
        name: HIDDEN if hidden.match(name) else _cut(show(name, _shortened(value, settings)), settings)
        for name, value in _first(values.items(), 100)
        if not name.startswith("__")
    }


def _shortened(value: Any, settings: ApmSettings) -> Any:
    """The value with the first items of a list or dict only, and without those whose names are to be hidden."""
    if type(value) is dict:
        hidden = settings.sanitize_field_names
        items = _first(value.items(), settings.local_var_dict_max_length)
        return {key: HIDDEN if isinstance(key, str) and hidden.match(key) else one for key, one in items}
    if type(value) in (list, tuple):
        return value[: settings.local_var_list_max_length]
    return value


def _first(items: Iterable[Any], count: int) -> list[Any]:
    return [item for item, _ in zip(list(items), range(count), strict=False)]


def _cut(text: str, settings: ApmSettings) -> str:
    longest = settings.local_var_max_length
    return text if len(text) <= longest else f"{text[:longest]}…"
