"""Which model users are of."""

import pytest

from spruce import config
from spruce.auth import User, get_user_model
from spruce.errors import ConfigError


def model_of(named: object) -> object:
    token = config.use(config.Settings(AUTH_USER_MODEL=named))
    try:
        return get_user_model()
    finally:
        config.leave(token)


def test_a_model_may_be_named_or_given() -> None:
    assert model_of("spruce.auth.user.User") is User
    assert model_of(User) is User


def test_a_wrong_name_is_an_error_that_says_so() -> None:
    with pytest.raises(ConfigError) as caught:
        model_of("spruce.auth.user.Usr")
    assert str(caught.value).startswith("AUTH_USER_MODEL is 'spruce.auth.user.Usr', which cannot be found:")
    with pytest.raises(ConfigError) as caught:
        model_of("spruce.auth.models.Group")
    assert str(caught.value) == (
        "AUTH_USER_MODEL is 'spruce.auth.models.Group', which is no model of users. "
        "Derive it from spruce.auth.AbstractUser, AbstractEmailUser or AbstractBaseUser."
    )
