"""Errors of safety: what they are caught as, and what a visitor is told."""

from spruce.errors import (
    BadRequest,
    BadSignature,
    CsrfError,
    DisallowedHost,
    Forbidden,
    SessionError,
    SignatureExpired,
    SpruceError,
)


def test_they_are_caught_as_what_they_are() -> None:
    assert issubclass(SignatureExpired, BadSignature)
    assert issubclass(BadSignature, ValueError)
    assert all(issubclass(one, SpruceError) for one in (BadSignature, SessionError, CsrfError, DisallowedHost))


def test_a_refused_form_is_a_403_that_keeps_its_reason_for_the_log() -> None:
    error = CsrfError("its origin 'null' is not trusted")
    assert isinstance(error, Forbidden)
    assert (error.code, error.reason) == (403, "its origin 'null' is not trusted")
    assert "null" not in error.description


def test_a_foreign_host_is_a_400() -> None:
    assert isinstance(DisallowedHost(), BadRequest)
    assert DisallowedHost().code == 400
