"""Optimistic locking: a page knows in which state it found its object, and nobody overwrites another one's change."""

import hashlib
from collections.abc import Iterable
from typing import Any

from spruce import db

__all__ = ["FIELD", "version_of"]

FIELD = "_version"
"""The hidden field of a page with the state in which it found the object."""


def version_of(obj: Any, rows: Iterable[Any] = ()) -> str:
    """Return a hash of the row of an object, and of what it is tied to, that changes with any of them.

    `rows` are those of inlines, which belong to it.
    """
    digest = hashlib.sha256()
    for each in (obj, *rows):
        for field in each._meta.fields:
            value = getattr(each, field.attname)
            text = str(value) if isinstance(field, db.FileField) else repr(value)
            digest.update(f"{field.attname}={text}\n".encode())
    for name in obj._meta.many:
        keys = sorted(str(key) for key in getattr(obj, name).all().order_by().values_list("pk", flat=True))
        digest.update(f"{name}={keys}\n".encode())
    return digest.hexdigest()[:32]
