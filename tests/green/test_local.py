"""Values of each green thread."""

import gc
import threading
import weakref

import pytest

from spruce import green

pytestmark = pytest.mark.usefixtures("everywhere")


def test_each_thread_sees_its_own_values():
    """Set, changed, deleted; a missing one is an AttributeError."""
    mine = green.local()
    mine.a = 1

    def other():
        assert not hasattr(mine, "a")
        mine.a = 2
        green.sleep(0)
        assert mine.a == 2
        del mine.a
        with pytest.raises(AttributeError):
            mine.a  # noqa: B018 - asking for it is the test
        return "ended"

    threads = [green.spawn(other) for _ in range(3)]
    assert [thread.wait() for thread in threads] == ["ended"] * 3
    assert mine.a == 1


def test_an_init_is_called_in_each_thread():
    """With the arguments that the object was made with."""
    calls = []

    class Mine(green.local):
        shared = "of the class"

        def __init__(self, *args, **kwargs):
            calls.append((args, kwargs, green.getcurrent()))
            self.value = len(calls)

        def double(self):
            return self.value * 2

    mine = Mine(1, b=2)

    def other():
        return mine.double(), mine.value, mine.shared

    thread = green.spawn(other)
    assert thread.wait() == (4, 2, "of the class")
    assert mine.value == 1
    assert calls == [((1,), {"b": 2}, green.getcurrent()), ((1,), {"b": 2}, thread)]


def test_arguments_without_an_init_are_refused():
    """As by threading.local."""
    with pytest.raises(TypeError, match=r"^Initialization arguments are not supported$"):
        green.local(1)


def test_values_go_with_their_thread():
    """The object keeps none of them, but for the last one that looked."""

    class Thing:
        pass

    mine, gone = green.local(), []

    def other():
        mine.thing = Thing()
        gone.append(weakref.ref(mine.thing))

    for thread in [green.spawn(other) for _ in range(10)]:
        thread.wait()
    del thread
    assert not hasattr(mine, "thing")
    green.sleep(0)
    gc.collect()
    assert [reference() for reference in gone] == [None] * 10


def test_plain_os_threads_have_their_own_too():
    """Without a hub being made for them."""
    mine = green.local()
    mine.a = "here"
    seen = []

    def other():
        seen.append(hasattr(mine, "a"))
        mine.a = "there"
        seen.append(mine.a)
        seen.append(green.runtime.peek_hub())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [False, "there", None]
    assert mine.a == "here"


def test_its_dict_cannot_be_exchanged():
    """As with the standard library's."""
    values = green.local()
    with pytest.raises(AttributeError, match=r"^'local' object attribute '__dict__' is read-only$"):
        values.__dict__ = {}
    with pytest.raises(AttributeError, match=r"^'local' object attribute '__dict__' is read-only$"):
        del values.__dict__
