"""Beginning and ending what records by itself."""

import pytest
from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client
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
