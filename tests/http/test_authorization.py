"""The Authorization header."""

import pytest

from spruce.http.authorization import Authorization


def test_basic_credentials() -> None:
    found = Authorization.parse("Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==")
    assert found == Authorization("basic", "Aladdin", "open:sesame")


def test_a_bearer_token() -> None:
    assert Authorization.parse("Bearer abc.def==") == Authorization("bearer", token="abc.def==")


def test_parameters() -> None:
    found = Authorization.parse('Digest username="Mufasa", realm="a@b"')
    assert found is not None
    assert found.parameters == {"username": "Mufasa", "realm": "a@b"}


@pytest.mark.parametrize("header", [None, "", "Basic !!!", "Basic bm9jb2xvbg==", "Basic /w=="])
def test_what_cannot_be_read_is_none(header: str | None) -> None:
    assert Authorization.parse(header) is None


def test_secrets_do_not_show_in_logs() -> None:
    assert repr(Authorization("basic", "ann", "secret")) == "Authorization(type='basic', username='ann')"
