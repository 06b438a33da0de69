"""Errors of accounts and mail: their status, and what they are besides."""

from spruce.errors import BadHeaderError, Forbidden, MailError, PermissionDenied, TooManyAttempts, TooManyRequests


def test_who_may_not_gets_403() -> None:
    assert issubclass(PermissionDenied, Forbidden)
    assert PermissionDenied().code == 403


def test_who_failed_too_often_is_told_how_long_to_wait() -> None:
    error = TooManyAttempts(7)
    assert isinstance(error, TooManyRequests)
    assert (error.code, error.seconds, error.headers) == (429, 7, [("Retry-After", "7")])


def test_a_bad_header_is_a_value_error_too() -> None:
    """As Django has it."""
    assert issubclass(BadHeaderError, MailError)
    assert issubclass(BadHeaderError, ValueError)
