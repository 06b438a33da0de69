"""examples/hello.py, the code in the README."""

from spruce import App


def test_hello_answers_as_the_readme_says(load) -> None:
    """The smallest app greets as often as it is asked to."""
    app: App = load("hello").app
    client = app.test_client()
    assert client.get("/hello/熊猫").json == {"hello": ["熊猫"]}
    assert client.get("/hello/Ada?times=2").json == {"hello": ["Ada", "Ada"]}
    assert client.get("/hello/Ada?times=soon").status_code == 422
