"""Forms in request bodies: urlencoded ones, and multipart with uploaded files.

A file above 500 kB goes to a temporary file on disk, so memory
stays flat. Every count and size has a limit (`FormLimits`), and what is above one is refused with 413 while it arrives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol

from spruce.errors.http import BadRequest, RequestEntityTooLarge
from spruce.http.headers import Headers
from spruce.http.media import parse_options
from spruce.http.multidict import MultiDict
from spruce.http.multipart import Event, MultipartDecoder, MultipartError, PartBegins, PartData
from spruce.http.query import parse_query

__all__ = ["FileStorage", "Form", "FormLimits", "Readable", "parse_multipart", "parse_urlencoded"]

_CHUNK = 64 * 1024
_IN_MEMORY = 500_000


class Readable(Protocol):
    """A stream of bytes that is read once."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that is left when it is negative, and b"" at the end."""
        ...


@dataclass(frozen=True, slots=True)
class FormLimits:
    """How large a form may be: number of fields, of files, of multipart parts, and bytes of all fields together."""

    fields: int = 1000
    files: int = 100
    parts: int = 1000
    memory: int = 2_500_000


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds."""

    fields: MultiDict[str]
    files: "MultiDict[FileStorage]"


class FileStorage:
    """An uploaded file; `stream` is its content, and reading methods are those of the stream.

    `filename` of one that was sent is the last part of the name that the client gave it, without folders and without
    characters that cannot be seen; "" if that leaves none, or if no file was chosen. `headers` have it as it was sent.
    """

    def __init__(
        self,
        stream: IO[bytes],
        filename: str | None = None,
        name: str | None = None,
        content_type: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.stream = stream
        self.filename = filename
        self.name = name
        self.headers = Headers() if headers is None else headers
        if content_type is not None:
            self.headers.set("Content-Type", content_type)

    @property
    def content_type(self) -> str | None:
        """The type that the client says the file has; never trust it."""
        return self.headers.get("Content-Type")

    @property
    def mimetype(self) -> str:
        """The content type without its parameters, in lower case."""
        return parse_options(self.content_type or "")[0].lower()

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, all that is left when it is negative."""
        return self.stream.read(size)

    def seek(self, position: int, whence: int = 0) -> int:
        """Move to a position."""
        return self.stream.seek(position, whence)

    def save(self, destination: str | PathLike[str] | IO[bytes]) -> None:
        """Write the file, from where its stream is, to a path or an open file; blocks while the disk writes.

        A file that is there is written over, and `filename` is the client's choice: choose a name yourself.
        """
        if isinstance(destination, str | PathLike):
            with open(destination, "wb") as target:
                copyfileobj(self.stream, target, _CHUNK)
        else:
            copyfileobj(self.stream, destination, _CHUNK)

    def close(self) -> None:
        """Give the memory or the temporary file back."""
        self.stream.close()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.stream)

    def __bool__(self) -> bool:
        return bool(self.filename)

    def __repr__(self) -> str:
        return f"<FileStorage {self.filename!r} ({self.content_type!r})>"


def _last_part(filename: str) -> str:
    """Return what a file may be called: a path would lead to another folder (RFC 7578, section 4.2)."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(filter(str.isprintable, last))
    return "" if name in (".", "..") else name


def parse_urlencoded(stream: Readable, limits: FormLimits) -> Form:
    """Read an urlencoded form; blocks until the body is there.

    Raises RequestEntityTooLarge above a limit.
    """
    body = stream.read(limits.memory + 1)
    while len(body) <= limits.memory and (more := stream.read(limits.memory + 1 - len(body))):
        body += more
    if len(body) > limits.memory:
        raise RequestEntityTooLarge(f"The form is larger than {limits.memory} bytes.")
    return Form(parse_query(body.decode("utf-8", "replace"), limits.fields), MultiDict())


def parse_multipart(stream: Readable, boundary: str, limits: FormLimits) -> Form:
    """Read a multipart/form-data body; blocks until it is there.

    Raises BadRequest when it is malformed or cut short, RequestEntityTooLarge above a limit.
    """
    return _Multipart(stream, boundary, limits).parse()


class _Multipart:
    """One multipart body on its way into a Form."""

    def __init__(self, stream: Readable, boundary: str, limits: FormLimits) -> None:
        self.boundary = boundary
        self.stream = stream
        self.limits = limits
        self.counts = {"parts": 0, "fields": 0, "files": 0}
        self.memory = 0
        self.form = Form(MultiDict(), MultiDict())
        self.file: FileStorage | None = None
        self.field = ("", bytearray())

    def parse(self) -> Form:
        try:
            decoder = MultipartDecoder(self.boundary)
            while not decoder.complete:
                for event in decoder.feed(self.stream.read(_CHUNK)):
                    self._take(event)
        except BaseException as error:
            for _, file in self.form.files.items(multi=True):
                file.close()
            if isinstance(error, MultipartError):
                raise BadRequest(f"The multipart form is malformed: {error}.") from error
            raise
        return self.form

    def _take(self, event: Event) -> None:
        if isinstance(event, PartData):
            self._add(event.data)
        elif isinstance(event, PartBegins):
            self._begin(event)
        else:
            self._end()

    def _begin(self, part: PartBegins) -> None:
        self._count("parts")
        if part.filename is None:
            self._count("fields")
            self.field = (part.name, bytearray())
            return
        self._count("files")
        stream = SpooledTemporaryFile(max_size=_IN_MEMORY, mode="w+b")  # noqa: SIM115 - lives as long as the request
        self.file = FileStorage(stream, _last_part(part.filename), part.name, headers=part.headers)
        self.form.files.add(part.name, self.file)

    def _count(self, kind: str) -> None:
        self.counts[kind] += 1
        limit = getattr(self.limits, kind)
        if self.counts[kind] > limit:
            raise RequestEntityTooLarge(f"The form has more than {limit} {kind}.")

    def _add(self, data: bytes) -> None:
        if self.file is not None:
            self.file.stream.write(data)
            return
        self.memory += len(data)
        if self.memory > self.limits.memory:
            raise RequestEntityTooLarge(f"The fields of the form are larger than {self.limits.memory} bytes.")
        self.field[1].extend(data)

    def _end(self) -> None:
        if self.file is not None:
            self.file.stream.seek(0)
            self.file = None
        else:
            name, value = self.field
            self.form.fields.add(name, value.decode("utf-8", "replace"))
