"""What a new password is looked at by: validators with Django's names, made of AUTH_PASSWORD_VALIDATORS.

As ASVS and NIST SP 800-63B ask: long enough, not among the common ones, nothing that everybody knows of the user; any
characters may be in it, and no mixture of kinds is asked for.
"""

import gzip
import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from spruce import config
from spruce.errors import ConfigError, FieldError, ValidationError
from spruce.i18n import gettext, ngettext

__all__ = [
    "CommonPasswordValidator",
    "MaximumLengthValidator",
    "MinimumLengthValidator",
    "NumericPasswordValidator",
    "UserAttributeSimilarityValidator",
    "common_passwords",
    "get_default_password_validators",
    "get_password_validators",
    "password_changed",
    "password_validators_help_texts",
    "validate_password",
]

_RESOURCE = "spruce.auth.validators"
_FILE = Path(__file__).with_name("common_passwords.txt.gz")


class MinimumLengthValidator:
    """At least `min_length` characters, 8 unless given."""

    def __init__(self, min_length: int = 8) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: Any = None) -> None:
        """Raises: ValidationError, `password_too_short`."""
        if len(password) < self.min_length:
            raise ValidationError(
                ngettext(
                    "This password is too short. It must contain at least %(num)d character.",
                    "This password is too short. It must contain at least %(num)d characters.",
                    self.min_length,
                ),
                "password_too_short",
                {"min_length": self.min_length},
            )

    def get_help_text(self) -> str:
        """What to tell beforehand."""
        return ngettext(
            "Your password must contain at least %(num)d character.",
            "Your password must contain at least %(num)d characters.",
            self.min_length,
        )


class MaximumLengthValidator:
    """At most `max_length` characters, 4096 unless given; for those who have to hand it on to something that cuts."""

    def __init__(self, max_length: int = 4096) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        """Raises: ValidationError, `password_too_long`."""
        if len(password) > self.max_length:
            raise ValidationError(self.get_help_text(), "password_too_long")

    def get_help_text(self) -> str:
        """What to tell beforehand."""
        return gettext("Your password can have %(most)s characters at most.", most=self.max_length)


class UserAttributeSimilarityValidator:
    """Not like the user's name or address: less than `max_similarity` of it, from 0.1 to 1, may be the same."""

    DEFAULT_USER_ATTRIBUTES = ("username", "first_name", "last_name", "full_name", "email")

    def __init__(self, user_attributes: Iterable[str] = DEFAULT_USER_ATTRIBUTES, max_similarity: float = 0.7) -> None:
        if max_similarity < 0.1:
            raise ConfigError(f"max_similarity is {max_similarity}, and must be at least 0.1")
        self.user_attributes = tuple(user_attributes)
        self.max_similarity = max_similarity

    def validate(self, password: str, user: Any = None) -> None:
        """Raises: ValidationError, `password_too_similar`."""
        lowered = password.lower()
        for name in self.user_attributes if user is not None else ():
            value = getattr(user, name, None)
            if isinstance(value, str) and value and any(self._alike(lowered, part) for part in _parts(value)):
                raise ValidationError(
                    gettext("The password is too similar to the %(name)s.", name=gettext(_label(user, name))),
                    "password_too_similar",
                )

    def _alike(self, password: str, part: str) -> bool:
        if len(password) >= 10 * len(part) and len(part) < self.max_similarity / 2 * len(password):
            return False  # far too long to be like it, and dear to compare
        return SequenceMatcher(a=password, b=part).quick_ratio() >= self.max_similarity

    def get_help_text(self) -> str:
        """What to tell beforehand."""
        return gettext("Your password can’t be too similar to your other personal information.")


def _parts(value: str) -> list[str]:
    lowered = value.lower()
    return [part for part in [*re.split(r"\W+", lowered), lowered] if part]


def _label(user: Any, name: str) -> str:
    try:
        return str(user._meta.field(name).verbose_name)
    except (AttributeError, FieldError):
        return name


class CommonPasswordValidator:
    """None of the 20,000 most common ones, whatever their capitals; `password_list_path` may name another file."""

    def __init__(self, password_list_path: str | Path = _FILE) -> None:
        self.path = Path(password_list_path)

    def validate(self, password: str, user: Any = None) -> None:
        """Raises: ValidationError, `password_too_common`."""
        if password.lower().strip() in common_passwords(self.path):
            raise ValidationError(gettext("This password is too common."), "password_too_common")

    def get_help_text(self) -> str:
        """What to tell beforehand."""
        return gettext("Your password can’t be a commonly used password.")


@lru_cache(maxsize=4)
def common_passwords(path: Path = _FILE) -> frozenset[str]:
    """Return the passwords of a list, one a line, gzipped or not, in lower case."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    return frozenset(line.strip().lower() for line in text.splitlines() if line and not line.startswith("#!"))


class NumericPasswordValidator:
    """Not digits alone; not among the usual ones, since a long number may be a good password."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises: ValidationError, `password_entirely_numeric`."""
        if password.isdigit():
            raise ValidationError(gettext("This password is entirely numeric."), "password_entirely_numeric")

    def get_help_text(self) -> str:
        """What to tell beforehand."""
        return gettext("Your password can’t be entirely numeric.")


def get_default_password_validators() -> list[Any]:
    """Return the validators of AUTH_PASSWORD_VALIDATORS, made once for the settings that hold here."""
    settings = config.current()
    described = settings["AUTH_PASSWORD_VALIDATORS"]
    kept: Any = settings.resources.get(_RESOURCE)
    if kept is None or kept[0] is not described:
        kept = settings.resources[_RESOURCE] = (described, get_password_validators(described))
    found: list[Any] = kept[1]
    return found


def get_password_validators(described: Iterable[Any]) -> list[Any]:
    """Return validators of dicts with NAME and OPTIONS; those that are objects already stay. Raises: ConfigError."""
    return [_made(one) for one in described]


def _made(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    try:
        module, _, name = one["NAME"].rpartition(".")
        kind: Callable[..., Any] = getattr(import_module(module), name)
    except (KeyError, ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"AUTH_PASSWORD_VALIDATORS has {one!r}, which cannot be found",
            hint="Each has a NAME, such as 'spruce.auth.passwords.MinimumLengthValidator', and maybe OPTIONS.",
        ) from error
    return kind(**one.get("OPTIONS", {}))


def validate_password(password: str, user: Any = None, password_validators: Iterable[Any] | None = None) -> None:
    """Look whether it is good enough, for this user. Raises: ValidationError with all that is wrong."""
    errors = []
    for one in get_default_password_validators() if password_validators is None else password_validators:
        try:
            one.validate(password, user)
        except ValidationError as error:
            errors.append(error)
    if errors:
        raise ValidationError(errors)


def password_changed(password: str, user: Any = None, password_validators: Iterable[Any] | None = None) -> None:
    """Tell the validators that want to know, by their `password_changed`, that a user has a new password."""
    for one in get_default_password_validators() if password_validators is None else password_validators:
        changed: Callable[[str, Any], object] | None = getattr(one, "password_changed", None)
        if changed is not None:
            changed(password, user)


def password_validators_help_texts(password_validators: Iterable[Any] | None = None) -> list[str]:
    """Return what to tell users before they choose, a sentence for each validator."""
    validators = get_default_password_validators() if password_validators is None else password_validators
    return [str(one.get_help_text()) for one in validators]
