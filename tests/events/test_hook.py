"""Hooks: subscribing, emitting, and subscribers that misbehave."""

import logging

import pytest

from spruce.events import Event, Hook


def test_a_fresh_hook_has_no_subscribers() -> None:
    """The emptiness that callers test is a plain empty tuple."""
    assert Hook("tea.made").subscribers == ()


def test_subscribers_are_called_in_order_with_one_event() -> None:
    """Each subscriber gets the event, in the order of subscribing."""
    hook, seen = Hook("tea.made"), []
    hook.subscribe(lambda event: seen.append(("first", event)))
    hook.subscribe(lambda event: seen.append(("second", event)))
    hook.emit(cups=2)
    assert [who for who, _ in seen] == ["first", "second"]
    assert seen[0][1] is seen[1][1]
    assert (seen[0][1].name, dict(seen[0][1].attributes), seen[0][1]["cups"]) == ("tea.made", {"cups": 2}, 2)


def test_an_attribute_may_be_called_name() -> None:
    """The event's own name and an attribute `name` do not get in each other's way."""
    hook, seen = Hook("template.rendered"), []
    hook.subscribe(seen.append)
    hook.emit(name="index.html")
    assert (seen[0].name, seen[0]["name"]) == ("template.rendered", "index.html")


def test_unsubscribing_ends_it_and_may_be_repeated() -> None:
    """What subscribe() returns takes exactly that subscription away, once."""
    hook, seen = Hook("tea.made"), []
    end_first = hook.subscribe(seen.append)
    hook.subscribe(seen.append)
    end_first()
    end_first()
    hook.emit(cups=1)
    assert len(seen) == 1


def test_a_subscriber_may_unsubscribe_while_called() -> None:
    """An emit finishes over the subscribers that it began with."""
    hook, seen = Hook("tea.made"), []

    def once(event: Event) -> None:
        seen.append("once")
        end()

    end = hook.subscribe(once)
    hook.subscribe(lambda event: seen.append("always"))
    hook.emit()
    hook.emit()
    assert seen == ["once", "always", "always"]


def test_a_raising_subscriber_is_logged_and_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The error of one subscriber reaches neither the caller nor the next subscriber."""
    hook, seen = Hook("tea.made"), []

    def broken(event: Event) -> None:
        raise ValueError("no milk")

    hook.subscribe(broken)
    hook.subscribe(seen.append)
    with caplog.at_level(logging.ERROR, "spruce.events"):
        hook.emit(cups=1)
    assert len(seen) == 1
    (record,) = caplog.records
    assert record.getMessage() == f"a subscriber of tea.made raised: {broken!r}"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "no milk"


def test_events_are_read_only() -> None:
    """A subscriber cannot change what the next one sees."""
    hook, seen = Hook("tea.made"), []
    hook.subscribe(seen.append)
    hook.emit(cups=1)
    with pytest.raises(TypeError):
        seen[0].attributes["cups"] = 2
    with pytest.raises(AttributeError):
        seen[0].name = "coffee.made"


def test_repr_tells_name_and_count() -> None:
    """A hook in a debugger says which one it is."""
    assert repr(Hook("tea.made")) == "<Hook tea.made: 0 subscribers>"


def test_a_plain_subscriber_is_given_the_attributes_themselves() -> None:
    """In its turn among the others; whether any of them wants events can be asked."""
    hook, seen = Hook("tea.made"), []
    hook.subscribe(lambda event: seen.append(("first", event["cups"])))
    leave = hook.subscribe_plain(lambda told: seen.append(("plain", told)))
    assert (len(hook.subscribers), hook.wants_events) == (2, True)
    hook.emit(cups=1)
    assert seen == [("first", 1), ("plain", {"cups": 1})]
    leave()
    hook.tell({"cups": 2})
    assert seen[2:] == [("first", 2)]


def test_plain_subscribers_alone_want_no_events() -> None:
    """So what is dear to find out for an event need not be."""
    hook, seen = Hook("tea.made"), []
    assert not hook.wants_events
    leave = hook.subscribe_plain(seen.append)
    told = {"cups": 1}
    hook.tell(told)
    assert (seen[0] is told, hook.wants_events, len(hook.subscribers)) == (True, False, 1)
    leave()
    assert hook.subscribers == ()
