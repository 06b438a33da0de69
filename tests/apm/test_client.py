"""The client: settings, and where records go."""

import subprocess
import sys

import pytest
from tests.apm.collector import collecting
from tests.apm.conftest import Records

from spruce.apm import Client, get_client
from spruce.errors import ConfigError
from spruce.events import server_stopped


def test_it_sends_to_elastic_by_default(records: Records) -> None:
    """To SERVER_URL."""
    with collecting() as collector:
        client = Client({"SERVER_URL": collector.url, "METRICS_INTERVAL": "0s"}, service_name="shop")
        client.begin_transaction("job")
        client.end_transaction("resize")
        client.close()
        assert [event["name"] for event in collector.of("transaction")] == ["resize"]


@pytest.mark.parametrize("setting", ["DISABLE_SEND", "ENABLED", "RECORDING"])
def test_it_may_send_nothing(records: Records, setting: str) -> None:
    """Sinks get their records all the same, if there are any."""
    client = Client({setting: setting == "DISABLE_SEND"})
    client.begin_transaction("job")
    client.end_transaction()
    client.close()
    assert len(records) == (setting == "DISABLE_SEND")


def test_a_wrong_setting_leaves_no_client(records: Records) -> None:
    """It is told at once."""
    with pytest.raises(ConfigError):
        Client(colour="blue")
    assert get_client() is None


def test_what_waits_is_sent_when_a_server_stops(records: Records) -> None:
    """To each collector."""
    with collecting() as elastic, collecting() as other:
        client = Client(
            {"SERVER_URL": elastic.url, "OTLP_ENDPOINT": other.url, "METRICS_INTERVAL": "0s", "API_REQUEST_TIME": "10m"}
        )
        client.begin_transaction("job")
        client.end_transaction("resize")
        server_stopped.emit(addresses=[])
        assert [event["name"] for event in elastic.of("transaction")] == ["resize"]
        assert len(other.requests) == 1
        assert client.flush()
        client.close()
        assert server_stopped.subscribers == ()


def test_a_script_sends_at_its_end() -> None:
    """Without a word."""
    program = (
        "import sys; from spruce import apm; apm.Client(server_url=sys.argv[1], api_request_time='10m'); "
        "apm.begin_transaction('script'); apm.end_transaction('nightly')"
    )
    with collecting() as collector:
        subprocess.run([sys.executable, "-c", program, collector.url], check=True, timeout=60)
        assert [event["name"] for event in collector.of("transaction")] == ["nightly"]
