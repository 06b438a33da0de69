"""Who takes jobs."""

from collections.abc import Iterator

import pytest

from spruce import config
from spruce.errors import InvalidTaskBackend
from spruce.tasks.backends import backend, is_embedded


@pytest.fixture(autouse=True)
def settings() -> Iterator[config.Settings]:
    made = config.Settings(DATABASES={"default": "sqlite://"})
    token = config.use(made)
    yield made
    config.leave(token)


def test_it_is_what_the_setting_says(settings: config.Settings) -> None:
    assert (backend().name, is_embedded()) == ("embedded", True)
    assert backend() is backend()
    for kind, name in (("worker", "embedded"), ("inline", "inline"), ("dummy", "dummy")):
        settings["TASKS"] = kind
        assert (backend().name, is_embedded()) == (name, False)


def test_a_wrong_one_is_told(settings: config.Settings) -> None:
    settings["TASKS"] = "inlin"
    with pytest.raises(InvalidTaskBackend) as refused:
        backend()
    assert str(refused.value) == (
        "TASKS is 'inlin'; did you mean 'inline'? It can be: embedded, worker, inline, dummy, or celery+redis://…"
    )
