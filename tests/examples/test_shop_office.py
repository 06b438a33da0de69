"""examples/shop in this process: its office, where orders are looked after."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image
from tests.auth.people import counted

from spruce import App
from spruce.admin.models import LogEntry
from spruce.auth import get_user_model
from spruce.auth.models import Permission
from spruce.testing import force_login
from spruce.web.client import Client

BUYER = {"name": "李雷", "contact": "li@example.com", "quantity": "2"}
PATH = "/admin/shop/order/"


@pytest.fixture(scope="module")
def app(load: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> App:
    """The shop on a database and a folder of its own."""
    folder = tmp_path_factory.mktemp("shop")
    app: App = load("shop/app").create_app(
        TESTING=True,
        DATABASES={"default": f"sqlite:///{folder}/shop.db"},
        SECRET_KEY="k" * 40,
        MEDIA_ROOT=folder / "media",
    )
    return app


@pytest.fixture
def staff(app: App) -> Iterator[Callable[..., Client]]:
    """Make a browser in which somebody of the staff is logged in, with some rights, or all."""

    def make(*rights: str) -> Client:
        client = app.test_client()
        with app.app_context():
            users: Any = get_user_model().objects
            name = f"{'-'.join(rights) or 'boss'}@example.com"
            user = users.filter(email=name).first() or users.create_user(
                name, "correct horse battery", is_staff=True, is_superuser=not rights
            )
            user.user_permissions.set([Permission.objects.by_name(f"shop.{right}") for right in rights])
            force_login(client, user)
        return client

    return make


def place(app: App) -> str:
    """Order two pandas as somebody who passes by; return the key of the order."""
    client = app.test_client()
    number = client.post("/products/1", data=BUYER).headers["Location"].removeprefix("/orders/")
    assert number
    with app.app_context():
        return str(_orders().get(number=number).pk)


def _orders() -> Any:
    from models import Order

    return Order.objects


def act(client: Client, action: str, key: str, **more: str) -> str:
    """Do something to an order in the list; return the page that comes then."""
    data = {"action": action, "_selected_action": key, **more}
    return client.post(PATH, data=data, follow_redirects=True).text


def status_of(app: App, key: str) -> str:
    with app.app_context():
        return str(_orders().get(pk=key).status)


def stock(app: App) -> int:
    left: int = app.test_client().get("/api/products/1").json["stock"]
    return left


def test_an_order_is_paid_and_shipped(app: App, staff: Callable[..., Client]) -> None:
    """Each step is in its history; none can be skipped."""
    boss, key = staff(), place(app)
    assert "That can&#39;t become of these:" in act(boss, "ship", key)
    assert "1 order: paid." in act(boss, "pay", key)
    assert "1 order: shipped." in act(boss, "ship", key)
    assert "That can&#39;t become of these:" in act(boss, "cancel", key, confirmed="yes")
    assert status_of(app, key) == "shipped"
    page = boss.get(f"{PATH}{key}/history/").text
    assert "<td><del>new</del></td><td><ins>paid</ins></td>" in page
    with app.app_context():
        assert LogEntry.objects.filter(model="order", object_key=key).count() == 2


def test_cancelling_asks_first_and_puts_back_into_the_stock(app: App, staff: Callable[..., Client]) -> None:
    boss, before = staff(), stock(app)
    key = place(app)
    assert stock(app) == before - 2
    assert "Yes, do it" in act(boss, "cancel", key)
    assert (status_of(app, key), stock(app)) == ("new", before - 2)
    assert "1 order: cancelled." in act(boss, "cancel", key, confirmed="yes")
    assert (status_of(app, key), stock(app)) == ("cancelled", before)
    assert "That can&#39;t become of these:" in act(boss, "cancel", key, confirmed="yes")
    assert stock(app) == before


def test_each_step_takes_its_right(app: App, staff: Callable[..., Client]) -> None:
    """Who may pay doesn't ship; who may only view is offered nothing."""
    key = place(app)
    clerk = staff("view_order", "pay_order")
    assert 'value="pay"' in clerk.get(PATH).text
    assert 'value="ship"' not in clerk.get(PATH).text
    act(clerk, "ship", key)
    act(clerk, "cancel", key, confirmed="yes")
    assert status_of(app, key) == "new"
    act(clerk, "pay", key)
    assert status_of(app, key) == "paid"
    viewer = staff("view_order")
    assert "_selected_action" not in viewer.get(PATH).text
    assert viewer.get("/admin/shop/product/").status_code == 403


def test_lines_are_shown_and_prices_are_not_to_be_changed(app: App, staff: Callable[..., Client]) -> None:
    key = place(app)
    page = staff().get(f"{PATH}{key}/change/").text
    for text in ("Panda plush", "19.90", "¥39.80"):
        assert text in page
    assert not re.search(r'name="lines-\d+-(price|quantity|product)"', page)
    for path in (f"{PATH}add/", f"{PATH}{key}/delete/"):
        assert staff().get(path).status_code == 403


def test_sales_are_told_by_one_query_to_who_may_see_orders(app: App, staff: Callable[..., Client]) -> None:
    """Of each day, or each week; what was cancelled is not sold."""
    boss = staff()
    place(app)
    with counted() as queries:
        page = boss.get("/admin/").text
    assert "Sales of thirty days" in page
    assert len([sql for sql in queries if "order_line" in sql]) == 1
    assert "Sales of twelve weeks" in boss.get("/admin/?sales=week").text
    assert "Sales of" not in staff("view_product").get("/admin/").text


def test_an_image_is_uploaded_and_shown(app: App, staff: Callable[..., Client], tmp_path: Path) -> None:
    """In the list, on the product's page, and in the shop; what is no image is refused."""
    boss, path = staff(), "/admin/shop/product/2/change/"
    found = re.search(r'name="_version" value="(\w+)"', boss.get(path).text)
    assert found is not None
    sent: dict[str, Any] = {
        "name_en": "Jigsaw", "name_zh": "拼图", "category": "2", "price": "69", "stock": "8", "description_en": "a",
        "description_zh": "b", "art": "puzzle", "tone": "sky", "_version": found[1],
    }  # fmt: skip
    answer = boss.post(path, data={**sent, "image": (io.BytesIO(b"<script>"), "x.png")})
    assert answer.status_code == 422
    assert "Upload a valid image." in answer.text
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(picture, "PNG")
    picture.seek(0)
    assert boss.post(path, data={**sent, "image": (picture, "../evil.png")}).status_code == 303
    source = re.search(r'<img class="thumb" src="(/media/products/\w+\.png)"', boss.get("/admin/shop/product/").text)
    assert source is not None
    assert f'<img class="preview" src="{source[1]}" alt="Jigsaw · 拼图">' in boss.get(path).text
    shop = app.test_client()
    assert f'<img src="{source[1]}" alt=""' in shop.get("/products/2").text
    image = shop.get(source[1])
    assert (image.status_code, image.headers["Content-Type"]) == (200, "image/png")
    assert {shop.get(f"/media/{name}").status_code for name in ("", "products/", "../shop.db", "nothing.png")} == {404}


def test_stock_is_changed_in_the_list(app: App, staff: Callable[..., Client]) -> None:
    page = staff().get("/admin/shop/product/?left=none").text
    assert re.search(r'name="[^"]*stock"', page)


def test_customers_see_no_office(app: App) -> None:
    """Neither the link to it, nor a page of it."""
    client = app.test_client()
    assert client.get("/admin/").headers["Location"].startswith("/accounts/login/")
    with app.app_context():
        users: Any = get_user_model().objects
        force_login(client, users.create_user("anna@example.com", "correct horse battery"))
    assert 'href="/admin/"' not in client.get("/").text
    assert client.get("/admin/").status_code == 403


def test_the_office_speaks_chinese(staff: Callable[..., Client]) -> None:
    page = staff().get("/admin/", headers={"Accept-Language": "zh-CN"}).text
    for text in ("云杉小铺后台", "近三十天销售额", "商品", "订单", "会话"):
        assert text in page
