"""examples/hello.py, the smallest app."""

from spruce import App


def test_hello_answers_as_often_as_asked(load) -> None:
    """A name from the path, a number from the query string, JSON out; what is no number is refused."""
    app: App = load("hello").app
    client = app.test_client()
    assert client.get("/hello/熊猫").json == {"hello": ["熊猫"]}
    assert client.get("/hello/Ada?times=2").json == {"hello": ["Ada", "Ada"]}
    assert client.get("/hello/Ada?times=soon").status_code == 422
