"""Header fields of requests: found in any case, read when asked for, absent without an error."""

from datetime import UTC, datetime

from spruce.http import Request


def test_headers_are_found_in_any_case() -> None:
    request = Request(
        "GET",
        "/",
        [
            (b"User-Agent", b"curl"),
            (b"referer", b"/before"),
            (b"accept", b"application/json"),
            (b"accept-language", b"zh"),
            (b"accept-encoding", b"gzip"),
            (b"origin", b"http://a"),
            (b"authorization", b"Bearer x"),
        ],
    )
    assert (request.user_agent, request.referrer, request.origin) == ("curl", "/before", "http://a")
    assert request.headers["USER-AGENT"] == "curl"
    assert (request.accept_mimetypes.best, request.accept_languages.best, request.accept_encodings.best) == (
        "application/json",
        "zh",
        "gzip",
    )
    assert request.authorization is not None
    assert request.authorization.token == "x"
    assert (Request("GET", "/").user_agent, Request("GET", "/").authorization) == ("", None)


def test_cookies_may_come_in_several_headers() -> None:
    assert Request("GET", "/", [(b"Cookie", b"a=1; b=2"), (b"cookie", b"c=3")]).cookies == {
        "a": "1",
        "b": "2",
        "c": "3",
    }


def test_conditions_come_as_tags_and_times() -> None:
    asked = Request(
        "GET",
        "/",
        [
            (b"If-Match", b'"a"'),
            (b"If-None-Match", b'W/"b"'),
            (b"If-Modified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (b"If-Unmodified-Since", b"yesterday"),
            (b"Cache-Control", b"max-age=5"),
        ],
    )
    assert ("a" in asked.if_match, asked.if_none_match.contains_weak("b")) == (True, True)
    assert asked.if_modified_since == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert asked.if_unmodified_since is None
    assert asked.cache_control.max_age == 5


def test_the_content_type_comes_in_its_parts() -> None:
    asked = Request("POST", "/", [(b"Content-Type", b"Text/HTML; charset=latin-1")])
    assert (asked.mimetype, asked.mimetype_params, asked.is_json) == ("text/html", {"charset": "latin-1"}, False)
