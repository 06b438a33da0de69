"""CSRF through an app in the mode `token`: Django's cases, with the secret in a cookie and in the session."""

import re
from typing import Any

import pytest
from tests.middleware.test_csrf import FIELD, FORM, SECRET, make

from spruce import render_template_string
from spruce.errors import ConfigError
from spruce.middleware.tokens import is_match, mask, unmask
from spruce.web.client import Client, TestResponse

OTHER = "f" * 32


@pytest.fixture(params=["cookie", "session"])
def client(request: pytest.FixtureRequest) -> Client:
    """A client of an app in the mode `token`, that has the secret already."""
    client = make(CSRF_MODE="token", CSRF_USE_SESSIONS=request.param == "session").test_client()
    give(client, SECRET)
    return client


def give(client: Client, secret: str | None) -> None:
    if client.app.config["CSRF_USE_SESSIONS"]:
        with client.session_transaction() as store:
            if secret is None:
                store.pop("_csrftoken", None)
            else:
                store["_csrftoken"] = secret
    elif secret is None:
        client.delete_cookie("csrftoken")
    else:
        client.set_cookie("csrftoken", secret)


def held(client: Client) -> str | None:
    if client.app.config["CSRF_USE_SESSIONS"]:
        with client.session_transaction() as store:
            found: str | None = store.get("_csrftoken")
            return found
    return client.get_cookie("csrftoken")


def told(caplog: pytest.LogCaptureFixture) -> str:
    """Return the reason that was logged last."""
    return caplog.messages[-1].partition(": ")[2]


def test_a_page_without_token_sends_no_cookie(client: Client) -> None:
    give(client, None)
    response = client.get("/plain")
    assert response.headers.getlist("Set-Cookie") == []
    assert held(client) is None


def test_a_page_with_a_token_sends_the_secret(client: Client) -> None:
    give(client, None)
    response = client.get("/form")
    (token,) = FIELD.findall(response.text)
    secret = held(client)
    assert secret is not None
    assert unmask(token) == secret
    assert response.headers["Vary"] == "Cookie"


def test_each_page_shows_another_token_of_the_same_secret(client: Client) -> None:
    tokens = {FIELD.findall(client.get("/form").text)[0] for _ in range(3)}
    assert len(tokens) == 3
    assert {unmask(token) for token in tokens} == {SECRET}
    assert held(client) == SECRET


def test_a_form_with_its_token_is_taken(client: Client) -> None:
    token = FIELD.findall(client.get("/form").text)[0]
    assert client.post("/form", data={"csrfmiddlewaretoken": token}).status_code == 200


@pytest.mark.parametrize("token", [mask(SECRET), SECRET], ids=["masked", "plain"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_script_sends_it_in_a_header(client: Client, method: str, token: str) -> None:
    """Under a mask, or as the cookie has it."""
    assert client.open("/form", method=method, headers={"X-CSRFToken": token}).status_code == 200


def test_the_header_may_have_another_name() -> None:
    client = make(CSRF_MODE="token", CSRF_HEADER_NAME="X-Own").test_client()
    give(client, SECRET)
    assert client.post("/form", headers={"X-Own": mask(SECRET)}).status_code == 200
    assert client.post("/form", headers={"X-CSRFToken": mask(SECRET)}).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_without_a_secret_nothing_is_taken(client: Client, method: str, caplog: pytest.LogCaptureFixture) -> None:
    """Not even with a token, so that nobody can be logged in as somebody else."""
    give(client, None)
    assert client.open("/form", method=method, headers={"X-CSRFToken": mask(SECRET)}).status_code == 403
    assert told(caplog) in ("it has no CSRF cookie", "its session has no CSRF secret")


@pytest.mark.parametrize(
    ("field", "header", "reason"),
    [
        (None, None, "it has no CSRF token"),
        ("", "", "it has no CSRF token"),
        ("a" * 16, None, "the CSRF token in its form has the wrong length"),
        ("*" * 64, None, "the CSRF token in its form has characters that don't belong there"),
        ("a" * 64, None, "the CSRF token in its form is not the right one"),
        (mask(OTHER), None, "the CSRF token in its form is not the right one"),
        (None, "a" * 16, "the CSRF token in its header X-CSRFToken has the wrong length"),
        (None, "*" * 64, "the CSRF token in its header X-CSRFToken has characters that don't belong there"),
        (None, mask(OTHER), "the CSRF token in its header X-CSRFToken is not the right one"),
        (mask(OTHER), mask(SECRET), "the CSRF token in its form is not the right one"),
    ],
    ids=range(10),
)
def test_a_wrong_token_is_refused(
    client: Client, field: str | None, header: str | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A field goes before a header."""
    data = {"csrfmiddlewaretoken": field} if field is not None else {"other": "x"}
    response = client.post("/form", data=data, headers={"X-CSRFToken": header} if header is not None else {})
    assert (response.status_code, told(caplog)) == (403, reason)


@pytest.mark.parametrize(
    ("cookie", "reason"),
    [
        ("a" * 16, "its CSRF cookie has the wrong length"),
        ("*" * 64, "its CSRF cookie has characters that don't belong there"),
    ],
)
def test_a_bad_cookie_is_refused_and_replaced(cookie: str, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    client = make(CSRF_MODE="token").test_client()
    give(client, cookie)
    assert client.post("/form", headers={"X-CSRFToken": mask(SECRET)}).status_code == 403
    assert told(caplog) == reason
    token = FIELD.findall(client.get("/form").text)[0]
    assert is_match(token, held(client) or "")


def test_an_accepted_request_keeps_the_secret(client: Client) -> None:
    client.post("/plain", data={"csrfmiddlewaretoken": mask(SECRET)})
    assert held(client) == SECRET


def test_rotating_makes_older_tokens_worthless(client: Client) -> None:
    old = FIELD.findall(client.get("/form").text)[0]
    client.get("/rotate")
    assert held(client) != SECRET
    assert client.post("/form", data={"csrfmiddlewaretoken": old}).status_code == 403
    fresh = FIELD.findall(client.get("/form").text)[0]
    assert client.post("/form", data={"csrfmiddlewaretoken": fresh}).status_code == 200


def test_the_secret_can_be_sent_without_a_form(client: Client) -> None:
    """For pages whose scripts read the cookie."""
    give(client, None)
    assert client.get("/ensure").text == "ensured"
    assert held(client) is not None


def secure(client: Client, path: str = "/form", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"https://localhost{path}", headers={"X-CSRFToken": mask(SECRET), **named})


@pytest.fixture
def https(request: pytest.FixtureRequest) -> Client:
    """A client in the mode `token` with the secret it has under HTTPS."""
    return https_client()


def https_client(**settings: Any) -> Client:
    client = make(CSRF_MODE="token", **settings).test_client()
    client.set_cookie("__Host-csrftoken", SECRET)
    return client


HIDES = "it came by HTTPS with neither Origin nor Referer"


@pytest.mark.parametrize(
    ("referer", "reason"),
    [
        (None, HIDES),
        ("", "it refers to '://', which is not trusted"),
        ("nonsense", "it refers to '://', which is not trusted"),
        ("https:///path", "it refers to 'https://', which is not trusted"),
        ("http://http://localhost/", "it refers to 'http://http:', which is not trusted"),
        ("https://[", "it refers to '', which is not trusted"),
        ("https://evil.example/", "it refers to 'https://evil.example', which is not trusted"),
        ("http://localhost/", "it refers to 'http://localhost', which is not trusted"),
        ("https://localhost:8443/", "it refers to 'https://localhost:8443', which is not trusted"),
    ],
)
def test_under_https_a_page_that_hides_where_it_is_is_refused(
    https: Client, referer: str | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody between could have planted the cookie by HTTP."""
    response = secure(https, **({} if referer is None else {"Referer": referer}))
    assert (response.status_code, told(caplog)) == (403, reason)


@pytest.mark.parametrize("referer", ["https://localhost/page", "https://localhost"])
def test_under_https_a_page_of_ones_own_is_taken(https: Client, referer: str) -> None:
    assert secure(https, Referer=referer).status_code == 200


def test_by_http_nothing_has_to_say_where_a_request_comes_from(client: Client) -> None:
    assert client.post("/form", headers={"X-CSRFToken": mask(SECRET)}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://localhost", 200),
        ("http://localhost", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("https://[", 403),
        ("https://pay.example", 200),
        ("https://eu.wild.example", 200),
        ("http://eu.wild.example", 403),
    ],
)
def test_the_origin_has_to_be_right_beside_the_token(origin: str, status: int) -> None:
    client = https_client(CSRF_TRUSTED_ORIGINS=["https://pay.example", "https://*.wild.example"])
    assert secure(client, Origin=origin).status_code == status
    assert secure(client, Referer=f"{origin}/page").status_code == status


def test_sec_fetch_site_is_enough_behind_a_proxy_that_says_nothing(client: Client) -> None:
    headers = {"X-CSRFToken": mask(SECRET), "Sec-Fetch-Site": "same-origin", "Origin": "https://front.example"}
    assert client.post("/form", headers=headers).status_code == 200


def test_a_form_that_cannot_be_read_has_no_token(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    response = client.post("/plain", data=b"x", content_type="multipart/form-data")
    assert (response.status_code, told(caplog)) == (403, "it has no CSRF token")


def test_a_path_that_is_not_there_is_a_404_nevertheless_checked(client: Client) -> None:
    assert client.get("/nowhere").status_code == 404
    assert client.post("/nowhere").status_code == 403


def test_the_cookie_is_as_the_settings_say() -> None:
    client = make(
        CSRF_MODE="token",
        CSRF_COOKIE_NAME="own",
        CSRF_COOKIE_AGE=60,
        CSRF_COOKIE_DOMAIN="shop.example",
        CSRF_COOKIE_PATH="/form",
        CSRF_COOKIE_SECURE=True,
        CSRF_COOKIE_HTTPONLY=True,
        CSRF_COOKIE_SAMESITE="Strict",
        CSRF_FIELD_NAME="token",
    ).test_client()
    response = client.get("/form")
    assert re.fullmatch(
        r"own=[0-9a-f]{32}; Domain=shop\.example; Max-Age=60; Secure; HttpOnly; Path=/form; SameSite=Strict",
        response.headers["Set-Cookie"],
    )
    assert 'name="token"' in response.text


def test_under_https_the_cookie_is_of_this_host_alone() -> None:
    client = make(CSRF_MODE="token").test_client()
    cookie = client.get("https://localhost/form").headers["Set-Cookie"]
    assert cookie.startswith("__Host-csrftoken=")
    assert "; Secure; Path=/; SameSite=Lax" in cookie


def test_a_session_is_needed_where_the_secret_is_to_be_in_it() -> None:
    app = make(
        CSRF_MODE="token",
        CSRF_USE_SESSIONS=True,
        TESTING=True,
        DEFAULT_MIDDLEWARE=["spruce.middleware.csrf.CsrfViewMiddleware"],
    )
    with pytest.raises(ConfigError) as caught:
        app.test_client().get("/form")
    assert str(caught.value) == (
        "CSRF_USE_SESSIONS is on, and the request has no session. "
        "SessionMiddleware has to stand outside of CsrfViewMiddleware."
    )


def test_a_page_for_an_error_has_a_token_that_counts(client: Client) -> None:
    @client.app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return render_template_string(FORM), 404

    token = FIELD.findall(client.get("/nowhere").text)[0]
    assert client.post("/form", data={"csrfmiddlewaretoken": token}).status_code == 200
