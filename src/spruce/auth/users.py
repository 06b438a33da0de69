"""Users: the abstract models that a program's own derives from, and who isn't logged in.

The names are Django's. `AbstractUser` has a username, `AbstractEmailUser` logs in by e-mail, and `AbstractBaseUser` is
for those who want nothing but a password and the time of the last log-in.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

from spruce import db
from spruce.auth.authentication import get_backends
from spruce.auth.hashing import check_password, is_password_usable, make_password
from spruce.auth.managers import BaseUserManager, EmailUserManager, UserManager
from spruce.auth.models import Group, Permission, new_salt
from spruce.auth.passwords import password_changed
from spruce.db.validators import RegexValidator
from spruce.errors import PermissionDenied
from spruce.i18n import gettext_lazy
from spruce.mail.sending import send_mail
from spruce.middleware.signing import secret_keys

__all__ = [
    "AbstractBaseUser",
    "AbstractEmailUser",
    "AbstractUser",
    "AnonymousUser",
    "PermissionsMixin",
    "username_validator",
]

_SALT = b"spruce.auth.session"

username_validator = RegexValidator(
    re.compile(r"\A[\w.@+-]+\Z"),
    gettext_lazy("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."),
)


def _now() -> datetime:
    return datetime.now(UTC)


class AbstractBaseUser(db.Model):
    """A password, the time of the last log-in, and what ends all sessions at once."""

    password = db.CharField(max_length=128)
    last_login = db.DateTimeField(null=True, blank=True)
    session_salt = db.CharField(max_length=32, default=new_salt, db_default="", editable=False)

    is_active: Any = True
    is_anonymous = False
    is_authenticated = True
    backend: str
    USERNAME_FIELD: ClassVar[str]
    EMAIL_FIELD: ClassVar[str] = "email"
    REQUIRED_FIELDS: ClassVar[tuple[str, ...]] = ()
    _password: str | None = None

    class Meta:  # noqa: D106 - options of the model, which the model's docstring is for
        abstract = True

    def __str__(self) -> str:
        return self.get_username()

    def get_username(self) -> str:
        """Return the name that the user logs in with."""
        return str(getattr(self, self.USERNAME_FIELD))

    def natural_key(self) -> tuple[str]:
        """Return what tells the user from others."""
        return (self.get_username(),)

    @classmethod
    def get_email_field_name(cls) -> str:
        """Return the name of the field with the address."""
        return cls.EMAIL_FIELD

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return a name in one of the ways in which it may be written (NFKC)."""
        return unicodedata.normalize("NFKC", username) if isinstance(username, str) else username

    def clean(self) -> None:
        """Write the name as `normalize_username` does."""
        setattr(self, self.USERNAME_FIELD, self.normalize_username(self.get_username()))

    def save(self, **options: Any) -> None:
        """Write the user; then tell the password's validators of a new one."""
        super().save(**options)
        if self._password is not None:
            password_changed(self._password, self)
            self._password = None

    # The password

    def set_password(self, raw_password: str | None) -> None:
        """Have another password, None for none; `save()` writes it. Other sessions end. Blocks for a hash."""
        self.password = make_password(raw_password)
        self._password = raw_password

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password; if it is kept in an older way, it is kept anew. Blocks for a hash."""

        def keep(password: str) -> None:
            self.password = make_password(password)
            self.save(update_fields=["password"])

        return check_password(raw_password, self.password, keep)

    def set_unusable_password(self) -> None:
        """Let no password fit."""
        self.password = make_password(None)

    def has_usable_password(self) -> bool:
        """Whether there is a password that fits."""
        return is_password_usable(self.password)

    # Sessions

    def get_session_auth_hash(self) -> str:
        """Return what a session holds of the password, so that it ends when that changes."""
        return self._session_hash(secret_keys()[0])

    def get_session_auth_fallback_hash(self) -> Iterable[str]:
        """Yield the same with former keys."""
        for key in secret_keys()[1:]:
            yield self._session_hash(key)

    def _session_hash(self, key: str | bytes) -> str:
        secret = key.encode() if isinstance(key, str) else key
        text = f"{self.password}\n{self.session_salt}".encode()
        return hmac.new(hmac.digest(secret, _SALT, "sha256"), text, "sha256").hexdigest()

    def end_sessions(self) -> None:
        """End all sessions of the user, wherever they are kept, from their next request on."""
        self.session_salt = new_salt()
        self.save(update_fields=["session_salt"])


class PermissionsMixin(db.Model):
    """Groups and permissions for users."""

    is_superuser = db.BooleanField(default=False)
    groups = db.ManyToManyField(Group, blank=True)
    user_permissions = db.ManyToManyField(Permission, blank=True)

    is_active: Any = True

    class Meta:  # noqa: D106 - the same
        abstract = True

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions that the user has itself, as texts like `shop.add_product`."""
        return _gathered(self, "get_user_permissions", obj)

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """Return the permissions that the user has by groups."""
        return _gathered(self, "get_group_permissions", obj)

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return all permissions of the user."""
        return _gathered(self, "get_all_permissions", obj)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether the user is active and may, in general or with this object; an active superuser may everything."""
        if self.is_active and self.is_superuser:
            return True
        return _allowed(self, "has_perm", perm, obj)

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Whether the user may all of these."""
        if isinstance(perm_list, str) or not isinstance(perm_list, Iterable):
            raise ValueError("perm_list must be an iterable of permissions.")
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the user may anything in a part of the program."""
        if self.is_active and self.is_superuser:
            return True
        return _allowed(self, "has_module_perms", app_label)


def _gathered(user: Any, method: str, obj: Any) -> set[str]:
    found: set[str] = set()
    for backend in get_backends():
        if hasattr(backend, method):
            found.update(getattr(backend, method)(user, obj))
    return found


def _allowed(user: Any, method: str, *arguments: Any) -> bool:
    """Whether a backend says yes, before one raises PermissionDenied."""
    for backend in get_backends():
        try:
            if hasattr(backend, method) and getattr(backend, method)(user, *arguments):
                return True
        except PermissionDenied:
            return False
    return False


class AbstractUser(AbstractBaseUser, PermissionsMixin):
    """A user with a name, an address, and Django's other fields; the table is the one of Django's."""

    username = db.CharField(max_length=150, unique=True, validators=[username_validator])
    first_name = db.CharField(max_length=150, blank=True)
    last_name = db.CharField(max_length=150, blank=True)
    email = db.EmailField(blank=True)
    is_staff = db.BooleanField(default=False)
    is_active = db.BooleanField(default=True)
    date_joined = db.DateTimeField(default=_now)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ("email",)

    class Meta:  # noqa: D106 - the same
        abstract = True

    def clean(self) -> None:
        """Write name and address in one way."""
        super().clean()
        self.email = BaseUserManager.normalize_email(self.email)

    def get_full_name(self) -> str:
        """Return both names with a space between them."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.first_name

    def email_user(self, subject: str, message: str, from_email: str | None = None, **options: Any) -> int:
        """Send the user a mail; options are those of `send_mail`. Blocks."""
        return send_mail(subject, message, from_email, [self.email], **options)


class AbstractEmailUser(AbstractBaseUser, PermissionsMixin):
    """A user who logs in by e-mail; capitals in the address make no difference."""

    email = db.EmailField(unique=True)
    full_name = db.CharField(max_length=150, blank=True)
    is_staff = db.BooleanField(default=False)
    is_active = db.BooleanField(default=True)
    date_joined = db.DateTimeField(default=_now)

    objects = EmailUserManager()

    USERNAME_FIELD = "email"

    class Meta:  # noqa: D106 - the same
        abstract = True

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return the address in lower case."""
        return EmailUserManager.normalize_email(username)

    def get_full_name(self) -> str:
        """Return the name, or else the address."""
        return self.full_name or self.email

    def get_short_name(self) -> str:
        """Return the part of the address before the @."""
        return self.full_name or self.email.partition("@")[0]


class AnonymousUser:
    """Nobody: who isn't logged in. It has no key, no name and, unless a backend says so, no permission."""

    id = None
    pk = None
    username = ""
    is_staff = False
    is_active = False
    is_superuser = False
    is_anonymous = True
    is_authenticated = False

    def __str__(self) -> str:
        return "AnonymousUser"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    def __hash__(self) -> int:
        return 1

    def __int__(self) -> int:
        raise TypeError("nobody is logged in, so there is no key of a user")

    def save(self, *arguments: Any, **options: Any) -> None:
        """Refuse."""
        raise NotImplementedError("nobody cannot be saved: this is the user of who isn't logged in")

    delete = set_password = check_password = save

    @property
    def groups(self) -> Any:
        """No groups."""
        return Group.objects.none()

    @property
    def user_permissions(self) -> Any:
        """No permissions."""
        return Permission.objects.none()

    def get_username(self) -> str:
        """Return no name."""
        return ""

    def get_user_permissions(self, obj: Any = None) -> set[str]:
        """Return what backends allow nobody."""
        return _gathered(self, "get_user_permissions", obj)

    def get_group_permissions(self, obj: Any = None) -> set[str]:
        """Return no permissions."""
        return set()

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return what backends allow nobody."""
        return _gathered(self, "get_all_permissions", obj)

    has_perm = PermissionsMixin.has_perm
    has_perms = PermissionsMixin.has_perms
    has_module_perms = PermissionsMixin.has_module_perms
