"""The settings of accounts: safe as they come, and all of them known."""

from spruce.config import KNOWN
from spruce.config.accounts import ACCOUNTS


def test_all_of_them_are_known() -> None:
    assert {setting.name for setting in ACCOUNTS} <= set(KNOWN)
    assert len({setting.name for setting in ACCOUNTS}) == len(ACCOUNTS)


def test_what_is_not_set_is_safe() -> None:
    """Nobody registers, passwords are looked at, failures are counted, links end, and events are written down."""
    defaults = {setting.name: setting.default for setting in ACCOUNTS}
    assert defaults["AUTH_REGISTRATION"] == "closed"
    assert defaults["AUTH_PASSWORD_VALIDATORS"]
    assert str(defaults["PASSWORD_HASHERS"]).startswith("['spruce.auth.hashers.Argon2PasswordHasher'")
    assert defaults["AUTH_THROTTLE_FREE"] == 5
    assert defaults["PASSWORD_RESET_TIMEOUT"] == 3600
    assert defaults["AUTH_AUDIT"] is True
