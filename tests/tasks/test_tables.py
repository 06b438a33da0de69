"""The tables of jobs."""

from spruce import db
from spruce.tasks.store import Store
from spruce.tasks.tables import Job, Tick, Worker


def test_they_are_models_like_others(store: Store) -> None:
    """So create_all and migrations make them, and the admin shows them."""
    assert {model.__name__ for model in (Job, Worker, Tick)} <= {
        model.__name__ for model in db.registry.models.values()
    }
    db.create_all()
    assert (Job.objects.count(), Worker.objects.count(), Tick.objects.count()) == (0, 0, 0)
