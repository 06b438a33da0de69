"""Backends: who says whether credentials are right, and what a user may. Names and rules are Django's."""

from collections.abc import Iterable
from typing import Any

from spruce.auth.hashing import spend_a_hash
from spruce.auth.models import Permission
from spruce.auth.usermodel import get_user_model
from spruce.http import Request

__all__ = [
    "AllowAllUsersModelBackend",
    "AllowAllUsersRemoteUserBackend",
    "BaseBackend",
    "EmailBackend",
    "ModelBackend",
    "RemoteUserBackend",
]


class BaseBackend:
    """What a backend may answer; here it knows nobody, and nobody may do anything.

    `obj` is the object that a permission is about; a backend for objects looks at it, others answer for None only.
    """

    def authenticate(self, request: Request | None, **credentials: Any) -> Any:
        """Return the user of these credentials, None if they are wrong. Raises: PermissionDenied to ask nobody else."""
        return None

    def get_user(self, user_id: Any) -> Any:
        """Return the user of a key, None when there is none any more."""
        return None

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions that the user has itself."""
        return set()

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions of the user's groups."""
        return set()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return both."""
        return {*self.get_user_permissions(user_obj, obj), *self.get_group_permissions(user_obj, obj)}

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the user may."""
        return perm in self.get_all_permissions(user_obj, obj)


class ModelBackend(BaseBackend):
    """Users and permissions in the database, by the model's USERNAME_FIELD and password."""

    def authenticate(
        self, request: Request | None, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> Any:
        """Return the user with this name and password, if it is active; one hash is made in any case."""
        model = get_user_model()
        if username is None:
            username = credentials.get(model.USERNAME_FIELD)
        if username is None or password is None:
            return None
        user = self.find(model, username)
        if user is None:
            spend_a_hash(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def find(self, model: Any, username: str) -> Any:
        """Return the user that is called so, active or not; None when there is none."""
        try:
            return model._default.get_by_natural_key(username)
        except model.DoesNotExist:
            return None

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the user is active; one without that attribute is."""
        return bool(getattr(user, "is_active", True))

    def get_user(self, user_id: Any) -> Any:
        """Return the active user of a key; None."""
        user = get_user_model()._default.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    # Permissions

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the user's own permissions, asked for once; all of them for a superuser."""
        return self._kept(user_obj, obj, "user")

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions of the user's groups, asked for once; all of them for a superuser."""
        return self._kept(user_obj, obj, "group")

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return all of them: two queries for a user, and none the second time."""
        if not self._counts(user_obj, obj):
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = super().get_all_permissions(user_obj)
        found: set[str] = user_obj._perm_cache
        return found

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the user is active and may."""
        return bool(user_obj.is_active) and super().has_perm(user_obj, perm, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the user has any permission of a label."""
        return bool(user_obj.is_active) and any(
            perm.partition(".")[0] == app_label for perm in self.get_all_permissions(user_obj)
        )

    def with_perm(
        self,
        perm: "str | Permission",
        is_active: bool | None = True,
        include_superusers: bool = True,
        obj: Any = None,
    ) -> Any:
        """Return the QuerySet of users who have a permission; nobody for one of an object."""
        if not isinstance(perm, str | Permission):
            raise TypeError("The `perm` argument must be a string or a permission instance.")
        label, dot, codename = str(perm).partition(".")
        if not dot:
            raise ValueError("Permission name should be in the form app_label.permission_codename.")
        if obj is not None:
            return get_user_model()._default.none()
        model = get_user_model()
        own = model._default.filter(user_permissions__app_label=label, user_permissions__codename=codename)
        grouped = model._default.filter(groups__permissions__app_label=label, groups__permissions__codename=codename)
        keys = {*own.values_list("pk", flat=True), *grouped.values_list("pk", flat=True)}
        if include_superusers:
            keys |= {*model._default.filter(is_superuser=True).values_list("pk", flat=True)}
        found = model._default.filter(pk__in=sorted(keys))
        return found if is_active is None else found.filter(is_active=is_active)

    def _counts(self, user: Any, obj: Any) -> bool:
        return bool(user.is_active) and not user.is_anonymous and obj is None

    def _kept(self, user: Any, obj: Any, kind: str) -> set[str]:
        if not self._counts(user, obj):
            return set()
        name = f"_{kind}_perm_cache"
        if not hasattr(user, name):
            rows = self._everything() if user.is_superuser else getattr(self, f"_of_{kind}")(user)
            setattr(user, name, {f"{label}.{codename}" for label, codename in rows if codename is not None})
        found: set[str] = getattr(user, name)
        return found

    def _everything(self) -> Iterable[tuple[str, str]]:
        return Permission.objects.order_by().values_list("app_label", "codename")

    def _of_user(self, user: Any) -> Iterable[tuple[str, str]]:
        found: Iterable[tuple[str, str]] = user.user_permissions.order_by().values_list("app_label", "codename")
        return found

    def _of_group(self, user: Any) -> Iterable[tuple[str, str]]:
        found: Iterable[tuple[str, str]] = user.groups.order_by().values_list(
            "permissions__app_label", "permissions__codename"
        )
        return found


class AllowAllUsersModelBackend(ModelBackend):
    """ModelBackend for users who aren't active, too."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Always."""
        return True


class EmailBackend(ModelBackend):
    """ModelBackend that takes the e-mail address for the name as well, whatever its capitals, if one user has it."""

    def find(self, model: Any, username: str) -> Any:
        """Return the user by name; else the only one with this address."""
        user = super().find(model, username)
        if user is None and "@" in username:
            found = list(model._default.filter(**{f"{model.get_email_field_name()}__iexact": username})[:2])
            user = found[0] if len(found) == 1 else None
        return user


class RemoteUserBackend(ModelBackend):
    """Users whom a server in front has authenticated; with `create_unknown_user` they are made at the first visit."""

    create_unknown_user = True

    def authenticate(  # type: ignore[override] # it takes no password, which keeps it out where there is one
        self, request: Request | None, remote_user: str
    ) -> Any:
        """Return the user of a name that is trusted."""
        if not remote_user:
            return None
        model, username = get_user_model(), self.clean_username(remote_user)
        created = False
        if self.create_unknown_user:
            user, created = model._default.get_or_create(**{model.USERNAME_FIELD: username})
        else:
            user = self.find(model, username)
        if user is None:
            return None
        user = self.configure_user(request, user, created)
        return user if self.user_can_authenticate(user) else None

    def clean_username(self, username: str) -> str:
        """Return the name that is looked for; for subclasses."""
        return username

    def configure_user(self, request: Request | None, user: Any, created: bool = True) -> Any:
        """Return the user, made fit; for subclasses. A new one gets no usable password."""
        if created:
            user.set_unusable_password()
            user.save()
        return user


class AllowAllUsersRemoteUserBackend(RemoteUserBackend):
    """RemoteUserBackend for users who aren't active, too."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Always."""
        return True
