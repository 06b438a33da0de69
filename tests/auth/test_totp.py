"""Codes of six digits: RFC 6238 and RFC 4226."""

from base64 import b32decode, b32encode
from urllib.parse import parse_qs, urlsplit

import pytest

from spruce.auth.totp import code_of, matching_step, new_secret, uri_of

SECRET = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_of_the_rfc(seconds: int, code: str) -> None:
    """Appendix B of RFC 6238, of which six digits are asked for."""
    assert code_of(SECRET, seconds // 30) == code
    assert matching_step(SECRET, code, seconds) == seconds // 30


@pytest.mark.parametrize(
    ("late", "counts"), [(-30, True), (-31, False), (29, True), (59, True), (60, False), (90, False)]
)
def test_a_clock_may_be_wrong_by_a_step(late: int, counts: bool) -> None:
    """Either way, and no more."""
    begin = 1_800_000_000
    code = code_of(SECRET, begin // 30)
    assert (matching_step(SECRET, code, begin + late) is not None) == counts


@pytest.mark.parametrize("code", ["", "28708", "2870820", "×87082", "287 082"])
def test_nothing_else_counts(code: str) -> None:
    assert matching_step(SECRET, code, 59) is None


def test_secrets_have_160_bits_asvs_6_5_4() -> None:
    assert len(b32decode(new_secret())) == 20
    assert new_secret() != new_secret()


def test_apps_are_told_whose_it_is() -> None:
    """As text that means the same whatever is in it."""
    parts = urlsplit(uri_of(SECRET, "shop.example", "li lei@example.com"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/shop.example:li%20lei%40example.com")
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["shop.example"]}
