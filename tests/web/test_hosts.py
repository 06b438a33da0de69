"""Rules of hosts."""

from typing import Any

import pytest

from spruce.errors import RoutingError
from spruce.web import App, Blueprint
from spruce.web.hosts import host_of, parse_host
from spruce.web.routing import Router


def shop(**settings: Any) -> App:
    app = App(__name__, static_folder=None, **settings)
    app.add_url_rule("/", "api", lambda: "api", host="api.shop.example")
    app.add_url_rule("/", "tenant", lambda tenant: f"tenant {tenant}", host="<tenant>.shop.example")
    app.add_url_rule("/", "local", lambda: "port", host="localhost:8080")
    app.add_url_rule("/only", "post", lambda: "posted", host="api.shop.example", methods=["POST"])
    app.add_url_rule("/", "index", lambda: "everywhere")
    app.add_url_rule("/about", "about", lambda: "about")
    return app


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("api.shop.example", "/", "api"),
        ("API.Shop.Example:5000", "/", "api"),
        ("ann.shop.example", "/", "tenant ann"),
        ("a.b.shop.example", "/", "everywhere"),
        ("localhost:8080", "/", "port"),
        ("localhost", "/", "everywhere"),
        ("api.shop.example", "/about", "about"),
    ],
)
@pytest.mark.parametrize("hooked", [False, True])
def test_a_rule_of_a_host_goes_before_those_of_all(host: str, path: str, expected: str, hooked: bool) -> None:
    """Fixed names before variables; a port counts where the pattern has one; what isn't there is looked for on."""
    app = shop()
    if hooked:
        app.before_request(lambda: None)
    assert app.test_client().get(path, base_url=f"http://{host}").text == expected


def test_methods_of_a_host_are_told() -> None:
    """In 405 as in OPTIONS; elsewhere the path isn't there."""
    client = shop().test_client()
    wrong = client.get("/only", base_url="http://api.shop.example")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "OPTIONS, POST")
    asked = client.options("/only", base_url="http://api.shop.example")
    assert asked.headers["Allow"] == "OPTIONS, POST"
    assert client.get("/only").status_code == 404


def test_a_variable_of_a_host_may_be_converted() -> None:
    """As those of a path are; a type of the view as well."""
    app = App(__name__)

    @app.get("/<name>", host="<int:number>.<word>.example")
    def view(number: int, word: str, name: str) -> dict[str, Any]:
        return {"all": [number, word, name]}

    client = app.test_client()
    assert client.get("/x", base_url="http://7.a.example").json == {"all": [7, "a", "x"]}
    assert client.get("/x", base_url="http://seven.a.example").status_code == 404


def test_a_blueprint_may_have_a_subdomain() -> None:
    """For all of its rules but those that have a host of their own."""
    app = App(__name__, SERVER_NAME="shop.example:5000")
    admin = Blueprint("admin", __name__, subdomain="admin")
    admin.add_url_rule("/", "index", lambda: "admin")
    admin.add_url_rule("/", "other", lambda: "other", host="other.example")
    app.register_blueprint(admin)
    client = app.test_client()
    assert client.get("/", base_url="http://admin.shop.example:5000").text == "admin"
    assert client.get("/", base_url="http://other.example").text == "other"
    assert client.get("/", base_url="http://shop.example:5000").status_code == 404


@pytest.mark.parametrize(
    ("host", "subdomain", "server_name", "text"),
    [
        ("a.example", "b", "c.example", "the rule '/' has a host and a subdomain. Give the host alone."),
        (
            None,
            "b",
            None,
            "the rule '/' is for the subdomain 'b', but of which host nobody knows. "
            "Set SERVER_NAME first, as in App(__name__, SERVER_NAME='shop.example').",
        ),
    ],
)
def test_a_host_that_makes_no_sense_is_refused(
    host: str | None, subdomain: str, server_name: str | None, text: str
) -> None:
    """When the rule is added."""
    with pytest.raises(RoutingError) as caught:
        host_of("/", host, subdomain, server_name)
    assert str(caught.value) == text


def test_an_empty_subdomain_is_the_server_itself() -> None:
    """Without its port."""
    assert host_of("/", None, "", "shop.example:80") == "shop.example"


def test_a_pattern_of_hosts_is_parsed_as_a_rule() -> None:
    """Variables are names without dots."""
    text, variable, rest = parse_host("<a>.example", Router().converters)
    assert (text, rest) == ("/", ".example")
    assert not isinstance(variable, str)
    assert variable.converter.regex == "[^./:]+"
