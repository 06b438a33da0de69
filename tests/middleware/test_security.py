"""Hosts, HTTPS and the fields of each response."""

from typing import Any

import pytest

from spruce import App, Request, Response, request
from spruce.errors import ConfigError

FIELDS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
}


def make(**settings: Any) -> App:
    app = App(__name__, static_folder=None, **settings)

    @app.route("/", methods=["GET", "POST"])
    def index() -> str:
        return request.scheme

    return app


def ask(app: App, host: str = "localhost", path: str = "/", scheme: str = "http", **headers: str) -> Response:
    named = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return app.test_client(base_url=f"{scheme}://localhost").get(path, headers=named)


def test_each_response_has_the_fields_that_protect_pages_asvs_3_4_4_3_4_5_3_4_6() -> None:
    for path in ("/", "/nowhere"):
        headers = ask(make(), path=path).headers
        assert {name: headers[name] for name in FIELDS} == FIELDS


def test_a_response_goes_before_them() -> None:
    app = make()
    app.get("/own")(lambda: ("", {"X-Frame-Options": "SAMEORIGIN", "Referrer-Policy": "no-referrer"}))
    headers = ask(app, path="/own").headers
    assert headers.getlist("X-Frame-Options") == ["SAMEORIGIN"]
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]


@pytest.mark.parametrize(
    ("setting", "value", "name", "told"),
    [
        ("SECURE_CONTENT_TYPE_NOSNIFF", False, "X-Content-Type-Options", None),
        ("SECURE_REFERRER_POLICY", "", "Referrer-Policy", None),
        ("SECURE_REFERRER_POLICY", "same-origin", "Referrer-Policy", "same-origin"),
        ("SECURE_REFERRER_POLICY", "origin,same-origin", "Referrer-Policy", "origin, same-origin"),
        ("SECURE_REFERRER_POLICY", ["origin", "same-origin"], "Referrer-Policy", "origin, same-origin"),
        ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "", "Cross-Origin-Opener-Policy", None),
        ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "unsafe-none", "Cross-Origin-Opener-Policy", "unsafe-none"),
        ("X_FRAME_OPTIONS", "sameorigin", "X-Frame-Options", "SAMEORIGIN"),
        ("X_FRAME_OPTIONS", "sameorigin", "Content-Security-Policy", "frame-ancestors 'self'"),
        ("X_FRAME_OPTIONS", "", "Content-Security-Policy", None),
        ("SECURE_CSP", {"img-src": "*"}, "Content-Security-Policy", "img-src *"),
        ("X_FRAME_OPTIONS", "", "X-Frame-Options", None),
    ],
)
def test_the_fields_are_settings(setting: str, value: Any, name: str, told: str | None) -> None:
    assert ask(make(**{setting: value})).headers.get(name) == told


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        (
            "X_FRAME_OPTIONS",
            "DENI",
            "X_FRAME_OPTIONS is 'DENI'; did you mean 'DENY'? It is DENY, SAMEORIGIN.",
        ),
        (
            "SECURE_CROSS_ORIGIN_OPENER_POLICY",
            "same",
            "SECURE_CROSS_ORIGIN_OPENER_POLICY is 'same'. It is noopener-allow-popups, same-origin, "
            "same-origin-allow-popups, unsafe-none.",
        ),
        (
            "SECURE_REFERRER_POLICY",
            "never",
            "SECURE_REFERRER_POLICY is 'never'. It is no-referrer, no-referrer-when-downgrade, origin, "
            "origin-when-cross-origin, same-origin, strict-origin, strict-origin-when-cross-origin, unsafe-url.",
        ),
        (
            "ALLOWED_HOSTS",
            ["https://shop.example"],
            "ALLOWED_HOSTS has 'https://shop.example', which is no host. "
            "Write 'shop.example', '.shop.example' for all below it too, or '*'.",
        ),
        (
            "ALLOWED_HOSTS",
            ["*.shop.example"],
            "ALLOWED_HOSTS has '*.shop.example', which is no host. "
            "Write 'shop.example', '.shop.example' for all below it too, or '*'.",
        ),
        (
            "SECURE_PROXY_SSL_HEADER",
            ["X-Forwarded-Proto"],
            "SECURE_PROXY_SSL_HEADER is ['X-Forwarded-Proto']. "
            "It is a header and its value: ['X-Forwarded-Proto', 'https'].",
        ),
    ],
)
def test_wrong_settings_are_told_at_start_up(setting: str, value: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(**{setting: value}).prepare()
    assert str(caught.value) == text


BAD_HOSTS = [
    "evil.example",
    "shop.example.evil.example",
    "evilshop.example",
    "shop.example@evil.example",
    "shop.example:80@evil.example",
    "shop.example:port",
    "shop.example:123456",
    "shop.example/evil",
    "shop.example#",
    "shop.example?x",
    "shop.example, evil.example",
    "shop example",
    "..",
    ".shop.example",
    "evil.example/.shop.example",
    "[::1",
    "[evil]",
    "shop.example\\evil",
    "shop.example%00",
    '<script>"',
    "shöp.example",
    "xn--",
]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_no_other_host_gets_through_asvs_4_1_1_host(host: str, caplog: pytest.LogCaptureFixture) -> None:
    """Links in mails, redirects and caches would be the attacker's."""
    response = ask(make(ALLOWED_HOSTS=["shop.example", ".wild.example"]), host)
    assert response.status_code == 400
    assert "This server does not answer for the host of the request." in response.text
    assert host not in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert caplog.messages == [f"refused a request for the host {host!r:.100}, which ALLOWED_HOSTS doesn't have"]


@pytest.mark.parametrize(
    "host",
    [
        "shop.example",
        "SHOP.example",
        "shop.example:8000",
        "shop.example.",
        "wild.example",
        "a.wild.example",
        "a.b.wild.example:443",
        "[2001:db8::1]",
        "[2001:db8::1]:8000",
        "10.0.0.1",
    ],
)
def test_ones_own_hosts_do(host: str) -> None:
    allowed = ["shop.example", ".wild.example", "[2001:db8::1]", "10.0.0.1"]
    assert ask(make(ALLOWED_HOSTS=allowed), host).status_code == 200


@pytest.mark.parametrize("allowed", [[], ["*"]])
def test_without_a_list_all_hosts_do_that_are_some(allowed: list[str]) -> None:
    app = make(ALLOWED_HOSTS=allowed)
    assert ask(app, "whatever.example:99").status_code == 200
    for host in ("a/b", "a@b", "a b", "a,b"):
        assert ask(app, host).status_code == 400


def test_a_test_client_asks_localhost() -> None:
    for settings in ({"TESTING": True}, {"DEBUG": True}):
        app = make(ALLOWED_HOSTS=["shop.example"], **settings)
        assert ask(app, "localhost").status_code == 200
        assert ask(app, "127.0.0.1:5000").status_code == 200
    assert ask(make(ALLOWED_HOSTS=["shop.example"]), "localhost").status_code == 400


def test_many_hosts_fill_no_memory() -> None:
    app = make(ALLOWED_HOSTS=[".wild.example"])
    client = app.test_client()
    assert {client.get("/", headers={"Host": f"{n}.wild.example"}).status_code for n in range(1100)} == {200}


# HTTPS


def test_http_is_sent_on_to_https_asvs_4_1_2() -> None:
    app = make(SECURE_SSL_REDIRECT=True)
    response = ask(app, "shop.example", "/a%20b/ü?x=1&y=%20")
    assert (response.status_code, response.location) == (301, "https://shop.example/a%20b/%C3%BC?x=1&y=%20")
    assert ask(app, "shop.example:80").location == "https://shop.example/"
    assert ask(app, "shop.example", scheme="https").status_code == 200
    assert app.test_client().post("/", headers={"Host": "shop.example"}).status_code == 308


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "[::1]", "LOCALHOST"])
def test_this_machine_itself_is_not(host: str) -> None:
    """No browser gets to another machine's localhost; a check of health does."""
    assert ask(make(SECURE_SSL_REDIRECT=True), host).status_code == 200


@pytest.mark.parametrize("host", ["localhost.evil.example", "127.0.0.1.evil.example", "evil.example:127"])
def test_what_only_begins_like_it_is(host: str) -> None:
    assert ask(make(SECURE_SSL_REDIRECT=True), host).status_code == 301


def test_some_paths_stay_and_debug_mode_redirects_nothing() -> None:
    app = make(SECURE_SSL_REDIRECT=True, SECURE_REDIRECT_EXEMPT=[r"^$"])
    assert ask(app, "shop.example").status_code == 200
    assert ask(app, "shop.example", "/x").status_code == 301
    assert ask(make(SECURE_SSL_REDIRECT=True, DEBUG=True), "shop.example").status_code == 200


def test_all_of_it_may_go_to_one_host() -> None:
    app = make(SECURE_SSL_REDIRECT=True, SECURE_SSL_HOST="www.shop.example")
    assert ask(app, "shop.example", "/x").location == "https://www.shop.example/x"
    double = Request("GET", "//evil.example", [(b"host", b"shop.example")])
    assert app.handle(double).location == "https://www.shop.example//evil.example"


@pytest.mark.parametrize("name", ["X-Forwarded-Proto", "HTTP_X_FORWARDED_PROTO"])
def test_a_proxy_says_how_it_was_asked(name: str) -> None:
    """In Django's spelling, too; only where the setting trusts it."""
    app = make(SECURE_PROXY_SSL_HEADER=[name, "https"], SECURE_SSL_REDIRECT=True)
    assert ask(app, "shop.example", X_Forwarded_Proto="https").text == "https"
    assert ask(app, "shop.example", X_Forwarded_Proto="https, http").text == "https"
    assert ask(app, "shop.example", X_Forwarded_Proto="http").status_code == 301
    assert ask(app, "shop.example", scheme="https", X_Forwarded_Proto="http").status_code == 301
    assert ask(make(), X_Forwarded_Proto="https").text == "http"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "max-age=60"),
        ({"SECURE_HSTS_INCLUDE_SUBDOMAINS": True}, "max-age=60; includeSubDomains"),
        (
            {"SECURE_HSTS_PRELOAD": True},
            "max-age=60; preload",
        ),
        ({"SECURE_HSTS_INCLUDE_SUBDOMAINS": False}, "max-age=60"),
    ],
)
def test_hsts_is_told_under_https_alone_asvs_3_4_1(settings: dict[str, Any], told: str) -> None:
    app = make(SECURE_HSTS_SECONDS=60, **settings)
    assert ask(app, scheme="https").headers["Strict-Transport-Security"] == told
    assert "Strict-Transport-Security" not in ask(app).headers
    assert "Strict-Transport-Security" not in ask(make(), scheme="https").headers


@pytest.mark.parametrize("path", ["/%00", "/x?q=a%00b", "/a/%00.txt"])
def test_no_address_has_nul(path: str) -> None:
    """Databases and file systems cannot take it, so what a view would make of it is a fault of the server."""
    response = make().test_client().get(path)
    assert response.status_code == 400
    assert "The address has a character that no text has (NUL)." in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"
