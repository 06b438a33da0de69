"""Messages over PostgreSQL."""

from collections.abc import Iterator

import pytest

from spruce import config, db, green
from spruce.db.databases import current
from spruce.errors import ConfigError, OperationalError


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    token = config.use(config.Settings())
    yield
    current().close()
    config.leave(token)


@pytest.fixture
def _postgres(postgres: str) -> None:
    db.configure(postgres)


@pytest.mark.usefixtures("_postgres")
def test_messages_come_in_their_order() -> None:
    with db.listen("one", "two") as messages:
        db.notify("one", "first")
        db.notify("other", "not heard")
        db.notify("two", "second")
        heard = [messages.get(10), messages.get(10)]
        assert messages.get(0) is None
    assert [(one.channel, one.payload, one.missed) for one in heard if one] == [
        ("one", "first", False),
        ("two", "second", False),
    ]


@pytest.mark.usefixtures("_postgres")
def test_a_message_is_sent_with_its_transaction() -> None:
    """Not before it is committed, and never when it is rolled back."""
    with db.listen("orders") as messages:
        with db.atomic():
            db.notify("orders", "1")
            db.notify("orders", "1")
            assert messages.get(0) is None
        with db.atomic():
            db.notify("orders", "2")
            db.set_rollback()
        db.notify("orders", "3")
        green_thread = green.spawn(lambda: [message.payload for _, message in zip("ab", messages, strict=False)])
        assert green_thread.wait() == ["1", "3"]


@pytest.mark.usefixtures("_postgres")
def test_after_a_broken_connection_it_says_so_and_goes_on() -> None:
    """What was sent meanwhile is lost, so who listens is told to look."""
    with db.listen("orders") as messages:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        message = messages.get(30)
        assert message == db.Notification("", "", 0, missed=True)
        db.notify("orders", "again")
        found = messages.get(10)
        assert found is not None
        assert found.payload == "again"


def test_a_server_that_cannot_be_reached_is_told() -> None:
    db.configure("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(OperationalError, match="Connect"):
        db.listen("orders").__enter__()


def test_other_databases_have_no_messages() -> None:
    db.configure("sqlite://")
    with pytest.raises(ConfigError) as refused:
        db.notify("orders")
    assert str(refused.value) == (
        "DATABASES['default'] cannot send messages: LISTEN and NOTIFY are PostgreSQL's, through asyncpg. "
        "On one machine, a task or a green.Event may do."
    )


@pytest.mark.usefixtures("_postgres")
def test_a_listener_needs_channels() -> None:
    with pytest.raises(ConfigError, match=r"^listen\(\) takes the names of channels, of up to 63 bytes, not \(\)$"):
        db.listen()
