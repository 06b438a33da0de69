"""Chains and groups: jobs that follow others, with Celery's names.

    chain(load.s(url), parse.s(), save.s(owner)).enqueue()         # each is given what the one before returned, first
    chain(group(fetch.s(url) for url in urls), merge.s()).enqueue()           # merge is given the list of all values

All jobs are entered at once, in one transaction, those that follow as blocked; the mark that ends the last one that
they wait for lets them go. When one fails for good, those that follow are cancelled; a group that another group or
call follows is waited for as a whole. `unique` is left out of account: a chain has jobs of its own.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from spruce.errors import InvalidTask
from spruce.tasks.backends import backend
from spruce.tasks.definitions import Signature
from spruce.tasks.embedded import Embedded, new_id
from spruce.tasks.inline import Dummy, Inline
from spruce.tasks.results import TaskResult

__all__ = ["Chain", "Group", "chain", "group"]


class Group:
    """Calls that may be made at one time."""

    def __init__(self, calls: Iterable[Signature]) -> None:
        self.calls = tuple(calls)
        for call in self.calls:
            if not isinstance(call, Signature):
                raise InvalidTask(f"a group is made of calls, not of {call!r}", hint="As in group(add.s(1), add.s(2)).")

    def enqueue(self) -> list[TaskResult[Any]]:
        """Enqueue them all, or none; return a result for each."""
        return Chain([self])._enter()[0]


class Chain:
    """Calls, or groups of them, each of which waits for the one before."""

    def __init__(self, links: Iterable[Signature | Group]) -> None:
        self.links = tuple(links)
        for link in self.links:
            if not isinstance(link, Signature | Group):
                raise InvalidTask(f"a chain is made of calls and groups, not of {link!r}", hint="Write add.s(1, 2).")
            if isinstance(link, Group) and not link.calls:
                raise InvalidTask("a group in a chain needs a call: what follows an empty one would never be let go")
        if not self.links:
            raise InvalidTask("a chain needs a call")

    def enqueue(self) -> TaskResult[Any]:
        """Enqueue them all, or none; return the result of the last one, or of the last call of a last group."""
        return self._enter()[-1][-1]

    def _enter(self) -> list[list[TaskResult[Any]]]:
        taker = backend()
        steps = [link.calls if isinstance(link, Group) else (link,) for link in self.links]
        for number, step in enumerate(steps):
            for call in step:
                given = () if number == 0 or call.immutable else (None,)
                if given and call.task.concurrency_key is not None:
                    raise InvalidTask(
                        f"{call.task.name} has a concurrency_key, which must know all arguments when it is enqueued",
                        hint="Write .si(…), with arguments of its own.",
                    )
                call.task.check_arguments((*given, *call.args), call.kwargs)
        if isinstance(taker, Inline):
            return _at_once(taker, self.links)
        if isinstance(taker, Dummy):
            return [[taker.add(call.task, call.args, call.kwargs) for call in step] for step in steps]
        if not isinstance(taker, Embedded):
            raise InvalidTask(f"the backend {taker.name!r} has no chains and groups of Spruce's")
        with taker.together():
            return self._entered(taker)

    def _entered(self, taker: Embedded) -> list[list[TaskResult[Any]]]:
        results: list[list[TaskResult[Any]]] = []
        before, size, many = "", 0, False
        for number, link in enumerate(self.links):
            calls = link.calls if isinstance(link, Group) else (link,)
            ids = [new_id() for _ in calls]
            name = new_id() if isinstance(link, Group) else None
            leads = number + 1 < len(self.links)
            more: dict[str, Any] = {"group_id": name, "leads": leads and name is None}
            if before:
                more |= {"state": "BLOCKED", "follows": before, "pending": size}
            results.append([])
            for id_, call in zip(ids, calls, strict=True):
                marker = ("" if call.immutable else "many" if many else "one",) if before else ()
                link_of_its_own = {**more, "id": id_, "marker": marker}
                results[-1].append(
                    taker.add(replace(call.task, unique=False), call.args, call.kwargs, **link_of_its_own)
                )
            before, size, many = name or ids[0], len(calls), name is not None
        return results


def _at_once(taker: Inline, links: tuple[Signature | Group, ...]) -> list[list[TaskResult[Any]]]:
    """Run them one after another, as far as they succeed; those behind a failure are noted as cancelled."""
    results: list[list[TaskResult[Any]]] = []
    value: Any = None
    for number, link in enumerate(links):
        calls = link.calls if isinstance(link, Group) else (link,)
        failed = number > 0 and not all(result.status == "SUCCESSFUL" for result in results[-1])
        results.append([])
        for call in calls:
            if failed:
                noted = Dummy.add(taker, call.task, call.args, call.kwargs)
                taker.cancel(noted.id)
                results[-1].append(noted)
                continue
            given = () if number == 0 or call.immutable else (value,)
            results[-1].append(taker.add(call.task, (*given, *call.args), call.kwargs))
        if all(result.status == "SUCCESSFUL" for result in results[-1]):
            values = [result.return_value for result in results[-1]]
            value = values if isinstance(link, Group) else values[0]
    return results


def chain(*links: Signature | Group) -> Chain:
    """Calls, or groups, of which each is made when the one before has succeeded. Raises InvalidTask for others."""
    return Chain(links)


def group(*calls: Signature | Iterable[Signature]) -> Group:
    """Calls that are made at one time; given one by one, or as something to iterate over. Raises InvalidTask."""
    first = calls[0] if len(calls) == 1 else calls
    return Group([first] if isinstance(first, Signature) else first)  # type: ignore[arg-type] # Group checks each
