"""Beginning and ending what records by itself."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from sqlalchemy import select
from tests.apm.conftest import Records

from spruce import App, apm, db, render_template_string
from spruce.apm import Client
from spruce.db.databases import current as databases
from spruce.errors import ContextError
from spruce.events import request_failed, request_finished, request_started


def test_nobody_listens_before_and_after(client: Client) -> None:
    """And twice is once."""
    before = [hook.subscribers for hook in (request_started, request_finished, request_failed)]
    apm.instrument()
    apm.instrument()
    assert len(request_started.subscribers) == len(before[0]) + 1
    client.close()
    assert [hook.subscribers for hook in (request_started, request_finished, request_failed)] == before


def test_uninstrument_leaves_the_client(client: Client) -> None:
    """Transactions may still be made by hand."""
    apm.instrument()
    apm.uninstrument()
    assert request_started.subscribers == ()
    assert apm.get_client() is client


def test_a_client_is_needed(records: Records) -> None:
    """It is told how to make one."""
    with pytest.raises(ContextError) as caught:
        apm.instrument()
    assert str(caught.value) == "there is no client to record for. Make one first: apm.Client(service_name='shop')."


def test_a_client_that_records_nothing_subscribes_nothing(records: Records) -> None:
    """It costs nothing then."""
    apm.instrument(Client(enabled=False))
    assert request_started.subscribers == ()


def calls_of(work: Callable[[], object]) -> Counter[str]:
    """How often each function of Spruce is called by some work, by file and name."""
    found: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and f"{os.sep}spruce{os.sep}" in frame.f_code.co_filename:
            found[f"{frame.f_code.co_filename}:{frame.f_code.co_name}"] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found


def test_what_is_off_is_not_called(tmp_path: Path) -> None:
    """A request calls the same functions before monitoring has begun and when it has ended, and none of its own."""
    app = App(__name__, DATABASES={"default": f"sqlite:///{tmp_path}/a.db"}, static_folder=None)

    @app.get("/")
    def page() -> str:
        return render_template_string("{{ number }}", number=db.execute(select(1)).scalar())

    client = app.test_client()

    def ask() -> None:
        assert client.get("/").status_code == 200

    for _ in range(3):
        ask()
    before = calls_of(ask)
    recorder = Client({"DISABLE_SEND": True, "METRICS_INTERVAL": "0s"})
    apm.instrument(recorder)
    watched = calls_of(ask)
    recorder.close()
    ask()
    after = calls_of(ask)
    with app.app_context():
        databases().close()
    assert after == before
    assert any(f"{os.sep}apm{os.sep}" in name for name in watched)
    assert not [name for name in after if f"{os.sep}apm{os.sep}" in name]
