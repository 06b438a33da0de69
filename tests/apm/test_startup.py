"""One setting away: what begins performance monitoring for an app."""

from pathlib import Path
from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce import App, apm
from spruce.apm import get_client
from spruce.apm.startup import is_wanted, record_jobs
from spruce.config import Settings
from spruce.errors import ConfigError
from spruce.events import request_started


def test_without_a_setting_nothing_happens(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """The middleware leaves itself out, and nobody subscribes."""
    app = App(__name__, static_folder=None)
    assert app.test_client().get("/").status_code == 404
    assert (apm.get_client(), request_started.subscribers, records) == (None, (), [])


def test_who_wants_it() -> None:
    """A setting, or a variable."""
    assert not is_wanted(Settings(), {"PATH": "/"})
    assert is_wanted(Settings(), {"ELASTIC_APM_SERVICE_NAME": "shop"})
    assert is_wanted(Settings(ELASTIC_APM={"SERVICE_NAME": "shop"}), {})


def test_a_setting_begins_it_once(records: Records) -> None:
    """However often the stack is put together anew."""
    app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True, "SERVICE_NAME": "shop"}, static_folder=None)
    app.test_client().get("/")
    client = apm.get_client()
    app.add_url_rule("/late", "late", lambda: "")
    app.test_client().get("/late")
    assert apm.get_client() is client
    assert client is not None
    assert client.settings.service_name == "shop"
    assert [transaction.name for transaction in records.transactions] == ["GET unknown route", "GET /late"]


def test_a_variable_begins_it(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a change of the program."""
    monkeypatch.setenv("ELASTIC_APM_SERVICE_NAME", "from outside")
    monkeypatch.setenv("ELASTIC_APM_DISABLE_SEND", "true")
    App(__name__, static_folder=None).test_client().get("/")
    client = apm.get_client()
    assert client is not None
    assert client.settings.service_name == "from outside"
    assert len(records.transactions) == 1


@pytest.mark.parametrize("settings", [{"INSTRUMENT": False}, {"ENABLED": False}, {"RECORDING": False}])
def test_it_can_be_turned_off(records: Records, settings: dict[str, Any]) -> None:
    """Then nobody subscribes."""
    App(__name__, ELASTIC_APM={"DISABLE_SEND": True, **settings}, static_folder=None).test_client().get("/")
    assert (request_started.subscribers, records) == ((), [])


def test_a_wrong_setting_is_told_before_the_first_request(records: Records) -> None:
    """The server doesn't start with it."""
    app = App(__name__, ELASTIC_APM={"SERVICE_NAM": "shop"})
    with pytest.raises(ConfigError, match=r"^ELASTIC_APM\['SERVICE_NAM'\]: there is no such setting"):
        app.startup()


def test_where_jobs_run_they_are_recorded_as_requests_are(tmp_path: Path, records: Records) -> None:
    """In debug mode there is a viewer; without it, and without monitoring, nothing begins."""
    plain = App(__name__, INSTANCE_PATH=str(tmp_path))
    record_jobs(plain)
    assert get_client() is None
    app = App(__name__, INSTANCE_PATH=str(tmp_path), DEBUG=True)
    record_jobs(app)
    assert get_client() is not None
    viewer = app.config.resources["spruce.apm.viewer"]
    assert viewer.history.path == tmp_path / "viewer.db"  # type: ignore[attr-defined]  # it is a viewer
    viewer.close()  # type: ignore[attr-defined]  # the same
