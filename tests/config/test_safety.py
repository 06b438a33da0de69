"""The settings of safety: safe as they come, and all of them known."""

from spruce.config import KNOWN
from spruce.config.safety import SAFETY


def test_all_of_them_are_known() -> None:
    assert {setting.name for setting in SAFETY} <= set(KNOWN)
    assert len({setting.name for setting in SAFETY}) == len(SAFETY)


def test_what_is_not_set_is_safe() -> None:
    """Nothing is open that somebody would have to close."""
    defaults = {setting.name: setting.default for setting in SAFETY}
    assert defaults["SESSION_COOKIE_HTTPONLY"] is True
    assert defaults["SESSION_COOKIE_SAMESITE"] == defaults["CSRF_COOKIE_SAMESITE"] == "Lax"
    assert defaults["CSRF_MODE"] == "origin"
    assert not any(defaults[name] for name in defaults if name.startswith("CORS_") and "ORIGIN" in name)
    assert not defaults["CORS_ALLOW_CREDENTIALS"]
    assert defaults["SECURE_CONTENT_TYPE_NOSNIFF"] is True
    assert defaults["X_FRAME_OPTIONS"] == "DENY"
