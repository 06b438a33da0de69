"""One connection to a Redis server, shared by all green threads of a hub: commands go out at once, answers in order.

redis' own client lends a connection to one caller at a time and runs each command as a coroutine of several layers;
that costs more than the server's answer does. Here a command is one write and one park. Addresses, TLS, passwords and
sentinels are still read and found by redis' client.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import hiredis
from redis.asyncio import Redis
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from spruce import green

__all__ = ["Wire", "connect"]

_NOTHING: Final = object()  # more bytes are needed
_pack = hiredis.pack_command


class _Asked(green.Waiter):
    """Who waits for the answers to what was asked at one go, and by when the next has to be there."""

    answers: list[Any] | None = None  # to several commands, as far as they are there

    def __init__(self, count: int, deadline: float) -> None:
        super().__init__()
        self.count = count
        self.deadline = deadline


class Wire(asyncio.Protocol):
    """The connection. `timeout`, in seconds, is for each answer; if one is late, the connection is given up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout: float) -> None:
        self._loop = loop
        self._timeout = timeout
        self._asked: deque[_Asked] = deque()
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self.error: Exception | None = None
        """Why it is of no use any more."""

    def __len__(self) -> int:
        return len(self._asked)

    def ask(self, command: tuple[Any, ...]) -> Any:
        """Send a command and return its answer, which may be an error. Blocks.

        Raises redis' ConnectionError or TimeoutError if the connection is lost meanwhile.
        """
        return self._send(_pack(command), 1)

    def ask_many(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send commands at one go and return their answers; as `ask`."""
        answers: list[Any] = self._send(b"".join(map(_pack, commands)), len(commands))
        return answers

    def _send(self, data: bytes, count: int) -> Any:
        if self.error is not None:
            raise self.error
        asked = _Asked(count, self._loop.time() + self._timeout)
        self._asked.append(asked)
        self._transport.write(data)
        if self._timer is None:
            self._timer = self._loop.call_at(asked.deadline, self._look)
        return asked.wait()

    def _look(self) -> None:
        """See whether an answer is late."""
        self._timer = None
        if not self._asked or self.error is not None:
            return
        deadline = self._asked[0].deadline
        if deadline <= self._loop.time():
            self.give_up(RedisTimeoutError(f"no answer within {self._timeout} s"))
        else:
            self._timer = self._loop.call_at(deadline, self._look)

    def give_up(self, error: Exception) -> None:
        """Close the connection; who waits gets the error."""
        if self.error is None:
            self.error = error
            if self._timer is not None:
                self._timer.cancel()
            self._transport.abort()
            while self._asked:
                self._asked.popleft().fail(error)

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write to."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand over the answers that are complete."""
        reader, asked = self._reader, self._asked
        reader.feed(data)
        try:
            while (answer := reader.gets()) is not _NOTHING:
                first = asked[0]
                if first.count == 1:
                    asked.popleft().wake_soonest(answer if first.answers is None else [*first.answers, answer])
                    continue
                first.count -= 1
                first.answers = first.answers or []
                first.answers.append(answer)
                first.deadline = self._loop.time() + self._timeout
        except (hiredis.ProtocolError, IndexError) as error:
            self.give_up(RedisConnectionError(f"what it says is no answer to what was asked: {error!r}"))

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits."""
        self.give_up(RedisConnectionError(str(error or "it closed the connection")))


async def connect(client: Redis, timeout: float) -> Wire:
    """A connection to where redis' client would connect, logged in. Raises OSError and redis' errors."""
    async with asyncio.timeout(timeout):
        loop = asyncio.get_running_loop()
        pool: Any = client.connection_pool
        model: Any = pool.make_connection()  # it stays unconnected, and tells what redis made of URL and options
        if isinstance(model, UnixDomainSocketConnection):
            _, wire = await loop.create_unix_connection(lambda: Wire(loop, timeout), model.path)
        else:
            host, port = model.host, model.port
            if hasattr(pool, "get_master_address"):  # sentinels know where it is
                host, port = await pool.get_master_address()
            context = model.ssl_context.get() if isinstance(model, SSLConnection) else None
            _, wire = await loop.create_connection(lambda: Wire(loop, timeout), host, port, ssl=context)
        try:
            await green.spawn(_log_in, wire, model)
        except BaseException:
            wire.give_up(RedisConnectionError("it could not be logged in"))
            raise
        return wire


def _log_in(wire: Wire, model: Any) -> None:
    commands: list[tuple[Any, ...]] = []
    if model.credential_provider is not None:
        commands.append(("AUTH", *model.credential_provider.get_credentials()))
    elif model.password:
        commands.append(("AUTH", *((model.username,) if model.username else ()), model.password))
    if model.db:
        commands.append(("SELECT", model.db))
    for command in commands:
        if isinstance(answer := wire.ask(command), hiredis.ReplyError):
            raise ResponseError(str(answer))
