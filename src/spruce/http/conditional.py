"""Conditional and range requests (RFC 9110 sections 13 and 14): what of a response its client needs.

Conditions are looked at in the order of section 13.2.2: If-Match, else If-Unmodified-Since; If-None-Match, else
If-Modified-Since; then Range, if If-Range agrees.
"""

import re
from datetime import datetime
from typing import Protocol

from spruce.errors.http import PreconditionFailed
from spruce.http.dates import parse_date

__all__ = ["Asking", "ETags", "asked_range", "check_preconditions", "is_known"]

_TAG = re.compile(r'(W/)?"([^"]*)"')
_MOST_DIGITS = 19
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


class Asking(Protocol):
    """The part of a request that asks for conditions."""

    method: str

    def header(self, name: bytes) -> str | None:
        """Return the first value of a header; `name` is in lower case."""


class ETags:
    """The entity tags of an If-Match or If-None-Match header; empty, and so false, when there is none."""

    __slots__ = ("any", "strong", "weak")

    def __init__(self, header: str | None = None) -> None:
        text = (header or "").strip()
        self.any = text == "*"
        found = _TAG.findall(text)
        self.strong = frozenset(tag for weak, tag in found if not weak)
        self.weak = frozenset(tag for _, tag in found)

    def __contains__(self, etag: object) -> bool:
        return self.any or etag in self.strong

    def contains_weak(self, etag: str) -> bool:
        """Whether a tag is among them, weak or not (section 8.8.3.2); `etag` is without quotes."""
        return self.any or etag in self.weak

    def __bool__(self) -> bool:
        return self.any or bool(self.weak)

    def __repr__(self) -> str:
        return f"<ETags {'*' if self.any else ', '.join(sorted(self.weak)) or 'none'}>"


def _parts(etag: str | None) -> tuple[str | None, bool]:
    """The tag of an ETag header without its quotes, and whether it is weak."""
    found = _TAG.fullmatch(etag or "")
    return (found[2], found[1] is not None) if found else (None, False)


def check_preconditions(request: Asking, etag: str | None, modified: datetime | None) -> None:
    """Raise PreconditionFailed when the client wants to deal with another version than the current one.

    `etag` is as in a header, with quotes; None for what has no tag, or isn't there at all.
    """
    wanted = request.header(b"if-match")
    if wanted is not None:
        tag, weak = _parts(etag)
        if tag is None or weak or tag not in ETags(wanted):
            raise PreconditionFailed()
        return
    since = parse_date(request.header(b"if-unmodified-since"))
    if since is not None and modified is not None and modified > since:
        raise PreconditionFailed()


def is_known(request: Asking, etag: str | None, modified: datetime | None) -> bool:
    """Whether the client has this version already, so that a 304 will do."""
    known = request.header(b"if-none-match")
    if known is not None:
        tag, _ = _parts(etag)
        tags = ETags(known)
        return tags.any or (tag is not None and tags.contains_weak(tag))
    since = parse_date(request.header(b"if-modified-since"))
    return since is not None and modified is not None and modified <= since


def asked_range(request: Asking, size: int, etag: str | None, modified: datetime | None) -> tuple[int, int] | None:
    """Return the first and last byte asked for; None for all of it; the first behind the last for none there are.

    Several ranges at once, and other units, are answered by all of it, which section 14.2 allows.
    """
    asked = _RANGE.fullmatch((request.header(b"range") or "").strip())
    if asked is None or asked[1] == asked[2] == "" or not _if_range_agrees(request, etag, modified):
        return None
    if not asked[1]:
        wanted = _place(asked[2])
        return (max(size - wanted, 0), size - 1) if wanted else (size, size - 1)
    first = _place(asked[1])
    last = _place(asked[2]) if asked[2] else size - 1
    if asked[2] and last < first:
        return None
    return (first, min(last, size - 1)) if first < size else (size, size - 1)


def _place(digits: str) -> int:
    """Return the number; one that is larger than any file is one that is just that, however many digits it has."""
    significant = digits.lstrip("0")
    return int(significant or 0) if len(significant) < _MOST_DIGITS else 10**_MOST_DIGITS


def _if_range_agrees(request: Asking, etag: str | None, modified: datetime | None) -> bool:
    """Whether If-Range names this version exactly (section 13.1.5), or isn't there."""
    condition = request.header(b"if-range")
    if condition is None:
        return True
    if condition.startswith('"'):
        return condition == etag
    since = parse_date(condition)
    return since is not None and since == modified
