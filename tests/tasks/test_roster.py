"""Workers and schedules, as rows."""

from spruce.tasks.store import Store


def test_a_worker_beats_until_it_leaves(store: Store) -> None:
    store.register("w", "here", 7, "born", 5.0)
    assert [tuple(row) for row in store.workers()] == [("w", 0, "here", 7, "born", 5.0)]
    assert store.beat("w")
    assert store.workers()[0][1] == 1
    store.leave("w")
    assert (store.beat("w"), store.workers()) == (False, [])


def test_a_worker_is_buried_only_with_the_beat_that_was_seen(store: Store) -> None:
    store.register("w", "here", 7, "", 5.0)
    store.beat("w")
    assert not store.bury("w", 0)
    assert store.bury("w", 1)
    assert not store.beat("w")


def test_a_schedule_moves_on_once_for_each_tick(store: Store) -> None:
    """Whoever comes second has lost."""
    store.plant("daily", "cron", 10.0, None)
    store.plant("daily", "cron", 99.0, None)
    assert store.tick("daily") == ("cron", 10.0, False)
    assert store.advance("daily", 10.0, 20.0)
    assert not store.advance("daily", 10.0, 30.0)
    assert [(name, next_at, last_at) for name, _, next_at, last_at, _ in store.ticks()] == [("daily", 20.0, 10.0)]


def test_a_schedule_begins_anew_with_another_definition(store: Store) -> None:
    store.plant("daily", "cron", 10.0, None)
    store.plant("daily", "every", 50.0, "something else")
    assert store.tick("daily") == ("cron", 10.0, False)
    store.plant("daily", "every", 50.0, "cron")
    assert store.tick("daily") == ("every", 50.0, False)


def test_a_schedule_can_be_paused(store: Store) -> None:
    store.plant("daily", "cron", 10.0, None)
    assert store.pause("daily", True)
    assert store.tick("daily") == ("cron", 10.0, True)
    assert (store.pause("weekly", True), store.tick("weekly")) == (False, None)
