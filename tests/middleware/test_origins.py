"""Origins: Go's rules for unsafe requests of browsers, case by case, and Django's for patterns of trusted ones."""

import pytest

from spruce.errors import ConfigError
from spruce.http import Request
from spruce.middleware.origins import (
    TrustedOrigins,
    foreign_origin,
    is_same_domain,
    url_has_allowed_host_and_scheme,
)

NONE = TrustedOrigins([], "X")


def reason(trusted: TrustedOrigins = NONE, scheme: str = "http", **headers: str) -> str | None:
    fields = [(b"host", b"shop.example")]
    fields += [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return foreign_origin(Request("POST", "/", fields, scheme=scheme), trusted)


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_what_sec_fetch_site_says_is_enough(site: str) -> None:
    """Behind a proxy that changes the host, too."""
    assert reason(sec_fetch_site=site) is None
    assert reason(sec_fetch_site=site, origin="https://front.example") is None
    assert reason(sec_fetch_site=site, origin="null") is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "something"])
def test_another_site_is_foreign_a_sister_of_the_same_domain_too(site: str) -> None:
    assert reason(sec_fetch_site=site, origin="https://evil.example") == (
        f"Sec-Fetch-Site is {site!r}, and its origin 'https://evil.example' is not trusted"
    )
    assert reason(sec_fetch_site=site) == f"Sec-Fetch-Site is {site!r}, and its origin None is not trusted"
    assert reason(sec_fetch_site=site, origin="http://shop.example") is not None


def test_a_trusted_origin_may_send_whatever_sec_fetch_site_says() -> None:
    trusted = TrustedOrigins(["https://pay.example"], "X")
    assert reason(trusted, sec_fetch_site="cross-site", origin="https://pay.example") is None
    assert reason(trusted, sec_fetch_site="cross-site", origin="http://pay.example") is not None
    assert reason(trusted, sec_fetch_site="cross-site") is not None


@pytest.mark.parametrize(
    ("origin", "scheme", "own"),
    [
        ("http://shop.example", "http", True),
        ("https://shop.example", "https", True),
        ("HTTPS://SHOP.EXAMPLE", "https", True),
        ("https://shop.example", "http", True),
        ("http://shop.example", "https", False),
        ("http://shop.example:8000", "http", False),
        ("http://sub.shop.example", "http", False),
        ("http://shop.example.evil.example", "http", False),
        ("http://evil.example/shop.example", "http", False),
        ("http://user@shop.example", "http", False),
        ("null", "http", False),
        ("", "http", False),
        ("shop.example", "http", False),
        ("https://[", "http", False),
        ("http://shop.example:port", "http", False),
        ("file://shop.example", "http", False),
    ],
)
def test_of_older_browsers_origin_is_compared_with_the_host(origin: str, scheme: str, own: bool) -> None:
    """An origin by HTTP is never that of a request by HTTPS."""
    assert (reason(origin=origin, scheme=scheme) is None) is own


@pytest.mark.parametrize(
    ("referer", "own"),
    [
        ("http://shop.example/page", True),
        ("http://shop.example", True),
        ("http://evil.example/shop.example", False),
        ("http://shop.example@evil.example/", False),
        ("about:blank", False),
        ("https://[", False),
    ],
)
def test_of_still_older_ones_referer_is(referer: str, own: bool) -> None:
    assert (reason(referer=referer) is None) is own
    trusted = TrustedOrigins(["http://evil.example"], "X")
    assert reason(trusted, referer="http://evil.example/page") is None


def test_what_is_no_browser_is_not_in_the_way() -> None:
    assert reason() is None
    assert reason(cookie="a=b", user_agent="curl/8") is None


@pytest.mark.parametrize(
    ("origin", "trusted"),
    [
        ("https://shop.example", True),
        ("https://a.shop.example", True),
        ("https://a.b.shop.example", True),
        ("HTTPS://A.SHOP.EXAMPLE", True),
        ("http://a.shop.example", False),
        ("https://ashop.example", False),
        ("https://shop.example.evil.example", False),
        ("https://a.shop.example:8443", False),
        ("http://exact.example:8000", True),
        ("http://exact.example", False),
        ("https://[", False),
    ],
)
def test_trusted_origins_may_be_patterns(origin: str, trusted: bool) -> None:
    origins = TrustedOrigins(["https://*.shop.example", "http://exact.example:8000"], "X")
    assert (origin in origins) is trusted
    assert None not in origins


@pytest.mark.parametrize("origin", ["shop.example", "*", "https://", "https://shop.example/path", "https://shop:x"])
def test_an_origin_that_is_none_is_told_at_start_up(origin: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrustedOrigins([origin], "CSRF_TRUSTED_ORIGINS")
    assert str(caught.value) == (
        f"CSRF_TRUSTED_ORIGINS has {origin!r}, which is no origin. An origin is a scheme and a host, with a port if it "
        "isn't the usual one: https://shop.example."
    )


@pytest.mark.parametrize(
    ("host", "pattern", "same"),
    [
        ("example.com", "example.com", True),
        ("EXAMPLE.com", "example.com", True),
        ("foo.example.com", ".example.com", True),
        ("example.com", ".example.com", True),
        ("example2.com", "example.com", False),
        ("foo.example.com", "example.com", False),
        ("example.com:9999", "example.com", False),
        ("example.com", "", False),
        ("badexample.com", ".example.com", False),
    ],
)
def test_a_pattern_with_a_dot_before_it_is_all_below(host: str, pattern: str, same: bool) -> None:
    assert is_same_domain(host, pattern) is same


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example",
        "http:///evil.example",
        "https://evil.example",
        "ftp://evil.example",
        r"\\evil.example",
        r"\\\evil.example",
        r"/\\/evil.example",
        r"\/\evil.example",
        r"/\evil.example",
        "///evil.example",
        "////evil.example",
        "//evil.example",
        r"http:///\evil.example",
        r"http:/\//evil.example",
        r"http:\\evil.example",
        r"http:\evil.example",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "\njavascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "\x08//evil.example",
        "/\t/evil.example",
        " //evil.example",
        "http://otherserver\\@evil.example",
        "http:\\\\shop.example\\@evil.example",
        "http://shop.example\\me:me@shop.example",
        "http://shop.example@evil.example",
        "http://[",
        "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
        "http:999999999",
        "http:evil.example",
        "",
        "   ",
        "\n",
    ],
)
def test_a_redirect_that_leads_elsewhere_is_told_asvs_3_7_2(url: str) -> None:
    assert not url_has_allowed_host_and_scheme(url, ["shop.example"])


@pytest.mark.parametrize(
    "url",
    [
        "/view/?param=http://evil.example",
        "/view/?param=https://evil.example",
        "/view?param=ftp://evil.example",
        "view/?param=//evil.example",
        "https://shop.example/",
        "http://SHOP.example/",
        "//shop.example/",
        "/url%20with%20spaces/",
        "path/%5c",
        "?page=2",
        "#top",
    ],
)
def test_one_that_stays_is_told_too(url: str) -> None:
    assert url_has_allowed_host_and_scheme(url, ["shop.example"])


def test_https_may_be_required() -> None:
    assert url_has_allowed_host_and_scheme("https://shop.example/", ["shop.example"], require_https=True)
    assert not url_has_allowed_host_and_scheme("http://shop.example/", ["shop.example"], require_https=True)
    assert url_has_allowed_host_and_scheme("/view", require_https=True)
