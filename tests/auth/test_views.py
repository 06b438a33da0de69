"""The class-based views of accounts, with options as an app of one's own gives them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.auth.people import PASSWORD

from spruce import App, errors
from spruce.auth import (
    LoginView,
    LogoutView,
    PasswordChangeDoneView,
    PasswordChangeView,
    PasswordResetConfirmView,
    PasswordResetView,
    User,
)
from spruce.auth.factors import turn_on
from spruce.auth.forms import AuthenticationForm, PasswordResetForm
from spruce.auth.resettokens import PasswordResetTokenGenerator, default_token_generator, uid_of
from spruce.auth.totp import new_secret
from spruce.auth.views import RedirectURLMixin
from spruce.mail import outbox
from spruce.web.client import Client

NEW = "another battery staple"
PASSWORDS = {"new_password1": NEW, "new_password2": NEW}


@pytest.fixture(autouse=True)
def _empty_outbox() -> Iterator[None]:
    outbox.clear()
    yield
    outbox.clear()


@pytest.fixture
def route(app: App, anna: Any) -> Callable[..., Client]:
    """Put a view at /own, or a rule of one's own, and return a browser."""

    def put(view: Any, rule: str = "/own", **options: Any) -> Client:
        app.add_url_rule(rule, view_func=view.as_view("own", **options))
        return app.test_client()

    return put


@pytest.fixture
def write(app: App, tmp_path: Path) -> Callable[[str, str], None]:
    """Write a template."""
    app.template_folder = str(tmp_path)

    def put(name: str, text: str) -> None:
        (tmp_path / name).write_text(text)

    return put


def log_in(client: Client, **more: str) -> Any:
    return client.post("/own", data={"username": "anna", "password": PASSWORD, **more})


def link_to(user: Any, generator: Any = default_token_generator) -> str:
    return f"/own/{uid_of(user)}/{generator.make_token(user)}"


class TestLogin:
    def test_it_has_a_template_a_form_and_values_of_ones_own(
        self, route: Callable[..., Client], write: Callable[[str, str], None]
    ) -> None:
        class Loud(AuthenticationForm):
            def confirm_login_allowed(self, user: Any) -> None:
                raise errors.ValidationError("Not today.")

        write("in.html", "{{ word }} {{ redirect_field_name }}={{ to }} {{ form.non_field_errors()|join }}")
        client = route(
            LoginView,
            template_name="in.html",
            authentication_form=Loud,
            extra_context={"word": "Hello"},
            redirect_field_name="to",
        )
        page = client.get("/own?to=/who")
        assert (page.text.strip(), page.headers["Cache-Control"]) == ("Hello to=/who", "no-store")
        answer = log_in(client)
        assert (answer.status_code, answer.text) == (422, "Hello to= Not today.")
        assert client.get("/who").text == "AnonymousUser"

    def test_it_leads_on_by_next_then_next_page_then_the_setting(self, route: Callable[..., Client]) -> None:
        client = route(LoginView, next_page="mine")
        assert log_in(client, next="/who").headers["Location"] == "/who"
        assert log_in(client).headers["Location"] == "/mine"
        assert log_in(client, next="//evil.example").headers["Location"] == "/mine"

    def test_other_hosts_are_named_asvs_3_7_2(self, route: Callable[..., Client]) -> None:
        client = route(LoginView, success_url_allowed_hosts={"shop.example"})
        assert log_in(client, next="https://shop.example/a").headers["Location"] == "https://shop.example/a"
        assert log_in(client, next="https://evil.example/a").headers["Location"] == "/"
        assert 'value="https://evil.example/a"' not in client.get("/own?next=https://evil.example/a").text

    def test_behind_https_it_leads_to_https(self, route: Callable[..., Client]) -> None:
        client = route(LoginView, success_url_allowed_hosts={"shop.example"})
        data = {"username": "anna", "password": PASSWORD, "next": "http://shop.example/"}
        assert client.post("/own", base_url="https://localhost", data=data).headers["Location"] == "/"

    def test_who_is_logged_in_is_led_on_if_that_is_wanted(self, route: Callable[..., Client]) -> None:
        client = route(LoginView, redirect_authenticated_user=True)
        assert client.get("/own").status_code == 200
        log_in(client)
        answer = client.get("/own?next=/who")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/who")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_that_leads_not_to_itself(self, app: App, route: Callable[..., Client]) -> None:
        client = route(LoginView, redirect_authenticated_user=True)
        log_in(client)
        app.config.update(LOGIN_REDIRECT_URL="/own", DEBUG=False, TESTING=True)
        with pytest.raises(errors.ConfigError) as caught:
            client.get("/own")
        assert str(caught.value) == (
            "who is logged in is led from the log-in page '/own' to itself, without an end. Let LOGIN_REDIRECT_URL, "
            "or next_page, be another page."
        )

    def test_tries_are_counted_asvs_6_3_1(self, route: Callable[..., Client]) -> None:
        client = route(LoginView)
        for _ in range(5):
            assert client.post("/own", data={"username": "anna", "password": "x"}).status_code == 422
        answer = log_in(client)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")

    def test_the_second_factor_is_asked_for_and_leads_where_the_view_says_asvs_6_3_3(
        self, app: App, anna: Any, route: Callable[..., Client]
    ) -> None:
        client = route(LoginView, next_page="https://shop.example/in")
        app.config["AUTH_TOTP"] = True
        with app.app_context():
            codes = turn_on(anna, new_secret(), 0)
        assert log_in(client).headers["Location"] == "/accounts/login/code/"
        assert client.get("/who").text == "AnonymousUser"
        answer = client.post("/accounts/login/code/", data={"code": codes[0]})
        assert answer.headers["Location"] == "https://shop.example/in"
        assert client.get("/who").text == "anna"

    def test_the_visitors_wish_leads_nowhere_else_behind_the_second_factor(
        self, app: App, anna: Any, route: Callable[..., Client]
    ) -> None:
        client = route(LoginView)
        app.config["AUTH_TOTP"] = True
        with app.app_context():
            codes = turn_on(anna, new_secret(), 0)
        log_in(client, next="https://evil.example/")
        answer = client.post("/accounts/login/code/?next=//evil.example", data={"code": codes[0]})
        assert answer.headers["Location"] == "/"

    def test_it_is_open_where_everything_is_closed(self, make_app: Callable[..., App]) -> None:
        app = make_app(MIDDLEWARE=["spruce.auth.middleware.LoginRequiredMiddleware"])
        for name, view in (("in", LoginView), ("out", LogoutView), ("reset", PasswordResetView)):
            app.add_url_rule(f"/own/{name}", view_func=view.as_view(f"own_{name}"))
        client = app.test_client()
        assert [client.get(f"/own/{name}").status_code for name in ("in", "out", "reset")] == [200, 200, 200]


class TestLogout:
    def test_it_says_so_or_leads_on(self, route: Callable[..., Client], write: Callable[[str, str], None]) -> None:
        write("out.html", "bye")
        write("ask.html", "sure?")
        client = route(LogoutView, template_name="out.html", asking_template_name="ask.html")
        client.post("/in", data={"username": "anna", "password": PASSWORD})
        assert client.get("/own").text == "sure?"
        assert client.get("/who").text == "anna"
        assert client.post("/own").text == "bye"
        assert client.get("/who").text == "AnonymousUser"
        assert client.post("/own", data={"next": "/who"}).headers["Location"] == "/who"
        assert client.post("/own", data={"next": "https://evil.example"}).text == "bye"

    def test_it_leads_to_its_next_page(self, route: Callable[..., Client]) -> None:
        assert route(LogoutView, next_page="who").post("/own").headers["Location"] == "/who"


class TestPasswordChange:
    def test_it_leads_on_and_asks_for_the_current_one(self, route: Callable[..., Client]) -> None:
        client = route(PasswordChangeView, success_url="who")
        assert client.get("/own").headers["Location"] == "/accounts/login/?next=/own"
        client.post("/in", data={"username": "anna", "password": PASSWORD})
        assert client.post("/own", data={**PASSWORDS, "old_password": "x"}).status_code == 422
        answer = client.post("/own", data={**PASSWORDS, "old_password": PASSWORD})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/who")
        assert client.get("/who").text == "anna"
        assert outbox[0].subject == "Your password for localhost was changed"

    def test_a_subclass_with_decorators_of_its_own_is_as_closed(self, route: Callable[..., Client]) -> None:
        class Open(PasswordChangeDoneView):
            decorators = ()  # type: ignore[assignment] # as somebody may write it

        assert route(Open).get("/own").status_code == 302


class TestPasswordReset:
    def test_the_mail_is_made_of_ones_own_templates(
        self, app: App, route: Callable[..., Client], write: Callable[[str, str], None]
    ) -> None:
        write("subject.txt", "\nFor {{ user.username }}\nBcc: evil@example.com\n")
        write("mail.txt", "{{ protocol }}://{{ domain }} {{ uid }} {{ token }} {{ email }} {{ word }} {{ link }}")
        write("mail.html", "<b>{{ word }}</b>")
        client = route(
            PasswordResetView,
            success_url="/sent",
            subject_template_name="subject.txt",
            email_template_name="mail.txt",
            html_email_template_name="mail.html",
            from_email="shop@example.com",
            extra_email_context={"word": "<i>"},
            confirm_endpoint="confirm",
        )
        app.add_url_rule("/c/<uidb64>/<token>", view_func=PasswordResetConfirmView.as_view("confirm"))
        assert client.post("/own", data={"email": "anna@example.com"}).headers["Location"] == "/sent"
        mail: Any = outbox[0]
        assert (mail.subject, mail.from_email) == ("For anna Bcc: evil@example.com", "shop@example.com")
        assert re.fullmatch(r"http://localhost (\w+) (\S+) anna@example.com <i> http://localhost/c/\1/\2", mail.body), (
            mail.body
        )
        assert mail.alternatives[0][0] == "<b>&lt;i&gt;</b>"

    def test_the_form_says_who_gets_one(self, app: App, route: Callable[..., Client]) -> None:
        class Staff(PasswordResetForm):
            def get_users(self, email: str) -> list[Any]:
                return [user for user in super().get_users(email) if user.is_staff]

        client = route(PasswordResetView, form_class=Staff)
        client.post("/own", data={"email": "anna@example.com"})
        assert outbox == []
        with app.app_context():
            User.objects.update(is_staff=True)
        client.post("/own", data={"email": "anna@example.com"})
        assert len(outbox) == 1

    def test_the_host_of_a_request_is_not_in_the_mail_where_the_settings_name_one(
        self, app: App, route: Callable[..., Client]
    ) -> None:
        app.config.update(SERVER_NAME="shop.example", ALLOWED_HOSTS=["shop.example", "evil.example"])
        app.add_url_rule("/own", view_func=PasswordResetView.as_view("own"))
        app.test_client().post("/own", data={"email": "anna@example.com"}, headers={"Host": "evil.example"})
        assert [("evil" in mail.body, mail.subject) for mail in outbox] == [(False, "A new password for shop.example")]


class TestPasswordResetConfirm:
    RULE = "/own/<uidb64>/<token>"

    def test_it_leads_on_by_a_token_of_its_own(self, app: App, anna: Any, route: Callable[..., Client]) -> None:
        class Other(PasswordResetTokenGenerator):
            key_salt = b"another"

        client = route(
            PasswordResetConfirmView, self.RULE, token_generator=Other(), reset_url_token="new", success_url="who"
        )
        with app.app_context():
            wrong, right = link_to(anna), link_to(anna, Other())
        assert client.get(wrong).status_code == 404
        page = client.get(right).headers["Location"]
        assert page == f"/own/{uid_of(anna)}/new"
        assert client.get(page).headers["Cache-Control"] == "no-store"
        assert client.post(page, data=PASSWORDS).headers["Location"] == "/who"
        assert client.get("/who").text == "AnonymousUser"
        assert client.get(page).status_code == 404

    def test_it_logs_in_if_that_is_wanted(self, app: App, anna: Any, route: Callable[..., Client]) -> None:
        client = route(PasswordResetConfirmView, self.RULE, post_reset_login=True, success_url="who")
        with app.app_context():
            page = client.get(link_to(anna)).headers["Location"]
        assert client.post(page, data=PASSWORDS).headers["Location"] == "/who"
        assert client.get("/who").text == "anna"

    def test_but_never_past_the_second_factor_asvs_6_4_3(
        self, app: App, anna: Any, route: Callable[..., Client]
    ) -> None:
        client = route(PasswordResetConfirmView, self.RULE, post_reset_login=True, success_url="who")
        app.config["AUTH_TOTP"] = True
        with app.app_context():
            codes = turn_on(anna, new_secret(), 0)
            page = client.get(link_to(anna)).headers["Location"]
        assert client.post(page, data=PASSWORDS).headers["Location"] == "/accounts/login/code/"
        assert client.get("/who").text == "AnonymousUser"
        assert client.post("/accounts/login/code/", data={"code": codes[0]}).headers["Location"] == "/who"
        assert client.get("/who").text == "anna"

    def test_a_rule_without_its_parts_is_told(self, app: App, route: Callable[..., Client]) -> None:
        client = route(PasswordResetConfirmView)
        with pytest.raises(errors.ConfigError) as caught:
            client.get("/own")
        assert str(caught.value) == (
            "the rule '/own' of PasswordResetConfirmView lacks <uidb64> or <token>. "
            "Let it be such as '/reset/<uidb64>/<token>/'."
        )


def test_a_view_that_does_not_know_where_to_go_says_so() -> None:
    with pytest.raises(errors.ConfigError) as caught:
        RedirectURLMixin().get_default_redirect_url()
    assert str(caught.value) == "RedirectURLMixin doesn't know where to go on. Set next_page."
