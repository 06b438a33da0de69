"""The managers of users: they make them, and find them by name. Names are Django's."""

import unicodedata
from typing import Any

from spruce import db
from spruce.auth.authentication import get_backends, load_backend

__all__ = ["BaseUserManager", "EmailUserManager", "UserManager"]


class BaseUserManager(db.Manager[Any]):
    """The manager of users: finds them by their natural key."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return an address with its domain in lower case."""
        name, at, domain = (email or "").strip().rpartition("@")
        return f"{name}@{domain.lower()}" if at else domain

    def get_by_natural_key(self, username: str) -> Any:
        """Return the user of a name, as USERNAME_FIELD has it. Raises: DoesNotExist."""
        model: Any = self.model
        return self.get(**{model.USERNAME_FIELD: model.normalize_username(username)})

    def with_perm(
        self,
        perm: Any,
        is_active: bool | None = True,
        include_superusers: bool = True,
        backend: str | None = None,
        obj: Any = None,
    ) -> Any:
        """Return the QuerySet of users who have a permission, as a backend says that is named, or the only one.

        Raises: ValueError for several backends of which none is named, or one that is not in use.
        """
        every = get_backends()
        chosen = load_backend(backend) if backend is not None else every[0] if len(every) == 1 else None
        if chosen is None:
            raise ValueError(
                f"with_perm(backend={backend!r}) names none of AUTHENTICATION_BACKENDS, and there are {len(every)}"
            )
        return (
            chosen.with_perm(perm, is_active, include_superusers, obj) if hasattr(chosen, "with_perm") else self.none()
        )


class UserManager(BaseUserManager):
    """Makes users with a name; blocks for a hash."""

    def create_user(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> Any:
        """Make and save a user; without a password nobody can log in. Raises: ValueError without a name."""
        extra_fields = {"is_staff": False, "is_superuser": False, **extra_fields}
        return self._create(username, email, password, extra_fields)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> Any:
        """Make and save a user who may do everything."""
        return self._create(username, email, password, _of_superuser(extra_fields))

    def _create(self, username: str, email: str | None, password: str | None, fields: dict[str, Any]) -> Any:
        if not username:
            raise ValueError("The given username must be set")
        user: Any = self.model(
            username=self.model.normalize_username(username),
            email=self.normalize_email(email),
            **fields,
        )
        user.set_password(password)
        user.save(using=self._alias)
        return user


class EmailUserManager(BaseUserManager):
    """Makes users who log in by e-mail."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return an address in lower case: no provider tells addresses apart by capitals, and people don't either."""
        return unicodedata.normalize("NFKC", email or "").strip().lower()

    def create_user(self, email: str, password: str | None = None, **extra_fields: Any) -> Any:
        """Make and save a user; without a password nobody can log in. Raises: ValueError without an address."""
        return self._create(email, password, {"is_staff": False, "is_superuser": False, **extra_fields})

    def create_superuser(self, email: str, password: str | None = None, **extra_fields: Any) -> Any:
        """Make and save a user who may do everything."""
        return self._create(email, password, _of_superuser(extra_fields))

    def _create(self, email: str, password: str | None, fields: dict[str, Any]) -> Any:
        if not email:
            raise ValueError("The given email must be set")
        user: Any = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._alias)
        return user


def _of_superuser(fields: dict[str, Any]) -> dict[str, Any]:
    fields = {"is_staff": True, "is_superuser": True, **fields}
    for name in ("is_staff", "is_superuser"):
        if fields[name] is not True:
            raise ValueError(f"Superuser must have {name}=True.")
    return fields
