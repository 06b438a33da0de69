"""Webhooks: what is sent, with which signature, where to, and for how long."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from spruce import config
from spruce.errors import BadSignature, ConfigError, InvalidTask, TaskException
from spruce.tasks import webhooks
from spruce.tasks.webhooks import deliver, key_of, signature, verify, webhook


class Receiver:
    """A server of somebody else's: what it got, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.lines: list[str] = []
        self.status = 200
        self.drips = False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                receiver.lines.append(self.requestline)
                if receiver.drips:
                    with suppress(OSError):  # until the other one has gone
                        while self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n"):
                            self.connection.settimeout(0.01)
                            with suppress(TimeoutError):
                                if not self.connection.recv(1):
                                    return
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}/hooks?a=1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def settings() -> Iterator[config.Settings]:
    made = config.Settings(SECRET_KEY="k" * 40, WEBHOOK_ALLOW_PRIVATE=True, TASKS="inline")
    token = config.use(made)
    yield made
    config.leave(token)


def test_it_is_sent_signed_with_the_key_of_its_receiver(settings: config.Settings, receiver: Receiver) -> None:
    result = webhook(receiver.url, {"type": "order.paid", "order": 17})
    assert (result.status, result.return_value) == ("SUCCESSFUL", 200)
    ((path, headers, body),) = receiver.got
    assert (path, body) == ("/hooks?a=1", b'{"type":"order.paid","order":17}')
    assert (headers["host"], headers["content-type"]) == (receiver.host, "application/json")
    assert verify(key_of(receiver.url), headers, body) == {"type": "order.paid", "order": 17}
    with pytest.raises(BadSignature) as refused:
        verify(key_of("https://another.example"), headers, body)
    assert str(refused.value) == ("the webhook was not signed with this key. It is that of key_of(url) at the sender.")
    with pytest.raises(BadSignature) as refused:
        verify(key_of(receiver.url), headers, body, now=float(headers["webhook-timestamp"]) + 301)
    assert str(refused.value) == (f"the webhook is of {headers['webhook-timestamp']}, and not of the last five minutes")


@pytest.mark.parametrize(("rest", "target"), [("", "/"), ("?a=1", "/?a=1"), ("//a?b#c", "//a?b"), ("/%20", "/%20")])
def test_it_goes_to_the_path_of_its_address(
    settings: config.Settings, receiver: Receiver, rest: str, target: str
) -> None:
    assert webhook(f"http://{receiver.host}{rest}", {}).return_value == 200
    # http.server makes one slash of several in its `path`, so that it is looked for in the line as it came
    assert receiver.lines == [f"POST {target} HTTP/1.1"]


@pytest.mark.parametrize("stamp", ["", "²", "9" * 5000, "-1"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    with pytest.raises(BadSignature) as refused:
        verify("whsec_a2V5", {"webhook-timestamp": stamp}, b"{}")
    assert str(refused.value) == f"the webhook is of {stamp[:20] or 'no time'}, and not of the last five minutes"


def test_who_answers_for_ever_is_left(
    settings: config.Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes bit by bit, each in time, takes no longer in all."""
    monkeypatch.setattr(webhooks, "_PATIENCE", 0.5)
    receiver.drips = True
    with pytest.raises(TaskException) as refused:
        deliver.call(receiver.url, "msg_1", {})
    assert str(refused.value) == f"{receiver.url} did not take the webhook: it took longer than 0.5 s"


def test_a_signature_is_that_of_the_standard() -> None:
    """The example of its reference."""
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_is_tried_again_until_it_is_taken_with_the_same_id(settings: config.Settings, receiver: Receiver) -> None:
    receiver.status = 503
    result = webhook(receiver.url, [1])
    assert (result.status, result.attempts, deliver.retries) == ("FAILED", 13, 12)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    assert result.errors[0].traceback.rstrip().endswith(f"{receiver.url} did not take the webhook: it answered 503")


def test_who_wants_no_more_is_not_asked_again(settings: config.Settings, receiver: Receiver) -> None:
    receiver.status = 410
    assert webhook(receiver.url, {}).return_value == 410
    assert len(receiver.got) == 1


def test_redirects_are_not_followed(settings: config.Settings, receiver: Receiver) -> None:
    receiver.status = 302
    with pytest.raises(TaskException, match="did not take the webhook: it answered 302"):
        deliver.call(receiver.url, "msg_1", {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_what_is_not_public_is_refused(settings: config.Settings, host: str) -> None:
    settings["WEBHOOK_ALLOW_PRIVATE"] = False
    with pytest.raises(TaskException) as refused:
        deliver.call(f"http://{host}/", "msg_1", {})
    assert str(refused.value).endswith(
        ", which is not on the public Internet. Where such receivers are meant, set WEBHOOK_ALLOW_PRIVATE."
    )


@pytest.mark.parametrize(
    "address",
    [
        "224.0.0.1",
        "ff0e::1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "::7f00:1",
        "fec0::1",
        "fe80::1%2",
    ],
)
def test_what_only_looks_public_is_refused(
    settings: config.Settings, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups, and addresses of IPv6 that lead to private ones of IPv4 by way of a translator."""
    settings["WEBHOOK_ALLOW_PRIVATE"] = False
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(10, 1, 6, "", (address, 80))])
    with pytest.raises(TaskException) as refused:
        deliver.call("http://partner.example/", "msg_1", {})
    assert str(refused.value) == (
        f"the host 'partner.example' of a webhook is {address}, which is not on the public Internet. Where such"
        " receivers are meant, set WEBHOOK_ALLOW_PRIVATE."
    )


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_what_is_public_is_connected_to(
    settings: config.Settings, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That very address, which is not looked up again; also by a translator of the network's."""
    settings["WEBHOOK_ALLOW_PRIVATE"] = False
    asked: list[Any] = []

    def connect(where: Any, _: float) -> None:
        asked.append(where)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(10, 1, 6, "", (address, 80))])
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(TaskException, match="no network in tests"):
        deliver.call("http://partner.example/", "msg_1", {})
    assert asked == [(address, 80)]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "https:///hooks",
        "/hooks",
        "https://ann@a.example/",
        "https://a.example:99999/",
        "http://[a/",
        "https://a.example/my hooks",
        "https://a.example/ü",
    ],
)
def test_what_is_no_address_is_refused_when_it_is_enqueued(settings: config.Settings, url: str) -> None:
    with pytest.raises(InvalidTask) as refused:
        webhook(url, {})
    assert str(refused.value) == f"{url!r} is no address for a webhook. As in https://partner.example/hooks"


def test_nobody_there_is_told(settings: config.Settings, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TaskException, match=r"did not take the webhook: .*Connection refused"):
        deliver.call(f"http://127.0.0.1:{free_port}/", "msg_1", {})

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TaskException) as refused:
        deliver.call("http://no.such.invalid/", "msg_1", {})
    assert str(refused.value) == "the host 'no.such.invalid' of a webhook cannot be found: unknown"


def test_a_replaced_secret_signs_too_for_a_while(settings: config.Settings, receiver: Receiver) -> None:
    before = key_of(receiver.url)
    settings["SECRET_KEY"], settings["SECRET_KEY_FALLBACKS"] = "n" * 40, ["k" * 40]
    deliver.call(receiver.url, "msg_1", {})
    ((_, headers, body),) = receiver.got
    assert verify(before, headers, body) == verify(key_of(receiver.url), headers, body) == {}


def test_without_a_secret_there_is_none(settings: config.Settings) -> None:
    settings["SECRET_KEY"] = None
    with pytest.raises(ConfigError) as refused:
        key_of("https://a.example")
    assert str(refused.value) == ("webhooks are signed, and there is no SECRET_KEY. Set it to a long random text.")
