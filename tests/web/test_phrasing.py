"""What Spruce itself says to visitors, in their language."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import pytest

from spruce.config import Settings
from spruce.db.validators import MinValueValidator, validate_slug
from spruce.errors import (
    EXCEPTIONS,
    PHRASES,
    CsrfError,
    DisallowedHost,
    NotFound,
    ServiceUnavailable,
    ValidationError,
)
from spruce.i18n import gettext, override
from spruce.i18n.catalogues import Catalogues
from spruce.web import App, paginate
from spruce.web.phrasing import DESCRIPTIONS, FORMS, TYPES, error_page, fault

OWN = Catalogues(Settings())
EVEN = Annotated[int, msgspec.Meta(multiple_of=2)]


@dataclass
class Order:
    """What a client sends."""

    title: Annotated[str, msgspec.Meta(min_length=3)]
    amount: Annotated[int, msgspec.Meta(ge=1)]
    colour: Literal["red", "green"] = "red"


@pytest.fixture
def app() -> App:
    """Return an app with views that refuse a lot."""
    made = App(__name__, LANGUAGE_CODE="zh-Hans")

    @made.post("/orders")
    def create(order: Order) -> Order:
        return order

    return made


def test_every_text_has_a_chinese_one() -> None:
    """Those of all errors of HTTP, of all faults and types; with the same values in it."""
    texts = [text for code, text in PHRASES.items() if code >= 400]
    texts += [error.description for error in EXCEPTIONS.values()] + [text for _, text in FORMS] + list(TYPES.values())
    texts += [CsrfError.description, DisallowedHost.description, *DESCRIPTIONS]
    chinese = {text: OWN.of("zh-Hans").gettext(text) for text in texts}
    assert [text for text, other in chinese.items() if text == other and text != "This is no UUID"] == []
    values = re.compile(r"%\(\w+\)s")
    assert [text for text, other in chinese.items() if set(values.findall(text)) != set(values.findall(other))] == []


@pytest.mark.parametrize(
    ("value", "kind", "english", "chinese"),
    [
        ("x", int, "Expected `int`, got `str`", "应为整数，收到的是 文本"),
        (None, int | str, "Expected `int | str`, got `null`", "应为整数或文本，收到的是 空值"),
        (5, Annotated[int, msgspec.Meta(ge=10)], "Expected `int` >= 10", "应为不小于 10 的整数"),
        (
            5,
            Annotated[int, msgspec.Meta(multiple_of=2)],
            "Expected `int` that's a multiple of 2",
            "应为 2 的倍数（整数）",
        ),
        ("a", Annotated[str, msgspec.Meta(min_length=3)], "Expected `str` of length >= 3", "至少需要 3 个字符"),
        ([], Annotated[list[int], msgspec.Meta(min_length=3)], "Expected `array` of length >= 3", "至少应有 3 项"),
        ([1], tuple[int, int], "Expected `array` of length 2, got 1", "应有 2 项，收到 1 项"),
        ("blue", Literal["red"], "Invalid enum value 'blue'", "'blue' 不在可选值之内"),
    ],
)
def test_what_msgspec_says_is_known(value: Any, kind: Any, english: str, chinese: str) -> None:
    """In English it stays what it is."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind)
    assert fault(str(caught.value)) == str(caught.value) == english
    with override("zh-CN"):
        assert fault(english) == chinese
        assert fault("Something that msgspec never says") == "Something that msgspec never says"


def test_a_body_that_does_not_fit_is_told_in_the_language(app: App) -> None:
    """For programs as JSON, field by field; for browsers as a page."""
    order = {"title": "ab", "amount": 0, "colour": "blue"}
    assert app.test_client().post("/orders", json=order).json == {
        "error": "内容无法处理",
        "fields": {
            "title": "至少需要 3 个字符",
            "amount": "应为不小于 1 的整数",
            "colour": "应为 'red', 'green' 之一，收到的是 'blue'",
        },
    }
    page = app.test_client().post("/orders", json={"title": "abc"}, headers={"Accept": "text/html"}).text
    assert "<html lang=zh-Hans>" in page
    assert "<p>amount: 必填</p>" in page


def test_pages_of_errors_are_in_the_language(app: App) -> None:
    """Status, heading and what it says."""
    response = app.test_client().get("/nowhere")
    assert (response.status, response.text) == (
        "404 Not Found",
        "<!doctype html>\n<html lang=zh-Hans>\n<title>404 未找到</title>\n<h1>未找到</h1>\n"
        "<p>此网址下没有内容。如果是手动输入的，请检查拼写。</p>\n",
    )


def test_languages_from_right_to_left_are_marked(app: App) -> None:
    """Also where nobody has translated the page."""
    with app.app_context(), override("ar"):
        assert "<html lang=ar dir=rtl>" in error_page(ServiceUnavailable()).text


def test_a_page_that_is_not_there_is_told(app: App) -> None:
    """With how many there are."""
    with app.app_context(), pytest.raises(NotFound) as caught:
        paginate([1, 2, 3], 9, 2)
    assert caught.value.description == "没有第 9 页；共有 2 页。"
    with app.app_context():
        assert gettext("There is no page %(page)s; there are %(pages)s.", page=1, pages=2) == "没有第 1 页；共有 2 页。"


def test_what_http_itself_says_is_translated_with_its_values(app: App) -> None:
    """Though that layer speaks English only."""
    app.config["MAX_CONTENT_LENGTH"] = 10
    page = app.test_client().post("/orders", json={"title": "much too long"}, headers={"Accept": "text/html"}).text
    assert "<p>请求内容超过 10 字节。</p>" in page


def test_what_models_say_is_in_the_language() -> None:
    """Validators, blanks, choices, what must be unique."""
    with override("zh-Hans"):
        with pytest.raises(ValidationError) as caught:
            MinValueValidator(3)(2)
        assert caught.value.messages == ["请确保该值大于或等于 3。"]
        with pytest.raises(ValidationError) as caught:
            validate_slug("a b")
        assert caught.value.messages == ["请输入由字母、数字、下划线或连字符组成的有效标识。"]
