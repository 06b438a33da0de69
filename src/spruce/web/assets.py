"""Names of static files that change with their content, so that browsers may keep them for good.

`{{ static('shop.css') }}` is `/static/shop.3f2a9c1b04de.css`. The file on the disk keeps its name, and there is no
build step: the static view takes the hash out of a name again, and lets a file be kept for a year if it is still right.
"""

import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from spruce.errors import RoutingError, nearest
from spruce.web.context import current_context
from spruce.web.urls import build_url

__all__ = ["FOREVER", "fingerprint", "static", "unhashed"]

FOREVER = "public, max-age=31536000, immutable"
"""The Cache-Control of what has a name of its own for each content (RFC 8246)."""

_DIGITS = 12
_HASHED = re.compile(rf"(.+)\.([0-9a-f]{{{_DIGITS}}})((?:\.[^./]+)?)")


def static(filename: str, endpoint: str = "static") -> str:
    """Return the URL of a static file under a name with its hash; for templates, where it is called `static`.

    `endpoint` is that of a blueprint's files, as `admin.static`, or `.static` for the current one's.
    Raises: RoutingError when there is no such file, naming the nearest.
    """
    context = current_context("static")
    full = endpoint
    if endpoint.startswith("."):
        blueprint = context.request.blueprint if context.request is not None else None
        full = f"{blueprint}{endpoint}" if blueprint else endpoint[1:]
    view = context.app.view_functions.get(full)
    find_folders: Callable[[], list[str]] | None = getattr(view, "folders", None)
    if find_folders is None:
        raise RoutingError(f"static({filename!r}): the endpoint {full!r} has no static files")
    folders = find_folders()
    path = find_below(folders, filename)
    if path is None:
        files = [(Path(folder), one) for folder in folders for one in Path(folder).rglob("*") if one.is_file()]
        known = [one.relative_to(folder).as_posix() for folder, one in files]
        raise RoutingError(
            f"there is no static file {filename!r}{nearest(filename, known)}",
            hint=f"The {'folder is' if len(folders) == 1 else 'folders are'} {', '.join(folders)}.",
        )
    stem, suffix = os.path.splitext(filename)
    return build_url(context.app, context.request, full, {"filename": f"{stem}.{fingerprint(path)}{suffix}"})


def find_below(folders: Iterable[str], filename: str) -> str | None:
    """Return the path of the first file of this name in the folders, None when there is none."""
    parts = filename.split("/")
    return next((path for folder in folders if os.path.isfile(path := os.path.join(folder, *parts))), None)


def fingerprint(path: str) -> str:
    """Return the hash of a file's content; it is read again when its time or size has changed."""
    status = os.stat(path)
    return _fingerprint(path, status.st_mtime_ns, status.st_size)


@lru_cache(4096)
def _fingerprint(path: str, changed: int, size: int) -> str:
    from hashlib import sha256  # it loads OpenSSL, and not every app names its files so

    return sha256(Path(path).read_bytes()).hexdigest()[:_DIGITS]


def unhashed(filename: str) -> tuple[str, str] | None:
    """Return the name of a file without the hash in it, and the hash; None when there is no hash."""
    found = _HASHED.fullmatch(filename)
    return (found[1] + found[3], found[2]) if found else None
