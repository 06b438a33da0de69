"""Options of a database's URL."""

from typing import Any

import pytest
from sqlalchemy.engine import make_url

from spruce.db.urloptions import check_options, number, truth
from spruce.errors import ConfigError

URL = make_url("postgresql://db.test/shop")


def read(options: dict[str, Any]) -> None:
    """As a driver does."""
    number(URL, options, "pool_size", int, 10)
    truth(URL, options, "prepared")
    check_options(URL, options, ())


def test_what_is_read_is_taken_out() -> None:
    """What is left is the server's."""
    options: dict[str, Any] = {"pool_size": "3", "prepared": "Off", "application_name": "shop"}
    assert number(URL, options, "pool_size", int, 10) == 3
    assert number(URL, options, "pool_timeout", float, 10.0) == 10.0
    assert truth(URL, options, "prepared") is False
    assert truth(URL, options, "other") is True
    assert options == {"application_name": "shop"}
    check_options(URL, options, ())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool_size": "0"}, "postgresql://db.test/shop: pool_size is a number above 0, not '0'"),
        ({"pool_size": "x"}, "postgresql://db.test/shop: pool_size is a number above 0, not 'x'"),
        ({"prepared": "maybe"}, "postgresql://db.test/shop: prepared is yes or no, not 'maybe'"),
        ({"pool_sise": "1"}, "postgresql://db.test/shop has the option 'pool_sise', which is unknown; did you mean "
         "'pool_size'? Spruce's own: pool_size, pool_timeout, pool_recycle, pool_check, prepared, connect_timeout."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(options: dict[str, Any], message: str) -> None:
    """Before anything is connected."""
    with pytest.raises(ConfigError) as refused:
        read(options)
    assert str(refused.value) == message
