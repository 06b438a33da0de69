"""Content-Security-Policy: policies as headers, nonces, views of their own, reports."""

import re
from typing import Any

import pytest

from spruce import App, Request, events, render_template_string
from spruce.errors import ConfigError
from spruce.middleware.csp import CSP, csp_nonce, csp_override, csp_report_only_override, make_policy

HEADER = "Content-Security-Policy"
REPORT_ONLY = "Content-Security-Policy-Report-Only"
POLICY = {"default-src": [CSP.SELF], "script-src": [CSP.SELF, CSP.NONCE]}


def make(**settings: Any) -> App:
    app = App(__name__, static_folder=None, **settings)

    @app.get("/")
    def index() -> str:
        return "plain"

    @app.get("/nonce")
    def nonce() -> str:
        return render_template_string('<script nonce="{{ csp_nonce() }}"></script><b nonce="{{ csp_nonce }}">')

    @app.get("/own")
    @csp_override({"default-src": CSP.NONE, "script-src": [CSP.NONCE]})
    def own() -> str:
        return csp_nonce()

    @app.get("/none")
    @csp_override({})
    @csp_report_only_override({"img-src": "*"})
    def none() -> str:
        return "none"

    return app


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({}, ""),
        (POLICY, "default-src 'self'; script-src 'self' 'nonce-abc'"),
        (
            {"img-src": "https://img.example", "upgrade-insecure-requests": True},
            "img-src https://img.example; upgrade-insecure-requests",
        ),
        (
            {"img-src": None, "script-src": False, "style-src": ("a.example", "*.b.example")},
            "style-src a.example *.b.example",
        ),
    ],
)
def test_a_policy_is_a_header(policy: dict[str, Any], text: str) -> None:
    assert make_policy(policy, "abc") == text


def test_without_a_nonce_its_place_is_left_out() -> None:
    assert make_policy({"script-src": [CSP.SELF, CSP.NONCE], "style-src": [CSP.NONCE]}) == "script-src 'self'"


def test_reports_have_an_address() -> None:
    assert make_policy({"default-src": CSP.SELF}, None, "/csp") == "default-src 'self'; report-uri /csp"


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ({"default src": "*"}, "a CSP has the directive 'default src'. Directives are words: 'default-src'."),
        ({"Default-Src": "*"}, "a CSP has the directive 'Default-Src'. Directives are words: 'default-src'."),
        (
            {"img-src": "'self' a.example"},
            "the CSP directive 'img-src' has the source \"'self' a.example\". "
            "Each source is an item of the list, without blanks, commas and semicolons.",
        ),
        (
            {"img-src": ["a.example;script-src"]},
            "the CSP directive 'img-src' has the source 'a.example;script-src'. "
            "Each source is an item of the list, without blanks, commas and semicolons.",
        ),
        (
            {"img-src": ["self"]},
            "the CSP directive 'img-src' has 'self', which would be a host of that name. "
            "Write \"'self'\", or CSP.SELF.",
        ),
    ],
)
def test_a_policy_that_browsers_would_misread_is_refused(policy: dict[str, Any], error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(SECURE_CSP=policy).prepare()
    assert str(caught.value) == error
    with pytest.raises(ConfigError):
        csp_override(policy)


def test_each_response_has_the_policies_asvs_3_4_3() -> None:
    client = make(SECURE_CSP=POLICY, SECURE_CSP_REPORT_ONLY={"img-src": [CSP.NONE]}).test_client()
    for path in ("/", "/nowhere"):
        headers = client.get(path).headers
        assert headers[HEADER] == "default-src 'self'; script-src 'self'"
        assert headers[REPORT_ONLY] == "img-src 'none'"


def test_a_nonce_is_of_one_response_and_in_its_policy() -> None:
    client = make(SECURE_CSP=POLICY).test_client()
    nonces = []
    for _ in range(2):
        response = client.get("/nonce")
        found = re.findall(r'nonce="([\w-]{22})"', response.text)
        assert found[0] == found[1]
        assert response.headers[HEADER] == f"default-src 'self'; script-src 'self' 'nonce-{found[0]}'"
        nonces.append(found[0])
    assert nonces[0] != nonces[1]


def test_a_view_may_have_a_policy_of_its_own_or_none() -> None:
    for settings in ({"SECURE_CSP": POLICY}, {}):
        client = make(**settings).test_client()
        response = client.get("/own")
        assert response.headers[HEADER] == f"default-src 'none'; script-src 'nonce-{response.text}'"
        response = client.get("/none")
        assert response.headers.get(HEADER) == (None if settings else "frame-ancestors 'none'")
        assert response.headers[REPORT_ONLY] == "img-src *"


def test_a_response_may_have_one_itself() -> None:
    app = make(SECURE_CSP=POLICY)
    app.get("/itself")(lambda: ("", {HEADER: "default-src *"}))
    assert app.test_client().get("/itself").headers.getlist(HEADER) == ["default-src *"]


def test_a_plain_response_stays_one_with_both_sets_of_fields() -> None:
    """So that the server has its head ready."""
    app = make(SECURE_CSP=POLICY)
    response = app.handle(Request("GET", "/"))
    assert "headers" not in response.__dict__
    again = app.handle(Request("GET", "/"))
    assert response.standing is again.standing
    assert response.headers[HEADER] == "default-src 'self'; script-src 'self'"
    assert response.headers["X-Frame-Options"] == "DENY"


OLD = {"csp-report": {"document-uri": "https://a/", "violated-directive": "img-src", "blocked-uri": "https://b/x.png"}}
NEW = [
    {
        "type": "csp-violation",
        "body": {"documentURL": "https://a/", "effectiveDirective": "img-src", "blockedURL": "https://b/x.png"},
    }
]


@pytest.mark.parametrize("report", [OLD, NEW], ids=["report-uri", "report-to"])
def test_reports_are_logged_once_and_told(report: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Browsers send them without a token, and as cross-site as they like."""
    told: list[Any] = []
    end = events.csp_violation.subscribe(lambda event: told.append((event["directive"], event["blocked"])))
    client = make(SECURE_CSP=POLICY, SECURE_CSP_REPORT_URL="/csp", CSRF_MODE="token").test_client()
    try:
        for _ in range(3):
            assert client.post("/csp", json=report, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 204
    finally:
        end()
    assert caplog.messages == ["a page broke its policy: 'img-src' blocked 'https://b/x.png' on 'https://a/'"]
    assert told == [("img-src", "https://b/x.png")] * 3
    assert client.get("/").headers[HEADER].endswith("; report-uri /csp")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'"' + b"x" * 100_000 + b'"'])
def test_what_is_no_report_is_refused(body: bytes) -> None:
    assert make(SECURE_CSP_REPORT_URL="/csp").test_client().post("/csp", data=body).status_code == 400


@pytest.mark.parametrize("body", [b"1", b"[]", b"{}", b"[1, null]", b'{"csp-report": 1}', b'[{"body": []}]'])
def test_what_says_nothing_is_passed_over(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert make(SECURE_CSP_REPORT_URL="/csp").test_client().post("/csp", data=body).status_code == 204
    assert caplog.messages == []


def test_a_report_cannot_write_lines_into_the_log_asvs_16_4_1(caplog: pytest.LogCaptureFixture) -> None:
    report = {"csp-report": {"violated-directive": "a\nWARNING forged", "blocked-uri": "b" * 500}}
    make(SECURE_CSP_REPORT_URL="/csp").test_client().post("/csp", json=report)
    (message,) = caplog.messages
    assert "\n" not in message
    assert len(message) < 350


def test_kinds_of_reports_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sends many of them fills no memory and no disk."""
    client = make(SECURE_CSP_REPORT_URL="/csp").test_client()
    body = [{"body": {"effectiveDirective": f"d{number}", "blockedURL": "x"}} for number in range(1100)]
    client.post("/csp", json=body)
    assert len(caplog.messages) == 1000
