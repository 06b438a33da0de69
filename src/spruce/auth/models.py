"""What accounts keep besides users: permissions, groups, tokens of APIs, and the log of what happened.

A user may be of any model (AUTH_USER_MODEL), so tokens and events name theirs by the key, as text, and no table here
depends on which model that is.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

from spruce import db

__all__ = ["APIToken", "AuditEvent", "Group", "Permission", "RecoveryCode", "SecondFactor"]


class PermissionManager(db.Manager["Permission"]):
    """The manager of permissions."""

    def by_name(self, name: str) -> "Permission":
        """Return the permission of a name as `shop.add_product`. Raises: Permission.DoesNotExist."""
        label, _, codename = name.partition(".")
        return self.get(app_label=label, codename=codename)


class Permission(db.Model):
    """Something that users may be allowed to do; `str()` is what `has_perm` takes."""

    app_label = db.CharField(max_length=100)
    model = db.CharField(max_length=100, blank=True)
    codename = db.CharField(max_length=100)
    name = db.CharField(max_length=255)

    objects = PermissionManager()

    class Meta:  # noqa: D106 - options of the model, which the model's docstring is for
        db_table = "auth_permission"
        unique_together = ("app_label", "codename")
        ordering = ("app_label", "model", "codename")

    def __str__(self) -> str:
        return f"{self.app_label}.{self.codename}"


class Group(db.Model):
    """Users with the same permissions."""

    name = db.CharField(max_length=150, unique=True)
    permissions = db.ManyToManyField(Permission, blank=True)

    class Meta:  # noqa: D106 - the same
        db_table = "auth_group"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class APIToken(db.Model):
    """A key for programs, of one user; `digest` is the SHA-256 of what the program holds, which nobody sees again.

    `prefix` is how it begins, for people to tell their tokens apart. `scopes` are words, with spaces between them;
    `expires` None is never. `last_used` is right to the minute.
    """

    user_key = db.CharField(max_length=64, db_index=True)
    name = db.CharField(max_length=100)
    prefix = db.CharField(max_length=20)
    digest = db.CharField(max_length=64, unique=True)
    scopes = db.TextField(blank=True)
    created = db.DateTimeField(auto_now_add=True)
    expires = db.DateTimeField(null=True, blank=True)
    last_used = db.DateTimeField(null=True, blank=True)

    class Meta:  # noqa: D106 - the same
        db_table = "auth_token"
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def scope_list(self) -> list[str]:
        """The scopes, as a list."""
        return self.scopes.split()

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


class SecondFactor(db.Model):
    """The secret that a user's app makes codes of, as both must know it; `last_step` is that of the last code."""

    user_key = db.CharField(max_length=64, unique=True)
    secret = db.CharField(max_length=64)
    last_step = db.BigIntegerField(default=0)
    created = db.DateTimeField()

    class Meta:  # noqa: D106 - the same
        db_table = "auth_second_factor"

    def __str__(self) -> str:
        return f"second factor of {self.user_key}"


class RecoveryCode(db.Model):
    """The SHA-256 of a code that counts once, for a user who has lost the second factor."""

    user_key = db.CharField(max_length=64, db_index=True)
    digest = db.CharField(max_length=64)

    class Meta:  # noqa: D106 - the same
        db_table = "auth_recovery_code"

    def __str__(self) -> str:
        return f"recovery code of {self.user_key}"


class AuditEvent(db.Model):
    """Something that happened to an account: `kind` is `login`, `login_failed`, `logout`, `password_changed`, ….

    `user_key` is empty where nobody is known, as for a wrong name; `username` is what was typed or who it was. The row
    stays when the user is deleted.
    """

    at = db.DateTimeField(db_index=True)
    kind = db.CharField(max_length=40)
    user_key = db.CharField(max_length=64, blank=True, db_index=True)
    username = db.CharField(max_length=254, blank=True)
    address = db.CharField(max_length=64, blank=True)
    agent = db.CharField(max_length=200, blank=True)
    details = db.JSONField(default=dict)

    class Meta:  # noqa: D106 - the same
        db_table = "auth_event"
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind} {self.username}".rstrip()


def new_salt() -> str:
    """Return what makes a user's sessions differ from those before it was changed."""
    return secrets.token_hex(8)


def key_of(user: Any) -> str:
    """Return the primary key of a user as text; "" for nobody."""
    return "" if user is None or user.pk is None else str(user.pk)
