"""CSRF through an app: the mode `origin`, and decorators for single views."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.web.test_app import python_calls

from spruce import App, Blueprint, Request, Response, render_template_string, request
from spruce.errors import ConfigError, CsrfError, Forbidden
from spruce.middleware.csrf import (
    CsrfViewMiddleware,
    csrf_exempt,
    csrf_protect,
    ensure_csrf_cookie,
    get_token,
    requires_csrf_token,
    rotate_token,
)
from spruce.middleware.tokens import is_match
from spruce.web.client import Client

SECRET = "0123456789abcdef" * 2
FORM = "<form>{% csrf_token %}</form>"
FIELD = re.compile(r'<input type="hidden" name="csrfmiddlewaretoken" value="([0-9a-f]{64})">')


def current() -> Request:
    found: Request = request._get_current_object()  # type: ignore[attr-defined] # a proxy's own method
    return found


def make(**settings: Any) -> App:
    app = App(__name__, **{"SECRET_KEY": "k" * 40, "static_folder": None, **settings})

    @app.route("/form", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def form() -> str:
        return render_template_string(FORM)

    @app.route("/plain", methods=["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
    def plain() -> str:
        return "plain"

    @app.post("/exempt")
    @csrf_exempt
    def exempt() -> Any:
        return request.stream.read() or "exempt"

    @app.get("/rotate")
    def rotate() -> str:
        rotate_token(current())
        return "rotated"

    @app.get("/ensure")
    @ensure_csrf_cookie
    def ensure() -> str:
        return "ensured"

    return app


@pytest.fixture
def plain_client() -> Client:
    """A client of an app as it comes."""
    return make().test_client()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_unsafe_requests_of_another_sites_page_are_refused_asvs_3_5_1(method: str, plain_client: Client) -> None:
    """Whatever the method, and whether the path is there or not."""
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in ("/form", "/nowhere"):
        response = plain_client.open(path, method=method, headers=headers)
        assert response.status_code == 403
        assert "This form belongs to another site, or its page is too old." in response.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_there_to_change_something_takes_no_safe_method_asvs_3_5_3(method: str, plain_client: Client) -> None:
    """A link or an image of another site could send those."""
    response = plain_client.open("/exempt", method=method)
    assert (response.status_code, response.headers["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_safe_ones_are_not(method: str, plain_client: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert plain_client.open("/plain", method=method, headers=headers).status_code == 200


def test_ones_own_pages_and_programs_are_not_in_the_way(plain_client: Client) -> None:
    assert plain_client.post("/form").status_code == 200
    assert plain_client.post("/form", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert plain_client.post("/form", headers={"Origin": "http://localhost"}).status_code == 200


def test_the_refusal_says_why_in_the_log(plain_client: Client, caplog: pytest.LogCaptureFixture) -> None:
    plain_client.post("/form", headers={"Origin": "https://evil.example"})
    assert caplog.messages == ["refused POST '/form': its origin 'https://evil.example' is not trusted"]


def test_forms_need_no_token_there(plain_client: Client) -> None:
    """The tag is nothing, so that pages can be kept by caches."""
    response = plain_client.get("/form")
    assert (response.text, response.headers.getlist("Set-Cookie")) == ("<form></form>", [])
    assert "Vary" not in response.headers


@pytest.mark.parametrize("mode", ["origin", "token"])
def test_an_exempt_view_takes_everything_with_its_body_unread(mode: str) -> None:
    client = make(CSRF_MODE=mode).test_client()
    headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/exempt", data=b"raw", headers=headers).text == "raw"


@pytest.mark.parametrize("mode", ["origin", "token"])
def test_a_whole_blueprint_may_be_exempt(mode: str) -> None:
    app = make(CSRF_MODE=mode)
    api = csrf_exempt(Blueprint("api", __name__, url_prefix="/api"))
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    api.post("/")(lambda: "api")
    inner.post("/")(lambda: "inner")
    api.register_blueprint(inner)
    app.register_blueprint(api)
    client = app.test_client()
    for path in ("/api/", "/api/inner/"):
        assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert client.post("/form", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_an_app_that_is_mounted_is_protected_too() -> None:
    app, inner = make(), make()
    app.mount("/inner", inner)
    client = app.test_client()
    assert client.post("/inner/form", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/inner/form").status_code == 200


def test_trusted_origins_are_taken() -> None:
    client = make(CSRF_TRUSTED_ORIGINS=["https://*.pay.example"]).test_client()
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://eu.pay.example"}
    assert client.post("/form", headers=headers).status_code == 200


def test_cors_never_widens_what_is_trusted_asvs_3_5_2() -> None:
    app = make(CORS_ALLOWED_ORIGINS=["https://app.example"], CORS_ALLOW_CREDENTIALS=True)
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example"}
    assert app.test_client().post("/form", headers=headers).status_code == 403
    everybody = make(CORS_ALLOW_ALL_ORIGINS=True).test_client()
    assert everybody.post("/form", headers=headers).status_code == 403


def test_an_error_handler_answers_refusals(caplog: pytest.LogCaptureFixture) -> None:
    app = make()

    @app.errorhandler(CsrfError)
    def refused(error: CsrfError) -> tuple[str, int]:
        return f"no: {error.reason}", 403

    response = app.test_client().post("/form", headers={"Origin": "null"})
    assert (response.status_code, response.text) == (403, "no: its origin 'null' is not trusted")
    assert issubclass(CsrfError, Forbidden)


def failure_view(request: Request, reason: str) -> str:
    """Answer a refused form, as CSRF_FAILURE_VIEW names it."""
    return f"{request.path}: {reason}"


@pytest.mark.parametrize("view", [failure_view, f"{__name__}.failure_view"])
def test_a_failure_view_answers_them(view: Any) -> None:
    """Called with request and reason; a view that states no status answers 403."""
    response = make(CSRF_FAILURE_VIEW=view).test_client().post("/form", headers={"Origin": "null"})
    assert (response.status_code, response.text) == (403, "/form: its origin 'null' is not trusted")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"CSRF_MODE": "tokens"}, "CSRF_MODE is 'tokens'. It is 'origin' or 'token'."),
        (
            {"CSRF_FAILURE_VIEW": "nowhere.view"},
            "CSRF_FAILURE_VIEW is 'nowhere.view', which cannot be found. Write 'package.module.name'.",
        ),
    ],
)
def test_wrong_settings_are_told_at_start_up(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(**settings).prepare()
    assert str(caught.value) == text


# Decorators, where the middleware isn't around all views


def bare(decorator: Callable[[Any], Any], **settings: Any) -> Client:
    app = App(__name__, CSRF_MODE="token", DEFAULT_MIDDLEWARE=[], static_folder=None, **settings)

    @app.route("/form", methods=["GET", "POST"])
    @decorator
    def form() -> str:
        return render_template_string(FORM)

    @app.route("/async", methods=["GET", "POST"])
    @decorator
    async def coroutine() -> str:
        return get_token(current())

    return app.test_client()


@pytest.mark.parametrize("path", ["/form", "/async"])
def test_one_view_can_be_protected(path: str) -> None:
    client = bare(csrf_protect)
    client.get(path)
    assert client.post(path).status_code == 403
    assert client.post(path, headers={"X-CSRFToken": client.get_cookie("csrftoken")}).status_code == 200


def test_a_failure_view_answers_for_one_view_too() -> None:
    response = bare(csrf_protect, CSRF_FAILURE_VIEW=failure_view).post("/form")
    assert (response.status_code, response.text) == (403, "/form: it has no CSRF cookie")


def test_requires_csrf_token_sends_the_secret_and_checks_nothing() -> None:
    client = bare(requires_csrf_token)
    token = FIELD.findall(client.get("/form").text)[0]
    assert is_match(token, client.get_cookie("csrftoken") or "")
    assert client.post("/form").status_code == 200


def test_ensure_csrf_cookie_sends_it_anyway() -> None:
    client = bare(ensure_csrf_cookie)
    client.get("/form")
    assert client.get_cookie("csrftoken") is not None


def test_a_view_within_the_middleware_is_checked_once() -> None:
    app = make(CSRF_MODE="token")
    app.post("/twice")(csrf_protect(lambda: "ok"))
    client = app.test_client()
    client.set_cookie("csrftoken", SECRET)
    assert client.post("/twice", headers={"X-CSRFToken": SECRET}).text == "ok"


def test_a_safe_request_costs_one_call() -> None:
    response = Response("x")
    middleware = CsrfViewMiddleware(lambda request: response)
    asked = Request("GET", "/")
    assert python_calls(lambda: middleware(asked)) == ["__call__", "<lambda>"]
