"""What tests of performance monitoring share: a client whose records are kept in a list."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spruce.apm import Client, Failure, Record, Transaction, get_client, subscribe, uninstrument
from spruce.apm.cloud import _MARKS, forget
from spruce.apm.spans import current


class Records(list[Record]):
    """What the sinks were given, in its order."""

    @property
    def transactions(self) -> list[Transaction]:
        return [one for one in self if isinstance(one, Transaction)]

    @property
    def failures(self) -> list[Failure]:
        return [one for one in self if isinstance(one, Failure)]

    @property
    def last(self) -> Transaction:
        return self.transactions[-1]


@pytest.fixture(autouse=True)
def _no_cloud(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A machine whose hardware tells nothing, so that no metadata server is asked, wherever tests run."""
    monkeypatch.setattr("spruce.apm.cloud._HARDWARE", str(tmp_path_factory.getbasetemp() / "no hardware"))
    for _, variables in _MARKS.values():
        for variable in variables:
            monkeypatch.delenv(variable, raising=False)
    forget()
    yield
    forget()


@pytest.fixture
def records() -> Iterator[Records]:
    """Return the list of what is recorded; the client and what it has begun end with the test."""
    kept = Records()
    leave = subscribe(kept.append)
    yield kept
    leave()
    client = get_client()
    if client is not None:
        client.close()
    uninstrument()
    current.set(None)


@pytest.fixture
def quiet() -> Iterator[list[Any]]:
    """Return the list of what is recorded, where nobody asks for more than an exporter does."""
    kept: list[Any] = []
    leave = subscribe(kept.append, sees_all=False)
    yield kept
    leave()
    client = get_client()
    if client is not None:
        client.close()
    uninstrument()
    current.set(None)


@pytest.fixture
def make_client(records: Records) -> Callable[..., Client]:
    """Return what makes a client that sends nothing."""

    def make(**settings: Any) -> Client:
        return Client({"DISABLE_SEND": True, "METRICS_INTERVAL": "0s", **settings})

    return make


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """Return a client that sends nothing."""
    return make_client()
