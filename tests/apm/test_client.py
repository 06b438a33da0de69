"""The client: settings, and where records go."""

import pytest
from tests.apm.collector import collecting
from tests.apm.conftest import Records

from spruce.apm import Client, get_client
from spruce.errors import ConfigError


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
