"""The pages of accounts, as a browser uses them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.auth.people import PASSWORD, CountingHasher

from spruce import App
from spruce.auth import AbstractEmailUser, User
from spruce.auth.models import AuditEvent
from spruce.mail import outbox
from spruce.web.client import Client

NEW = "another battery staple"


class Customer(AbstractEmailUser):
    class Meta:
        db_table = "t_auth_customer"


@pytest.fixture(autouse=True)
def _empty_outbox() -> Iterator[None]:
    outbox.clear()
    yield
    outbox.clear()


def log_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/accounts/login/", data={"username": "anna", "password": password, **more})


def link_in_mail() -> str:
    found = re.search(r"http://localhost(\S+)", outbox[-1].body)
    assert found is not None
    return found[1]


class TestLogin:
    def test_a_log_in_leads_to_the_page_that_was_wanted(self, client: Client) -> None:
        page = client.get("/accounts/login/?next=/who%3Fa%3D1")
        assert '<input type="hidden" name="next" value="/who?a=1">' in page.text
        assert page.headers["Cache-Control"] == "no-store"
        answer = log_in(client, next="/who?a=1")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/who?a=1")
        assert client.get("/mine").text == "anna"

    @pytest.mark.parametrize(
        "wanted",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "http:///evil",
            "\x08//e",
        ],
    )
    def test_it_leads_nowhere_else_asvs_3_7_2(self, client: Client, wanted: str) -> None:
        assert log_in(client, next=wanted).headers["Location"] == "/"

    def test_a_failure_tells_nothing_and_keeps_the_name(self, client: Client) -> None:
        answer = log_in(client, "wrong")
        assert answer.status_code == 422
        assert "Name or password is not right." in answer.text
        assert 'value="anna"' in answer.text
        assert "wrong" not in answer.text.replace("is not right", "")

    def test_a_name_that_is_not_known_gets_the_same_page_asvs_6_3_8(self, client: Client) -> None:
        """Its text, its status, its fields, its hashes and its queries."""
        CountingHasher.calls = 0
        known = log_in(client, "wrong")
        mark = CountingHasher.calls
        unknown = client.post("/accounts/login/", data={"username": "anni", "password": "wrong"})
        assert known.text.replace("anna", "anni") == unknown.text
        assert known.status_code == unknown.status_code
        assert dict(known.headers) == dict(unknown.headers)
        assert mark == CountingHasher.calls - mark == 1

    def test_who_failed_too_often_has_to_wait_asvs_6_3_1(self, client: Client) -> None:
        for _ in range(5):
            assert log_in(client, "wrong").status_code == 422
        answer = log_in(client)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        assert "Too many attempts failed. Wait 1 second before the next one." in answer.text

    def test_the_browser_is_known_afterwards(self, client: Client) -> None:
        log_in(client)
        assert client.get_cookie("known_accounts")

    def test_the_looks_come_from_a_file_of_this_site(self, client: Client) -> None:
        page = client.get("/accounts/login/").text
        assert '<link rel="stylesheet" href="/accounts/auth.css">' in page
        assert "<style" not in page
        assert "style=" not in page
        assert client.get("/accounts/auth.css").headers["Content-Type"].startswith("text/css")

    def test_forms_of_other_sites_are_refused_asvs_3_5_1(self, client: Client) -> None:
        answer = client.post(
            "/accounts/login/",
            data={"username": "anna", "password": PASSWORD},
            headers={"Origin": "https://evil.example"},
        )
        assert answer.status_code == 403


class TestLogout:
    def test_a_link_asks_and_a_button_logs_out_asvs_7_4_1(self, client: Client) -> None:
        log_in(client)
        assert "Do you want to log out?" in client.get("/accounts/logout/").text
        assert client.get("/mine").text == "anna"
        assert "You are logged out in this browser." in client.post("/accounts/logout/").text
        assert client.get("/who").text == "AnonymousUser"

    def test_it_may_lead_elsewhere(self, app: App, client: Client) -> None:
        assert client.post("/accounts/logout/", data={"next": "/who"}).headers["Location"] == "/who"
        assert "Location" not in client.post("/accounts/logout/", data={"next": "//evil.example"}).headers
        app.config["LOGOUT_REDIRECT_URL"] = "who"
        assert client.post("/accounts/logout/").headers["Location"] == "/who"


class TestPasswordChange:
    def change(self, client: Client, old: str = PASSWORD) -> Any:
        data = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
        return client.post("/accounts/password_change/", data=data)

    def test_others_are_logged_out_and_the_user_is_told_asvs_6_2_2_6_2_3_7_4_3(self, app: App, client: Client) -> None:
        other = app.test_client()
        log_in(client)
        log_in(other)
        assert client.get("/accounts/password_change/").status_code == 200
        assert self.change(client).headers["Location"] == "/accounts/password_change/done/"
        assert "Your new password holds" in client.get("/accounts/password_change/done/").text
        assert [one.get("/who").text for one in (client, other)] == ["anna", "AnonymousUser"]
        assert log_in(other, NEW).status_code == 303
        (mail,) = outbox
        assert (mail.to, mail.subject) == (["anna@example.com"], "Your password for localhost was changed")

    def test_the_current_one_is_needed_and_cannot_be_guessed(self, client: Client) -> None:
        log_in(client)
        for _ in range(5):
            assert self.change(client, "wrong").status_code == 422
        assert self.change(client).status_code == 429

    def test_nobody_is_led_to_log_in(self, client: Client) -> None:
        assert client.get("/accounts/password_change/").status_code == 302
        assert self.change(client).status_code == 302


class TestPasswordReset:
    def ask(self, client: Client, email: str = "anna@example.com") -> Any:
        return client.post("/accounts/password_reset/", data={"email": email})

    def test_a_link_in_a_mail_leads_to_a_new_password_once(self, app: App, client: Client) -> None:
        assert self.ask(client).headers["Location"] == "/accounts/password_reset/done/"
        link = link_in_mail()
        answer = client.get(link)
        assert answer.status_code == 303
        page = answer.headers["Location"]
        assert page.endswith("/set-password/")
        assert "New password again" in client.get(page).text
        assert client.post(page, data={"new_password1": NEW, "new_password2": "other"}).status_code == 422
        done = client.post(page, data={"new_password1": NEW, "new_password2": NEW})
        assert done.headers["Location"] == "/accounts/reset/done/"
        assert "You can log in with your new password now." in client.get("/accounts/reset/done/").text
        assert client.get("/who").text == "AnonymousUser"
        assert client.get_cookie("known_accounts")
        for used in (link, page):
            assert client.get(used).status_code == 404
        assert log_in(client, NEW).status_code == 303
        with app.app_context():
            kinds = [one.kind for one in AuditEvent.objects.order_by("id")]
        assert kinds == ["password_reset_sent", "password_reset", "login"]

    @pytest.mark.parametrize(
        "email", ["nobody@example.com", "gone@example.com", "without@example.com", "anna@exаmple.com"]
    )
    def test_an_address_that_is_not_known_gets_the_same_answer_asvs_6_3_8(
        self, app: App, client: Client, email: str
    ) -> None:
        """Nor does a letter that only looks like another lead to somebody's account."""
        with app.app_context():
            User.objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False)
            User.objects.create_user("without", "without@example.com")
        known, unknown = self.ask(client), self.ask(client, email)
        assert (unknown.status_code, unknown.text, dict(unknown.headers)) == (303, known.text, dict(known.headers))
        assert len(outbox) == 1

    def test_the_mail_goes_to_the_address_of_the_account(self, client: Client) -> None:
        self.ask(client, "ANNA@EXAMPLE.COM")
        assert outbox[0].to == ["anna@example.com"]
        assert "account anna." in outbox[0].body

    def test_nobody_is_flooded_with_mails(self, client: Client) -> None:
        for _ in range(8):
            assert self.ask(client).status_code == 303
        assert len(outbox) == 5

    def test_a_link_is_to_the_host_of_the_settings(self, app: App, client: Client) -> None:
        app.config.update(SERVER_NAME="shop.example", PREFERRED_URL_SCHEME="https")
        client.post("/accounts/password_reset/", data={"email": "anna@example.com"}, headers={"Host": "shop.example"})
        assert "https://shop.example/accounts/reset/" in outbox[0].body

    def test_no_address_is_no_address(self, client: Client) -> None:
        assert self.ask(client, "x").status_code == 422


class TestRegistration:
    @pytest.fixture
    def open_app(self, make_app: Callable[..., App]) -> App:
        return make_app(AUTH_REGISTRATION="confirm", AUTH_USER_MODEL=Customer)

    def test_it_is_closed_unless_said(self, client: Client) -> None:
        assert client.get("/accounts/register/").status_code == 404
        assert client.get("/accounts/register/x/").status_code == 404
        assert "/accounts/register/" not in client.get("/accounts/login/").text

    def test_an_address_is_confirmed_before_there_is_an_account(self, open_app: App) -> None:
        client = open_app.test_client()
        assert client.get("/accounts/register/").status_code == 200
        answer = client.post("/accounts/register/", data={"email": "li@example.com"})
        assert answer.headers["Location"] == "/accounts/register/done/"
        assert "A mail with a link is on its way" in client.get("/accounts/register/done/").text
        with open_app.app_context():
            assert Customer.objects.count() == 0
        link = link_in_mail()
        assert "Your address li@example.com is confirmed." in client.get(link).text
        assert client.post(link, data={"password1": "short", "password2": "short"}).status_code == 422
        assert client.post(link, data={"password1": NEW, "password2": NEW}).headers["Location"] == "/"
        assert client.get("/who").text == "li@example.com"
        assert client.get(link).status_code == 404

    def test_an_address_that_has_an_account_gets_another_mail_and_the_same_page_asvs_6_3_8(self, open_app: App) -> None:
        client = open_app.test_client()
        with open_app.app_context():
            Customer.objects.create_user("li@example.com", PASSWORD)
        known = client.post("/accounts/register/", data={"email": "Li@example.com"})
        unknown = client.post("/accounts/register/", data={"email": "new@example.com"})
        assert (known.status_code, known.text, dict(known.headers)) == (303, unknown.text, dict(unknown.headers))
        assert [mail.body.count("/register/") for mail in outbox] == [0, 1]
        assert "has one already" in outbox[0].body

    def test_links_that_are_no_links(self, open_app: App) -> None:
        assert open_app.test_client().get("/accounts/register/nonsense/").status_code == 404

    def test_open_to_everybody_it_goes_at_once(self, make_app: Callable[..., App]) -> None:
        client = make_app(AUTH_REGISTRATION="open").test_client()
        data = {"username": "bo", "password1": NEW, "password2": NEW}
        assert client.post("/accounts/register/", data=data).headers["Location"] == "/"
        assert client.get("/who").text == "bo"
        assert client.post("/accounts/register/", data=data).status_code == 422


class TestSessions:
    def test_one_sees_where_one_is_logged_in_and_ends_it_asvs_7_4_5(self, app: App, client: Client) -> None:
        other = app.test_client()
        other.post(
            "/accounts/login/", data={"username": "anna", "password": PASSWORD}, headers={"User-Agent": "<b>Phone"}
        )
        log_in(client)
        page = client.get("/accounts/sessions/").text
        assert "&lt;b&gt;Phone" in page
        assert "this browser" in page
        handle = re.search(r'name="session" value="(\w+)"', page)
        assert handle is not None
        assert client.post("/accounts/sessions/", data={"session": handle[1]}).status_code == 303
        assert [one.get("/who").text for one in (client, other)] == ["anna", "AnonymousUser"]
        log_in(other)
        client.post("/accounts/sessions/")
        assert [one.get("/who").text for one in (client, other)] == ["anna", "AnonymousUser"]


def test_an_app_has_its_own_templates(make_app: Callable[..., App], tmp_path: Path) -> None:
    app = make_app()
    tmp_path.joinpath("auth").mkdir()
    tmp_path.joinpath("auth", "base.html").write_text("<title>Own</title>{% block content %}{% endblock %}")
    app.template_folder = str(tmp_path)
    page = app.test_client().get("/accounts/login/").text
    assert page.startswith("<title>Own</title>")
    assert "<h1>Log in</h1>" in page


def test_pages_speak_chinese(make_app: Callable[..., App]) -> None:
    app = make_app(
        LANGUAGES={"en": "English", "zh-Hans": "中文"}, MIDDLEWARE=["spruce.middleware.locale.LocaleMiddleware"]
    )
    page = app.test_client().get("/accounts/login/", headers={"Accept-Language": "zh-CN"}).text
    assert '<html lang="zh-Hans"' in page
    assert "<h1>登录</h1>" in page
    assert "忘记密码？" in page
    assert "用户名" in page


def test_pages_may_be_elsewhere_or_nowhere(make_app: Callable[..., App]) -> None:
    assert make_app(AUTH_URL_PREFIX="/konto").test_client().get("/konto/login/").status_code == 200
    nowhere = make_app(AUTH_URL_PREFIX="", LOGIN_URL="/own").test_client()
    assert nowhere.get("/accounts/login/").status_code == 404
    assert nowhere.get("/mine").headers["Location"] == "/own?next=/mine"


def test_in_the_mode_with_tokens_each_form_has_one(make_app: Callable[..., App]) -> None:
    app = make_app(CSRF_MODE="token")
    with app.app_context():
        User.objects.create_user("anna", password=PASSWORD)
    client = app.test_client()
    assert log_in(client).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/accounts/login/").text)
    assert token is not None
    assert log_in(client, csrfmiddlewaretoken=token[1]).status_code == 303
    for path in ("logout", "password_change", "sessions"):
        assert "csrfmiddlewaretoken" in client.get(f"/accounts/{path}/").text


def test_they_are_no_part_of_the_api(app: App) -> None:
    assert [path for path in app.test_client().get("/openapi.json").json["paths"] if "accounts" in path] == []
