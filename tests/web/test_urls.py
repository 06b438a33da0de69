"""URLs of endpoints."""

import pytest

from spruce.errors import ContextError, RoutingError
from spruce.web import App, url_for


@pytest.fixture
def app() -> App:
    """Return an app with some rules."""
    made = App(__name__)
    made.add_url_rule("/", "index", lambda: "")
    made.add_url_rule("/p/<int:number>", "product", lambda number: "")
    made.add_url_rule("/p", "products", lambda: "", methods=["POST"])
    made.add_url_rule("/list", "products", methods=["GET"])
    return made


def test_values_fill_the_rule_and_then_the_query(app: App) -> None:
    """Lists are several values, None is none."""
    with app.test_request_context():
        assert url_for("product", number=3) == "/p/3"
        assert url_for("product", number=3, q="a b&c", tag=["x", "y"], gone=None) == "/p/3?q=a+b%26c&tag=x&tag=y"
        assert url_for("index", _anchor="a b") == "/#a%20b"
        assert url_for("static", filename="css/a b.css") == "/static/css/a%20b.css"


def test_a_method_picks_the_rule(app: App) -> None:
    """Of an endpoint with several."""
    with app.test_request_context():
        assert url_for("products", _method="POST") == "/p"
        assert url_for("products", _method="GET") == "/list"


def test_a_whole_url_has_the_requests_scheme_and_host(app: App) -> None:
    """Or another scheme."""
    with app.test_request_context(base_url="https://shop.example:8443"):
        assert url_for("index", _external=True) == "https://shop.example:8443/"
        assert url_for("index", _scheme="wss") == "wss://shop.example:8443/"
        with pytest.raises(RoutingError) as caught:
            url_for("index", _scheme="wss", _external=False)
    assert str(caught.value) == (
        "url_for('index'): _scheme belongs to a whole URL, so it cannot go with _external=False"
    )


def test_outside_of_a_request_the_settings_decide(app: App) -> None:
    """SERVER_NAME makes URLs whole; without it they are paths, and a whole one is an error."""
    with app.app_context():
        assert url_for("index") == "/"
        with pytest.raises(ContextError) as caught:
            url_for("index", _external=True)
        assert str(caught.value) == (
            "url_for('index'): outside of a request nobody knows the host of a whole URL. "
            "Set SERVER_NAME, as in App(__name__, SERVER_NAME='shop.example')."
        )
        app.config.update(SERVER_NAME="shop.example", APPLICATION_ROOT="/app", PREFERRED_URL_SCHEME="https")
        assert url_for("index") == "https://shop.example/app/"
        assert url_for("index", _external=False) == "/app/"
    assert app.url_for("index") == "https://shop.example/app/"


def test_a_mounted_app_puts_its_root_before(app: App) -> None:
    """As the request tells it."""
    with app.test_request_context() as entry:
        assert entry.request is not None
        entry.request.root_path = "/app"
        assert url_for("product", number=1) == "/app/p/1"


def test_a_wrong_endpoint_is_answered_with_the_nearest(app: App) -> None:
    """Also through the app's method, without any context."""
    with pytest.raises(RoutingError, match=r"^there is no endpoint 'prodct'; did you mean 'product'\?$"):
        app.url_for("prodct", number=3)


def test_without_any_context_url_for_says_so() -> None:
    """The app's own method works anywhere."""
    with pytest.raises(ContextError, match=r"^url_for is only there while an app works, and none does\. "):
        url_for("index")


def test_a_rule_of_another_host_makes_a_whole_url() -> None:
    """With the port of the request; on its own host it is a path."""
    made = App(__name__, SERVER_NAME="shop.example:8080")
    made.add_url_rule("/x", "x", lambda tenant: "", subdomain="<tenant>")
    with made.test_request_context(base_url="http://a.shop.example:8080"):
        assert url_for("x", tenant="a") == "/x"
        assert url_for("x", tenant="b", page=2) == "http://b.shop.example:8080/x?page=2"
        assert url_for("x", tenant="b", _scheme="https") == "https://b.shop.example:8080/x"
    with made.app_context():
        assert url_for("x", tenant="b") == "http://b.shop.example:8080/x"


def test_a_handler_may_know_what_to_do_about_an_unknown_endpoint(app: App) -> None:
    """The first that returns a URL; else the error is raised."""
    app.url_build_error_handlers.append(lambda error, endpoint, values: None)
    app.url_build_error_handlers.append(
        lambda error, endpoint, values: f"https://cdn.example/{values['name']}" if endpoint == "cdn" else None
    )
    with app.test_request_context():
        assert url_for("cdn", name="x") == "https://cdn.example/x"
        with pytest.raises(RoutingError, match=r"^there is no endpoint 'indx'; did you mean 'index'\?$"):
            url_for("indx")
