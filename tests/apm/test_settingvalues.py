"""How the values of settings are read."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from spruce.apm import settingvalues as values


@pytest.mark.parametrize(
    ("read", "given", "value"),
    [
        (values.boolean, " Yes ", True),
        (values.boolean, "", False),
        (values.listed, " a, ,b ", ("a", "b")),
        (values.listed, [1, " "], ("1",)),
        (values.labels, "a=b, c = d=e", {"a": "b", "c": "d=e"}),
        (values.labels, {"a": 1}, {"a": 1}),
        (values.duration("ms"), "5", 0.005),
        (values.duration("s"), "2M", 120),
        (values.duration("s"), "7us", 0.000007),
        (values.size, "2 KB", 2048),
        (values.size, 7, 7),
        (values.rate, "0.00001", 0.0001),
        (values.rate, 0.123456, 0.1235),
        (values.rate, 0, 0),
        (values.count, "3", 3),
        (values.whole, "-1", -1),
        (values.one_of("on", "off"), " ON", "on"),
        (values.service_name, "a b-c_1", "a b-c_1"),
        (values.url, "http://a:1//", "http://a:1"),
        (values.url, "", ""),
        (values.capture_body, True, "all"),
        (values.capture_body, "errors", "errors"),
        (values.cloud, False, "none"),
        (values.cloud, "True", "auto"),
        (values.processors, "a.b, c.d", ("a.b", "c.d")),
        (values.processors, [print], (print,)),
    ],
)
def test_what_is_read(read: Callable[[Any], Any], given: Any, value: Any) -> None:
    """In seconds and bytes."""
    assert read(given) == value


@pytest.mark.parametrize(
    ("read", "given", "must_be"),
    [
        (values.boolean, "maybe", "true or false"),
        (values.labels, "a", "name=value,name=value"),
        (values.duration("s"), "soon", "a time as 10s, 5ms or 2m"),
        (values.size, "-1kb", "a size as 768kb"),
        (values.rate, 1.1, "a number from 0 to 1"),
        (values.rate, "nan", "a number from 0 to 1"),
        (values.rate, None, "a number from 0 to 1"),
        (values.count, -1, "a whole number, not negative"),
        (values.whole, "1.5", "a whole number"),
        (values.one_of("on", "off"), "of", "on or off"),
        (values.service_name, "a/b", "letters, digits, spaces, _ and -"),
        (values.url, "a:1", "http://host:port or https://host:port"),
        (values.cloud, "moon", "auto or aws or gcp or azure or none"),
    ],
)
def test_what_cannot_be_read(read: Callable[[Any], Any], given: Any, must_be: str) -> None:
    """It says what a value must be."""
    with pytest.raises(ValueError, match=re.escape(must_be)) as caught:
        read(given)
    assert str(caught.value) == must_be


def test_patterns_know_a_star() -> None:
    """Between commas."""
    found = values.patterns("/health,/static/*")
    assert found.match("/static/a.css")
    assert not found.match("/healthy")
