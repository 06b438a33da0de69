"""What can be read off a running process."""

from spruce import apm, green
from spruce.apm import Client
from spruce.apm.gauges import Gauges


def test_processes_and_machines() -> None:
    """By Elastic's names; shares are from 0 to 1, sizes in bytes."""
    gauges = Gauges()
    sum(range(100_000))
    read = gauges.read()
    assert 0 <= read["system.process.cpu.total.norm.pct"] <= 1
    assert read["system.process.memory.rss.bytes"] > 1 << 20
    assert read["system.process.memory.size"] >= read["system.process.memory.rss.bytes"]
    assert read["system.memory.total"] > read["system.memory.actual.free"] > 0
    assert 0 <= read.get("system.cpu.total.norm.pct", 0) <= 1


def test_loops_and_green_threads(client: Client) -> None:
    """Of all OS threads together; the lag is that since the last reading."""
    apm.instrument()

    def work() -> tuple[float, float]:
        client.begin_transaction("job")
        green.sleep(0)
        client.end_transaction()
        return Gauges().read()["spruce.green.threads"], Gauges().read()["spruce.loop.lag.ms"]

    threads, lag = green.spawn(work).wait()
    assert threads >= 1
    assert lag >= 0
