"""Finding the rule for a path, and saying why there is none."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from spruce.errors import MethodNotAllowed, NotFound, RoutingError
from spruce.web.routing import RequestRedirect, Router


def router(*rules: str | tuple[str, ...]) -> Router:
    """Return a router with rules, whose endpoints are their own texts; methods stand behind a rule in a tuple."""
    made = Router()
    for rule in rules:
        text, *methods = (rule,) if isinstance(rule, str) else rule
        made.add(text, text, methods or ["GET"])
    return made


def found(made: Router, path: str, method: str = "GET") -> str:
    """Return the endpoint that answers a path."""
    return made.match(path, method)[0].endpoint


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/about", "/about"),
        ("/users/me", "/users/me"),
        ("/users/7", "/users/<int:id>"),
        ("/users/ann", "/users/<name>"),
        ("/users/ann/posts", "/users/<name>/posts"),
        ("/users/me/posts", "/users/<name>/posts"),
        ("/users/7/edit", "/users/<int:id>/edit"),
        ("/v1.2", "/v<int:major>.<int:minor>"),
        ("/files/a/b/raw", "/files/<path:p>/raw"),
        ("/files/a/b", "/files/<path:p>"),
        ("/files/list", "/files/list"),
    ],
)
def test_the_most_definite_rule_answers(path: str, expected: str) -> None:
    """Fixed text goes before variables, numbers before texts, longer patterns before shorter; dead ends are left."""
    made = router(
        "/users/<name>",
        "/users/<name>/posts",
        "/users/<int:id>",
        "/users/<int:id>/edit",
        "/users/me",
        "/files/<path:p>",
        "/files/<path:p>/raw",
        "/files/list",
        "/v<int:major>.<int:minor>",
        "/about",
        "/",
    )
    assert found(made, path) == expected


def test_values_have_the_names_of_their_own_rule() -> None:
    """Two rules that share a way may name its variables differently, and a dead end leaves nothing behind."""
    made = router("/<a>/x", "/<b>/<int:c>/z", "/<b>/<d>/y")
    assert made.match("/1/x", "GET")[1] == {"a": "1"}
    assert made.match("/1/2/z", "GET")[1] == {"b": "1", "c": 2}
    assert made.match("/1/2/y", "GET")[1] == {"b": "1", "d": "2"}


def test_defaults_come_with_the_values() -> None:
    """A rule may fix what another one of its endpoint holds."""
    made = Router()
    made.add("/", "list", ["GET"], defaults={"page": 1})
    made.add("/page/<int:page>", "list", ["GET"], defaults={"size": 10})
    assert made.match("/", "GET")[1] == {"page": 1}
    assert made.match("/page/3", "GET")[1] == {"page": 3, "size": 10}


def test_get_brings_head_and_every_rule_options() -> None:
    """HEAD is answered by the rule itself, OPTIONS by its twin."""
    made = router("/a", ("/b", "POST"))
    assert made.match("/a", "HEAD")[0] is made.match("/a", "GET")[0]
    rule = made.match("/b", "POST")[0]
    assert made.match("/b", "OPTIONS")[0] is rule.options
    assert rule.methods == {"POST", "OPTIONS"}


def test_a_rule_for_options_goes_before_an_automatic_answer() -> None:
    """Whatever the order in which they were added."""
    made = router("/a")
    made.add("/a", "own", ["OPTIONS"])
    assert found(made, "/a", "OPTIONS") == "own"
    made.add("/a", "later", ["PUT"])
    assert found(made, "/a", "OPTIONS") == "own"


def test_the_first_of_two_equal_rules_answers() -> None:
    """The second one answers the methods that the first doesn't."""
    made = Router()
    made.add("/a/<x>", "first", ["GET"])
    made.add("/a/<y>", "second", ["GET", "POST"])
    assert found(made, "/a/1") == "first"
    assert found(made, "/a/1", "POST") == "second"


def test_a_wrong_method_names_those_that_are_allowed() -> None:
    """All rules for the path are counted together."""
    made = router(("/a/<x>", "POST"), ("/a/<int:x>", "GET"), ("/a/1", "DELETE"))
    with pytest.raises(MethodNotAllowed) as caught:
        made.match("/a/1", "PUT")
    assert caught.value.valid_methods == ["DELETE", "GET", "HEAD", "OPTIONS", "POST"]
    with pytest.raises(MethodNotAllowed) as caught:
        made.match("/a/x", "GET")
    assert caught.value.valid_methods == ["OPTIONS", "POST"]


def test_a_method_that_a_definite_rule_lacks_is_looked_for_in_others() -> None:
    """A rule without variables doesn't hide those with."""
    made = router(("/a", "POST"), "/<x>")
    assert found(made, "/a") == "/<x>"
    assert found(made, "/a", "POST") == "/a"


@pytest.mark.parametrize("path", ["/b", "/a/b/c", "/a/", "a", "", "*", "/a\n"])
def test_a_path_of_no_rule_is_not_found(path: str) -> None:
    """Also paths that no browser sends."""
    with pytest.raises(NotFound):
        router("/a").match(path, "GET")


def test_options_of_the_whole_server_are_no_slip() -> None:
    """The target `*` (RFC 9110, section 9.3.7) lacks no slash."""
    with pytest.raises(NotFound):
        router("/").match("*", "GET")


@pytest.mark.parametrize(
    ("rule", "path", "target"),
    [
        ("/a/", "/a", "/a/"),
        ("/a/<x>/", "/a/b c", "/a/b%20c/"),
        ("/a/b", "//a//b", "/a/b"),
        ("/a/b/", "/a//b", "/a/b/"),
        ("/<x>/", "//evil.example", "/evil.example/"),
        ("/<x>/", "/\\evil.example", "/%5Cevil.example/"),
    ],
)
def test_a_misspelt_path_is_sent_to_the_right_one(rule: str, path: str, target: str) -> None:
    """A missing slash at the end and doubled ones are put right; never towards another host."""
    with pytest.raises(RequestRedirect) as caught:
        router(rule).match(path, "GET")
    assert (caught.value.path, caught.value.code) == (target, 308)


def test_a_method_that_the_right_path_does_not_answer_is_not_redirected() -> None:
    """There is nothing to be sent to."""
    with pytest.raises(NotFound):
        router("/a/").match("/a", "POST")


def test_without_strict_slashes_both_spellings_answer() -> None:
    """With a slash at the end and without."""
    made = Router()
    made.add("/a/", "a", ["GET"], strict_slashes=False)
    made.add("/b/<x>", "b", ["GET"], strict_slashes=False)
    made.add("/", "root", ["GET"], strict_slashes=False)
    for path, endpoint in (("/a", "a"), ("/a/", "a"), ("/b/1", "b"), ("/b/1/", "b"), ("/", "root")):
        assert found(made, path) == endpoint


def test_a_url_is_built_from_the_rule_that_holds_most() -> None:
    """What the rule doesn't hold is handed back."""
    made = Router()
    made.add("/", "list", ["GET"], defaults={"page": 1})
    made.add("/page/<int:page>", "list", ["GET"])
    made.add("/page/<int:page>/<size>", "list", ["GET"])
    assert made.build("list", {"page": 1}) == ("/", {})
    assert made.build("list", {"page": 2, "q": "x"}) == ("/page/2", {"q": "x"})
    assert made.build("list", {"page": 2, "size": "s"}) == ("/page/2/s", {})


@pytest.mark.parametrize(
    ("endpoint", "values", "method", "text"),
    [
        ("usr", {}, None, "there is no endpoint 'usr'; did you mean 'user'?"),
        (
            "user",
            {"user_idd": 3},
            None,
            "the URL of 'user' needs 'user_id' for its rule '/u/<int:user_id>'; given was user_idd; "
            "did you mean 'user_idd'?",
        ),
        ("user", {}, None, "the URL of 'user' needs 'user_id' for its rule '/u/<int:user_id>'; given was nothing"),
        (
            "user",
            {"user_id": 1},
            "PUT",
            "no rule of the endpoint 'user' answers PUT, only GET, HEAD, OPTIONS",
        ),
        ("fixed", {"page": 2}, None, "the values contradict the defaults of every rule of the endpoint 'fixed'"),
    ],
)
def test_a_url_that_cannot_be_built_says_why(
    endpoint: str, values: dict[str, Any], method: str | None, text: str
) -> None:
    """The endpoint, the values and the method each have their own text."""
    made = Router()
    made.add("/u/<int:user_id>", "user", ["GET"])
    made.add("/", "fixed", ["GET"], defaults={"page": 1})
    with pytest.raises(RoutingError) as caught:
        made.build(endpoint, values, method)
    assert str(caught.value) == text


def calls(function: Callable[[], object]) -> int:
    """Return how many functions, of Python and C, one call runs."""
    count = 0

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.disable()  # whoever listens to the collector would be counted
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def many(count: int) -> Router:
    """Return a router with that many rules of several kinds."""
    made = Router()
    for number in range(count // 5):
        for rule in ("", "/<name>", "/<int:id>/edit", "/<name>/files/<path:p>", "/<a>-<b>/x"):
            made.add(f"/part{number}{rule}", f"{number}{rule}", ["GET"])
    return made


@pytest.mark.parametrize("path", ["/part1", "/part1/ann", "/part1/7/edit", "/part1/ann/files/a/b", "/part1/a-b/x"])
def test_a_thousand_rules_cost_what_ten_cost(path: str) -> None:
    """The way to a rule is as long as its path, not as the list of rules."""
    few, lots = many(10), many(1000)
    assert calls(lambda: lots.match(path, "GET")) == calls(lambda: few.match(path, "GET"))


def test_the_usual_rule_is_found_in_a_few_calls() -> None:
    """Routing is on the way of every request."""
    made = router("/", "/hello/<name>", "/static/<path:filename>")
    assert calls(lambda: made.match("/hello/ann", "GET")) <= 12
    assert calls(lambda: made.match("/", "GET")) <= 4
