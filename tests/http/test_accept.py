"""What a client accepts."""

from spruce.http.accept import Accept

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_the_most_specific_range_counts() -> None:
    accept = Accept("text/*;q=0.3, text/html;q=0.7, */*;q=0.1")
    assert [accept[name] for name in ("text/html", "text/plain", "image/png")] == [0.7, 0.3, 0.1]


def test_the_best_of_what_can_be_made_is_found() -> None:
    accept = Accept(BROWSER)
    assert accept.best_match(["application/json", "text/html"]) == "text/html"
    assert accept.best_match(["application/xml", "application/json"]) == "application/xml"
    assert Accept("application/json").best_match(["text/html"], "text/plain") == "text/plain"


def test_html_and_json_can_be_asked_for_by_name() -> None:
    assert (Accept(BROWSER).accept_html, Accept("application/problem+json").accept_json) == (True, True)
    assert (Accept("image/png").accept_html, Accept("image/png").accept_json) == (False, False)


def test_a_missing_header_accepts_nothing_by_name() -> None:
    accept = Accept("")
    assert (bool(accept), len(accept), accept.best, accept.best_match(["a/b"])) == (False, 0, None, None)


def test_languages_fit_by_their_beginning() -> None:
    accept = Accept("de;q=0.5, zh-CN, en;q=0")
    assert accept.best == "zh-cn"
    assert list(accept.values()) == ["zh-cn", "de", "en"]
    assert ("de-AT" in accept, "en" in accept, "fr" in accept) == (True, False, False)


def test_a_quality_that_is_no_number_is_none() -> None:
    assert list(Accept("a/b;q=high, c/d;q=9")) == [("c/d", 1.0), ("a/b", 0.0)]
    assert repr(Accept("a/b")) == "Accept([('a/b', 1.0)])"
