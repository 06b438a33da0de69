"""Users: names and addresses, passwords, permissions, sessions that count no more, and nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.auth.people import PASSWORD, CountingHasher

from spruce import App, db
from spruce.auth import AbstractBaseUser, AbstractEmailUser, AnonymousUser, Group, Permission, PermissionsMixin, User
from spruce.auth.managers import BaseUserManager
from spruce.errors import ValidationError
from spruce.mail import outbox


class Member(AbstractEmailUser):
    class Meta:
        db_table = "t_auth_member"


class Device(AbstractBaseUser):
    serial = db.CharField(max_length=20, unique=True)
    USERNAME_FIELD = "serial"

    objects = BaseUserManager()  # type: ignore[assignment,misc] # a manager of its own

    class Meta:
        db_table = "t_auth_device"


@pytest.mark.usefixtures("app")
class TestUser:
    @pytest.fixture(autouse=True)
    def _in_the_app(self, app: App) -> Any:
        with app.app_context():
            yield

    def test_a_user_has_a_name_an_address_and_a_password(self) -> None:
        user = User.objects.create_user("anna", "Anna@EXAMPLE.com", PASSWORD, first_name="Anna", last_name="Li")
        assert (str(user), user.email, user.get_full_name(), user.get_short_name()) == (
            "anna",
            "Anna@example.com",
            "Anna Li",
            "Anna",
        )
        assert user.is_active
        assert user.is_authenticated
        assert not user.is_anonymous
        assert not user.is_staff
        assert not user.is_superuser
        assert user.check_password(PASSWORD)
        assert not user.check_password("other")
        assert user.natural_key() == ("anna",)
        assert User.objects.get_by_natural_key("anna") == user

    def test_a_user_without_a_password_cannot_log_in(self) -> None:
        user = User.objects.create_user("anna")
        assert not user.has_usable_password()
        assert not user.check_password("")
        user.set_password(PASSWORD)
        assert user.has_usable_password()
        user.set_unusable_password()
        assert not user.check_password(PASSWORD)

    def test_a_superuser_is_staff_and_may_everything(self) -> None:
        user = User.objects.create_superuser("root", None, PASSWORD)
        assert user.is_staff
        assert user.has_perm("any.thing")
        assert user.has_perms(["a.b", "c.d"])
        assert user.has_module_perms("any")
        assert "auth.add_user" in user.get_all_permissions()
        for name in ("is_staff", "is_superuser"):
            with pytest.raises(ValueError, match=rf"^Superuser must have {name}=True\.$"):
                User.objects.create_superuser("other", None, PASSWORD, **{name: False})
        user.is_active = False
        assert not user.has_perm("any.thing")

    def test_names_that_look_alike_are_one(self) -> None:
        """The ohm sign and omega: NFKC makes them one (RFC 8265 does so too)."""
        user = User.objects.create_user("iamtheΩ")
        assert user.username == "iamtheΩ"
        user.username = "iamtheΩ"
        user.clean()
        assert user.username == "iamtheΩ"

    @pytest.mark.parametrize("name", ["jo hn", "a\n", "", "a/b", "o'malley"])
    def test_names_that_cannot_be(self, name: str) -> None:
        with pytest.raises(ValidationError):
            User(username=name, password="x").full_clean()

    @pytest.mark.parametrize("name", ["joe", "rené", "ᴮᴵᴳᴮᴵᴿᴰ", "أحمد", "李雷", "a@b.c", "a+b_c-d"])
    def test_names_that_can(self, name: str) -> None:
        User(username=name, password="x").full_clean()

    def test_a_damaged_hash_fits_no_password_and_costs_one_all_the_same(self) -> None:
        user = User.objects.create_user("anna")
        user.password = "argon2$damaged"
        assert not user.check_password(PASSWORD)
        assert CountingHasher.calls == 1

    def test_a_validator_is_told_of_the_new_password_once_it_is_saved(self, app: App) -> None:
        told: list[tuple[str, Any]] = []

        class Telling:
            def validate(self, password: str, user: Any = None) -> None: ...

            def password_changed(self, password: str, user: Any = None) -> None:
                told.append((password, user))

        app.config["AUTH_PASSWORD_VALIDATORS"] = [Telling()]
        user = User(username="anna")
        user.set_password(PASSWORD)
        assert told == []
        user.save()
        user.save()
        assert told == [(PASSWORD, user)]

    def test_permissions_are_the_users_own_and_those_of_its_groups(self) -> None:
        user = User.objects.create_user("anna")
        assert user.get_all_permissions() == set()
        user.user_permissions.add(Permission.objects.by_name("auth.add_user"))
        group = Group.objects.create(name="editors")
        group.permissions.add(Permission.objects.by_name("auth.view_group"))
        user.groups.add(group)
        user = User.objects.get(pk=user.pk)
        with db.assert_num_queries(2):
            assert user.has_perm("auth.add_user")
            assert user.has_perms(["auth.add_user", "auth.view_group"])
            assert not user.has_perm("auth.delete_user")
            assert user.has_module_perms("auth")
            assert not user.has_module_perms("shop")
        assert user.get_user_permissions() == {"auth.add_user"}
        assert user.get_group_permissions() == {"auth.view_group"}
        assert user.get_all_permissions(obj=user) == set()
        assert not user.has_perm("auth.add_user", user)
        with pytest.raises(ValueError, match=r"^perm_list must be an iterable of permissions\.$"):
            user.has_perms("auth.add_user")
        user = User.objects.get(pk=user.pk)
        user.is_active = False
        assert not user.has_perm("auth.add_user")

    def test_who_has_a_permission_can_be_asked(self) -> None:
        own, grouped, root, gone = (User.objects.create_user(name) for name in ("own", "grouped", "root", "gone"))
        User.objects.filter(pk=root.pk).update(is_superuser=True)
        User.objects.filter(pk=gone.pk).update(is_active=False)
        permission = Permission.objects.by_name("auth.add_user")
        for user in (own, gone):
            user.user_permissions.add(permission)
        group = Group.objects.create(name="editors")
        group.permissions.add(permission)
        grouped.groups.add(group)
        assert {str(one) for one in User.objects.with_perm("auth.add_user")} == {"own", "grouped", "root"}
        assert {str(one) for one in User.objects.with_perm(permission, None, False)} == {"own", "grouped", "gone"}
        named = "spruce.auth.backends.ModelBackend"
        assert list(User.objects.with_perm(permission, backend=named, obj=own)) == []
        with pytest.raises(ValueError, match=r"names none of AUTHENTICATION_BACKENDS, and there are 1$"):
            User.objects.with_perm(permission, backend="some.other.Backend")
        with pytest.raises(ValueError, match=r"^Permission name should be in the form"):
            User.objects.with_perm("add_user")
        with pytest.raises(TypeError, match=r"^The `perm` argument must be a string"):
            User.objects.with_perm(7)

    def test_a_user_is_sent_a_mail(self) -> None:
        outbox.clear()
        assert User(email="a@b.c").email_user("x", "y") == 1
        assert outbox.pop().to == ["a@b.c"]

    def test_the_hash_in_a_session_changes_with_the_password_and_when_all_are_ended(self) -> None:
        user = User.objects.create_user("anna", password=PASSWORD)
        first = user.get_session_auth_hash()
        assert first == User.objects.get().get_session_auth_hash()
        user.set_password(PASSWORD)
        user.save()
        second = user.get_session_auth_hash()
        user.end_sessions()
        assert len({first, second, user.get_session_auth_hash(), User.objects.get().get_session_auth_hash()}) == 3

    def test_a_session_holds_nothing_by_which_the_password_can_be_tried(self) -> None:
        user = User.objects.create_user("anna", password=PASSWORD)
        assert user.password not in user.get_session_auth_hash()


def test_users_who_log_in_by_mail(make_app: Callable[..., App]) -> None:
    """Capitals make no difference, and two cannot have one address."""
    with make_app(AUTH_USER_MODEL=Member).app_context():
        member = Member.objects.create_user("Li@Example.com", PASSWORD, full_name="Li Lei")
        assert (member.email, member.get_username(), str(member)) == ("li@example.com",) * 3
        assert (member.get_full_name(), member.get_short_name()) == ("Li Lei", "Li Lei")
        assert Member(email="li@b.c").get_short_name() == "li"
        assert Member.objects.get_by_natural_key("LI@EXAMPLE.COM") == member
        with pytest.raises(ValidationError):
            Member(email="li@example.com", password="x").full_clean()


def test_a_user_may_be_nothing_but_a_key_and_a_password(make_app: Callable[..., App]) -> None:
    with make_app(AUTH_USER_MODEL=Device).app_context():
        device = Device(serial="A1")
        device.set_password(PASSWORD)
        device.save()
        assert Device.objects.get_by_natural_key("A1").check_password(PASSWORD)
        assert device.is_active
        assert not issubclass(Device, PermissionsMixin)


def test_nobody_may_nothing(app: App) -> None:
    nobody = AnonymousUser()
    with app.app_context():
        assert str(nobody) == "AnonymousUser"
        assert nobody == AnonymousUser()
        assert hash(nobody) == hash(AnonymousUser())
        assert nobody.pk is nobody.id is None
        assert nobody.get_username() == nobody.username == ""
        assert nobody.is_anonymous
        assert not nobody.is_authenticated
        assert not nobody.is_active
        assert not nobody.has_perm("a.b")
        assert not nobody.has_perms(["a.b"])
        assert not nobody.has_module_perms("a")
        assert nobody.get_all_permissions() == nobody.get_user_permissions() == nobody.get_group_permissions() == set()
        assert list(nobody.groups) == list(nobody.user_permissions) == []
    for refused in (nobody.save, nobody.delete, lambda: nobody.set_password("x"), lambda: nobody.check_password("x")):
        with pytest.raises(NotImplementedError, match=r"^nobody cannot be saved"):
            refused()
    with pytest.raises(TypeError, match=r"^nobody is logged in"):
        int(nobody)
