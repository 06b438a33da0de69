"""The client's calls as functions."""

from tests.apm.conftest import Records

from spruce import apm
from spruce.apm import Client


def test_without_a_client_they_do_nothing(records: Records) -> None:
    """So that a program may call them in any case."""
    assert apm.begin_transaction("job") is None
    assert apm.end_transaction("x") is None
    assert apm.capture_exception(ValueError("x")) is None
    assert apm.capture_message("x") is None
    assert records == []


def test_with_one_they_are_its_own(client: Client, records: Records) -> None:
    """Each does what the client's does."""
    transaction = apm.begin_transaction("job")
    error, message = apm.capture_exception(ValueError("x")), apm.capture_message("m")
    assert apm.end_transaction("resize", "done") is transaction
    assert [failure.id for failure in records.failures] == [error, message]
    assert records.last.name == "resize"
