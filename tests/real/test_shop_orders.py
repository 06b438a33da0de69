"""examples/shop served by several processes: what fifty people do at once to the last ten of something."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "app.py"
BUYERS = 50
LEFT = 10


@pytest.mark.parametrize("workers", [1, 3])
def test_ten_pieces_are_sold_ten_times(serve: Callable[..., Any], tmp_path: Path, workers: int) -> None:
    """Of 50 buyers at once, exactly 10 get one of the last 10, the other 40 are told so, and none is left."""
    shop = serve(str(SHOP), "--workers", str(workers), SPRUCE_INSTANCE_PATH=str(tmp_path))
    sell_all_but(shop, LEFT)
    together = Barrier(BUYERS)

    def buy(buyer: int) -> tuple[int, str]:
        together.wait()
        return order(shop, 1, f"Buyer {buyer}")

    with ThreadPoolExecutor(BUYERS) as buyers:
        answers = list(buyers.map(buy, range(BUYERS)))
    assert Counter(status for status, _ in answers) == {201: LEFT, 409: BUYERS - LEFT}
    assert {body for status, body in answers if status == 409} == {'{"error":"out of stock","left":0}'}
    assert stock(shop) == 0

    placed = [json.loads(body) for status, body in answers if status == 201]
    assert len({each["number"] for each in placed}) == LEFT
    for each in placed:
        assert json.loads(shop.ask(f"/api/orders/{each['number']}")[1]) == each


def order(shop: Any, quantity: int, name: str) -> tuple[int, str]:
    """Order pandas by the API; return status and body."""
    body = {"product": 1, "quantity": quantity, "name": name, "contact": "buyer@example.com"}
    answer: tuple[int, str] = shop.ask(
        "/api/orders", "POST", json.dumps(body).encode(), Content_Type="application/json"
    )
    return answer


def stock(shop: Any) -> int:
    """How many pandas there are."""
    left: int = json.loads(shop.ask("/api/products/1")[1])["stock"]
    return left


def sell_all_but(shop: Any, left: int) -> None:
    """Order pandas, at most 20 at a time, until so many are left."""
    while (quantity := min(20, stock(shop) - left)) > 0:
        assert order(shop, quantity, "Early bird")[0] == 201
