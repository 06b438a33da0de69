"""The cases of Autobahn's WebSocket test suite, by its numbers, as bytes against an echo that is served for real.

Each case opens a connection, sends its pieces, and tells which frames must come back and how the connection must end.
Where the suite allows both, a connection that fails may do so before it has answered what came before.
The suite itself takes Python 2.7 and 45 minutes; docs/explanation/reliability.md tells how it is run.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.real.conftest import Served
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect

ECHO = """
from spruce import App
from spruce.http import Response
from spruce.server import WebSocketClosed, WebSocketOptions, accept

app = App(__name__)


@app.get("/")
def echo(request):
    websocket = accept(request, WebSocketOptions(max_message=16 * 1024 * 1024))
    for message in websocket:
        try:
            websocket.send(message)
        except WebSocketClosed:
            break
    return Response(b"", 101)
"""
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
PROTOCOL_ERROR, BAD_DATA = 1002, 1007

Frame = tuple[int, bytes]


@dataclass
class Case:
    """`sends` are pieces of bytes, each sent by itself; `code` is that of the server's close frame.

    `fails`: the server ends the connection by itself, maybe before all that is expected has come; else the test closes
    it with 1000 behind what it has sent, unless the case does so.
    """

    number: str
    sends: Sequence[bytes]
    expects: Sequence[Frame] = ()
    code: int | None = 1000
    fails: bool = False
    closes: bool = True


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0) -> bytes:
    """Return a frame as clients send it: masked (RFC 6455 section 5.2)."""
    first, size = final << 7 | reserved << 4 | opcode, len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    mask = os.urandom(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size])
    return head + mask + (int.from_bytes(payload) ^ key).to_bytes(size)


def octets(data: bytes) -> list[bytes]:
    """Each byte as a piece of its own."""
    return [data[index : index + 1] for index in range(len(data))]


def closing(code: int, reason: bytes = b"") -> bytes:
    """Return a close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


HELLO = frame(TEXT, b"Hello")
ECHOED = (TEXT, b"Hello")


def framing() -> Iterator[Case]:
    """1: sizes at each border of the length field; whole, and chopped."""
    for part, opcode, fill in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
        for number, size in enumerate((0, 125, 126, 127, 128, 65535, 65536), 1):
            yield Case(f"1.{part}.{number}", [frame(opcode, fill * size)], [(opcode, fill * size)])
        data = frame(opcode, fill * 65536)
        chopped = [data[start : start + 997] for start in range(0, len(data), 997)]
        yield Case(f"1.{part}.8", chopped, [(opcode, fill * 65536)])


def pings() -> Iterator[Case]:
    """2: pings are answered with what they carry, pongs that nobody asked for are let pass."""
    yield Case("2.1", [frame(PING)], [(PONG, b"")])
    yield Case("2.2", [frame(PING, b"Hello")], [(PONG, b"Hello")])
    yield Case("2.3", [frame(PING, b"\x00\xff\xfe\xfd")], [(PONG, b"\x00\xff\xfe\xfd")])
    yield Case("2.4", [frame(PING, b"\xfe" * 125)], [(PONG, b"\xfe" * 125)])
    yield Case("2.5", [frame(PING, b"\xfe" * 126)], code=PROTOCOL_ERROR, fails=True)
    yield Case("2.6", octets(frame(PING, b"\xfe" * 125)), [(PONG, b"\xfe" * 125)])
    yield Case("2.7", [frame(PONG)])
    yield Case("2.8", [frame(PONG, b"unasked")])
    yield Case("2.9", [frame(PONG, b"unasked") + frame(PING, b"asked")], [(PONG, b"asked")])
    ten = [b"%d" % number for number in range(10)]
    yield Case("2.10", [b"".join(frame(PING, data) for data in ten)], [(PONG, data) for data in ten])
    yield Case("2.11", octets(b"".join(frame(PING, data) for data in ten)), [(PONG, data) for data in ten])


def reserved() -> Iterator[Case]:
    """3 and 4: reserved bits and opcodes end the connection, at once and behind or before other frames."""
    for number, bits in enumerate((1, 2, 3, 4, 5, 6, 7), 1):
        odd = frame((TEXT, TEXT, TEXT, TEXT, BINARY, CLOSE, PING)[number - 1], b"", reserved=bits)
        for kind, sends in (("", [odd]), (" behind", [HELLO + odd]), (" chopped", [HELLO, *octets(odd), HELLO])):
            yield Case(f"3.{number}{kind}", sends, [ECHOED], PROTOCOL_ERROR, fails=True)
    for part, first in ((1, 3), (2, 11)):
        for number in range(5):
            odd = frame(first + number, b"")
            for kind, sends in (
                ("", [odd]),
                (" behind", [HELLO + odd]),
                (" full", [HELLO, frame(first + number, b"x")]),
            ):
                yield Case(f"4.{part}.{number + 1}{kind}", sends, [ECHOED], PROTOCOL_ERROR, fails=True)


def fragments() -> Iterator[Case]:
    """5: messages in parts, with control frames between them; parts that belong to none."""
    first, last = frame(TEXT, b"fragment1", final=False), frame(CONTINUED, b"fragment2")
    whole = (TEXT, b"fragment1fragment2")
    ping, pong = frame(PING, b"ping"), (PONG, b"ping")
    yield Case("5.1", [frame(PING, b"a", final=False) + frame(CONTINUED, b"b")], (), PROTOCOL_ERROR, fails=True)
    yield Case("5.2", [frame(PONG, b"a", final=False) + frame(CONTINUED, b"b")], (), PROTOCOL_ERROR, fails=True)
    for number, sends in enumerate(([first + last], [first, last], octets(first + last)), 3):
        yield Case(f"5.{number}", sends, [whole])
    for number, sends in enumerate(([first + ping + last], [first, ping, last], octets(first + ping + last)), 6):
        yield Case(f"5.{number}", sends, [pong, whole])
    stray = frame(CONTINUED, b"stray")
    for number, (data, text) in enumerate(product((stray, frame(CONTINUED, b"", final=False)), (0, 1, 2)), 9):
        sends = [[data + HELLO], [data, HELLO], octets(data + HELLO)][text]
        yield Case(f"5.{number}", sends, [ECHOED], PROTOCOL_ERROR, fails=True)
    yield Case("5.15", [first + last + stray + HELLO], [whole], PROTOCOL_ERROR, fails=True)
    for number in (16, 17):
        sends = [frame(CONTINUED, b"a", final=number == 17) + first + last] * 2
        yield Case(f"5.{number}", sends, (), PROTOCOL_ERROR, fails=True)
    yield Case("5.18", [first, frame(TEXT, b"second")], (), PROTOCOL_ERROR, fails=True)
    parts = [frame(CONTINUED, b"fragment%d" % number, final=number == 5) for number in (2, 3, 4, 5)]
    many = (TEXT, b"".join(b"fragment%d" % number for number in range(1, 6)))
    sends = [first, parts[0], ping, parts[1], parts[2], ping, parts[3]]
    yield Case("5.19", sends, [pong, pong, many])
    yield Case("5.20", [b"".join(sends)], [pong, pong, many])


VALID = [
    "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!".encode(),
    "\u03ba\u1f79\u03c3\u03bc\u03b5".encode(),
    *(
        chr(point).encode()
        for point in (0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0xD7FF, 0xE000, 0xFFFD, 0x10FFFF)
    ),
    *(chr(plane << 16 | end).encode() for plane in range(17) for end in (0xFFFE, 0xFFFF)),
]
INVALID = [
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited",
    *(b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"[:end] for end in (1, 3, 4, 6, 8, 10)),
    *(bytes([0x80 + extra % 64] * (extra + 1)) for extra in range(8)),  # continuations without a start
    bytes(range(0x80, 0xC0)),
    *(
        bytes(byte for start in range(first, last) for byte in (start, 0x20))
        for first, last in ((0xC0, 0xE0), (0xE0, 0xF0), (0xF0, 0xF8), (0xF8, 0xFC), (0xFC, 0xFE))
    ),  # starts without a continuation
    b"\xc0",
    b"\xe0\x80",
    b"\xf0\x80\x80",
    b"\xf8\x80\x80\x80",
    b"\xfc\x80\x80\x80\x80",
    b"\xdf",
    b"\xef\xbf",
    b"\xf7\xbf\xbf",
    b"\xfb\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf",
    b"\xfe",
    b"\xff",
    b"\xfe\xfe\xff\xff",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",  # overlong
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf8\x87\xbf\xbf\xbf",
    b"\xfc\x83\xbf\xbf\xbf\xbf",
    b"\xc0\x80",
    b"\xe0\x80\x80",
    b"\xf0\x80\x80\x80",
    b"\xf8\x80\x80\x80\x80",
    b"\xfc\x80\x80\x80\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xfb\xbf\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf\xbf",
    b"\xf4\x90\x80\x80",
    *(
        struct.pack("BBB", 0xED, 0xA0 | half >> 6 & 31, 0x80 | half & 63)
        for half in (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)
    ),  # halves of surrogates
    *(b"\xed\xa0\x80" + bytes([0xED, 0xB0, low]) for low in (0x80, 0xBF)),
    *(b"\xed\xaf\xbf" + bytes([0xED, 0xBF, low]) for low in (0x80, 0xBF)),
]


def utf_8() -> Iterator[Case]:
    """6: text is UTF-8, wherever it is cut; what isn't, ends the connection."""
    parts = [frame(TEXT, b"", final=False), frame(CONTINUED, b"", final=False), frame(CONTINUED, b"")]
    yield Case("6.1.1", [frame(TEXT)], [(TEXT, b"")])
    yield Case("6.1.2", parts, [(TEXT, b"")])
    middle = frame(CONTINUED, b"middle", final=False)
    yield Case("6.1.3", [parts[0], middle, parts[2]], [(TEXT, b"middle")])
    for number, text in enumerate(VALID):
        single = [
            frame(TEXT if not index else CONTINUED, text[index : index + 1], final=index == len(text) - 1)
            for index in range(len(text))
        ]
        for kind, sends in (("whole", [frame(TEXT, text)]), ("in parts", [b"".join(single)]), ("octets", single)):
            yield Case(f"6 valid {number} {kind}", sends, [(TEXT, text)])
    for number, text in enumerate(INVALID):
        single = [frame(TEXT, b"", final=False), *(frame(CONTINUED, byte, final=False) for byte in octets(text))]
        for kind, sends in (
            ("whole", [frame(TEXT, text)]),
            ("in parts", [b"".join(single) + parts[2]]),
            ("octets", [*octets(frame(TEXT, text))]),
        ):
            yield Case(f"6 invalid {number} {kind}", sends, (), BAD_DATA, fails=True)
    start = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
    yield Case(
        "6.4.1 before its end",
        [frame(TEXT, start, final=False), frame(CONTINUED, b"\xf4\x90\x80\x80", final=False)],
        (),
        BAD_DATA,
        fails=True,
    )
    yield Case(
        "6.4.2 before its end",
        [frame(TEXT, start + b"\xf4", final=False), frame(CONTINUED, b"\x90", final=False)],
        (),
        BAD_DATA,
        fails=True,
    )


def ends() -> Iterator[Case]:
    """7: the closing handshake: codes that may be sent and codes that may not, reasons, what comes behind."""
    yield Case("7.1.1", [HELLO], [ECHOED])
    yield Case("7.1.2", [closing(1000) * 2], closes=False)
    yield Case("7.1.3", [closing(1000) + frame(PING, b"late")], closes=False)
    yield Case("7.1.4", [closing(1000) + HELLO], closes=False)
    first = frame(TEXT, b"fragment1", final=False)
    yield Case("7.1.5", [first + closing(1000) + frame(CONTINUED, b"fragment2")], closes=False)
    yield Case(
        "7.1.6",
        [frame(TEXT, b"x" * 256 * 1024), HELLO, closing(1000), frame(PING)],
        [(TEXT, b"x" * 256 * 1024), ECHOED],
        fails=True,
    )
    yield Case("7.3.1", [frame(CLOSE)], code=None, closes=False)
    yield Case("7.3.2", [frame(CLOSE, b"a")], code=PROTOCOL_ERROR, fails=True)
    yield Case("7.3.3", [closing(1000)], closes=False)
    yield Case("7.3.4", [closing(1000, b"Hello World!")], closes=False)
    yield Case("7.3.5", [closing(1000, b"*" * 123)], closes=False)
    yield Case("7.3.6", [closing(1000, b"*" * 124)], code=PROTOCOL_ERROR, fails=True)
    yield Case("7.5.1", [closing(1000, INVALID[0])], code=BAD_DATA, fails=True)
    good = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    for number, code in enumerate(good, 1):
        yield Case(f"7.7.{number}", [closing(code)], code=code, closes=False)
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield Case(f"7.9.{number}", [closing(code)], code=PROTOCOL_ERROR, fails=True)
    yield Case("7.13.1", [closing(5000)], code=PROTOCOL_ERROR, fails=True)
    yield Case("7.13.2", [closing(65535)], code=PROTOCOL_ERROR, fails=True)


def limits() -> Iterator[Case]:
    """9 and 10, smaller: large messages, in many parts and in small pieces; a part larger than the answer's."""
    for opcode, kind in ((TEXT, "text"), (BINARY, "binary")):
        for size in (64 * 1024, 1024 * 1024, 4 * 1024 * 1024):
            data = b"*" * size
            yield Case(f"9 {kind} of {size}", [frame(opcode, data)], [(opcode, data)])
        data = b"BAsd7&jh23" * 26_214
        for step in (64, 1024, 65536):
            cuts = range(0, len(data), step)
            parts = [frame(CONTINUED if cut else opcode, data[cut : cut + step], final=cut == cuts[-1]) for cut in cuts]
            yield Case(f"9 {kind} in parts of {step}", [b"".join(parts)], [(opcode, data)])
            sent = frame(opcode, data)
            yield Case(
                f"9 {kind} in pieces of {step}",
                [sent[cut : cut + max(step, 512)] for cut in range(0, len(sent), max(step, 512))],
                [(opcode, data)],
            )
    yield Case("9 many small", [b"".join(frame(TEXT, b"x" * 16) for _ in range(1000))], [(TEXT, b"x" * 16)] * 1000)
    data = b"*" * 65536
    sends = [
        frame(CONTINUED if cut else TEXT, data[cut : cut + 1300], final=cut + 1300 >= 65536)
        for cut in range(0, 65536, 1300)
    ]
    yield Case("10.1.1", sends, [(TEXT, data)])


CASES = [case for group in (framing, pings, reserved, fragments, utf_8, ends, limits) for case in group()]


class Client:
    """A client that sends what it is told, right or wrong, and reads what comes until the end of the connection."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(HANDSHAKE)
        self.reader = self.sock.makefile("rb")
        head = b"".join(iter(self.reader.readline, b"\r\n"))
        assert head.startswith(b"HTTP/1.1 101 "), head

    def next(self) -> Frame | None:
        """Return the next frame, None at the end."""
        head = self.reader.read(2)
        if len(head) < 2:
            return None
        size = head[1]
        assert not size & 0x80, "a server's frames are not masked"
        if size >= 126:
            size = int.from_bytes(self.reader.read(2 if size == 126 else 8))
        assert head[0] & 0xF0 == 0x80, "the answer is in one frame, without reserved bits"
        return head[0] & 15, self.reader.read(size)

    def close(self) -> None:
        self.reader.close()
        self.sock.close()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the echo is."""
    folder: Path = tmp_path_factory.mktemp("echo")
    (folder / "echo.py").write_text(ECHO)
    served = Served([str(Path(sys.executable).with_name("spruce")), "run", "echo.py", "--port", "0"], folder, {})
    yield served.port
    assert served.stop() == 0, served.output
    assert "Traceback" not in served.output, served.output


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_case(port: int, case: Case) -> None:
    """What comes back, in order, and the code at the end."""
    client = Client(port)
    got: list[Frame] = []
    try:
        try:
            for piece in case.sends:
                client.sock.sendall(piece)
            while not case.fails and len(got) < len(case.expects):
                answer = client.next()
                assert answer is not None, (got, "the connection ended before all had come back")
                got.append(answer)
            if case.closes and not case.fails:
                client.sock.sendall(closing(1000))
        except (BrokenPipeError, ConnectionResetError):
            assert case.fails
        code = None
        while (answer := client.next()) is not None:
            if answer[0] == CLOSE:
                code = int.from_bytes(answer[1][:2]) if answer[1] else None
                if case.fails:
                    client.sock.shutdown(socket.SHUT_WR)
            else:
                got.append(answer)
        assert code == case.code
        assert got == list(case.expects)[: len(got) if case.fails else None]
    finally:
        client.close()


OFFERS: list[dict[str, Any]] = [
    {},
    {"server_no_context_takeover": True},
    {"client_no_context_takeover": True},
    {"server_no_context_takeover": True, "client_no_context_takeover": True},
    {"server_max_window_bits": 9},
    {"server_max_window_bits": 15, "client_max_window_bits": 15},
    {"client_max_window_bits": 9},
    {"server_max_window_bits": 9, "client_max_window_bits": 9, "server_no_context_takeover": True},
]


@pytest.mark.parametrize("offer", OFFERS, ids=str)
def test_messages_are_compressed_as_agreed(port: int, offer: dict[str, Any]) -> None:
    """12 and 13, smaller: texts and bytes of many sizes under each set of parameters."""
    texts = ["", "x", "*" * 16, "panda " * 1000, "".join(chr(32 + index * 7 % 900) for index in range(30_000))]
    messages: list[str | bytes] = [*texts, *(text.encode() for text in texts), os.urandom(100_000)]
    factory = ClientPerMessageDeflateFactory(**offer)
    with connect(
        f"ws://127.0.0.1:{port}/", proxy=None, extensions=[factory], compression=None, max_size=None
    ) as client:
        assert [extension.name for extension in client.protocol.extensions] == ["permessage-deflate"]
        for _ in range(3):
            for message in messages:
                client.send(message)
                assert client.recv() == message
            client.send(["in ", "three ", "parts"])
            assert client.recv() == "in three parts"
