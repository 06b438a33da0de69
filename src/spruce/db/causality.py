"""What was written here, as a token that others can wait for: a later request, a job, another service.

Reads after `read_after(token)` are answered by a replica only if it has what the token stands for. Requests do this by
themselves, with a cookie: see `spruce.middleware.replicas`.
"""

from spruce.db.databases import current
from spruce.db.replicas import Seen, seen_here, start_anew
from spruce.errors import DataError

__all__ = ["last_write", "read_after", "read_latest"]


def last_write() -> str:
    """What was written here, or by those whose tokens were taken; empty when that is nothing, or nobody has replicas.

    Asks the primary for its position, once after each write. Inside of a transaction it tells nothing of that one.
    """
    databases = current()
    parts = []
    for alias, seen in seen_here().items():
        replicas = databases[alias].replicas if alias in databases.replicas else None
        if replicas is not None and seen.written_at:
            replicas.settle(seen)
        if seen.position:
            parts.append(f"{alias}:{seen.position:x}")
    return ",".join(parts)


def read_after(token: str) -> None:
    """Let reads of this green thread see what `token` stands for, in this request or job and in what it spawns.

    Raises DataError for what `last_write()` never gave.
    """
    seen = seen_here()
    for part in filter(None, token.split(",")):
        alias, _, position = part.rpartition(":")
        try:
            number = int(position, 16)
        except ValueError:
            raise DataError(f"{token!r} is no token", hint="It is what db.last_write() has returned.") from None
        known = seen.setdefault(alias, Seen())
        known.position = max(known.position, number)


def read_latest() -> None:
    """Let a job begin whose reads see all that has been committed before now, by whoever; free without replicas.

    The position of the primary is asked for when something is read first.
    """
    databases = current()
    if databases.replicas:
        start_anew()
        for alias in databases.replicas:
            replicas = databases[alias].replicas
            if replicas is not None:
                replicas.note_write()
