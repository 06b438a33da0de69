"""A mail server on a free port of this machine, which keeps what it is given; certificates; an entered app."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from spruce import App
from spruce.mail import outbox


class Box:
    """What a mail server was given: envelopes, and how often somebody connected."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []
        self.connections = 0
        self.refuse: str | None = None

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == self.refuse:
            return "550 nobody here has that address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return "250 taken"


def check_login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"shop", b"secret")
    return AuthResult(success=right, handled=True)


@pytest.fixture
def box() -> Box:
    """What the server of the test was given."""
    return Box()


@pytest.fixture
def start(box: Box) -> Iterator[Callable[..., int]]:
    """Start a server with options of aiosmtpd; returns its port."""
    running: list[Controller] = []

    def begin(**options: Any) -> int:
        controller = Controller(box, hostname="127.0.0.1", port=0, ready_timeout=30, **options)
        begin_on_free_port(controller)
        running.append(controller)
        return int(controller.port)

    yield begin
    for one in running:
        one.stop()


def begin_on_free_port(controller: Controller) -> None:
    """Start a controller where the system chooses the port, which aiosmtpd doesn't look up by itself."""
    trigger = controller._trigger_server

    def looked_up() -> None:
        controller.port = controller.server.sockets[0].getsockname()[1]  # type: ignore[union-attr] # it runs by now
        trigger()

    controller._trigger_server = looked_up  # type: ignore[method-assign] # see above
    controller.start()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who signs the server's certificate."""
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA, tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """TLS for a server on this machine, and the file that lets clients trust it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    return context, str(trusted)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app that is entered, with a folder for templates and nobody's mails in the outbox."""
    app = App(
        "mailer", root_path=str(tmp_path), static_folder=None, instance_path=str(tmp_path / "instance"),
        DATABASES={"default": "sqlite:///:memory:"},
    )  # fmt: skip
    outbox.clear()
    with app.app_context():
        yield app
    outbox.clear()
    databases: Any = app.config.resources.get("spruce.db")
    if databases is not None:
        databases.close()
