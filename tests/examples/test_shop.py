"""examples/shop in this process: its pages, its orders and its JSON."""

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spruce import App
from spruce.i18n.catalogues import read_catalogue
from spruce.i18n.extraction import extract
from spruce.web.client import Client

BUYER = {"name": "李雷", "contact": "li@example.com", "quantity": "2"}


@pytest.fixture(scope="module")
def app(load: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> App:
    """The shop on a database of its own, filled from products.json."""
    database = tmp_path_factory.mktemp("shop") / "shop.db"
    app: App = load("shop/app").create_app(DATABASES={"default": f"sqlite:///{database}"}, SECRET_KEY="k" * 40)
    return app


@pytest.fixture
def client(app: App) -> Client:
    """A visitor who has no cookies yet."""
    return app.test_client()


def stock(client: Client, product: int) -> int:
    """How many of a product the shop has now."""
    left: int = client.get(f"/api/products/{product}").json["stock"]
    return left


def names(html: str) -> list[str]:
    """The names of the products on a page of the catalogue, in their order."""
    return re.findall(r'class="card-name"><a [^>]*>([^<]*)</a>', html)


class TestCatalogue:
    def test_front_page_shows_the_first_of_three_hundred_products(self, client: Client) -> None:
        page = client.get("/")
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "300 products" in page.text
        assert len(names(page.text)) == 24
        assert names(page.text)[0] == "Panda plush"

    def test_chinese_search_finds_the_panda(self, client: Client) -> None:
        """熊猫 is in Chinese names only, and 公仔 narrows it down."""
        found = names(client.get("/", query_string={"q": "熊猫 公仔"}).text)
        assert "Panda plush" in found
        assert all("anda" in name for name in found)

    def test_english_search_ignores_case(self, client: Client) -> None:
        assert names(client.get("/?q=PANDA+plush").text) == names(client.get("/?q=panda+plush").text) != []

    def test_percent_sign_is_a_character_and_no_wildcard(self, client: Client) -> None:
        found = names(client.get("/?q=%25").text)
        assert found == ["Dark chocolate with tangerine peel", "Dark chocolate with tangerine peel, set of four"]

    def test_search_without_a_result_says_so_and_quotes_safely(self, client: Client) -> None:
        page = client.get("/", query_string={"q": "<b>zzz</b>"})
        assert page.status_code == 200
        assert "Nothing here goes by “&lt;b&gt;zzz&lt;/b&gt;”." in page.text
        assert "<b>zzz</b>" not in page.text

    def test_category_shows_its_thirty_products(self, client: Client) -> None:
        page = client.get("/?category=tea")
        assert "30 products" in page.text
        assert "Longjing green tea, 50 g" in names(page.text)

    def test_unknown_category_is_not_found(self, client: Client) -> None:
        assert client.get("/?category=cars").status_code == 404

    def test_pages_follow_each_other_without_overlap(self, client: Client) -> None:
        seen = [name for page in range(1, 14) for name in names(client.get(f"/?page={page}").text)]
        assert len(seen) == len(set(seen)) == 300

    def test_page_past_the_end_is_the_last_page(self, client: Client) -> None:
        assert names(client.get("/?page=999").text) == names(client.get("/?page=13").text)

    def test_sorting_by_price_compares_amounts_not_texts(self, client: Client) -> None:
        prices = [
            float(product["price"]) for product in client.get("/api/products?sort=dearest&size=100").json["products"]
        ]
        assert prices == sorted(prices, reverse=True)
        assert prices[0] == 598.0

    def test_sorting_keeps_the_search(self, client: Client) -> None:
        assert 'href="/?q=tea&amp;sort=cheapest"' in client.get("/?q=tea").text


class TestLanguage:
    def test_browser_language_is_used(self, client: Client) -> None:
        page = client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"})
        assert '<html lang="zh-Hans">' in page.text
        assert names(page.text)[0] == "熊猫公仔"

    def test_chosen_language_is_remembered_and_leaves_the_address(self, client: Client) -> None:
        answer = client.get("/?q=tea&lang=zh")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/?q=tea")
        assert '<html lang="zh-Hans">' in client.get("/").text

    def test_unknown_language_is_ignored(self, client: Client) -> None:
        assert client.get("/?lang=xx").status_code == 200


class TestOrder:
    def test_order_takes_stock_and_thanks(self, client: Client) -> None:
        before = stock(client, 1)
        answer = client.post("/products/1", data=BUYER)
        assert answer.status_code == 303
        address = answer.headers["Location"]
        assert re.fullmatch(r"/orders/[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", address)
        page = client.get(address)
        assert page.status_code == 200
        assert address.removeprefix("/orders/") in page.text
        assert "¥39.80" in page.text
        assert stock(client, 1) == before - 2

    @pytest.mark.parametrize(
        ("field", "value", "text"),
        [
            ("name", "  ", "Please tell us your name, in up to 60 characters."),
            ("name", "x" * 61, "Please tell us your name, in up to 60 characters."),
            ("contact", "nowhere", "Please give an e-mail address such as li@example.com, or a telephone number."),
            ("contact", "12", "Please give an e-mail address such as li@example.com, or a telephone number."),
            ("quantity", "0", "Please choose a quantity from 1 to 20."),
            ("quantity", "21", "Please choose a quantity from 1 to 20."),
            ("quantity", "many", "Please choose a quantity from 1 to 20."),
        ],
    )
    def test_bad_field_is_named_and_what_was_typed_is_kept(
        self, client: Client, field: str, value: str, text: str
    ) -> None:
        before = stock(client, 1)
        answer = client.post("/products/1", data={**BUYER, field: value})
        assert answer.status_code == 422
        assert text in answer.text
        for kept in {**BUYER, field: value}.values():
            assert f'value="{kept}"' in answer.text
        assert stock(client, 1) == before

    def test_telephone_number_is_a_contact(self, client: Client) -> None:
        assert client.post("/products/1", data={**BUYER, "contact": "+86 138 0013 8000"}).status_code == 303

    def test_more_than_there_is_says_how_many_are_left(self, client: Client, scarce: dict[str, Any]) -> None:
        answer = client.post(f"/products/{scarce['id']}", data={**BUYER, "quantity": str(scarce["stock"] + 1)})
        assert answer.status_code == 409
        assert f"There are only {scarce['stock']} left; please order fewer." in answer.text
        assert stock(client, scarce["id"]) == scarce["stock"]

    def test_sold_out_product_has_no_form(self, client: Client, app: App) -> None:
        page = client.get(f"/products/{find(client, lambda product: product['stock'] == 0)['id']}")
        assert "This one is sold out for now." in page.text
        assert 'method="post"' not in page.text

    def test_form_of_another_site_is_refused(self, client: Client) -> None:
        before = stock(client, 1)
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://shop.example"},
            {"Origin": "null"},
        ):
            answer = client.post("/products/1", data=BUYER, headers=headers)
            assert answer.status_code == 403
            assert "The order was not placed" not in answer.text
        assert stock(client, 1) == before

    def test_form_of_this_site_is_taken(self, client: Client) -> None:
        assert client.post("/products/1", data=BUYER, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
        assert client.post("/products/1", data=BUYER, headers={"Origin": "http://localhost"}).status_code == 303

    def test_order_cannot_be_seen_without_its_number(self, client: Client) -> None:
        client.post("/products/1", data=BUYER)
        assert client.get("/orders/1").status_code == 404
        assert client.get("/orders/").status_code == 404


class TestNul:
    """The character NUL, which databases don't take, is refused wherever it comes (found by wapiti)."""

    @pytest.mark.parametrize(
        "path", ["/?q=a%00b", "/?category=%00", "/orders/%00", "/api/orders/a%00", "/api/products?q=%00"]
    )
    def test_in_an_address(self, client: Client, path: str) -> None:
        assert client.get(path).status_code == 400

    def test_in_what_is_sent(self, client: Client) -> None:
        assert client.post("/products/1", data={**BUYER, "name": "a\0"}).status_code == 400
        answer = client.post("/api/orders", json={"product": 1, "name": "a\0", "contact": "a\0@b.c"})
        assert (answer.status_code, set(answer.json["fields"])) == (422, {"name", "contact"})


class TestPages:
    def test_lost_page_is_in_the_shops_style(self, client: Client) -> None:
        page = client.get("/nowhere")
        assert page.status_code == 404
        assert "This page is not here" in page.text
        assert "Spruce Shop" in page.text

    def test_wrong_method_says_what_is_allowed(self, client: Client) -> None:
        page = client.delete("/products/1")
        assert (page.status_code, page.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
        assert "We couldn&#39;t do that: Method Not Allowed." in page.text

    def test_every_answer_carries_the_security_headers(self, client: Client) -> None:
        for path in ("/", "/nowhere", "/api/products", "/static/shop.css"):
            headers = client.get(path).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
            assert "default-src 'none'" in headers["Content-Security-Policy"]

    def test_pages_need_nothing_that_their_policy_forbids(self, client: Client) -> None:
        """No script, no style in the page, nothing from another host."""
        for path in ("/", "/products/1", "/nowhere"):
            html = client.get(path).text
            assert not re.search(r"<script|<style| style=| on[a-z]+=|(src|href)=\"(https?:)?//", html)

    def test_every_product_has_a_drawing(self, client: Client) -> None:
        shop = Path(__file__).parents[2] / "examples" / "shop"
        drawn = set(re.findall(r'<symbol id="([a-z]+)"', (shop / "static" / "art.svg").read_text()))
        toned = set(re.findall(r"^\.tone-([a-z]+) ", (shop / "static" / "shop.css").read_text(), re.MULTILINE))
        used = [re.findall(r'tone-(\w+)"><svg.*?#(\w+)"', client.get(f"/?page={page}").text) for page in range(1, 14)]
        for tone, drawing in [pair for page in used for pair in page]:
            assert tone in toned
            assert drawing in drawn


class TestApi:
    def test_products_come_in_pages(self, client: Client) -> None:
        answer = client.get("/api/products?size=2&page=2").json
        assert (answer["page"], answer["pages"], answer["total"]) == (2, 150, 300)
        assert [product["id"] for product in answer["products"]] == [3, 4]

    def test_search_and_category_go_together(self, client: Client) -> None:
        answer = client.get("/api/products", query_string={"q": "熊猫", "category": "clothing"}).json
        assert answer["total"] == 0
        answer = client.get("/api/products", query_string={"q": "熊猫", "category": "wear"}).json
        assert {product["category"] for product in answer["products"]} == {"wear"}

    def test_product_is_exact_about_its_price(self, client: Client) -> None:
        product = client.get("/api/products/1").json
        assert (product["name_zh"], product["name_en"], product["price"]) == ("熊猫公仔", "Panda plush", "19.90")

    def test_unknown_product_is_not_found_in_json(self, client: Client) -> None:
        answer = client.get("/api/products/999999")
        assert answer.status_code == 404
        assert answer.json["error"] == "not found"

    def test_order_is_created_and_found_by_its_number(self, client: Client) -> None:
        answer = client.post("/api/orders", json={"product": 1, "name": "Ada", "contact": "ada@example.com"})
        assert answer.status_code == 201
        order = answer.json
        assert (order["product"], order["quantity"], order["price"], order["total"]) == (1, 1, "19.90", "19.90")
        assert answer.headers["Location"] == f"/api/orders/{order['number']}"
        assert client.get(f"/api/orders/{order['number']}").json == order
        assert client.get("/api/orders/0000-0000-0000-0000").status_code == 404

    def test_too_much_is_a_conflict(self, client: Client, scarce: dict[str, Any]) -> None:
        order = {"product": scarce["id"], "name": "Ada", "contact": "ada@example.com", "quantity": scarce["stock"] + 1}
        answer = client.post("/api/orders", json=order)
        assert (answer.status_code, answer.json) == (409, {"error": "out of stock", "left": scarce["stock"]})

    def test_bad_order_names_every_bad_field(self, client: Client) -> None:
        answer = client.post("/api/orders", json={"product": 1, "name": "", "contact": "x", "quantity": 99})
        assert answer.status_code == 422
        assert answer.json["fields"] == {
            "name": "Expected 1 to 60 characters",
            "contact": "Expected an e-mail address or a telephone number",
            "quantity": "Expected a number from 1 to 20",
        }

    def test_order_of_the_wrong_types_names_every_bad_field(self, client: Client) -> None:
        answer = client.post("/api/orders", json={"product": "one", "name": 5})
        assert answer.status_code == 422
        assert set(answer.json["fields"]) == {"product", "name", "contact"}

    def test_order_of_an_unknown_product_says_so(self, client: Client) -> None:
        answer = client.post("/api/orders", json={"product": 999999, "name": "Ada", "contact": "ada@example.com"})
        assert (answer.status_code, answer.json["fields"]) == (422, {"product": "There is no such product"})


def find(client: Client, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first product that is as wanted."""
    pages = (client.get(f"/api/products?size=100&page={page}").json["products"] for page in (1, 2, 3))
    return next(product for page in pages for product in page if wanted(product))


@pytest.fixture
def scarce(client: Client) -> dict[str, Any]:
    """A product of which there are a few, but not many."""
    return find(client, lambda product: 1 <= product["stock"] <= 5)


def test_every_sentence_has_a_chinese_one() -> None:
    """Those of the templates and of the code, in the shop's own catalogue."""
    folder = Path(__file__).parents[2] / "examples" / "shop"
    chinese = read_catalogue(folder / "locale" / "zh_Hans" / "LC_MESSAGES" / "messages.po")
    singles = [one.id[0] if isinstance(one.id, tuple) else one.id for one in extract(folder) if one.id]
    assert len(singles) > 50
    missing = [text for text in singles if chinese.gettext(text) == text == chinese.ngettext(text, text, 1)]
    assert missing == ["“%(q)s”"]  # which is the same in both
