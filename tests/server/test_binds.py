"""Where to listen."""

import os
import socket
from pathlib import Path

import pytest

from spruce.errors import ConfigError, PortInUse, ServerError
from spruce.server.binds import close_listeners, open_listeners


def test_several_binds_are_opened_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    listeners = open_listeners(["127.0.0.1:0", f"unix:{path}", f"unix://{path}2"])
    assert listeners[0].url == f"http://127.0.0.1:{listeners[0].sock.getsockname()[1]}"
    assert [listener.url for listener in listeners[1:]] == [f"unix:{path}", f"unix:{path}2"]
    assert repr(listeners[1]) == f"<Listener unix:{path}>"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    close_listeners(listeners)
    assert list(tmp_path.iterdir()) == []


def test_ipv6_addresses_stand_in_brackets() -> None:
    if not socket.has_ipv6:
        pytest.skip("this system has no IPv6")
    listeners = open_listeners(["[::1]:0"])
    assert listeners[0].url == f"http://[::1]:{listeners[0].sock.getsockname()[1]}"
    close_listeners(listeners)


def test_a_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    """It is what a killed server leaves behind."""
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    close_listeners(open_listeners([f"unix:{path}"]))
    assert not path.exists()


def test_a_unix_socket_that_is_in_use_stays(tmp_path: Path) -> None:
    listeners = open_listeners([f"unix:{tmp_path}/app.sock"])
    with pytest.raises(PortInUse, match=r"app\.sock is in use by another process\. "):
        open_listeners([f"unix:{tmp_path}/app.sock"])
    close_listeners(listeners)


def test_a_path_is_removed_by_the_process_that_made_it_only(tmp_path: Path) -> None:
    (listener,) = open_listeners([f"unix:{tmp_path}/app.sock"])
    listener.owner += 1
    listener.close()
    assert (tmp_path / "app.sock").exists()


def test_a_descriptor_that_was_passed_on() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        (listener,) = open_listeners([f"fd://{os.dup(sock.fileno())}"])
        assert listener.url == f"http://127.0.0.1:{sock.getsockname()[1]}"
        listener.close()


def test_a_port_in_use_closes_what_was_opened_before(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"^127\.0\.0\.1:{port} is in use by another process\. "):
            open_listeners([f"unix:{tmp_path}/app.sock", f"127.0.0.1:{port}"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bind", ["localhost", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1", ""])
def test_what_is_no_address_is_refused(bind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_listeners([bind])
    assert str(caught.value) == (
        f"{bind!r} is no address to listen on. "
        "Write host:port, as in 127.0.0.1:5000 or [::1]:5000, unix:/path/to.sock, or fd://3."
    )


@pytest.mark.parametrize("bind", ["fd://99999", "fd://three"])
def test_a_descriptor_that_is_not_there_is_refused(bind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_listeners([bind])
    assert str(caught.value) == f"{bind}: there is no such descriptor. Give the number of an open one: fd://3."


def test_a_descriptor_that_is_no_socket_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(ConfigError, match=r"^fd://\d+ is no socket\. "):
        open_listeners([f"fd://{file.fileno()}"])


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(ServerError, match=r"^can't listen on /nonexistent/app\.sock: No such file or directory"):
        open_listeners(["unix:/nonexistent/app.sock"])


def test_a_path_is_open_to_those_that_it_says(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    before = os.umask(0o022)
    try:
        (listener,) = open_listeners([f"unix:{path}?mode=660&group={os.getgid()}"])
    finally:
        assert os.umask(before) == 0o022
    assert listener.url == f"unix:{path}"
    assert path.stat().st_mode & 0o777 == 0o660
    assert path.stat().st_gid == os.getgid()
    close_listeners([listener])
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("mode=rw", "has no mode that can be. Write octal digits, as for chmod: mode=660."),
        ("mode=1777", "has no mode that can be. Write octal digits, as for chmod: mode=660."),
        ("user=root", "has options that a path has not. There are mode=660 and group=www-data."),
        ("group=nobody-has-this", "cannot be made so: no such group: 'nobody-has-this'. Name a group that you are in."),
    ],
)
def test_options_of_a_path_that_cannot_be_are_refused(tmp_path: Path, options: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_listeners([f"unix:{tmp_path}/app.sock?{options}"])
    assert str(caught.value) == f"'unix:{tmp_path}/app.sock?{options}' {text}"
    assert list(tmp_path.iterdir()) == []


def test_two_servers_may_share_a_port_that_both_say_so_of() -> None:
    (first,) = open_listeners(["127.0.0.1:0"], reuse_port=True)
    bind = first.url.removeprefix("http://")
    (second,) = open_listeners([bind], reuse_port=True)
    with pytest.raises(PortInUse):
        open_listeners([bind])
    close_listeners([first, second])
