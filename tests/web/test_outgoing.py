"""URLs that may be asked on a visitor's behalf."""

import pytest

from spruce.errors import BadRequest, ConfigError
from spruce.web import allowed_url

ALLOWED = ["https://api.example/v1/", "http://127.0.0.1:8080"]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/v1/",
        "https://api.example/v1",
        "https://API.example:443/v1/things?q=%20x#top",
        "https://api.example./v1/a..b",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/any",
    ],
)
def test_what_begins_with_a_url_of_the_list_may_be_asked_asvs_1_3_6(url: str) -> None:
    assert allowed_url(url, ALLOWED) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example/v1/",
        "https://api.example:8443/v1/",
        "https://api.example.evil.example/v1/",
        "https://evil.example/v1/",
        "https://api.example/v10",
        "https://api.example/v1/../admin",
        "https://api.example/v1/%2e%2e/admin",
        "https://api.example/v1/%252e%252e/admin",
        "https://api.example/v1/..%5cadmin",
        "https://api.example@evil.example/v1/",
        "https://user:pass@api.example/v1/",
        "https://evil.example#@api.example/v1/",
        "https://evil.example\\@api.example/v1/",
        "https://api.example/v1/\r\nHost: evil.example",
        " https://api.example/v1/",
        "https://api.example\u3002evil.example/v1/",
        "https://[::1]/v1/",
        "https://api.example:port/v1/",
        "http://127.0.0.1/",
        "http://2130706433:8080/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://api.example/v1/",
        "//api.example/v1/",
        "/v1/",
        "",
    ],
)
def test_nothing_else_may_be_asked_asvs_1_3_6(url: str) -> None:
    with pytest.raises(BadRequest) as caught:
        allowed_url(url, ALLOWED)
    assert caught.value.description == f"The URL {url!r} may not be asked for here."


def test_a_list_with_what_is_no_url_is_a_mistake() -> None:
    with pytest.raises(ConfigError) as caught:
        allowed_url("https://api.example/", ["api.example"])
    assert str(caught.value) == "'api.example' is no URL to allow. An example: https://api.example/v1/"
