"""Header fields."""

import pytest

from spruce.http.headers import Headers, HeaderSet, StandingHeaders


def test_names_are_looked_up_without_regard_to_case() -> None:
    headers = Headers({"Content-Type": "text/plain"})
    assert headers["content-type"] == headers.get("CONTENT-TYPE") == "text/plain"
    assert "content-TYPE" in headers
    assert headers.get("Accept") is None
    assert headers.get("Accept", "*/*") == "*/*"
    with pytest.raises(KeyError):
        headers["Accept"]


def test_a_name_has_any_number_of_values_in_their_order() -> None:
    headers = Headers([("Set-Cookie", "a=1"), ("X-Other", "1")])
    headers.add("set-cookie", "b=2")
    assert headers.getlist("Set-Cookie") == ["a=1", "b=2"]
    assert headers["Set-Cookie"] == "a=1"
    assert list(headers) == [("Set-Cookie", "a=1"), ("X-Other", "1"), ("set-cookie", "b=2")]


def test_setting_replaces_all_values_at_the_place_of_the_first() -> None:
    headers = Headers([("A", "1"), ("B", "2"), ("a", "3")])
    headers["a"] = 4
    assert headers.to_wsgi_list() == [("a", "4"), ("B", "2")]


def test_parameters_are_quoted_behind_the_value() -> None:
    headers = Headers()
    headers.add("Content-Disposition", "attachment", filename='a "b".txt')
    assert headers["content-disposition"] == 'attachment; filename="a \\"b\\".txt"'


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a\0b"])
def test_a_value_that_would_end_the_header_is_refused(value: str) -> None:
    """CWE-113: whoever chose the value could write the rest of the answer."""
    for change in (
        lambda h: h.add("X-Name", value),
        lambda h: h.set("X-Name", value),
        lambda h: h.extend({"X-Name": value}),
    ):
        headers = Headers()
        with pytest.raises(ValueError, match="line break") as caught:
            change(headers)
        assert str(caught.value) == f"The value of the header X-Name has a line break or a null byte in it: {value!r}."
        assert len(headers) == 0


def test_a_name_that_cannot_be_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot name") as caught:
        Headers({"X Name": "1"})
    assert str(caught.value) == ("'X Name' cannot name a header: letters, digits and !#$%&'*+-.^_`|~ can stand there.")


def test_a_value_beyond_latin_1_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="cannot carry") as caught:
        Headers({"X-Name": "熊猫"})
    assert str(caught.value) == (
        "The value of the header X-Name has characters that HTTP cannot carry: '熊猫'. "
        "Percent-encode it, with urllib.parse.quote for instance."
    )
    assert Headers({"X-Name": "café"})["x-name"] == "café"


def test_values_are_taken_away_and_handed_out() -> None:
    headers = Headers([("A", "1"), ("B", "2"), ("a", "3")])
    assert headers.pop("a") == "1"
    assert headers.pop("a", "none") == "none"
    assert headers.setdefault("B", "9") == "2"
    assert headers.setdefault("C", 7) == "7"
    del headers["b"]
    assert list(headers.items(lower=True)) == [("c", "7")]
    with pytest.raises(KeyError):
        del headers["b"]
    headers.clear()
    assert not headers


def test_update_replaces_the_names_that_it_brings() -> None:
    headers = Headers([("A", "1"), ("A", "2"), ("B", "3")])
    headers.update({"a": ["4", "5"]}, x_new="6")
    assert list(headers.items(lower=True)) == [("b", "3"), ("a", "4"), ("a", "5"), ("x-new", "6")]
    headers.setlist("a", [7, 8])
    assert headers.getlist("A") == ["7", "8"]


def test_raw_fields_are_read_as_latin_1_and_spelled_like_names() -> None:
    headers = Headers.from_raw([(b"x-forwarded-for", b"1.2.3.4"), (b"HOST", b"caf\xe9")])
    assert list(headers.keys()) == ["X-Forwarded-For", "Host"]
    assert list(headers.values()) == ["1.2.3.4", "café"]
    assert str(headers) == "X-Forwarded-For: 1.2.3.4\r\nHost: café\r\n\r\n"


def test_headers_are_compared_by_value_and_copied_independently() -> None:
    headers = Headers({"A": "1"})
    copy = headers.copy()
    copy["A"] = "2"
    assert headers == Headers({"a": "1"}) != copy
    assert repr(headers) == "Headers([('A', '1')])"


def test_a_list_header_is_seen_as_a_set_of_words() -> None:
    """Changes go to the header, which goes with its last word."""
    headers = Headers({"Vary": "Cookie, Accept"})
    vary = HeaderSet(headers, "Vary")
    vary.add("cookie")
    vary.update(["Origin", "accept"])
    assert headers["Vary"] == "Cookie, Accept, Origin"
    assert ("ORIGIN" in vary, len(vary), list(vary)) == (True, 3, ["Cookie", "Accept", "Origin"])
    for word in ("origin", "accept", "cookie"):
        vary.discard(word)
    assert "Vary" not in headers


def test_standing_fields_are_checked_when_they_are_made() -> None:
    """What cannot stand in a header is told at start-up, not at the first response."""
    assert repr(StandingHeaders({"X-A": 1})) == "StandingHeaders([('X-A', '1')])"
    with pytest.raises(
        ValueError, match=r"^The value of the header X-A has a line break or a null byte in it: 'a\\r\\nb'\.$"
    ):
        StandingHeaders({"X-A": "a\r\nb"})


def test_standing_fields_complete_what_is_there() -> None:
    """Whatever the case of its names; a field that stands there twice comes twice."""
    headers = Headers([("x-a", "own")])
    headers.complete(StandingHeaders([("X-A", "1"), ("X-B", "2"), ("X-B", "3")]))
    assert list(headers) == [("x-a", "own"), ("X-B", "2"), ("X-B", "3")]
