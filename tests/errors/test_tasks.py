"""Errors of tasks."""

from spruce import errors


def test_they_have_one_root() -> None:
    """And are what Python calls such errors."""
    for name in errors.tasks.__all__:
        assert issubclass(getattr(errors, name), errors.TaskException)
    assert issubclass(errors.TaskTimeout, TimeoutError)
    assert issubclass(errors.InvalidTaskBackend, errors.ConfigError)
