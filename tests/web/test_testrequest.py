"""Requests made by hand."""

from io import BytesIO
from typing import Any

import pytest

from spruce.web import Request
from spruce.web.testrequest import make_request


def made(*args: Any, **options: Any) -> Request:
    return make_request(Request, *args, **options)


def test_a_path_may_have_a_query_or_be_a_whole_url() -> None:
    """Characters that a target can't carry are encoded."""
    assert made("/熊 猫?q=熊 猫").target == "/%E7%86%8A%20%E7%8C%AB?q=%E7%86%8A%20%E7%8C%AB"
    request = made("https://shop.example:8443/a?b=1")
    assert (request.url, request.server) == ("https://shop.example:8443/a?b=1", ("shop.example", 8443))
    assert made("/a").url == "http://localhost/a"
    assert made("/a", base_url="https://x").server == ("x", 443)


def test_a_query_is_a_dict_or_a_text() -> None:
    """A dict may have several values for a name."""
    assert made(query_string={"a": [1, 2], "b": "x y"}).args.getlist("a") == ["1", "2"]
    assert made(query_string="?a=1").target == "/?a=1"


def test_a_body_is_json_a_form_or_bytes() -> None:
    """Each with its content type and length."""
    request = made("/", "POST", json={"a": 1})
    assert (request.json, request.content_length, request.mimetype) == ({"a": 1}, 7, "application/json")
    request = made("/", "POST", data={"a": ["1", 2], "b": "x"})
    assert (request.form.getlist("a"), request.form["b"]) == (["1", "2"], "x")
    assert made("/", "POST", data="熊").get_data() == "熊".encode()
    assert made("/", "POST", data=b"x", content_type="text/csv").content_type == "text/csv"
    assert made("/", "POST").content_length == 0
    assert made("/").content_length is None
    with pytest.raises(TypeError, match=r"^a request has data= or json=, not both$"):
        made("/", "POST", data=b"", json={})


def test_a_form_may_have_files() -> None:
    """As content and name, with a type, or as an open file."""
    with open(__file__, "rb") as file:
        request = made(
            "/",
            "POST",
            data={"a": 1, "x": (BytesIO(b"one"), 'o"ne.txt'), "y": (b"two", "two", "image/png"), "z": file},
        )
    assert request.form["a"] == "1"
    assert request.files["x"].read() == b"one"
    assert (request.files["y"].filename, request.files["y"].content_type) == ("two", "image/png")
    assert request.files["z"].filename == "test_testrequest.py"
    request.close()


def test_headers_go_over_those_that_are_made() -> None:
    """As a dict or pairs."""
    request = made("/", headers={"Host": "shop.example", "X-A": "1"})
    assert (request.host, request.headers["X-A"]) == ("shop.example", "1")
    assert made("/", headers=[("X-A", "2")]).headers["X-A"] == "2"
    assert made("/", remote_addr="10.0.0.1").remote_addr == "10.0.0.1"
