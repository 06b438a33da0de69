"""What views and templates know of who is logged in."""

import pytest
from tests.auth.people import counted, sign_in

from spruce import App, db, render_template_string
from spruce.auth import Permission, User, current_user
from spruce.auth.currentuser import perms
from spruce.errors import ContextError
from spruce.web.client import Client


class Letter(db.Model):
    writer = db.ForeignKey(User, on_delete=db.CASCADE)

    class Meta:
        db_table = "t_auth_letter"


PAGE = (
    "{{ current_user }} {{ user.is_authenticated }} {{ perms.auth.add_user }} {{ perms.auth.delete_user }} "
    "{{ 'yes' if perms.auth else 'no' }} {{ 'auth.add_user' in perms }} {{ 'auth' in perms }} "
    "{{ perms['auth'] is true }}"
)


def test_templates_know_the_user_and_what_it_may(app: App, client: Client) -> None:
    @app.get("/page")
    def page() -> str:
        return render_template_string(PAGE)

    assert client.get("/page").text == "AnonymousUser False False False no False False False"
    with app.app_context():
        User.objects.get().user_permissions.add(Permission.objects.by_name("auth.add_user"))
    sign_in(client)
    assert client.get("/page").text == "anna True True False yes True True False"


def test_a_template_that_does_not_ask_costs_nothing(app: App, client: Client) -> None:
    @app.get("/page")
    def page() -> str:
        return render_template_string("plain")

    sign_in(client)
    with counted() as queries:
        assert client.get("/page").text == "plain"
    assert queries == []


def test_a_label_has_permissions_in_it(app: App, client: Client) -> None:
    """`"add_user" in perms.auth` asks for the permission, not for a label of that name."""

    @app.get("/in")
    def view() -> str:
        return render_template_string("{{ 'add_user' in perms.auth }} {{ 'auth' in perms.auth }}")

    with app.app_context():
        User.objects.get().user_permissions.add(Permission.objects.by_name("auth.add_user"))
    sign_in(client)
    assert client.get("/in").text == "True False"


def test_the_proxy_stands_for_the_user_in_views_and_queries(app: App, client: Client) -> None:
    @app.get("/page")
    def page() -> str:
        assert isinstance(current_user, User)
        assert current_user == User.objects.get(pk=current_user.pk)
        parcel = Letter.objects.create(writer=current_user)
        assert list(Letter.objects.filter(writer=current_user)) == [parcel]
        assert parcel.writer.username == "anna"
        current_user.first_name = "Anna"
        return str(current_user.get_short_name())

    sign_in(client)
    assert client.get("/page").text == "Anna"


def test_outside_of_requests_there_is_no_user() -> None:
    with pytest.raises(ContextError, match=r"^current_user is only there while a request is handled, and none is"):
        _ = current_user.pk
    with pytest.raises(TypeError, match=r"^permissions can be asked for, and not listed$"):
        list(perms)
    with pytest.raises(AttributeError):
        _ = perms.__html__
