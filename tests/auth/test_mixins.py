"""Class-based views for some users only."""

from typing import Any

import pytest
from tests.auth.people import sign_in

from spruce import App, MethodView, Request
from spruce.auth import (
    AccessMixin,
    LoginRequiredMixin,
    Permission,
    PermissionRequiredMixin,
    User,
    UserPassesTestMixin,
    current_user,
)
from spruce.errors import ConfigError
from spruce.views import TemplateView
from spruce.web.client import Client
from spruce.web.views import View


def add(app: App, view: Any, path: str = "/view") -> None:
    app.add_url_rule(path, view_func=view.as_view(path.strip("/")))


def allow(app: App, name: str) -> None:
    with app.app_context():
        User.objects.get().user_permissions.add(Permission.objects.by_name(name))


def test_login_required_asvs_8_3_1(app: App, client: Client) -> None:
    """Nobody is led to the log-in page and back; typed parameters and async methods stay what they are."""

    class Note(LoginRequiredMixin, MethodView):
        def get(self, number: int) -> str:
            return f"note {number + 1}"

        async def post(self, request: Request, number: int) -> str:
            return f"posted {number + 1} by {request.user}"

    app.add_url_rule("/notes/<int:number>", view_func=Note.as_view("note"))
    assert client.get("/notes/1").headers["Location"] == "/accounts/login/?next=/notes/1"
    assert client.post("/notes/1").headers["Location"] == "/accounts/login/"
    sign_in(client)
    assert client.get("/notes/1").text == "note 2"
    assert client.post("/notes/1").text == "posted 2 by anna"


def test_a_page_of_ones_own_and_403(app: App, client: Client) -> None:
    """By attributes of the class; a view that is one function is looked after as well."""

    class There(LoginRequiredMixin, View):
        login_url = "/in/?a=b"
        redirect_field_name = "back"

        def dispatch_request(self) -> str:
            return "there"

    class Refused(LoginRequiredMixin, MethodView):
        raise_exception = True
        permission_denied_message = "Not you."

        def get(self) -> str:
            return "in"

    add(app, There)
    add(app, Refused, "/refused")
    assert client.get("/view").headers["Location"] == "/in/?a=b&back=/view"
    answer = client.get("/refused")
    assert (answer.status_code, "Not you." in answer.text) == (403, True)
    sign_in(client)
    assert client.get("/view").text == "there"
    assert client.get("/refused").text == "in"


def test_a_permission_is_asked_for_asvs_8_2_1(app: App, client: Client) -> None:
    """One or all of several; who is logged in and may not gets 403."""

    class One(PermissionRequiredMixin, MethodView):
        permission_required = "auth.add_user"

        def get(self) -> str:
            return "one"

    class Both(PermissionRequiredMixin, MethodView):
        permission_required = ("auth.add_user", "auth.delete_user")

        def get(self) -> str:
            return "both"

    add(app, One, "/one")
    add(app, Both, "/both")
    assert client.get("/one").status_code == client.get("/both").status_code == 302
    sign_in(client)
    assert client.get("/one").status_code == 403
    allow(app, "auth.add_user")
    assert client.get("/one").text == "one"
    assert client.get("/both").status_code == 403
    allow(app, "auth.delete_user")
    assert client.get("/both").text == "both"


def test_a_permission_must_be_named() -> None:
    class Nothing(PermissionRequiredMixin, View):
        pass

    with pytest.raises(ConfigError) as refused:
        Nothing().get_permission_required()
    assert str(refused.value) == (
        "Nothing is a PermissionRequiredMixin without a permission. "
        "Set permission_required = 'shop.change_product' in it, or write get_permission_required()."
    )


def test_right_of_the_view_a_mixin_is_refused() -> None:
    """Nothing would call it there, and everybody would be let in."""
    with pytest.raises(ConfigError) as refused:

        class Late(MethodView, LoginRequiredMixin):
            pass

    assert str(refused.value) == (
        "LoginRequiredMixin stands right of the view in the bases of Late, where it lets everybody in. "
        "Put it left: class Late(LoginRequiredMixin, …)."
    )
    with pytest.raises(ConfigError) as second:

        class Half(LoginRequiredMixin, MethodView, PermissionRequiredMixin):
            pass

    assert str(second.value).startswith("PermissionRequiredMixin stands right of the view in the bases of Half,")

    class Closed(LoginRequiredMixin, View):
        pass

    with pytest.raises(ConfigError) as third:

        class Mixed(TemplateView, Closed):
            pass

    assert str(third.value).startswith("Closed stands right of the view in the bases of Mixed,")


def test_a_test_of_ones_own(app: App, client: Client) -> None:
    class View(UserPassesTestMixin, MethodView):
        def test_func(self) -> bool:
            return bool(current_user.get_username().startswith("a"))

        def get(self) -> str:
            return "a"

    add(app, View)
    assert client.get("/view").status_code == 302
    sign_in(client)
    assert client.get("/view").text == "a"
    with pytest.raises(NotImplementedError) as refused:
        UserPassesTestMixin().test_func()
    assert str(refused.value) == "UserPassesTestMixin needs a method test_func that says who may"


def test_several_mixins_all_count(app: App, client: Client) -> None:
    """Whatever their order."""

    class First(LoginRequiredMixin, PermissionRequiredMixin, MethodView):
        permission_required = "auth.add_user"

        def get(self) -> str:
            return "both"

    class Second(PermissionRequiredMixin, LoginRequiredMixin, MethodView):
        permission_required = "auth.add_user"

        def get(self) -> str:
            return "both"

    add(app, First, "/first")
    add(app, Second, "/second")
    sign_in(client)
    assert [client.get(path).status_code for path in ("/first", "/second")] == [403, 403]
    allow(app, "auth.add_user")
    assert [client.get(path).text for path in ("/first", "/second")] == ["both", "both"]


def test_what_is_answered_may_be_another(app: App, client: Client) -> None:
    class Shown(LoginRequiredMixin, MethodView):
        def handle_no_permission(self) -> str:
            return "please log in"

        def get(self) -> str:
            return "in"

    assert issubclass(Shown, AccessMixin)
    add(app, Shown)
    assert client.get("/view").text == "please log in"


def test_a_test_may_be_async(app: App, client: Client) -> None:
    """And what it says counts, not that it could be asked."""

    class View(UserPassesTestMixin, MethodView):
        async def test_func(self) -> bool:
            return bool(current_user.get_username().startswith("b"))

        def get(self) -> str:
            return "b"

    add(app, View)
    sign_in(client)
    assert client.get("/view").status_code == 403
