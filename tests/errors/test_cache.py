"""The errors of the cache are what their users may catch."""

import pytest

from spruce.errors import CacheError, CacheUnavailable, CacheValueError, LockNotHeld, SpruceError


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (CacheError, (SpruceError,)),
        (CacheValueError, (CacheError, TypeError)),
        (CacheUnavailable, (CacheError, ConnectionError)),
        (LockNotHeld, (CacheError, RuntimeError)),
    ],
)
def test_kinds(error: type[CacheError], kinds: tuple[type, ...]) -> None:
    made = error("what happened", hint="What to do.")
    assert isinstance(made, kinds)
    assert str(made) == "what happened. What to do."
