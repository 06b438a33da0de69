"""Conditions and ranges, one by one and in a response."""

from datetime import UTC, datetime

import pytest

from spruce.errors import PreconditionFailed, RequestedRangeNotSatisfiable
from spruce.http import ETags, Request, Response, asked_range

MODIFIED = datetime(2024, 2, 29, 12, tzinfo=UTC)
EARLIER, SAME = "Thu, 29 Feb 2024 11:59:59 GMT", "Thu, 29 Feb 2024 12:00:00 GMT"


def request(method: str = "GET", **headers: str) -> Request:
    return Request(method, "/", [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()])


def response(*, weak: bool = False) -> Response:
    made = Response(b"0123456789")
    made.set_etag("v1", weak)
    made.last_modified = MODIFIED
    return made


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if_none_match": '"v1"'}, 304),
        ({"if_none_match": 'W/"v1"'}, 304),
        ({"if_none_match": '"v0", "v1"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"v0"'}, 200),
        ({"if_none_match": '"v0"', "if_modified_since": SAME}, 200),
        ({"if_modified_since": SAME}, 304),
        ({"if_modified_since": EARLIER}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_match": '"v1"'}, 200),
        ({"if_match": "*"}, 200),
        ({"if_unmodified_since": SAME}, 200),
        ({"if_match": '"v1"', "if_unmodified_since": EARLIER}, 200),
    ],
)
def test_what_the_client_has_is_not_sent_again(headers: dict[str, str], status: int) -> None:
    """RFC 9110, 13.2.2: tags go before dates; a tag compares as weak."""
    made = response().make_conditional(request(**headers))
    assert (made.status_code, made.data) == (status, b"" if status == 304 else b"0123456789")


@pytest.mark.parametrize("headers", [{"if_match": '"v0"'}, {"if_match": 'W/"v1"'}, {"if_unmodified_since": EARLIER}])
def test_another_version_than_the_one_asked_for_is_a_412(headers: dict[str, str]) -> None:
    """If-Match compares as strong."""
    with pytest.raises(PreconditionFailed):
        response().make_conditional(request(**headers))


def test_a_weak_tag_is_never_a_strong_match() -> None:
    """But the client has it all the same."""
    with pytest.raises(PreconditionFailed):
        response(weak=True).make_conditional(request(if_match='"v1"'))
    assert response(weak=True).make_conditional(request(if_none_match='"v1"')).status_code == 304


@pytest.mark.parametrize(("method", "status"), [("POST", 200), ("GET", 404)])
def test_other_answers_are_left_alone(method: str, status: int) -> None:
    """A condition is about what a GET would send."""
    made = response()
    made.status_code = status
    assert made.make_conditional(request(method, if_none_match='"v1"')).status_code == status


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({"range": "bytes=2-4"}, 206, b"234"),
        ({"range": "bytes=7-"}, 206, b"789"),
        ({"range": "bytes=-2"}, 206, b"89"),
        ({"range": "bytes=5-99"}, 206, b"56789"),
        ({"range": "bytes=4-2"}, 200, b"0123456789"),
        ({"range": "bytes=0-1,3-4"}, 200, b"0123456789"),
        ({"range": "lines=1-2"}, 200, b"0123456789"),
        ({"range": "bytes=2-4", "if_range": '"v1"'}, 206, b"234"),
        ({"range": "bytes=2-4", "if_range": '"v0"'}, 200, b"0123456789"),
        ({"range": "bytes=2-4", "if_range": SAME}, 206, b"234"),
        ({"range": "bytes=2-4", "if_range": EARLIER}, 200, b"0123456789"),
    ],
)
def test_a_part_is_sent_when_it_is_asked_for(headers: dict[str, str], status: int, body: bytes) -> None:
    """RFC 9110, 14.2; only where the response offers it."""
    made = response().make_conditional(request(**headers), accept_ranges=True)
    assert (made.status_code, made.data, made.headers["Accept-Ranges"]) == (status, body, "bytes")
    assert response().make_conditional(request(**headers)).status_code == 200


def test_a_part_says_where_it_is() -> None:
    """And one that isn't there is a 416 with the length."""
    made = response().make_conditional(request(range="bytes=2-4"), accept_ranges=True)
    assert made.headers["Content-Range"] == "bytes 2-4/10"
    with pytest.raises(RequestedRangeNotSatisfiable) as caught:
        response().make_conditional(request(range="bytes=10-"), accept_ranges=True)
    assert list(caught.value.headers) == [("Content-Range", "bytes */10")]
    assert asked_range(request(range="bytes=-0"), 10, None, None) == (10, 9)


def test_a_body_may_be_its_own_tag() -> None:
    """The same body has the same tag, and one that was set stays."""
    one, two = Response("熊猫"), Response("熊猫")
    one.add_etag()
    two.add_etag(weak=True)
    assert one.get_etag() == (two.get_etag()[0], False)
    assert two.get_etag()[1] is True
    two.set_etag("mine")
    two.add_etag()
    assert two.get_etag() == ("mine", False)
    assert Response().get_etag() == (None, False)


def test_conditions_of_a_request_can_be_read() -> None:
    """For views that change something, which look before they do."""
    asked = request("PUT", if_match='"a", W/"b"', if_unmodified_since=SAME)
    assert ("a" in asked.if_match, "b" in asked.if_match, asked.if_match.contains_weak("b")) == (True, False, True)
    assert (bool(asked.if_none_match), asked.if_unmodified_since, asked.if_modified_since) == (False, MODIFIED, None)
    assert (repr(ETags('"a"')), repr(ETags("*")), repr(ETags())) == ("<ETags a>", "<ETags *>", "<ETags none>")
