"""Tags in a store whose clock the test sets."""

from spruce.cache.memory import MemoryStore
from spruce.cache.stores import Envelope
from spruce.cache.tags import Tags


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def value_with(tags: Tags, *names: str) -> Envelope:
    return Envelope("value", None, 0.0, tags.tokens(list(names)))


def test_a_value_lasts_as_long_as_the_tokens_of_its_tags() -> None:
    store = MemoryStore()
    tags = Tags(store, "app")
    home, other = value_with(tags, "home", "menu"), value_with(tags, "other")
    assert tags.unchanged(home)
    tags.renew(["menu"], store)
    assert (tags.unchanged(home), tags.unchanged(other)) == (False, True)
    assert tags.unchanged(value_with(tags, "home", "menu"))


def test_a_token_that_is_lost_has_been_invalidated() -> None:
    """Whoever drops it, the store for want of room included."""
    tags = Tags(MemoryStore(), "app")
    home = value_with(tags, "home")
    tags.drop(["home"])
    assert not tags.unchanged(home)


def test_a_value_without_tags_asks_the_store_for_nothing() -> None:
    tags = Tags(None, "app")  # type: ignore[arg-type] # whatever is asked of it fails
    assert tags.unchanged(Envelope("value", None, 0.0, {}))


def test_tokens_of_rows_run_out_and_others_do_not() -> None:
    clock = Clock()
    tags = Tags(MemoryStore(clock=clock), "app")
    row, tag = tags.of_rows(["book:1"]), tags.tokens(["menu"])
    clock.now = 7 * 24 * 3600 + 1
    assert tags.of_rows(["book:1"]) != row
    assert tags.tokens(["menu"]) == tag


def test_two_prefixes_share_nothing() -> None:
    store = MemoryStore()
    one, other = Tags(store, "one"), Tags(store, "other")
    assert one.tokens(["home"]) != other.tokens(["home"])
