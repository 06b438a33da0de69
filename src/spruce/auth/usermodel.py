"""Which model users are of, as AUTH_USER_MODEL says."""

from importlib import import_module
from typing import Any

from spruce import config
from spruce.errors import ConfigError

__all__ = ["get_user_model"]

_RESOURCE = "spruce.auth.usermodel"


def get_user_model() -> Any:
    """Return the model of users of the settings that hold here. Raises: ConfigError when there is none of its name."""
    settings = config.current()
    named = settings["AUTH_USER_MODEL"]
    if not isinstance(named, str):
        return named
    found: Any = settings.resources.get(_RESOURCE)
    if found is None or found[0] != named:
        found = settings.resources[_RESOURCE] = (named, _find(named))
    return found[1]


def _find(named: str) -> Any:
    module, _, name = named.rpartition(".")
    try:
        model = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"AUTH_USER_MODEL is {named!r}, which cannot be found: {error}", hint="Write 'package.module.Class'."
        ) from error
    if not hasattr(model, "USERNAME_FIELD"):
        raise ConfigError(
            f"AUTH_USER_MODEL is {named!r}, which is no model of users",
            hint="Derive it from spruce.auth.AbstractUser, AbstractEmailUser or AbstractBaseUser.",
        )
    return model
