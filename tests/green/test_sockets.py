"""Green sockets: whatever blocks parks one thread; timeouts, closing, and the errors of listening."""

import errno
import os
import socket
import stat
import threading

import pytest

from spruce import green
from spruce.errors import PortInUse, ServerError
from spruce.green import runtime
from spruce.green.sockets import GreenSocket, connect, listen

pytestmark = pytest.mark.usefixtures("everywhere")

LOCAL = ("127.0.0.1", 0)


@pytest.fixture
def pair():
    """Two connected green sockets."""
    one, other = (GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
    yield one, other
    one.close()
    other.close()


def echo(sock):
    """Send back what comes, until the other side ends."""
    with sock:
        while data := sock.recv(1000):
            sock.sendall(data)


def serve(listener, handler=echo):
    """Accept for ever."""
    while True:
        connection, _ = listener.accept()
        green.spawn(handler, connection)


def refused(call, *args, **kwargs):
    """Return the text of the ServerError that a call raises."""
    with pytest.raises(ServerError) as caught:
        call(*args, **kwargs)
    return type(caught.value), str(caught.value)


def test_many_clients_at_once():
    """Over TCP, each in a thread of its own."""
    with listen(LOCAL) as listener:
        server = green.spawn(serve, listener)

        def client(number):
            with connect(listener.getsockname()) as sock:
                for _ in range(5):
                    sock.sendall(b"%d" % number)
                    assert sock.recv(100) == b"%d" % number
            return number

        assert list(green.GreenPool(20).imap(client, range(50))) == list(range(50))
        server.kill()


def test_unix_sockets(tmp_path):
    """By their path; a stale one is replaced, one in use and other files are not."""
    path = str(tmp_path / "socket")
    listen(path, socket.AF_UNIX).close()
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    with listen(path, socket.AF_UNIX) as listener:
        server = green.spawn(serve, listener)
        with connect(path, socket.AF_UNIX) as sock:
            sock.sendall(b"hello")
            assert sock.recv(100) == b"hello"
        assert refused(listen, path, socket.AF_UNIX) == (
            PortInUse,
            f"{path} is in use by another process. Stop that process or choose another port",
        )
        server.kill()
    (tmp_path / "file").write_text("kept")
    kind, text = refused(listen, str(tmp_path / "file"), socket.AF_UNIX)
    assert (kind, text.startswith(f"{tmp_path}/file is in use")) == (PortInUse, True)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_full_backlog_of_a_unix_socket(tmp_path):
    """Connecting tries again until there is room, or its time is over."""
    path = str(tmp_path / "socket")
    with listen(path, socket.AF_UNIX, backlog=1) as listener:
        first = [connect(path, socket.AF_UNIX) for _ in range(2)]
        with GreenSocket(socket.AF_UNIX, socket.SOCK_STREAM) as late:
            late.settimeout(0.005)
            with pytest.raises(TimeoutError, match=r"^timed out$"):
                late.connect(path)
        waiting = green.spawn(connect, path, socket.AF_UNIX)
        green.sleep(0)
        accepted = [listener.accept()[0] for _ in range(3)]
        for sock in [*first, *accepted, waiting.wait()]:
            sock.close()


def test_datagrams():
    """Sent and received with addresses."""
    one, other = (GreenSocket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with one, other:
        for sock in (one, other):
            sock.bind(LOCAL)
        buffer = bytearray(10)
        receiver = green.spawn(lambda: (other.recvfrom(10), other.recvfrom_into(buffer)))
        green.sleep(0)
        one.sendto(b"first", other.getsockname())
        one.sendto(b"second", other.getsockname())
        first, second = receiver.wait()
        assert first == (b"first", one.getsockname())
        assert (second, buffer[:6]) == ((6, one.getsockname()), b"second")


def test_messages(pair):
    """With ancillary data, such as descriptors."""
    one, other = pair
    receiver = green.spawn(socket.recv_fds, other, 10, 1)
    green.sleep(0)
    with open(os.devnull) as file:
        socket.send_fds(one, [b"take it"], [file.fileno()])
    data, descriptors, _, _ = receiver.wait()
    assert data == b"take it"
    os.close(descriptors[0])
    buffer = bytearray(10)
    receiver = green.spawn(other.recvmsg_into, [buffer])
    green.sleep(0)
    one.sendmsg([b"in", b"to"])
    assert receiver.wait()[0] == 4
    assert buffer[:4] == b"into"


def test_sendall_waits_for_a_slow_reader(pair):
    """All bytes arrive in order, while others run."""
    one, other = pair
    sent = os.urandom(3_000_000)
    sender = green.spawn(one.sendall, sent)
    green.sleep(0)
    assert not sender.dead
    got = bytearray()
    while len(got) < len(sent):
        got += other.recv(100_000)
    assert bytes(got) == sent
    sender.wait()


def test_send_takes_what_there_is_room_for(pair):
    """And parks when there is none."""
    one, other = pair
    while True:
        one.settimeout(0)
        try:
            one.send(bytes(100_000))
        except BlockingIOError:
            break
    one.settimeout(None)
    sender = green.spawn(one.send, b"more")
    green.sleep(0)
    assert not sender.dead
    while not sender.dead:
        other.recv(1_000_000)
        green.sleep(0)
    assert sender.wait() == 4


def test_files_over_sockets(pair, tmp_path):
    """As a file object, and with sendfile."""
    one, other = pair
    (tmp_path / "data").write_bytes(b"line 1\nline 2\n" * 1000)

    def send():
        with open(tmp_path / "data", "rb") as file:
            assert one.sendfile(file) == 14000
        one.shutdown(socket.SHUT_WR)

    sender = green.spawn(send)
    with other.makefile("rb") as reader:
        lines = list(reader)
    sender.wait()
    assert lines == [b"line 1\n", b"line 2\n"] * 1000


def test_recv_into(pair):
    """Fills a buffer."""
    one, other = pair
    buffer = bytearray(5)
    reader = green.spawn(other.recv_into, buffer)
    green.sleep(0)
    one.sendall(b"abc")
    assert reader.wait() == 3
    assert buffer == b"abc\0\0"


def test_timeouts(pair):
    """Each call raises TimeoutError after so many seconds; 0 raises BlockingIOError at once."""
    one, _ = pair
    one.settimeout(0.001)
    assert (one.gettimeout(), one.timeout, one.getblocking()) == (0.001, 0.001, True)
    with pytest.raises(TimeoutError, match=r"^timed out$"):
        one.recv(1)
    with pytest.raises(TimeoutError, match=r"^timed out$"):
        one.sendall(bytes(10_000_000))
    for setting in (lambda: one.settimeout(0), lambda: one.setblocking(False)):
        setting()
        assert not one.getblocking()
        with pytest.raises(BlockingIOError):
            one.recv(1)
    one.setblocking(True)
    assert one.gettimeout() is None
    with pytest.raises(ValueError, match=r"^Timeout value out of range$"):
        one.settimeout(-1)


def test_a_socket_closed_while_another_thread_waits(pair):
    """Who waits learns of it; the descriptor's next owner is not confused with it."""
    one, other = pair
    readers = [green.spawn(one.recv, 1) for _ in range(2)]
    green.sleep(0)
    number = one.fileno()
    one.close()
    for reader in readers:
        with pytest.raises(OSError, match="the socket was closed by another green thread") as caught:
            reader.wait()
        assert caught.value.errno == errno.EBADF
    a, b = (GreenSocket(fileno=sock.detach()) for sock in socket.socketpair())
    with a, b:
        assert number in (a.fileno(), b.fileno())
        reader = green.spawn(a.recv, 10)
        green.sleep(0)
        b.sendall(b"new owner")
        assert reader.wait() == b"new owner"
    assert other.recv(1) == b""


def test_several_threads_read_one_socket(pair):
    """Each gets a part; none is left out."""
    one, other = pair
    readers = [green.spawn(other.recv, 1) for _ in range(5)]
    green.sleep(0)
    one.sendall(b"abcde")
    assert sorted(reader.wait() for reader in readers) == [b"a", b"b", b"c", b"d", b"e"]


def test_reading_and_writing_at_once(pair):
    """Two threads on the same socket, one for each direction."""
    one, other = pair
    data = os.urandom(1_000_000)
    echoing = green.spawn(echo, other)
    writer = green.spawn(lambda: (one.sendall(data), one.shutdown(socket.SHUT_WR)))
    got = bytearray()
    while chunk := one.recv(100_000):
        got += chunk
    assert bytes(got) == data
    writer.wait()
    echoing.wait()


def test_a_killed_reader_leaves_the_socket_usable(pair):
    """What comes later is for the next reader."""
    one, other = pair
    reader = green.spawn(other.recv, 10)
    green.sleep(0)
    reader.kill()
    one.sendall(b"later")
    assert other.recv(10) == b"later"


def test_data_that_nobody_waits_for_does_not_spin_the_loop(pair):
    """The registration is dropped at the first event that nobody waited for."""
    one, other = pair
    reader = green.spawn(other.recv, 1)
    green.sleep(0)
    one.sendall(b"ab")
    assert reader.wait() == b"a"
    green.sleep(0.002)
    assert green.get_hub().watchers[other.fileno()].reading is False
    assert other.recv(1) == b"b"


def test_refused_connections():
    """The usual errors."""
    with listen(LOCAL) as listener:
        address = listener.getsockname()
    with pytest.raises(ConnectionRefusedError):
        connect(address)
    with GreenSocket() as sock:
        assert sock.connect_ex(address) == errno.ECONNREFUSED


def test_names_are_resolved_without_blocking():
    """By the loop; numbers are taken as they are."""
    with listen(("localhost", 0)) as listener, connect(("localhost", listener.getsockname()[1])) as sock:
        assert sock.getpeername() == listener.getsockname()
        listener.accept()[0].close()
    with GreenSocket() as sock, pytest.raises(socket.gaierror):
        sock.connect(("name.invalid", 1))


def test_ipv6():
    """Where the machine has it."""
    try:
        listener = listen(("::1", 0), socket.AF_INET6)
    except ServerError:
        pytest.skip("this machine has no IPv6")
    with listener, connect(listener.getsockname()[:2], socket.AF_INET6) as sock:
        connection, address = listener.accept()
        with connection:
            assert address[:2] == sock.getsockname()[:2]


def test_binding_before_connecting():
    """The address that the connection comes from."""
    with listen(LOCAL) as listener, connect(listener.getsockname(), bind=("127.0.0.2", 0)) as sock:
        assert sock.getsockname()[0] == "127.0.0.2"
        connection, address = listener.accept()
        with connection:
            assert address == sock.getsockname()


def test_an_address_in_use():
    """The error names it and says what to do."""
    with listen(LOCAL) as listener:
        port = listener.getsockname()[1]
        assert refused(listen, ("127.0.0.1", port), reuse_port=False) == (
            PortInUse,
            f"127.0.0.1:{port} is in use by another process. Stop that process or choose another port",
        )


def test_several_processes_may_listen():
    """With reuse_port, which is the default for a port that isn't 0."""
    with listen(LOCAL, reuse_port=True) as one, listen(one.getsockname()) as other:
        assert one.getsockname() == other.getsockname()


def test_other_errors_of_listening(tmp_path):
    """An address that isn't this machine's, a folder that isn't there."""
    kind, text = refused(listen, ("192.0.2.1", 0))
    assert (kind, text) == (
        ServerError,
        "can't listen on 192.0.2.1:0: Cannot assign requested address. Check the address",
    )
    kind, text = refused(listen, str(tmp_path / "no folder" / "socket"), socket.AF_UNIX)
    assert text == f"can't listen on {tmp_path}/no folder/socket: No such file or directory. Check the address"


def test_dup_and_detach(pair):
    """A twin has the same timeout; a detached descriptor is no longer ours."""
    one, other = pair
    one.settimeout(5)
    with one.dup() as twin:
        assert twin.gettimeout() == 5
        twin.sendall(b"from the twin")
        assert other.recv(100) == b"from the twin"
    reader = green.spawn(other.recv, 10)
    green.sleep(0)
    descriptor = other.detach()
    with pytest.raises(OSError, match="the socket was closed by another green thread"):
        reader.wait()
    os.close(descriptor)


def test_the_default_timeout():
    """What socket.setdefaulttimeout says, when the socket is made."""
    socket.setdefaulttimeout(7)
    try:
        with GreenSocket() as sock:
            assert sock.gettimeout() == 7
    finally:
        socket.setdefaulttimeout(None)


def test_a_socket_that_moves_to_another_hub(pair):
    """In another OS thread; the first hub forgets it."""
    one, other = pair
    reader = green.spawn(other.recv, 1)
    green.sleep(0)
    one.sendall(b"1")
    assert reader.wait() == b"1"
    got = []
    mover = threading.Thread(target=lambda: got.append(green.run(other.recv, 1)))
    mover.start()
    one.sendall(b"2")
    mover.join()
    assert got == [b"2"]


def test_closing_from_another_os_thread():
    """Who waits here is told, and the loop has forgotten the descriptor."""
    ours, theirs = socket.socketpair()
    sock = green.GreenSocket(fileno=ours.detach())
    hub = green.get_hub()

    def read():
        try:
            sock.recv(1)
        except OSError as error:
            return error.errno

    reader = green.spawn(read)
    green.sleep(0)
    number = sock.fileno()
    closer = threading.Thread(target=sock.close)
    closer.start()
    assert reader.wait() == errno.EBADF
    while closer.is_alive():
        green.sleep(0.001)
    assert number not in hub.watchers
    theirs.close()


def test_a_plain_os_thread_just_blocks():
    """It needs no hub for that."""
    ours, theirs = socket.socketpair()
    sock = green.GreenSocket(fileno=ours.detach())
    got = []

    def read():
        got.append(sock.recv(1))
        sock.settimeout(0.001)
        try:
            sock.recv(1)
        except TimeoutError as error:
            got.append(str(error))
        got.append(runtime.peek_hub())

    reader = threading.Thread(target=read)
    reader.start()
    theirs.send(b"x")
    while reader.is_alive():
        green.sleep(0.001)
    assert got == [b"x", "timed out", None]
    sock.close()
    theirs.close()
