"""Rate limits: buckets with a clock of the test's own, views, clients, and the limit of an app."""

from typing import Any

import pytest
from tests.middleware.test_cachestore import break_cache

from spruce import App, Request
from spruce.errors import ConfigError
from spruce.middleware.ratelimits import Limiter, client_of, parse_rate, rate_limit


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("rate", "parsed"),
    [
        ("10/minute", (10, 60)),
        ("10 / minutes", (10, 60)),
        ("100/5m", (100, 300)),
        ("100/5 minutes", (100, 300)),
        ("1/s", (1, 1)),
        ("1000/DAY", (1000, 86400)),
        ("3/h", (3, 3600)),
    ],
)
def test_a_rate_is_read(rate: str, parsed: tuple[int, float]) -> None:
    assert parse_rate(rate) == parsed


@pytest.mark.parametrize("rate", ["", "10", "0/minute", "10/0s", "ten/minute", "10/fortnight", "10/minute/x", "-1/s"])
def test_what_is_none_is_told_at_start_up(rate: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rate_limit(rate)
    assert str(caught.value) == f"{rate!r} is no rate. Write '10/minute', '100/5 minutes', '5/s' or '1000/day'."


def test_a_bucket_is_emptied_at_once_and_fills_evenly() -> None:
    clock = Clock()
    limiter = Limiter("3/minute", clock=clock)
    assert [limiter.take("a") for _ in range(4)] == [0, 0, 0, 20]
    clock.now = 5
    assert limiter.take("a") == pytest.approx(15)
    clock.now = 20.5
    assert [limiter.take("a") for _ in range(2)] == [0, pytest.approx(19.5)]
    clock.now = 1000
    assert [limiter.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_clients_have_a_bucket_each_and_old_ones_are_given_up() -> None:
    limiter = Limiter("1/minute", clock=Clock(), most_clients=2)
    assert [limiter.take(key) for key in ("a", "b", "a", "b")] == [0, 0, 60, 60]
    assert limiter.take("c") == 0
    assert limiter.stats() == {"clients": 2}
    assert limiter.take("a") == 0


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a:b", "a:b"),
    ],
)
def test_a_client_is_an_address_or_a_subscribers_network(address: str, client: str) -> None:
    assert client_of(Request("GET", "/", client=(address, 1))) == client


def test_over_a_unix_socket_there_are_no_addresses() -> None:
    assert client_of(Request("GET", "/")) is None


def make(**settings: Any) -> App:
    app = App(__name__, static_folder=None, **settings)

    @app.get("/free")
    def free() -> str:
        return "free"

    @app.get("/limited")
    @rate_limit("2/hour")
    def limited(name: str = "x") -> str:
        return name

    @app.get("/by-key")
    @rate_limit("1/hour", key=lambda request: request.args.get("key"))
    async def by_key() -> str:
        return "ok"

    return app


def test_a_view_is_limited_for_each_client_and_says_when_to_come_again_asvs_6_3_1() -> None:
    client = make().test_client()
    assert [client.get("/limited?name=a").text for _ in range(2)] == ["a", "a"]
    response = client.get("/limited")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1800")
    assert "Too many requests came from you in a short time; wait a little." in response.text
    assert client.get("/limited", remote_addr="192.0.2.9").status_code == 200
    assert client.get("/free").status_code == 200


def test_a_header_that_a_client_can_write_changes_nothing_asvs_15_3_4() -> None:
    client = make().test_client()
    statuses = [
        client.get("/limited", headers={"X-Forwarded-For": f"192.0.2.{n}", "Forwarded": f"for=192.0.2.{n}"}).status_code
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]


def test_a_client_may_be_something_else_or_nobody() -> None:
    client = make().test_client()
    paths = ["/by-key?key=a", "/by-key?key=a", "/by-key?key=b", "/by-key", "/by-key"]
    assert [client.get(path).status_code for path in paths] == [200, 429, 200, 200, 200]


def test_a_whole_app_is_limited() -> None:
    client = make(RATE_LIMIT="2/minute").test_client()
    assert [client.get(path).status_code for path in ("/free", "/nowhere", "/free")] == [200, 404, 429]


def test_workers_may_count_together_in_a_cache() -> None:
    """Two limiters of one name, as two processes have them, share a bucket; another name has its own."""
    app = App(__name__, RATE_LIMIT_CACHE_ALIAS="default")
    with app.app_context():
        first, second, other = Limiter("2/hour", "search"), Limiter("2/hour", "search"), Limiter("2/hour", "other")
        waits = [limiter.take("ann") for limiter in (first, second, first, second)]
        assert [wait > 1700 for wait in waits] == [False, False, True, True]
        assert (first.take("bob"), other.take("ann")) == (0, 0)
        assert first.stats() == {"clients": 0}


def test_a_cache_that_fails_leaves_each_worker_to_count_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is let through unlimited, and nobody is refused for it."""
    app = make(RATE_LIMIT_CACHE_ALIAS="default")
    break_cache(app)
    client = app.test_client()
    assert [client.get("/limited").status_code for _ in range(3)] == [200, 200, 429]
    assert set(caplog.messages) == {
        "the cache 'default' cannot count requests, so each worker does by itself: the server is gone"
    }


def test_a_rate_of_an_app_that_is_none_is_told_at_start_up() -> None:
    with pytest.raises(ConfigError, match=r"^'often' is no rate\."):
        make(RATE_LIMIT="often").prepare()
