"""Dependencies: what they are given, that they are called once, and when they are cleaned up."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from spruce.errors import NotFound, ViewError
from spruce.web import App, Depends, Header, Query, Response, request

calls: list[str] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def paging(page: int = 1, size: Annotated[int, Query(le=50)] = 20) -> slice:
    calls.append("paging")
    return slice((page - 1) * size, page * size)


def user(token: Annotated[str, Header()]) -> str:
    calls.append("user")
    return token.upper()


def greeting(name: Annotated[str, Depends(user)], item: int) -> str:
    return f"Hello {name} of {item}"


class Filters:
    """Made of parameters."""

    def __init__(self, q: str = "", size: int = 5) -> None:
        self.text = f"{q}/{size}"


async def later(page: int = 1) -> int:
    return page + 1


def connection() -> Iterator[str]:
    calls.append("open")
    try:
        yield "connection"
    except ZeroDivisionError as error:
        calls.append(f"roll back for {error}")
        raise
    except NotFound:
        calls.append("nothing")
    else:
        calls.append(f"commit in {request.path}")
    finally:
        calls.append("close")


Paging = Annotated[slice, Depends(paging)]
User = Annotated[str, Depends(user)]
Connection = Annotated[str, Depends(connection)]


def test_a_dependency_has_parameters_of_its_own() -> None:
    """From the query, a header, the path, or other dependencies; a shared one is called once for a request."""
    app = App(__name__, TESTING=True)

    @app.get("/<int:item>")
    def view(item: int, part: Paging, name: User, text: Annotated[str, Depends(greeting)]) -> dict[str, Any]:
        return {"all": [item, part.start, part.stop, name, text]}

    client = app.test_client()
    assert client.get("/3?page=2", headers={"Token": "ann"}).json == {"all": [3, 20, 40, "ANN", "Hello ANN of 3"]}
    assert calls == ["paging", "user"]
    assert client.get("/3?page=x&size=99").json["fields"] == {
        "page": "Expected `int`, got 'x'",
        "size": "Expected `int` <= 50",
        "token": "is required in the headers",
    }


def test_a_dependency_may_be_called_each_time() -> None:
    """With use_cache=False."""
    app = App(__name__)

    @app.get("/")
    def view(a: Paging, b: Annotated[slice, Depends(paging, use_cache=False)]) -> str:
        return "x"

    app.test_client().get("/")
    assert calls == ["paging", "paging"]


def test_a_dependency_may_be_a_class_or_async() -> None:
    """A class is called without being named twice; an async function is waited for."""
    app = App(__name__)

    @app.get("/")
    def view(filters: Annotated[Filters, Depends()], number: Annotated[int, Depends(later)]) -> dict[str, Any]:
        return {"all": [filters.text, number]}

    assert app.test_client().get("/?q=x&page=4").json == {"all": ["x/5", 5]}


def test_a_generator_is_cleaned_up_when_the_response_is_made() -> None:
    """Before it is sent, so what fails then is a 500 and not a lie."""
    app = App(__name__)

    @app.get("/")
    def view(connection: Connection) -> dict[str, str]:
        calls.append("view")
        return {"got": connection}

    assert app.test_client().get("/").json == {"got": "connection"}
    assert calls == ["open", "view", "commit in /", "close"]


def test_a_generator_is_told_of_the_error_of_its_view() -> None:
    """It may roll back, but the error is answered all the same."""
    app = App(__name__)
    app.add_url_rule("/zero", "zero", zero)
    app.add_url_rule("/missing", "missing", missing)
    client = app.test_client()
    assert client.get("/zero").status_code == 500
    assert calls == ["open", "roll back for division by zero", "close"]
    calls.clear()
    assert client.get("/missing").status_code == 404
    assert calls == ["open", "nothing", "close"]


def zero(connection: Connection) -> str:
    return str(1 / 0)


def missing(connection: Connection) -> str:
    raise NotFound()


def test_a_stream_keeps_its_dependencies() -> None:
    """They are cleaned up at its end, with the request at hand."""
    app = App(__name__)

    @app.get("/stream")
    def view(connection: Connection) -> Response:
        return Response(calls.append(str(number)) or "x" for number in range(2))

    assert app.test_client().get("/stream").text == "xx"
    assert calls == ["open", "0", "1", "commit in /stream", "close"]


def test_an_error_of_cleaning_up_is_raised_in_the_others() -> None:
    """The last one that was opened is the first to be closed."""
    app = App(__name__)

    def failing(connection: Connection) -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("too late")

    @app.get("/")
    def view(number: Annotated[int, Depends(failing)]) -> str:
        return "fine"

    assert app.test_client().get("/").status_code == 500
    assert calls == ["open", "roll back for too late", "close"]


def twice() -> Iterator[int]:
    yield 1
    yield 2


def never() -> Iterator[int]:
    yield from ()


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (
            twice,
            "the dependency 'twice' yields a second time. It yields its value once; what stands behind that cleans up.",
        ),
        (never, "the dependency 'never' did not yield a value"),
    ],
)
def test_a_generator_yields_once(function: Any, text: str) -> None:
    """The error names it."""
    app = App(__name__, TESTING=True)

    @app.get("/")
    def view(number: Annotated[int, Depends(function)]) -> str:
        return "fine"

    with pytest.raises(ViewError) as caught:
        app.test_client().get("/")
    assert str(caught.value) == text


async def stream() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (
            Annotated[int, Depends(stream)],
            "the dependency 'stream' is an async generator. "
            "Write a plain generator; it may wait with green.await_(...).",
        ),
        (
            Annotated["int | str", Depends()],
            "the parameter 'number' of the view 'view' depends on None, which cannot be called. "
            "Write Annotated[Type, Depends(function)].",
        ),
    ],
)
def test_what_cannot_be_depended_on_is_refused_when_the_route_is_added(annotation: Any, text: str) -> None:
    """With what to write instead."""

    def view(number) -> str:  # type: ignore[no-untyped-def] # annotated below
        return ""

    view.__annotations__["number"] = annotation
    with pytest.raises(ViewError) as caught:
        App(__name__).add_url_rule("/", view_func=view)
    assert str(caught.value) == text


def test_a_route_may_have_dependencies_that_its_view_is_not_given() -> None:
    """They are called first, may refuse the request, are cleaned up, and their parameters are checked and described."""
    app = App(__name__)

    def login(token: Annotated[str, Header()]) -> None:
        calls.append("login")
        if token != "secret":
            raise NotFound()

    @app.get("/", dependencies=[Depends(login), Depends(connection)])
    def view(page: int = 1) -> str:
        calls.append("view")
        return str(page)

    client = app.test_client()
    assert client.get("/", headers={"Token": "secret"}).text == "1"
    assert calls == ["login", "open", "view", "commit in /", "close"]
    calls.clear()
    assert client.get("/", headers={"Token": "guess"}).status_code == 404
    assert calls == ["login"]
    assert client.get("/?page=x").json["fields"] == {
        "token": "is required in the headers",
        "page": "Expected `int`, got 'x'",
    }
    parameters = client.get("/openapi.json").json["paths"]["/"]["get"]["parameters"]
    assert [one["name"] for one in parameters] == ["token", "page"]


def test_a_dependency_of_a_route_is_a_function() -> None:
    """Nothing else could be called."""
    with pytest.raises(ViewError) as caught:
        App(__name__).add_url_rule("/", "view", lambda: "", dependencies=[Depends()])
    assert str(caught.value) == (
        "the parameter 'dependency 1' of the view '<lambda>' depends on None, which cannot be called. "
        "Write Annotated[Type, Depends(function)]."
    )


def test_a_dependency_can_be_replaced_for_a_test() -> None:
    """By a function with parameters and a clean-up of its own; those that depend on it get the other's value, too."""
    log: list[str] = []

    def database() -> str:
        raise AssertionError("this is the real one")

    def user(db: Annotated[str, Depends(database)]) -> str:
        return f"user of {db}"

    def fake(name: str = "memory") -> Iterator[str]:
        yield name
        log.append(f"closed {name}")

    app = App(__name__)

    @app.get("/")
    def index(db: Annotated[str, Depends(database)], user: Annotated[str, Depends(user)]) -> str:
        return f"{db}, {user}"

    app.dependency_overrides[database] = fake
    client = app.test_client()
    assert client.get("/").text == "memory, user of memory"
    assert client.get("/?name=disk").text == "disk, user of disk"
    assert log == ["closed memory", "closed disk"]
    app.dependency_overrides.clear()
    app.config["TESTING"] = True
    with pytest.raises(AssertionError):
        client.get("/")


def test_a_replaced_dependency_that_is_not_shared_is_called_each_time() -> None:
    """As the one that it stands for."""
    calls: list[int] = []

    def number() -> int:
        return 0

    app = App(__name__)

    @app.get("/")
    def index(
        a: Annotated[int, Depends(number, use_cache=False)], b: Annotated[int, Depends(number, use_cache=False)]
    ) -> list[int]:
        return [a, b]

    app.dependency_overrides[number] = lambda: calls.append(1) or len(calls)
    assert app.test_client().get("/").json == [1, 2]
