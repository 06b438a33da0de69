"""Attributes computed when they are first read."""

from spruce.http.lazy import lazy


class Thing:
    computed = 0

    @lazy
    def value(self) -> int:
        """The value."""
        self.computed += 1
        return self.computed


def test_it_is_computed_once_for_each_object() -> None:
    one, other = Thing(), Thing()
    assert (one.value, one.value, one.computed, other.computed) == (1, 1, 1, 0)


def test_it_may_be_assigned_and_deleted() -> None:
    thing = Thing()
    thing.value = 7
    assert (thing.value, thing.computed) == (7, 0)
    del thing.value
    assert thing.value == 1


def test_it_is_found_on_the_class() -> None:
    assert Thing.value.__doc__ == "The value."
