"""Files as responses: static files, downloads; with ETag, Last-Modified, 304 and single ranges (RFC 9110, 13, 14)."""

import os
import re
import stat
from collections.abc import Callable, Sequence
from datetime import datetime
from mimetypes import guess_type
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from spruce.errors import NotFound, PreconditionFailed, RequestedRangeNotSatisfiable
from spruce.http import FilePart, Request, Response, asked_range, check_preconditions, is_known, with_charset
from spruce.web.assets import FOREVER, fingerprint, unhashed
from spruce.web.context import current_context

__all__ = ["safe_join", "send_file", "send_from_directory", "static_view"]

WHOLE = 64 * 1024
"""Bytes up to which a file is read at once; the server sends a longer one, without reading it where it can."""


def static_view(folders: Callable[[], Sequence[str]]) -> Callable[..., Response]:
    """Return the view that answers `/static/<path:filename>` with the files of folders, also by names with a hash.

    A file in one of them hides those of its name in the later ones. Hidden files and folders, such as `.git` and
    `.env`, are not there; `.well-known` is no hidden one (RFC 8615).
    """

    def static(request: Request, filename: str) -> Response:
        if any(part.startswith(".") and part != ".well-known" for part in filename.split("/")):
            raise NotFound()
        places = folders()
        plain = unhashed(filename)
        for folder in places:
            try:
                return _send_path(request, safe_join(folder, filename))
            except NotFound:
                continue
        if plain is not None:
            for folder in places:
                try:
                    return _send_hashed(request, safe_join(folder, plain[0]), plain[1])
                except NotFound:
                    continue
        raise NotFound()

    static.folders = folders  # type: ignore[attr-defined] # for `assets.static`, which names the files in them
    return static


def _send_hashed(request: Request, path: str, wanted: str) -> Response:
    """A file that was asked for by a name with a hash: kept for good, unless it has changed since."""
    response = _send_path(request, path)
    if fingerprint(path) == wanted:
        response.headers.set("Cache-Control", FOREVER)
    return response


def send_from_directory(directory: str | os.PathLike[str], path: str, **options: Any) -> Response:
    """Return the file `path`, which may come from a client, below `directory`; options as for `send_file`.

    A relative `directory` is in the app's `root_path`. Raises: NotFound when there is no such file below it.
    """
    root = current_context("send_from_directory").app.root_path
    return send_file(safe_join(Path(root, directory), path), **options)


def send_file(
    path_or_file: str | os.PathLike[str] | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | None = None,
) -> Response:
    """Return a file, given by its path or as an open binary file, as the response.

    The path must not come from a client: `send_from_directory` is for that; a relative one is in the app's `root_path`.
    `download_name` is what the browser calls it, `as_attachment` makes it save the file. `max_age` is in seconds; None
    lets browsers ask each time, which costs a 304. `conditional=False` takes no notice of what the request asks for.
    Raises: NotFound when there is no such file; TypeError for an open file whose type cannot be told from a name.
    """
    context = current_context("send_file")
    if isinstance(path_or_file, str | os.PathLike):
        request = context.request if conditional else None
        full_path = os.path.join(context.app.root_path, path_or_file)
        response = _send_path(request, full_path, mimetype, download_name, etag, last_modified, max_age)
        name = download_name or os.path.basename(full_path)
    else:
        response, name = _send_open(path_or_file, mimetype, download_name), download_name or ""
    if as_attachment or download_name:
        response.headers.set("Content-Disposition", _disposition("attachment" if as_attachment else "inline", name))
    return response


def safe_join(directory: str | os.PathLike[str], path: str) -> str:
    """Return the path of a file below `directory`. Raises: NotFound when `path` would lead anywhere else."""
    parts = path.split("/")
    for part in parts:
        if part in ("", ".", "..") or "\\" in part or "\0" in part or (os.name == "nt" and ":" in part):
            raise NotFound()
    return os.path.join(directory, *parts)


def _send_open(file: IO[bytes], mimetype: str | None, name: str | None) -> Response:
    if mimetype is None and name is None:
        raise TypeError("send_file() of an open file needs a mimetype or a download_name to tell its type from")
    return Response(file, mimetype=mimetype or _type_of(name or ""))


def _send_path(
    request: Request | None,
    path: str,
    mimetype: str | None = None,
    download_name: str | None = None,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: int | None = None,
) -> Response:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise NotFound()
        file = open(path, "rb")  # noqa: SIM115 - closed by the response that streams it
    except (OSError, ValueError):
        raise NotFound() from None
    status = os.fstat(file.fileno())
    response = Response(b"", mimetype=mimetype or _type_of(download_name or path))
    headers = response.headers
    headers.set("Cache-Control", "no-cache" if max_age is None else f"public, max-age={max_age}")
    headers.set("X-Content-Type-Options", "nosniff")
    headers.set("Accept-Ranges", "bytes")
    response.last_modified = int(status.st_mtime) if last_modified is None else last_modified
    if etag:
        response.set_etag(etag if isinstance(etag, str) else f"{status.st_mtime_ns:x}-{status.st_size:x}")
    _fill(response, request, file, status.st_size)
    return response


def _fill(response: Response, request: Request | None, file: IO[bytes], size: int) -> None:
    """Put the file, a part of it, or nothing into the response, as the request's conditions ask for; close it else."""
    first, last = 0, size - 1
    if request is not None and request.method in ("GET", "HEAD"):
        etag, modified = response.headers.get("ETag"), response.last_modified
        try:
            check_preconditions(request, etag, modified)
        except PreconditionFailed:
            file.close()
            raise
        if is_known(request, etag, modified):
            file.close()
            response.status_code = 304
            return
        part = asked_range(request, size, etag, modified)
        if part is not None:
            first, last = part
            if first > last:
                file.close()
                raise RequestedRangeNotSatisfiable(size)
            response.status_code = 206
            response.headers.set("Content-Range", f"bytes {first}-{last}/{size}")
    length = last - first + 1
    if length <= WHOLE:
        with file:
            file.seek(first)
            response.response = file.read(length)
    else:
        response.response = FilePart(file, first, length)
        response.headers.set("Content-Length", length)


def _type_of(name: str) -> str:
    kind, encoding = guess_type(name)
    if encoding is not None:
        return {"gzip": "application/gzip", "bzip2": "application/x-bzip2"}.get(encoding, "application/octet-stream")
    return with_charset(kind or "application/octet-stream")


def _disposition(kind: str, name: str) -> str:
    """Content-Disposition (RFC 6266), with the name in ASCII and, where that loses something, in UTF-8; no folders."""
    name = re.split(r"[/\\]", name)[-1]
    if not name:
        return kind
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{exact}'
