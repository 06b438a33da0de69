"""Leaves: parts of a transaction that have nothing below them and are told when they have ended, as queries and pages.

Most spans are of this kind, so they cost least: no object, no id, a tuple in the list of the transaction. The rules are
those of spans: what is too much is counted, what is alike and short is put together.
"""

from time import perf_counter
from typing import Any

from spruce.apm.limits import count_dropped, put_together
from spruce.apm.spans import Span, Transaction, current
from spruce.apm.what import What

__all__ = ["note"]


def note(what: What, seconds: float, detail: Any = None) -> Transaction | None:
    """Keep what has ended now after so many seconds as a part of what runs here.

    Return the transaction; None where none runs or it isn't sampled.
    """
    here: Any = current.get()
    parent: Span | None = None
    if type(here) is Transaction:  # which runs: another class has those that have ended
        transaction = here
    elif here is None or here.transaction.ended:
        return None
    else:
        parent, transaction = here, here.transaction
        if here.what.leaf:
            return transaction if transaction.sampled else None
    if not transaction.sampled:
        return None
    limits = transaction.limits
    is_exit = what.exit
    if transaction.started >= limits.transaction_max_spans or (is_exit and seconds < limits.exit_span_min_duration):
        transaction.dropped += 1
        count_dropped(transaction, what, "success", 1, seconds)
        return transaction
    ended = perf_counter()
    began = ended - seconds
    entries = transaction.entries
    if parent is not None and parent.ended:  # the thread that it runs in outlives the span that it was begun in
        here = None
    elif began >= here._covered_until:
        here._covered += seconds
        here._covered_until = ended
    else:
        here.cover(began, ended)
    if here is not None:
        if is_exit and limits.span_compression_enabled:
            alike = here.alike
            if alike >= 0:
                before = entries[alike]
                may_be = type(before) is not tuple or before[0].name == what.name or before[5] is not None
                may_be = may_be or limits.span_compression_same_kind_max_duration > 0
                if may_be and put_together(entries, alike, what, began, seconds, limits):
                    return transaction
            here.alike = len(entries)
        else:
            here.alike = -1
    transaction.started += 1
    entries.append((what, parent, began, seconds, detail, None))
    return transaction
