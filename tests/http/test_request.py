"""Requests: what is computed from a target, raw fields and a stream."""

from io import BytesIO

import pytest

from spruce.errors.http import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from spruce.http import FormLimits, Request

JSON = [(b"content-type", b"application/json")]


def test_nothing_is_parsed_before_it_is_touched() -> None:
    """A request keeps what it was given; that is what makes it cheap."""
    request = Request("GET", "/a?b=c", [(b"host", b"example.com")])
    assert set(request.__dict__) == {"method", "target", "raw_headers", "stream", "peer", "http_version"}


def test_the_parts_of_the_url() -> None:
    request = Request("GET", "/caf%C3%A9/a%20b?q=%E7%86%8A&q=2", [(b"host", b"example.com:8000")], scheme="https")
    assert request.path == "/café/a b"
    assert request.query_string == b"q=%E7%86%8A&q=2"
    assert request.args.getlist("q") == ["熊", "2"]
    assert request.full_path == "/café/a b?q=%E7%86%8A&q=2"
    assert request.host == "example.com:8000"
    assert request.host_url == request.root_url == request.url_root == "https://example.com:8000/"
    assert request.base_url == "https://example.com:8000/caf%C3%A9/a%20b"
    assert request.url == "https://example.com:8000/caf%C3%A9/a%20b?q=%E7%86%8A&q=2"
    assert request.is_secure
    assert repr(request) == "<Request GET '/caf%C3%A9/a%20b?q=%E7%86%8A&q=2'>"


def test_a_plain_target_is_its_own_path() -> None:
    request = Request("GET", "/products")
    assert (request.path, request.query_string, len(request.args)) == ("/products", b"", 0)
    assert request.url == "http://localhost/products"


@pytest.mark.parametrize(
    ("server", "scheme", "host"),
    [
        (("10.0.0.1", 8000), "http", "10.0.0.1:8000"),
        (("10.0.0.1", 80), "http", "10.0.0.1"),
        (("10.0.0.1", 443), "https", "10.0.0.1"),
        ("/run/app.sock", "http", "localhost"),
    ],
)
def test_without_a_host_header_it_is_the_address_of_the_server(
    server: tuple[str, int] | str, scheme: str, host: str
) -> None:
    assert Request("GET", "/", scheme=scheme, server=server).host == host


def test_the_body_is_read_once_and_kept() -> None:
    request = Request("POST", "/", [(b"content-length", b"5")], BytesIO(b"h\xc3\xa9llo"))
    assert request.content_length == 5
    assert request.get_data(as_text=True) == "héllo"
    assert request.data == request.get_data() == b"h\xc3\xa9llo"


def test_a_body_may_be_read_without_keeping_it() -> None:
    request = Request("POST", "/", [], BytesIO(b"hello"))
    assert request.get_data(cache=False) == b"hello"
    assert request.data == b""


def test_a_request_without_a_body_has_an_empty_one() -> None:
    request = Request("GET", "/")
    assert (request.data, request.content_length, request.mimetype) == (b"", None, "")
    assert (len(request.form), len(request.files)) == (0, 0)


def test_json() -> None:
    request = Request("POST", "/", JSON, BytesIO(b'{"a": [1, null]}'))
    assert request.is_json
    assert request.json == request.get_json() == {"a": [1, None]}


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"a": 1,}', b"\xff", b"[" * 100_000, b"'a'"])
def test_what_is_no_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        Request("POST", "/", JSON, BytesIO(body)).get_json()
    assert caught.value.description.startswith("The body is not valid JSON: ")
    assert Request("POST", "/", JSON, BytesIO(body)).get_json(silent=True) is None


def test_json_needs_its_content_type_unless_forced() -> None:
    request = Request("POST", "/", [(b"content-type", b"text/plain")], BytesIO(b"1"))
    with pytest.raises(UnsupportedMediaType) as caught:
        request.get_json()
    assert caught.value.description == (
        "The body should be JSON, with the header Content-Type: application/json; it is 'text/plain'."
    )
    assert request.get_json(silent=True) is None
    assert request.get_json(force=True) == 1


def test_form_and_query_together() -> None:
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    request = Request("POST", "/?a=1", form, BytesIO(b"a=2&b=3"))
    assert request.form.to_dict() == {"a": "2", "b": "3"}
    assert request.values.getlist("a") == ["1", "2"]


def test_uploaded_files_end_with_the_request() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
    request = Request("POST", "/", [(b"content-type", b'multipart/form-data; boundary="x"')], BytesIO(body))
    upload = request.files["f"]
    assert upload.read() == b"hello"
    request.close()
    with pytest.raises(ValueError, match="closed file"):
        upload.read()


def test_a_multipart_form_needs_a_boundary() -> None:
    request = Request("POST", "/", [(b"content-type", b"multipart/form-data")], BytesIO(b""))
    with pytest.raises(BadRequest, match=r"The Content-Type multipart/form-data has no boundary\.$"):
        _ = request.form


def test_limits_hold_for_one_request() -> None:
    request = Request("POST", "/", [(b"content-type", b"application/x-www-form-urlencoded")], BytesIO(b"a&b&c"))
    request.form_limits = FormLimits(fields=2)
    with pytest.raises(RequestEntityTooLarge, match=r"The form has more than 2 fields\.$"):
        _ = request.form


@pytest.mark.parametrize("headers", [[(b"content-length", b"6")], []])
def test_a_body_above_max_content_length_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    """By its stated length before anything is read, else as soon as there is more."""
    request = Request("POST", "/", headers, BytesIO(b"123456"))
    request.max_content_length = 5
    with pytest.raises(RequestEntityTooLarge, match=r"The body is larger than 5 bytes\.$"):
        _ = request.data
    fitting = Request("POST", "/", [], BytesIO(b"12345"))
    fitting.max_content_length = 5
    assert fitting.data == b"12345"


def test_a_mounted_app_sees_the_rest_of_the_path() -> None:
    outer = Request("GET", "/legacy/a%20b?c=d", [(b"host", b"example.com")])
    inner = outer.under("/legacy")
    assert (inner.root_path, inner.script_root, inner.path, inner.args["c"]) == ("/legacy", "/legacy", "/a b", "d")
    assert inner.url == outer.url == "http://example.com/legacy/a%20b?c=d"
    assert outer.under("/legacy/a b").path == "/"


def test_each_request_has_a_name_which_its_mounted_app_sees_too() -> None:
    one, other = Request("GET", "/a"), Request("GET", "/a")
    assert one.under("/a").id == one.id != other.id
    assert len(one.id) == 16


def test_a_mounted_app_may_choose_whether_its_view_stops_with_the_client() -> None:
    outer = Request("GET", "/a/b")
    assert outer.stops_with_client is None
    outer.under("/a").under("/b").stops_with_client = False
    assert outer.stops_with_client is False


def test_each_request_has_a_state_of_its_own() -> None:
    one, other = Request("GET", "/"), Request("GET", "/")
    one.state["tenant"] = "a"
    assert (one.state, other.state) == ({"tenant": "a"}, {})
