"""What a loop waits for: two tables from descriptor to callback, and the epoll that is told of every change.

To asyncio's own code it is the loop's selector, as far as that code looks at one.
"""

import select
import selectors
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from spruce.green.handles import Handle

__all__ = ["READABLE", "WRITABLE", "Descriptors", "Table", "descriptor_of", "handle_of"]

_IN: Final = select.EPOLLIN
_OUT: Final = select.EPOLLOUT
READABLE: Final = ~_OUT  # of an event: a hang-up or an error is news for both sides, as it is for asyncio
WRITABLE: Final = ~_IN

Table = dict[int, Callable[[], object]]


class Descriptors(Mapping[int, selectors.SelectorKey]):
    """The descriptors of one loop, with who is to be called when they are readable or writable.

    A callback is either a `Handle`'s `_run` or a plain function; a handle is cancelled when its place is taken.
    """

    def __init__(self) -> None:
        self.readers: Table = {}
        self.writers: Table = {}
        self.stale: set[int] = set()  # those whose interest changed since the loop last cleared this
        self._registered: set[int] = set()
        self._epoll = select.epoll()
        self.poll = self._epoll.poll

    def watch(self, table: Table, fd: int, callback: Callable[[], object]) -> None:
        """Call `callback` when `fd` is ready for that side. OSError if it can't be waited for."""
        before = table.get(fd)
        table[fd] = callback
        try:
            self._tell_kernel(fd)
        except BaseException:
            del table[fd]
            raise
        finally:
            _cancel(before)

    def unwatch(self, table: Table, fd: int) -> bool:
        """Stop calling for that side of `fd`; whether anybody was called. A closed descriptor is no error."""
        callback = table.pop(fd, None)
        if callback is None:
            return False
        _cancel(callback)
        self._tell_kernel(fd)
        return True

    def _tell_kernel(self, fd: int) -> None:
        wanted = (_IN if fd in self.readers else 0) | (_OUT if fd in self.writers else 0)
        self.stale.add(fd)
        if not wanted:
            self._registered.discard(fd)
            try:
                self._epoll.unregister(fd)
            except OSError:
                pass  # closed before, which the kernel noticed itself
        elif fd in self._registered:
            try:
                self._epoll.modify(fd, wanted)
            except FileNotFoundError:  # closed before, and the number is another file's now
                self._epoll.register(fd, wanted)
        else:
            self._epoll.register(fd, wanted)
            self._registered.add(fd)

    def forget(self) -> None:
        """Drop all callbacks without a word to the kernel: in a forked child the epoll is the parent's too."""
        self.readers.clear()
        self.writers.clear()
        self._registered.clear()

    # ---- a selector, for asyncio ------------------------------------------------------------------------------------

    def __getitem__(self, file: Any) -> selectors.SelectorKey:
        fd = descriptor_of(file)
        reader, writer = self.readers.get(fd), self.writers.get(fd)
        if reader is None and writer is None:
            raise KeyError(f"{file!r} is not registered")
        mask = (selectors.EVENT_READ if reader else 0) | (selectors.EVENT_WRITE if writer else 0)
        return selectors.SelectorKey(file, fd, mask, (reader, writer))

    def __iter__(self) -> Iterator[int]:
        return iter({**self.readers, **self.writers})

    def __len__(self) -> int:
        return len({**self.readers, **self.writers})

    get_key = __getitem__

    def get_map(self) -> Mapping[int, selectors.SelectorKey]:
        """The descriptors that are watched."""
        return self

    def close(self) -> None:
        """Close the epoll; nothing can be watched any more."""
        self._epoll.close()


def descriptor_of(file: Any) -> int:
    """The number of an open file, given as such or as something with `fileno()`. ValueError if it is neither."""
    if isinstance(file, int):
        return file
    try:
        return int(file.fileno())
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"Invalid file object: {file!r}") from None


def handle_of(callback: Callable[[], object]) -> Handle | None:
    """The handle whose `_run` this is; None for a plain function."""
    owner = getattr(callback, "__self__", None)
    return owner if isinstance(owner, Handle) else None


def _cancel(callback: Callable[[], object] | None) -> None:
    handle = handle_of(callback) if callback is not None else None
    if handle is not None:
        handle.cancel()
