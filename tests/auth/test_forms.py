"""The forms of accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.auth.people import PASSWORD

from spruce import App
from spruce.auth import User
from spruce.auth.forms import (
    AdminPasswordChangeForm,
    AuthenticationForm,
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
    UserCreationForm,
)
from spruce.errors import ValidationError

NEW = "another battery staple"


@pytest.fixture(autouse=True)
def _in_the_app(app: App, anna: Any) -> Any:
    with app.test_request_context("/", method="POST"):
        yield


def login_form(app: App, name: str = "anna", password: str = PASSWORD) -> AuthenticationForm:
    from spruce import request  # the proxy of the entered request

    return AuthenticationForm(request._get_current_object(), {"username": name, "password": password})  # type: ignore[attr-defined] # a proxy's own method


def test_a_right_name_and_password_give_the_user(app: App, anna: Any) -> None:
    form = login_form(app)
    assert form.is_valid()
    assert form.get_user() == anna


@pytest.mark.parametrize(("name", "password"), [("anna", "x"), ("nobody", "x"), ("gone", PASSWORD)])
def test_what_is_wrong_is_not_told_asvs_6_3_8(app: App, name: str, password: str) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    form = login_form(app, name, password)
    assert form.errors.get_json_data() == {
        "__all__": [{"message": "Name or password is not right. Both may be case-sensitive.", "code": "invalid_login"}]
    }


def test_without_a_request_the_password_counts_all_the_same(anna: Any) -> None:
    """Only tries are not counted."""
    assert AuthenticationForm(None, {"username": "anna", "password": "x"}).errors == {
        "__all__": ["Name or password is not right. Both may be case-sensitive."]
    }
    form = AuthenticationForm(None, {"username": "anna", "password": PASSWORD})
    assert form.is_valid()
    assert form.user == anna


def test_who_failed_too_often_is_told_how_long_to_wait(app: App) -> None:
    for _ in range(5):
        assert not login_form(app, "anna", "x").is_valid()
    form = login_form(app)
    assert form.non_field_errors() == ["Too many attempts failed. Wait 1 second before the next one."]
    assert form.seconds == 1


def test_browsers_and_password_managers_are_told_what_is_what_asvs_6_2_7(app: App, anna: Any) -> None:
    shown = str(AuthenticationForm()["username"]) + str(AuthenticationForm()["password"])
    assert 'autocomplete="username"' in shown
    assert 'autocomplete="current-password"' in shown
    assert 'type="password"' in shown
    assert str(SetPasswordForm(anna)).count('autocomplete="new-password"') == 2


def test_both_new_passwords_are_the_same_and_good_enough(anna: Any) -> None:
    def errors(first: str, second: str) -> dict[str, list[str]]:
        form = SetPasswordForm(anna, {"new_password1": first, "new_password2": second})
        return {name: list(found) for name, found in form.errors.items()}

    assert errors(NEW, NEW + " ") == {"new_password2": ["The two passwords are not the same."]}
    assert errors("short", "short") == {
        "new_password1": ["This password is too short. It must contain at least 8 characters."]
    }
    assert errors("example12", "example12") == {"new_password1": ["The password is too similar to the email."]}
    assert errors(f" {NEW} ", f" {NEW} ") == {}


def test_the_current_password_is_asked_for_asvs_6_2_3(anna: Any) -> None:
    data = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    wrong = PasswordChangeForm(anna, data)
    assert wrong.errors.get_json_data() == {
        "old_password": [{"message": "This is not your current password.", "code": "password_incorrect"}]
    }
    right = PasswordChangeForm(anna, {**data, "old_password": PASSWORD})
    assert right.is_valid()
    assert list(right.fields) == ["old_password", "new_password1", "new_password2"]
    right.save()
    assert User.objects.get().check_password(NEW)


def test_an_admin_sets_a_password_without_it(anna: Any) -> None:
    form = AdminPasswordChangeForm(anna, {"password1": NEW, "password2": NEW})
    assert form.is_valid()
    assert form.save(commit=False).check_password(NEW)
    assert User.objects.get().check_password(PASSWORD)


def test_a_new_user_has_a_name_that_is_free_and_can_be(anna: Any) -> None:
    def made(name: str) -> UserCreationForm:
        return UserCreationForm({"username": name, "password1": NEW, "password2": NEW})

    assert list(made("anna").errors) == ["username"]
    assert list(made("a b").errors) == ["username"]
    assert list(made("").errors) == ["username"]
    form = made("bo")
    assert form.is_valid()
    assert form.save() == User.objects.get(username="bo")
    confirmed = UserCreationForm({"username": "li", "password1": NEW, "password2": NEW}, "li@b.c")
    assert confirmed.save().email == "li@b.c" if confirmed.is_valid() else confirmed.errors == {}


def test_nothing_else_of_a_user_is_taken_from_a_form_asvs_8_2_3_15_3_3() -> None:
    data = {"username": "bo", "password1": NEW, "password2": NEW, "is_superuser": "on", "is_staff": "on", "id": "7"}
    form = UserCreationForm(data)
    assert form.is_valid()
    user = form.save()
    assert not user.is_superuser
    assert not user.is_staff
    assert user.pk != 7


def test_users_who_log_in_by_mail(make_app: Callable[..., App], app: App) -> None:
    assert AuthenticationForm()["username"].label == "Username"
    app.config["AUTHENTICATION_BACKENDS"] = ["spruce.auth.backends.EmailBackend"]
    assert AuthenticationForm()["username"].label == "Username or e-mail"
    assert not PasswordResetForm({"email": "x"}).is_valid()


def test_forms_of_ones_own_say_it_otherwise_and_refuse_more(app: App, anna: Any) -> None:
    """By `error_messages`, and `confirm_login_allowed` for users whose password is right."""

    class Mine(AuthenticationForm):
        error_messages = {"invalid_login": "No."}  # noqa: RUF012 - as users write it

        def confirm_login_allowed(self, user: Any) -> None:
            if user == anna:
                raise ValidationError("Not anna.", "closed")

    request = login_form(app).request
    assert Mine(request, {"username": "anna", "password": "x"}).errors == {"__all__": ["No."]}
    assert Mine(request, {"username": "anna", "password": PASSWORD}).errors == {"__all__": ["Not anna."]}
