"""examples/shop in this process: accounts of customers, and their orders."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from spruce import App
from spruce.auth import get_user_model
from spruce.mail import outbox
from spruce.testing import force_login
from spruce.web.client import Client

BUYER = {"name": "李雷", "contact": "li@example.com", "quantity": "2"}
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def app(load: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> App:
    """The shop on a database of its own; its mails are kept in memory."""
    folder = tmp_path_factory.mktemp("shop")
    app: App = load("shop/app").create_app(
        TESTING=True, DATABASES={"default": f"sqlite:///{folder}/shop.db"}, SECRET_KEY="k" * 40
    )
    return app


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    outbox.clear()
    yield app.test_client()
    outbox.clear()


def register(client: Client, email: str) -> None:
    """Make an account as a person does: address, mail, link, password."""
    assert client.post("/accounts/register/", data={"email": email}).status_code == 303
    link = re.search(r"http://localhost(\S+)", outbox[-1].body)
    assert link is not None
    answer = client.post(link[1], data={"password1": PASSWORD, "password2": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")


def test_a_customer_registers_orders_and_finds_the_order_again(client: Client) -> None:
    register(client, "li@example.com")
    assert "Nothing yet." in client.get("/account").text
    form = client.get("/products/1").text
    assert 'value="li@example.com"' in form
    number = client.post("/products/1", data=BUYER).headers["Location"].removeprefix("/orders/")
    page = client.get("/account").text
    assert f"/orders/{number}" in page
    assert "Panda plush" in page
    assert "¥39.80" in page


def test_nobody_sees_the_orders_of_another_asvs_8_2_2(app: App, client: Client) -> None:
    register(client, "han@example.com")
    number = client.post("/products/1", data=BUYER).headers["Location"]
    other = app.test_client()
    register(other, "mei@example.com")
    assert number not in other.get("/account").text
    answer = app.test_client().get("/account")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=/account")


def test_who_has_no_account_orders_as_before(client: Client) -> None:
    assert client.post("/products/1", data=BUYER).status_code == 303
    assert outbox == []


def test_the_head_of_each_page_says_whether_one_is_logged_in(client: Client) -> None:
    assert 'href="/accounts/login/"' in client.get("/").text
    register(client, "wei@example.com")
    page = client.get("/").text
    assert 'href="/account"' in page
    assert 'href="/accounts/login/"' not in page
    assert client.post("/accounts/logout/").status_code == 200
    assert 'href="/accounts/login/"' in client.get("/").text


def test_pages_of_accounts_look_like_the_shop_and_keep_its_policy(client: Client) -> None:
    for path in ("login", "register", "password_reset", "logout"):
        html = client.get(f"/accounts/{path}/").text
        assert 'class="brand"' in html
        assert not re.search(r"<script|<style| style=| on[a-z]+=|(src|href)=\"(https?:)?//", html)


def test_they_speak_chinese(client: Client) -> None:
    page = client.get("/accounts/login/", headers={"Accept-Language": "zh-CN"}).text
    assert "<h1>登录</h1>" in page
    assert "邮箱" in page
    client.post("/accounts/register/", data={"email": "xu@example.com"}, headers={"Accept-Language": "zh-CN"})
    assert outbox[0].subject == "您在 localhost 的账号"
    assert outbox[0].from_email == "Spruce Shop <shop@example.com>"


def test_each_form_that_changes_something_works_with_secrets_too(
    load: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    """With CSRF_MODE `token` each has the secret in it; by default there is none, browsers say where a form is from."""
    app = load("shop/app").create_app(
        TESTING=True, DATABASES={"default": f"sqlite:///{tmp_path}/shop.db"}, SECRET_KEY="k" * 40, CSRF_MODE="token"
    )
    client = app.test_client()
    with app.app_context():
        force_login(client, get_user_model().objects.create_user("form@example.com", PASSWORD))
    for path in ("/products/1", "/account", "/accounts/sessions/", "/accounts/password_change/"):
        posting = re.findall(r'<form[^>]*method="post".*?</form>', client.get(path).text, re.DOTALL)
        assert posting
        assert [form for form in posting if 'name="csrfmiddlewaretoken"' not in form] == []
