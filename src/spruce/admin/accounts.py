"""Users and groups in the admin, unless the program registers them itself."""

from typing import Any

from spruce import forms
from spruce.admin.options import ModelAdmin
from spruce.auth.models import Group
from spruce.auth.passwords import validate_password
from spruce.auth.usermodel import get_user_model
from spruce.i18n import gettext_lazy

__all__ = ["GroupAdmin", "UserAdmin", "register_accounts"]


class _UserForm(forms.ModelForm):
    """A user, with a new password where one is given."""

    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput,
        autocomplete="new-password",
        help_text=gettext_lazy(
            "Leave it empty to keep the present one. It cannot be shown: only a hash of it is kept."
        ),
    )

    def clean_new_password(self) -> Any:
        """The password, if it is good enough."""
        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def save(self, commit: bool = True) -> Any:
        """Save the user with the hash of the password."""
        user = self.instance
        if self.cleaned_data.get("new_password"):
            user.set_password(self.cleaned_data["new_password"])
        elif user.pk is None:
            user.set_unusable_password()
        return super().save(commit)


class UserAdmin(ModelAdmin):
    """Users. Only superusers may give rights, or change who has rights that they have not themselves."""

    form = _UserForm
    exclude = ("password",)
    rights = ("is_staff", "is_superuser", "groups", "user_permissions")

    def get_list_display(self, request: Any) -> Any:
        """Name, address, and what they may."""
        names = [self.model.USERNAME_FIELD, "email", "is_active", "is_staff", "last_login"]
        return [name for name in dict.fromkeys(names) if name in self.model._meta.paths]

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        names = dict.fromkeys([model.USERNAME_FIELD, "email"])
        self.search_fields = [name for name in names if name in model._meta.paths]

    def get_fields(self, request: Any, obj: Any = None) -> list[Any]:
        """All but the hash; the new password behind the name."""
        fields = super().get_fields(request, obj)
        return [fields[0], "new_password", *fields[1:]] if self.has_change_permission(request, obj) else fields

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        """Rights, for all but superusers; when somebody came."""
        times = [name for name in ("last_login", "date_joined") if name in self.model._meta.paths]
        known = {**self.model._meta.paths, **self.model._meta.many}
        return times if request.user.is_superuser else [*times, *(name for name in self.rights if name in known)]

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Who may do more is changed by superusers only: a new password would be a way to these rights."""
        if obj is not None and _may_do_more(obj, request.user):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Who may do more is deleted by superusers only, and nobody deletes themselves."""
        if obj is not None and (obj == request.user or _may_do_more(obj, request.user)):
            return False
        return super().has_delete_permission(request, obj)


def _may_do_more(user: Any, than: Any) -> bool:
    """Whether a user has rights that another has not."""
    if than.is_superuser or user == than:
        return False
    return bool(user.is_superuser or not user.get_all_permissions() <= than.get_all_permissions())


class GroupAdmin(ModelAdmin):
    """Groups, which superusers change: their permissions are rights."""

    list_display = ("name",)
    search_fields = ("name",)

    def _may(self, request: Any, action: str) -> bool:
        return super()._may(request, action) and (action == "view" or request.user.is_superuser)


def register_accounts(site: Any) -> None:
    """Show users and groups, unless the site does already."""
    for model, kind in ((get_user_model(), UserAdmin), (Group, GroupAdmin)):
        if not site.is_registered(model):
            site.register(model, kind)
