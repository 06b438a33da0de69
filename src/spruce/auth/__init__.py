"""Accounts: users, log-in, permissions, passwords, tokens; `INSTALLED_APPS=["spruce.auth"]` turns them on.

Names are Django's. A name is imported from its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spruce.auth.authentication import (
        authenticate,
        get_backends,
        load_backend,
        user_logged_in,
        user_logged_out,
        user_login_failed,
    )
    from spruce.auth.backends import BaseBackend, EmailBackend, ModelBackend, RemoteUserBackend
    from spruce.auth.currentuser import current_user
    from spruce.auth.decorators import (
        login_not_required,
        login_required,
        permission_required,
        redirect_to_login,
        staff_member_required,
        user_passes_test,
    )
    from spruce.auth.hashing import check_password, is_password_usable, make_password
    from spruce.auth.logins import get_user, login, logout, update_session_auth_hash
    from spruce.auth.managers import BaseUserManager, UserManager
    from spruce.auth.mixins import AccessMixin, LoginRequiredMixin, PermissionRequiredMixin, UserPassesTestMixin
    from spruce.auth.models import Group, Permission
    from spruce.auth.passwords import validate_password
    from spruce.auth.permissions import create_permissions, get_permission_codename, permission_name
    from spruce.auth.user import User
    from spruce.auth.usermodel import get_user_model
    from spruce.auth.users import (
        AbstractBaseUser,
        AbstractEmailUser,
        AbstractUser,
        AnonymousUser,
        PermissionsMixin,
    )
    from spruce.auth.views import (
        LoginView,
        LogoutView,
        PasswordChangeDoneView,
        PasswordChangeView,
        PasswordResetCompleteView,
        PasswordResetConfirmView,
        PasswordResetDoneView,
        PasswordResetView,
    )

_HOMES = {
    "AbstractBaseUser": "users",
    "AbstractEmailUser": "users",
    "AbstractUser": "users",
    "AccessMixin": "mixins",
    "AnonymousUser": "users",
    "BaseBackend": "backends",
    "BaseUserManager": "managers",
    "EmailBackend": "backends",
    "Group": "models",
    "LoginRequiredMixin": "mixins",
    "LoginView": "views",
    "LogoutView": "views",
    "ModelBackend": "backends",
    "PasswordChangeDoneView": "views",
    "PasswordChangeView": "views",
    "PasswordResetCompleteView": "views",
    "PasswordResetConfirmView": "views",
    "PasswordResetDoneView": "views",
    "PasswordResetView": "views",
    "Permission": "models",
    "PermissionRequiredMixin": "mixins",
    "PermissionsMixin": "users",
    "RemoteUserBackend": "backends",
    "User": "user",
    "UserManager": "managers",
    "UserPassesTestMixin": "mixins",
    "authenticate": "authentication",
    "check_password": "hashing",
    "create_permissions": "permissions",
    "current_user": "currentuser",
    "get_backends": "authentication",
    "get_permission_codename": "permissions",
    "get_user": "logins",
    "get_user_model": "usermodel",
    "is_password_usable": "hashing",
    "load_backend": "authentication",
    "login": "logins",
    "login_not_required": "decorators",
    "login_required": "decorators",
    "logout": "logins",
    "make_password": "hashing",
    "permission_name": "permissions",
    "permission_required": "decorators",
    "redirect_to_login": "decorators",
    "staff_member_required": "decorators",
    "update_session_auth_hash": "logins",
    "user_logged_in": "authentication",
    "user_logged_out": "authentication",
    "user_login_failed": "authentication",
    "user_passes_test": "decorators",
    "validate_password": "passwords",
}

__all__ = [
    "AbstractBaseUser",
    "AbstractEmailUser",
    "AbstractUser",
    "AccessMixin",
    "AnonymousUser",
    "BaseBackend",
    "BaseUserManager",
    "EmailBackend",
    "Group",
    "LoginRequiredMixin",
    "LoginView",
    "LogoutView",
    "ModelBackend",
    "PasswordChangeDoneView",
    "PasswordChangeView",
    "PasswordResetCompleteView",
    "PasswordResetConfirmView",
    "PasswordResetDoneView",
    "PasswordResetView",
    "Permission",
    "PermissionRequiredMixin",
    "PermissionsMixin",
    "RemoteUserBackend",
    "User",
    "UserManager",
    "UserPassesTestMixin",
    "authenticate",
    "check_password",
    "create_permissions",
    "current_user",
    "get_backends",
    "get_permission_codename",
    "get_user",
    "get_user_model",
    "is_password_usable",
    "load_backend",
    "login",
    "login_not_required",
    "login_required",
    "logout",
    "make_password",
    "permission_name",
    "permission_required",
    "redirect_to_login",
    "staff_member_required",
    "update_session_auth_hash",
    "user_logged_in",
    "user_logged_out",
    "user_login_failed",
    "user_passes_test",
    "validate_password",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = globals()[name] = getattr(import_module(f"spruce.auth.{_HOMES[name]}"), name)
        return value
    raise AttributeError(f"module 'spruce.auth' has no attribute {name!r}")
