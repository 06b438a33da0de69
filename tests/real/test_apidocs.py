"""The API's documentation: a browser tries an operation on its page, and schemathesis finds nothing that breaks it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
API = """
    from dataclasses import dataclass
    from decimal import Decimal
    from typing import Annotated
    from uuid import UUID

    import msgspec
    from pydantic import BaseModel

    from spruce import App, MethodView
    from spruce.http import FileStorage
    from spruce.web import Body, Cookie, Depends, Form, Header, Query

    app = App(__name__, API_TITLE="Panda shop")

    class Product(msgspec.Struct):
        name: Annotated[str, msgspec.Meta(min_length=2)]
        price: Decimal
        tags: list[str] = []

    @dataclass
    class Order:
        products: list[Product]
        note: str | None = None

    class Review(BaseModel):
        text: str
        stars: int = 5

    def paging(page: Annotated[int, Query(ge=1)] = 1, size: Annotated[int, Query(ge=1, le=100)] = 20):
        yield slice((page - 1) * size, page * size)

    @app.get("/products")
    def products(part: Annotated[slice, Depends(paging)], q: str = "") -> list[Product]:
        return [Product(f"Panda {number}", Decimal("19.90")) for number in range(3)][part]

    @app.post("/orders")
    def order(order: Order, user_agent: Annotated[str, Header()] = "") -> Order:
        return order

    @app.post("/products/<int:number>/photo")
    def photo(number: int, photo: FileStorage, title: Annotated[str, Form()] = "") -> dict[str, int]:
        return {"size": len(photo.read())}

    @app.put("/products/<uuid:key>/review")
    def review(key: UUID, review: Review) -> Review:
        return review

    @app.patch("/all/<any(a,b):kind>/<float:number>")
    def several(kind, number, ids: Annotated[list[int], Body()]) -> list[int]:
        return ids

    @app.post("/login")
    def login(form: Annotated[Review, Form()], token: Annotated[str | None, Cookie()] = None) -> str:
        return "welcome"

    class Notes(MethodView):
        def get(self, page: int = 1) -> dict[str, int]:
            return {"page": page}

        def post(self, text: Annotated[str, Form(max_length=200)]):
            return {"text": text}, 201

    app.add_url_rule("/notes", view_func=Notes.as_view("notes"))
"""


@pytest.fixture
def api(serve: Callable[..., Any], tmp_path: Path) -> Any:
    """An API with every kind of parameter, served."""
    (tmp_path / "api.py").write_text(dedent(API))
    return serve("api.py")


def test_schemathesis_finds_no_failure_of_the_server(api: Any, tmp_path: Path) -> None:
    """A few hundred requests made from the document, good and bad ones: none is answered by a 5xx."""
    command = [SCHEMATHESIS, "run", f"{api.url}/openapi.json", "-c", "not_a_server_error", "--seed", "1", "-n", "10"]
    result = subprocess.run([*map(str, command), "--no-color"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    assert "Tested: 8" in result.stdout


def test_an_operation_can_be_tried_on_the_page(api: Any, browser: Browser) -> None:
    """The page finds it, sends what was filled in, and shows the answer; the browser has nothing to complain of."""
    page = browser.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{api.url}/docs")
    page.get_by_role("searchbox").fill("products")
    expect(page.locator(".operation:visible")).to_have_count(3)
    page.locator("summary").get_by_text("/products", exact=True).click()
    form = page.locator("form[data-method=GET][data-path='/products']")
    form.get_by_label("size").fill("1")
    form.get_by_role("button", name="Send").click()
    expect(form.locator("pre")).to_contain_text('"name": "Panda 0"')
    expect(form.locator("pre")).to_contain_text("200 OK")
    page.get_by_role("searchbox").fill("")
    page.locator("summary").get_by_text("/orders", exact=True).click()
    form = page.locator("form[data-path='/orders']")
    form.get_by_label("Body").fill('{"products": [{"name": "Panda", "price": "19.90"}]}')
    form.get_by_role("button", name="Send").click()
    expect(form.locator("pre")).to_contain_text('"note": null')
    assert troubles == []
