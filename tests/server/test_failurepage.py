"""The page in place of an application that does not start."""

import pytest

from spruce.http import Peer, Request
from spruce.server.failurepage import failure_page

OWN = Peer("http", ("127.0.0.1", 4000), ("127.0.0.1", 5000))


def ask(host: str = "localhost:5000", peer: Peer = OWN, **headers: str) -> tuple[int, str, str]:
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in {"Host": host, **headers}.items()]
    response = failure_page("SyntaxError: 1 < 2 was never closed")(Request("GET", "/", fields, peer=peer))
    return response.status_code, response.content_type or "", response.text


def test_browsers_get_a_page_that_looks_again() -> None:
    status, content_type, page = ask(Accept="text/html,*/*")
    assert (status, content_type) == (503, "text/html; charset=utf-8")
    assert "<pre>SyntaxError: 1 &lt; 2 was never closed</pre>" in page
    assert '<meta http-equiv="refresh" content="1">' in page


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]:80"])
def test_others_get_plain_text(host: str) -> None:
    assert ask(host) == (
        503,
        "text/plain; charset=utf-8",
        "The app does not start:\n\nSyntaxError: 1 < 2 was never closed\n",
    )


@pytest.mark.parametrize(
    ("host", "client", "headers"),
    [
        ("evil.example", ("127.0.0.1", 1), {}),
        ("localhost", ("192.0.2.1", 1), {}),
        ("localhost", None, {}),
        ("localhost", ("127.0.0.1", 1), {"X_Forwarded_For": "192.0.2.1"}),
    ],
)
def test_who_is_not_on_this_machine_learns_nothing(
    host: str, client: tuple[str, int] | None, headers: dict[str, str]
) -> None:
    peer = Peer("http", client, ("127.0.0.1", 5000))
    assert ask(host, peer, **headers)[2] == "The app does not start. The terminal says why.\n"
