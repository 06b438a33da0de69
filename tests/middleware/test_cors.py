"""CORS through an app: who may read, preflights, the settings of django-cors-headers and their old names."""

from typing import Any

import pytest

from spruce import App, Blueprint, Response, abort, session
from spruce.errors import ConfigError, MiddlewareNotUsed
from spruce.middleware.cors import CorsMiddleware, CorsPolicy, cors

ORIGIN = "https://app.example"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-own, x-b"}


def make(**settings: Any) -> App:
    app = App(__name__, static_folder=None, SECRET_KEY="k" * 40, **settings)

    @app.route("/", methods=["GET", "POST", "PUT"])
    def index() -> str:
        return "index"

    @app.get("/fail")
    def fail() -> str:
        abort(418)

    @app.get("/api/x")
    def api() -> str:
        return "api"

    return app


def access(response: Response) -> dict[str, str]:
    """Return what a response tells about CORS."""
    return {
        name.removeprefix("Access-Control-"): value
        for name, value in response.headers
        if name.startswith("Access-Control-")
    }


def ask(app: App, origin: str | None = ORIGIN, path: str = "/") -> Response:
    return app.test_client().get(path, headers={"Origin": origin} if origin is not None else {})


def test_without_settings_nothing_is_there() -> None:
    """Nothing allows anything, so browsers don't."""
    with make().app_context(), pytest.raises(MiddlewareNotUsed, match=r"^no CORS setting allows anything$"):
        CorsMiddleware(lambda request: Response())
    response = ask(make())
    assert (access(response), "Vary" in response.headers) == ({}, False)


@pytest.mark.parametrize("setting", ["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"])
def test_an_origin_that_is_listed_may_read_and_another_may_not_asvs_3_4_2(setting: str) -> None:
    app = make(**{setting: [ORIGIN]})
    assert access(ask(app)) == {"Allow-Origin": ORIGIN}
    assert access(ask(app, "HTTPS://APP.EXAMPLE")) == {"Allow-Origin": "HTTPS://APP.EXAMPLE"}
    for other in ("https://evil.example", "http://app.example", "https://app.example:8443", "null", "", "https://["):
        assert access(ask(app, other)) == {}
    assert access(ask(app, None)) == {}


def test_the_response_always_varies_by_origin() -> None:
    """A cache must not give one site's answer to another."""
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN])
    for origin in (ORIGIN, "https://evil.example", None):
        assert ask(app, origin).headers["Vary"] == "Origin"
    assert ask(make(CORS_ALLOW_ALL_ORIGINS=True)).headers["Vary"] == "Origin"


@pytest.mark.parametrize("setting", ["CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST"])
def test_a_pattern_has_to_fit_the_whole_origin(setting: str) -> None:
    app = make(**{setting: [r"https://\w+\.app\.example"]})
    assert access(ask(app, "https://a.app.example")) == {"Allow-Origin": "https://a.app.example"}
    for other in ("https://a.app.example.evil.example", "https://evil.example/https://a.app.example"):
        assert access(ask(app, other)) == {}


@pytest.mark.parametrize("setting", ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"])
def test_everybody_may_read(setting: str) -> None:
    assert access(ask(make(**{setting: True}), "https://whoever.example")) == {"Allow-Origin": "*"}


def test_everybody_with_credentials_is_told_by_name() -> None:
    """Browsers take no * together with cookies."""
    app = make(CORS_ALLOW_ALL_ORIGINS=True, CORS_ALLOW_CREDENTIALS=True)
    assert access(ask(app)) == {"Allow-Origin": ORIGIN, "Allow-Credentials": "true"}


def test_credentials_are_for_those_that_are_allowed() -> None:
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ALLOW_CREDENTIALS=True)
    assert access(ask(app)) == {"Allow-Origin": ORIGIN, "Allow-Credentials": "true"}
    assert access(ask(app, "https://evil.example")) == {}


def test_null_is_an_origin_only_where_it_is_listed() -> None:
    assert access(ask(make(CORS_ALLOWED_ORIGINS=["null"]), "null")) == {"Allow-Origin": "null"}


def test_headers_that_may_be_read_are_told_but_not_beforehand() -> None:
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_EXPOSE_HEADERS=["X-Total", "X-Page"])
    assert access(ask(app))["Expose-Headers"] == "X-Total, X-Page"
    assert "Expose-Headers" not in access(app.test_client().options("/", headers=PREFLIGHT))


def test_errors_can_be_read_too() -> None:
    response = ask(make(CORS_ALLOWED_ORIGINS=[ORIGIN]), path="/fail")
    assert (response.status_code, access(response)) == (418, {"Allow-Origin": ORIGIN})
    assert access(ask(make(CORS_ALLOWED_ORIGINS=[ORIGIN]), path="/nowhere")) == {"Allow-Origin": ORIGIN}


def test_a_preflight_is_answered_before_anything_else() -> None:
    """Before sessions, log-ins and views, as it carries no cookies."""
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ALLOW_CREDENTIALS=True)

    @app.before_request
    def login() -> None:
        if "user" not in session:
            abort(401)

    response = app.test_client().options("/", headers=PREFLIGHT)
    assert (response.status_code, response.data) == (200, b"")
    assert access(response) == {
        "Allow-Origin": ORIGIN,
        "Allow-Credentials": "true",
        "Allow-Headers": "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
        "Allow-Methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "Max-Age": "86400",
    }
    assert app.test_client().get("/", headers={"Origin": ORIGIN}).status_code == 401


def test_a_preflight_of_somebody_else_is_told_nothing() -> None:
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN])
    response = app.test_client().options("/", headers={**PREFLIGHT, "Origin": "https://evil.example"})
    assert (response.status_code, access(response)) == (200, {})


def test_an_options_request_that_is_no_preflight_is_handled() -> None:
    response = make(CORS_ALLOWED_ORIGINS=[ORIGIN]).test_client().options("/", headers={"Origin": ORIGIN})
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST, PUT"
    assert access(response) == {"Allow-Origin": ORIGIN}


@pytest.mark.parametrize(
    ("setting", "value", "name", "told", "warning"),
    [
        ("CORS_ALLOW_HEADERS", ["x-a", "x-b"], "Allow-Headers", "x-a, x-b", None),
        ("CORS_ALLOW_HEADERS", ["*"], "Allow-Headers", "x-own, x-b", None),
        (
            "CORS_ALLOW_HEADERS",
            "*",
            "Allow-Headers",
            "x-own, x-b",
            "CORS_ALLOW_HEADERS is the text '*'; it is read as ['*']",
        ),
        (
            "CORS_ALLOW_HEADERS",
            "x-a, x-b",
            "Allow-Headers",
            "x-a, x-b",
            "CORS_ALLOW_HEADERS is the text 'x-a, x-b'; it is read as ['x-a', 'x-b']",
        ),
        ("CORS_ALLOW_METHODS", ["GET"], "Allow-Methods", "GET", None),
        ("CORS_ALLOW_METHODS", "*", "Allow-Methods", "PUT", "CORS_ALLOW_METHODS is the text '*'; it is read as ['*']"),
    ],
)
def test_a_lone_text_does_what_its_writer_meant_with_a_warning(
    setting: str, value: Any, name: str, told: str, warning: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN], **{setting: value})
    assert access(app.test_client().options("/", headers=PREFLIGHT))[name] == told
    assert caplog.messages == ([f"{warning}. Write a list."] if warning else [])


def test_the_answer_to_a_preflight_may_not_be_kept() -> None:
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_PREFLIGHT_MAX_AGE=0)
    assert "Max-Age" not in access(app.test_client().options("/", headers=PREFLIGHT))


@pytest.mark.parametrize(("setting", "asked", "told"), [(True, True, True), (True, False, False), (False, True, False)])
def test_private_networks_are_open_where_asked_and_allowed(setting: bool, asked: bool, told: bool) -> None:
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ALLOW_PRIVATE_NETWORK=setting)
    headers = {**PREFLIGHT, **({"Access-Control-Request-Private-Network": "true"} if asked else {})}
    assert ("Allow-Private-Network" in access(app.test_client().options("/", headers=headers))) is told


def test_only_some_paths_are_open() -> None:
    app = make(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_URLS_REGEX=r"^/api/")
    assert access(ask(app, path="/api/x")) == {"Allow-Origin": ORIGIN}
    response = ask(app)
    assert (access(response), "Vary" in response.headers) == ({}, False)
    assert app.test_client().options("/", headers=PREFLIGHT).headers["Allow"] == "GET, HEAD, OPTIONS, POST, PUT"


@pytest.mark.parametrize(
    ("origin", "hint"),
    [
        ("*", "Every site: CORS_ALLOW_ALL_ORIGINS = True."),
        ("https://*.app.example", "A pattern belongs into CORS_ALLOWED_ORIGIN_REGEXES."),
        (
            "app.example",
            "An origin is a scheme and a host, with a port if it isn't the usual one: https://app.example.",
        ),
        (
            "https://app.example/",
            "An origin is a scheme and a host, with a port if it isn't the usual one: https://app.example.",
        ),
    ],
)
def test_an_origin_that_is_none_is_told_at_start_up(origin: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(CORS_ALLOWED_ORIGINS=[origin]).prepare()
    assert str(caught.value) == f"{origin!r} is no origin that CORS could allow. {hint}"


def test_all_headers_cannot_be_exposed_with_cookies(caplog: pytest.LogCaptureFixture) -> None:
    make(CORS_ALLOWED_ORIGINS=[ORIGIN], CORS_ALLOW_CREDENTIALS=True, CORS_EXPOSE_HEADERS=["*"]).prepare()
    assert caplog.messages == [
        "CORS_EXPOSE_HEADERS has '*', which browsers don't take with CORS_ALLOW_CREDENTIALS: name them"
    ]


def test_a_view_and_a_blueprint_may_have_a_policy_of_their_own() -> None:
    """By method, too: a preflight is answered for the method that it asks about."""
    app = make(CORS_ALLOWED_ORIGINS=["https://other.example"])

    @app.put("/own")
    @cors(origins=[ORIGIN], allow_methods=["PUT"], allow_headers=["x-own"], max_age=5)
    def own() -> str:
        return "own"

    api = cors(allow_all_origins=True)(Blueprint("public", __name__, url_prefix="/public"))
    api.get("/")(lambda: "public")
    app.register_blueprint(api)
    client = app.test_client()
    assert access(client.options("/own", headers=PREFLIGHT)) == {
        "Allow-Origin": ORIGIN,
        "Allow-Headers": "x-own",
        "Allow-Methods": "PUT",
        "Max-Age": "5",
    }
    assert access(client.put("/own", headers={"Origin": ORIGIN})) == {"Allow-Origin": ORIGIN}
    assert access(client.put("/own", headers={"Origin": "https://other.example"})) == {}
    assert access(client.get("/public/", headers={"Origin": "https://whoever.example"})) == {"Allow-Origin": "*"}
    assert access(client.get("/", headers={"Origin": "https://other.example"})) == {
        "Allow-Origin": "https://other.example"
    }
    assert access(client.get("/nowhere", headers={"Origin": ORIGIN})) == {}


def test_a_policy_is_a_value() -> None:
    policy = CorsPolicy([ORIGIN], [r"https://b\d\.example"])
    assert [policy.allows(origin) for origin in (ORIGIN, "https://b1.example", "https://b.example")] == [
        True,
        True,
        False,
    ]
