"""What must hold for a database's server that goes away and comes back under load, whichever it is."""

from collections.abc import Callable
from typing import Any

from spruce import db, green
from spruce.errors import OperationalError

__all__ = ["survive"]


def survive(restart: Callable[[], object], counters: Any) -> None:
    """Reads go on, writes fail with a clear error or are done, and none is done twice or half.

    `counters` is the query of a model with a unique `name` and a `count`, which is empty; `restart` may block.
    """
    counters.create(name="reads")
    counters.create(name="writes")
    done, failed, reads, stop = [0], list[str](), [0], green.Event()

    def read() -> None:
        while not stop.ready():
            assert counters.get(name="reads").count == 0
            reads[0] += 1
            green.sleep(0)

    def write() -> None:
        while not stop.ready():
            try:
                with db.atomic():
                    counters.filter(name="writes").update(count=db.F("count") + 1)
                done[0] += 1
            except OperationalError as error:
                failed.append(str(error))
            green.sleep(0)

    def main() -> None:
        threads = [green.spawn(read) for _ in range(4)] + [green.spawn(write) for _ in range(4)]
        green.sleep(0.05)
        green.tpool.execute(restart)
        seen = reads[0]
        while reads[0] < seen + 20:
            green.sleep(0.01)
        stop.send()
        for thread in threads:
            thread.wait()
        count = counters.get(name="writes").count
        unsure = sum("just being committed" in text for text in failed)
        assert done[0] <= count <= done[0] + unsure
        assert db.stats()["default"]["waiting"] == 0

    green.run(main)
    assert all("failed: " in text for text in failed)
