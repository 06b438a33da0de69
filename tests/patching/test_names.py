"""The resolver, asked in an OS thread."""

import socket

import pytest

from spruce import green
from spruce.patching import names


def test_the_answers_are_the_resolvers() -> None:
    """In green threads and outside."""

    def main() -> None:
        assert names.getaddrinfo("localhost", 80) == socket.getaddrinfo("localhost", 80)
        assert names.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0][4] == ("127.0.0.1", 80)
        assert names.gethostbyname("localhost") == "127.0.0.1"
        assert names.gethostbyname_ex("localhost")[2] == ["127.0.0.1"]
        assert names.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST)[0] == "127.0.0.1"
        assert names.gethostbyaddr("127.0.0.1")[2] == ["127.0.0.1"]

    green.run(main)
    main()


def test_what_is_no_address() -> None:
    """The resolver's own error."""
    with pytest.raises(socket.gaierror):
        green.run(names.getaddrinfo, "localhost", 80, socket.AF_INET, 99)
