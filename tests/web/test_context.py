"""The context of what runs: proxies, `g`, and keeping a context for later."""

import threading
from typing import Any

import pytest

from spruce.errors import ContextError
from spruce.green import spawn
from spruce.web import (
    App,
    Request,
    after_this_request,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    stream_with_context,
)
from spruce.web.context import Context, slot


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (
            lambda: request.path,
            "request is only there while a request is handled, and none is. "
            "Use it in a view, or inside of `with app.test_request_context():`.",
        ),
        (
            lambda: g.user,
            "g is only there while an app works, and none does. "
            "Use it in a view, or inside of `with app.app_context():`.",
        ),
        (
            lambda: current_app.config,
            "current_app is only there while an app works, and none does. "
            "Use it in a view, or inside of `with app.app_context():`.",
        ),
        (
            lambda: after_this_request(lambda response: response),
            "request is only there while a request is handled, and none is. "
            "Use it in a view, or inside of `with app.test_request_context():`.",
        ),
    ],
)
def test_outside_of_a_context_a_proxy_says_so(use: Any, text: str) -> None:
    """And where to use it."""
    with pytest.raises(ContextError) as caught:
        use()
    assert str(caught.value) == text
    assert isinstance(caught.value, RuntimeError)


def test_an_app_context_has_no_request() -> None:
    """`current_app` and `g` work, `request` doesn't."""
    app = App(__name__)
    with app.app_context():
        assert (has_app_context(), has_request_context()) == (True, False)
        assert current_app == app
        g.a = 1
        with pytest.raises(ContextError):
            _ = request.path
    assert not has_app_context()


def test_a_proxy_stands_for_the_thing_itself() -> None:
    """Reading, writing, deleting, comparing, and being an instance of its class."""
    app = App(__name__)
    with app.test_request_context("/a?b=1") as entry:
        assert isinstance(request, Request)
        assert request == entry.request
        assert hash(request) == hash(entry.request)
        assert repr(request) == "<Request GET '/a?b=1'>"
        assert "path" in dir(request)
        request.user = "ann"
        assert entry.request is not None
        assert entry.request.user == "ann"
        del request.user
        assert request.user is None
        assert request._get_current_object() is entry.request  # type: ignore[attr-defined] # a proxy's own method
    assert dir(request) == []
    assert "none is" in repr(request)


def test_g_is_a_namespace() -> None:
    """With what a dict has for missing names."""
    with App(__name__).app_context():
        g.a = 1
        assert ("a" in g, "b" in g, list(g)) == (True, False, ["a"])
        assert (g.get("b"), g.get("b", 2), g.setdefault("c", 3), g.pop("c"), g.pop("c", 4)) == (None, 2, 3, 3, 4)
        assert repr(g) == "<g with a>"
        with pytest.raises(AttributeError, match=r"^g\.b was never set in this request or app context$"):
            _ = g.b
        with pytest.raises(KeyError):
            g.pop("b")


def test_each_context_has_a_g_of_its_own() -> None:
    """Nothing is left from one to the next."""
    app = App(__name__)
    app.add_url_rule("/", "view", lambda: str(g.setdefault("n", 0)))
    with app.app_context():
        g.n = 5
        assert app.test_client().get("/").text == "0"
        assert g.n == 5


def test_a_green_thread_inherits_its_request() -> None:
    """What a view spawns sees it."""
    app = App(__name__)
    app.add_url_rule("/<x>", "view", lambda x: spawn(lambda: request.path).wait())
    assert app.test_client().get("/a").text == "/a"


def test_a_function_may_take_its_request_to_another_thread() -> None:
    """Where contexts aren't inherited."""
    seen: list[str] = []
    with App(__name__).test_request_context("/a"):
        call = copy_current_request_context(lambda: seen.append(request.path))
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert seen == ["/a"]


def test_a_stream_takes_its_request_with_it() -> None:
    """Within each step only, and its clean-up is run when it is closed early."""
    closed: list[str] = []

    @stream_with_context
    def pages() -> Any:
        try:
            yield request.path
            yield request.path
        finally:
            closed.append("closed")

    with App(__name__).test_request_context("/a"):
        stream = pages()
    assert next(stream) == "/a"
    assert not has_request_context()
    assert next(stream) == "/a"
    stream.close()
    assert closed == ["closed"]


def test_setting_the_context_is_one_small_object_and_one_variable() -> None:
    """A request pays for no more than that."""
    made = Context(App(__name__), None)
    assert made.__struct_fields__ == ("app", "request", "globals", "after", "kept", "template_hooks")
    slot.reset(slot.set(made))
    assert slot.get() is None
