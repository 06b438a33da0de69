"""The viewer before a hosted app; with real frameworks: tests/real/test_hosted_viewer.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.apm.conftest import Records

from spruce.apm.hostedviewer import HostedViewer, _Cancelled, viewer_app
from spruce.apm.viewer import Viewer
from spruce.http import Request, Response


class Hosted:
    """What answers for another framework's app."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def startup(self) -> None:
        self.log.append("starts")

    def shutdown(self) -> None:
        self.log.append("stops")

    def __call__(self, request: Request) -> Response:
        self.log.append(request.path)
        if request.path == "/cancelled":
            raise _Cancelled
        return Response("hosted")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def front(folder: Path, records: Records, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostedViewer]:
    monkeypatch.setenv("SPRUCE_VIEWER_AUTHORIZE", f"{__name__}.everybody")
    app = viewer_app(None)
    assert app is not None
    made = HostedViewer(Hosted(), app)
    yield made
    made.end()
    viewer = app.config.resources["spruce.apm.viewer"]
    assert isinstance(viewer, Viewer)
    assert viewer.history.path.parent == folder / "instance"
    viewer.close()


def everybody(request: Request) -> bool:
    return True


def ask(front: HostedViewer, path: str) -> Response:
    return front(Request("GET", path, [(b"host", b"localhost")]))


def test_only_its_own_pages_are_answered_by_it(front: HostedViewer) -> None:
    assert "<h1>Overview</h1>" in ask(front, "/_spruce/").text
    for path in ("/", "/_sprucey", "/books"):
        assert ask(front, path).text == "hosted"
    assert front.handler.log == ["/", "/_sprucey", "/books"]  # type: ignore[attr-defined]  # it is a Hosted


def test_the_app_gets_ready_and_cleans_up(front: HostedViewer) -> None:
    front.startup()
    front.shutdown()
    assert front.handler.log == ["starts", "stops"]  # type: ignore[attr-defined]  # it is a Hosted


def test_what_is_cancelled_is_answered(front: HostedViewer) -> None:
    answer = ask(front, "/cancelled")
    assert (answer.status_code, answer.text) == (503, "This was cancelled by an operator.\n")


def test_without_debug_mode_or_authorizer_there_is_none(folder: Path) -> None:
    assert viewer_app("token") is None


def test_in_debug_mode_it_wants_the_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPRUCE_DEBUG", "1")
    app = viewer_app("token")
    assert app is not None
    assert (app.config["VIEWER"], app.config["DEBUG_TOKEN"]) == (True, "token")
    monkeypatch.setenv("SPRUCE_VIEWER", "false")
    assert viewer_app("token") is None
