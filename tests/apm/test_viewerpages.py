"""The figures and bars of the viewer's pages."""

import pytest

from spruce.apm.viewerpages import _ago, _parts, _waterfall, _where, milliseconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0 µs"), (0.000_4, "400 µs"), (0.012_34, "12.3 ms"), (1.5, "1.5 s"), (2500.4, "2500 s")],
)
def test_times_are_read_at_a_glance(seconds: float | None, text: str) -> None:
    assert milliseconds(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (59, "59 s"), (61, "1 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_how_long_ago(seconds: float, text: str) -> None:
    assert _ago(1_000_000 - seconds, 1_000_000) == text


def test_bars_lie_within_the_whole() -> None:
    """Also those of spans that outlived their transaction, or were too short to be seen."""
    spans = [
        {"id": "a", "parent": "root", "start": 0.0, "seconds": 0.5},
        {"id": "b", "parent": "a", "start": 0.1, "seconds": 0.0},
        {"id": "c", "parent": "b", "start": 0.9, "seconds": 0.6},
    ]
    bars = _waterfall(spans, 1.0)
    assert [bar["depth"] for bar in bars] == [0, 1, 2]
    assert all(bar["left"] >= 0 and bar["width"] >= 3 and bar["left"] + bar["width"] <= 1000 for bar in bars)
    assert bars[1]["width"] == 3
    assert _waterfall([], 0.0) == []


def test_the_parts_of_the_time_fill_their_bar() -> None:
    parts = _parts({"split": {"cpu": 0.25, "db": 0.75, "lock": 0.0}}, 1.0)
    assert [(part["kind"], part["left"], part["width"]) for part in parts] == [
        ("cpu", 0.0, 250.0),
        ("db", 250.0, 750.0),
    ]


def test_filters_are_parameters() -> None:
    where, values = _where({"name": "GET /x' --", "status": "5", "slow": "10", "q": "a%_\\b", "before": "7"})
    assert where.count("?") == len(values) == 8
    assert "GET" not in where
    assert values == ["GET /x' --", 500, 599, 0.01, "%a\\%\\_\\\\b%", "%a\\%\\_\\\\b%", "%a\\%\\_\\\\b%", 7]
    assert _where({"status": "x", "slow": "nan", "before": "-1"}) == ("", [])
